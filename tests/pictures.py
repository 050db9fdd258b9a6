"""Take the README's pictures anew: `python tests/pictures.py`.

Real screenshots of the Studio in a real JupyterLab, in headless Chromium, light and dark; the
timeline of a run as a report shows it, and a slide as it stands in a video.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from a_notebook import notebook
from browser import browser
from lab import Lab, command, run_all
from PIL import Image

import vidkit

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
PICTURES = NOTEBOOKS / "pictures"
SIZE = (1280, 1224)

CELLS = ('from vidkit.studio import Studio\n\nstudio = Studio("lessons")\nstudio', "studio.make()")


def main() -> None:
    """All of them."""
    PICTURES.mkdir(exist_ok=True)
    drawings()
    studio()


def drawings() -> None:
    """A timeline in light and dark, of calls that take two seconds, and a slide."""
    lesson = NOTEBOOKS / "lessons/1-rainbow.json"
    with tempfile.TemporaryDirectory() as empty:
        how = {"progress": False, "cache": False}
        calls = {"images": "simulated:2,spread=0.4", "voice": "simulated:1.2,spread=0.4,seconds=2"}
        run = vidkit.start(lesson, Path(empty) / "calls", size=(640, 360), **calls, **how)
        timeline = run.result().timeline
        for dark in (False, True):
            path = PICTURES / f"timeline-{'dark' if dark else 'light'}.png"
            path.write_bytes(timeline.png(860, dark))
        slides = vidkit.start(lesson, Path(empty) / "slides", only=[3], **how)
        shutil.copy(slides.result().sections[0].image, PICTURES / "slide.png")


def studio() -> None:
    """The Studio after a run, down to the first row of its cards."""
    with tempfile.TemporaryDirectory() as empty:
        root = Path(empty) / "notebooks"
        shutil.copytree(NOTEBOOKS, root, ignore=shutil.ignore_patterns("output_*", ".ipynb*"))
        os.environ["VIDKIT_CACHE"] = str(Path(empty) / "store")
        path = notebook(root, *CELLS, name="studio")
        with Lab(root) as lab, browser() as chromium:
            page = chromium.new_page(viewport={"width": SIZE[0], "height": 2 * SIZE[1]})
            lab.open(page, path.name)
            command(page, "application:toggle-left-area")
            run_all(page)
            page.locator(".vk .vk-player .vk-heading").wait_for(timeout=600_000)
            page.wait_for_timeout(3000)
            for theme in ("Light", "Dark"):
                command(page, "apputils:change-theme", theme=f"JupyterLab {theme}")
                page.wait_for_timeout(2000)
                _take(page, PICTURES / f"studio-{theme.lower()}.png")


def _take(page: object, path: Path) -> None:
    """The upper part of the panel, as a small file."""
    where = page.locator(".vk").first.bounding_box()  # type: ignore[attr-defined]
    clip = {
        "x": where["x"] - 12,
        "y": where["y"] - 2,
        "width": where["width"] + 24,
        "height": min(where["height"] + 16, SIZE[1]),
    }
    page.screenshot(path=path, clip=clip)  # type: ignore[attr-defined]
    with Image.open(path) as picture:
        plain = picture.convert("RGB")
    plain.save(path, optimize=True)


if __name__ == "__main__":
    main()
