"""The choice of a provider: its name, what it is told beside, and what it needs and costs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from .. import loop
from ..offers import Offer, offer
from ..providers import Kind, names
from ..settings import Settings
from .look import words

_TITLES: dict[Kind, tuple[str, str]] = {
    "images": ("Images", "Model, theme or folder"),
    "voice": ("Voice", "Model, voice or folder"),
}


class Provider:
    """Chooses what `images=` or `voice=` of `settings` is; `changed` is called with a choice.

    A provider that is no name, such as an object or a list of names, is offered beside the names.
    """

    def __init__(self, kind: Kind, settings: Settings, changed: Callable[[], None]) -> None:
        self.kind = kind
        self._settings = settings
        self._settling = False
        self._changed = changed
        self._looking: loop.Work[None] | None = None
        title, beside = _TITLES[kind]
        self._name = widgets.Dropdown(description=title)
        self._argument = widgets.Combobox(
            description=beside, placeholder="its own choice", continuous_update=False
        )
        self._about = widgets.HTML()
        for field in (self._name, self._argument):
            field.add_class("vidkit-field")
            field.observe(self._picked, "value")
        pair = widgets.HBox([self._name, self._argument])
        pair.add_class("vidkit-pair")
        self.widget = widgets.VBox([pair, self._about])
        self.spec = getattr(settings, kind)

    @property
    def spec(self) -> Any:
        """The provider as the settings take it: `name`, `name:argument`, or what was given."""
        argument = self._argument.value.strip()
        if self._plain and argument:
            return f"{self._name.value}:{argument}"
        return self._name.value

    @spec.setter
    def spec(self, spec: Any) -> None:
        known = names(self.kind)
        name, _, argument = spec.partition(":") if isinstance(spec, str) else (spec, "", "")
        options: list[tuple[str, Any]] = [(each, each) for each in known]
        if not (isinstance(name, str) and name in known):
            name, argument = spec, ""
            options.append((told(spec), spec))
        self._settling = True
        try:
            self._name.options = options
            self._name.value = name
            self._argument.value = argument
            self._argument.disabled = not self._plain
        finally:
            self._settling = False
        self._look()

    @property
    def _plain(self) -> bool:
        return isinstance(self._name.value, str) and self._name.value in names(self.kind)

    def hold(self, held: bool) -> None:
        """Whether it waits for the end of a run."""
        self._name.disabled = held
        self._argument.disabled = held or not self._plain

    def wait(self) -> None:
        """Wait until what it needs and costs is shown."""
        if self._looking is not None:
            self._looking.wait()

    def _picked(self, change: Any) -> None:
        if self._settling:
            return
        if change["owner"] is self._name:
            # what one provider is told means nothing to another
            self._settling = True
            self._argument.value = ""
            self._argument.disabled = not self._plain
            self._settling = False
            self._look()
        self._changed()

    def _look(self) -> None:
        """Find out aside what it needs: a provider's library may take a second to come in."""
        self._about.value = ""
        self._argument.options = ()
        if self._plain:
            self._looking = loop.submit(self._tell(self._name.value))

    async def _tell(self, name: str) -> None:
        found = await asyncio.to_thread(offer, self.kind, name, self._settings)
        if name == self._name.value:
            self._about.value = words(_about(found), "wrong" if found.usable is False else "small")
            self._argument.options = tuple(model.partition(" ")[0] for model in found.models)


def told(spec: Any) -> str:
    """A provider, or several, in words."""
    if isinstance(spec, list | tuple):
        return ", then ".join(told(each) for each in spec)
    return spec if isinstance(spec, str) else str(getattr(spec, "name", type(spec).__name__))


def _about(found: Offer) -> str:
    """What a provider needs and costs, in a line."""
    needs = f"needs {found.needs}" if found.needs else found.found
    package = f"of the package {found.package}" if found.package else ""
    return "; ".join(filter(None, (needs, found.cost, package)))
