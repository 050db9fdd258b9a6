"""A key, or an address that holds one: carried to its provider, and shown nowhere."""

from __future__ import annotations

from typing import Any, NoReturn

from .errors import SettingsError


class Secret:
    """Text that nobody is to see: its `repr` and `str` are `shown`, it is no JSON, and it is
    not pickled, so that it reaches no file and no other machine. `reveal()` gives the text.
    """

    __slots__ = ("_shown", "_text")

    def __init__(self, text: str, shown: str = "…") -> None:
        self._text = text
        self._shown = shown

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return self._shown

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise SettingsError(
            "a key is not written down and not sent to other processes; leave api_key out and "
            "set the provider's environment variable there, such as OPENAI_API_KEY"
        )
