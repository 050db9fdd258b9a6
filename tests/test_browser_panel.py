"""The panel for hands on a keyboard, for ears and for eyes, in a page without a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe import wrong_in_both_themes
from browser import in_both, needs_browser
from made_media import speech_like, wav
from playwright.sync_api import Browser, Page, expect
from stand_ins import written
from static_page import darken, static_page, until

from vidkit.studio import Studio

QUICK = {"images": "simulated:0.01", "voice": "simulated:latency=0.01,seconds=0.3"}
FAILING = QUICK | {"images": "simulated:latency=0.01,errors=1"}
SLOW = {"images": "simulated:3600", "voice": "simulated:0.01"}

NO_TITLE = "Never mind: The lesson's title, language, voice, music and speakers"
FOCUS = "() => document.activeElement?.closest('.vk') !== null"
STOPS = "() => document.activeElement?.closest('.vk-card') !== null"


@contextmanager
def shown(
    launched: Browser,
    folder: Path,
    sections: Any = 3,
    width: int = 1200,
    alone: bool = False,
    **settings: Any,
) -> Iterator[tuple[Studio, Page]]:
    """A Studio with a lesson and one that is faulty, in a page of its own."""
    written(folder / "lessons", "a rainbow", sections, title="How a Rainbow Forms")
    written(folder / "lessons", "b", [{"content": 5}])
    given = QUICK | {"size": (320, 180), "cache_dir": folder / "store"} | settings
    studio = Studio(folder / "lessons", **given)
    with static_page(launched, studio, width, alone=alone) as (page, _):
        assert studio.sections is not None
        studio.sections.wait()
        studio.workers.wait()
        page.evaluate("() => window.look()")
        try:
            yield studio, page
        finally:
            if studio.run is not None and not studio.run.done():
                studio.run.cancel()
                studio.run.cancel()


def make(studio: Studio, page: Page) -> None:
    """Make the lesson, and see what came of it."""
    page.get_by_role("button", name="Make video").click()
    until(page, lambda: studio.report is not None and not studio.controls.values()["run"]["busy"])


def press(page: Page, *names: str) -> None:
    """Press buttons, one after the other."""
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


def stops(page: Page) -> list[str]:
    """What the Tab key comes by on its way to the first card."""
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus() }")
    passed: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(STOPS):
            return passed
        passed.append(page.evaluate("() => document.activeElement.outerHTML.slice(0, 120)"))
    raise AssertionError(passed)


@in_both
def test_the_first_card_is_a_few_tabs_away(launched: Browser, tmp_path: Path) -> None:
    """At most twelve tab stops stand before it, before a run and after one."""
    with shown(launched, tmp_path, 6) as (studio, page):
        assert len(stops(page)) <= 12
        make(studio, page)
        assert len(stops(page)) <= 12


@in_both
def test_the_focus_is_never_lost(launched: Browser, tmp_path: Path) -> None:
    """Whatever is pressed, something of the panel has the focus afterwards."""
    presses: tuple[Callable[[Studio, Page], object], ...] = (
        make,
        lambda _, page: press(page, "Edit section 2", "Discard changes of section 2"),
        lambda _, page: press(page, "Edit section 2", "Done with section 2"),
        lambda _, page: press(page, "Make again: section 2", "Never mind: section 2"),
        lambda _, page: press(page, "More for section 1", "Move later: section 1"),
        lambda _, page: press(page, "Undo"),
        lambda _, page: press(page, "More for section 3", "Remove section 3"),
        lambda _, page: press(page, "Undo"),
        lambda _, page: press(page, "More for section 1", "Versions of section 1"),
        lambda _, page: press(page, "Close the versions of section 1"),
        lambda _, page: press(page, "Title and more", NO_TITLE),
        lambda _, page: press(page, "New lesson", "Never mind: New lesson"),
        lambda _, page: press(page, "Add section"),
    )
    with shown(launched, tmp_path) as (studio, page):
        for number, does in enumerate(presses):
            does(studio, page)
            page.evaluate("() => window.look()")
            page.wait_for_function(FOCUS, timeout=30_000)
            assert page.evaluate(FOCUS), number


@in_both
def test_the_arrow_keys_go_from_card_to_card(launched: Browser, tmp_path: Path) -> None:
    """Along the row, to the row below and above, to the ends and no further; the Tab key leaves
    the cards, and comes back to the one that was visited.
    """
    focused = (
        "() => document.activeElement.getAttribute('aria-label')?.match(/Section (\\d+)/)?.[1]"
    )
    keys = [("Home", 1), ("ArrowLeft", 1), ("ArrowRight", 2), ("ArrowDown", 5), ("ArrowUp", 2)]
    keys += [("ArrowDown", 5), ("End", 7), ("ArrowRight", 7), ("ArrowDown", 7), ("ArrowLeft", 6)]
    with shown(launched, tmp_path, 7, width=1000) as (_, page):
        across = page.locator(".vk-cards").evaluate(
            "each => getComputedStyle(each).gridTemplateColumns.split(' ').length"
        )
        assert across == 3
        page.locator(".vk-card").first.focus()
        for key, card in keys:
            page.keyboard.press(key)
            assert page.evaluate(focused) == str(card), key
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("() => !document.activeElement.closest('.vk-cards')")
        page.keyboard.press("Tab")
        assert page.evaluate(focused) == "6"


@needs_browser
def test_a_rewritten_section_is_taken_back(launched: Browser, tmp_path: Path) -> None:
    """A button beside the words as they were has them again; the focus goes back to the card."""
    words = {"image_description": "A leaf.", "content": "New.", "$draft": {"content": "<b>Old</b>"}}
    with shown(launched, tmp_path, [words, {**words, "$draft": None}]) as (studio, page):
        press(page, "Edit section 2")
        expect(page.get_by_text("Before it was rewritten")).to_have_count(0)
        press(page, "Edit section 1")
        page.get_by_text("Before it was rewritten").click()
        expect(page.locator(".vk-before")).to_have_text("<b>Old</b>")
        press(page, "Take these words back: section 1")
        expect(page.locator(".vk-content").first).to_have_text("<b>Old</b>")
        expect(page.get_by_role("button", name="Edit section 1")).to_be_focused()
        assert studio.sections is not None
        assert studio.sections.lesson.sections[0].content == "<b>Old</b>"


@needs_browser
def test_what_could_be_better_is_folded_beside_the_video(launched: Browser, tmp_path: Path) -> None:
    """After a run a line for each finding, as text, with what to do about it."""
    sections = [{"title": "<b>x</b>", "image_description": "A leaf.", "content": "No. " * 300}]
    with shown(launched, tmp_path, sections) as (studio, page):
        make(studio, page)
        lines = page.locator(".vk-review li")
        expect(lines.first).to_be_hidden()
        page.get_by_text("What could be better").click()
        expect(lines.filter(has_text="Nothing is asked in it.")).to_contain_text("Add a section")
        expect(lines.filter(has_text="Section 1: <b>x</b>").first).to_be_visible()
        assert page.locator(".vk b").count() == 0


@needs_browser
def test_every_control_of_a_card_names_its_section(launched: Browser, tmp_path: Path) -> None:
    """Nobody hears eleven buttons of the same name."""
    unnamed = """() => [...document.querySelectorAll('.vk-card')].flatMap((card, at) =>
      [...card.querySelectorAll('button, video, audio, [role=group], [role=radiogroup]')]
        .filter(each => !(each.getAttribute('aria-label') ?? '').includes(`ection ${at + 1}`))
        .filter(each => each.checkVisibility())
        .map(each => each.outerHTML))"""
    with shown(launched, tmp_path) as (studio, page):
        make(studio, page)
        press(page, "Edit section 1", "More for section 2", "Make again: section 3")
        page.get_by_text("Layout, voice and more").click()
        page.locator(".vk-choice").nth(5).wait_for()
        expect(page.get_by_role("group", name="Texts of section 1")).to_be_visible()
        assert page.evaluate(unnamed) == []
        press(page, "Versions of section 2")
        page.locator(".vk-versions").first.wait_for()
        assert page.evaluate(unnamed) == []


@needs_browser
def test_what_is_spoken_comes_once_in_five_seconds(launched: Browser, tmp_path: Path) -> None:
    """A run that tells something three times a second is heard at most every five seconds, and what
    it told last is heard.
    """
    with shown(launched, tmp_path, alone=True) as (_, page):
        page.clock.install()
        page.evaluate(
            """() => {
              window.spoken = [];
              new MutationObserver(() => window.spoken.push(
                document.querySelector('.vk-unseen[role=status]').textContent,
              )).observe(document.querySelector('.vk-unseen[role=status]'), {childList: true});
            }"""
        )
        for number in range(70):
            page.evaluate(
                "said => window.put('run', {busy: true, ran: true, total: 70, said})",
                f"{number + 1} of 70",
            )
            page.clock.run_for(300)
        page.clock.run_for(6000)
        spoken = page.evaluate("() => window.spoken")
    assert 2 <= len(spoken) <= 6
    assert spoken[-1] == "70 of 70"


def failed(studio: Studio, page: Page) -> None:
    studio.workers.choose(**FAILING)
    make(studio, page)
    expect(page.locator(".vk-card .vk-wrong").first).to_be_visible()


def in_mid_run(studio: Studio, page: Page) -> None:
    studio.workers.choose(**SLOW)
    page.get_by_role("button", name="Make video").click()
    until(page, lambda: studio.meters.meters())
    expect(page.locator(".vk-progress")).to_be_visible()


def editing(studio: Studio, page: Page) -> None:
    make(studio, page)
    press(page, "Edit section 1", "Title and more")
    page.get_by_text("Layout, voice and more").click()
    page.locator(".vk-choice").nth(5).wait_for()
    page.locator(".vk-choice").filter(has_text="Chart").click()
    page.get_by_label("Chart", exact=False).first.wait_for()


def with_versions(studio: Studio, page: Page) -> None:
    make(studio, page)
    press(page, "More for section 2", "Versions of section 2")
    page.locator(".vk-versions").first.wait_for()


def whole_batch(studio: Studio, page: Page) -> None:
    page.get_by_role("button", name="Make all").click()
    until(page, lambda: studio.report is not None)
    page.locator(".vk-video").nth(1).wait_for()


def all_open(studio: Studio, page: Page) -> None:
    make(studio, page)
    page.get_by_text("Settings", exact=True).click()
    page.get_by_text("More settings", exact=True).click()
    page.get_by_text("How it went", exact=True).click()
    press(page, "Python", "New lesson")
    page.get_by_label("Search all lessons").fill("words")
    page.locator(".vk-hit").first.wait_for()


def faulty(studio: Studio, page: Page) -> None:
    studio.lessons.choose("b")
    page.evaluate("() => window.look()")
    page.locator(".vk").get_by_text("to mend").wait_for()


STATES = {
    "before": lambda studio, page: None,
    "in mid-run": in_mid_run,
    "after": make,
    "failed": failed,
    "editing": editing,
    "versions": with_versions,
    "batch": whole_batch,
    "all open": all_open,
    "faulty": faulty,
}


@needs_browser
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_wrong(launched: Browser, tmp_path: Path, state: str) -> None:
    """In every state of the panel, in light and in dark."""
    with shown(launched, tmp_path) as (studio, page):
        page.set_viewport_size({"width": 1200, "height": 3000})
        STATES[state](studio, page)
        assert not wrong_in_both_themes(page)


@in_both
def test_nothing_sticks_out(launched: Browser, tmp_path: Path) -> None:
    """At every width the parts of the panel stay within it, words and long names too, and all
    pictures of a row of cards stand on one line.
    """
    long = [{"title": "W" * 300, "image_description": "x", "content": "y" * 3000}]
    sections = long + [{"image_description": "Some words.", "content": "More words."}] * 4
    outside = """() => [...document.querySelectorAll('.vk *')].filter(each => {
      const { right } = document.querySelector('.vk').getBoundingClientRect();
      if (!each.checkVisibility() || each.closest('svg, .vk-unseen, .vk-drawn')) return false;
      const box = each.getBoundingClientRect();
      return box.width && box.right > right + 1;
    }).map(each => each.outerHTML.slice(0, 100))"""
    rows = """() => [...document.querySelectorAll('.vk-cards .vk-stage')].map(each =>
      Math.round(each.getBoundingClientRect().top))"""
    columns = """() => getComputedStyle(document.querySelector('.vk-cards'))
      .gridTemplateColumns.split(' ').length"""
    with shown(launched, tmp_path, sections) as (studio, page):
        make(studio, page)
        page.get_by_text("How it went", exact=True).click()
        page.get_by_text("Settings", exact=True).click()
        press(page, "Python", "Title and more")
        page.get_by_label("Title of the lesson").wait_for()
        page.evaluate("() => window.look()")
        for width in (700, 900, 1200, 1600):
            page.set_viewport_size({"width": width, "height": 1400})
            assert page.evaluate(outside) == []
            tops = page.evaluate(rows)
            assert len(set(tops)) == -(-len(tops) // page.evaluate(columns))


@needs_browser
def test_a_whole_folder(launched: Browser, tmp_path: Path) -> None:
    """*Make all* has a row for each lesson; *Watch* shows its video and its cards."""
    written(tmp_path / "lessons", "c", 2, title="Lesson c")
    with shown(launched, tmp_path) as (studio, page):
        whole_batch(studio, page)
        rows = page.locator(".vk .vk-video")
        expect(rows.locator(".vk-mark")).to_have_text(["made", "failed", "made"])
        expect(page.locator(".vk-said")).to_contain_text("2 of 3 lessons complete")
        rows.nth(2).get_by_role("button", name="Watch").click()
        expect(page.locator(".vk-player").get_by_text("Lesson c")).to_be_visible()
        assert studio.sections is not None
        studio.sections.wait()
        page.evaluate("() => window.look()")
        expect(page.locator(".vk-card .vk-mark")).to_have_text(["made", "made"])


@needs_browser
def test_lessons_are_searched_and_chosen_by_keyboard_alone(
    launched: Browser, tmp_path: Path
) -> None:
    """From the search over the list to *Make*, with nothing but keys."""
    moon = [{"image_description": "The moon.", "content": "It shines at night."}]
    written(tmp_path / "lessons", "moon", moon)
    with shown(launched, tmp_path) as (studio, page):
        page.get_by_label("Search all lessons").focus()
        page.keyboard.type("shines")
        expect(page.locator(".vk .vk-hit mark")).to_have_text("shines")
        page.keyboard.press("Enter")
        expect(page.locator(".vk .vk-about")).to_contain_text("moon.json")
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("() => document.activeElement.textContent") == "Make video":
                break
        page.keyboard.press("Enter")
        until(page, lambda: studio.report is not None)
        assert studio.report is not None and studio.report.made
        expect(page.locator(".vk-said")).to_contain_text("1 of 1 section")


@needs_browser
def test_a_lesson_is_drafted_of_ones_own_file(launched: Browser, tmp_path: Path) -> None:
    """*New lesson from…* takes a file of the browser; the drafted lesson is open, each card says
    where it is from, and is edited and saved before anything is made.
    """
    (tmp_path / "light.md").write_text("# Light\n\nIt is fast.\n\n# Sound\n\nIt is slow.\n")
    with shown(launched, tmp_path) as (studio, page):
        page.get_by_role("button", name="New lesson from").click()
        page.get_by_label("or one of your own").set_input_files(tmp_path / "light.md")
        press(page, "Draft it")
        until(page, lambda: studio.lessons.path and studio.lessons.path.stem == "light")
        expect(page.locator(".vk .vk-card").get_by_text("From lines 5, 7")).to_be_visible()
        expect(page.locator(".vk .vk-lessons").get_by_text("from light.md")).to_be_visible()
        press(page, "Edit section 1")
        page.get_by_role("textbox", name="Narration").fill("It is very fast.")
        press(page, "Done with section 1", "Save lesson •")
        until(page, lambda: studio.sections and not studio.sections.draft.unsaved)
        assert studio.sections is not None
        assert studio.sections.draft.file.sections[0].content == "It is very fast."


@needs_browser
def test_a_lesson_gets_its_voice_and_music_in_a_form(launched: Browser, tmp_path: Path) -> None:
    """A file of the browser is put beside the lesson, a voice of the list is that of all
    sections.
    """
    (tmp_path / "tune.wav").write_bytes(wav(speech_like(1), 24_000))
    with shown(launched, tmp_path, voice="espeak") as (studio, page):
        press(page, "Title and more")
        page.get_by_label("Voice of the lesson", exact=True).select_option("en-gb-scotland")
        page.get_by_label("Music from a file").set_input_files(tmp_path / "tune.wav")
        expect(page.get_by_placeholder("music.mp3, -6 dB")).to_have_value("sounds/tune.wav")
        press(page, "Done")
        assert studio.sections is not None
        lesson = studio.sections.lesson
        assert lesson.voice == "en-gb-scotland"
        assert lesson.music is not None and lesson.music.file.name == "tune.wav"


@in_both
def test_the_panel_is_dark_where_the_page_is(launched: Browser, tmp_path: Path) -> None:
    """It follows the page's own background, whoever sets it, with its text and what it draws."""
    colours = """() => [getComputedStyle(document.querySelector('.vk')).color,
      getComputedStyle(document.querySelector('.vidkit-timeline')).getPropertyValue('--quiet')]"""
    with shown(launched, tmp_path) as (studio, page):
        make(studio, page)
        light = page.evaluate(colours)
        darken(page)
        assert all(a != b for a, b in zip(page.evaluate(colours), light, strict=True))
        darken(page, False)
        assert page.evaluate(colours) == light
