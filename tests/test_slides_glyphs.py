"""Which characters the fonts have."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit import slides
from vidkit.core.fonts import (
    Font,
    by_preference,
    choose_fonts,
    coverage,
    covers,
    replaced,
    uncovered,
)

INTER = str(Path(slides.__file__).parent / "fonts" / "Inter-Regular.otf")


def test_the_bundled_font_has_western_letters_and_no_chinese() -> None:
    """The characters of a font file are read from the file."""
    ranges = coverage(INTER)
    assert all(covers(ranges, ord(sign)) for sign in "Aéßñøłαжя–“…€₂²½")
    assert not covers(ranges, ord("日"))
    assert not covers(ranges, ord("ع"))
    assert uncovered("Größe ∑ → ½ 日本 日", ranges) == ["日", "本"]


def test_every_bundled_weight_has_the_same_letters() -> None:
    """Bold and italic text needs no other font than regular text."""
    for font in Path(INTER).parent.glob("*.otf"):
        assert not uncovered("Aéßñøłαжя–“…€½", coverage(str(font))), font.name


def test_a_damaged_font_has_no_characters(tmp_path: Path) -> None:
    """A file that is no font, or half of one, is passed over."""
    whole = Path(INTER).read_bytes()
    for i, data in enumerate((b"", b"ttcf", b"no font at all", whole[:300], b"\x00" * 5000)):
        path = tmp_path / f"{i}.otf"
        path.write_bytes(data)
        assert coverage(str(path)) == ()
    assert coverage(str(tmp_path / "missing.otf")) == ()


def test_signs_are_cast_in_the_order_of_the_fonts() -> None:
    """The first font that has a sign gets it; a sign that none has is left out."""
    first, second = Font("One", INTER), Font("Two", INTER)
    assert choose_fonts(["A", "日"], [first, second]) == {"A": first}


def test_fonts_that_suit_the_language_come_first() -> None:
    """Japanese text gets Japanese shapes, and the order does not hang on the file system."""
    names = ["Zed", "Noto Sans CJK SC", "Noto Sans Thai", "Noto Sans CJK JP", "Abc"]
    fonts = [Font(name, "x") for name in names]
    assert by_preference(fonts, "ja")[0].family == "Noto Sans CJK JP"
    assert by_preference(fonts, "en")[0].family == "Noto Sans CJK SC"
    assert by_preference(fonts, "en") == by_preference(fonts[::-1], "en")


def test_what_cannot_be_shown_leaves_no_box() -> None:
    """Pictographs go without a trace, a run of letters leaves one ellipsis."""
    assert replaced("Well done 🎉🎉!", {"🎉"}) == "Well done !"
    assert replaced("日本語 means Japanese", set("日本語")) == "… means Japanese"


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 20)), max_size=8), st.integers(0, 520)
)
@settings(max_examples=60, deadline=None)
def test_ranges_hold_what_they_say(spans: list[tuple[int, int]], code: int) -> None:
    """A code is in merged ranges exactly when it is in one of the spans."""
    from vidkit.core.fonts import _merged

    pairs = [(first, first + more) for first, more in spans]
    assert covers(_merged(pairs), code) is any(first <= code <= last for first, last in pairs)
