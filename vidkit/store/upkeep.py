"""A store that is opened to be looked after, also where its disk is full: to make room."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from ..errors import StoreError
from . import keeping
from .journal import Journal
from .keeping import Removal
from .presence import sweep
from .store import Store


class Upkeep(Store):
    """A store whose journal may be one that cannot be written, or not even be read, for want of
    room; `notes` says so. Everything else is as in `Store`.
    """

    def __init__(
        self, folder: Path | None = None, *, on_note: Callable[[str], None] | None = None
    ) -> None:
        self._unread = self._unsettled = False
        super().__init__(folder, on_note=on_note)

    def prune(
        self,
        older_than: timedelta | None = None,
        keep_bytes: int | None = None,
        *,
        dry: bool = False,
    ) -> Removal:
        """As `Store.prune`. Raises `StoreError` where the journal cannot be read: nobody knows
        then what unfinished lessons need.
        """
        if self._unread:
            raise StoreError(
                "what unfinished lessons need cannot be read, so that nothing is pruned; make room "
                "elsewhere, or remove everything with: vidkit cache clear"
            )
        return super().prune(older_than, keep_bytes, dry=dry)

    def clear(self, *, dry: bool = False) -> Removal:
        """As `Store.clear`. Where what dead runs left cannot be written down, all assets go, if
        no other process has the store open; `StoreError` where one has.
        """
        if not self._unread and not self._unsettled:
            return super().clear(dry=dry)
        living, _ = sweep(self.folder / "processes")
        if living - {self.opening}:
            raise StoreError(
                f"{self.notes[-1]}; another process has the store open, and what it needs cannot "
                "be told: end it first"
            )
        with self._told("written"):
            removal = keeping.clear(self.shelf, lambda _: False, dry=dry)
        if not dry:
            with suppress(StoreError):
                super()._sweep()
        return removal

    def _open_journal(self, used: bool) -> Journal:
        try:
            return super()._open_journal(used)
        except StoreError as error:
            self._told_of.add(str(error))
            self._unread = True
            return Journal()

    def _sweep(self) -> int:
        try:
            return super()._sweep()
        except StoreError as error:
            self._told_of.add(str(error))
            self._unsettled = True
            return 0

    def _write_counts(self) -> dict[str, int]:
        try:
            return super()._write_counts()
        except StoreError:
            return {}
