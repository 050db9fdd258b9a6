"""Text as written → plain text: what is shown where nothing may be obeyed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vidkit.core.format import printable
from vidkit.errors import Fault, LessonError, VidkitError

OBEYED = {chr(c) for c in (*range(32), *range(127, 160))} - {"\t", "\n"}
OBEYED |= set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


@given(st.text(st.characters(), max_size=80))
def test_what_is_visible_obeys_nothing(text: str) -> None:
    """No escape, no control, no change of direction and no half character is left, whatever
    the text; and what is visible already stays as it is.
    """
    shown = printable(text)
    assert not set(shown) & OBEYED
    shown.encode()
    assert printable(shown) == shown
    assert "\n" not in printable(text, line=True)


def test_readable_text_stays() -> None:
    """Words of any script, emoji, tabs and line ends are shown as they are."""
    text = "Größe\tम 漢字 عربى 👩‍🔬\nnext"
    assert printable(text) == text
    assert printable("a\x1b[31m\u202eb\r\udcff") == "a\\x1b[31m\\u202eb\\r\\udcff"


def test_the_text_of_an_error_obeys_nothing() -> None:
    """An error may be printed by anybody, with the name of any file in it."""
    for error in (
        VidkitError("a\x1b[2Jb"),
        LessonError("a\x1b[2Jb", [Fault("x", "y")]),
        LessonError("a\x1b[2Jb", [Fault("x", "y"), Fault("\x9b", "y")]),
    ):
        assert not set(str(error)) & OBEYED
