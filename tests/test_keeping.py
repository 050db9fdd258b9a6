"""Nothing is made twice, nothing is paid for twice: whole runs, their store and their journal."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from stand_ins import written

import vidkit
from vidkit.api import present_take
from vidkit.errors import NothingMade, StoreError
from vidkit.events import Event, StepEnded
from vidkit.models import Settings
from vidkit.pipeline.run import store_of
from vidkit.providers.simulated import Simulated
from vidkit.store import MaintainedStore

CENT = {"latency": 0.01, "price": 0.01, "seconds": 0.4}


class Made:
    """What a run made and what it found, by step."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepEnded):
            {"made": self.made, "kept": self.kept}.get(event.outcome, Counter())[event.step] += 1


def run(lesson: Path, **changes: Any) -> tuple[vidkit.VideoReport, Made]:
    """Make a lesson with simulated providers of a cent a call, small and without bars."""
    made = Made()
    how = {"images": Simulated(**CENT), "voice": Simulated(**CENT)} | changes
    report = asyncio.run(
        vidkit.generate_video(lesson, listener=made, size=(160, 90), progress=False, **how)
    )
    return report, made


def sections(*names: str) -> list[dict[str, str]]:
    return [{"image_description": f"picture {n}", "content": f"words of {n}"} for n in names]


def paid_by_key(state: str = "paid") -> Counter[str]:
    store = store_of(Settings())
    return Counter(entry.key for entry in store.journal.entries() if entry.state == state)


def test_a_finished_lesson_run_again_makes_nothing(tmp_path: Path) -> None:
    """No call, no encode, not one file written: everything comes from the store and stands."""
    lesson = written(tmp_path, sections=3)
    first, made = run(lesson)
    assert made.made == {"image": 3, "audio": 3, "clip": 3, "join": 1}
    before = {
        p: p.stat().st_mtime_ns
        for p in first.folder.rglob("*")
        if p.name not in ("report.json", ".vidkit.json")
    }
    second, again = run(lesson)
    assert not again.made
    assert again.kept == made.made
    assert second.dollars == 0
    assert all(section.from_store for section in second.sections)
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert "3 of them made before" in str(second)


def test_a_reworded_narration_makes_one_narration_one_clip_and_a_join(tmp_path: Path) -> None:
    """What did not change is not made."""
    lesson = written(tmp_path, sections=sections("a", "b", "c"))
    run(lesson)
    changed = sections("a", "b", "c")
    changed[1]["content"] = "other words"
    written(tmp_path, sections=changed)
    assert run(lesson)[1].made == {"audio": 1, "clip": 1, "join": 1}


@pytest.mark.parametrize(
    ("names", "new"),
    [
        ("xabc", 1),
        ("axbc", 1),
        ("ac", 0),
        ("cba", 0),
        ("aabc", 0),
        ("abcabc", 0),
        ("abxcy", 2),
    ],
)
def test_only_what_is_new_is_made(tmp_path: Path, names: str, new: int) -> None:
    """Inserting, deleting, moving or doubling a section makes only what is new, and a join."""
    lesson = written(tmp_path, sections=sections(*"abc"))
    run(lesson)
    written(tmp_path, sections=sections(*names))
    made = run(lesson)[1].made
    assert made == Counter({"image": new, "audio": new, "clip": new, "join": 1}) - Counter()


def test_the_same_section_in_two_lessons_is_made_once(tmp_path: Path) -> None:
    """Asked for twice at once, in one lesson and in two, an asset is made and paid for once."""
    for name in ("one", "two"):
        written(tmp_path, name, sections=sections("a", "a", "b"))
    drawn, spoken = Simulated(**CENT), Simulated(**CENT)
    report = vidkit.process_all_videos(
        tmp_path, images=drawn, voice=spoken, size=(160, 90), progress=False
    )
    assert report.made
    assert (drawn.calls, spoken.calls) == (2, 2)
    assert set(paid_by_key().values()) == {1}


def test_force_makes_a_take_that_can_be_taken_back(tmp_path: Path) -> None:
    """A chosen narration is made anew, the other sections come from the store, and the earlier
    take can be had back.
    """
    lesson = written(tmp_path, sections=3)
    how: dict[str, Any] = {"voice": "simulated:latency=0,seconds=0.4", "images": "simulated:0"}
    report, _ = run(lesson, **how)
    first = report.sections[1].audio
    assert first is not None
    before = first.read_bytes()
    other = how | {"force": "audio", "only": [2], "join": "all"}
    forced, made = run(lesson, **other)
    assert made.made["audio"] == 1
    assert len(forced.sections) == 3
    assert len(vidkit.takes(lesson, 2, "audio", size=(160, 90), **how)) == 2
    for take in (2, 1):
        present = present_take(lesson, 2, "audio", size=(160, 90), **how)
        assert present is not None
        assert present.take == take
        if take == 2:
            vidkit.take_back(lesson, 2, "audio", size=(160, 90), **how)
    again, made = run(lesson, **how)
    assert made.made["audio"] == 0
    assert again.sections[1].audio is not None
    assert again.sections[1].audio.read_bytes() == before
    with pytest.raises(StoreError, match="no earlier image"):
        vidkit.take_back(lesson, 2, "image", size=(160, 90), **how)


@pytest.mark.parametrize("harm", ["truncate", "rewrite", "remove"])
@pytest.mark.parametrize("where", ["store", "output"])
def test_a_harmed_file_is_noticed_and_mended(
    tmp_path: Path, own_store: Path, where: str, harm: str
) -> None:
    """Whatever is done to any file of the store or of the output, the next run's video is the
    same, and the report says that something was mended.
    """
    lesson = written(tmp_path, sections=2)
    report, _ = run(lesson)
    assert report.path is not None
    video = report.path.read_bytes()
    if where == "store":
        files = [
            p for p in (own_store / "assets").rglob("*") if p.suffix in (".png", ".wav", ".mp4")
        ]
    else:
        files = [p for p in report.folder.rglob("*") if p.is_file() and p.name != "report.json"]
    for path in files:
        if harm == "remove":
            path.unlink()
        elif harm == "truncate":
            os.truncate(path, path.stat().st_size // 2)
        else:
            data = bytearray(path.read_bytes() or b"x")
            data[len(data) // 2] ^= 255
            path.write_bytes(data)
            os.utime(path, ns=(1, time.time_ns()))
    mended, _ = run(lesson)
    assert mended.path is not None
    assert mended.path.read_bytes() == video
    assert mended.notes


def test_what_somebody_does_to_an_output_reaches_no_clip(tmp_path: Path) -> None:
    """A picture that is changed in the output folder while the run works is not cut into a
    clip, and so not kept for later runs either.
    """
    lesson = written(tmp_path, sections=2)
    calm, _ = run(lesson, output_dir=tmp_path / "calm", cache_dir=tmp_path / "other")
    made = Made()

    def meddle(event: Event) -> None:
        made(event)
        if isinstance(event, StepEnded) and event.step == "image" and event.path:
            event.path.write_bytes(b"meddled")

    how: dict[str, Any] = {"images": Simulated(**CENT), "voice": Simulated(**CENT)}
    report = asyncio.run(
        vidkit.generate_video(lesson, listener=meddle, size=(160, 90), progress=False, **how)
    )
    assert report.path is not None
    assert calm.path is not None
    assert report.path.read_bytes() == calm.path.read_bytes()


def test_a_call_that_breaks_off_unforeseen_may_have_been_paid(tmp_path: Path) -> None:
    """An error that no provider foresaw leaves its call unconfirmed, under the budget too."""

    class Broken(Simulated):
        async def _call(self, kind: str, text: str) -> None:
            await super()._call(kind, text)
            raise KeyError("the answer had no picture")

    with pytest.raises(NothingMade, match="unforeseen KeyError"):
        run(written(tmp_path, sections=1), images=Broken(**CENT), budget=1)
    assert sum(paid_by_key("unconfirmed").values()) == 1


def test_an_unusable_store_is_told(tmp_path: Path) -> None:
    """A run that cannot keep anything makes a free video, and says so in its report."""
    (tmp_path / "file").write_text("no folder")
    free = Simulated(**CENT | {"price": 0.0})
    report, _ = run(written(tmp_path), cache_dir=tmp_path / "file", images=free, voice=free)
    assert report.made
    assert "keeps nothing" in str(report)


def test_twins_are_made_anew_once(tmp_path: Path) -> None:
    """`force` makes the asset of equal sections once in the run."""
    lesson = written(tmp_path, sections=sections(*"aaaaaaaa"))
    run(lesson)
    drawn = Simulated(**CENT)
    run(lesson, images=drawn, force="image")
    assert drawn.calls == 1


def test_a_chosen_section_does_not_finish_its_lesson(tmp_path: Path) -> None:
    """What the other sections of a lesson need stays needed, so that nobody prunes it."""
    lesson = written(tmp_path, sections=3)
    run(lesson, only=[2])
    journal = store_of(Settings()).journal
    assert len(journal.needed()) >= 6
    run(lesson)
    assert not journal.needed()


def test_only_makes_the_same_video_however_the_store_stands(tmp_path: Path) -> None:
    """`only` makes a video of just these sections, whether the store has the others or not; with
    `join="all"` the others are in it as far as they are there, and a note names those that are not.
    """
    lesson = written(tmp_path, sections=4)

    def numbers(**changes: Any) -> tuple[list[int], str]:
        report, _ = run(lesson, **changes)
        return [section.number for section in report.sections], str(report)

    assert numbers(only=[1, 2])[0] == [1, 2]
    joined, told = numbers(only=[2, 3], join="all")
    assert joined == [1, 2, 3]
    assert "section 4: not in the video" in told
    numbers()
    assert numbers(only=[1, 2])[0] == [1, 2]
    joined, told = numbers(only=[3], join="all")
    assert joined == [1, 2, 3, 4]
    assert "not in the video" not in told


def test_a_budget_is_a_hard_cap(tmp_path: Path) -> None:
    """Calls that do not fit are not made, what is done is kept, and the next run goes on."""
    lesson = written(tmp_path, sections=4)
    report, _ = run(lesson, budget=0.05, section_workers=1)
    assert report.dollars == pytest.approx(0.05)
    assert [section.state for section in report.sections].count("over budget") == 2
    assert "raise the budget" in str(report)
    again, made = run(lesson)
    assert again.made
    assert made.made["image"] + made.made["audio"] == 3
    assert set(paid_by_key().values()) == {1}


def test_a_budget_of_nothing_asks_nobody(tmp_path: Path) -> None:
    """With a budget of 0 a paid provider is not called at all; a free one is."""
    drawn = Simulated(**CENT)
    with pytest.raises(NothingMade, match="over budget"):
        run(written(tmp_path), images=drawn, budget=0)
    assert drawn.calls == 0
    free = "simulated:latency=0,seconds=0.3"
    assert run(written(tmp_path), images=free, voice=free, budget=0)[0].made


def test_an_unknown_price_does_not_fit_a_budget(tmp_path: Path) -> None:
    """A provider that does not say what it costs is not called under a budget."""

    class Unpriced:
        name = "unpriced"
        places = None
        calls = 0

        def shape(self, ask: Any) -> dict[str, Any]:
            return {"text": ask.description}

        async def draw(self, ask: Any, request: Any) -> Any:
            return await request(self._call)

        async def _call(self) -> Any:
            self.calls += 1
            raise AssertionError("called")

    maker = Unpriced()
    with pytest.raises(NothingMade, match="no known price"):
        run(written(tmp_path), images=maker, budget=5)
    assert maker.calls == 0


def test_budgets_are_shared_by_name(tmp_path: Path) -> None:
    """Two runs under one `Budget` cannot overspend together."""
    course = vidkit.Budget("course", 0.05)
    one, _ = run(written(tmp_path / "a", "a", 2), budget=course)
    assert one.dollars == pytest.approx(0.04)
    two, _ = run(written(tmp_path / "b", "b", 2), budget=course, on_failure="placeholder")
    assert one.dollars + two.dollars == pytest.approx(0.05)


def test_a_shared_budget_needs_a_store(tmp_path: Path) -> None:
    """Without a journal that runs share, a named budget is refused and not merely hoped for."""
    with pytest.raises(StoreError, match="course"):
        run(written(tmp_path), budget=vidkit.Budget("course", 1.0), cache=False)


def test_a_plan_says_what_a_run_then_does(tmp_path: Path) -> None:
    """Calls and dollars of the plan are those of the run, and a second plan finds nothing to do."""
    for name in ("one", "two"):
        written(tmp_path, name, sections=sections("a", "b", name))
    how: dict[str, Any] = {"images": Simulated(**CENT), "voice": Simulated(**CENT)}
    planned = vidkit.plan(tmp_path, size=(160, 90), **how)
    assert (planned.new, planned.dollars) == (8, pytest.approx(0.08))
    report = vidkit.process_all_videos(tmp_path, size=(160, 90), progress=False, **how)
    assert sum(video.dollars for video in report) == pytest.approx(0.08)
    assert how["images"].calls + how["voice"].calls == 8
    after = vidkit.plan(tmp_path, size=(160, 90), **how)
    assert (after.new, after.dollars) == (0, 0)


def test_retry_failed_makes_only_what_failed(tmp_path: Path) -> None:
    """The report of a run with failures makes the rest, and nothing that is there."""
    shaky = Simulated(latency=0.01, seconds=0.3, errors=0.5, seed=3, price=0.01)
    report, _ = run(written(tmp_path, sections=6), voice=shaky)
    assert report.failed
    for _ in range(20):
        report = report.retry_failed()
    assert report.made
    assert set(paid_by_key().values()) == {1}


def test_without_a_cache_nothing_is_kept(tmp_path: Path, own_store: Path) -> None:
    """`cache=False` makes everything, and leaves no store."""
    lesson = written(tmp_path, sections=2)
    for _ in range(2):
        report, made = run(lesson, cache=False)
        assert report.made
        assert made.made == {"image": 2, "audio": 2, "clip": 2, "join": 1}
    assert not list(own_store.iterdir())


def test_a_fade_makes_two_seams_anew(tmp_path: Path, own_store: Path) -> None:
    """With cross-fades one changed section costs its own clip and its two seams."""
    lesson = written(tmp_path, sections=sections(*"abcd"))
    run(lesson, motion="fade")
    changed = sections(*"abcd")
    changed[1]["content"] = "other words"
    written(tmp_path, sections=changed)
    made = run(lesson, motion="fade")[1]
    assert made.made == {"audio": 1, "clip": 1, "join": 1}
    kinds = MaintainedStore().contents().kinds
    assert kinds["seam"][0] == 3 + 2
    assert kinds["clip"][0] == 4 + 1


# moviepy leaves the pipe to its ffmpeg to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_effects_change_their_section_alone(tmp_path: Path) -> None:
    """moviepy touches the sections it is given, and their words keep pace with them."""

    def faster(clip: Any) -> Any:
        return clip.with_speed_scaled(2)

    lesson = written(tmp_path, sections=3)
    plain, _ = run(lesson, voice="simulated:latency=0,seconds=3")
    changed, made = run(lesson, voice="simulated:latency=0,seconds=3", effects={2: faster})
    assert made.made == {"clip": 1, "join": 1}
    lengths = [section.length or 0 for section in changed.sections]
    assert lengths[1] == pytest.approx((plain.sections[1].length or 0) / 2, abs=0.2)
    clips = changed.clips()
    try:
        assert len(clips) == 3
        assert clips[1].duration == pytest.approx(lengths[1], abs=0.1)
    finally:
        for clip in clips:
            clip.close()


SCRIPT = """
import sys, vidkit
vidkit.generate_video_from_json(
    sys.argv[1], sys.argv[2], 4, progress=False, size=(160, 90),
    images="simulated:latency=0.06,spread=0.9,price=0.01",
    voice="simulated:latency=0.06,spread=0.9,price=0.01,seconds=0.3")
"""


def test_runs_killed_at_any_moment_pay_nothing_twice(tmp_path: Path, own_store: Path) -> None:
    """A run of 40 paid assets, killed four times and started again each time, gives the video
    of an undisturbed one; nothing published is paid for again, and what was in flight is
    unconfirmed.
    """
    lesson = written(tmp_path, sections=20)
    words = [sys.executable, "-c", SCRIPT, str(lesson)]
    chance = random.Random(7)
    for _ in range(4):
        killed = subprocess.Popen([*words, str(tmp_path / "killed")])
        time.sleep(0.6 + chance.random() * 0.8)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    subprocess.run([*words, str(tmp_path / "killed")], check=True)
    paid, unconfirmed = paid_by_key(), paid_by_key("unconfirmed")
    assert set(paid.values()) == {1}
    # one that was published in the very moment of a kill is unconfirmed, and never asked again
    assert len(paid | unconfirmed) == 40
    assert sum(unconfirmed.values()) <= 4 * 8
    assert not MaintainedStore().verify().bad
    assert not list((tmp_path / "killed").rglob("*.part"))
    undisturbed = os.environ | {"VIDKIT_CACHE": str(tmp_path / "other store")}
    subprocess.run([*words, str(tmp_path / "calm")], check=True, env=undisturbed)
    videos = [(tmp_path / name / "final_video.mp4").read_bytes() for name in ("killed", "calm")]
    assert videos[0] == videos[1]


def test_two_processes_share_one_store(tmp_path: Path) -> None:
    """Two processes that make the same lesson at the same time pay for each asset once, and
    both videos are the same.
    """
    lesson = written(tmp_path, sections=20)
    runs = [
        subprocess.Popen([sys.executable, "-c", SCRIPT, str(lesson), str(tmp_path / name)])
        for name in ("one", "two")
    ]
    assert [process.wait(120) for process in runs] == [0, 0]
    assert set(paid_by_key().values()) == {1}
    assert len(paid_by_key()) == 40
    videos = [(tmp_path / name / "final_video.mp4").read_bytes() for name in ("one", "two")]
    assert videos[0] == videos[1]


FULL = """
import json, resource, signal, sys, vidkit
from pathlib import Path
from vidkit.errors import VidkitError
sys.dont_write_bytecode = True  # a module compiled from here on would be cut short
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
told = {}
for room in map(int, sys.argv[2:]):
    folder = Path(sys.argv[1], str(room))
    how = dict(progress=False, size=(160, 90), images="simulated:0",
               voice="simulated:latency=0,seconds=0.4", cache_dir=folder / "store")
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        report = vidkit.process_all_videos([folder / "lesson.json"], **how)
    except VidkitError as error:
        told[room] = f"error: {error}"
    else:
        told[room] = f"{report} {'made' if report.made else 'not made'}"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps(told))
"""
ROOMS = (200, 700, 2_000, 4_000, 9_000, 20_000, 60_000)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with a lesson for each of `ROOMS`, all made by a program that can write no larger
    files, and what it told of each.
    """
    folder = tmp_path_factory.mktemp("full")
    for room in ROOMS:
        written(folder / str(room), sections=2)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(folder), *map(str, ROOMS)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return folder, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("room", ROOMS)
def test_a_full_disk_is_told_and_made_good(filled: tuple[Path, dict[str, str]], room: int) -> None:
    """With no room for larger files, at whatever step, there is a clear error and no broken
    file; with room again the same call completes.
    """
    folder, told = filled[0] / str(room), filled[1][str(room)]
    if "not made" in told or "error:" in told:
        assert "File too large" in told or "room" in told, told
    how: dict[str, Any] = {"images": "simulated:0", "cache_dir": folder / "store"}
    report, _ = run(folder / "lesson.json", voice="simulated:latency=0,seconds=0.4", **how)
    assert report.made
    assert not MaintainedStore(folder / "store").verify().bad


def test_no_key_is_written_anywhere(
    tmp_path: Path,
    own_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Keys in the environment and credentials in an address reach no file, log or report."""
    secret = "sk-planted-0123456789abcdef"
    monkeypatch.setenv("OPENAI_API_KEY", secret)

    class Keyed(Simulated):
        def shape(self, ask: Any) -> Any:
            return {**super().shape(ask), "base_url": f"https://user:{secret}@host.example/v1"}

    with caplog.at_level("DEBUG"):
        report, _ = run(written(tmp_path), images=Keyed(**CENT))
    places = [p for root in (tmp_path, own_store) for p in root.rglob("*") if p.is_file()]
    assert not [p for p in places if secret.encode() in p.read_bytes()]
    assert secret not in caplog.text + str(report) + repr(report) + report._repr_html_()
    assert secret not in json.dumps(report.as_json())


@pytest.mark.parametrize("gone", ["one", "all", "pruned"])
def test_paying_twice_is_told(tmp_path: Path, own_store: Path, gone: str) -> None:
    """What was paid for and is gone from the store is paid for again, and the report says so;
    what is made anew on purpose is no loss.
    """
    lesson = written(tmp_path, sections=2)
    run(lesson)
    places = sorted(path.parent.parent for path in own_store.rglob("image.png"))
    if gone == "pruned":
        MaintainedStore().clear()
    for place in places[:1] if gone == "one" else places:
        shutil.rmtree(place, ignore_errors=True)
    again, _ = run(lesson)
    number = {"one": 1, "all": 2, "pruned": 4}[gone]
    assert [note for note in again.notes if f"paid again for {number} of" in note]
    forced, made = run(lesson, force="image")
    assert made.made["image"] == 2
    assert not [note for note in forced.notes if "paid again" in note]


class Dear(Simulated):
    """A provider whose images cost something, and which counts what it is asked."""

    name = "dear"

    def __init__(self) -> None:
        super().__init__(latency=0, seconds=0.1, price=0.05)
        self.asked = 0

    async def draw(self, ask: Any, request: Any) -> Any:
        self.asked += 1
        return await super().draw(ask, request)


def test_what_a_disk_does_not_take_is_used_and_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails in the middle of a run costs no picture: the one that was paid for is in
    its clip, no other is paid for meanwhile, and a run on a mended disk keeps it.
    """
    lesson, images = written(tmp_path, sections=3), Dear()
    how: dict[str, Any] = {"voice": "simulated:latency=0,seconds=0.1", "size": (64, 36)}
    # one part after the other, or the narration may be the first that the disk does not take
    how |= {"images": images, "progress": False, "section_workers": 1, "concurrent_parts": False}

    def fails(path: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    with monkeypatch.context() as broken:
        broken.setattr("vidkit.store.assets.flush", fails)
        report = vidkit.start(lesson, **how).result()
    assert not report.made and images.asked == 1
    assert any("used all the same" in note for note in report.notes)
    assert vidkit.start(lesson, **how).result().made
    assert images.asked == 3


def test_a_store_that_cannot_keep_pays_for_nothing(tmp_path: Path) -> None:
    """Where the store cannot be used, what is free is made and nothing is paid for that the next
    run would pay for again; whoever turns the store off means it.
    """
    (tmp_path / "file").write_text("no folder")
    lesson, images = written(tmp_path, sections=2), Dear()
    how: dict[str, Any] = {"voice": "simulated:latency=0,seconds=0.1", "size": (64, 36)}
    how |= {"images": [images, "simulated:0"], "progress": False}
    report = vidkit.start(lesson, cache_dir=tmp_path / "file" / "store", **how).result()
    assert report.made
    assert images.asked == 0
    assert any("could not be kept" in note for note in report.notes)
    report = vidkit.start(lesson, cache=False, **how).result()
    assert report.made
    assert images.asked == 2
