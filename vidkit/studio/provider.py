"""The choice of a provider: its name, what it needs, and what it is told beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from ..providers import Kind, names

_NEEDS = {
    "slides": "drawn here, free",
    "espeak": "spoken here, free",
    "openai": "needs OPENAI_API_KEY, paid",
    "gtts": "needs the internet, free",
    "recorded": "needs a folder of your files",
    "simulated": "only pretends",
}
_TITLES: dict[Kind, tuple[str, str]] = {
    "images": ("Images", "Model, theme or folder"),
    "voice": ("Voice", "Model, voice or folder"),
}


class Provider:
    """Chooses what `images=` or `voice=` of the settings is.

    A provider that is no name, such as an object or a list of names, is offered beside the names.
    """

    def __init__(self, kind: Kind, spec: Any, changed: Callable[[], None]) -> None:
        self.kind = kind
        self._settling = False
        self._changed = changed
        title, beside = _TITLES[kind]
        self._name = widgets.Dropdown(description=title)
        self._argument = widgets.Text(
            description=beside, placeholder="its own choice", continuous_update=False
        )
        for field in (self._name, self._argument):
            field.add_class("vidkit-field")
            field.observe(self._picked, "value")
        self.widget = widgets.HBox([self._name, self._argument])
        self.spec = spec

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
        options: list[tuple[str, Any]] = [(_label(each), each) for each in known]
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

    @property
    def _plain(self) -> bool:
        return isinstance(self._name.value, str) and self._name.value in names(self.kind)

    def hold(self, held: bool) -> None:
        """Whether it waits for the end of a run."""
        self._name.disabled = held
        self._argument.disabled = held or not self._plain

    def _picked(self, change: Any) -> None:
        if self._settling:
            return
        if change["owner"] is self._name:
            # what one provider is told means nothing to another
            self._settling = True
            self._argument.value = ""
            self._argument.disabled = not self._plain
            self._settling = False
        self._changed()


def told(spec: Any) -> str:
    """A provider, or several, in words."""
    if isinstance(spec, list | tuple):
        return ", then ".join(told(each) for each in spec)
    return spec if isinstance(spec, str) else str(getattr(spec, "name", type(spec).__name__))


def _label(name: str) -> str:
    needs = _NEEDS.get(name)
    return f"{name}: {needs}" if needs else name
