"""What a run may owe: the ledger against a server that bills by its own book."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from fake_openai import COST, FakeOpenAI
from stand_ins import NoMedia, Rehearsal, written

from vidkit.errors import Damaged, KeyMissing, OverBudget, Unconfirmed
from vidkit.models import Settings
from vidkit.pipeline import Batch, Job, Runtime, Source
from vidkit.providers import ImageAsk, VoiceAsk
from vidkit.providers.limiter import RateLimiter
from vidkit.providers.openai import OpenAIImages, OpenAIVoice
from vidkit.providers.simulated import Simulated
from vidkit.store import Budget, Store
from vidkit.text.captions import Word

SIZE = (1280, 720)
SECRET = "sk-secret-do-not-show"


class Quick:
    """A clock that runs 100 times as fast as the loop's, so that no backoff is waited for."""

    def time(self) -> float:
        return 100 * asyncio.get_running_loop().time()

    def call_later(self, delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay / 100, callback)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    """OpenAI itself, as far as prices go, on this machine."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    with FakeOpenAI() as server:
        monkeypatch.setattr("vidkit.providers.account.HOME", server.base_url)
        yield server


def made(
    folder: Path,
    store: Store,
    server: FakeOpenAI,
    sections: int = 24,
    cap: float | None = None,
    workers: int = 4,
    **how: Any,
) -> Any:
    """The report of a lesson with pictures of the server and a free voice, under a cap."""
    lesson = written(folder, "lesson", sections)
    pictures = OpenAIImages(base_url=server.base_url, api_key=SECRET, **{"seconds": 2.0} | how)

    async def make() -> Any:
        gate = RateLimiter("openai", clock=Quick(), chance=random.Random(3))
        runtime = Runtime(
            images=[Source(pictures, gate)],
            voice=[Source(Simulated(latency=0.0, seconds=0.1))],
            media=NoMedia(),
            cores=anyio.CapacityLimiter(2),
            clock=asyncio.get_running_loop().time,
            store=store,
            budgets=() if cap is None else (Budget("cap", cap),),
        )
        settings = Settings(section_workers=workers, size=SIZE)
        try:
            return await Batch(settings, runtime).make([Job(lesson, folder / "out")])
        finally:
            await pictures.aclose()

    return asyncio.run(make())


def bill(server: FakeOpenAI) -> float:
    """Dollars that the server bills: each picture that it made costs what its usage says."""
    return sum(server.billed.values()) * COST


@pytest.mark.parametrize("fault", ["502", "504", "520", "524", "drop", "hang", "500", "in 200"])
def test_the_bill_is_never_more_than_the_ledger_nor_the_ledger_more_than_the_cap(
    tmp_path: Path, own_store: Path, home: FakeOpenAI, fault: str
) -> None:
    """Where the model works and a gateway, or nobody, answers in its place, each request counts
    in full, and each picture is asked for twice at the very most.
    """
    home.choose = lambda _: fault
    with Store(own_store / "money") as store:
        made(tmp_path, store, home, sections=8, cap=0.20, seconds=0.3)
        spent = store.journal.spent(budget="cap")
    assert bill(home) <= spent.paid + spent.unconfirmed <= 0.20
    assert home.requests and spent.unconfirmed > 0
    asked = list(home.requests)
    assert max(asked.count(body) for body in asked) <= 2


def test_what_is_known_to_be_free_is_not_counted(
    tmp_path: Path, own_store: Path, home: FakeOpenAI
) -> None:
    """A 429, a refusal and a request that is not understood were turned away before any work."""
    home.script.extend(["429", "refusal", "faulty", "429 words", "unverified"])
    with Store(own_store / "money") as store:
        made(tmp_path, store, home, sections=6, cap=1.0, workers=1)
        spent = store.journal.spent(budget="cap")
    assert spent.unconfirmed == 0
    assert spent.paid == pytest.approx(bill(home))


def test_a_reserve_is_an_upper_bound_in_every_script() -> None:
    """1,520 Chinese characters are spoken in about 320 s, which costs $0.08, and a long English
    text in 15 characters a second; the reserve is never less, nor for capitals and numbers.
    """
    voice = OpenAIVoice(api_key="k")
    for text, seconds in (
        ("光合作用是植物利用光能把二氧化碳和水转化为糖" * 70, 0.21),
        ("Plants turn light into sugar, and we eat what they make of it. " * 26, 1 / 15),
        ("VDD, GND, CMOS. " * 100, 0.3),
        ("1984 2001 3.14 " * 100, 0.4),
        ("กขคงจฉชซ" * 190, 0.2),
    ):
        part = text[:1500]
        bound = voice.price(VoiceAsk(part, "zh"))
        assert bound is not None and bound >= len(part) * seconds * 20.8 * 12e-6, text[:9]


def test_a_call_that_may_not_fit_is_not_made(home: FakeOpenAI) -> None:
    """Under a cap of a cent, a narration that may cost more is over budget before it is sent."""
    price = OpenAIVoice(base_url=home.base_url, api_key=SECRET).price(VoiceAsk("光" * 1520, "zh"))
    assert price is not None and price > 0.01
    picture = OpenAIImages(base_url=home.base_url, api_key=SECRET, quality="auto")
    assert picture.price(ImageAsk("A leaf.", "", None, "en", SIZE)) is None


def test_usage_beyond_the_reserve_stops_the_next_call(
    tmp_path: Path, own_store: Path, home: FakeOpenAI
) -> None:
    """An answer that tells ten times the tokens is booked as it says; nothing is sent after it
    that no longer fits, and what is sent reserves as much.
    """
    usage = {"input_tokens": 50, "output_tokens": 9000}
    home.shape = lambda body: body | {"usage": usage}
    with Store(own_store / "money") as store:
        report = made(tmp_path, store, home, sections=5, cap=0.50, workers=1)
        spent = store.journal.spent(budget="cap")
    assert len(home.requests) == 1
    assert spent.paid == pytest.approx((50 * 5 + 9000 * 30) / 1e6)
    states = [section.state for section in report.videos[0].sections]
    assert states.count("made") == 1 and states.count("over budget") == 4


@pytest.mark.parametrize(
    ("key", "named"),
    [("sk-one\nsk-two", "a line feed"), ("sk-\u200bone", "U\\+200B"), ("sk-é", "U\\+00E9")],
)
def test_a_key_that_cannot_be_sent_is_not_sent(home: FakeOpenAI, key: str, named: str) -> None:
    """It is told with the place of the character, nothing is sent, and it is in no message."""
    maker = OpenAIImages(base_url=home.base_url, api_key=key)

    async def at_once(send: Callable[[], Any]) -> Any:
        return await send()

    with pytest.raises(KeyMissing, match=f"cannot be sent: its character . is {named}") as caught:
        asyncio.run(maker.draw(ImageAsk("A leaf.", "", None, "en", SIZE), at_once))
    assert "sk-" not in str(caught.value) and not caught.value.owed
    assert not home.requests


ODD: list[Any] = [
    {"usage": None},
    {"usage": {}},
    {"usage": []},
    {"usage": "many"},
    {"usage": {"input_tokens": "50", "output_tokens": 900}},
    {"usage": {"input_tokens": -5, "output_tokens": 900}},
    {"usage": {"input_tokens": 50, "output_tokens": None}},
    {"usage": {"input_tokens": 50, "output_tokens": 0}},
    {"usage": {"input_tokens": 50, "output_tokens": 900, "input_tokens_details": []}},
    {"usage": {"input_tokens": 5, "output_tokens": 9, "input_tokens_details": {"image_tokens": 9}}},
    {"created": "yesterday"},
    {"created": None, "model": 5, "data_type": {}},
    {"error": None},
    {"error": {}},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_a_paid_picture_is_kept_whatever_else_is_odd(
    tmp_path: Path, own_store: Path, home: FakeOpenAI, odd: dict[str, Any]
) -> None:
    """The picture counts and nothing else; without a usage that makes sense it cost what was
    reserved.
    """
    home.shape = lambda body: body | odd
    with Store(own_store / "money") as store:
        report = made(tmp_path, store, home, sections=1, cap=1.0)
        spent = store.journal.spent(budget="cap")
    assert report.made, str(report)
    assert len(home.requests) == 1
    assert spent.unconfirmed == 0 and COST * 0.99 <= spent.paid <= 0.04


@pytest.mark.parametrize("fault", ["cut png", "cut json", "cut", "html"])
def test_damaged_answers_are_asked_for_again(
    tmp_path: Path, own_store: Path, home: FakeOpenAI, fault: str
) -> None:
    """With 30 % of the answers damaged in one way, all of 24 sections are made."""
    chance = random.Random(7)
    home.choose = lambda _: fault if chance.random() < 0.3 else ""
    with Store(own_store / "money") as store:
        report = made(tmp_path, store, home)
        spent = store.journal.spent()
    assert report.made, str(report)
    assert home.met[fault] > 2
    assert bill(home) <= spent.paid + spent.unconfirmed


@pytest.mark.parametrize("fault", ["html", "unverified", "nowhere", "key", "faulty"])
def test_one_requests_fault_is_its_own(
    tmp_path: Path, own_store: Path, home: FakeOpenAI, fault: str
) -> None:
    """What one section meets each time, and nobody else, costs this section alone."""
    home.choose = lambda text: fault if text.endswith("picture 5") else ""
    with Store(own_store / "money") as store:
        report = made(tmp_path, store, home, sections=24)
    states = [section.state for section in report.videos[0].sections]
    assert states.count("made") == 23, str(report)


@pytest.mark.parametrize("fault", ["unverified", "nowhere", "html"])
def test_three_in_a_row_shut_a_provider_and_a_probe_opens_it(
    tmp_path: Path, own_store: Path, home: FakeOpenAI, fault: str
) -> None:
    """Where nobody is let in, few requests find it out, and nothing is owed but for answers."""
    home.choose = lambda _: fault
    with Store(own_store / "money") as store:
        report = made(tmp_path, store, home, sections=24)
        spent = store.journal.spent()
    assert not report.videos[0].path
    assert len(home.requests) <= 10
    assert fault == "html" or spent.unconfirmed == 0


def test_over_budget_is_no_answer_of_the_provider() -> None:
    """A limiter learns nothing from a call that was not made, nor from a fault of vidkit's own."""
    one = RateLimiter("openai")

    async def through(error: Exception) -> None:
        async def send() -> None:
            raise error

        with pytest.raises(type(error)):
            await one(send)

    async def both() -> int:
        await through(OverBudget("no", "cap"))
        await through(ZeroDivisionError("a mistake"))
        return one.snapshot().answered

    assert asyncio.run(both()) == 0


def test_every_fault_at_once_two_runs_and_one_cap(
    tmp_path: Path, own_store: Path, home: FakeOpenAI
) -> None:
    """With 30 % of the answers faulty in every way, in two runs that share a cap, the server's
    bill is at most what the ledger says, and that is at most the cap.
    """
    faults = ["429", "500", "in 200", "drop", "cut", "502", "524", "html", "cut png", "cut json"]
    faults += ["empty", "rubbish", "unverified", "hang"]
    chance, number = random.Random(11), itertools.count()

    def choose(_: str) -> str:
        return faults[next(number) % len(faults)] if chance.random() < 0.3 else ""

    home.choose = choose
    with Store(own_store / "money") as store:
        for name in ("one", "two"):
            made(tmp_path / name, store, home, sections=16, cap=0.9, seconds=0.5)
        spent = store.journal.spent(budget="cap")
    assert bill(home) <= spent.paid + spent.unconfirmed <= 0.9


class Billing(Simulated):
    """Asks a service that costs 10 cents a request, and ends as `ends` say; `sent` counts."""

    online = True

    def __init__(self, *ends: Exception, cost: Any = None) -> None:
        super().__init__(latency=1, price=0.1, seconds=0.1)
        self.ends = list(ends)
        self.cost = cost
        self.sent: Counter[str] = Counter()

    async def _call(self, kind: str, text: str) -> None:
        self.sent[text] += 1
        await super()._call(kind, text)
        if self.ends:
            raise self.ends.pop(0)

    async def draw(self, ask: Any, request: Any) -> Any:
        return replace(await super().draw(ask, request), cost=self.cost)


class WithStore(Rehearsal):
    """A run under a virtual clock, with a store on disk."""

    store: Store

    async def _carried_out(self, batch: Batch, jobs: Any) -> Any:
        batch.runtime.store = self.store
        return await super()._carried_out(batch, jobs)


def billed(store: Path, sections: Any, **makers: Any) -> tuple[Any, Any, Rehearsal]:
    """The report, the money and the run of a lesson, each service behind a gate of its own."""
    free = {"images": Simulated(latency=0), "voice": Simulated(latency=0, seconds=0.1)}
    gates = [RateLimiter(kind, chance=random.Random(3)) for kind in free]
    run = WithStore(Settings(section_workers=10), **free | makers, gates=(gates[0], gates[1]))
    with Store(store / "money") as run.store:
        report = run.make([Job(written(store, "lesson", sections), store / "out")])
        return report.videos[0], run.store.journal.spent(), run


def test_each_request_of_a_conversation_is_in_the_ledger(own_store: Path) -> None:
    """Also those that are sent again: each of them may have been paid."""
    turns = [{"speaker": "Ana", "text": "Hello."}, {"speaker": "Luis", "text": "Good morning."}]
    voice = Billing(*(Damaged("was cut off") for _ in range(50)))
    _, spent, _ = billed(own_store, [{"image_description": "Two.", "content": turns}], voice=voice)
    assert voice.sent.total() > 4
    assert spent.unconfirmed == pytest.approx(0.1 * voice.sent.total())


def test_an_asset_is_not_asked_for_a_third_time_for_another_section(own_store: Path) -> None:
    """Ten sections show the same picture, and the service answers nothing: it may have been paid
    for twice, and not ten times.
    """
    same = [{"image_description": "A leaf.", "content": f"Words {n}."} for n in range(10)]
    images = Billing(*(Unconfirmed("502") for _ in range(50)))
    report, spent, _ = billed(own_store, same, images=images)
    assert images.sent.total() == 2 and spent.unconfirmed == pytest.approx(0.2)
    assert "not asked a third time" in str(report.sections[9].error)


def test_a_dearer_bill_than_expected_is_reserved_once(own_store: Path) -> None:
    """Ten at a time cost twice what was thought: each after them reserves twice as much, and not
    a thousand times, so that forty of them fit in a budget that is large enough.
    """
    images = Billing(cost=0.2)
    report, spent, run = billed(own_store, 40, images=images)
    assert spent.paid == pytest.approx(8.0) and not report.failed
    assert run.batch.runtime.dearer == {("image", "simulated"): pytest.approx(2.0)}


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), -1.0, 1e12, "0.20 USD"])
def test_a_cost_that_is_no_sum_loses_no_picture(own_store: Path, cost: Any) -> None:
    """It was made and paid for: it is kept, and counts as what was reserved."""
    report, spent, _ = billed(own_store, 2, images=Billing(cost=cost))
    assert not report.failed
    assert (spent.paid, spent.reserved) == (pytest.approx(0.2), 0.0)


@pytest.mark.parametrize("time", [float("nan"), float("inf"), 1e300])
def test_a_time_that_no_word_has_loses_no_narration(own_store: Path, time: float) -> None:
    """It was paid for: it is kept, and listened to as one of a voice that tells no times."""

    class Timed(Billing):
        async def speak(self, ask: Any, request: Any) -> Any:
            return replace(await super().speak(ask, request), words=(Word("Words", 0.0, time),))

    report, spent, _ = billed(own_store, 2, voice=Timed())
    assert not report.failed and spent.paid == pytest.approx(0.2)
