"""Whatever a lesson holds is shown as text: the cards in a real JupyterLab, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from a_notebook import notebook
from axe import violations
from browser import browser, needs_browser
from lab import Lab, command, run_all
from playwright.sync_api import Locator, Page, expect
from stand_ins import written

EVIL = (
    "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"
    "</textarea></summary><svg onload='window.ran = 3'> \" ' & {{7*7}}"
)
LONG = "W" * 10_000
RIGHT_TO_LEFT = "שלום עולם, 3 مرحبا"

CARDS = f"""
from vidkit import load_lesson
from vidkit.errors import Refused
from vidkit.providers.simulated import Simulated
from vidkit.models import Settings
from vidkit.studio import Sections

class Balky(Simulated):
    async def draw(self, ask, request):
        if ask.index == 1:
            raise Refused({EVIL!r})
        return await super().draw(ask, request)

cards = Sections(
    load_lesson("lesson.json"),
    Settings(images=Balky(0.05), voice="simulated:0.05", size=(64, 36), cache_dir="../store"),
)
cards"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The cards of a lesson that is all traps, made as far as they can be."""
    root = tmp_path_factory.mktemp("lab") / "root"
    texts = [EVIL, f"{EVIL} again", LONG, RIGHT_TO_LEFT]
    lesson = [
        {"title": text[:300], "image_description": text, "content": f"Said: {text}"}
        for text in texts
    ]
    written(root, sections=lesson, title=EVIL)
    path = notebook(root, CARDS, "cards.make(); report = await cards.run")
    with Lab(root) as lab, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1600, "height": 4000})
        lab.open(page, path.name)
        command(page, "application:toggle-left-area")
        run_all(page)
        expect(page.locator(".vidkit-bar")).to_contain_text("3 made · 1 failed")
        yield page


@pytest.fixture
def page(made: Page) -> Page:
    """The same, with no card open, on a page that is large enough for all of them."""
    made.set_viewport_size({"width": 1600, "height": 4000})
    for name in ("Discard", "Never mind"):
        while made.locator(".vidkit").get_by_role("button", name=name).count():
            made.locator(".vidkit").get_by_role("button", name=name).first.click()
            made.wait_for_timeout(300)
    return made


def cards(page: Page) -> list[Locator]:
    expect(page.locator(".vidkit .vidkit-card")).to_have_count(4)
    return page.locator(".vidkit .vidkit-card").all()


def edit(card: Locator) -> None:
    card.get_by_role("button", name="Edit", exact=True).click()
    expect(card.get_by_label("Title")).to_be_visible()


@needs_browser
def test_nothing_of_a_lesson_runs_and_all_of_it_is_shown(page: Page) -> None:
    """Scripts, handlers and closing tags stand on the cards, in the fields and in the reasons
    as they were written, long words break, and right-to-left text runs from the right.
    """
    first, failed, long, hebrew = cards(page)
    expect(first.locator(".vidkit-title")).to_have_text(EVIL)
    expect(failed.locator(".vidkit-wrong")).to_contain_text(f"image: {EVIL}")
    expect(long.locator("summary")).to_have_text(f"Said: {LONG}")
    title = hebrew.locator(".vidkit-title")
    assert title.evaluate("e => getComputedStyle(e).direction") == "rtl"
    texts = (EVIL, f"{EVIL} again", LONG, RIGHT_TO_LEFT)
    for card, text in zip((first, failed, long, hebrew), texts, strict=True):
        assert not card.evaluate("e => e.scrollWidth > e.clientWidth")
        edit(card)
        expect(card.get_by_label("What the image shows")).to_have_value(text)
        expect(card.get_by_label("Narration", exact=True)).to_have_value(f"Said: {text}")
        expect(card.get_by_label("Title")).to_have_value(text[:300])
    assert page.evaluate("() => window.ran") is None
    assert page.locator(".vidkit script, .vidkit svg[onload], .vidkit [onerror]").count() == 0


@needs_browser
def test_nothing_scrolls_sideways(page: Page) -> None:
    """From 700 pixels up the cards fit, closed and open, whatever stands on them."""
    for width in (700, 900, 1600):
        page.set_viewport_size({"width": width, "height": 1000})
        for shown in ("closed", "open"):
            for element in (".vidkit", ".jp-Notebook .jp-WindowedPanel-outer"):
                sizes = page.locator(element).first.evaluate("e => [e.scrollWidth, e.clientWidth]")
                assert sizes[0] <= sizes[1], (width, shown, element)
            if shown == "closed":
                edit(cards(page)[2])
        cards(page)[2].get_by_role("button", name="Discard").click()
        page.wait_for_timeout(300)


@needs_browser
def test_a_card_is_used_by_keyboard_alone(page: Page) -> None:
    """*Edit* opens the fields and keeps the focus, which can be seen; Tab goes through them, and
    what was typed is taken in.
    """
    card = cards(page)[0]
    button = card.get_by_role("button", name="Edit", exact=True)
    button.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert button.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(card.get_by_label("Title")).to_be_visible()
    done = card.get_by_role("button", name="Done")
    expect(done).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
    expect(card.get_by_label("Title")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(" typed")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(done).to_be_focused()
    page.keyboard.press("Enter")
    expect(card.locator(".vidkit-title")).to_have_text(f"{EVIL} typed")
    edit(card)
    card.get_by_label("Title").fill(EVIL)
    card.get_by_role("button", name="Done").click()
    expect(card.locator(".vidkit-title")).to_have_text(EVIL)


@needs_browser
def test_the_cards_are_accessible_in_light_and_in_dark(page: Page) -> None:
    """axe-core finds nothing wrong, with cards that are made, failed and open."""
    first, _, _, last = cards(page)
    edit(first)
    first.get_by_label("Narration", exact=True).fill("?!")
    first.get_by_role("button", name="Done").click()
    expect(first.get_by_role("alert")).to_contain_text("no word to say")
    last.get_by_role("button", name="Make again").click()
    expect(last.get_by_role("button", name="Never mind")).to_be_visible()
    assert violations(page, ".vidkit", contrasts=40) == []
