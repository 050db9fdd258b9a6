"""The first notebook in a real JupyterLab, in a real browser."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from browser import needs_browser, new_page
from lab import Lab, command, run_all

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"

LOADED = """() => [...document.querySelectorAll(
  '.vk:has(.vk-card) img.vk-poster')].map(
  element => element.naturalWidth)"""


@needs_browser
def test_the_first_notebook_runs_and_shows_every_section(lab: Lab, launched: Browser) -> None:
    """*Run All* ends with no cell waiting, and the pictures of the video and of every section
    load; of a lesson that is as short as its cells allow.
    """
    root = lab.root / "first"
    for name in ("1-first-video.ipynb", "lessons/1-rainbow.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(NOTEBOOKS / name, root / name)
    lesson = json.loads((root / "lessons/1-rainbow.json").read_text("utf-8"))
    lesson["sections"] = lesson["sections"][:3]
    (root / "lessons/1-rainbow.json").write_text(json.dumps(lesson), "utf-8")
    page = new_page(launched, 1200, 900)
    lab.open(page, "first/1-first-video.ipynb")
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
    assert sections == 3
    command(page, "kernelmenu:shutdown")
    page.close()
