"""What `vidkit.models.files` promises: values, or the place, the problem and the mend."""

from __future__ import annotations

import json
import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit.errors import Fault
from vidkit.models.files import LARGEST, Odd, Twice, called, parse, quoted, tidied, unsound

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**50), 10**50)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc{}[]\"\\'"), inner),
    max_leaves=12,
)

MISTAKES = {
    "": "empty",
    " \n\t ": "empty",
    "\ufeff": "empty",
    '{"a": [1, 2,]}': "line 1, column 12: a comma stands before `]`",
    '{"a": 1,\n}': "line 1, column 8: a comma stands before `}`",
    '{"a": [1, 2}': "`}` comes while `[` is still open",
    '{"a": {"b": 2]}': "`]` comes while `{` is still open",
    '{"a": 1}}': "line 1, column 9: the lesson is over before this",
    '{"a": 1} {"a": 2}': "the lesson is over before this",
    '{"a": 1\n"b": 2}': "line 1, column 8: a comma is missing",
    '[{"a": 1}\n\n{"a": 2}]': "line 1, column 10: a comma is missing",
    '{"a": "he said "so" and left"}': "a text has ended, and more follows",
    '{"a": "b"，"c": 1}': "`，` stands where a comma belongs; write ,",
    '{"a": "b"; "c": 1}': "`;` stands where a comma belongs; write ,",
    '{"a"：1}': "`：` stands where a colon belongs; write :",
    '{"a" = 1}': "`=` stands where a colon belongs; write :",
    '{"a": 2 min}': "line 1, column 9: a value has ended, and more follows; put text in double",
    '{"a": "one\ntwo"}': "line 1, column 11: a text runs over the end of the line",
    '{"a": "one\ttwo"}': "a tab stands in a text",
    '{"a": "one\x01two"}': "the control character U+0001",
    '{"a": "one': "line 1, column 7: the text that begins here never ends",
    '{"a": "\\d"}': "a backslash stands alone",
    '{"a": "\\u12"}': "lacks its four",
    "{'a': 1}": "' is no quotation mark of JSON",
    '{"a": “b”}': "“ is no quotation mark of JSON",
    '{"a": True}': "`True` is not JSON; write `true`",
    '{"a": None}': "`None` is not JSON; write `null`",
    '{"a": yes}': "`yes` stands without quotation marks",
    "{a: 1}": "`a` stands without quotation marks",
    '{"a": 1 // one\n}': "a comma is missing",
    '// one\n{"a": 1}': "JSON has no comments",
    '{"a" 1}': "a colon is missing",
    '{"a": }': "something is missing before `}`",
    '{"a": 1,, "b": 2}': "something is missing before `,`",
    '{"a":\u00a01}': "the invisible character U+00A0",
    '{"a": [': "the file ends before the lesson does",
    '{"a": +1}': "`+` is not expected here",
    "\ufeff\ufeff{}": "the invisible character U+FEFF",
    '["a": 1]': "a key stands where none can be",
}


@pytest.mark.parametrize("text", MISTAKES, ids=range(len(MISTAKES)))
def test_a_syntax_error_tells_what_and_where(text: str) -> None:
    """A mistake of syntax is told in the words of the person who made it."""
    fault = parse(text.encode())
    assert isinstance(fault, Fault)
    assert MISTAKES[text] in str(fault)
    assert fault.mend


@pytest.mark.parametrize(
    "data",
    [
        '{"é": 1}'.encode("utf-16"),
        '{"é": 1}'.encode("utf-16-le"),
        '{"é": 1}'.encode("utf-16-be"),
        '{"é": 1}'.encode("utf-32"),
        '{\n"é": 1}'.encode("latin-1"),
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00[Content_Types].xml",
        b"{\\rtf1\\ansi\\ansicpg1252 {\\fonttbl}}",
        b"\x00",
        b"\x89PNG\r\n\x1a\n",
        b'{"a": "\xed\xa0\x80"}',
        b"\xc0\xaf",
    ],
)
def test_other_encodings_are_refused_with_a_mend_that_names_utf8(data: bytes) -> None:
    """Bytes that are not UTF-8 are refused, and the mend is to save them as UTF-8."""
    fault = parse(data)
    assert isinstance(fault, Fault)
    assert "UTF-8" in str(fault)


def test_a_byte_that_is_not_utf8_is_found_by_its_line() -> None:
    """A wrong byte is told with its line."""
    assert "line 2: the byte 0xE9" in str(parse('{\n"é": 1}'.encode("latin-1")))


def test_a_byte_order_mark_of_utf8_is_no_fault() -> None:
    """A file that begins with the UTF-8 mark is read as one without it."""
    assert parse(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@given(VALUES)
@settings(max_examples=80, deadline=None)
def test_plain_json_is_read_as_it_was_written(value: object) -> None:
    """Whatever JSON can say comes back as it was."""
    assert parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=200) | st.text("{}[]\",:\\ntrue1'\n").map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_value_or_a_fault(data: bytes) -> None:
    """No bytes make it raise, and what it takes the standard library takes too."""
    value = parse(data)
    if isinstance(value, Fault):
        assert value.problem
        str(value).encode()
    else:
        json.loads(data.decode("utf-8-sig"))


def test_a_key_given_twice_is_kept_as_twice() -> None:
    """An object that repeats a key says which."""
    value = parse(b'{"a": 1, "b": {"c": 1, "d": 2, "c": 3}}')
    assert isinstance(value, dict)
    assert not isinstance(value, Twice)
    inner = value["b"]
    assert isinstance(inner, Twice)
    assert inner.names == ("c",)
    assert "`b`: `c` is given more than once" in str(unsound("b", inner))


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "0." + "1" * 5000]
)
def test_numbers_nobody_can_use_are_odd(number: str) -> None:
    """NaN, the infinities and endless digits stay in their place, and are unsound there."""
    value = parse(f'{{"a": [{number}]}}'.encode())
    assert isinstance(value, dict)
    assert isinstance(value["a"][0], Odd)
    assert len(str(unsound("a", value["a"]))) < 100


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":[', '["\\"",['])
def test_deep_nesting_is_refused_even_where_recursion_is_allowed(opening: str) -> None:
    """A million brackets end in a fault, not in the stack of the interpreter."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        fault = parse(opening.encode() * 200_000)
    finally:
        sys.setrecursionlimit(before)
    assert "nested deeper" in str(fault)


def test_brackets_in_a_text_do_not_nest() -> None:
    """Brackets that are only written about are text."""
    assert parse(json.dumps({"a": '"[{' * 100}).encode()) == {"a": '"[{' * 100}


@pytest.mark.parametrize("part", [b"{},", b"[],", b'{"":{}},'])
def test_a_small_file_cannot_take_much_memory(part: bytes) -> None:
    """Ten megabytes of empty objects are refused before they are made."""
    data = b"[" + part * (LARGEST // len(part) - 2) + b"0]"
    tracemalloc.start()
    try:
        fault = parse(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "lists and objects" in str(fault)
    assert peak < 5 * len(data)


def test_more_than_the_largest_file_is_refused() -> None:
    """One byte more than the limit is too much, and the limit itself is not."""
    data = b'"' + b"a" * (LARGEST - 2) + b'"'
    assert parse(data) == "a" * (LARGEST - 2)
    assert "larger than 10 MB" in str(parse(data + b" "))


@pytest.mark.parametrize(
    "text", ["\ud800", "a\udfffb", ["\udc00"], {"\ud800": 1}, {"a": ["\ud800"]}]
)
def test_half_a_character_is_unsound(text: object) -> None:
    """A lone surrogate is found wherever it stands, and its fault can be printed."""
    fault = unsound("content", text)
    assert "half a character" in str(fault)
    str(fault).encode()


@pytest.mark.parametrize(
    "text", [r"\beta", r"\frac", r"2 \times 3", r"\theta", r"\nabla", r"\rho", r"a \right)"]
)
def test_a_command_of_latex_with_one_backslash_is_unsound(text: str) -> None:
    """JSON reads the backslash of \\beta as a backspace, and the person is told."""
    value = parse(f'{{"content": "{text}"}}'.encode())
    assert isinstance(value, dict)
    assert "lone backslash" in str(unsound("content", value["content"]))
    assert unsound("content", text) is None


@pytest.mark.parametrize(
    "text", ["a\tb", "a\nb", "a\r\nb", "right\nequal\tto", "\x0c", "naïve 👩🏽‍🚀"]
)
def test_ordinary_texts_are_sound(text: str) -> None:
    """Tabs, ends of line and joined emoji are nothing to complain of."""
    assert unsound("content", text) is None


def test_control_characters_are_left_out_and_told() -> None:
    """What nobody sees is left out and named; ends of line become one kind."""
    dropped: set[str] = set()
    value = {"a\x00": ["b\x7f\r\nc\x0bd\re\u2028f\tg\ufffe", 1, None]}
    assert tidied(value, dropped) == {"a": ["b\nc\nd\ne\nf\tg", 1, None]}
    assert dropped == {"\x00", "\x7f", "\ufffe"}


@given(st.text())
@settings(deadline=None)
def test_what_is_quoted_can_be_printed_on_one_line(name: str) -> None:
    """A key of any characters is shown short, on one line and without surprises."""
    shown = quoted(name)
    assert shown.isprintable()
    assert len(shown) < 300
    shown.encode()


def test_an_unseen_character_is_called_by_its_number() -> None:
    """Characters that cannot be seen are told by their number."""
    assert called("\x0c") == "U+000C"
