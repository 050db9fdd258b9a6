"""The gate: places, line, pauses, retries, what closes it, and how it is steered."""

from __future__ import annotations

import asyncio
import copy
import random
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit.core.loop import run_virtually
from vidkit.errors import (
    Damaged,
    KeyMissing,
    Offline,
    ProviderError,
    ProviderMissing,
    QuotaExhausted,
    RateLimited,
    Refused,
    Unconfirmed,
    Unreachable,
)
from vidkit.events import Event, GateDecided, RequestRetried
from vidkit.providers.limiter import RateLimiter


def gate(ceiling: int | None = None, **how: Any) -> RateLimiter:
    return RateLimiter("provider", ceiling, chance=random.Random(7), **how)


def now() -> float:
    return asyncio.get_running_loop().time()


class Script:
    """A provider that does what it is told, call after call, and then answers; each call takes
    a second.
    """

    def __init__(self, *ends: BaseException | None) -> None:
        self.ends = list(ends)
        self.begun: list[float] = []
        self.under_way = 0
        self.peak = 0

    async def __call__(self) -> str:
        self.begun.append(now())
        end = self.ends.pop(0) if self.ends else None
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)
        try:
            await asyncio.sleep(1)
        finally:
            self.under_way -= 1
        if end is not None:
            raise end
        return "answer"


async def outcomes(gate: RateLimiter, send: Callable[[], Awaitable[Any]], count: int) -> list[Any]:
    return await asyncio.gather(*(gate(send) for _ in range(count)), return_exceptions=True)


def listened(gate: RateLimiter) -> list[Event]:
    told: list[Event] = []
    gate.subscribe(told.append)
    return told


def decisions(gate: RateLimiter) -> list[GateDecided]:
    told: list[GateDecided] = []
    gate.subscribe(lambda event: told.append(event) if isinstance(event, GateDecided) else None)
    return told


@pytest.mark.parametrize("adaptive", [True, False])
def test_no_more_requests_than_the_ceiling_are_under_way(adaptive: bool) -> None:
    """Ten requests of a second pass a gate of three in four seconds, three at a time."""

    async def ten() -> tuple[float, int]:
        script = Script()
        await outcomes(gate(3, adaptive=adaptive), script, 10)
        return now(), script.peak

    assert run_virtually(ten()) == (4.0, 3)


@pytest.mark.parametrize("adaptive", [True, False])
def test_a_given_pace_is_kept(adaptive: bool) -> None:
    """At a pace of 600 a minute a hundred requests take as long as that, and no twelve
    of them begin within a second.
    """

    async def hundred() -> list[float]:
        script = Script()
        await outcomes(gate(adaptive=adaptive, pace=600), script, 100)
        return script.begun

    begun = run_virtually(hundred())
    assert begun[-1] == pytest.approx(9.9, abs=0.2)
    assert min(later - earlier for earlier, later in zip(begun, begun[11:], strict=False)) > 0.99


@given(st.lists(st.sampled_from("aaaaalun"), max_size=80), st.integers(1, 70), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_back_the_ceiling_holds(ends: list[str], ceiling: int, seed: int) -> None:
    """Through any sequence of answers, 429s and silences, no more than the ceiling are under
    way, every place is given back, and every request comes to its end.
    """

    async def run() -> tuple[int, int, int]:
        kinds: dict[str, Callable[[], BaseException | None]] = {
            "a": lambda: None,
            "l": lambda: RateLimited("slow down", 0.5),
            "u": lambda: Unreachable("500"),
            "n": lambda: RateLimited("slow down"),
        }
        script = Script(*(kinds[end]() for end in ends))
        one = RateLimiter("provider", ceiling, chance=random.Random(seed))
        ends_ = await outcomes(one, script, 100)
        return script.peak, one.under_way, ends_.count("answer")

    peak, left, answered = run_virtually(run())
    assert peak <= min(ceiling, 64) and left == 0
    assert answered == 100


def test_one_task_may_send_side_by_side() -> None:
    """A narration of several requests is limited by the request, not by its task."""

    async def both() -> tuple[int, int]:
        one, script = gate(2), Script()
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(one(script))
        return script.peak, one.under_way

    assert run_virtually(both()) == (2, 0)


def test_requests_are_let_in_as_they_came() -> None:
    """First come, first served."""

    async def order() -> list[int]:
        one, came = gate(1), []

        async def send(number: int) -> None:
            came.append(number)
            await asyncio.sleep(1)

        await asyncio.gather(*(one(lambda n=n: send(n)) for n in range(20)))
        return came

    assert run_virtually(order()) == list(range(20))


def test_a_failed_or_cancelled_request_gives_its_place_back() -> None:
    """Errors and cancels leave no place taken, wherever they strike."""

    async def fail() -> tuple[int, int]:
        one = gate(1)
        await outcomes(one, Script(*(OSError() for _ in range(3))), 3)
        slow = asyncio.ensure_future(one(lambda: asyncio.sleep(9)))
        waits = asyncio.ensure_future(one(lambda: asyncio.sleep(9)))
        turn = asyncio.ensure_future(one(lambda: asyncio.sleep(9)))
        await asyncio.sleep(1)
        waits.cancel()
        slow.cancel()
        # its turn has come, and it has not yet begun
        turn.get_loop().call_soon(turn.cancel)
        await asyncio.gather(slow, waits, turn, return_exceptions=True)
        left = one.under_way, one.snapshot().waiting
        assert await one(Script()) == "answer"
        return left

    assert run_virtually(fail()) == (0, 0)


def test_sixty_four_is_the_most() -> None:
    """Whatever is asked, no gate lets more than 64 requests through at once."""

    async def ceilings() -> list[int]:
        script = Script()
        many = gate(1000, adaptive=False)
        await outcomes(many, script, 200)
        return [script.peak, many.limit, gate(2).limit, gate(0).limit]

    assert run_virtually(ceilings()) == [64, 64, 2, 1]


def test_an_adaptive_gate_begins_with_few_and_ends_with_many() -> None:
    """A provider that bears everything gets eight requests at first, and 64 before long."""

    async def grow() -> tuple[int, int]:
        script, one = Script(), gate()
        tasks = asyncio.ensure_future(outcomes(one, script, 500))
        await asyncio.sleep(0.5)
        first = script.peak
        await tasks
        return first, script.peak

    assert run_virtually(grow()) == (8, 64)


def test_a_snapshot_tells_what_goes_on() -> None:
    """Places, calls under way, those that wait, pause, counts: what a panel draws."""

    async def look() -> None:
        one = gate(2)
        script = Script(None, RateLimited("slow down", 30))
        work = asyncio.ensure_future(outcomes(one, script, 5))
        await asyncio.sleep(0.5)
        state = one.snapshot()
        assert (state.under_way, state.waiting, state.places, state.ceiling) == (2, 3, 2, 2)
        await asyncio.sleep(1)
        state = one.snapshot()
        assert 29 < state.pause < 31
        assert (state.answered, state.rate_limited, state.under_way) == (1, 1, 0)
        await work
        assert one.snapshot().sent == 6
        assert one.snapshot().closed is None

    run_virtually(look())


def test_a_429_pauses_everybody_for_as_long_as_the_provider_says() -> None:
    """After a 429 with 30 seconds nothing starts for 30 seconds, whoever it belongs to, and
    the request that was refused goes first.
    """

    async def wait() -> list[float]:
        script = Script(RateLimited("slow down", 30))
        assert await outcomes(gate(4), script, 12) == ["answer"] * 12
        return script.begun

    begun = run_virtually(wait())
    assert begun[:4] == [0, 0, 0, 0]
    assert all(each >= 31 for each in begun[4:])


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Rate limit reached. Please try again in 20s.", 20),
        ("try again in 1m20.5s", 80.5),
        ("try again in 900ms", 0.9),
        ("slow down and try again after 51.84 seconds.", 51.84),
        ("please wait for 2 minutes", 120),
    ],
)
def test_a_429_that_tells_the_time_in_words_is_understood(message: str, seconds: float) -> None:
    """Where there is no Retry-After, the seconds in the message count."""

    async def wait() -> float:
        script = Script(RateLimited(message))
        await gate()(script)
        return script.begun[1] - 1

    assert seconds <= run_virtually(wait()) <= seconds + 3


def test_a_429_that_takes_minutes_to_come_is_a_429_too() -> None:
    """A provider may think about it for as long as it likes."""

    async def wait() -> list[Any]:
        late = 0

        async def send() -> str:
            nonlocal late
            late += 1
            if late == 3:
                await asyncio.sleep(200)
                raise RateLimited("slow down", 1)
            await asyncio.sleep(1)
            return "answer"

        return await outcomes(gate(2), send, 300)

    assert run_virtually(wait()) == ["answer"] * 300


def test_429s_that_tell_nothing_are_met_with_ever_longer_pauses() -> None:
    """Without a time, each pause in a row is about twice as long as the last, up to a minute."""

    async def wait() -> list[float]:
        script = Script(*(RateLimited("no") for _ in range(9)))
        await gate()(script)
        return [b - a - 1 for a, b in pairwise(script.begun)]

    pauses = run_virtually(wait())
    assert 0.8 <= pauses[0] <= 2.3
    assert all(1.2 < b / a < 3.2 for a, b in pairwise(pauses[:6]))
    assert max(pauses) <= 73


def test_what_nobody_answered_is_sent_again() -> None:
    """A dropped connection or a 500 costs a retry and no section."""

    async def again() -> tuple[list[Any], int]:
        script = Script(Unreachable("500"), None, Unreachable("dropped"), None, Unreachable("500"))
        return await outcomes(gate(2), script, 4), len(script.begun)

    assert run_virtually(again()) == (["answer"] * 4, 7)


def test_what_will_not_pass_is_not_sent_again() -> None:
    """A refusal, a faulty request and a fault of vidkit's own are given back at once, and
    disturb no other request.
    """

    async def refuse() -> tuple[list[Any], int]:
        script = Script(Refused("not this"), ProviderError("bad request"), KeyError("a fault"))
        return await outcomes(gate(1), script, 5), len(script.begun)

    ends, sent = run_virtually(refuse())
    assert [type(end) for end in ends] == [Refused, ProviderError, KeyError, str, str]
    assert sent == 5


def test_a_gate_that_does_not_retry_gives_every_error_back() -> None:
    """What works on this machine needs no second try: it would fail the same way again."""

    async def fail() -> tuple[list[Any], float]:
        script = Script(*(Unreachable("no answer") for _ in range(9)), RateLimited("slow down"))
        return await outcomes(gate(1, retry=False, adaptive=False), script, 11), now()

    ends, seconds = run_virtually(fail())
    assert [type(end) for end in ends] == [*[Unreachable] * 9, RateLimited, str]
    assert seconds == 11


def test_what_may_have_been_paid_is_sent_again_once_only() -> None:
    """Two answers that stayed away after a request was sent end it, as unconfirmed."""

    async def lose() -> tuple[Any, Any, int]:
        script = Script(Unconfirmed("timed out"), None, Unconfirmed("one"), Unconfirmed("two"))
        one = gate(1)
        return await one(script), (await outcomes(one, script, 1))[0], len(script.begun)

    first, second, sent = run_virtually(lose())
    assert first == "answer"
    assert isinstance(second, Unconfirmed) and str(second) == "two"
    assert sent == 4


def test_each_attempt_is_a_call_of_its_own() -> None:
    """A caller that reserves money for each attempt does so inside `send`: it is called again."""

    async def count() -> int:
        attempts = 0

        async def send() -> None:
            nonlocal attempts
            attempts += 1
            if attempts < 3:
                raise Unreachable("500")

        await gate()(send)
        return attempts

    assert run_virtually(count()) == 3


@pytest.mark.parametrize(
    "error", [KeyMissing("set OPENAI_API_KEY"), QuotaExhausted("add credit")], ids=["key", "quota"]
)
def test_an_error_that_all_would_meet_closes_the_gate_with_one_message(
    error: ProviderError,
) -> None:
    """A wrong key or a quota that is used up ends every waiting request at once; one event
    says so, the provider hears no more, and what it had under way is let finish.
    """

    async def close() -> tuple[list[Any], int, list[Event]]:
        one, script = gate(2), Script(error)
        told = listened(one)
        ends = await outcomes(one, script, 100)
        with pytest.raises(type(error), match=str(error)):
            await one(script)
        return ends, len(script.begun), told

    ends, sent, told = run_virtually(close())
    assert ends.pop(1) == "answer"
    assert {(type(end), str(end)) for end in ends} == {(type(error), str(error))}
    assert sent == 2
    assert [(event.course, event.reason) for event in told] == [("closed", str(error))]


def test_a_closed_gate_can_be_opened_for_a_new_run() -> None:
    """Who has set the key runs the cell again, in the same kernel."""

    async def reopen() -> str:
        one = gate()
        await outcomes(one, Script(KeyMissing("no key")), 1)
        assert one.snapshot().closed == "no key"
        one.reopen()
        assert one.snapshot().closed is None
        return await one(Script())

    assert run_virtually(reopen()) == "answer"


def test_a_shut_provider_is_asked_once_in_a_while_and_opened_by_an_answer() -> None:
    """Three that are turned away in a row shut it; then nobody is sent but one probe after half a
    minute: one that fails leaves it shut as long again, one that is answered opens it for all.
    """

    async def shut() -> tuple[list[int], list[str | None]]:
        one = gate(1)
        away = ProviderMissing("the server lets this account in no more")
        script = Script(*[away] * 99)
        for _ in range(3):
            await outcomes(one, script, 1)
        sent, states = [len(script.begun)], [one.snapshot().closed]
        for mended in (False, True):
            if mended:
                script.ends.clear()
            await asyncio.sleep(31)
            await outcomes(one, script, 1)
            sent.append(len(script.begun))
            states.append(one.snapshot().closed)
            await outcomes(one, script, 5)
            sent.append(len(script.begun))
        return sent, states

    sent, states = run_virtually(shut())
    assert sent[1] - sent[0] == 1 and sent[2] == sent[1], "one probe, and nobody after it"
    assert sent[3] - sent[2] == 1 and sent[4] - sent[3] == 5
    assert states[0] and states[1] and states[2] is None


def test_without_a_network_it_takes_seconds_to_say_so() -> None:
    """Where no connection was ever made, three tries are enough, for all that wait."""

    async def nobody() -> tuple[list[Any], float, int]:
        script = Script(*(Offline("no connection; check the network") for _ in range(99)))
        return await outcomes(gate(2), script, 50), now(), len(script.begun)

    ends, seconds, sent = run_virtually(nobody())
    assert all(isinstance(end, Offline) for end in ends)
    assert seconds < 6
    assert sent <= 4


def test_an_outage_of_a_quarter_of_an_hour_ends_it_and_a_shorter_one_does_not() -> None:
    """A provider that was there and answers no more is looked after again and again, one
    request at a time, until patience ends.
    """

    async def out(minutes: float) -> tuple[list[Any], float, int]:
        one, sent = gate(8), 0

        async def send() -> str:
            nonlocal sent
            sent += 1
            await asyncio.sleep(1)
            if 3 < now() < 3 + 60 * minutes:
                raise Offline("connection refused")
            return "answer"

        return await outcomes(one, send, 100), now(), sent

    ends, seconds, sent = run_virtually(out(10))
    assert ends == ["answer"] * 100
    assert seconds < 10 * 60 + 60
    assert sent < 100 + 8 + 10 * 60 / 6

    ends, seconds, _ = run_virtually(out(1000))
    assert isinstance(ends[-1], Offline)
    assert 15 * 60 < seconds < 16 * 60


@pytest.mark.parametrize(
    ("error", "takes"),
    [(Offline("no connection"), 0.0), (Offline("no connection"), 4.0), (Unreachable("503"), 0.2)],
)
def test_an_outage_is_told_within_five_seconds_with_what_and_until_when(
    error: ProviderError, takes: float
) -> None:
    """Whether a connection is refused, or not made in the time for it, or answered by a fault: a
    person hears what does not answer, why, and until when it is asked again; and once.
    """

    async def out() -> tuple[float, list[GateDecided]]:
        one = gate()
        told = decisions(one)

        async def send() -> str:
            if now() < began or now() > began + 60:
                return "answer"
            await asyncio.sleep(takes)
            raise error

        began = now() + 1
        await one(send)
        await asyncio.sleep(began - now())
        assert await one(send) == "answer"
        return began, told

    began, told = run_virtually(out())
    (waits,) = (each for each in told if each.course == "waits")
    assert waits.at - began <= 5
    assert waits.until and waits.reason.endswith(f"it is asked again until {waits.until}")
    assert str(error) in waits.reason and "provider does not answer" in waits.reason
    assert told[-1].course == "goes on" and not told[-1].until


def test_damaged_answers_are_paid_for_a_dozen_times_at_most() -> None:
    """Each may have been paid: one request is sent eight times, and many that all come damaged a
    dozen times together, also by a provider that answered well before.
    """

    async def out(requests: int) -> tuple[list[Any], int]:
        one, script = gate(4), Script(None, *(Damaged("was cut off") for _ in range(2000)))
        assert await one(script) == "answer"
        return await outcomes(one, script, requests), len(script.begun) - 1

    ends, sent = run_virtually(out(1))
    assert isinstance(ends[0], Damaged) and sent == 8
    ends, sent = run_virtually(out(50))
    assert all(isinstance(end, Damaged) for end in ends)
    assert sent <= 12 + 4  # and what was under way with the last of them


def test_a_provider_is_looked_after_for_as_long_as_patience_says() -> None:
    """Also for most of a day, and thousands of looks."""

    async def out() -> tuple[list[Any], float]:
        one = gate(4, patience=50_000.0)
        assert await one(Script()) == "answer"
        script = Script(*(Offline("no connection") for _ in range(20_000)))
        return await outcomes(one, script, 1), now()

    ends, seconds = run_virtually(out())
    assert isinstance(ends[0], Offline)
    assert 49_900 < seconds < 50_100


@pytest.mark.parametrize("takes", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("heard", [True, False])
def test_where_somebody_takes_its_place_a_provider_is_waited_for_a_minute_at_most(
    takes: float, heard: bool
) -> None:
    """However long a failure takes, the last look is over when patience is."""

    async def out() -> tuple[list[Any], float]:
        one = gate(4, patience=60.0)
        if heard:
            await one(Script())

        async def send() -> str:
            await asyncio.sleep(takes)
            raise Unreachable("503")

        began = now()
        return await outcomes(one, send, 12), now() - began

    ends, seconds = run_virtually(out())
    assert all(isinstance(end, Unreachable) for end in ends)
    assert seconds <= 60


def test_a_pause_longer_than_patience_is_told_and_not_waited_for() -> None:
    """A quota of the day that comes back tomorrow ends the batch with what the provider says."""

    async def tomorrow() -> tuple[list[Any], float]:
        script = Script(RateLimited("come back tomorrow", 30_000))
        return await outcomes(gate(), script, 3), now()

    ends, seconds = run_virtually(tomorrow())
    assert isinstance(ends[0], RateLimited)
    assert seconds == 1


def test_every_decision_is_told_with_its_reason_in_words() -> None:
    """Slower, waiting and faster again: each is an event with a sentence, places and pace."""

    async def listen() -> list[Event]:
        one = gate()
        told = listened(one)
        answered = 0

        async def send() -> None:
            nonlocal answered
            if now() < 30 and answered >= 20:
                raise RateLimited("slow down", 5)
            answered += 1
            await asyncio.sleep(1)

        await outcomes(one, send, 150)
        return told

    told = run_virtually(listen())
    courses = [event.course for event in told if isinstance(event, GateDecided)]
    assert {"slower", "waits", "faster"} <= set(courses)
    retried = [event for event in told if isinstance(event, RequestRetried)]
    assert retried and all(event.reason == "slow down" for event in retried)
    for event in told:
        assert event.reason and event.at >= 0
    waits = next(e for e in told if isinstance(e, GateDecided) and e.course == "waits")
    assert "429" in waits.reason and 5 <= waits.seconds <= 6
    slower = next(e for e in told if isinstance(e, GateDecided) and e.course == "slower")
    assert slower.pace is not None and 5 < slower.pace < 60


def test_a_listener_that_fails_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """What a panel does with an event is no concern of the requests."""

    async def listen() -> str:
        one = gate()
        one.subscribe(lambda event: 1 / 0)
        return await one(Script(RateLimited("slow down", 1)))

    assert run_virtually(listen()) == "answer"
    assert "a listener failed" in caplog.text


def test_a_gate_on_a_clock_of_ones_own() -> None:
    """The time and the timers can be handed in; nothing in a gate sleeps but on them."""

    class Slow:
        """A clock that runs at half the loop's speed."""

        def time(self) -> float:
            return now() / 2

        def call_later(self, delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
            return asyncio.get_running_loop().call_later(2 * delay, callback)

    async def wait() -> float:
        script = Script(RateLimited("slow down", 10))
        await gate(clock=Slow())(script)
        return script.begun[1] - 1

    assert 20 <= run_virtually(wait()) <= 22


def test_ten_thousand_requests_cost_little() -> None:
    """A request that takes no time costs the gate well under 0.2 ms of the processor."""

    async def many() -> float:
        one = gate(8)

        async def send() -> None:
            await asyncio.sleep(0)

        began = time.process_time()
        await outcomes(one, send, 10_000)
        return (time.process_time() - began) / 10_000

    assert run_virtually(many()) < 0.0002


class Peculiar(QuotaExhausted):
    """An error of somebody's own, with arguments of its own."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code


def test_all_that_wait_get_an_error_of_somebodys_own_kind() -> None:
    """What closes the gate is told to everybody, whatever it takes to make such an error."""
    ends = run_virtually(
        outcomes(gate(1), Script(*(Peculiar(7, "no credit") for _ in range(9))), 3)
    )
    assert [(type(end), end.code, str(end)) for end in ends] == [(Peculiar, 7, "no credit (7)")] * 3


async def in_the_middle_of_another(send: Callable[[], Awaitable[str]], **how: Any) -> list[Any]:
    """What becomes of 25 requests of a run, one a minute, when another begins after 1,000 s."""
    one = gate(1, pace=1)
    one.use(pace=1)
    asked = asyncio.ensure_future(outcomes(one, send, 25))
    await asyncio.sleep(1_000)
    one.reopen()
    one.use(pace=1)
    return await asked


@pytest.mark.parametrize("error", [RateLimited("slow down"), Offline("no connection")])
def test_a_run_that_begins_takes_no_patience_from_another(error: ProviderError) -> None:
    """What waits for longer than patience lasts, while others are answered, is not given up, nor
    does a provider that has answered all the time count as one that never did.
    """
    begun = 0

    async def send() -> str:
        nonlocal begun
        begun += 1
        await asyncio.sleep(1)
        if 17 < begun < 21:
            raise copy.copy(error)
        return "answer"

    assert run_virtually(in_the_middle_of_another(send)) == ["answer"] * 25


def test_who_answers_slowly_is_not_asked_for_ever() -> None:
    """Patience ends also where each answer takes longer than that, as one of a machine that slept
    would.
    """

    async def run(seconds: float) -> float:
        async def send() -> str:
            await asyncio.sleep(seconds)
            raise Unreachable("503")

        assert "answer" not in await asyncio.wait_for(outcomes(gate(4, patience=60), send, 2), 1e6)
        return now()

    assert run_virtually(run(70.0)) < 700
    assert run_virtually(run(400.0)) < 4_000


def test_slow_answers_teach_where_patience_is_short() -> None:
    """Where another takes its place a provider is waited for a minute; pictures that take longer
    than that are as many at once as with more patience.
    """

    async def run(patience: float) -> int:
        async def send() -> str:
            await asyncio.sleep(90)
            return "answer"

        one = gate(64, patience=patience)
        await outcomes(one, send, 300)
        return one.snapshot().places

    assert run_virtually(run(60.0)) == run_virtually(run(900.0)) > 20


@pytest.mark.parametrize("adaptive", [True, False])
@pytest.mark.parametrize("after", [0.0, 0.001, -5.0, float("nan"), None])
def test_who_always_says_429_is_asked_seldom_whatever_it_says_of_when(
    after: float | None, adaptive: bool
) -> None:
    """A provider that names a wait which is no help is asked less and less often."""
    script, one = Script(*(RateLimited("slow down", after) for _ in range(9_000))), gate(4)
    one.use(adaptive=adaptive)
    told = listened(one)
    ends = run_virtually(outcomes(one, script, 8))
    assert all(getattr(event, "seconds", 0.0) >= 0.0 for event in told)
    assert all(isinstance(end, RateLimited) for end in ends)
    assert len(script.begun) < 120


def test_a_machine_that_slept_loses_no_patience() -> None:
    """Eight requests that were under way for a night and then lost their connections close
    nothing: they and those behind them are answered in the morning, at the pace of before.
    """
    night = 8 * 3600.0
    asleep = True

    async def send() -> str:
        if asleep:
            await asyncio.sleep(night - now())
            raise Unreachable("the connection was lost")
        await asyncio.sleep(1)
        return "good morning"

    async def run() -> tuple[list[str], float]:
        nonlocal asleep
        theirs = gate(8)
        asked = [asyncio.ensure_future(theirs(send)) for _ in range(20)]
        await asyncio.sleep(night - 1)
        await asyncio.sleep(1.2)
        asleep = False
        return await asyncio.gather(*asked), now()

    answers, at = run_virtually(run())
    assert answers == ["good morning"] * 20
    assert at < night + 120
