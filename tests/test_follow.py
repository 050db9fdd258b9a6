"""Slides that follow the voice: when an item is spoken of, what is shown then, and its packets."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from vidkit.media import poster
from vidkit.media.clips import write_clip
from vidkit.media.follow import Patch, State, following
from vidkit.media.frame import RATE, Frame, frames_in
from vidkit.media.narration import silence
from vidkit.slides.figures import Item, Question
from vidkit.slides.follow import (
    CLOSING,
    LEAST,
    SAID,
    Found,
    Narrated,
    between,
    moments,
    spoken_times,
)
from vidkit.text.captions import Word

SIZE = (320, 180)
FRAME = Frame(size=SIZE)


def clocked(text: str) -> list[Word]:
    """Each word of `text` takes half a second."""
    found = re.findall(r"\S+", text)
    return [Word(word, i / 2, i / 2 + 0.45) for i, word in enumerate(found)]


def times(text: str, *items: Item, language: str = "en") -> list[Found | None]:
    return spoken_times(items, Narrated(text, clocked(text), language))


def second_of(text: str, word: str) -> float:
    return re.findall(r"\S+", text).index(word) / 2


SPOKEN = [
    # as written, as spoken, and where
    ("Light bends at the surface.", "Light bends", "Light", "run"),
    ("So the speed v equals g times t.", "v = g * t", "v", "run"),
    ("It stays at 42 degrees Celsius here.", "42 °C", "42", "run"),
    ("The mass stands on both sides and cancels.", "Both sides cancel the mass", "mass", "window"),
    ("Now the weight is m times g, of course.", "F = m * g", "m", "side"),
    ("Then comes the look-up table, at last.", "Look-up table (LUT)", "look-up", "head"),
]


@pytest.mark.parametrize(("text", "item", "word", "rule"), SPOKEN)
def test_an_item_is_found_where_it_is_spoken_of(text: str, item: str, word: str, rule: str) -> None:
    """Both are compared as they are said, and the surest rule that finds something counts."""
    key = "equation.0" if "=" in item else "entry.0"
    (found,) = times(text, Item(key, item))
    assert found is not None and found.rule == rule
    assert found.seconds == pytest.approx(second_of(text, word), abs=0.3)


SHOWN = [
    # the label, what the picture shows around it, the narration, and the word at which it is meant
    ("V_DS", "A second voltage … is applied", "Then it is on. We apply a voltage.", "voltage."),
    ("VSS", "First, blue … rails appear", "Red is the gate. Blue are the power rails.", "Blue"),
    ("1-bit Adder", "an array of identical … cells", "One block. An identical one.", "identical"),
]


@pytest.mark.parametrize(("label", "scene", "text", "word"), SHOWN)
def test_a_label_that_is_not_said_is_meant_where_its_scene_is(
    label: str, scene: str, text: str, word: str
) -> None:
    """Two words of what the picture shows around it, or a long one that is said but once."""
    (found,) = times(text, Item("chip.0", label, scene=scene))
    assert found is not None and found.rule == "scene"
    assert found.seconds == pytest.approx(second_of(text, word), abs=0.6)


def test_other_forms_of_a_name_are_found() -> None:
    """An abbreviation by the words that it stands for, a long word by its beginning or its end."""
    text = "It has an arithmetic logic unit. We place a mask. It can be reconfigured."
    items = [Item("chip.0", "ALU"), Item("entry.0", "Photomask"), Item("side.0", "Reconfigurable")]
    found = times(text, *items)
    assert [f.rule if f else None for f in found] == ["initials", "run", "run"]


def test_a_step_that_is_only_named_on_the_way_back_is_shown_then() -> None:
    """Its order does not keep it dark."""
    text = "We simulate it. If a bug is found, it goes back to the coding stage."
    items = [Item("entry.0", "Coding", ordered=True), Item("entry.1", "Simulate", ordered=True)]
    loop = Item("loop.0", "", after=("entry.1", "entry.0"))
    found = times(text, *items, loop)
    assert found[0] is not None and found[0].seconds == second_of(text, "coding")


def test_an_item_of_which_nothing_is_said_has_no_time() -> None:
    """One common word is no evidence."""
    assert times("The water is in the glass.", Item("entry.0", "Evaporation over the sea")) == [
        None
    ]


def test_a_name_said_twice_is_meant_where_its_gloss_follows() -> None:
    """A list that is announced is not the place where its first item is explained."""
    text = "Rain and hail are kinds of water. Then there is hail: balls of ice that fall."
    (found,) = times(text, Item("entry.0", "Hail", "balls of ice"))
    assert found is not None
    assert found.seconds == second_of(text, "hail:")


def test_points_keep_their_order() -> None:
    """A later point is not shown before an earlier one, although its words are said before too."""
    text = "Snow falls. Rain falls. Snow melts in the sun."
    points = [Item(f"point.{i}", t, ordered=True) for i, t in enumerate(("Rain falls", "Snow"))]
    found = times(text, *points)
    assert [f.seconds for f in found if f] == [1.0, 2.0]


def test_an_answer_is_looked_for_after_its_question() -> None:
    """The choice that is the answer is named before; the answer waits."""
    text = "Is it iron, or is it wood? Think of it. Now look: it is wood that floats."
    question = Item("question.0", "Is it iron, or is it wood?")
    answer = Item("answer.0", "Wood that floats", after=("question.0",), held=True)
    found = times(text, question, answer)
    assert found[1] is not None
    assert found[1].seconds > second_of(text, "look:")


def test_an_answer_in_words_of_its_question_is_found() -> None:
    """Its first words may stand in the question; it is given where the others are said."""
    text = "How many guesses do I need? Seven are always enough. The trick is the middle."
    question = Item("question.0", "How many guesses do I need?")
    answer = Item("answer.0", "Seven guesses are enough", after=("question.0",), held=True)
    found = times(text, question, answer)
    assert found[1] is not None and found[1].seconds == second_of(text, "Seven")


def test_a_label_at_the_foot_is_found_by_its_rarest_word() -> None:
    """A name of two words is; a lone word, or one with a number, is too little to go by."""
    text = "The layer keeps the current in. It insulates well, as is known."
    names = [Item("chip.0", "Perfect insulator"), Item("chip.1", "Known since 1990")]
    found = times(text, *names)
    assert found[0] is not None and found[0].rule == "word"
    assert found[0].seconds == second_of(text, "insulates")
    assert found[1] is None or found[1].rule != "word"


@pytest.mark.parametrize(("seconds", "pales"), [(19.0, False), (30.0, True)])
def test_what_was_said_stays_whole_for_a_while(seconds: float, pales: bool) -> None:
    """Nothing grows pale and whole again only to move, but where it would stand for ten seconds."""
    items = [Item("entry.0", "One"), Item("entry.1", "Two")]
    shown = moments(items, [Found(0.0, "run"), Found(5.0, "run")], seconds)
    assert any(max(moment.levels.values()) < 1 for moment in shown) is pales
    starts = [moment.start for moment in shown] + [seconds]
    assert max(b - a for a, b in pairwise(starts)) < 10


def test_a_question_stands_there_before_it_is_asked() -> None:
    """It is what a headline is elsewhere; its answers come after it."""
    items = [Item("question.0", "Why?"), Item("choice.0", "So", after=("question.0",))]
    first = moments(items, [Found(5.0, "run"), Found(7.0, "run")], 12.0)[0]
    assert (first.start, dict(first.levels)) == (0.0, {"question.0": 1.0, "choice.0": 0.0})


QUIZZES = {
    "read out as questions": (
        "What is it? Is it iron, is it mercury, or is it gold? Think. It is mercury, you see.",
        "Think.",
        ["iron,", "mercury,", "gold?"],
    ),
    "read out by their letters": (
        "What is it? A: iron. B: mercury. C: gold. Think about it. It is mercury, you see.",
        "Think",
        ["iron.", "mercury.", "gold."],
    ),
    "only shown": (
        "What is it? Think about it. It is mercury, which flows; iron does not, and gold less.",
        "Think",
        ["What", "What", "What"],
    ),
    "only shown, the wrong ones first": (
        "What is it? Think about it. Not iron, and gold is no better. It is mercury, you see.",
        "better.",
        ["What", "What", "What"],
    ),
}


@pytest.mark.parametrize("how", QUIZZES)
def test_an_answer_is_not_given_away_by_its_choices(how: str) -> None:
    """The choices stand there when they are read out, or with the question; the answer comes when
    it is given, and then its choice alone stays bright."""
    text, thinking, named = QUIZZES[how]
    items = Question("What is it?", ("Iron", "Mercury", "Gold"), "Mercury").items()
    narrated = Narrated(text, clocked(text))
    found = between(items, spoken_times(items, narrated), narrated, 20.0)
    at = [each.seconds for each in found if each]
    assert at[1:4] == [second_of(text, word) for word in named]
    assert at[4] > second_of(text, thinking)
    shown = moments(items, found, 20.0)
    before = [each.levels for each in shown if each.start < at[4] - LEAST]
    given, *later = [each.levels for each in shown if each.start >= at[4] - LEAST]
    assert {levels["answer.0"] for levels in before} == {0}
    whole = [[levels[f"choice.{n}"] for n in range(3)] for levels in before]
    assert all(len(set(each)) == 1 or each == sorted(each, reverse=True) for each in whole)
    assert [key for key, level in given.items() if level == 1.0] == ["choice.1", "answer.0"]
    assert {levels[key] for levels in later for key in ("choice.1", "answer.0")} == {1.0}


def test_an_answer_that_is_never_said_comes_last() -> None:
    """Not at a guess between the other sentences."""
    text = "What is it made of? Wait a moment. And so it goes on. The end is here."
    items = [
        Item("question.0", "What is it made of?"),
        Item("answer.0", "Zirconium", after=("question.0",), held=True),
    ]
    narrated = Narrated(text, clocked(text))
    found = between(items, spoken_times(items, narrated), narrated, 10.0)
    assert found[1] is not None
    assert found[1].seconds == second_of(text, "The")


def test_without_word_times_the_clock_is_that_of_the_letters() -> None:
    """A voice that tells no times is followed over the seconds in which there is sound."""
    narrated = Narrated("Light bends. Then it leaves.", [], "en", None, (1.0, 9.0))
    (found,) = spoken_times([Item("point.0", "It leaves")], narrated)
    assert found is not None
    assert 5.0 < found.seconds < 8.0


ITEMS = [Item("entry.0", "One"), Item("entry.1", "Two"), Item("entry.2", "Three", held=True)]
TIMES = [Found(3.0, "run"), Found(6.0, "run"), Found(9.0, "run")]


def test_an_item_is_whole_while_it_is_spoken_of() -> None:
    """Faint before, paler after; what is held back is not there before; in the end all is whole."""
    shown = moments(ITEMS, TIMES, 15.0)
    by_start = {round(m.start, 2): m.levels for m in shown}
    assert 0 < by_start[0.0]["entry.0"] < SAID
    assert by_start[0.0]["entry.2"] == 0
    assert by_start[2.75]["entry.0"] == 1
    assert by_start[5.75]["entry.0"] == SAID
    assert by_start[5.75]["entry.1"] == 1
    assert by_start[5.75]["entry.2"] == 0
    assert set(shown[-1].levels.values()) == {1.0}
    assert shown[-1].start == pytest.approx(15 - CLOSING)


def test_a_spotlight_shows_all_from_the_start() -> None:
    """But an answer."""
    first = moments(ITEMS, TIMES, 15.0, "spotlight")[0]
    assert first.levels == {"entry.0": 1.0, "entry.1": 1.0, "entry.2": 0.0}


def test_a_still_slide_has_one_moment() -> None:
    """As has one of whose items nothing is said."""
    assert len(moments(ITEMS, TIMES, 15.0, "still")) == 1
    assert len(moments(ITEMS, [None] * 3, 15.0)) == 1


def test_moments_are_apart_and_none_is_too_long() -> None:
    """What comes at once appears together, and in a long pause what was said comes back."""
    close = [Found(3.0, "run"), Found(3.2, "run"), Found(28.0, "run")]
    starts = [m.start for m in moments(ITEMS, close, 30.0)]
    gaps = np.diff(starts)
    assert min(gaps) >= LEAST - 1e-9
    assert max(gaps) <= 10


def test_an_arrow_comes_with_its_later_end() -> None:
    """An edge without words of its own."""
    items = [
        Item("node.0", "A"),
        Item("node.1", "B"),
        Item("edge.0", "", after=("node.0", "node.1")),
    ]
    shown = moments(items, [Found(2.0, "run"), Found(5.0, "run"), None], 9.0)
    levels = [m.levels["edge.0"] for m in shown]
    assert levels[0] == levels[1] < SAID
    assert levels[2] == 1.0


# ------------------------------------------------------------ pictures and packets


def picture() -> Image.Image:
    """Two boxes on paper."""
    image = Image.new("RGB", SIZE, "#fbf9f5")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 40, 119, 139), fill="#1d2430")
    draw.rectangle((200, 40, 299, 139), fill="#2b5f8f")
    return image


LEFT, RIGHT = (18, 38, 122, 142), (198, 38, 302, 142)


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def made(path: Path, states: list[State], seconds: float, frame: Frame = FRAME) -> list[np.ndarray]:
    track = silence(seconds, frame)
    shown = following([picture()], states, frames_in(track.samples, frame.fps), frame)
    clip = write_clip(path, frame, shown, track)
    frames = decoded(path)
    assert len(frames) == clip.frames == frames_in(round(clip.seconds * RATE), frame.fps)
    return frames


def test_each_state_is_shown_at_its_time(tmp_path: Path) -> None:
    """Decoded again, frame by frame: away, faint, whole, over more than one group of frames."""
    states = [
        State(0.0, (Patch(LEFT, 0.0), Patch(RIGHT, 0.2))),
        State(2.0, (Patch(RIGHT, 0.0),)),
        State(9.5, ()),
    ]
    frames = made(tmp_path / "clip.mp4", states, 12.0)
    whole = np.asarray(picture()).astype(int)
    paper = whole[2, 2]

    def near(found: np.ndarray, wanted: np.ndarray) -> bool:
        return bool(abs(found.astype(int) - wanted).max() <= 8)

    assert near(frames[24][90, 70], paper)
    assert near(frames[24][90, 250], paper + (whole[90, 250] - paper) * 0.2)
    for at in (60, 150, 220):
        assert near(frames[at][90, 70], whole[90, 70])
        assert near(frames[at][90, 250], paper)
    assert near(frames[-1][90, 250], whole[90, 250])


def test_only_what_changes_is_sent_and_the_rest_stays_as_it_is(tmp_path: Path) -> None:
    """A fade sends the rows that change, at any height; each frame decodes to what was painted."""
    frame = Frame(size=(320, 426))
    image = Image.new("RGB", frame.size, "#fbf9f5")
    draw = ImageDraw.Draw(image)
    for top in range(20, 400, 60):
        draw.text((20, top), "Light bends at the surface", fill="#1d2430")
        draw.rectangle((250, top, 290, top + 30), fill="#2b5f8f")
    low = (0, 300, 320, 426)
    states = [State(0.0, (Patch(low, 0.17),)), State(2.0, ()), State(7.5, (Patch(low, 0.0),))]
    track = silence(9.0, frame)
    groups = list(following([image], states, frames_in(track.samples, 24), frame))
    write_clip(tmp_path / "clip.mp4", frame, iter(groups), track)
    frames = [shown.astype(int) for shown in decoded(tmp_path / "clip.mp4")]
    whole = np.asarray(image).astype(int)
    for at, rows in ((10, slice(0, 300)), (49, slice(0, 426)), (179, slice(0, 426))):
        assert abs(frames[at][rows] - whole[rows]).mean() < 3
    assert abs(frames[190][300:] - (251, 249, 245)).mean() < 3
    for earlier, later in pairwise(frames):
        assert abs(later[:280] - earlier[:280]).max() <= 2
    key, change = groups[1][:2]
    assert len(change) < len(key) / 2


def test_the_poster_shows_all_that_was_held_back(tmp_path: Path) -> None:
    """The picture of a clip on the sheet, and the poster, is its last state, and not its first."""
    path = tmp_path / "clip.mp4"
    made(path, [State(0.0, (Patch(LEFT, 0.0),)), State(2.0, ()), State(4.0, ())], 6.0)
    with Image.open(io.BytesIO(poster(path))) as shown:
        found = np.asarray(shown.convert("RGB")).astype(int)
    assert abs(found - np.asarray(picture()).astype(int)).max() <= 8


def test_a_seek_to_a_state_shows_it_at_once(tmp_path: Path) -> None:
    """Each state begins with a key frame, and no key frame stands beside another."""
    path = tmp_path / "clip.mp4"
    made(
        path,
        [State(0.0, (Patch(LEFT, 0.0),)), State(3.0, ()), State(3.05, (Patch(RIGHT, 0.0),))],
        9,
    )
    with av.open(str(path)) as container:
        keys = [i for i, p in enumerate(container.demux(video=0)) if p.is_keyframe and p.size]
    assert keys[:2] == [0, 72]
    assert min(np.diff(keys)) >= 2


def test_lines_that_cross_are_told_apart_by_their_colour(tmp_path: Path) -> None:
    """One line of a chart can be faint while another one that crosses it is whole."""
    image = Image.new("RGB", SIZE, "#fbf9f5")
    draw = ImageDraw.Draw(image)
    draw.line((20, 20, 300, 160), fill="#2b5f8f", width=5)
    draw.line((20, 160, 300, 20), fill="#b8741a", width=5)
    path = ((20.0, 20.0), (300.0, 160.0))
    state = State(0.0, (Patch((18, 18, 302, 162), 0.0, path, 20.0, "#2b5f8f"),))
    track = silence(1.0, FRAME)
    shown = following([image], [state], frames_in(track.samples, 24), FRAME)
    write_clip(tmp_path / "clip.mp4", FRAME, shown, track)
    frame = decoded(tmp_path / "clip.mp4")[0].astype(int)
    assert abs(frame[55, 90] - (251, 249, 245)).max() < 16
    assert abs(frame[125, 90] - (0xB8, 0x74, 0x1A)).max() < 60


def test_the_same_states_give_the_same_bytes(tmp_path: Path) -> None:
    """Nothing of a clip hangs on the time of day or on an earlier one."""
    states = [State(0.0, (Patch(LEFT, 0.2),)), State(1.0, ())]
    made(tmp_path / "a.mp4", states, 3.0)
    made(tmp_path / "b.mp4", states, 3.0)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_few_frames_a_second_change_without_a_fade(tmp_path: Path) -> None:
    """A fade of two frames would only flicker."""
    frame = Frame(size=SIZE, fps=4)
    frames = made(
        tmp_path / "clip.mp4", [State(0.0, (Patch(LEFT, 0.0),)), State(2.0, ())], 4.0, frame
    )
    assert frames[7][90, 70].mean() > 200
    assert frames[8][90, 70].mean() < 80
