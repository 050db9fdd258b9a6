"""What a lesson on a worker takes for a journal, a store and a gate: each speaks with the place
where the one for the whole cluster is.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from ..errors import ClusterError, StoreError
from ..gate import Answer
from ..store import Budget, Journal, Money, Reservation, Store
from ..store.money import PaymentState
from .letters import HUB, portable
from .line import Line
from .turns import Service

T = TypeVar("T")
_numbers = itertools.count(1)

CALLS = {"begin_run", "end_run", "reserve", "end", "spent", "tally"}
"""What a worker may ask of the journal."""


class FarJournal(Journal):
    """The journal of the client's store, for the lesson that is try `number` of `run`.

    The client alone writes it, in the order in which it is asked, and knows the budgets. Methods
    block until it has answered; they raise `StoreError` where it is gone.
    """

    def __init__(self, line: Line, run: str, number: int, note: Callable[[str], None]) -> None:
        self._line = line
        self._run = run
        self._number = number
        self._note = note

    def begin_run(self, lesson: str, keys: Iterable[str] = ()) -> int:
        """As `Journal.begin_run`."""
        number: int = self._ask("begin_run", lesson=lesson, keys=[*keys])
        return number

    def need(self, run: int, keys: Iterable[str]) -> None:
        """As `Journal.need`, without waiting until it is written."""
        needed = {"run": run, "keys": [*keys]}
        self._line.mention(self._run, "need", self._number, needed)

    def end_run(self, run: int, *, finished: bool) -> None:
        """As `Journal.end_run`."""
        self._ask("end_run", run=run, finished=finished)

    def reserve(
        self,
        *,
        run: int | None,
        key: str,
        kind: str,
        provider: str,
        lesson: str,
        dollars: float | None,
        budgets: Sequence[Budget] = (),
    ) -> Reservation:
        """As `Journal.reserve`, under the budgets of the client's run."""
        asked = {"run": run, "key": key, "kind": kind, "provider": provider}
        return Reservation(self, self._ask("reserve", **asked, lesson=lesson, dollars=dollars))

    def end(self, entry: int, state: PaymentState, dollars: float | None = None) -> None:
        """As `Journal.end`."""
        self._ask("end", entry=entry, state=state, dollars=dollars)

    def spent(self, run: int | None = None, budget: str | None = None) -> Money:
        """As `Journal.spent`."""
        money: Money = self._ask("spent", run=run, budget=budget)
        return money

    def tally(self, **more: int) -> dict[str, int]:
        """As `Journal.tally`."""
        counts: dict[str, int] = self._ask("tally", **more)
        return counts

    def close(self) -> None:
        """Nothing is open here."""

    def _ask(self, call: str, **asked: Any) -> Any:
        try:
            return self._line.wait(self._run, "journal", self._number, call, asked)
        except ClusterError as error:
            raise StoreError(f"the journal, which is with the client, is gone: {error}") from error


class FarStore(Store):
    """The client's store on the shared folder: its files are here, its journal is not.

    owner: the client's own opening of the store, which has to be seen from here. renewed: gets
    the keys of what another worker made anew in this run; None where nothing is to be made anew.
    Raises `StoreError` where `folder` is not the client's.
    """

    def __init__(
        self,
        folder: Path,
        owner: str,
        journal: FarJournal,
        line: Line,
        run: str,
        renewed: set[str] | None,
        on_note: Callable[[str], None],
    ) -> None:
        self._far = journal
        self._line = line
        self._run = run
        self._renewed = renewed
        if not (folder / "processes" / f"{owner}.lock").is_file():
            raise StoreError(
                f"{folder} is not the folder of the client's store; all machines need it under "
                "one path: name a shared folder with VIDKIT_CACHE (cache_dir=), or share nothing "
                "with cache=False"
            )
        super().__init__(folder, on_note=on_note)
        # a process that ends has no line any more; what it left is swept by the next opening
        self._leave.atexit = False

    def _open_journal(self, used: bool) -> Journal:
        return self._far

    def _sweep(self) -> int:
        return 0  # what is to be settled is the client's

    @asynccontextmanager
    async def flight(self, key: str) -> AsyncIterator[bool]:
        """As `Store.flight`, in the whole cluster, whatever locks the shared folder keeps; always
        as if somebody else had had it, for a look at a shared folder is not quick.
        """
        asset, number, made = (str(self.folder), key), next(_numbers), False
        try:
            before = await self._line.answer(HUB, "flight", self._run, asset, number)
            if before and self._renewed is not None:
                self._renewed.add(key)
            async with super().flight(key):
                yield True
                made = self._renewed is not None
        finally:
            self._line.mention(HUB, "land", asset, number, made)


class FarGate:
    """The way to a provider through the cluster's gate for it, which stands at the scheduler."""

    def __init__(self, line: Line, run: str, service: Service) -> None:
        self._line = line
        self._run = run
        self._service = service

    async def __call__(self, send: Callable[[], Awaitable[T]], /) -> T:
        """As `Gate.__call__`."""
        number, line = next(_numbers), self._line
        own: Exception = ClusterError("the gate was closed")
        try:
            verdict, error = await line.answer(HUB, "enter", self._run, self._service, number)
            while verdict == "go":
                try:
                    answer = await send()
                except Exception as failure:
                    own = failure
                    told = portable(failure)
                    verdict, error = await line.answer(HUB, "failed", number, told)
                else:
                    limits = answer.limits if isinstance(answer, Answer) else None
                    line.tell(HUB, "ended", number, limits)
                    return answer
        except BaseException:
            line.tell(HUB, "leave", number)
            raise
        if error is None:
            raise own
        raise error from own
