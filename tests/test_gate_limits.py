"""The gate against providers with limits, in virtual time: as fast as can be, hardly a 429."""

from __future__ import annotations

import asyncio
import random
from statistics import fmean, median

import pytest
from limits import (
    FOREIGN,
    MOODY,
    SCENARIOS,
    TRICKIER,
    Outcome,
    Scenario,
    bucket,
    moody,
    rehearse,
)

from vidkit.core.loop import run_virtually
from vidkit.events import Event, GateDecided
from vidkit.providers.answers import Answer, Limits, limits_in, retry_after, seconds_in
from vidkit.providers.limiter import RateLimiter

SLOWER = 1.12
"""Times the lower bound that a scenario may take on average."""
REJECTIONS = 0.15
"""429s for each success, on average."""
SEEDS = range(1, 6)


def through(scenario: Scenario, seed: int, told: list[Event] | None = None) -> Outcome:
    async def run() -> Outcome:
        gate = RateLimiter("provider", chance=random.Random(seed))
        if told is not None:
            gate.subscribe(told.append)
        return await rehearse(scenario, seed, gate)

    outcome = run_virtually(run())
    assert outcome.peak <= 64
    return outcome


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_close_to_the_lower_bound_with_hardly_a_429_and_nothing_lost(scenario: Scenario) -> None:
    """Up to 64 at once, each provider is used to 1/1.12 of what it can bear at the very best,
    no call is lost, and fewer than 15 in 100 calls are wasted on a 429.
    """
    outcomes = [through(scenario, seed) for seed in range(1, 9)]
    assert sum(outcome.lost for outcome in outcomes) == 0
    assert fmean(outcome.seconds for outcome in outcomes) <= SLOWER * scenario.bound
    assert fmean(outcome.rejections for outcome in outcomes) <= REJECTIONS
    assert min(outcome.seconds for outcome in outcomes) >= 0.95 * scenario.bound


@pytest.mark.parametrize("scenario", TRICKIER, ids=lambda scenario: scenario.name)
def test_what_a_provider_keeps_to_itself_is_found_out(scenario: Scenario) -> None:
    """A limit of one at a time, or on the number at once, takes longer to find; nothing is
    lost meanwhile, and the provider is not hammered.
    """
    outcomes = [through(scenario, seed) for seed in SEEDS]
    assert sum(outcome.lost for outcome in outcomes) == 0
    assert fmean(outcome.seconds for outcome in outcomes) <= 1.4 * scenario.bound
    assert fmean(outcome.rejections for outcome in outcomes) <= REJECTIONS


@pytest.mark.parametrize("scenario", MOODY, ids=lambda scenario: scenario.name)
def test_a_429_now_and_then_does_not_bring_everything_to_a_stop(scenario: Scenario) -> None:
    """Where every tenth call gets a 429 whatever one does, a pace is of no use: it is left, and
    many calls are under way again.
    """
    outcomes = [through(scenario, seed) for seed in SEEDS]
    assert sum(outcome.lost for outcome in outcomes) == 0
    assert fmean(outcome.seconds for outcome in outcomes) <= 4 * scenario.bound


@pytest.mark.parametrize("scenario", FOREIGN, ids=lambda scenario: scenario.name)
def test_what_other_servers_do_is_borne_as_well(scenario: Scenario) -> None:
    """A line in place of 429s, a penalty that grows, a limit on tokens: nothing is lost, and no
    more than a quarter of the time.
    """
    outcomes = [through(scenario, seed) for seed in SEEDS]
    assert sum(outcome.lost for outcome in outcomes) == 0
    assert fmean(outcome.seconds for outcome in outcomes) <= 1.25 * scenario.bound
    assert fmean(outcome.rejections for outcome in outcomes) <= REJECTIONS


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.3])
def test_429s_at_random_slow_nothing_down(fraction: float) -> None:
    """Where 429s follow no rate, a hundred requests of 15 s take at most 1.6 times as long as
    without any, and each is sent again on its own.
    """

    def seconds(refused: float) -> float:
        scenario = moody("429s at random", 100, refused, median=15, says=False)
        outcomes = [through(scenario, seed) for seed in range(1, 12)]
        assert sum(outcome.lost for outcome in outcomes) == 0
        return median(outcome.seconds for outcome in outcomes)

    assert seconds(fraction) <= 1.6 * seconds(0.0)


def test_runs_share_a_limiter_on_the_slowest_of_their_paces() -> None:
    """At paces of 60 and 61 a minute, 15 requests start in 15 s, and not twice as many; when the
    slow run is over its pace is, too.
    """

    async def started() -> tuple[int, float | None]:
        one, begun = RateLimiter("provider"), []

        async def send() -> None:
            begun.append(asyncio.get_running_loop().time())

        ends = [one.use(pace=60), one.use(pace=61)]
        await asyncio.gather(*(one(send) for _ in range(40)))
        ends[0]()
        return sum(at <= 15 for at in begun), one.snapshot().pace

    assert run_virtually(started()) == (16, 61)


def test_a_limit_that_cannot_be_is_ignored_with_a_note() -> None:
    """A limit of a thousandth of a request a minute stops nothing, and is told once."""
    limits, odd = limits_in(
        {"x-ratelimit-limit-requests": "0.001", "x-ratelimit-remaining-requests": "0"}
    )
    assert limits is None and odd is not None

    async def told() -> list[str]:
        one, heard = RateLimiter("provider"), []
        one.subscribe(lambda event: heard.append(getattr(event, "reason", "")))

        async def send() -> Answer[None]:
            return Answer(None, limits, odd)

        for _ in range(3):
            await one(send)
        return heard

    (note,) = run_virtually(told())
    assert "0.001" in note and "ignored" in note


@pytest.mark.parametrize(
    ("headers", "per_minute"),
    [
        (("60", "59", "1s"), 60),
        (("60", "0", "1m0s"), 60),
        (("500", "499", "120ms"), 500),
        (("14400", "14370", "2m59.56s"), 10.02),
        (("100", "40", "30m0s"), 2),
        (("60", "30", "nonsense"), 60),
    ],
)
def test_reset_tells_a_limit_of_a_minute_from_one_of_a_day(
    headers: tuple[str, str, str], per_minute: float
) -> None:
    """`x-ratelimit-reset-requests` in OpenAI's forms; what comes back slowly is no minute's."""
    names = [f"x-ratelimit-{what}-requests" for what in ("limit", "remaining", "reset")]
    limits, odd = limits_in(dict(zip(names, headers, strict=True)))
    assert odd is None and limits is not None
    assert limits.per_minute == pytest.approx(per_minute, rel=0.01)


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"retry-after": "Fri, 31 Dec 99999 23:59:59 GMT"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after-ms": "1e15", "retry-after": "2"}, 2),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "250ms"}, 0.25),
        ({"x-ratelimit-remaining-requests": "7", "x-ratelimit-reset-requests": "6m0s"}, None),
    ],
)
def test_times_that_cannot_be_meant_are_ignored_and_told(
    headers: dict[str, str], after: float | None
) -> None:
    """A year of five figures, a billion seconds: no error and no wait; resets count where
    nothing else says when to come back.
    """
    found, odd = retry_after(headers)
    assert found == after
    assert (odd is not None) == any(name.startswith("retry") for name in headers)


def test_headers_are_believed_before_there_is_a_429() -> None:
    """A provider that tells its limits in headers never has to say 429."""
    scenario = bucket("20 a minute, with headers", 120, 20, hints=True)
    outcomes = [through(scenario, seed) for seed in SEEDS]
    assert fmean(outcome.rejections for outcome in outcomes) < 0.01


def test_a_number_at_once_is_told_from_a_number_a_minute() -> None:
    """Where the 429s always come with the fifth at once, four places are what is decided."""
    scenario = next(each for each in TRICKIER if "at_once" in each.limits)
    told: list[Event] = []
    through(scenario, 1, told)
    reasons = [event.reason for event in told if isinstance(event, GateDecided)]
    assert any("4 at once" in reason for reason in reasons)


def test_a_fixed_gate_stays_as_it_is() -> None:
    """adaptive=False keeps the pauses and learns nothing."""

    async def run() -> tuple[Outcome, list[Event]]:
        told: list[Event] = []
        gate = RateLimiter("provider", 8, adaptive=False, chance=random.Random(1))
        gate.subscribe(told.append)
        return await rehearse(bucket("20 a minute", 100, 20), 1, gate), told

    outcome, told = run_virtually(run())
    assert outcome.lost == 0
    assert {event.course for event in told if isinstance(event, GateDecided)} == {"waits"}
    assert {event.places for event in told if isinstance(event, GateDecided)} == {8}


def test_a_crowded_provider_gets_fewer_at_once_before_it_says_so() -> None:
    """A provider that takes ever longer is given fewer requests, though it never says 429."""
    scenario = next(each for each in SCENARIOS if "crowded beyond 12" in each.name)
    told: list[Event] = []
    assert through(scenario, 1, told).rejections == 0
    slower = [e for e in told if isinstance(e, GateDecided) and e.course == "slower"]
    assert slower and slower[-1].places < 30
    assert "instead of" in slower[0].reason


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "300", "retry-after": "1"}, 0.3),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    """Seconds and thousandths; nonsense is nothing, and so is a date that is past."""
    assert retry_after(headers)[0] == seconds


def test_limits_are_read_from_headers() -> None:
    """Both headers count, and neither alone, nor nonsense in them."""
    names = "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests"
    assert limits_in(dict(zip(names, ("20", "7"), strict=True))) == (Limits(20, 7), None)
    for values in (("20",), ("twenty", "7"), ("0", "0"), ("nan", "1")):
        assert limits_in(dict(zip(names, values, strict=False)))[0] is None


@pytest.mark.parametrize("message", ["", "slow down", "in a while", "limit 5 images per min"])
def test_a_message_without_a_time_has_none(message: str) -> None:
    """A number that is no time to wait is not taken for one."""
    assert seconds_in(message) is None
