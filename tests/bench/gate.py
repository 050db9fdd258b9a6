"""How long providers with limits keep one waiting: fixed workers, AIMD, and the gate.

    python tests/bench/gate.py [--seeds 20] [--only WORDS]

Virtual time: hours pass in seconds. For each scenario of `tests/limits.py`, the table gives
the time taken over its lower bound, and in brackets 429s for each success; "lost" counts calls
that were given up. Fixed workers and AIMD do what a careful script does: a semaphore, and for
each call retries that honour Retry-After, else a backoff of 1, 2, 4 … 60 s with jitter.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from limits import FOREIGN, MOODY, SCENARIOS, TRICKIER, Call, Outcome, Scenario, rehearse

from vidkit.core.loop import run_virtually
from vidkit.errors import RateLimited, Unreachable
from vidkit.providers.limiter import RateLimiter

DAY = 24 * 3600.0


class Workers:
    """So many workers; each call holds its worker until it succeeds."""

    def __init__(self, chance: random.Random, count: float) -> None:
        self.chance = chance
        self.count = count
        self.under_way = 0
        self.waiting: list[asyncio.Future[None]] = []

    async def __call__(self, call: Call) -> Any:
        while self.under_way >= int(self.count):
            self.waiting.append(asyncio.get_running_loop().create_future())
            await self.waiting[-1]
        self.under_way += 1
        try:
            return await self.again(call)
        finally:
            self.under_way -= 1
            self.wake()

    def wake(self) -> None:
        """Let as many go on as there are workers free."""
        for waiter in self.waiting[: max(0, int(self.count) - self.under_way)]:
            waiter.set_result(None)
            self.waiting.remove(waiter)

    async def again(self, call: Call) -> Any:
        """Call until it succeeds."""
        for tried in range(10**9):
            seconds = min(60.0, 2.0 ** min(tried, 6)) * self.chance.uniform(0.75, 1.25)
            try:
                answer = await call()
            except RateLimited as error:
                self.refused()
                if error.retry_after is not None:
                    seconds = error.retry_after * self.chance.uniform(1, 1.1)
            except Unreachable:
                self.refused()
            else:
                self.answered()
                return answer
            await asyncio.sleep(seconds)
        raise AssertionError

    def refused(self) -> None:
        """A call failed."""

    def answered(self) -> None:
        """A call succeeded."""


class Aimd(Workers):
    """Netflix' AIMDLimit: ten per cent fewer workers at each failure, one more at each success."""

    def refused(self) -> None:
        self.count = max(1.0, 0.9 * self.count)

    def answered(self) -> None:
        if self.under_way * 2 >= self.count:
            self.count = min(64.0, self.count + 1)
            self.wake()


POLICIES: dict[str, Callable[[random.Random], Callable[[Call], Any]]] = {
    "fixed 4": lambda chance: Workers(chance, 4),
    "fixed 8": lambda chance: Workers(chance, 8),
    "fixed 16": lambda chance: Workers(chance, 16),
    "fixed 32": lambda chance: Workers(chance, 32),
    "AIMD": lambda chance: Aimd(chance, 4),
    "vidkit": lambda chance: RateLimiter("provider", chance=chance),
}


def measured(scenario: Scenario, policy: str, seed: int) -> Outcome | None:
    """One run; None where it is not over within a day."""

    async def run() -> Outcome | None:
        try:
            async with asyncio.timeout(DAY):
                return await rehearse(scenario, seed, POLICIES[policy](random.Random(seed)))
        except TimeoutError:
            return None

    return run_virtually(run())


def cell(scenario: Scenario, policy: str, seeds: int) -> tuple[str, float]:
    """What the table says, and the times of the lower bound."""
    outcomes = [measured(scenario, policy, seed) for seed in range(1, seeds + 1)]
    ended = [outcome for outcome in outcomes if outcome is not None]
    if len(ended) < len(outcomes):
        return "over a day", float("inf")
    times = fmean(outcome.seconds for outcome in ended) / scenario.bound
    text = f"{times:.2f} ({fmean(outcome.rejections for outcome in ended):.2f})"
    lost = sum(outcome.lost for outcome in ended)
    return text + (f" {lost} lost" if lost else ""), times


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    print(f"times the lower bound (429s per success), mean of {asked.seeds} seeds\n")
    print(f"{'':46}{'bound':>7} " + "".join(f"{name:>14}" for name in POLICIES))
    worst = dict.fromkeys(POLICIES, 0.0)
    for scenario in SCENARIOS + TRICKIER + MOODY + FOREIGN:
        if asked.only not in scenario.name:
            continue
        print(f"{scenario.name:46}{scenario.bound:5.0f} s ", end="", flush=True)
        for name in POLICIES:
            text, times = cell(scenario, name, asked.seeds)
            worst[name] = max(worst[name], times)
            print(f"{text:>14}", end="", flush=True)
        print()
    print(f"{'worst':54}" + "".join(f"{times:>14.2f}" for times in worst.values()))


if __name__ == "__main__":
    main()
