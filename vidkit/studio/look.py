"""How panels look: JupyterLab's own colours, in light and dark, and words escaped."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from urllib.parse import quote

STYLE = """<style>
.vidkit { color: var(--jp-ui-font-color1); max-width: 100%; }
.vidkit-cards { display: grid !important; gap: 12px; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(15em, 1fr)); }
.vidkit-card { border: 1px solid var(--jp-border-color2); border-radius: 6px;
  background: var(--jp-layout-color1); padding: 8px 10px; overflow: hidden; min-width: 0; }
.vidkit .jp-OutputArea-output, .vidkit .jp-RenderedHTMLCommon { padding: 0; margin: 0; }
.vidkit .title, .vidkit .state, .vidkit .wrong { line-height: 1.35; overflow-wrap: anywhere; }
.vidkit .title { font-weight: 600; min-height: 2.7em; }
.vidkit .state { color: var(--jp-ui-font-color2); }
.vidkit .wrong { color: var(--jp-error-color0, var(--jp-error-color1)); }
.vidkit img, .vidkit video, .vidkit audio { display: block; width: 100%; margin-top: 8px; }
.vidkit audio { height: 32px; }
.vidkit img, .vidkit video { border-radius: 4px; background: var(--jp-layout-color2); }
.vidkit-video video { max-width: 860px; }
.vidkit button:focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: 2px; }
.vidkit progress { width: 100%; height: 8px; accent-color: var(--jp-brand-color1); }
</style>"""


def words(text: str, kind: str = "state") -> str:
    """Text from anywhere as a line of HTML."""
    return f'<div class="{kind}">{escape(text)}</div>'


def media(path: Path, label: str) -> str:
    """An image, a sound or a video from disk, as an element that loads it by a relative URL:
    a saved notebook stays small, and still shows it when it is opened again.
    """
    source, name = escape(url(path)), escape(label)
    match path.suffix:
        case ".mp4":
            return (
                f'<video controls preload="metadata" src="{source}" aria-label="{name}">'
                '<track kind="captions"></video>'
            )
        case ".wav" | ".mp3" | ".ogg" | ".oga" | ".opus" | ".flac" | ".m4a":
            return f'<audio controls preload="none" src="{source}" aria-label="{name}"></audio>'
        case _:
            return f'<img src="{source}" alt="{name}">'


def url(path: Path) -> str:
    """A file's address relative to the notebook, with its age, so that a file that was made
    anew is loaded anew.
    """
    relative = Path(os.path.relpath(path)).as_posix()
    return f"{quote(relative)}?v={path.stat().st_mtime_ns}"
