"""The sections of a lesson that is over, in little room: a batch of thousands keeps them all."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Packed(Sequence[T]):
    """A sequence of values that is kept compressed, in memory alone, and unpacked when it is
    looked at. Twelve sections' reports take 1 kB instead of 13.
    """

    __slots__ = ("_count", "_data")

    def __init__(self, values: Sequence[T]) -> None:
        self._count = len(values)
        self._data = zlib.compress(pickle.dumps(tuple(values), pickle.HIGHEST_PROTOCOL), 1)

    def _values(self) -> tuple[T, ...]:
        values: tuple[T, ...] = pickle.loads(zlib.decompress(self._data))  # noqa: S301 - our own
        return values

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        return iter(self._values())

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self._values()[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Packed | tuple):
            return self._values() == tuple(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._values())
