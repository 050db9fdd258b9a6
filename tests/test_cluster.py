"""More than one machine: a real Dask cluster in processes of its own, by the provider's count."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from booked import Booked, calls, counts
from stand_ins import written
from test_run import until

import vidkit
from vidkit.cli import main
from vidkit.cluster.scheduler import portable
from vidkit.core import errors
from vidkit.core.loop import run_virtually
from vidkit.errors import (
    Cancelled,
    ClusterError,
    LessonError,
    OverBudget,
    SettingsError,
    StoreError,
)
from vidkit.events import (
    Event,
    GateDecided,
    LessonEnded,
    LessonStarted,
    Noticed,
    RunEnded,
    RunStarted,
    SectionEnded,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkStarted,
)
from vidkit.models import Settings
from vidkit.pipeline.run import store_of
from vidkit.store import Store

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers, each a process with one thread, and a scheduler in this one. Dask's watch over
    itself is off, for which each of them would wake up a hundred times a second.
    """
    unwatched = {
        "distributed.admin.tick.interval": "1s",
        "distributed.worker.profile.enabled": False,
    }
    with (
        dask.config.set(unwatched),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster) as client:
        until(lambda: len(client.scheduler_info()["workers"]) == 2)
        yield client


@pytest.fixture
def book(tmp_path: Path) -> str:
    return str(tmp_path / "book")


def lessons(folder: Path, count: int, sections: int = 2) -> Path:
    for number in range(count):
        written(folder / "lessons", f"lesson{number}", sections)
    return folder / "lessons"


def how(book: str, **more: Any) -> dict[str, Any]:
    """Settings for small, quick videos with a provider that counts; the voice does not."""
    provider = {
        name: more.pop(name)
        for name in ("latency", "price", "networked", "deadly", "rejects")
        if name in more
    }
    images = Booked(book=book, **{"latency": 0.05, **provider})
    voice = "simulated:latency=0.05,seconds=0.2"
    return {"images": images, "voice": voice, "size": (64, 36), "progress": False} | more


def test_a_batch_is_made_by_all_workers(tmp_path: Path, book: str, client: Any) -> None:
    """Every lesson is made once, by more than one process and none of them this one; the events
    come in their order, and the store has what was made.
    """
    told: list[Event] = []
    folder = lessons(tmp_path, 6)
    report = vidkit.process_all_videos(
        folder, client=client, listener=told.append, **how(book, latency=0.3)
    )
    assert report.made and [video.name for video in report] == [f"lesson{n}" for n in range(6)]
    assert all((folder / f"output_lesson{n}" / "final_video.mp4").is_file() for n in range(6))
    assert set(counts(book).values()) == {1} and len(counts(book)) == 12
    makers = {call.process for call in calls(book)}
    assert len(makers) == 2 and os.getpid() not in makers
    assert isinstance(told[0], RunStarted) and isinstance(told[-1], RunEnded)
    for lesson in range(6):
        mine = [type(event) for event in told if getattr(event, "lesson", None) == lesson]
        assert mine[0] is LessonStarted and mine[-1] is LessonEnded
        for begin, end in ((StepStarted, StepEnded), (WorkStarted, WorkEnded)):
            assert mine.count(begin) == mine.count(end) > 0
        assert mine.count(SectionEnded) == 2
    pieces = [event.piece for event in told if isinstance(event, WorkStarted)]
    assert len(pieces) == len(set(pieces))
    assert vidkit.process_all_videos(folder, **how(book)).made
    assert len(calls(book)) == 12


def test_a_killed_worker_costs_what_it_was_doing(tmp_path: Path, book: str, client: Any) -> None:
    """A worker is killed in mid-batch: every lesson is made, and nothing is paid twice: what the
    dead worker had asked for, and perhaps stored already, is unconfirmed.
    """
    told: list[Event] = []
    folder = lessons(tmp_path, 6)
    run = vidkit.start_all(
        folder, client=client, listener=told.append, **how(book, latency=0.4, price=0.01)
    )
    until(lambda: len(calls(book)) >= 8)
    os.kill(calls(book)[-1].process, signal.SIGKILL)
    report = run.result()
    assert report.made
    entries = store_of(Settings()).journal.entries()
    states = Counter(entry.state for entry in entries)
    paid = {entry.key for entry in entries if entry.state == "paid"}
    assert set(states) == {"paid", "unconfirmed"} and states["paid"] == len(paid)
    assert len({entry.key for entry in entries}) == 12
    assert len(calls(book)) <= len(entries)
    assert sum(video.dollars for video in report) == pytest.approx(0.01 * len(paid))
    unconfirmed = 0.01 * states["unconfirmed"]
    assert sum(video.unconfirmed for video in report) == pytest.approx(unconfirmed)
    assert sum(type(e) is StepStarted for e in told) == sum(type(e) is StepEnded for e in told)
    assert sum(type(e) is LessonEnded for e in told) == 6
    assert run.snapshot().under_way == 0


def test_a_poison_lesson_fails_alone(tmp_path: Path, book: str, client: Any) -> None:
    """A lesson that kills each worker that makes it is given up after three; its neighbours are
    made, and the error says what happened.
    """
    folder = lessons(tmp_path, 4)
    report = vidkit.process_all_videos(
        folder, client=client, **how(book, deadly="lesson1 picture", section_workers=1)
    )
    assert [video.made for video in report] == [True, False, True, True]
    assert isinstance(report[1].failure, ClusterError)
    assert "lesson1.json: 3 workers were lost" in str(report[1].failure)
    # a worker that dies while the lesson is on its way to it has not called anybody
    assert 0 < counts(book)["image lesson1 picture 0"] <= 3


def test_a_pace_is_kept_by_the_whole_cluster(tmp_path: Path, book: str, client: Any) -> None:
    """Ten calls a second, asked for on the client, are what the provider sees of two workers
    together: never clearly more since the first.
    """
    folder = lessons(tmp_path, 4, sections=10)
    report = vidkit.process_all_videos(
        folder,
        client=client,
        **how(book, networked=True, pace=600, section_workers=10, adaptive=False),
    )
    assert report.made
    times = sorted(call.at for call in calls(book))
    assert len({call.process for call in calls(book)}) == 2
    # a busy machine delays a call now and then, which brings it nearer to the next
    early = [n for n, at in enumerate(times) if at - times[0] < 0.95 * (n - 5) / 10]
    assert not early and len(times) == 40


def test_a_429_slows_every_worker(tmp_path: Path, book: str, client: Any) -> None:
    """What one worker is refused, the gate of the cluster learns: nothing begins anywhere until
    the pause is over, every section is made, and the client hears of it.
    """
    told: list[Event] = []
    folder = lessons(tmp_path, 4, sections=3)
    report = vidkit.process_all_videos(
        folder, client=client, listener=told.append, **how(book, networked=True, rejects=1)
    )
    assert report.made
    decided = [event for event in told if isinstance(event, GateDecided)]
    assert {event.gate for event in decided} == {"booked"} and decided[0].course == "waits"
    assert len(calls(book)) == 13


def test_a_budget_holds_for_the_whole_cluster(tmp_path: Path, book: str, client: Any) -> None:
    """No more calls are made than the client's budget pays for, whichever workers ask."""
    folder = lessons(tmp_path, 4, sections=3)
    report = vidkit.process_all_videos(folder, client=client, **how(book, price=0.01, budget=0.05))
    assert len(calls(book)) == 5
    states = Counter(section.state for video in report for section in video.sections)
    assert states == {"made": 5, "over budget": 7}
    assert sum(video.dollars for video in report) == pytest.approx(0.05)


def test_an_asset_that_two_workers_need_is_made_once(
    tmp_path: Path, book: str, client: Any
) -> None:
    """The same picture in every lesson is drawn once in the cluster, also where it is to be made
    anew.
    """
    same = [{"image_description": "the same", "content": "Words."}]
    for number in range(4):
        written(tmp_path / "lessons", f"lesson{number}", same)
    for times, force in ((1, None), (2, "image")):
        report = vidkit.process_all_videos(
            tmp_path / "lessons", client=client, **how(book, latency=0.3, force=force)
        )
        assert report.made and len(calls(book)) == times


def test_a_run_is_steered_on_every_worker(tmp_path: Path, book: str, client: Any) -> None:
    """A pause begins nothing anywhere, a resize is told and followed, and a cancel lets calls
    under way end and keeps them.
    """
    folder = lessons(tmp_path, 4, sections=12)
    run = vidkit.start_all(
        folder, client=client, **how(book, latency=0.2, price=0.01, section_workers=1)
    )
    until(lambda: len(calls(book)) >= 4)
    run.pause()
    until(lambda: run.snapshot().under_way <= 4 and settled(book))
    held = len(calls(book))
    run.resize(sections=4)
    assert settled(book) and len(calls(book)) == held
    run.resume()
    until(lambda: len(calls(book)) >= held + 12)
    run.cancel()
    report = run.result()
    assert not report.made
    assert all(isinstance(video.failure, Cancelled) for video in report)
    assert {entry.state for entry in store_of(Settings()).journal.entries()} == {"paid"}
    made = len(calls(book))
    assert made < 48
    assert vidkit.process_all_videos(folder, client=client, **how(book)).made
    assert len(calls(book)) == 48


def settled(book: str) -> bool:
    """Whether nothing is called for longer than a call takes."""
    before = len(calls(book))
    time.sleep(0.5)
    return len(calls(book)) == before


def test_a_second_cancel_is_hard(tmp_path: Path, book: str, client: Any) -> None:
    """Calls that will not end are left on every worker, and recorded as unconfirmed."""
    run = vidkit.start_all(
        lessons(tmp_path, 2, 1), client=client, **how(book, latency=3600, price=0.01)
    )
    until(lambda: len(calls(book)) == 2)
    run.cancel()
    run.cancel()
    with pytest.raises(Cancelled):
        run.result()
    entries = store_of(Settings()).journal.entries()
    assert [entry.state for entry in entries] == ["unconfirmed"] * 2


def test_two_runs_share_the_workers(tmp_path: Path, book: str, client: Any) -> None:
    """Runs that go on beside each other do not mix up their lessons, and an asset that both need
    is made once.
    """
    one, other = lessons(tmp_path, 3), lessons(tmp_path / "other", 3)
    runs = [vidkit.start_all(each, client=client, **how(book)) for each in (one, other)]
    assert all(run.result().made for run in runs)
    assert set(counts(book).values()) == {1} and len(counts(book)) == 6


def test_a_client_that_dies_ends_its_run(tmp_path: Path, book: str, cluster: Any) -> None:
    """When the program that began a run is killed, nothing more is called; what was under way is
    kept, and the same call goes on from there.
    """
    code = (
        "import sys, vidkit, test_cluster, distributed\n"
        "folder, book, address = sys.argv[1:]\n"
        "client = distributed.Client(address)\n"
        "how = test_cluster.how(book, latency=0.3, price=0.01, section_workers=1)\n"
        "vidkit.process_all_videos(folder, client=client, **how)\n"
    )
    folder = lessons(tmp_path, 4, sections=6)
    command = [sys.executable, "-c", code, str(folder), book, cluster.scheduler_address]
    paths = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}) as program:
        until(lambda: len(calls(book)) >= 5)
        program.kill()
    until(lambda: settled(book))
    called = len(calls(book))
    assert called < 24
    with distributed.Client(cluster) as client:
        assert vidkit.process_all_videos(folder, client=client, **how(book)).made
    assert set(counts(book).values()) == {1} and len(calls(book)) == 24


def test_a_scheduler_that_dies_ends_the_run(tmp_path: Path, book: str) -> None:
    """When Dask's scheduler is gone nobody waits for it: the run ends, and says why."""
    told: list[Event] = []
    known = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0"]
    command += ["--dashboard-address", ":0", "--scheduler-file", str(known)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as scheduler:
        try:
            with distributed.Client(scheduler_file=str(known)) as client:
                folder = lessons(tmp_path, 1)
                run = vidkit.start_all(folder, client=client, listener=told.append, **how(book))
                until(lambda: any(isinstance(event, Noticed) for event in told))
                scheduler.kill()
                report = run.result()
        finally:
            scheduler.kill()
    assert isinstance(report[0].failure, ClusterError)
    assert "cannot be reached any more" in str(report[0].failure)


def test_the_command_line_takes_a_scheduler(
    tmp_path: Path, cluster: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """`vidkit batch --dask` makes the lessons there; an address where nobody is gets an error."""
    folder = str(lessons(tmp_path, 2))
    quick = ["--images", "simulated:0", "--voice", "simulated:0", "--size", "64x36", "--quiet"]
    assert main(["batch", folder, "--dask", cluster.scheduler_address, *quick]) == 0
    assert "2 of 2 lessons complete" in capsys.readouterr().out
    assert main(["batch", folder, "--dask", "nonsense://here", *quick]) == 2
    assert "no Dask scheduler at nonsense://here" in capsys.readouterr().err


def test_no_key_leaves_the_client(tmp_path: Path, client: Any, monkeypatch: Any) -> None:
    """A key in the settings, in a provider or from the environment is refused before anything is
    sent, in words that do not show it.
    """
    folder = lessons(tmp_path, 1)
    with pytest.raises(SettingsError, match="environment") as told:
        vidkit.process_all_videos(folder, client=client, images="openai", api_key="sk-hidden-1234")
    assert "hidden" not in str(told.value)
    monkeypatch.setenv("SOME_API_KEY", "very-hidden-thing")
    with pytest.raises(SettingsError, match="SOME_API_KEY") as told:
        vidkit.process_all_videos(folder, client=client, images=Booked(book="very-hidden-thing"))
    assert "hidden" not in str(told.value)


def test_a_worker_reads_its_own_key(tmp_path: Path, client: Any, monkeypatch: Any) -> None:
    """The client's key is not the worker's: where the workers have none, that is the error."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-client-alone")
    folder = lessons(tmp_path, 1)
    report = vidkit.process_all_videos(folder, client=client, images="openai", progress=False)
    assert isinstance(report[0].failure, ClusterError)
    assert "OPENAI_API_KEY" in str(report[0].failure)


def test_what_a_worker_cannot_see_is_told(tmp_path: Path) -> None:
    """Files that are not on a shared folder are named, with the worker and the mend."""
    from vidkit.cluster.worker import _require_files

    lesson = vidkit.load_lesson(written(tmp_path))
    section = lesson.sections[0]
    away = tmp_path / "away.png"
    own = replace(lesson, sections=(replace(section, image=away),))
    with pytest.raises(LessonError, match=r"section 1: .*away\.png.*tcp://there.*share"):
        _require_files(own, tmp_path, "tcp://there")
    with pytest.raises(vidkit.VidkitError, match=r"gone is not to be seen.*share"):
        _require_files(lesson, tmp_path / "gone", "tcp://there")


def test_a_store_that_is_not_shared_is_refused(tmp_path: Path) -> None:
    """A folder in which the client's own opening of its store is not seen is another folder."""
    from vidkit.cluster.worker import StoreProxy

    nothing: Any = None
    refused = pytest.raises(StoreError, match=r"not the folder of the client's store.*shared")
    with Store(tmp_path / "here") as store, refused:
        StoreProxy(tmp_path, store.opening, nothing, nothing, "run", set(), print)


def test_lessons_go_where_the_fewest_are() -> None:
    """Lessons spread over the workers; one that is to be alone waits for an empty worker, which
    is kept free for it, and nobody joins it there.
    """
    from vidkit.cluster.attempts import WorkerSlots

    async def shared() -> None:
        slots = WorkerSlots()
        for worker in "ab":
            slots.add(worker)
        assert sorted([await slots.acquire(lambda: 2) for _ in range(4)]) == ["a", "a", "b", "b"]
        alone = asyncio.ensure_future(slots.acquire(lambda: 2, alone=True))
        more = asyncio.ensure_future(slots.acquire(lambda: 2))
        await asyncio.sleep(1)
        slots.release("a", False)
        await asyncio.sleep(1)
        assert not alone.done() and not more.done()
        slots.release("a", False)
        assert await alone == "a" and not more.done()
        slots.release("b", False)
        assert await more == "b"
        late = asyncio.ensure_future(slots.acquire(lambda: 2))
        await asyncio.sleep(1)
        assert not late.done()
        slots.remove("b")
        slots.release("a", False)
        assert await late == "a"

    run_virtually(shared())


def test_a_lost_worker_gives_up_its_claims() -> None:
    """The next in the queue makes the asset when the one who was making it is lost, and is told
    whether its own run has made it already.
    """
    from vidkit.cluster.scheduler import AssetLocks, Dialogue

    begun: list[tuple[str, bool]] = []
    locks, made = AssetLocks(), set[tuple[str, str]]()

    async def claim(worker: str, made: set[tuple[str, str]]) -> tuple[Dialogue, asyncio.Task[None]]:
        dialogue = Dialogue(lambda told: begun.append((worker, told.args[1])), (worker, 1))
        task = asyncio.create_task(locks.hold(made, ("store", "key"), dialogue))
        await asyncio.sleep(1)
        return dialogue, task

    async def claimed() -> None:
        claims = {worker: await claim(worker, made) for worker in "abc"}
        claims["a"][1].cancel()
        await asyncio.sleep(1)
        claims["b"][0].hear(True, None)
        await asyncio.sleep(1)
        assert begun == [("a", False), ("b", False), ("c", True)]
        claims["c"][0].hear(True, None)
        await claim("a", set())
        assert begun[3:] == [("a", False)]

    run_virtually(claimed())


def test_errors_stay_what_they_are_on_their_way() -> None:
    """Every kind of vidkit's errors is the same after a journey; others are told in words."""

    class Odd(errors.RateLimited):
        def __init__(self) -> None:
            super().__init__("odd", 3.0)

    told = [
        OverBudget("over", "course"),
        errors.RateLimited("many", 2.0),
        LessonError("a.json", [errors.Fault("wrong", "mend it", 1)]),
        errors.KeyMissing("no key"),
    ]
    for error in told:
        back = pickle.loads(pickle.dumps(portable(error)))
        assert (type(back), str(back), vars(back)) == (type(error), str(error), vars(error))
    odd = portable(Odd())
    assert type(odd) is errors.RateLimited and odd.retry_after == 3.0
    assert "ZeroDivisionError" in str(portable(ZeroDivisionError("by zero")))


def test_without_dask_the_error_says_what_to_install(tmp_path: Path) -> None:
    """Where Dask is not installed, `client=` is answered with the mend."""
    code = (
        "import sys; sys.modules['distributed'] = None\n"
        "import vidkit\n"
        "try: vidkit.process_all_videos(sys.argv[1], client=object(), progress=False)\n"
        "except vidkit.VidkitError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(lessons(tmp_path, 1))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "pip install distributed" in done.stdout, done.stderr


def test_a_client_that_is_none_is_refused(tmp_path: Path) -> None:
    """Something else in place of a client is named."""
    with pytest.raises(SettingsError, match="client is a str"):
        vidkit.process_all_videos(lessons(tmp_path, 1), client="tcp://x", progress=False)
