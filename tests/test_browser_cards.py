"""Cards that stand alone, in a real JupyterLab, in a real browser: whatever a lesson holds, where
nothing can be reached by its path, and in a notebook that is opened again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from a_notebook import notebook
from browser import in_both, needs_browser
from lab import Lab, command, run_all
from playwright.sync_api import Browser, Locator, Page, expect
from stand_ins import written

EVIL = (
    "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"
    "</textarea></summary><svg onload='window.ran = 3'> \" ' & {{7*7}}"
)
LONG = "W" * 10_000
RIGHT_TO_LEFT = "שלום עולם, 3 مرحبا"

CARDS = """
from vidkit import Settings, load_lesson
from vidkit.errors import Refused
from vidkit.providers.simulated import Simulated
from vidkit.studio import Sections

class Balky(Simulated):
    async def draw(self, ask, request):
        if "refuse" in ask.description:
            raise Refused(ask.description)
        return await super().draw(ask, request)

how = Settings(images=Balky(0.05), voice="simulated:latency=0.05,seconds=1", cache_dir={store!r})
cards = Sections(load_lesson({lesson!r}), how.with_(size=(320, 180)))
cards"""

MAKE = "cards.make(); report = await cards.run"


@pytest.fixture(scope="module")
def page(launched: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The cards of a lesson that is all traps, made as far as they can be; neither the lesson nor
    the store lies where the notebook's server gives out files.
    """
    folder = tmp_path_factory.mktemp("lab")
    root = folder / "root"
    root.mkdir()
    texts = [EVIL, f"{EVIL} refuse", LONG, RIGHT_TO_LEFT]
    sections = [
        {"title": text[:300], "image_description": text, "content": f"Said: {text}"}
        for text in texts
    ]
    lesson = written(folder / "elsewhere", sections=sections, title=EVIL)
    cell = CARDS.format(lesson=str(lesson), store=str(folder / "store"))
    path = notebook(root, cell, MAKE)
    with Lab(root) as lab:
        shown = launched.new_page(viewport={"width": 1600, "height": 2000})
        lab.open(shown, path.name)
        command(shown, "application:toggle-left-area")
        run_all(shown)
        expect(shown.locator(".vk-bar")).to_contain_text("3 made · 1 failed")
        yield shown


def cards(page: Page) -> list[Locator]:
    expect(page.locator(".vk .vk-card")).to_have_count(4)
    return page.locator(".vk .vk-card").all()


@needs_browser
def test_nothing_of_a_lesson_runs_and_all_of_it_is_shown(page: Page) -> None:
    """Scripts, handlers and closing tags stand on the cards, in the fields and in the reasons
    as they were written, long words break, and right-to-left text runs from the right.
    """
    first, failed, _, hebrew = cards(page)
    expect(first.locator(".vk-title")).to_have_text(EVIL)
    expect(failed.locator(".vk-wrong").first).to_contain_text("onerror='window.ran = 2'")
    title = hebrew.locator(".vk-title")
    assert title.evaluate("e => getComputedStyle(e).direction") == "rtl"
    texts = (EVIL, f"{EVIL} refuse", LONG, RIGHT_TO_LEFT)
    for number, (card, text) in enumerate(zip(cards(page), texts, strict=True), start=1):
        assert not card.evaluate("e => e.scrollWidth > e.clientWidth")
        card.get_by_role("button", name=f"Edit section {number}").click()
        expect(card.get_by_label("What the picture shows")).to_have_value(text)
        expect(card.get_by_label("Narration", exact=True)).to_have_value(f"Said: {text}")
        assert not page.locator(".vk").first.evaluate("e => e.scrollWidth > e.clientWidth")
        card.get_by_role("button", name=f"Discard changes of section {number}").click()
        expect(card.get_by_role("button", name=f"Edit section {number}")).to_be_focused()
    assert page.evaluate("() => window.ran") is None
    assert page.locator(".vk script, .vk svg[onload], .vk [onerror]").count() == 0


@needs_browser
def test_what_lies_outside_the_notebooks_folder_is_shown_all_the_same(page: Page) -> None:
    """Pictures and clips come over the widget's own channel, wherever they lie."""
    card = cards(page)[3]
    card.scroll_into_view_if_needed()
    expect(card.locator("img")).to_have_attribute("src", re.compile("^blob:"))
    card.get_by_role("button", name="Play section 4").click()
    page.wait_for_function(
        "() => { const clip = document.querySelector('.vk [aria-label=\"Clip of section 4\"]');"
        " return clip && clip.readyState >= 2 && clip.currentTime > 0.2 }",
        timeout=30_000,
    )


@in_both
def test_cards_are_used_by_keyboard_alone(page: Page) -> None:
    """All cards are one tab stop, among which the arrow keys move; *Edit* takes the focus into the
    fields, *Done* takes in what was typed and gives the focus back.
    """
    first, second, *_ = cards(page)
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(second).to_be_focused()
    page.keyboard.press("Home")
    expect(first).to_be_focused()
    stops = page.locator(".vk-card[tabindex='0']")
    expect(stops).to_have_count(1)
    first.get_by_role("button", name="Edit section 1").focus()
    page.keyboard.press("Enter")
    expect(first.get_by_label("Title")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(" typed")
    first.get_by_role("button", name="Done with section 1").focus()
    page.keyboard.press("Enter")
    expect(first.locator(".vk-title")).to_have_text(f"{EVIL} typed")
    expect(first.get_by_role("button", name="Edit section 1")).to_be_focused()
    expect(page.locator(".vk-bar")).to_contain_text("not saved")
    page.keyboard.press("Control+z")
    expect(first.locator(".vk-title")).to_have_text(EVIL)


@needs_browser
def test_a_saved_notebook_is_small_and_shows_its_cards_without_its_kernel(
    launched: Browser, tmp_path: Path
) -> None:
    """Ten sections take less than 200 KB, and stand there with their pictures when the notebook
    is copied elsewhere and opened without being run; while the panel lives they are shown once.
    """
    root = tmp_path / "root"
    lesson = written(root, sections=10)
    path = notebook(root, CARDS.format(lesson=lesson.name, store="store"), MAKE)
    with Lab(root) as lab:
        page = launched.new_page(viewport={"width": 1600, "height": 3000})
        lab.open(page, path.name)
        run_all(page)
        expect(page.locator(".vk-bar")).to_contain_text("10 made")
        expect(page.locator(".vidkit-stored")).to_be_hidden()
        shown = "() => document.querySelectorAll('.vidkit-stored :is(img, video)').length"
        page.wait_for_function(f"() => ({shown})() === 10", timeout=30_000)
        command(page, "docmanager:save")
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.close()
        assert path.stat().st_size < 200_000
        assert "widgets" not in nbformat.read(path, as_version=4).metadata
        (root / "copy").mkdir()
        path.rename(root / "copy/notebook.ipynb")
        page = launched.new_page(viewport={"width": 1600, "height": 3000})
        lab.open(page, "copy/notebook.ipynb")
        stored = page.locator(".vidkit-stored li")
        expect(stored).to_have_count(10)
        expect(stored.nth(9)).to_be_visible()
        expect(stored.nth(9)).to_contain_text("made")
        expect(page.get_by_text("Error displaying widget")).to_be_hidden()
        assert page.evaluate(shown) == 10
