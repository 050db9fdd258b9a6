"""How panels look: JupyterLab's own colours, in light and dark, and words escaped.

One type scale, one spacing scale and one set of state colours for all parts, as custom
properties of `.vidkit`. A state is never told by its colour alone.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Literal

import ipywidgets as widgets
from ipywidgets.widgets.widget_string import HTMLStyle

from ..lesson import SOUNDS
from .reach import embedded, url

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
