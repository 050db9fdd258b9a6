"""Cards that stand alone, in a real browser: whatever a lesson holds, and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import in_both, needs_browser
from playwright.sync_api import Browser, Locator, Page, expect
from stand_ins import written
from static_page import static_page, until

from vidkit import Settings, load_lesson
from vidkit.errors import ProviderError, Refused
from vidkit.providers.simulated import Simulated
from vidkit.studio import Sections
from vidkit.studio.editing import fields_of

EVIL = (
    "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"
    "</textarea></summary><svg onload='window.ran = 3'> \" ' & {{7*7}}"
)
LONG = "W" * 10_000
RIGHT_TO_LEFT = "שלום עולם, 3 مرحبا"
TEXTS = (EVIL, f"{EVIL} refuse", LONG, RIGHT_TO_LEFT)


class Balky(Simulated):
    """Pictures, but for what asks to be refused."""

    async def draw(self, ask: Any, request: Any) -> Any:
        """Draw it, or refuse."""
        if "refuse" in ask.description:
            raise Refused(ask.description)
        return await super().draw(ask, request)


@contextmanager
def traps(launched: Browser, folder: Path) -> Iterator[tuple[Sections, Page]]:
    """The cards of a lesson that is all traps, made as far as they can be."""
    sections = [
        {"title": text[:300], "image_description": text, "content": f"Said: {text}"}
        for text in TEXTS
    ]
    lesson = load_lesson(written(folder / "elsewhere", sections=sections, title=EVIL))
    how = Settings(images=Balky(0.01), voice="simulated:latency=0.01,seconds=1", size=(320, 180))
    shown = Sections(lesson, how.with_(cache_dir=folder / "store"))
    with static_page(launched, shown, 1600, 2000) as (page, _):
        shown.make()
        until(page, lambda: shown.run is not None and shown.run.done())
        expect(page.locator(".vk-bar")).to_contain_text("3 made · 1 failed")
        yield shown, page


def cards(page: Page) -> list[Locator]:
    """The four cards."""
    expect(page.locator(".vk .vk-card")).to_have_count(4)
    return page.locator(".vk .vk-card").all()


@needs_browser
def test_nothing_of_a_lesson_runs_and_all_of_it_is_shown(launched: Browser, tmp_path: Path) -> None:
    """Scripts, handlers and closing tags stand on the cards, in the fields and in the reasons
    as they were written, long words break, right-to-left text runs from the right, and a clip
    comes over the widget's own channel, wherever it lies.
    """
    with traps(launched, tmp_path) as (_, page):
        first, failed, _, hebrew = cards(page)
        expect(first.locator(".vk-title")).to_have_text(EVIL)
        expect(failed.locator(".vk-wrong").first).to_contain_text("onerror='window.ran = 2'")
        title = hebrew.locator(".vk-title")
        assert title.evaluate("e => getComputedStyle(e).direction") == "rtl"
        for number, (card, text) in enumerate(zip(cards(page), TEXTS, strict=True), start=1):
            assert not card.evaluate("e => e.scrollWidth > e.clientWidth")
            card.get_by_role("button", name=f"Edit section {number}").click()
            expect(card.get_by_label("What the picture shows")).to_have_value(text)
            expect(card.get_by_label("Narration", exact=True)).to_have_value(f"Said: {text}")
            assert not page.locator(".vk").first.evaluate("e => e.scrollWidth > e.clientWidth")
            card.get_by_role("button", name=f"Discard changes of section {number}").click()
            expect(card.get_by_role("button", name=f"Edit section {number}")).to_be_focused()
        assert page.evaluate("() => window.ran") is None
        assert page.locator(".vk :is(script, b, svg[onload], [onerror], img[src=x])").count() == 0
        expect(hebrew.locator("img")).to_have_attribute("src", re.compile("^blob:"))
        hebrew.get_by_role("button", name="Play section 4").click()
        page.wait_for_function(
            "() => { const clip = document.querySelector('.vk [aria-label=\"Clip of section 4\"]');"
            " return clip && clip.readyState >= 2 && clip.currentTime > 0.2 }",
            timeout=30_000,
        )


@needs_browser
def test_what_was_typed_is_there_in_a_page_that_is_opened_anew(
    launched: Browser, tmp_path: Path
) -> None:
    """Fields that the kernel has open hold what was typed, and close when *Done* is pressed in
    another view: older words are never handed over in their place.
    """
    with traps(launched, tmp_path) as (sections, page):
        uid = sections.draft.uids[0]
        typed = fields_of(sections.lesson.sections[0], tmp_path) | {"title": "Typed"}
        sections.do_type(uid, typed)
        sections.show()
        page.evaluate("() => window.look()")
        expect(cards(page)[0].get_by_label("Title")).to_have_value("Typed")
        assert sections.do_edit_done(uid, typed | {"title": "Typed on"}) == []
        page.evaluate("() => window.look()")
        expect(cards(page)[0].locator(".vk-title")).to_have_text("Typed on")
        expect(cards(page)[0].get_by_label("Title")).to_have_count(0)


@in_both
def test_cards_are_used_by_keyboard_alone(launched: Browser, tmp_path: Path) -> None:
    """All cards are one tab stop, among which the arrow keys move; *Edit* takes the focus into the
    fields, *Done* takes in what was typed and gives the focus back.
    """
    with traps(launched, tmp_path) as (_, page):
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


def press(page: Page, *names: str) -> None:
    """Press buttons, one after the other."""
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


@contextmanager
def made(
    launched: Browser, folder: Path, images: Simulated, voice: Simulated
) -> Iterator[tuple[Sections, Page, Callable[..., None]]]:
    """Cards of three sections that were made; with them comes what waits for the next run."""
    lesson = load_lesson(written(folder, "rainbow", 3))
    how = Settings(images=images, voice=voice, size=(320, 180), cache_dir=folder / "store")
    shown = Sections(lesson, how)
    with static_page(launched, shown) as (page, _):

        def runs(*buttons: str) -> None:
            before = shown.run
            press(page, *buttons)
            until(page, lambda: shown.run is not before and shown.run and shown.run.done())

        runs("Make video")
        yield shown, page, runs


@needs_browser
def test_one_section_is_edited_and_made_again(launched: Browser, tmp_path: Path) -> None:
    """Another narration, *Make again*: the voice is called once, nobody else, and the new sound
    and clip are on the card; *Save lesson* writes it into the file.
    """
    images, voice = Simulated(0.01), Simulated(0.01, seconds=1.0)
    with made(launched, tmp_path, images, voice) as (_, page, runs):
        assert (voice.calls, images.calls) == (3, 3)
        press(page, "Edit section 2")
        page.get_by_label("Narration", exact=True).fill("Other words are said here now.")
        runs("Make again: section 2")
        expect(page.locator(".vk-card .vk-mark").nth(1)).to_have_text("made")
        assert (voice.calls, images.calls) == (4, 3)
        press(page, "Save lesson •")
        expect(page.locator(".vk").get_by_text("Saved in rainbow.json").first).to_be_visible()
        assert (tmp_path / "rainbow.json").read_text().count("Other words are said") == 1


class Hoarse(Simulated):
    """A voice that cannot say some words."""

    cannot = "words 1"

    async def speak(self, ask: Any, request: Any) -> Any:
        """Say it, or fail."""
        if self.cannot and self.cannot in ask.text:
            raise ProviderError(f"the voice is hoarse: <img src=x onerror=alert(1)> {self.cannot}")
        return await super().speak(ask, request)


@needs_browser
def test_a_failed_section_says_why_and_can_be_tried_again(
    launched: Browser, tmp_path: Path
) -> None:
    """The reason stands on its card as text; when it is gone, *Try again* repairs the lesson."""
    voice = Hoarse(0.01, seconds=1.0)
    with made(launched, tmp_path, Simulated(0.01), voice) as (_, page, runs):
        marks = page.locator(".vk-card .vk-mark")
        expect(marks).to_have_text(["made", "failed", "made"])
        expect(page.locator(".vk-card").nth(1).get_by_text("hoarse: <img src=x")).to_be_visible()
        voice.cannot = ""
        runs("Try again: section 2")
        expect(marks).to_have_text(["made", "made", "made"])
