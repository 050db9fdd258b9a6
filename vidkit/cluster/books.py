"""What the client does for its workers: it writes the journal, and holds the reins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ClusterError, VidkitError
from ..pipeline import Reins, Tools
from ..store import Reservation
from .attempt import Attempt
from .far import CALLS
from .letters import Letter
from .line import Line


async def answered(
    line: Line,
    letter: Letter,
    tools: Tools,
    attempt: Attempt | None,
    call: str,
    asked: Mapping[str, Any],
) -> None:
    """Do in the journal what a worker asks for in `letter`, and answer it. attempt: the lesson
    that it is about, None where that is not made there any more.
    """
    given = {"budgets": tools.budgets} if call == "reserve" else {}

    def do() -> Any:
        answer = getattr(tools.store.journal, call)(**asked, **given)
        return answer.id if isinstance(answer, Reservation) else answer

    try:
        if call not in CALLS:
            raise ClusterError(f"a worker does not {call} in the journal")
        if call == "tally":
            answer = await asyncio.to_thread(do)
        elif attempt is None:
            raise ClusterError("this lesson is made elsewhere by now")
        else:
            answer = await attempt.write(call, do, asked)
    except Exception as error:
        line.refuse(letter, error)
    else:
        line.reply(letter, answer)


class FarReins(Reins):
    """The reins of a run whose lessons are elsewhere. changed: called when they are."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def hold(self) -> None:
        """As `Reins.hold`."""
        super().hold()
        self._changed()

    def go(self) -> None:
        """As `Reins.go`."""
        super().go()
        self._changed()

    def end(self, why: VidkitError) -> None:
        """As `Reins.end`."""
        super().end(why)
        self._changed()
