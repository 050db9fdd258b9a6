"""The notebooks in a real JupyterLab, in a real browser."""

from __future__ import annotations

import shutil
from pathlib import Path

from browser import browser, needs_browser
from lab import Lab, run_all

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"

LOADED = """() => [...document.querySelectorAll(
  '.vk:has(.vk-card) img.vk-poster')].map(
  element => element.naturalWidth)"""


@needs_browser
def test_the_first_notebook_runs_and_shows_every_section(tmp_path: Path) -> None:
    """*Run All* ends with no cell waiting, and the pictures of the video and of every section
    load.
    """
    root = tmp_path / "notebooks"
    shutil.copytree(NOTEBOOKS, root, ignore=shutil.ignore_patterns("output_*", ".ipynb*"))
    with Lab(root) as lab, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1200, "height": 900})
        lab.open(page, "1-first-video.ipynb")
        run_all(page)
        cards = page.locator(".vk .vk-card")
        sections = cards.count()
        for card in range(sections):
            cards.nth(card).scroll_into_view_if_needed()
        page.locator(".vk:has(.vk-card) .vk-player").scroll_into_view_if_needed()
        page.wait_for_function(
            f"() => {{ const loaded = ({LOADED})(); return loaded.length === {1 + sections}"
            " && loaded.every(size => size > 0) }",
            timeout=30_000,
        )
        assert sections == 11
