"""Forecasts: what they say, that it is what a run does, and that they leave nothing behind."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from PIL import Image
from stand_ins import Rehearsal, written

from vidkit import forecast, sweep
from vidkit.errors import LessonError, SettingsError
from vidkit.events import GateDecided, WorkStarted
from vidkit.models import Section, Settings
from vidkit.pipeline import Job
from vidkit.providers.limiter import RateLimiter
from vidkit.providers.simulated import Simulated
from vidkit.store import Journal

ALONE: dict[str, Any] = {"clip_s": 0, "join_s": 0}
"""Calls alone: cores take no time."""

EVEN = {"image_s": 15, "voice_s": 15, **ALONE}
TEN_SETTINGS = [(1, 1), (1, 2), (1, 4), (1, 8), (2, 2), (2, 4), (2, 6), (3, 5), (4, 4), (4, 8)]
"""Videos and sections at once, from one of each to four of eight."""


@pytest.mark.parametrize(
    ("workers", "together", "seconds"),
    [(1, True, 150), (4, True, 45), (5, True, 30), (10, True, 15), (1, False, 300)],
)
def test_ten_sections_take_as_many_rounds_as_they_must(
    workers: int, together: bool, seconds: float
) -> None:
    """Ten sections of 15 s: 150 s one after another, 45 s with four workers, in three rounds."""
    told = forecast([10], **EVEN, section_workers=workers, concurrent_parts=together)
    assert told.seconds == told.at_least == seconds


def test_two_video_workers_take_half_of_eight_equal_lessons() -> None:
    """Eight lessons of ten sections, four at once: 360 s, and 180 s two lessons at a time."""
    one, two, four = (forecast([10] * 8, **EVEN, video_workers=n).seconds for n in (1, 2, 4))
    assert (one, two, four) == (360, 180, 90)


def test_two_video_workers_take_more_than_half_of_unequal_lessons() -> None:
    """A long lesson that comes last is made by one worker alone, while the other has nothing
    to do: the forecast takes longer than half, and the bound says that it need not.
    """
    unequal = [4, 4, 4, 4, 4, 4, 4, 40]
    one, two = (forecast(unequal, **EVEN, video_workers=n) for n in (1, 2))
    # seven lessons of one round and one of ten; the ten begin when three rounds are over
    assert (one.seconds, two.seconds) == (17 * 15, 3 * 15 + 10 * 15)
    assert two.limit == "the longest lesson with 4 sections at once"
    assert two.at_least == 150
    assert forecast(unequal[::-1], **EVEN, video_workers=2).seconds == 150


def jobs(folder: Path, sizes: list[int]) -> list[Job]:
    return [
        Job(written(folder, f"lesson {i}", size), folder / f"output_{i}")
        for i, size in enumerate(sizes)
    ]


@pytest.mark.parametrize("per_minute", [None, 6])
@pytest.mark.parametrize(("videos", "sections"), TEN_SETTINGS)
def test_a_forecast_is_what_a_run_takes(
    tmp_path: Path, videos: int, sections: int, per_minute: float | None
) -> None:
    """The real pipeline with the simulated provider and a gate of its own takes as long as was
    forecast, to 5 %, and meets as many 429s, to a few.
    """
    sizes, settings = [7, 6, 9, 8], Settings(section_workers=sections, video_workers=videos)
    images = Simulated(latency=15, per_minute=per_minute)
    voice = Simulated(latency=6, seconds=0.1, per_minute=per_minute)
    gates = tuple(
        RateLimiter("simulated", adaptive=maker.online, retry=maker.online, chance=Random(99))
        for maker in (images, voice)
    )
    run = Rehearsal(settings, images, voice, gates=gates)  # type: ignore[arg-type]
    run.make(jobs(tmp_path, sizes))
    told = forecast(sizes, settings, image_s=15, voice_s=6, per_minute=per_minute, **ALONE, cores=2)
    assert told.seconds == pytest.approx(run.seconds, rel=0.05)
    assert told.calls - told.rejected == sum(sizes) * 2
    assert abs(told.rejected - images.rejected - voice.rejected) <= 6


def test_a_run_tells_the_next_forecast_how_long_things_take(tmp_path: Path) -> None:
    """From the report of a run with four workers the forecast for four is that run, and the
    one for eight is what eight take; waiting at the gate is not taken for work.
    """

    def run(workers: int) -> Any:
        images = Simulated(latency=20, spread=0.6)
        voice = Simulated(latency=5, spread=0.6, seconds=0.1)
        gates = (RateLimiter("images", 3, adaptive=False), RateLimiter("voice", 3, adaptive=False))
        rehearsal = Rehearsal(Settings(section_workers=workers), images, voice, gates=gates)
        return rehearsal, rehearsal.make(jobs(tmp_path / str(workers), [12]))

    (_, report), (eight, _) = run(4), run(8)
    images, voice = Simulated(), Simulated()
    images.places = voice.places = 3  # type: ignore[misc]
    told = forecast(
        tmp_path / "4" / "lesson 0.json",
        from_run=report,
        images=images,
        voice=voice,
        section_workers=8,
        clip_s=0,
        join_s=0,
    )
    assert told.seconds == pytest.approx(eight.seconds, rel=0.001)


def test_an_earlier_run_can_be_a_folder_or_a_journal(tmp_path: Path) -> None:
    """The times are read from `report.json` too, and those of paid calls from the journal."""
    job = jobs(tmp_path, [3])
    Rehearsal(Settings(section_workers=1)).make(job)
    told = forecast(job[0].path, from_run=job[0].folder, section_workers=1, **ALONE)
    assert told.seconds == 45
    journal = Journal()
    how = {"run": None, "key": "0" * 64, "lesson": "x", "provider": "simulated"}
    journal.reserve(kind="image", dollars=0.1, **how).paid()  # type: ignore[arg-type]
    told = forecast([3], from_run=journal, images="simulated:9", voice_s=1, **ALONE)
    journal.close()
    assert 1 <= told.seconds < 9


@pytest.mark.parametrize("work", [{"image": "abc"}, {"image": None}, None, ["image"]])
def test_an_earlier_report_that_is_damaged_is_told(work: object, tmp_path: Path) -> None:
    """Whatever stands where its times belong."""
    (job,) = jobs(tmp_path, [1])
    Rehearsal(Settings()).make([job])
    report = job.folder / "report.json"
    told = json.loads(report.read_text("utf-8"))
    told["sections"][0]["work"] = work
    report.write_text(json.dumps(told), "utf-8")
    with pytest.raises(SettingsError, match="damaged"):
        forecast([3], from_run=job.folder)


@pytest.mark.parametrize("name", ["nowhere.json", "no\0name", "."])
def test_an_earlier_report_that_is_not_there_is_told(name: str, tmp_path: Path) -> None:
    """A path that holds none is another mistake than a report that is damaged."""
    with pytest.raises(SettingsError, match="cannot be read: ") as told:
        forecast([3], from_run=tmp_path / name)
    assert "run again" not in str(told.value)


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    image=st.floats(0.1, 40),
    spread=st.floats(0, 30),
    voice=st.floats(0.1, 40),
    clip=st.floats(0, 5),
    workers=st.integers(1, 9),
    videos=st.integers(1, 4),
    per_minute=st.none() | st.integers(2, 60),
    together=st.booleans(),
    seed=st.integers(0, 99),
)
@tries(max_examples=40, deadline=None)
def test_nothing_beats_the_lower_bound(
    sizes: list[int],
    image: float,
    spread: float,
    voice: float,
    clip: float,
    workers: int,
    videos: int,
    per_minute: int | None,
    together: bool,
    seed: int,
) -> None:
    """Whatever is asked, no run is quicker than the bound, and one worker alone meets it."""
    told = forecast(
        sizes,
        image_s=(image, spread),
        voice_s=voice,
        clip_s=clip,
        per_minute=per_minute,
        section_workers=workers,
        video_workers=videos,
        concurrent_parts=together,
        cores=2,
        seed=seed,
    )
    assert told.seconds >= told.at_least * (1 - 1e-9)
    assert told.calls == 2 * sum(sizes) + told.rejected


def test_seconds_are_a_number_a_spread_or_a_function(tmp_path: Path) -> None:
    """A function sees the section; a spread is drawn anew for each, the same for one seed."""
    told = [{"image_description": "a picture", "content": "word " * n} for n in (3, 8)]

    def by_length(section: Section) -> float:
        return len(section.content.split())

    path = written(tmp_path, sections=told)
    assert forecast(path, image_s=0, voice_s=by_length, section_workers=1, **ALONE).seconds == 11
    spread, again, other = (
        forecast([400], image_s=(10, 5), voice_s=0, section_workers=1, seed=seed, **ALONE).seconds
        for seed in (1, 1, 2)
    )
    assert spread == again != other
    assert spread == pytest.approx(4000, rel=0.1)
    assert forecast([4], image_s=(1e-200, 5), voice_s=1, section_workers=1, **ALONE).seconds >= 4


def test_it_leaves_nothing_behind(tmp_path: Path, own_store: Path, monkeypatch: Any) -> None:
    """No file appears, neither where one stands nor in the store."""
    monkeypatch.chdir(tmp_path)
    assert forecast([3, 4], per_minute=9).seconds > 0
    assert not list(tmp_path.iterdir())
    assert not list(own_store.iterdir())


def test_it_answers_in_a_running_loop() -> None:
    """A notebook's cell, whose loop is running, asks like anybody."""

    async def cell() -> float:
        return forecast([10], **EVEN).seconds

    assert asyncio.run(cell()) == 45


def test_a_section_s_own_files_ask_nobody(tmp_path: Path) -> None:
    """What is there already takes no call and no worker's time."""
    (tmp_path / "own.png").write_bytes(b"there")
    own = {"image": "own.png", "content": "words"}
    other = {"image_description": "a picture", "content": "words"}
    path = written(tmp_path, sections=[own, other, own])
    told = forecast(path, image_s=15, voice_s=1, section_workers=1, **ALONE)
    assert told.calls == 4
    assert told.seconds == 1 + 15 + 1


def test_a_narration_of_many_requests_is_paced_by_the_request(tmp_path: Path) -> None:
    """Google's voice takes a hundred characters a request, and its limit counts those."""
    long = [{"image_description": "a picture", "content": "Ten words " * 60}]
    path = written(tmp_path, sections=long)
    told = forecast(path, voice="gtts", image_s=0, voice_s=1, per_minute={"voice": 3}, **ALONE)
    assert told.calls - told.rejected == 1 + 6
    # three at once, the other three as the quota comes back, one every 20 s
    assert told.seconds >= 60


def test_what_it_costs_is_told_before_it_is_spent() -> None:
    """Dollars a call, for each call that is let through; unknown where nobody knows one."""
    told = forecast([5], images="simulated:price=0.04", voice="simulated:price=0.01")
    assert told.dollars == pytest.approx(0.25)
    assert "$0.25" in repr(told)


def test_a_provider_without_its_key_can_be_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a course would take can be asked before there is a key; its price is unknown then."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    told = forecast([5], images="openai", image_s=20, voice_s=2)
    assert told.dollars is None
    assert "price unknown" in repr(told)


def test_a_provider_s_own_numbers_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says how long it takes and what it bears needs no more words; of several, the
    first that can be asked is.
    """
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    images = Simulated(latency=15, per_minute=6)
    voice = ("openai", Simulated(latency=6))
    told = forecast([7, 6], images=images, voice=voice, **ALONE)
    assert told == forecast(
        [7, 6], told.settings, image_s=15, voice_s=6, per_minute={"image": 6}, **ALONE
    )


def test_its_events_are_those_of_a_run() -> None:
    """A timeline can be drawn of them: every call, and what the gate decided."""
    told = forecast([40], image_s=10, voice_s=1, per_minute={"image": 20}, section_workers=8)
    begun = [event for event in told.events if isinstance(event, WorkStarted)]
    assert len([event for event in begun if event.step == "image"]) == 40 + told.rejected
    assert any(isinstance(event, GateDecided) and event.pace for event in told.events)
    assert told.rejected > 0 and "429" in repr(told)


def test_only_the_sections_that_are_asked_for_count() -> None:
    """`only` is a forecast of those sections."""
    told = forecast([10], **EVEN, only=[2, 3], section_workers=1)
    assert (told.seconds, told.sections, told.calls) == (30, 2, 4)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"image_s": -1}, "image_s"),
        ({"voice_s": "fast"}, "voice_s"),
        ({"clip_s": (1, float("nan"))}, "clip_s"),
        ({"image_s": lambda section: None}, "image_s"),
        ({"per_minute": 0}, "per_minute"),
        ({"per_minute": {"pictures": 5}}, "pictures"),
        ({"per_minute": {"image": "many"}}, "per_minute"),
        ({"join_s": "soon"}, "join_s"),
        ({"cores": 0}, "cores"),
        ({"from_run": 5}, "from_run"),
        ({"from_run": "nowhere"}, "from_run"),
        ({"from_run": []}, "from_run"),
        ({"section_workers": 0}, "section_workers"),
        ({"only": [11]}, "10 sections"),
    ],
)
def test_a_wrong_argument_is_told(wrong: dict[str, Any], word: str) -> None:
    """Each says what it takes instead."""
    with pytest.raises(SettingsError, match=word):
        forecast([10], **wrong)


@pytest.mark.parametrize("lessons", [[], 0, [True], [-3], None, b"1.json", {"a": 1}, "", [None]])
def test_lessons_that_are_none_are_told(lessons: Any) -> None:
    """Nothing to make is an error, and so is a number of sections that is none."""
    with pytest.raises(SettingsError):
        forecast(lessons)
    for path in ("nowhere.json", "a" * 5000):
        with pytest.raises(LessonError):
            forecast(path)


def test_a_sweep_finds_where_the_limit_is() -> None:
    """Beyond a few workers eight requests a minute are the limit, and the sweep says so."""
    told = sweep([6] * 4, None, range(1, 7), image_s=15, voice_s=5, per_minute=8, **ALONE)
    assert len(told.forecasts) == 24
    assert told.knee.seconds <= 1.05 * told.best.seconds
    fewer = [
        each
        for each in told.forecasts.values()
        if each.settings.section_workers * each.settings.video_workers
        < told.settings.section_workers * told.settings.video_workers
    ]
    assert fewer and all(each.seconds > 1.05 * told.best.seconds for each in fewer)
    assert "8 image requests a minute" in told.reason
    assert told.speedup(1, 1) == 1


def test_a_sweep_says_where_more_would_help() -> None:
    """Where the most that was tried is still too few, that is what it says."""
    told = sweep([12] * 4, sections=range(1, 4), videos=(1,), **EVEN)
    assert told.settings.section_workers == 3
    assert told.reason.startswith("more sections at once than the 3 that were tried")


def test_more_workers_than_sections_change_nothing() -> None:
    """The curve is flat beyond the last section, whose own time is the limit."""
    told = sweep([5], **EVEN)
    assert {told.forecasts[n, 1].seconds for n in range(5, 13)} == {15}
    assert (told.settings.section_workers, told.settings.video_workers) == (5, 1)
    assert told.reason == "beyond that the limit is the longest section"


@pytest.mark.parametrize("wrong", [{"sections": []}, {"videos": [0]}, {"sections": 5}])
def test_a_wrong_range_is_told(wrong: dict[str, Any]) -> None:
    """Worker counts are whole numbers from 1 to 64."""
    with pytest.raises(SettingsError):
        sweep([5], **wrong)


def test_a_sweep_shows_itself_as_a_picture() -> None:
    """A row for each number of videos, a column for each number of sections, those that differ:
    three lessons of five sections are nowhere made four, or six, at once.
    """
    told = sweep([5, 5, 5], **EVEN)
    picture = ElementTree.fromstring(told.svg())
    titles = [each.text or "" for each in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 3 * 5
    assert "5 sections × 3 videos at once: 15 s, 15× as fast; limit: the longest section" in titles
    assert Image.open(io.BytesIO(told.png(480))).width == 960


def test_a_forecast_and_a_sweep_show_themselves_everywhere() -> None:
    """As words in a terminal, as a page with a picture in a notebook."""
    for shown in (forecast([3], **EVEN), sweep([3], **EVEN)):
        page = shown._repr_html_()
        assert "15 s" in repr(shown)
        assert 'class="drawn"' in page and "15 s" in page


def test_words_from_outside_are_shown_as_text(tmp_path: Path) -> None:
    """A lesson's name and title do nothing in a page."""
    evil = "<img src=x onerror=alert(1)>"
    path = written(tmp_path, "<b>", [{"title": evil, "image_description": evil, "content": evil}])
    page = forecast([path, path], **EVEN)._repr_html_()
    assert "<img src=x" not in page and "<b>" not in page
