"""A notebook with cards, saved and opened again, in a real JupyterLab and a real browser."""

from __future__ import annotations

from pathlib import Path

import nbformat
from a_notebook import notebook
from browser import browser, needs_browser
from lab import Lab, command, run_all
from playwright.sync_api import Page, expect
from stand_ins import written

CARDS = """
from vidkit import Settings, load_lesson
from vidkit.studio import Sections

how = Settings(images="simulated:0.01", voice="simulated:latency=0.01,seconds=0.5", cache=False)
cards = Sections(load_lesson({lesson!r}), how.with_(size=(320, 180)))
cards"""

MAKE = "cards.make(); report = await cards.run"

LOADED = """root => [...document.querySelectorAll(root + ' :is(img, video, audio)')].map(
  each => each.naturalWidth ?? each.readyState)"""


def opened(lab: Lab, page: Page, path: Path, cards: int) -> None:
    """The notebook in the page, all of it in sight, run to its end."""
    lab.open(page, path.name)
    run_all(page)
    expect(page.locator(".vidkit-bar")).to_contain_text(f"{cards} made")


def all_loaded(page: Page, root: str, number: int) -> None:
    """Wait until all pictures, sounds and videos are there."""
    page.wait_for_function(
        f"() => {{ const all = ({LOADED})({root!r});"
        f" return all.length === {number} && all.every(each => each > 0) }}",
        timeout=20_000,
    )


@needs_browser
def test_a_saved_notebook_is_small_and_shows_its_cards_without_its_kernel(tmp_path: Path) -> None:
    """Ten sections take less than 200 KB, and stand there with their previews when the notebook
    is opened again and not run; while the panel lives they are shown once.
    """
    lesson = written(tmp_path, sections=10)
    path = notebook(tmp_path, CARDS.format(lesson=lesson.name), MAKE)
    with Lab(tmp_path) as lab, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1600, "height": 3000})
        opened(lab, page, path, 10)
        all_loaded(page, ".vidkit", 30)
        expect(page.locator(".vidkit-stored")).to_be_hidden()
        command(page, "docmanager:save")
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.close()

        assert path.stat().st_size < 200_000
        assert "widgets" not in nbformat.read(path, as_version=4).metadata
        page = chromium.new_page(viewport={"width": 1600, "height": 3000})
        lab.open(page, path.name)
        cards = page.locator(".vidkit-stored .vidkit-card")
        expect(cards).to_have_count(10)
        expect(cards.nth(9)).to_be_visible()
        expect(page.get_by_text("Error displaying widget")).to_be_hidden()
        page.evaluate("() => document.querySelectorAll('video, audio').forEach(e => e.load())")
        page.evaluate("() => document.querySelectorAll('video, audio').forEach(e => e.play())")
        all_loaded(page, ".vidkit-stored", 30)


@needs_browser
def test_what_lies_outside_the_notebooks_folder_is_shown_all_the_same(tmp_path: Path) -> None:
    """Pictures as small copies at once, sounds and clips when they are asked for."""
    lesson = written(tmp_path / "elsewhere", sections=2)
    root = tmp_path / "root"
    root.mkdir()
    path = notebook(root, CARDS.format(lesson=str(lesson)), MAKE)
    with Lab(root) as lab, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1200, "height": 1600})
        opened(lab, page, path, 2)
        all_loaded(page, ".vidkit", 2)
        card = page.locator(".vidkit .vidkit-card").nth(1)
        expect(card).to_contain_text(str(tmp_path / "elsewhere/output_lesson/audio"))
        card.get_by_role("button", name="Play here").click()
        all_loaded(page, ".vidkit", 4)
        expect(card.get_by_role("button", name="Play here")).to_have_count(0)
