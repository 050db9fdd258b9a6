"""The Studio in a real JupyterLab, in a real browser: what a person does, and sees.

The same on an older kernel: in an environment of its own, install `.[test]` with
`ipykernel==6.31`, and run this file there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from axe import violations
from browser import in_both, needs_browser
from lab import Lab, answer, command, run_all
from stand_ins import written

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_browser

SOON = 30_000
"""Milliseconds that are waited for what should take one second: other tests run beside this."""

BEGIN = """\
from vidkit.errors import ProviderError
from vidkit.providers.simulated import Simulated
from vidkit.studio import Studio


class Hoarse(Simulated):
    \"\"\"A voice that cannot say some words.\"\"\"

    cannot = None

    async def speak(self, ask, request):
        if self.cannot and self.cannot in ask.text:
            raise ProviderError(f"the voice is hoarse: <img src=x onerror=alert(1)> {self.cannot}")
        return await super().speak(ask, request)


images = Simulated(latency=0.5, spread=0.9, seed=3)
voice = Hoarse(latency=0.5, spread=0.9, seconds=1.0, seed=4)
"""

STUDIO = """\
studio = Studio(
    "lessons",
    images=images,
    voice=voice,
    size=(320, 180),
    section_workers={workers},
    cache_dir="store",
)
studio
"""

STATES = """() => [...document.querySelectorAll('.vk .vk-card')].map(card => [
  card.querySelector('.vk-number').textContent, card.querySelector('.vk-mark').textContent])
"""

PICTURES = """() => [...document.querySelectorAll('.vk-card img.vk-poster')].map(
  each => [each.getAttribute('src'), each.naturalWidth])"""

PLAYS = """name => { const playing = document.querySelector(`.vk [aria-label="${name}"]`);
  return playing && !playing.seeking && playing.readyState >= 2 && playing.currentTime > 0 }"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all, each in a folder of its own."""
    with Lab(tmp_path_factory.mktemp("root")) as one:
        yield one


Opened = Callable[..., "Page"]


@pytest.fixture
def opened(lab: Lab, launched: Browser, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Opens a notebook of the given cells, beside lessons of the given sections, and runs it.
    Nothing in it may open a dialogue, for that would be a script of a lesson's.
    """
    folder = lab.root / re.sub(r"\W+", "-", request.node.name)
    context = launched.new_context(viewport={"width": 1200, "height": 1000})
    dialogues: list[str] = []

    def open_(*cells: str, workers: int = 4, begin: str = BEGIN, **lessons: Any) -> Page:
        for name, sections in lessons.items():
            written(folder / "lessons", name, sections, title=f"Lesson {name}")
        notebook = nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_code_cell(cell)
                for cell in (begin, STUDIO.format(workers=workers), *cells)
            ],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, folder / "panel.ipynb")
        page = context.new_page()
        page.on("dialog", lambda dialogue: (dialogues.append(dialogue.message), dialogue.accept()))
        lab.open(page, f"{folder.name}/panel.ipynb")
        run_all(page)
        return page

    yield open_
    for page in context.pages:
        command(page, "kernelmenu:shutdown")
    context.close()
    assert not dialogues


def press(page: Page, name: str, card: int | None = None) -> None:
    """Press a button of the panel, or of one card (from 1)."""
    where = page.locator(".vk")
    if card is not None:
        where = page.locator(".vk .vk-card").nth(card - 1)
    where.get_by_role("button", name=re.compile(rf"^{name}\b")).first.click()


def wait_said(page: Page, text: str) -> None:
    """Wait until the panel's line says something."""
    line = page.locator(".vk .vk-said").filter(has_text=text)
    line.wait_for(timeout=SOON)


def states(page: Page) -> list[tuple[int, str]]:
    """The number and the state of each card, as they stand."""
    return [(int(number), state) for number, state in page.evaluate(STATES)]


def wait_made(page: Page, total: int) -> None:
    """Wait until every card is made."""
    page.wait_for_function(
        f"() => {{ const cards = ({STATES})(); return cards.length === {total}"
        " && cards.every(([_, state]) => state === 'made') }",
        timeout=SOON,
    )


def until(look: Callable[[], Any], seconds: float = SOON / 1000) -> float:
    """Wait until `look` gives something true; gives how long that took."""
    began = time.monotonic()
    while not look():
        assert time.monotonic() < began + seconds
        time.sleep(0.05)
    return time.monotonic() - began


@in_both
def test_cards_fill_in_as_they_come_and_stand_in_order(opened: Opened) -> None:
    """Sections end out of order, and stand in the lesson's order all the while; at the end every
    picture loads, by no address of any file, and a clip plays with its sound.
    """
    page = opened(rainbow=12, workers=4)
    press(page, "Make video")
    seen: list[list[tuple[int, str]]] = []
    until(lambda: seen.append(states(page)) or all(state == "made" for _, state in seen[-1]))
    assert all([number for number, _ in each] == list(range(1, 13)) for each in seen)
    made = [[number for number, state in each if state == "made"] for each in seen]
    assert any(each != list(range(1, len(each) + 1)) for each in made), "all ended in order"
    for card in range(12):
        page.locator(".vk-card").nth(card).scroll_into_view_if_needed()
    page.wait_for_function(
        f"() => {{ const all = ({PICTURES})(); return all.length === 12"
        " && all.every(([source, width]) => source?.startsWith('blob:') && width > 0) }",
        timeout=SOON,
    )
    page.get_by_role("button", name="Play section 7").click()
    page.wait_for_function(PLAYS, arg="Clip of section 7", timeout=SOON)


@in_both
def test_the_video_is_ready_to_play_and_seek(opened: Opened) -> None:
    """A chapter jumps to where its section begins; captions can be switched on."""
    page = opened(rainbow=4)
    press(page, "Make video")
    wait_said(page, "4 of 4 sections")
    chapter = page.locator(".vk-chapters button").nth(2)
    chapter.wait_for(timeout=SOON)
    start = float(chapter.get_attribute("data-start") or 0)
    assert start > 2
    chapter.click()
    page.wait_for_function(
        "start => { const video = document.querySelector('.vk .vk-player video');"
        " return video && !video.seeking && video.readyState >= 2 && video.currentTime >= start }",
        arg=start - 0.01,
        timeout=SOON,
    )
    video = page.locator(".vk .vk-player video")
    assert video.evaluate("video => video.currentTime") < start + 20
    video.evaluate("video => { video.textTracks[0].mode = 'showing' }")
    until(lambda: video.evaluate("video => video.textTracks[0].cues?.length") == 4)


def test_more_workers_reach_the_provider(opened: Opened) -> None:
    """A press of *More workers* while a run goes on is seen in the provider's own concurrency."""
    begin = BEGIN.replace("latency=0.5, spread=0.9", "latency=0.5")
    page = opened(rainbow=60, workers=1, begin=begin)
    press(page, "Make video")
    until(lambda: answer(page, "voice.calls") >= 2)
    assert answer(page, "voice.peak") == 1
    press(page, "More workers")
    took = until(lambda: answer(page, "voice.peak") >= 2)
    print(f"more workers were seen in the provider after {took:.2f} s")
    press(page, "Fewer workers")
    until(lambda: answer(page, "voice.under_way") <= 1)
    press(page, "Cancel")
    wait_said(page, "ancelled")


def test_pause_holds_and_resume_goes_on(opened: Opened) -> None:
    """After *Pause* no call begins; after *Resume* the rest is made."""
    page = opened(rainbow=8, workers=2)
    press(page, "Make video")
    until(lambda: answer(page, "voice.calls") >= 2)
    press(page, "Pause")
    until(lambda: answer(page, "voice.under_way + images.under_way") == 0)
    calls = answer(page, "voice.calls")
    page.wait_for_timeout(1500)
    assert answer(page, "voice.calls") == calls
    press(page, "Resume")
    wait_made(page, 8)


def test_cancel_ends_with_a_partial_report(opened: Opened) -> None:
    """What was finished is in the report, which a later cell gives without a traceback."""
    page = opened(rainbow=40, workers=2)
    press(page, "Make video")
    until(lambda: "made" in [state for _, state in states(page)])
    press(page, "Cancel")
    took = until(lambda: answer(page, "studio.run.done()"))
    print(f"cancel ended the run after {took:.2f} s")
    wait_said(page, "ancelled")
    append(page, "report = await studio\nprint(sum(s.made for s in report.sections), report.error)")
    run_all(page, "notebook:run-cell")
    made = answer(page, "sum(section.made for section in report.sections)")
    assert 0 < made < 40
    assert answer(page, "len(report.sections)") == 40
    assert "made" in [state for _, state in states(page)]


@pytest.mark.skipif(
    int(version("ipykernel").partition(".")[0]) < 7,
    reason="ipykernel 6 hears no button while a cell waits",
)
def test_a_cell_that_waits_is_given_the_partial_report(opened: Opened) -> None:
    """*Cancel* is heard while a cell awaits the Studio, and the cell ends without a traceback."""
    page = opened(rainbow=40, workers=2)
    press(page, "Make video")
    append(page, "report = await studio\nprint(report.error)")
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
    until(lambda: "made" in [state for _, state in states(page)])
    press(page, "Cancel")
    until(lambda: "cancelled; what was" in str(outputs(page)))
    assert "error" not in [output["output_type"] for output in outputs(page)]
    assert 0 < answer(page, "sum(section.made for section in report.sections)") < 40


def test_one_section_is_edited_and_made_again(opened: Opened) -> None:
    """Another narration, *Make again*: the voice is called once, nobody else, and the new sound
    and clip are on the card; *Save lesson* writes it into the file.
    """
    page = opened(rainbow=3)
    press(page, "Make video")
    wait_made(page, 3)
    page.locator(".vk .vk-player .vk-heading").wait_for(timeout=SOON)
    assert answer(page, "(voice.calls, images.calls)") == (3, 3)
    press(page, "Edit", card=2)
    page.get_by_label("Narration", exact=True).fill("Other words are said here now.")
    press(page, "Make again", card=2)
    until(lambda: answer(page, "voice.calls") == 4)
    until(lambda: answer(page, "studio.run.done()"))
    wait_made(page, 3)
    assert answer(page, "(voice.calls, images.calls)") == (4, 3)
    press(page, "Save lesson")
    page.locator(".vk").get_by_text("Saved in rainbow.json").first.wait_for(timeout=SOON)
    assert answer(page, "open('lessons/rainbow.json').read().count('Other words are said')") == 1


def test_a_failed_section_says_why_and_can_be_tried_again(opened: Opened) -> None:
    """The reason stands on its card as text; when it is gone, *Try again* repairs the lesson."""
    page = opened('voice.cannot = "words 1"', rainbow=3)
    press(page, "Make video")
    why = page.locator(".vk .vk-card").nth(1).get_by_text("hoarse: <img src=x")
    why.wait_for(timeout=SOON)
    until(lambda: answer(page, "studio.run.done()"))
    wait_said(page, "2 of 3 sections")
    assert [state for _, state in states(page)] == ["made", "failed", "made"]
    assert page.locator(".vk .vk-chapters").get_by_text("not in the video").count() == 1
    answer(page, "setattr(voice, 'cannot', None)")
    press(page, "Try again", card=2)
    wait_made(page, 3)
    wait_said(page, "3 of 3 sections")
    page.locator(".vk .vk-chapters button").nth(2).wait_for(timeout=SOON)


def test_a_reloaded_page_is_live_again(opened: Opened) -> None:
    """Saved and reloaded in mid-run, the panel shows what has been done since, and its buttons
    reach the run.
    """
    page = opened(rainbow=60, workers=1, begin=BEGIN.replace("latency=0.5", "latency=1"))
    press(page, "Make video")
    until(lambda: "made" in [state for _, state in states(page)])
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    page.locator(".vk .vk-card").nth(59).wait_for(timeout=SOON)

    def made() -> int:
        return [state for _, state in states(page)].count("made")

    at_first = made()
    until(lambda: made() > at_first)
    workers = answer(page, "studio.run.snapshot().section_workers")
    press(page, "More workers")
    until(lambda: answer(page, "studio.run.snapshot().section_workers") == workers + 1)
    press(page, "Cancel")
    wait_said(page, "ancelled")


def test_a_whole_folder(opened: Opened) -> None:
    """*Make all* has a row for each lesson; *Watch* plays its video, and its link opens it."""
    page = opened(a=2, b=[], c=2)
    press(page, "Make all")
    wait_said(page, "2 of 3 lessons complete")
    rows = page.locator(".vk .vk-video")
    assert [rows.nth(n).locator(".vk-mark").inner_text() for n in range(3)] == [
        "made",
        "failed",
        "made",
    ]
    rows.nth(2).get_by_role("button", name="Watch").click()
    page.locator(".vk .vk-player").get_by_text("Lesson c").wait_for(timeout=SOON)
    wait_made(page, 2)


def test_lessons_are_searched_and_chosen_by_keyboard_alone(opened: Opened) -> None:
    """From the search over the list to *Make*, with nothing but keys."""
    page = opened(
        a=[{"image_description": "A leaf.", "content": "Sugar from light."}],
        b=[{"image_description": "The moon.", "content": "It shines at night."}],
    )
    page.get_by_label("Search all lessons").focus()
    page.keyboard.type("shines")
    page.locator(".vk .vk-hit mark").get_by_text("shines").wait_for(timeout=SOON)
    page.keyboard.press("Enter")
    page.locator(".vk .vk-lessons").get_by_text("b.json").wait_for(timeout=SOON)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.textContent") == "Make video":
            break
    page.keyboard.press("Enter")
    wait_said(page, "1 of 1 section")
    until(lambda: answer(page, "studio.report is not None"))
    assert answer(page, "studio.report.name") == "b"


def test_a_lesson_is_drafted_of_ones_own_file(opened: Opened, tmp_path: Path) -> None:
    """*New lesson from…* takes a file of the browser; the drafted lesson is open, each card says
    where it is from, and is edited and saved before anything is made.
    """
    (tmp_path / "light.md").write_text("# Light\n\nIt is fast.\n\n# Sound\n\nIt is slow.\n")
    page = opened(a=1)
    press(page, "New lesson from")
    page.get_by_label("or one of your own").set_input_files(tmp_path / "light.md")
    press(page, "Draft it")
    page.locator(".vk .vk-card").get_by_text("From lines 5, 7").wait_for(timeout=SOON)
    page.locator(".vk .vk-lessons").get_by_text("from light.md").wait_for(timeout=SOON)
    press(page, "Edit", 1)
    page.get_by_role("textbox", name="Narration").fill("It is very fast.")
    press(page, "Done", 1)
    press(page, "Save lesson")
    until(
        lambda: answer(page, "studio.sections.draft.file.sections[0].content") == "It is very fast."
    )


EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)></textarea><b>bold</b> שלום עולם "


def test_nothing_from_a_lesson_runs(opened: Opened) -> None:
    """Markup, a word of 10,000 characters and right-to-left text in every field are shown as
    text, and no script of theirs runs.
    """
    evil = EVIL + "x" * 10_000
    page = opened(
        evil=[{"title": EVIL, "image_description": evil, "content": evil}] * 2,
        faulty=[{"image": EVIL, "content": 5, "say": {EVIL: 5}}],
        after=[],
    )
    answer(page, "studio.lessons.choose('evil')")
    page.get_by_label("Search all lessons").fill("bold")
    press(page, "Make video")
    wait_made(page, 2)
    press(page, "Edit", card=1)
    answer(page, "studio.lessons.search('')")
    answer(page, "studio.lessons.choose('faulty')")
    page.locator(".vk").get_by_text("to mend").wait_for(timeout=SOON)
    assert page.locator(".vk b").count() == 0
    assert page.locator(".vk script").count() == 0
    assert page.locator(".vk img[src=x]").count() == 0


@pytest.mark.parametrize("width", [700, 1600])
def test_nothing_is_wider_than_the_page(opened: Opened, width: int) -> None:
    """From 700 pixels up nobody has to scroll sideways."""
    page = opened(rainbow=12, evil=[{"image_description": "x", "content": "x" * 10_000}])
    page.set_viewport_size({"width": width, "height": 1000})
    answer(page, "studio._show_code()")
    press(page, "Make all")
    wait_said(page, "2 of 2 lessons")
    for name in ("rainbow", "evil"):
        answer(page, f"studio.lessons.choose('{name}')")
        page.locator(".vk .vk-player").get_by_text(f"Lesson {name}").wait_for(timeout=SOON)
        wide = page.evaluate(
            "() => [...document.querySelectorAll('.vk, .jp-OutputArea-output')]"
            ".filter(each => each.scrollWidth > each.clientWidth + 1)"
            ".map(each => each.className)"
        )
        assert not wide


def test_axe_finds_nothing_wrong(opened: Opened) -> None:
    """Neither before a run nor after one, with the Python shown, a search, a faulty lesson and
    open fields, in light and in dark.
    """
    page = opened(a=3, b=[{"content": 5}], c=2)
    page.set_viewport_size({"width": 1400, "height": 3000})
    assert not violations(page, ".vk")
    answer(page, "studio._show_code()")
    press(page, "Make all")
    wait_said(page, "2 of 3 lessons complete")
    answer(page, "len(studio.lessons.search('words'))")
    press(page, "Edit", card=1)
    page.get_by_label("Narration", exact=True).wait_for(timeout=SOON)
    assert not violations(page, ".vk")
    answer(page, "studio.lessons.choose('b')")
    page.locator(".vk").get_by_text("to mend").wait_for(timeout=SOON)
    assert not violations(page, ".vk")


def test_a_saved_notebook_is_small_and_shows_its_previews(
    opened: Opened, lab: Lab, request: pytest.FixtureRequest
) -> None:
    """Ten sections leave a notebook under 200 KB; opened again with another kernel it shows the
    video and the cards.
    """
    page = opened("studio.make()", "report = await studio\nreport", rainbow=10)
    wait_made(page, 10)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    path = lab.root / re.sub(r"\W+", "-", request.node.name) / "panel.ipynb"
    until(lambda: path.read_text().count("data:image/jpeg") >= 10)
    assert path.stat().st_size < 200_000
    command(page, "kernelmenu:shutdown")
    lab.open(page, f"{path.parent.name}/panel.ipynb")
    stored = page.locator(".vidkit-stored")
    stored.locator("li").nth(9).wait_for(timeout=SOON)
    film = stored.locator("video[src*=final_video]").first
    assert film.is_visible()
    film.evaluate("video => video.load()")
    film.evaluate("video => video.play()")
    until(lambda: film.evaluate("video => video.readyState") > 0)


def append(page: Page, source: str) -> None:
    """Write a further cell, and select it."""
    page.evaluate(
        """source => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          const cells = notebook.model.sharedModel;
          cells.insertCell(cells.cells.length, {cell_type: 'code', source});
          notebook.activeCellIndex = notebook.widgets.length - 1;
        }""",
        source,
    )


def outputs(page: Page) -> list[dict[str, Any]]:
    """What the last cell has put out, even where JupyterLab has scrolled it away."""
    found: list[dict[str, Any]] = page.evaluate(
        """() => {
          const cells = window.jupyterapp.shell.currentWidget.content.model.cells;
          return cells.get(cells.length - 1).outputs.toJSON();
        }"""
    )
    return found
