"""Whole batches against servers on this machine that fail in every way: who is paid what."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from fake_gtts import FakeGoogle
from fake_openai import FakeOpenAI
from fake_server import FakeServer
from stand_ins import NoMedia, written

import vidkit
from vidkit.errors import KeyMissing
from vidkit.models import Settings, load_lesson
from vidkit.pipeline import Batch, Job, Runtime, Source
from vidkit.pipeline.assets import candidates
from vidkit.providers.files import own_files
from vidkit.providers.gtts import GoogleVoice
from vidkit.providers.limiter import RateLimiter
from vidkit.providers.openai import OpenAIImages, OpenAIVoice
from vidkit.providers.simulated import Simulated
from vidkit.store import Store

PASSING = ["429", "429 bare", "429 words", "500", "in 200", "drop", "cut", "empty", "rubbish"]
SPOKEN = ["429", "429 bare", "500", "drop", "cut", "silent", "no sound", "rubbish"]
LESSONS, SECTIONS = 8, 5


class Quick:
    """A clock that runs many times as fast as the loop's, so that no backoff is waited for."""

    def __init__(self, times: float = 40.0) -> None:
        self.times = times

    def time(self) -> float:
        return self.times * asyncio.get_running_loop().time()

    def call_later(self, delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay / self.times, callback)


def gate(name: str, times: float = 40.0) -> RateLimiter:
    return RateLimiter(name, clock=Quick(times), chance=random.Random(3))


def three_in_ten(server: FakeServer, faults: Sequence[str], seed: int) -> None:
    """Let 30 % of the requests be faulty, and each of the faults be met."""
    chance, first = random.Random(seed), list(faults)
    chance.shuffle(first)
    number = itertools.count()

    def choose(_: str) -> str:
        if next(number) % 10 not in (1, 4, 8):
            return ""
        return first.pop() if first else chance.choice(faults)

    server.choose = choose


def made(
    folder: Path, store: Store, images: Sequence[Source[Any]], voice: Sequence[Source[Any]]
) -> Any:
    """The report of eight lessons, with real providers, gates, store and threads, and work on
    media that takes no time.
    """
    lessons = [written(folder, f"lesson {n}", SECTIONS) for n in range(LESSONS)]

    async def make() -> Any:
        runtime = Runtime(
            images=images,
            voice=voice,
            media=NoMedia(),
            cores=anyio.CapacityLimiter(2),
            clock=asyncio.get_running_loop().time,
            store=store,
        )
        settings = Settings(
            section_workers=SECTIONS, video_workers=LESSONS, size=(64, 36), voice="gtts"
        )
        try:
            return await Batch(settings, runtime).make(
                [Job(path, folder / f"out {path.stem}") for path in lessons]
            )
        finally:
            for source in (*images, *voice):
                if close := getattr(source.maker, "aclose", None):
                    await close()

    return asyncio.run(make())


def asked_of(folder: Path, kind: Any, source: Source[Any], field: str) -> dict[str, str]:
    """The key of each asset that a provider was to make, by the text that its server gets."""
    keys = {}
    for n in range(LESSONS):
        lesson = load_lesson(folder / f"lesson {n}.json")
        for index in range(SECTIONS):
            (choice,) = candidates(
                kind, lesson, index, Settings(size=(64, 36)), [source], own_files
            )
            keys[choice.maker.shape(choice.ask)[field]] = choice.key()
    return keys


def books_agree(server: FakeServer, store: Store, keys: dict[str, str]) -> tuple[int, int]:
    """Compare the server's books with the journal; gives how many assets were paid, and how many
    calls are unconfirmed.
    """
    entries = store.journal.entries()
    paid = Counter(entry.key for entry in entries if entry.state == "paid")
    unsure = Counter(entry.key for entry in entries if entry.state == "unconfirmed")
    assert {entry.state for entry in entries} <= {"paid", "unconfirmed", "failed"}
    for text, key in keys.items():
        assert paid[key] <= 1
        assert paid[key] <= server.billed[text] <= paid[key] + unsure[key], text
    return sum(paid[key] for key in keys.values()), sum(unsure[key] for key in keys.values())


@pytest.mark.parametrize("seed", [1, 2])
def test_every_section_is_made_and_paid_once_whatever_the_servers_do(
    tmp_path: Path, own_store: Path, seed: int
) -> None:
    """With 30 % of the calls faulty in every way and a sliding window, eight lessons are whole,
    and each asset is paid once by the server's own count, unconfirmed calls apart.
    """
    with FakeOpenAI(window=(40, 0.3)) as drawing, FakeOpenAI(seconds=0.005) as speaking:
        three_in_ten(drawing, [*PASSING, "hang", "refusal"], seed)
        three_in_ten(speaking, ["429", "500", "in 200", "drop", "cut", "hang", "refusal"], seed)
        draw = Source(OpenAIImages(base_url=drawing.base_url, seconds=1.0), gate("openai pictures"))
        say = Source(OpenAIVoice(base_url=speaking.base_url, seconds=1.0), gate("openai voice"))
        plain = Simulated(latency=0.0, seconds=0.1)
        with Store(own_store / "faults") as store:
            report = made(tmp_path, store, [draw, Source(plain)], [say, Source(plain)])
            assert report.made, str(report)
            for server, kind, source, field in (
                (drawing, "image", draw, "prompt"),
                (speaking, "audio", say, "text"),
            ):
                by = Counter(
                    section.image_by if kind == "image" else section.voice_by
                    for video in report
                    for section in video.sections
                )
                keys = asked_of(tmp_path, kind, source, field)
                assert len(keys) == LESSONS * SECTIONS
                paid, unsure = books_agree(server, store, keys)
                assert paid == by["openai"] == LESSONS * SECTIONS - by["simulated"]
                assert unsure > 0
                assert by["simulated"] >= server.met["refusal"] > 0
    assert {*PASSING, "hang", "refusal"} <= set(drawing.met)
    notes = [note for video in report for note in video.notes]
    assert any("safety system" in note for note in notes)
    assert len(notes) <= 6 * LESSONS


def test_gtts_speaks_every_section_whatever_google_does(
    tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with Google Translate, which sends nothing, or nothing that is a sound, too: no
    other voice is needed, and nothing is paid.
    """
    with FakeGoogle(window=(40, 0.3)) as google, Store(own_store / "faults") as store:
        google.reached(monkeypatch)
        three_in_ten(google, SPOKEN, 4)
        say = Source(GoogleVoice(timeout=(2.0, 2.0)), gate("gtts", 400))
        plain = Simulated(latency=0.0, seconds=0.1)
        report = made(tmp_path, store, [Source(plain)], [say, Source(plain)])
        assert report.made, str(report)
        by = {section.voice_by for video in report for section in video.sections}
        assert by == {"gtts"}
        assert not store.journal.entries()
    assert set(SPOKEN) <= set(google.met)
    assert not [note for video in report for note in video.notes]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets the key or the address of who runs it."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("trouble", "says", "most"),
    [
        ("no key", r"set the environment variable OPENAI_API_KEY .* images='slides'", 0),
        ("wrong key", r"does not accept the key in api_key; set it to one that is valid", 8),
        ("no network", r"no connection to .*; check the network, or choose .* offline", 0),
        ("no credit", r"credit or quota of this account is used up .*; add credit at http", 8),
        (
            "gone model",
            r"has no model .*; current as of .*: gpt-image.*; choose one, such as images=",
            8,
        ),
    ],
)
def test_what_everybody_would_meet_is_told_once_with_what_to_set(
    tmp_path: Path, own_store: Path, trouble: str, says: str, most: int
) -> None:
    """No key, a wrong one, no network, no credit: one message that says what to do, before many
    requests are sent; the offline voice goes on, and with slides behind it all is made.
    """
    fault = {"wrong key": "key", "no credit": "quota", "gone model": "retired"}.get(trouble, "")
    lesson = written(tmp_path, sections=12)
    how: dict[str, Any] = {"voice": "simulated:latency=0,seconds=0.1", "size": (64, 36)}
    how |= {"progress": False, "section_workers": 4}
    with FakeOpenAI() as server:
        server.choose = lambda _: fault
        if trouble != "no key":
            how |= {"api_key": "sk-wrong-0123456789", "base_url": server.base_url}
        if trouble == "no network":
            server.__exit__()
        if trouble == "no key":
            with pytest.raises(KeyMissing, match=says):
                vidkit.start(lesson, images="openai", **how)
        else:
            report = vidkit.start(lesson, images="openai", on_failure="placeholder", **how).result()
            assert re.search(says, str(report)), str(report)
            assert len(re.findall(says, str(report))) == 1
            assert str(report).count("sections 1-12: placeholder: image:") == 1
            assert {section.voice_by for section in report.sections} == {"simulated"}
            assert all(section.audio for section in report.sections)
            assert "sk-wrong" not in str(report)
        report = vidkit.start(lesson, images=["openai", "simulated:0"], **how).result()
        assert report.made
        assert len(report.notes) == 1
        assert re.search(says, report.notes[0]), report.notes
        assert "12 sections' images (1-12) by simulated, because" in report.notes[0]
    assert len(server.requests) <= most
    for file in (*tmp_path.rglob("*.json"), *own_store.rglob("*")):
        assert not file.is_file() or b"sk-wrong" not in file.read_bytes()


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; give up after a minute."""
    for _ in range(12_000):
        if true():
            return
        time.sleep(0.005)
    raise AssertionError("it never came to be")


@pytest.mark.parametrize("adaptive", [True, False])
def test_a_resized_run_is_seen_at_the_server(tmp_path: Path, adaptive: bool) -> None:
    """From 2 workers to 8 and to 1 while it runs: the server's own count of requests under way
    follows, and never exceeds the limit once those under way at the change have ended.
    """
    with FakeOpenAI() as server:
        server.holds = True
        run = vidkit.start(
            written(tmp_path, sections=32),
            images=OpenAIImages(base_url=server.base_url),
            voice="simulated:latency=0,seconds=0.1",
            section_workers=2,
            adaptive=adaptive,
            size=(64, 36),
            progress=False,
        )
        for answered in (2, 4):
            until(lambda: server.under_way == 2)
            server.let_go(2)
            until(lambda more=answered: len(server.requests) >= more)
        assert server.peak == 2
        run.resize(sections=8)
        until(lambda: server.peak == 8)
        run.resize(sections=1)
        server.let_go(7)
        until(lambda: server.under_way == 1)
        assert server.peak == 8
        server.most_since, sent = 0, len(server.requests)
        for more in (1, 2, 3):
            server.let_go(1)
            until(lambda more=more: len(server.requests) == sent + more)
        assert server.most_since == 1
        run.resize(sections=8)
        server.holds = False
        server.let_go(32)
        report = run.result()
    assert report.made
    assert server.peak == 8
    assert set(server.billed.values()) == {1}
