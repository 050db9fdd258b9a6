"""What every part of a panel has, and how one is shown by itself."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import os
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import quote

import ipywidgets as widgets
from IPython.core.getipython import get_ipython
from IPython.display import display
from ipywidgets.widgets.widget_string import HTMLStyle

from ..api import Run
from ..core import loop
from ..core.events import Event
from ..models.lesson import IMAGES, SOUNDS

# Whether the notebook can show a file, and by which address.
#
# A notebook's server gives out what lies in its folder, and nothing hidden. What lies elsewhere
# has no address; it is shown from its bytes, where it is small enough for a kernel's message.


LARGEST_EMBEDDED = 1_500_000
"""Bytes. A notebook's server drops what a kernel sends beyond 3 MB in three seconds, and
base64 makes 4 bytes of 3."""

THUMBNAIL = (320, 320)
"""Pixels: ten of them leave a saved notebook under 200 KB."""

_KINDS = {
    ".mp4": "video/mp4",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
}


def url(path: Path) -> str | None:
    """A file's address relative to the notebook, with its age, so that a file that was made
    anew is loaded anew. None where the notebook cannot reach it, or it is gone.
    """
    try:
        age = path.stat().st_mtime_ns
    except OSError:
        return None
    here = notebook_folder()
    path = Path(os.path.abspath(path))  # noqa: PTH100 - `..` goes, links stay
    inside = _inside(path, server_folder() or here)
    if inside is None or any(part.startswith(".") for part in inside.parts):
        return None
    relative = Path(os.path.relpath(path, here))
    return f"{quote(relative.as_posix())}?v={age}"


def _inside(path: Path, folder: Path) -> Path | None:
    """`path` as seen from `folder`, as it is written or as it is; None where it is outside."""
    for one, other in ((path, folder), (path.resolve(), folder.resolve())):
        if one.is_relative_to(other):
            return one.relative_to(other)
    return None


def notebook_folder() -> Path:
    """The folder of the notebook, also where a cell has changed the working directory."""
    notebook = Path(os.environ.get("JPY_SESSION_NAME", ""))
    return notebook.parent if notebook.is_absolute() and notebook.is_file() else Path.cwd()


@cache
def server_folder() -> Path | None:
    """The folder that the notebook's server gives out, as it wrote it down; None without one."""
    server = os.environ.get("JPY_PARENT_PID")
    try:
        from jupyter_core.paths import jupyter_runtime_dir

        told = json.loads(
            (Path(jupyter_runtime_dir()) / f"jpserver-{server}.json").read_text("utf-8")
        )
        return Path(told["root_dir"])
    except (ImportError, OSError, ValueError, KeyError, TypeError):
        return None


def embedded(path: Path) -> str | None:
    """A file as a `data:` address: a small copy of a picture, and a sound or a video as it is.
    None where it is too large, or cannot be read.
    """
    try:
        if path.suffix in _KINDS:
            if path.stat().st_size > LARGEST_EMBEDDED:
                return None
            return _address(_KINDS[path.suffix], path.read_bytes())
        return _address("image/jpeg", _thumbnail(path)) if path.suffix in IMAGES else None
    except (OSError, ValueError):
        return None


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _thumbnail(path: Path) -> bytes:
    from PIL import Image

    small = io.BytesIO()
    with Image.open(path) as picture:
        picture.thumbnail(THUMBNAIL)
        picture.convert("RGB").save(small, "JPEG", quality=72)
    return small.getvalue()


# How panels look: JupyterLab's own colours, in light and dark, and words escaped.
#
# One type scale, one spacing scale and one set of state colours for all parts, as custom
# properties of `.vidkit`. A state is never told by its colour alone.


Tone = Literal["ok", "working", "waiting", "kept", "failed", "paid"]
"""The states that have a colour: `var(--vidkit-ok)` in CSS, `.vidkit-ok` as a class."""

STYLE = """<style>
.vidkit {
  --vidkit-small: calc(var(--jp-ui-font-size1, 13px) * 0.923);
  --vidkit-text: var(--jp-ui-font-size1, 13px);
  --vidkit-large: calc(var(--jp-ui-font-size1, 13px) * 1.154);
  --vidkit-1: 4px; --vidkit-2: 8px; --vidkit-3: 12px; --vidkit-4: 16px; --vidkit-5: 24px;
  --vidkit-ink: var(--jp-ui-font-color1, CanvasText);
  --vidkit-quiet: #616161;
  --vidkit-paper: var(--jp-layout-color1, Canvas);
  --vidkit-shade: var(--jp-layout-color2, #eee);
  --vidkit-line: var(--jp-border-color2, #ccc);
  --vidkit-ok: #1a7f37; --vidkit-working: #0b5cad; --vidkit-waiting: #616161;
  --vidkit-kept: #6f42c1; --vidkit-failed: #b3261e; --vidkit-paid: #8a5a00;
}
body[data-jp-theme-light="false"] .vidkit {
  --vidkit-quiet: #bdbdbd;
  --vidkit-ok: #6fcf8a; --vidkit-working: #7ab8ff; --vidkit-waiting: #bdbdbd;
  --vidkit-kept: #c7adff; --vidkit-failed: #ff9a92; --vidkit-paid: #f0bf5a;
}
.vidkit, .vidkit .widget-html-content, .vidkit .jp-RenderedHTMLCommon {
  color: var(--vidkit-ink); font-size: var(--vidkit-text);
  line-height: 1.45; font-family: var(--jp-ui-font-family, system-ui, sans-serif); }
.vidkit { max-width: 100%; overflow: hidden; container: vidkit / inline-size; }
.vidkit .widget-html, .vidkit .widget-html-content { height: auto; min-width: 0; margin: 0;
  overflow-wrap: anywhere; }
.vidkit .jp-OutputArea-output, .vidkit .jp-RenderedHTMLCommon { padding: 0; margin: 0; }
.vidkit-title { font-weight: 600; }
.vidkit-heading { font-weight: 600; font-size: var(--vidkit-large); }
.vidkit-state { color: var(--vidkit-quiet); }
.vidkit-small { color: var(--vidkit-quiet); font-size: var(--vidkit-small);
  font-variant-numeric: tabular-nums; }
.vidkit-ok { color: var(--vidkit-ok); } .vidkit-working { color: var(--vidkit-working); }
.vidkit-waiting { color: var(--vidkit-waiting); } .vidkit-kept { color: var(--vidkit-kept); }
.vidkit-failed, .vidkit-wrong { color: var(--vidkit-failed); }
.vidkit-paid { color: var(--vidkit-paid); }
.vidkit-mark { display: inline-flex; align-items: center; gap: var(--vidkit-1);
  font-size: var(--vidkit-small); white-space: nowrap; }
.vidkit-mark::before { content: ""; width: 8px; height: 8px; border-radius: 50%;
  background: currentColor; flex: none; }
.vidkit-mark.vidkit-waiting::before { background: none; border: 1.5px solid currentColor;
  box-sizing: border-box; }
.vidkit-row { display: flex; flex-flow: row wrap; align-items: center; gap: var(--vidkit-2); }
.vidkit .jupyter-button { width: auto; margin: 0; padding: 0 var(--vidkit-2); border-radius: 4px; }
.vidkit img, .vidkit video, .vidkit audio { display: block; max-width: 100%; }
.vidkit audio { height: 32px; width: 100%; }
.vidkit img, .vidkit video { border-radius: 4px; background: var(--vidkit-shade); }
.vidkit-video video { max-width: 860px; width: 100%; }
.vidkit ul { margin: 0; padding-inline-start: 1.4em; }
.vidkit button:focus-visible, .vidkit summary:focus-visible, .vidkit a:focus-visible,
.vidkit input:focus-visible, .vidkit textarea:focus-visible, .vidkit select:focus-visible,
.vidkit [tabindex]:focus-visible {
  outline: 2px solid var(--vidkit-working) !important; outline-offset: 1px; }
.vidkit progress { width: 100%; height: 8px; accent-color: var(--vidkit-working); }
.vidkit-number { color: var(--vidkit-quiet); font-variant-numeric: tabular-nums; }
.vidkit-gauges { display: grid; grid-template-columns: max-content minmax(6em, 14em) 1fr;
  gap: var(--vidkit-1) var(--vidkit-3); align-items: center;
  font-variant-numeric: tabular-nums; }
.vidkit-gauge { height: 8px; border-radius: 4px; background: var(--vidkit-shade);
  overflow: hidden; }
.vidkit-gauge > span { display: block; height: 100%; border-radius: 4px;
  background: currentColor; }
.vidkit-decisions { list-style: none; margin: var(--vidkit-2) 0 0; padding: var(--vidkit-2) 0 0;
  border-top: 1px solid var(--vidkit-line); font-size: var(--vidkit-small);
  font-variant-numeric: tabular-nums; }
.vidkit-decisions li { padding: 1px 0; }
"""

STYLE += "".join(
    (Path(__file__).parent / f"{name}.css").read_text("utf-8")
    for name in ("panel", "cards", "tuner")
)
STYLE += "</style>"


def words(text: str, kind: str = "state") -> str:
    """Text from anywhere as a line of HTML, escaped. `kind` names its look: "title",
    "heading", "state", "small", "wrong", or a `Tone`.
    """
    return f'<div class="vidkit-{kind}" dir="auto">{escape(text)}</div>'


def mark(text: str, tone: Tone) -> str:
    """A state as a dot of its colour and its word, escaped."""
    return f'<span class="vidkit-mark vidkit-{tone}">{escape(text)}</span>'


class Shared:
    """What many widgets have in common, made once: without it each would have a layout and a
    style of its own, and a panel of sixty cards twice as many messages to send.
    """

    def __init__(self) -> None:
        self.layout = widgets.Layout()
        self.text, self.button = HTMLStyle(), widgets.ButtonStyle()

    def close(self) -> None:
        """Let go of them, after the widgets."""
        for each in (self.layout, self.text, self.button):
            each.close()


def button(
    name: str,
    tooltip: str,
    does: Callable[[], object],
    *,
    chief: bool = False,
    shared: Shared | None = None,
) -> widgets.Button:
    """A button with a text that calls `does`. `chief` marks the one thing to do next."""
    given = {"layout": shared.layout, "style": shared.button} if shared else {}
    made = widgets.Button(
        description=name, tooltip=tooltip, button_style="primary" if chief else "", **given
    )
    made.on_click(lambda _: does())
    return made


def media(path: Path, label: str, *, embed: bool = False, lazy: bool = False) -> str:
    """An image, a sound or a video from disk, as an element that loads it by a relative URL:
    a saved notebook stays small, and still shows it when it is opened again.

    Of a file that the notebook cannot reach a picture is shown as a small copy, a sound or a
    video with `embed` from its bytes, and otherwise where it is. `lazy` loads what is seen alone.
    """
    video, sound = path.suffix == ".mp4", path.suffix in SOUNDS
    source = url(path)
    if source is None and (embed or not (video or sound)):
        source = embedded(path)
    if source is None:
        return words(f"{label}: {path}", "small")
    source, name = escape(source), escape(label)
    if not (video or sound):
        loading = "lazy" if lazy else "eager"
        return f'<img src="{source}" alt="{name}" loading="{loading}">'
    kind, track = ("video", '<track kind="captions">') if video else ("audio", "")
    preload = "none" if lazy else "metadata"
    return (
        f'<{kind} controls preload="{preload}" src="{source}" aria-label="{name}">{track}</{kind}>'
    )


# What a notebook shows of a panel when it is opened again without its kernel.


class Stored:
    """What a saved notebook shows of a panel: HTML that needs no kernel.

    It stands under the panel, out of sight as long as the panel is there. A notebook that is
    opened without its kernel has no panel, and shows this in its place.
    """

    def __init__(self) -> None:
        self.name = f"vidkit-stored-{uuid.uuid4().hex[:12]}"
        self._page = ""
        self._shown: Any = None

    @property
    def hidden(self) -> str:
        """The style by which a panel that is there hides this."""
        return f"<style>#{self.name} {{ display: none; }}</style>"

    def show(self, page: str) -> None:
        """Display it, in a cell; later, put another page in its place, from any thread. Nothing
        where there is no notebook.
        """
        if page == self._page or not hasattr(get_ipython(), "kernel"):
            return
        self._page = page
        bundle = {"text/html": self._html(), "text/plain": ""}
        if self._shown is None:
            self._shown = display(bundle, raw=True, display_id=self.name)
        else:
            self._shown.update(bundle, raw=True)

    def _html(self) -> str:
        # where the panel should be, a notebook without its kernel tells of an error
        gone = (
            ".jp-OutputArea-child:not(:has(.vidkit))"
            f":has(+ .jp-OutputArea-child #{self.name}) {{ display: none; }}"
        )
        style = re.sub(r"\.vidkit(?![\w-])", ".vidkit-stored", STYLE)
        page = f'<div class="vidkit-stored" id="{self.name}">{self._page}</div>'
        return f"{style}<style>{gone}</style>{page}"


KEYS = """<style onload="this.closest('.vidkit')?.addEventListener('focusin', ({target}) => {
  if (target.matches('select, audio, video, [tabindex]')) {
    target.setAttribute('data-lm-suppress-shortcuts', 'true') } })">.vidkit { }</style>"""
"""Leaves the arrow keys to lists, players and what can be scrolled: JupyterLab would take them, and
go to another cell. It asks for this very attribute, which no widget has."""


class Part(Protocol):
    """A part of a panel: cards, a timeline, meters. It has no base class, only this shape.

    widget: what is shown; `show` gives it the look that all parts share.
    """

    widget: widgets.Widget

    def hear(self, event: Event) -> None:
        """Take in an event of a run. Called in any thread; changes plain values only, quick."""
        ...

    def paint(self) -> None:
        """Show what changed since the last time; called at 10 Hz at most."""
        ...


def reveal(widget: widgets.Widget, there: bool) -> None:
    """Show a widget, or leave no room for one that holds nothing."""
    (widget.remove_class if there else widget.add_class)("vidkit-nothing")


def panel(*parts: widgets.Widget, stored: Stored | None = None) -> widgets.VBox:
    """Widgets under each other, with the look that all parts share. `stored` is out of sight as
    long as they are there.
    """
    box = widgets.VBox([widgets.HTML(STYLE + KEYS + (stored.hidden if stored else "")), *parts])
    box.add_class("vidkit")
    return box


def show(part: Part, stored: Stored | None = None) -> None:
    """Display one part by itself: what its `_ipython_display_` does. Where no widgets are shown,
    in a terminal, it is the part's `repr`. `stored` is shown by whoever has its page.
    """
    part.paint()
    if get_ipython() is None:
        print(repr(part))
        return
    bundle = panel(part.widget, stored=stored)._repr_mimebundle_()
    display(bundle | {"text/plain": repr(part)}, raw=True)


# Paints parts while a run goes on, so that they need no thread or clock of their own.


log = logging.getLogger("vidkit.studio")

PAINTS = 0.1
"""Seconds between two paints: a kernel that sends thousands of updates a second is cut off."""


class Painter:
    """Paints parts every `seconds` while a run goes on, and once after it ended."""

    def __init__(self, seconds: float = PAINTS) -> None:
        self.seconds = seconds

    def watch(self, run: Run[Any], *parts: Part) -> None:
        """Paint `parts` from now on until `run` is over, in vidkit's thread. Returns at once.

        A part to which nothing happened sends nothing, so waiting costs a look at each part.
        """
        painting = loop.submit(self._paint_on(run, parts))
        run.when_done(painting.cancel)
        run.when_done(lambda: paint(parts))

    async def _paint_on(self, run: Run[Any], parts: tuple[Part, ...]) -> None:
        while not run.done():
            paint(parts)
            await asyncio.sleep(self.seconds)


def paint(parts: tuple[Part, ...]) -> None:
    """Paint each part; one that fails is logged and disturbs neither the run nor the others."""
    for part in parts:
        try:
            part.paint()
        except Exception:
            log.exception("%s could not be painted", type(part).__name__)


# The buttons of a card. A button that stays keeps its focus, whatever it is called next.


@dataclass(frozen=True)
class Tool:
    """What a button is called, says when hovered, and does. `key` tells which button it is."""

    key: str
    name: str
    tooltip: str
    does: Callable[[], None]


class Tools:
    """A row of buttons, each made when it is first offered.

    A page makes all buttons of a row anew from the first one that changed, and the focus is
    lost with them: so what is offered beside others comes after them.
    """

    def __init__(self, tools: Sequence[Tool], shared: Shared) -> None:
        self._buttons: dict[str, widgets.Button] = {}
        self._does: dict[str, Callable[[], None]] = {}
        self._shared = shared
        self.widget = widgets.HBox(
            self._row(tools), _dom_classes=("vidkit-row",), layout=shared.layout
        )

    def offer(self, tools: Sequence[Tool]) -> None:
        """Have these buttons, and no others, in this order."""
        row = self._row(tools)
        if row != self.widget.children:
            self.widget.children = row

    def _row(self, tools: Sequence[Tool]) -> tuple[widgets.Button, ...]:
        for tool in tools:
            self._does[tool.key] = tool.does
            made = self._buttons.get(tool.key)
            if made is None:
                made = self._buttons[tool.key] = self._made(tool)
            made.description, made.tooltip = tool.name, tool.tooltip
        return tuple(self._buttons[tool.key] for tool in tools)

    def _made(self, tool: Tool) -> widgets.Button:
        key, shared = tool.key, self._shared
        return button(tool.name, tool.tooltip, lambda: self._does[key](), shared=shared)

    def close(self) -> None:
        """Let go of the buttons."""
        for each in (*self._buttons.values(), self.widget):
            each.close()


# Sliders that say their name also to who does not see them.


NAMES = """<style onload="{
  const panel = this.closest('.vidkit');
  const name = () => [...panel.querySelectorAll('.vidkit-slider')].every(slider => {
    const handle = slider.querySelector('[role=slider]');
    handle?.setAttribute('aria-label', slider.querySelector('.widget-label').textContent);
    return handle });
  if (panel && !name()) new MutationObserver((_, watch) => name() && watch.disconnect())
    .observe(panel, {childList: true, subtree: true}); }">.vidkit { }</style>"""
"""Gives each slider its label as its name: the label that stands before it is not bound to it.
Sliders are drawn some time after this is, so it waits for them, and no longer."""


def seconds_slider(name: str, value: float, most: float) -> widgets.FloatSlider:
    """Seconds from 0 to `most`, or more where `value` is more."""
    top = max(most, 2 * value)
    return _made(widgets.FloatSlider, name, value, min=0, max=top, step=0.5, readout_format=".1f")


def count_slider(name: str, value: int, most: int) -> widgets.IntSlider:
    """A whole number from 1 to `most`, or more where `value` is more."""
    return _made(widgets.IntSlider, name, value, min=1, max=max(most, value))


def limit_slider(name: str, value: float | None, most: int) -> widgets.FloatSlider:
    """A limit up to `most`, or more where `value` is more; at 0 there is none."""
    top = max(most, 2 * (value or 0))
    named, value = f"{name} (0: no limit)", value or 0.0
    return _made(widgets.FloatSlider, named, value, min=0, max=top, step=5, readout_format=".0f")


def _made(kind: Any, name: str, value: Any, **how: Any) -> Any:
    slider = kind(value=value, description=name, style={"description_width": "19em"}, **how)
    slider.add_class("vidkit-slider")
    return slider
