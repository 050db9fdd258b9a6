"""Take the README's pictures anew: `python tests/pictures.py`.

Real screenshots of the notebooks in a real JupyterLab, in headless Chromium.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from browser import browser
from lab import Lab, command, run_all

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
PICTURES = NOTEBOOKS / "pictures"


def main() -> None:
    """The panel after a run, with the first row of its cards."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as copy:
        root = Path(copy) / "notebooks"
        shutil.copytree(NOTEBOOKS, root, ignore=shutil.ignore_patterns("output_*", ".ipynb*"))
        with Lab(root) as lab, browser() as chromium:
            page = chromium.new_page(viewport={"width": 1180, "height": 640})
            lab.open(page, "1-first-video.ipynb")
            command(page, "application:toggle-left-area")
            run_all(page)
            page.locator(".vidkit img").nth(10).wait_for()
            page.wait_for_timeout(1500)
            page.locator(".vidkit").first.evaluate("panel => panel.scrollIntoView()")
            page.wait_for_timeout(500)
            page.screenshot(path=PICTURES / "panel.png")


if __name__ == "__main__":
    main()
