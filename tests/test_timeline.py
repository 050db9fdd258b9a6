"""The timeline: from events to bars on lanes, bounded, and what is drawn of them."""

from __future__ import annotations

import base64
import pickle
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor
from stand_ins import Rehearsal, written

from vidkit.events import (
    Event,
    GateDecided,
    LessonEnded,
    LessonStarted,
    RequestRetried,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkersChanged,
    WorkStarted,
)
from vidkit.models import Settings
from vidkit.pipeline import Job
from vidkit.providers.simulated import Simulated
from vidkit.report import Bar, Timeline
from vidkit.report.drawing import DARK, LIGHT
from vidkit.report.timeline import MOST_BARS, MOST_MARKS

EVIL = '<script>alert(1)</script>\x1b[31m & "quoted"'


def a_run(*events: Event, lessons: int = 1) -> list[Event]:
    """Events between the beginning and the end of a run."""
    last = max((event.at for event in events), default=0.0)
    return [RunStarted(0.0, lessons), *events, RunEnded(last)]


def an_image(
    section: int, start: float, work: float, end: float, piece: int = 0, lesson: int = 0
) -> list[Event]:
    """An image that waited from `start` and was worked on from `work` to `end`."""
    where = (lesson, section, "image", "painter")
    piece = piece or section + 1
    return [
        StepStarted(start, *where),
        WorkStarted(work, *where, piece),
        WorkEnded(end, *where, piece, "done", end - work),
        StepEnded(end, *where, "made", end - start),
    ]


def overlapping(bars: list[Bar], last: float) -> list[tuple[Bar, Bar]]:
    """Pairs of bars that lie on each other."""
    spans = [(b, b.placed, last if b.end is None else b.end) for b in bars if b.lane is not None]
    return [
        (one, other)
        for i, (one, start, end) in enumerate(spans)
        for other, begin, stop in spans[i + 1 :]
        if (one.kind, one.lane) == (other.kind, other.lane) and start < stop and begin < end
    ]


def test_waiting_is_told_apart_from_working() -> None:
    """From its begin to its first request a bar waits, from there on it works."""
    timeline = Timeline.from_events(a_run(*an_image(0, 1.0, 3.0, 8.0)))
    (bar,) = timeline.bars
    assert (bar.waited(8.0), bar.worked(8.0)) == (2.0, 5.0)
    (tally,) = timeline.tallies
    assert (tally.made, tally.requests, tally.waited, tally.worked) == (1, 1, 2.0, 5.0)


def test_the_time_until_a_retry_is_waiting() -> None:
    """A request that is told 429 leaves a mark, and its bar waits until it is sent again."""
    where = (0, 0, "image", "painter")
    timeline = Timeline.from_events(
        a_run(
            StepStarted(0.0, *where),
            WorkStarted(0.0, *where, 1),
            WorkEnded(1.0, *where, 1, "too many", 1.0),
            RequestRetried(1.0, "painter", 1, "429", 4.0),
            WorkStarted(5.0, *where, 2),
            WorkEnded(8.0, *where, 2, "done", 3.0),
            StepEnded(8.0, *where, "made", 8.0),
        )
    )
    (bar,) = timeline.bars
    assert bar.refused == [1.0]
    assert (bar.waited(8.0), bar.worked(8.0)) == (4.0, 4.0)
    assert timeline.tallies[0].refused == 1
    assert "1 request was told 429" in timeline.sentence()


def test_a_bar_takes_the_first_lane_that_is_free() -> None:
    """What is under way together lies under each other, what follows takes the lane again."""
    events = [*an_image(0, 0, 0, 4), *an_image(1, 1, 1, 9), *an_image(2, 4, 4, 6)]
    timeline = Timeline.from_events(a_run(*sorted(events, key=lambda event: event.at)))
    assert {bar.section: bar.lane for bar in timeline.bars} == {0: 0, 1: 1, 2: 0}


def test_what_waits_for_a_core_takes_no_lane() -> None:
    """Sixty clips that wait for two cores are two lanes, and the number that waits is told."""
    waiting = [StepStarted(0.0, 0, i, "clip", "vidkit") for i in range(60)]
    work: list[Event] = []
    for i in range(60):
        where = (0, i, "clip", "vidkit")
        at = float(i // 2)
        work += [WorkStarted(at, *where, i), WorkEnded(at + 1, *where, i, "done", 1.0)]
        work.append(StepEnded(at + 1, *where, "made", at + 1))
    work.sort(key=lambda event: (event.at, isinstance(event, WorkStarted)))
    timeline = Timeline.from_events([RunStarted(0.0, 1), *waiting])
    assert ({bar.lane for bar in timeline.bars}, timeline.waiting("clip")) == ({None}, 60)
    for event in work:
        timeline.on_event(event)
    assert {bar.lane for bar in timeline.bars} == {0, 1}
    assert not overlapping(timeline.bars, timeline.last)


def test_what_the_store_had_is_no_waiting() -> None:
    """A step from the store counts as kept, and neither as waiting nor as working."""
    where = (0, 0, "image", "painter")
    events = a_run(StepStarted(0.0, *where), StepEnded(0.5, *where, "kept", 0.5))
    (tally,) = Timeline.from_events(events).tallies
    assert (tally.kept, tally.waited, tally.worked) == (1, 0.0, 0.0)


def test_a_run_that_broke_off_leaves_nothing_open() -> None:
    """The end of the run ends every bar, as cancelled."""
    events = a_run(StepStarted(0.0, 0, 0, "image", "painter"), StepStarted(5.0, 0, 1, "clip", "x"))
    bars = Timeline.from_events(events).bars
    assert [(bar.end, bar.outcome) for bar in bars] == [(5.0, "cancelled")] * 2


def test_another_run_begins_anew() -> None:
    """The timeline shows one run: the one that began last."""
    timeline = Timeline.from_events([*a_run(*an_image(0, 0, 0, 4)), *a_run(*an_image(7, 0, 0, 1))])
    assert [bar.section for bar in timeline.bars] == [7]
    assert timeline.last == 1.0


def test_what_began_unheard_is_left_out() -> None:
    """A timeline that listens from the middle of a run on shows what it heard begin."""
    timeline = Timeline.from_events([*an_image(0, 0, 1, 4)[1:], *an_image(1, 5, 5, 6)])
    assert [bar.section for bar in timeline.bars] == [1]


@st.composite
def a_rehearsal(draw: st.DrawFn) -> dict[str, object]:
    """Numbers of a run, from a small one to one in which much waits and fails."""
    return {
        "sections": draw(st.integers(1, 9)),
        "lessons": draw(st.integers(1, 3)),
        "workers": draw(st.integers(1, 5)),
        "videos": draw(st.integers(1, 3)),
        "errors": draw(st.sampled_from([0.0, 0.3, 1.0])),
        "seed": draw(st.integers(0, 99)),
        "heard": draw(st.integers(0, 400)),
    }


@settings(max_examples=25, deadline=None)
@given(a_rehearsal())
def test_bars_of_a_lane_never_overlap(tmp_path_factory: object, how: dict[str, int]) -> None:
    """Whatever happens in a run, and however much of it was heard, bars pair begin with end,
    lie beside each other, and wait and work no longer than they last.
    """
    folder: Path = tmp_path_factory.mktemp("run")  # type: ignore[attr-defined]
    maker = Simulated(latency=5, spread=0.9, errors=how["errors"], seconds=0.1, seed=how["seed"])
    rehearsal = Rehearsal(
        Settings(section_workers=how["workers"], video_workers=how["videos"]), images=maker
    )
    jobs = [
        Job(written(folder, f"l{i}", how["sections"]), folder / f"out{i}")
        for i in range(how["lessons"])
    ]
    report = rehearsal.make(jobs)
    heard, whole = rehearsal.events[: how["heard"]], report.timeline
    for timeline in (
        Timeline.from_events(heard),
        report.timeline,
        *report.timeline.apart().values(),
    ):
        assert not overlapping(timeline.bars, timeline.last)
        for bar in timeline.bars:
            end = timeline.last if bar.end is None else bar.end
            assert bar.start <= bar.placed <= end
            assert abs(bar.worked(end) + bar.waited(end) - (end - bar.start)) < 1e-6
    began = sum(isinstance(event, StepStarted) for event in heard)
    assert sum(b.kind != "lesson" for b in Timeline.from_events(heard).bars) == began
    ended = len(rehearsal.told(StepEnded))
    ways = ("made", "kept", "failed", "cancelled")
    steps = [tally for tally in whole.tallies if tally.kind != "lesson"]
    assert sum(getattr(tally, way) for tally in steps for way in ways) == ended


def a_long_run(lessons: int, sections: int = 10) -> list[Event]:
    """Very many lessons, one after the other, with a gate that decides all the time."""
    events: list[Event] = [RunStarted(0.0, lessons)]
    for lesson in range(lessons):
        at = float(lesson * sections)
        events.append(LessonStarted(at, lesson, f"lesson {lesson}", tuple(range(sections)), Path()))
        for section in range(sections):
            here, piece = at + section, lesson * sections + section
            events += an_image(section, here, here + 0.1, here + 0.9, piece, lesson)
            events.append(GateDecided(here, "painter", "waits", "429", 2, 10.0, 0.5))
        events.append(LessonEnded(at + sections, lesson, f"lesson {lesson}", Path("video.mp4")))
    return [*events, RunEnded(float(lessons * sections))]


def test_a_thousand_lessons_do_not_grow_without_bound() -> None:
    """Bars and marks stay under their number, the tallies stay exact, the picture small."""
    timeline = Timeline.from_events(a_long_run(1000))
    assert len(timeline.bars) <= MOST_BARS
    assert len(timeline.marks) <= MOST_MARKS
    assert sum(bar.steps for bar in timeline.bars if bar.kind == "image") == 10_000
    (image,) = [tally for tally in timeline.tallies if tally.kind == "image"]
    assert (image.made, image.requests) == (10_000, 10_000)
    assert abs(image.worked - 8000) < 1e-3
    assert not overlapping(sorted(timeline.bars, key=lambda b: b.start)[:300], timeline.last)
    assert len(timeline.svg()) < 200_000
    assert timeline.apart() == {}


def test_each_lesson_of_a_batch_has_its_own_timeline(tmp_path: Path) -> None:
    """A lesson's own timeline begins with it, and has its bars alone."""
    jobs = [Job(written(tmp_path, f"l{i}"), tmp_path / f"out{i}") for i in range(2)]
    report = Rehearsal(Settings(video_workers=1)).make(jobs)
    second = report[1].timeline
    assert {bar.lesson for bar in second.bars} == {1}
    assert min(bar.start for bar in second.bars) == 0.0
    assert second.ended == report[1].seconds
    assert len(report.timeline.bars) == sum(len(video.timeline.bars) for video in report)


def everything() -> Timeline:
    """A run still under way in which all happened that can be drawn."""
    where = (0, 3, "image", "painter")
    kept = (0, 4, "audio", "speaker")
    return Timeline.from_events(
        [
            RunStarted(0.0, 2),
            LessonStarted(0.0, 0, EVIL, (0, 1, 2, 3, 4), Path()),
            *an_image(0, 0.0, 2.0, 9.0),
            WorkersChanged(3.0, 8, 2, EVIL),
            StepStarted(9.0, *where),
            WorkStarted(9.0, *where, 77),
            WorkEnded(9.5, *where, 77, "too many", 0.5),
            RequestRetried(9.5, "painter", 1, EVIL, 5.0),
            GateDecided(9.5, "painter", "slower", EVIL, 2, 10.0),
            GateDecided(9.5, "painter", "waits", EVIL, 2, 10.0, 5.0),
            StepStarted(10.0, *kept),
            StepEnded(10.1, *kept, "kept", 0.1),
            StepEnded(20.0, *where, "failed", 11.0, None, EVIL),
            LessonStarted(20.0, 1, "other", (0,), Path()),
            StepStarted(21.0, 1, 0, "image", "painter"),
        ]
    )


def test_the_svg_is_well_formed_and_holds_no_markup_of_others() -> None:
    """Names and messages are escaped, and the picture is told in words to who does not see it."""
    picture = everything().svg(now=25.0)
    root = ElementTree.fromstring(picture)
    assert "\x1b" not in picture
    assert root.get("role") == "img"
    assert "1 image made, 1 failed, 1 waiting" in root.get("aria-label", "")
    assert "<script" not in picture
    words = set(" ".join(root.itertext()).split())
    assert {"working", "waiting", "before", "failed", "429", "starts"} <= words


def test_the_png_is_twice_as_wide_as_it_is_shown() -> None:
    """The PNG decodes, in light and dark, with two pixels for each one."""
    timeline = everything()
    for dark in (False, True):
        with Image.open(BytesIO(timeline.png(700, dark))) as image:
            assert image.size[0] == 1400
            corner = image.convert("RGB").getpixel((0, 0))
            assert isinstance(corner, tuple)
            assert (sum(corner) < 200) == dark


def test_the_png_keeps_a_colour_of_which_there_is_little() -> None:
    """A bar two pixels wide has its own colour among hundreds of others."""
    events = [event for i in range(300) for event in an_image(i, i, i, i + 0.9)]
    where = (0, None, "join", "vidkit")
    last = [StepStarted(300.0, *where), WorkStarted(300.0, *where, 999)]
    last += [WorkEnded(300.1, *where, 999, "done", 0.1), StepEnded(300.1, *where, "made", 0.1)]
    timeline = Timeline.from_events(a_run(*events, *last))
    for dark, colours in ((False, LIGHT), (True, DARK)):
        with Image.open(BytesIO(timeline.png(900, dark))) as image:
            found = image.convert("RGB").getcolors(1 << 20)
        wanted = ImageColor.getrgb(colours["join"])
        assert wanted in {colour for _, colour in found or ()}


def test_no_shape_leaves_the_picture() -> None:
    """Everything drawn lies within the picture's width and height, also in a narrow one."""
    for width in (320, 700, 1600):
        root = ElementTree.fromstring(everything().svg(width))
        _, _, wide, high = map(float, root.get("viewBox", "").split())
        assert wide == width
        for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
            x, y = float(rect.get("x", "")), float(rect.get("y", ""))
            assert 0 <= x <= x + float(rect.get("width", "")) <= wide
            assert 0 <= y <= y + float(rect.get("height", "")) <= high


def test_an_empty_timeline_is_a_picture_too() -> None:
    """Before anything happened there is a picture, which says that there is nothing yet."""
    assert "nothing yet" in Timeline().svg()
    assert Timeline().png()


def test_a_timeline_can_be_sent_to_another_process() -> None:
    """What is pickled comes back as it was."""
    timeline = everything()
    assert pickle.loads(pickle.dumps(timeline)).svg() == timeline.svg()


def test_a_timeline_that_an_earlier_release_pickled_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There the numbers of workers had a class, and two attributes names, that are no more."""
    changed = WorkersChanged(3.0, 4, 2, "two cores")
    timeline = Timeline.from_events(a_run(changed, *an_image(0, 0, 1, 5)))
    state = timeline.__getstate__()
    state |= {"_last": state.pop("last"), "_ended": state.pop("ended")}
    with monkeypatch.context() as then:
        then.setattr(Timeline, "__getstate__", lambda _: state)
        pickled = pickle.dumps(timeline, protocol=2)  # which names classes in plain text
    now = b"cvidkit.core.events\nWorkersChanged\n"
    assert now in pickled
    back = pickle.loads(pickled.replace(now, b"cvidkit.report.bars\nWorkers\n"))
    assert repr(back) == repr(timeline)
    assert back.svg() == timeline.svg() and back.workers == timeline.workers


def test_the_picture_can_take_the_width_it_is_given() -> None:
    """As an HTML element only time is stretched: what stands on the axis is placed in hundredths
    of its width, letters and lanes in pixels.
    """
    page = everything().html(now=25.0)
    root = ElementTree.fromstring(page)
    assert root.get("role") == "img"
    still, plot = root.findall("svg")
    assert still.get("aria-hidden") == plot.get("aria-hidden") == "true"
    assert plot.get("width") == "100%"
    for rect in plot.iter("rect"):
        assert rect.get("x", "").endswith("%")
        assert not rect.get("height", "").endswith("%")
        assert -2 <= float(rect.get("x", "")[:-1]) <= 100
    assert "working" in "".join(still.itertext())


def test_a_timeline_shows_itself_in_a_notebook() -> None:
    """A cell that ends in a timeline shows its picture, and a terminal its sentence."""
    data, about = Timeline.from_events([RunStarted(0.0, 1), RunEnded(1.0)])._repr_mimebundle_()
    assert data["text/plain"].startswith("Timeline of")
    picture = Image.open(BytesIO(data["image/png"]))
    assert picture.width == 2 * about["image/png"]["width"]
    # a page that knows JupyterLab's theme has the same picture, light or dark
    page = data["text/html"]
    assert base64.b64encode(data["image/png"]).decode() in page
    assert f'alt="{data["text/plain"]}' in page
    assert 'body[data-jp-theme-light="false"]' in page
