"""The panel that sets workers and providers, without a browser."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from a_page import Page
from stand_ins import written

from vidkit import Plan, api
from vidkit.core import loop
from vidkit.errors import SettingsError, VidkitError
from vidkit.events import WorkersChanged
from vidkit.models import TABLE, Lesson, Settings, load_lesson
from vidkit.providers.simulated import Simulated
from vidkit.studio import Workers, settings
from vidkit.studio.settings import Subject, band

QUICK = Settings(
    images="simulated:0.05",
    voice="simulated:latency=0.05,seconds=0.2",
    size=(64, 36),
    progress=False,
)


def fields(workers: Workers) -> dict[str, Any]:
    """What stands in the fields, by their names."""
    return {field["name"]: field["value"] for field in shown(workers)["fields"]}


def shown(workers: Workers) -> dict[str, Any]:
    """All that the page shows."""
    told: dict[str, Any] = workers.values()["settings"]
    return told


def put(workers: Workers, name: str, value: object) -> None:
    """Choose something in a field of the page."""
    Page(workers).did("settings", "set", name=name, value=value)


async def turned() -> None:
    """vidkit's loop has done what it was asked to before."""


def test_the_settings_are_those_that_were_given(tmp_path: Path) -> None:
    """What has no field stays as it was; what has one is shown there."""
    given = Settings(section_workers=6, adaptive=False, images="slides:dark", gap=1.0)
    workers = Workers(given, video_workers=3)
    assert workers.settings == given.with_(video_workers=3)
    told = fields(workers)
    assert (told["section_workers"], told["video_workers"], told["adaptive"]) == (6, 3, "no")
    assert (told["images"], told["images_with"], told["voice"]) == ("slides", "dark", "auto")


def test_each_field_is_a_setting() -> None:
    """A number, a pace, a provider and its argument go into the settings, and are told."""
    workers = Workers()
    told: list[Settings] = []
    workers.on_change(lambda: told.append(workers.settings))
    put(workers, "section_workers", 9)
    put(workers, "adaptive", "no")
    put(workers, "images", "recorded")
    put(workers, "images_with", " pictures ")
    put(workers, "size", "1920x1080")
    put(workers, "budget", 2.5)
    assert told[-1] == Settings(
        section_workers=9,
        adaptive=False,
        images="recorded:pictures",
        size=(1920, 1080),
        budget=2.5,
    )
    assert len(told) == 6
    put(workers, "budget", "")
    put(workers, "auto", "yes")
    assert workers.settings.budget is None
    assert workers.settings.section_ceiling == Settings(section_workers="auto").section_ceiling
    put(workers, "auto", "no")
    assert workers.settings.section_ceiling is None


def test_what_no_run_would_take_is_told_in_the_panel() -> None:
    """A wrong value in a field is said in words, and the settings stay as they were."""
    workers = Workers()
    put(workers, "section_workers", 65)
    assert shown(workers)["tone"] == "wrong"
    assert "65" in shown(workers)["line"]
    assert workers.settings == Settings()


def test_another_provider_forgets_what_the_first_was_told() -> None:
    """A theme of slides is no model of somebody else's."""
    workers = Workers(images="slides:dark")
    put(workers, "images", "simulated")
    assert workers.settings.images == "simulated"


@pytest.mark.parametrize("given", [Simulated(), ("openai", "slides"), "of another package"])
def test_a_provider_without_a_name_is_a_choice_too(given: Any) -> None:
    """An object, several names, or a name nobody knows is offered beside the known names."""
    workers = Workers(images=given)
    assert workers.settings.images is given
    name = fields(workers)["images"]
    options = [
        value
        for field in shown(workers)["fields"]
        for value, _ in field.get("options", ())
        if field["name"] == "images"
    ]
    assert {name, "slides"} <= set(options)
    put(workers, "images", name)
    assert workers.settings.images is given


def test_the_line_multiplies_and_names_the_band() -> None:
    """Videos × sections × 2 are the calls at once; the band is told in a word beside its colour."""
    workers = Workers()
    assert "2 videos × 4 sections × 2 = at most 16 calls at once" in shown(workers)["line"]
    assert "balanced" in shown(workers)["line"]
    workers.choose(section_workers=1, video_workers=1, concurrent_parts=False)
    assert "1 video × 1 section = at most 1 call at once" in shown(workers)["line"]
    assert "careful" in shown(workers)["line"]


@pytest.mark.parametrize(
    ("sections", "videos", "told"),
    [
        (1, 1, "careful"),
        (3, 1, "careful"),
        (3, 2, "balanced"),
        (4, 1, "balanced"),
        (6, 2, "balanced"),
        (8, 1, "bold"),
        (4, 3, "bold"),
        (64, 64, "bold"),
    ],
)
def test_bands_are_those_of_the_readme(sections: int, videos: int, told: str) -> None:
    """The bolder of the two numbers decides."""
    assert band(sections, videos) == told


def test_choosing_what_no_run_would_take_is_refused() -> None:
    """A wrong setting raises, and the panel stays as it was."""
    workers = Workers()
    with pytest.raises(SettingsError):
        workers.choose(section_workers=0)
    assert workers.settings == Settings()


def test_plans_follow_the_choices(tmp_path: Path) -> None:
    """Calls, cost and time are shown for each subject, and anew for another choice."""
    lesson = load_lesson(written(tmp_path))
    workers = Workers(images="simulated:latency=1,price=0.5", voice="simulated:1")
    workers.plan_for(
        Subject("This lesson", 1, lambda: [lesson]), Subject("All", 2, lambda: [lesson, lesson])
    )
    [(_, one), (_, all_)] = workers.wait()
    assert isinstance(one, Plan)
    assert isinstance(all_, Plan)
    assert (one.new, one.dollars, one.sections, all_.sections) == (6, 1.5, 3, 6)
    assert "At most $1.50, about" in shown(workers)["plans"][0]["title"]
    workers.choose(images="simulated:latency=1,price=0")
    workers.wait()
    assert shown(workers)["plans"][0]["title"].startswith("Free, about ")


def test_a_lesson_with_faults_is_not_said_to_be_there(tmp_path: Path) -> None:
    """Of several lessons those that cannot be read are told, and no plan outlives its lesson."""
    lesson = load_lesson(written(tmp_path))
    workers = Workers(images="simulated", voice="simulated")
    both = Subject("All 2 lessons", 2, lambda: [lesson], files=2)
    workers.plan_for(Subject("This lesson", 1, lambda: [lesson]), both)
    workers.wait()
    assert shown(workers)["plans"][1]["wrong"] == ["will fail: 1 lesson with faults"]
    workers.plan_for(both)
    assert [plan["name"] for plan in shown(workers)["plans"]] == ["All 2 lessons"]


def test_what_is_in_the_way_of_a_plan_is_told(tmp_path: Path) -> None:
    """A provider that is not there is named, in place of numbers, as text."""
    lesson = load_lesson(written(tmp_path))
    workers = Workers(images="<b>nobody</b>")
    workers.plan_for(Subject("This lesson", 1, lambda: [lesson]))
    [(_, error)] = workers.wait()
    assert isinstance(error, VidkitError)
    assert "<b>nobody" in shown(workers)["plans"][0]["wrong"][0]


def test_planning_never_blocks_and_the_last_choice_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one plan takes its time other choices are made; only the last one is shown."""
    monkeypatch.setattr(settings, "DEBOUNCE", 0)
    lesson = load_lesson(written(tmp_path, sections=9))
    begun, go_on = threading.Event(), threading.Event()
    asked: list[int] = []

    def lessons() -> list[Lesson]:
        asked.append(1)
        if len(asked) == 1:
            begun.set()
            assert go_on.wait(10)
        return [lesson]

    shown: list[Any] = []
    estimate = settings.Estimate(shown.extend)
    estimate.subjects = (Subject("This lesson", 1, lessons),)
    estimate.begin(Settings(section_workers=1))
    assert begun.wait(10)
    estimate.begin(Settings(section_workers=7))
    [(_, plan)] = estimate.wait()
    go_on.set()
    assert isinstance(plan, Plan)
    assert plan.peak_calls == 14
    assert [each.peak_calls for _, each in shown] == [14]


def test_turning_a_number_plans_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten changes one after the other are one plan, and what did not change is not planned anew
    until a run may have changed the store.
    """
    # also where a busy machine takes long for ten changes
    monkeypatch.setattr("vidkit.studio.settings.DEBOUNCE", 1.0)
    asked: list[int] = []
    lesson = load_lesson(written(tmp_path))

    def lessons() -> list[Lesson]:
        asked.append(1)
        return [lesson]

    workers = Workers(QUICK)
    workers.plan_for(Subject("This lesson", 1, lessons))
    workers.wait()
    assert len(asked) == 1
    turned_all = threading.Event()
    loop.event_loop().call_soon_threadsafe(turned_all.wait, 10)
    for number in range(5, 15):
        workers.choose(section_workers=number)
    turned_all.set()
    workers.wait()
    assert len(asked) == 2
    workers.plan_for(Subject("This lesson", 1, lessons), Subject("Another", 1, lambda: [lesson]))
    workers.wait()
    assert len(asked) == 2
    run = api.start(lesson, settings=QUICK)
    workers.watch(run)
    run.result()
    loop.run(turned())
    workers.wait()
    assert len(asked) == 3


def test_fewer_and_more_change_the_next_run_too(tmp_path: Path) -> None:
    """Without a run the buttons turn the numbers, from 1 to 64."""
    workers = Workers()
    workers.more()
    assert workers.settings.section_workers == 5
    for _ in range(9):
        workers.fewer()
    assert workers.settings.section_workers == 1
    workers.choose(section_workers=64)
    workers.more()
    assert workers.settings.section_workers == 64


def test_a_run_is_resized_and_the_fields_wait_for_its_end(tmp_path: Path) -> None:
    """*More workers* reaches the run, whose answer is shown; afterwards the fields are free."""
    workers = Workers(QUICK)
    heard: list[WorkersChanged] = []

    def hear(event: Any) -> None:
        workers.on_event(event)
        if isinstance(event, WorkersChanged):
            heard.append(event)

    run = api.start(written(tmp_path, sections=8), settings=workers.settings, listener=hear)
    workers.watch(run)
    assert all(field["held"] for field in shown(workers)["fields"])
    workers.more()
    run.result()
    loop.run(turned())
    assert [event.sections for event in heard] == [5]
    workers.paint()
    assert workers.settings.section_workers == 5
    assert not any(field["held"] for field in shown(workers)["fields"])


def test_what_a_run_says_is_shown(tmp_path: Path) -> None:
    """Somebody else resizes the run: the numbers follow."""
    workers = Workers()
    told: list[int] = []
    workers.on_change(lambda: told.append(1))
    workers.on_event(WorkersChanged(1.0, 7, 3, "memory is short"))
    assert (workers.settings.section_workers, workers.settings.video_workers) == (7, 3)
    assert "3 videos × 7 sections" in shown(workers)["line"]
    assert "memory is short" in shown(workers)["line"]
    assert told == []


def test_a_setting_with_a_label_has_a_field() -> None:
    """The panel takes the label, the choices and the default from the table of settings."""
    workers = Workers()
    there = {field["name"]: field for field in shown(workers)["fields"]}
    assert {row.name for row in TABLE.values() if row.panel} <= there.keys()
    assert there["fit"]["label"] == TABLE["fit"].panel
    assert [value for value, _ in there["fit"]["options"]] == list(TABLE["fit"].choices)
    workers.do_set("fit", "cover")
    assert workers.settings.fit == "cover"
