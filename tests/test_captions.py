"""Captions: readable cues with true times, in files that nothing can break."""

from __future__ import annotations

import html
import io
import re
import unicodedata
from itertools import accumulate

import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit.text.captions import LINE, Cue, columns, cues, to_srt, to_vtt
from vidkit.text.languages import phrases
from vidkit.text.speech import spoken
from vidkit.text.timing import Word, estimated_words

TEXT = (
    "A cell is a factory of the body: it takes in food, and it makes heat. "
    "Without it, nothing of the kind happens — does it? The answer, as far as anybody knows, "
    "is that it does not; and that is why we look at it closely in this lesson."
)
HOSTILE = (
    "-->",
    "00:00:01.000 --> 00:00:02.000",
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "<00:00:03.000>",
    "a & b &amp; c &lt;",
    "WEBVTT",
    "NOTE a comment",
    "STYLE",
    "::cue { color: red }",
    "REGION",
    "{\\an8}top",
    "{y:i}slanted",
    "1\n\n2",
    "\r\n\r\n",
    "\u2028\u2029\x85\x0b\x0c",
    "\x00\x1b[31m",
    "\u202eright to left\u202c",
    "\ud800",
    "\ufeff",
)

pieces = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.text(alphabet="ab c.,\n*_`$-—", max_size=200),
    st.sampled_from(["汉字测试，文本。" * 9, "مرحبا بالعالم، ", "한국어 " * 30, "x" * 150, TEXT]),
)
texts = st.lists(pieces, max_size=6).map(" ".join)


def spread(text: str, seconds: float) -> list[Word]:
    """Words of `text`, evenly over `seconds`."""
    written = text.split()
    step = seconds / max(1, len(written))
    return [Word(word, k * step, (k + 0.9) * step) for k, word in enumerate(written)]


def check(made: list[Cue], start: float, end: float) -> None:
    """The promises that hold for the cues of any section."""
    at = start
    for cue in made:
        assert at <= cue.start < cue.end <= end
        assert round((cue.end - cue.start) * 1000) >= min(1000, int((end - start) * 1000) - 1)
        lines = cue.text.split("\n")
        assert 1 <= len(lines) <= 2
        assert all(line.strip() and len(line) <= columns(line) <= LINE for line in lines)
        at = cue.end


def read(file: str, kind: str) -> list[tuple[float, float, str]]:
    """What a parser that is not ours finds in a caption file."""
    parsed = webvtt.from_buffer(io.BytesIO(file.encode()), format=kind)
    return [(_seconds(each.start), _seconds(each.end), each.raw_text) for each in parsed]


def _seconds(time: str) -> float:
    hours, minutes, seconds = time.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


@settings(max_examples=150, deadline=None)
@given(texts, st.floats(0, 5000), st.floats(0.01, 120), st.booleans())
def test_cues_are_in_order_readable_and_long_enough(
    text: str, start: float, seconds: float, told: bool
) -> None:
    """Whatever the text and the time: in order, apart, within the section, lines that fit."""
    words = spread(text, seconds) if told else []
    check(cues(text, words, start, start + seconds), start, start + seconds)


@settings(max_examples=100, deadline=None)
@given(texts, st.lists(st.tuples(st.floats(), st.floats())), st.floats(0.5, 60))
def test_times_that_are_nonsense_do_no_harm(
    text: str, times: list[tuple[float, float]], seconds: float
) -> None:
    """Words with times that fall, are outside or are no numbers still give sane cues."""
    words = [Word(word, *time) for word, time in zip(text.split(), times, strict=False)]
    check(cues(text, words, 0, seconds), 0, seconds)


@settings(max_examples=100, deadline=None)
@given(texts, st.floats(1, 90))
def test_files_survive_any_narration(text: str, seconds: float) -> None:
    """WebVTT and SubRip hold exactly the cues, with their times and lines, for any text."""
    made = cues(text, [], 0, seconds)
    for file, kind in ((to_vtt(made), "vtt"), (to_srt(made), "srt")):
        found = read(file, kind) if made else []
        assert len(found) == len(made)
        for (start, end, _), cue in zip(found, made, strict=True):
            assert abs(start - cue.start) < 0.0015 and abs(end - cue.end) < 0.0015
        if kind == "vtt":
            assert [html.unescape(text) for _, _, text in found] == [cue.text for cue in made]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cue_of_somebody_else_breaks_no_file(text: str) -> None:
    """Cues made by hand, whatever they hold, leave the cues around them whole."""
    made = [Cue(0, 2, "before"), Cue(2, 4, f"one {text}\n\n{text} two"), Cue(4, 6, "after")]
    for file, kind in ((to_vtt(made), "vtt"), (to_srt(made), "srt")):
        found = read(file, kind)
        assert [(start, end) for start, end, _ in found] == [(0, 2), (2, 4), (4, 6)]
        assert found[0][2] == "before" and found[2][2] == "after"
        payload = re.sub(r"^.*-->.*$", "", file, flags=re.MULTILINE).removeprefix("WEBVTT")
        assert "-->" not in payload
        assert "<" not in payload
        assert not re.search(r"\{\\|\{y:", payload) or kind == "vtt"


def test_times_are_written_as_the_formats_ask() -> None:
    """Hours, minutes, seconds and thousandths, with the format's own point."""
    made = [Cue(3599.9996, 3661.25, "a & <b>")]
    assert to_vtt(made) == ("WEBVTT\n\n1\n01:00:00.000 --> 01:01:01.250\na &amp; &lt;b&gt;\n")
    assert to_srt(made) == "1\n01:00:00,000 --> 01:01:01,250\na & ‹b›\n"
    assert (to_vtt([]), to_srt([])) == ("WEBVTT\n", "")


def test_all_words_are_shown_in_order() -> None:
    """No word is lost, doubled or moved when there is time for them."""
    shown = " ".join(cue.text for cue in cues(TEXT, [], 0, 30))
    assert shown.split() == TEXT.split()


def test_cues_end_where_sentences_and_clauses_do() -> None:
    """A text with enough stops is cut at them alone."""
    for cue in cues(TEXT, spread(TEXT, 20), 0, 20):
        assert cue.text[-1] in ".,:;?—"


def test_a_cue_begins_with_its_first_word() -> None:
    """Times come from the voice: a cue starts as its first word does, the section's start added."""
    words = spread(TEXT, 24)
    made = cues(TEXT, words, 100, 124.5)
    firsts = iter(words)
    for cue in made:
        first = cue.text.split()[0]
        word = next(word for word in firsts if word.text == first)
        for _ in cue.text.split()[1:]:
            next(firsts)
        assert abs(cue.start - 100 - word.start) < 0.01


def test_without_words_the_letters_share_the_speech() -> None:
    """Letters share the time of the speech alone, and not the silence around it."""
    made = cues(TEXT, [], 10, 40, speech=(2.0, 22.0))
    assert made[0].start == 12.0
    assert 31.0 < made[-1].end <= 40.0
    rates = [len(cue.text) / (cue.end - cue.start) for cue in made]
    assert max(rates) < 1.6 * min(rates)


def test_a_cue_lingers_in_silence_and_not_in_the_next() -> None:
    """A quick sentence before a pause stays to be read; between two quick ones nothing does."""
    text = "Here is a sentence that is said in no time. And another one."
    words = [Word(word, 0.05 * k, 0.05 * k + 0.05) for k, word in enumerate(text.split()[:10])]
    words += [Word(word, 6 + 0.3 * k, 6.3 + 0.3 * k) for k, word in enumerate(text.split()[10:])]
    first, second = cues(text, words, 0, 9)
    assert first.end - first.start >= len(first.text) / 20 - 0.01
    assert first.end < second.start == 6.0


def test_marks_of_markdown_are_not_shown() -> None:
    """Emphasis, code, headings, lists and links leave their text; what is no mark stays."""
    text = (
        "# Title\n\n- **Bold** and `a*b` in [a link](https://x.org)\n- 2 * 3 > 5 & V_GS, <b>so</b>"
    )
    shown = " ".join(cue.text.replace("\n", " ") for cue in cues(text, [], 0, 20))
    assert shown == "Title Bold and a*b in a link 2 * 3 > 5 & V_GS, so"


def test_markdown_keeps_its_words_times() -> None:
    """Words with marks around them are found by the times that the voice gave."""
    text = "One **two** three four five six seven. `Eight()` nine ten and so on to the end."
    words = spread(text, 12)
    made = cues(text, words, 0, 12)
    assert [cue.text.split()[0] for cue in made] == ["One", "Eight()"]
    assert abs(made[1].start - words[7].start) < 0.01


def test_chinese_is_cut_between_characters() -> None:
    """Text without spaces is cut at its stops, and no line is wider than it may be."""
    text = "植物利用阳光制造食物，这个过程叫做光合作用。" * 6
    made = cues(text, [], 0, 40)
    check(made, 0, 40)
    assert "".join(cue.text.replace("\n", "") for cue in made) == text
    assert all(cue.text[-1] in "，。" for cue in made)
    assert not any(line[0] in "，。" for cue in made for line in cue.text.split("\n"))


WITHOUT_SPACES = {
    "ja": (
        "今日は天気がとても良いので、公園へ散歩に行きました。"
        "桜の花が咲いていて、人々が写真を撮っていました。"
    ),
    "zh": "今天天气非常好，所以我们去公园散步。樱花盛开，许多人在拍照，孩子们在草地上跑来跑去。",
    "th": "วันนี้อากาศดีมากเราจึงไปเดินเล่นที่สวนสาธารณะดอกซากุระกำลังบานและมีคนมากมายกำลังถ่ายรูปอยู่",
}


@pytest.mark.parametrize("language", WITHOUT_SPACES)
def test_a_text_without_spaces_is_cut_between_words(language: str) -> None:
    """Where a library knows the words of Japanese, Chinese or Thai, lines end with one."""
    text = WITHOUT_SPACES[language]
    ends = set(accumulate(map(len, phrases(text, language))))
    made = "\n".join(cue.text for cue in cues(text, (), 0, 14, language=language)).split("\n")
    assert len(ends) > 8 and len(made) > 2
    assert "".join(made) == text
    assert set(accumulate(map(len, made))) <= ends


@pytest.mark.parametrize("language", WITHOUT_SPACES)
def test_without_a_library_letters_keep_their_marks(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then a text without spaces is cut between letters, and none is parted from its marks."""
    text = WITHOUT_SPACES[language]
    monkeypatch.setattr("vidkit.text.languages._parser", lambda script: None)
    made = "\n".join(cue.text for cue in cues(text, (), 0, 14, language=language)).split("\n")
    assert phrases(text, language) == [text]
    assert "".join(made) == text
    assert not [line for line in made if unicodedata.category(line[0]).startswith("M")]


QUIZ = (
    "A) {}|B) {}|C) {}",
    "(a) {}|(b) {}|(c) {}",
    "A. {}|B. {}|C. {}",
    "a- {}|b- {}|c- {}",
    "A: {}|B: {}|C: {}",
    "[A] {}|[B] {}|[C] {}",
    "i) {}|ii) {}|iii) {}",
    "1. {}|2. {}|3. {}",
    "1) {}|2) {}|3) {}",
    "- {}|- {}|- {}",
    "• {}|• {}|• {}",
)


@pytest.mark.parametrize("spelling", QUIZ)
def test_each_item_of_a_list_is_a_cue_of_its_own(spelling: str) -> None:
    """However its letters, numbers or bullets are spelt."""
    text = "Which is a gas?\n" + spelling.replace("|", "\n").format("Iron", "Neon", "Gold")
    texts = [cue.text for cue in cues(text, (), 0, 9)]
    assert [each.split()[-1] for each in texts] == ["gas?", "Iron", "Neon", "Gold"]


def test_a_line_that_begins_with_an_initial_is_no_item() -> None:
    """Lines of a paragraph are not a list because one of them begins with a letter."""
    text = "In 1905 a man called\nA. Einstein wrote four papers on\nlight and time."
    assert len(cues(text, (), 0, 5)) == 1
    assert (
        spoken(text).text
        == "In 19 oh 5 a man called A. Einstein wrote four papers on light and time."
    )


def test_pieces_of_a_narration_hold_their_words() -> None:
    """A voice that was asked in pieces is heard to begin each where its sound begins, whatever
    the length of their texts says.
    """
    text = "One short start, and then a far longer piece that was said quite quickly, as it seems."
    pieces = [
        Word("One short start,", 0.0, 6.0),
        Word("and then a far longer piece that was said quite quickly,", 6.0, 8.0),
        Word("as it seems.", 8.0, 12.0),
    ]
    words = {word.text: word for word in estimated_words(text, (0.1, 11.9), [], pieces=pieces)}
    assert words["and"].start == 6.0 and words["as"].start == 8.0
    assert words["start,"].end == 6.0 and words["quickly,"].end == 8.0
    pauses = [(5.7, 6.4)]
    words = {word.text: word for word in estimated_words(text, (0.1, 11.9), pauses, pieces=pieces)}
    assert words["start,"].end == 5.7 and words["and"].start == 6.4


def test_right_to_left_lines_say_so() -> None:
    """Each line of Arabic begins with a mark of its direction; overrides are gone."""
    text = (
        "\u202eالخلية تسمى CPU في هذا الدرس\u202c. " + "ABC هي أحرف لاتينية في نص عربي طويل، " * 4
    )
    made = cues(text, [], 0, 30)
    check(made, 0, 30)
    for cue in made:
        assert all(line.startswith("\u200f") for line in cue.text.split("\n"))
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", cue.text)


@pytest.mark.parametrize("text", ["", "…", "😀 — 😀", "***", "\n\n", "\u200b"])
def test_a_text_without_letters_has_no_cues(text: str) -> None:
    """Where there is nothing to read there is no caption."""
    assert cues(text, [], 0, 5) == []


def test_far_too_much_text_is_cut() -> None:
    """Text that nobody could read in its time is cut, says so, and still makes sane cues."""
    made = cues("word " * 3000, [], 0, 4.2)
    check(made, 0, 4.2)
    assert len(made) == 4 and made[-1].text.endswith("…")
    short = cues(TEXT, [], 7, 7.4)
    assert [(cue.start, cue.end) for cue in short] == [(7, 7.4)]


def test_sections_follow_each_other_without_overlap() -> None:
    """The cues of sections put one after the other are in order, too."""
    made, at = [], 0.0
    for seconds in (3.337, 0.4, 11.01, 2.0004):
        made += cues(TEXT, [], at, at + seconds)
        at += seconds
    check_order = [time for cue in made for time in (cue.start, cue.end)]
    assert check_order == sorted(check_order)
    assert len(read(to_vtt(made), "vtt")) == len(made)


def test_an_hour_is_laid_out_at_once() -> None:
    """A long text takes as many cues as it needs, all of its words in them."""
    text = TEXT + " " + "The next part follows here, and it goes on for a while. " * 900
    made = cues(text, spread(text, 3600), 0, 3600)
    check(made, 0, 3600)
    assert " ".join(cue.text for cue in made).split() == text.split()


def test_a_line_ends_with_no_first_word_of_a_sentence() -> None:
    """The first word of a sentence stands with what comes next, where a line or a cue can be cut
    before it.
    """
    text = "The grammar of a drawing. Simple, plain, and easy to read in a book."
    words = [Word(each, n * 0.35, n * 0.35 + 0.35) for n, each in enumerate(text.split())]
    (cue,) = cues(text, words, 0.0, words[-1].end)
    assert cue.text.split("\n") == [
        "The grammar of a drawing.",
        "Simple, plain, and easy to read in a book.",
    ]
