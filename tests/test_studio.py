"""The whole panel, run without a browser."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from a_page import Page
from stand_ins import written

import vidkit
from vidkit.errors import Cancelled, SettingsError, VidkitError
from vidkit.events import GateDecided, StepEnded, WorkEnded, WorkersChanged
from vidkit.providers.simulated import Simulated
from vidkit.report import BatchReport, VideoReport
from vidkit.studio import Film, Lessons, Painter, Studio, Timeline, Workers
from vidkit.studio.editing import fields_of

EVIL = "<img src=x onerror=alert(1)></textarea>"


def quick(folder: Path, latency: float = 0.02, **changes: Any) -> Studio:
    """A panel whose runs take no time to speak of."""
    voice = f"simulated:latency={latency},seconds=0.3"
    given = {"images": f"simulated:{latency}", "voice": voice, "size": (64, 36)}
    return Studio(folder, **(given | changes))


def waited(studio: Studio) -> Any:
    """What `report = await studio` gives in a cell."""

    async def cell() -> Any:
        return await studio

    return asyncio.run(cell())


def begun(studio: Studio) -> None:
    """Wait until something is under way."""
    assert studio.run is not None
    while not studio.run.snapshot().under_way:
        time.sleep(0.01)


def states(studio: Studio) -> list[str]:
    """How the sections of the chosen lesson stand."""
    return Page(studio).states()


def said(studio: Studio) -> str:
    """The line that says how it is."""
    return studio.controls.status


def test_make_returns_at_once_and_awaits_to_a_report(tmp_path: Path) -> None:
    """`make()` starts, `await studio` gives the report, the cards have all parts and the video
    is there to be played.
    """
    written(tmp_path, sections=2, title="A Lesson")
    studio = quick(tmp_path)
    studio.make()
    assert studio.run is not None
    assert not studio.run.done()
    assert Page(studio).view.run["busy"]
    report = waited(studio)
    assert isinstance(report, VideoReport)
    assert report.made
    assert states(studio) == ["made", "made"]
    assert studio.film.report is report
    assert "2 of 2 sections" in said(studio)
    assert not Page(studio).view.run["busy"]


def test_make_all_has_a_row_for_each_lesson(tmp_path: Path) -> None:
    """The rows end as their lessons do, a faulty one among them; the report has all."""
    written(tmp_path, "1-a", 1)
    written(tmp_path, "2-b", [])
    written(tmp_path, "10-c", 2)
    studio = quick(tmp_path)
    studio.make_all()
    report = waited(studio)
    assert isinstance(report, BatchReport)
    assert [video.made for video in report] == [True, False, True]
    assert studio.videos is not None
    assert [row.state[0] for row in studio.videos.rows] == ["made", "failed", "made"]


def test_the_cards_of_a_batch_are_those_of_the_chosen_lesson(tmp_path: Path) -> None:
    """Whichever lesson is chosen after or during the batch, its cards show what was done."""
    written(tmp_path, "1", 1)
    written(tmp_path, "2", 3)
    studio = quick(tmp_path)
    studio.make_all()
    studio.lessons.choose("2")
    waited(studio)
    for name, sections in (("1", 1), ("2", 3), ("1", 1)):
        studio.lessons.choose(name)
        assert studio.sections is not None
        studio.sections.wait()
        assert states(studio) == ["made"] * sections
        assert studio.film.report is not None
        assert studio.film.report.name == name


def test_cards_that_are_shown_in_the_middle_of_a_run_count_each_cent_once(tmp_path: Path) -> None:
    """A lesson that is chosen while it is made shows what was paid for it, as its report does."""
    paths = [written(tmp_path, name, 4) for name in ("1", "2")]
    paid = "simulated:latency=0.05,price=0.5"
    studio = quick(tmp_path, images=paid, section_workers=1, video_workers=2)
    studio.make_all()
    begun(studio)
    studio.lessons.choose("2")
    studio.lessons.choose("1")
    report = waited(studio)
    assert studio.sections is not None and studio.sections.lesson.path == paths[0]
    shown = sum(studio.sections.state(number).dollars for number in range(1, 5))
    assert shown == report.videos[0].dollars == 2.0


def test_what_waits_to_be_made_again_is_made_whichever_lesson_is_chosen(tmp_path: Path) -> None:
    """*Make again* while another lesson is being made is not forgotten when its cards go."""
    written(tmp_path, "1", 1)
    written(tmp_path, "2", 2)
    studio = quick(tmp_path, 0.1)
    studio.make()
    waited(studio)
    studio.lessons.choose("2")
    studio.make()
    studio.lessons.choose("1")
    assert studio.sections is not None
    studio.sections.make_again(1, "image")
    studio.lessons.choose("2")
    waited(studio)
    lesson, settings = vidkit.load_lesson(tmp_path / "1.json"), studio.workers.settings
    assert len(vidkit.takes(lesson, 1, "image", settings)) == 2


def test_a_video_that_was_made_earlier_is_shown(tmp_path: Path) -> None:
    """A lesson that another session made can be played as soon as it is chosen."""
    written(tmp_path, sections=1)
    first = quick(tmp_path)
    first.make()
    report = waited(first)
    again = quick(tmp_path)
    assert again.film.report is not None
    assert again.film.report.path == report.path


def test_a_faulty_lesson_cannot_be_made(tmp_path: Path) -> None:
    """It is said, nothing is started, and the panel lives; mended, it is made."""
    written(tmp_path, sections=[])
    studio = quick(tmp_path)
    studio.make()
    assert studio.run is None
    assert "faults" in said(studio)
    written(tmp_path, sections=1)
    studio.make()
    assert waited(studio).made


def test_a_faulty_setting_is_said_and_the_panel_lives(tmp_path: Path) -> None:
    """A provider that is not there is told in the panel, whose buttons stay usable."""
    written(tmp_path)
    studio = Studio(tmp_path, images="nobody")
    studio.make()
    assert "nobody" in said(studio)
    assert not Page(studio).view.run["busy"]
    studio.make_all()
    assert "nobody" in said(studio)
    assert not Page(studio).view.run["busy"]


def test_cancel_ends_without_a_traceback(tmp_path: Path) -> None:
    """A cancelled run gives its partial report, and the panel can make again."""
    written(tmp_path, sections=6)
    studio = quick(tmp_path, 0.2, section_workers=2)
    studio.make()
    begun(studio)
    studio.cancel()
    assert Page(studio).view.run["ending"]
    report = waited(studio)
    assert isinstance(report.failure, Cancelled)
    assert len(report.sections) == 6
    assert not Page(studio).view.run["busy"]
    assert "ancelled" in said(studio)
    studio.make()
    assert waited(studio).made


def test_a_run_is_steered_from_the_cell_that_is_run_again(tmp_path: Path) -> None:
    """A new Studio over the same lessons shows what is being made, cards and all, as the first one
    still does, resizes and cancels it, and has its report.
    """
    written(tmp_path, "a")
    written(tmp_path, "b", 4)
    first = quick(tmp_path, 60, section_workers=2)
    shown = Page(first)
    first.lessons.choose("b")
    first.make()
    begun(first)
    first.workers.more()
    again = quick(tmp_path, section_workers=2)
    page = Page(again)
    assert again.run is first.run
    assert page.view.run["busy"]
    assert page.view.lessons["title"] == "b"
    assert "being made" in page.states()
    again.workers.more()
    assert first.run is not None
    assert first.run.snapshot().section_workers == 4
    again.make()
    page.did("run", "cancel")
    assert shown.view.run["ending"]
    page.did("run", "cancel")
    assert isinstance(waited(again).failure, Cancelled)
    assert isinstance(waited(first).failure, Cancelled)
    assert "being made" not in page.states()
    assert not page.view.run["busy"]
    assert not shown.view.run["busy"]
    last = quick(tmp_path)
    assert last.run is None
    last.make()
    assert waited(last).made


def test_what_waits_beside_another_studio_is_made_when_that_is_over(tmp_path: Path) -> None:
    """Two that have met at a run make one thing at a time, and forget nothing."""
    written(tmp_path)
    first = quick(tmp_path, 60)
    first.make()
    begun(first)
    again = quick(tmp_path)
    again.cancel()
    again.cancel()
    waited(again)
    waited(first)
    first.make()
    begun(first)
    assert again.sections is not None
    again.sections.make_again(1)
    assert Page(again).states()[0] == "waits for its turn"
    first.cancel()
    first.cancel()
    waited(first)
    assert not again.sections.waiting
    assert [section.number for section in waited(again).sections if section.made] == [1]


def test_two_lessons_are_made_side_by_side(tmp_path: Path) -> None:
    """A Studio of one lesson takes up no run of another; one of the folder has the whole batch."""
    one, two = written(tmp_path, "a", 1), written(tmp_path, "b", 1)
    first, second = quick(one, 60), quick(two)
    first.make()
    begun(first)
    assert quick(two).run is None
    second.make()
    assert waited(second).made
    first.cancel()
    first.cancel()
    waited(first)
    first = quick(tmp_path, 0.3)
    first.make_all()
    again = quick(tmp_path)
    report = waited(again)
    assert report.made and isinstance(report, BatchReport)
    assert [row["state"] for row in Page(again).view.videos["rows"]] == ["made", "made"]
    Page(again).did("videos", "watch", row=1)
    assert again.lessons.path == two


@pytest.mark.parametrize("all_", [False, True])
def test_a_second_cancel_breaks_off_and_still_gives_a_report(tmp_path: Path, all_: bool) -> None:
    """What is under way is given up; the report has what was finished before."""
    written(tmp_path, sections=2)
    written(tmp_path, "second", sections=2)
    studio = quick(tmp_path, 60)
    (studio.make_all if all_ else studio.make)()
    begun(studio)
    studio.cancel()
    studio.cancel()
    report = waited(studio)
    assert isinstance(report.failure, Cancelled)
    assert isinstance(report, BatchReport if all_ else VideoReport)
    assert "ancelled" in said(studio)
    assert not Page(studio).view.run["busy"]


def test_pause_and_resume(tmp_path: Path) -> None:
    """While it is held nothing begins; the button says what it would do."""
    written(tmp_path, sections=3)
    studio = quick(tmp_path)
    studio.make()
    studio.pause()
    assert studio.run is not None
    assert studio.run.snapshot().paused
    assert Page(studio).view.run["paused"]
    assert "Paused" in said(studio)
    studio.pause()
    assert not Page(studio).view.run["paused"]
    assert waited(studio).made


def test_more_workers_reach_the_provider(tmp_path: Path) -> None:
    """A run with one section at once has more under way after *More workers*."""
    written(tmp_path, sections=12)
    voice = Simulated(latency=0.1, seconds=0.3)
    studio = quick(tmp_path, voice=voice, section_workers=1)
    studio.make()
    for _ in range(5):
        studio.workers.more()
    assert waited(studio).made
    assert 3 <= voice.peak <= 6
    assert studio.workers.settings.section_workers == 6


def test_a_section_is_made_again_alone(tmp_path: Path) -> None:
    """An edited narration is one call of the voice, and none for an image."""
    written(tmp_path, sections=3)
    voice, images = Simulated(latency=0, seconds=0.3), Simulated(latency=0)
    studio = quick(tmp_path, voice=voice, images=images)
    studio.make()
    waited(studio)
    assert (voice.calls, images.calls) == (3, 3)
    sections = studio.sections
    assert sections is not None
    sections.edit(2, content="Other words.")
    sections.make_again(2)
    report = waited(studio)
    assert report.made
    assert (voice.calls, images.calls) == (4, 3)
    assert studio.film.report is report


def test_a_section_waits_for_another_lessons_run(tmp_path: Path) -> None:
    """*Make again* while something else is made begins when that is over."""
    written(tmp_path, "1", 1)
    written(tmp_path, "2", 8)
    studio = quick(tmp_path, 0.1, section_workers=2)
    studio.make()
    waited(studio)
    studio.lessons.choose("2")
    studio.make()
    busy = studio.run
    assert busy is not None
    studio.lessons.choose("1")
    sections = studio.sections
    assert sections is not None
    sections.make_again(1, "audio")
    assert studio.run is busy
    busy.result()
    waited(studio)
    studio.paint()
    assert studio.run is not busy
    assert waited(studio).name == "1"


def test_edits_outlive_another_choice(tmp_path: Path) -> None:
    """Somebody looks at another lesson and comes back: the edits are still there, and *Make*
    makes them.
    """
    written(tmp_path, "1", 1)
    written(tmp_path, "2", 1)
    studio = quick(tmp_path)
    assert studio.sections is not None
    studio.sections.edit(1, title="Edited")
    studio.lessons.choose("2")
    studio.lessons.choose("1")
    assert studio.sections.lesson.sections[0].title == "Edited"
    studio.make()
    assert waited(studio).sections[0].title == "Edited"
    assert "title='Edited'" in studio.code()


def test_a_file_that_was_changed_is_made_as_it_is_now(tmp_path: Path) -> None:
    """Somebody writes on in the editor: *Make* makes the new words, and the cards have them."""
    written(tmp_path, sections=1)
    studio = quick(tmp_path)
    written(tmp_path, sections=2, title="Longer")
    studio.make()
    report = waited(studio)
    assert len(report.sections) == 2
    assert studio.sections is not None
    assert len(studio.sections.lesson.sections) == 2


def test_edits_and_another_file_stay_apart(tmp_path: Path) -> None:
    """Edits are kept where the file was changed besides, until it is read again."""
    written(tmp_path, sections=1)
    studio = quick(tmp_path)
    assert studio.sections is not None
    studio.sections.edit(1, title="Edited")
    written(tmp_path, sections=2)
    studio.lessons.choose("lesson")
    assert studio.sections.lesson.sections[0].title == "Edited"
    studio.lessons.read_again()
    assert studio.sections is not None
    assert [section.title for section in studio.sections.lesson.sections] == [None, None]


@pytest.mark.parametrize(("chosen", "name"), [("b", "b.json"), ("c", None)])
def test_cards_that_are_kept_come_in_no_others_place(
    tmp_path: Path, chosen: str, name: str | None
) -> None:
    """An edited lesson that a batch makes stays out of sight while another is chosen, or one that
    has faults and no cards; it is made as its file is, and its cards say so.
    """
    written(tmp_path, "a")
    written(tmp_path, "b")
    written(tmp_path, "c", [{"content": 5}])
    studio = quick(tmp_path)
    page = Page(studio)
    assert studio.sections is not None
    studio.sections.edit(1, title="Edited")
    studio.sections.do_remove(studio.sections.draft.uids[1])
    studio.lessons.choose(chosen)
    seen = {page.view.lesson.get("name")}
    page.view.observe(lambda change: seen.add(change.new.get("name")), "lesson")
    studio.make_all()
    waited(studio)
    assert seen == {name}
    studio.lessons.choose("a")
    assert page.states() == ["edited", "made"]


def test_code_is_what_was_done(tmp_path: Path) -> None:
    """The Python names the lesson and what is not as always; after *Make all* it makes all."""
    written(tmp_path, "1", 1)
    written(tmp_path, "2", 1)
    studio = quick(tmp_path)
    assert f"generate_video(\n    {str(tmp_path / '1.json')!r}" in studio.code()
    studio.lessons.choose("2")
    studio.workers.choose(section_workers=7)
    assert "2.json" in studio.code()
    assert "section_workers=7" in studio.code()
    studio.make_all()
    waited(studio)
    assert f"process_videos(\n    {str(tmp_path)!r}" in studio.code()
    studio.make()
    waited(studio)
    assert "generate_video" in studio.code()


def test_the_code_that_is_shown_follows_the_choice(tmp_path: Path) -> None:
    """*Python* shows it, and a second press hides it."""
    written(tmp_path, "1", 1)
    written(tmp_path, "2", 1)
    studio = quick(tmp_path)
    page = Page(studio)
    page.did("studio", "code")
    assert "1.json" in page.view.run["code"]
    studio.lessons.choose("2")
    assert "2.json" in page.view.run["code"]
    page.did("studio", "code")
    assert page.view.run["code"] == ""


def test_what_came_of_a_run_names_its_lesson(tmp_path: Path) -> None:
    """Where another lesson is chosen, nobody takes the line for that lesson's."""
    written(tmp_path, "1", 1, title="The First")
    written(tmp_path, "2", 1, title="The Second")
    studio = quick(tmp_path)
    studio.make()
    waited(studio)
    studio.lessons.choose("2")
    assert said(studio).startswith("The First: 1 of 1 section")


def test_awaiting_before_making_is_told(tmp_path: Path) -> None:
    """There is nothing to wait for before something was started."""
    written(tmp_path)
    with pytest.raises(VidkitError, match="Make"):
        Studio(tmp_path).__await__()


@pytest.mark.parametrize("folder", [None, 5, b"lessons", ["lessons"], "", "a" * 5000])
def test_a_studio_of_what_is_no_folder_says_what_to_give(folder: Any) -> None:
    """An error of vidkit's, and none of Python's."""
    with pytest.raises(SettingsError, match="the folder of your lessons"):
        Studio(folder)


def test_a_studio_opens_a_lesson_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`~` is the home folder before a lesson's name, too."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Studio(f"~/{written(tmp_path).name}").lessons.path is not None


def test_a_folder_without_lessons_is_a_place_to_begin(tmp_path: Path) -> None:
    """Nothing can be made in it yet, and a new lesson can be begun, edited and made; a folder that
    is not there is refused.
    """
    studio = quick(tmp_path)
    page = Page(studio)
    studio.make()
    assert "no lesson yet" in said(studio)
    page.did("lessons", "new", name="bees", title="Bees", language="es")
    assert [section["title"] for section in page.view.sections] == ["Bees"]
    studio.make()
    assert waited(studio).made
    with pytest.raises(SettingsError, match="no folder"):
        Studio(tmp_path / "elsewhere")


def test_edits_are_reckoned_with_at_once(tmp_path: Path) -> None:
    """After an edit the estimate counts the call that it takes, before the file is saved."""
    written(tmp_path, sections=2)
    studio = quick(tmp_path)
    studio.make()
    waited(studio)
    [(_, plan)] = studio.workers.wait()
    assert plan.new == 0
    assert studio.sections is not None
    studio.sections.edit(1, content="Other words.")
    [(_, plan)] = studio.workers.wait()
    assert plan.new == 1


def test_the_line_about_the_lesson_is_of_what_was_edited(tmp_path: Path) -> None:
    """Title, sections, words and length follow each edit before it is saved, and another choice
    tells of the other lesson.
    """
    written(tmp_path, "1", [{"title": "One", "image_description": "x", "content": "one two"}])
    written(tmp_path, "2")
    studio = quick(tmp_path)
    sections, view = studio.sections, Page(studio).view
    assert sections is not None
    sections.edit(1, content="one " * 175)
    assert "1 section · 175 words · about 1:00 long" in view.lessons["facts"]
    sections.do_head(title="Edited")
    sections.do_duplicate(sections.draft.uids[0])
    assert view.lessons["title"] == "Edited"
    assert "2 sections · 350 words · about 2:00 long" in view.lessons["facts"]
    studio.lessons.choose("2")
    assert view.lessons["facts"].startswith("2.json")
    studio.lessons.choose("1")
    assert "350 words" in view.lessons["facts"]
    for _ in range(3):
        sections.do_undo()
    assert "1 section · 2 words" in view.lessons["facts"]


def test_edits_outlive_the_cell_that_is_run_again(tmp_path: Path) -> None:
    """A new Studio in the same kernel has what was not saved, as long as the file is the same."""
    written(tmp_path, sections=1)
    first = quick(tmp_path)
    assert first.sections is not None
    first.sections.edit(1, title="Edited")
    again = quick(tmp_path)
    assert again.sections is not None
    assert again.sections.lesson.sections[0].title == "Edited"
    assert again.sections.draft.unsaved
    again.sections.save()
    assert not quick(tmp_path).sections.draft.unsaved  # type: ignore[union-attr]


def test_what_is_typed_outlives_the_cell_that_is_run_again(tmp_path: Path) -> None:
    """A new Studio has open what was open, and edits it apart from the first, which may stand in
    another cell.
    """
    written(tmp_path, sections=2)
    first = quick(tmp_path).sections
    assert first is not None
    one, two = first.draft.uids
    first.do_type(one, fields_of(first.lesson.sections[0], tmp_path) | {"title": "Typed"})
    again = quick(tmp_path).sections
    assert again is not None
    assert again.values()["states"][str(one)]["typed"]["title"] == "Typed"
    first.do_remove(two)
    again.do_duplicate(two)
    assert [each.title for each in again.take_in().sections] == ["Typed", None, None]
    first.do_discard(one)
    assert [each.title for each in first.take_in().sections] == [None]


def test_no_field_of_a_section_that_is_gone_is_open(tmp_path: Path) -> None:
    """*Undo* takes a new section away with what was typed in it: nothing there is to be saved."""
    written(tmp_path, sections=1)
    sections = quick(tmp_path).sections
    assert sections is not None
    sections.do_type(sections.do_add(), {"title": "Never said"})
    assert sections.edited
    sections.do_undo()
    assert not sections.edited


def test_the_total_is_known_from_the_first_moment(tmp_path: Path) -> None:
    """Sections of all lessons are one count, which neither grows nor falls while they are made."""
    for name in ("1", "2", "3"):
        written(tmp_path, name, 3)
    studio = quick(tmp_path, 0.05, section_workers=2)
    studio.lessons.wait()
    seen: list[tuple[int, int]] = []
    page = Page(studio)
    page.view.observe(lambda change: seen.append((change.new["done"], change.new["total"])), "run")
    studio.make_all()
    waited(studio)
    running = [each for each in seen if each[1]]
    assert {total for _, total in running} == {9}
    assert running == sorted(running)


def test_many_lessons_leave_the_memory_flat(tmp_path: Path) -> None:
    """No event of a batch is kept: what the panel holds does not grow with the lessons made."""

    def events() -> list[StepEnded | WorkEnded]:
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, StepEnded | WorkEnded)]

    paths = [written(tmp_path, f"{number}", 2) for number in range(12)]
    of_others = events()  # of tests before this one; held, so that none of ours takes an address
    known = set(map(id, of_others))
    studio = quick(tmp_path, 0.0)
    studio.make_all()
    waited(studio)
    held = [each for each in events() if id(each) not in known]
    assert len(held) < len(paths)
    assert not studio._heard


def test_a_click_while_the_panel_is_painted_is_not_lost(tmp_path: Path) -> None:
    """Numbers are turned in one thread while events and paints come in another: each counts."""
    written(tmp_path)
    studio = quick(tmp_path)
    page = Page(studio)
    stop = threading.Event()

    def painting() -> None:
        while not stop.is_set():
            studio.on_event(GateDecided(0.0, "gate", "faster", "why", 3))
            studio.paint()

    painter = threading.Thread(target=painting)
    painter.start()
    try:
        for _ in range(20):
            page.did("settings", "step", name="section_workers", by=1)
    finally:
        stop.set()
        painter.join()
    assert studio.workers.settings.section_workers == 24


def test_a_terminal_shows_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there are no widgets the panel is a line of text."""
    written(tmp_path)
    Studio(tmp_path)._ipython_display_()
    assert "1 lesson, Choose a lesson, then Make." in capsys.readouterr().out


def test_parts_are_put_together_in_a_few_lines(tmp_path: Path) -> None:
    """What the docstring of `vidkit.studio` shows: each part stands alone, and hears a run."""
    written(tmp_path, sections=2)
    voice = "simulated:latency=0,seconds=0.3"
    lessons, workers = Lessons(tmp_path), Workers(images="simulated:0", voice=voice, size=(64, 36))
    film, timeline = Film(), Timeline()
    assert lessons.lesson is not None
    how = workers.settings.with_(progress=False)
    run = vidkit.start(lessons.lesson, settings=how, listener=timeline.on_event)
    Painter().watch(run, timeline)
    film.show_report(run.result())
    assert "final_video.mp4" in film.widget.player["where"]
    assert "2 clips made; 1 video made" in repr(timeline)


def test_a_run_that_breaks_down_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of vidkit's own ends in a line and a report, and the panel lives."""
    written(tmp_path, sections=1)
    studio = quick(tmp_path)

    async def broken(_: object) -> None:
        raise ZeroDivisionError("of our own")

    monkeypatch.setattr("vidkit.pipeline.run.Runner.report_one", broken)
    studio.make()
    report = waited(studio)
    assert "of our own" in report.error
    assert "of our own" in said(studio)
    assert "broke down" in caplog.text
    assert not Page(studio).view.run["busy"]


def test_workers_that_somebody_else_changes_are_shown(tmp_path: Path) -> None:
    """The numbers of the panel follow the run."""
    written(tmp_path)
    studio = quick(tmp_path)
    studio.on_event(WorkersChanged(1.0, 9, 2, "as asked"))
    assert studio.workers.settings.section_workers == 9
