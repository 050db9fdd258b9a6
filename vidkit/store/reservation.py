"""Money that is set aside for one call, until it is known what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import StoreError
from .money import PaymentState

if TYPE_CHECKING:
    from .journal import Journal


class Reservation:
    """Money that is set aside for one call. The first way in which it ends stands.

    As a context manager it is unconfirmed unless it was ended within. Ending it never
    raises: where the journal cannot be written it stays reserved, which counts in full.
    """

    def __init__(self, journal: Journal, entry: int) -> None:
        self.id = entry
        self._journal = journal
        self._ended = False

    def paid(self, dollars: float | None = None) -> None:
        """The provider answered; it cost so much, or None: what was reserved."""
        self._end("paid", dollars)

    def free(self) -> None:
        """It was made and cost nothing."""
        self._end("free")

    def failed(self) -> None:
        """It was not made, and nothing is owed."""
        self._end("failed")

    def unconfirmed(self) -> None:
        """It was sent and never answered; it may have been billed, and counts in full."""
        self._end("unconfirmed")

    def __enter__(self) -> Reservation:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended:
            self.unconfirmed()

    def _end(self, state: PaymentState, dollars: float | None = None) -> None:
        if self._ended:
            return
        self._ended = True
        try:
            self._journal.end(self.id, state, dollars)
        except StoreError as error:
            self._journal.note(f"a call that was {state} is still noted as reserved: {error}")
