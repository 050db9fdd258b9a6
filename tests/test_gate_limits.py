"""The gate against providers with limits, in virtual time: as fast as can be, hardly a 429."""

from __future__ import annotations

import random
from statistics import fmean

import pytest
from limits import MOODY, SCENARIOS, TRICKIER, Outcome, Scenario, bucket, rehearse

from vidkit.core.loop import virtually
from vidkit.events import Event, GateDecided
from vidkit.providers.headers import Limits, limits_in, retry_after, seconds_in
from vidkit.providers.limiter import RateLimiter

SLOWER = 1.20
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

    outcome = virtually(run())
    assert outcome.peak <= 64
    return outcome


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_close_to_the_lower_bound_with_hardly_a_429_and_nothing_lost(scenario: Scenario) -> None:
    """Up to 64 at once, each provider is used to 1/1.2 of what it can bear at the very best,
    no call is lost, and fewer than 15 in 100 calls are wasted on a 429.
    """
    outcomes = [through(scenario, seed) for seed in SEEDS]
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

    outcome, told = virtually(run())
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
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    """Seconds, thousandths, a date; nonsense is nothing."""
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
