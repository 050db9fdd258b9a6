"""Nothing leaves its room: measured by the template, and on the drawn pixels."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from vidkit.providers import ImageAsk
from vidkit.providers.slides import Slides
from vidkit.slides.figures import Edge, Entry
from vidkit.slides.follow import Found, moments
from vidkit.slides.render import Frame
from vidkit.slides.slide import Slide

SIZES = ((1280, 720), (720, 1280), (720, 720), (960, 720))
LESSONS = Path(__file__).parents[1] / "notebooks" / "lessons"
SLIDES = Slides()


def asks() -> list[tuple[str, ImageAsk]]:
    """Every section of the project's lessons, in turn in each form of frame."""
    found = []
    for path in sorted(LESSONS.glob("*.json")):
        lesson = json.loads(path.read_text(encoding="utf-8"))
        for number, section in enumerate(lesson["sections"], 1):
            ask = ImageAsk(
                description=section["image_description"],
                narration=section["content"],
                title=section.get("title"),
                language=lesson.get("language", "en"),
                size=SIZES[len(found) % len(SIZES)],
                slide=section.get("slide", {}),
            )
            found.append((f"{path.stem}-{number}", ask))
    return found


def stained(data: bytes, ask: ImageAsk, statement: bool) -> list[str]:
    """The margins of a drawn slide that hold anything but paper.

    Descenders may hang a few points below the room, and the ground of a statement is cut by two
    edges on purpose: the right one, and the lower or, in a frame that is not broad, the upper one.
    """
    frame = Frame.of(ask.size)
    image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    left, top, width, height = (round(value * frame.scale) for value in frame.area)
    slack = round(20 * frame.scale)
    paper = image[0, 0].astype(int)
    margins = {
        "left": image[:, : left - slack],
        "right": image[:, left + width + slack :],
        "top": image[: top - slack],
        "bottom": image[top + height + slack :],
    }
    if statement:
        cut = "bottom" if ask.size[0] > 1.6 * ask.size[1] else "top"
        margins = {name: margins[name] for name in margins if name not in ("right", cut)}
    return [
        name
        for name, margin in margins.items()
        if (np.abs(margin - paper).sum(axis=2, initial=0) > 24).any()
    ]


@pytest.mark.parametrize("ask", [ask for _, ask in asks()], ids=[name for name, _ in asks()])
def test_every_slide_of_the_lessons_fits_whole(ask: ImageAsk) -> None:
    """Everything that was chosen keeps to its room, and nothing reaches the margins."""
    slide = SLIDES.slide(ask)
    assert SLIDES.fits(slide, ask.size)
    picture = SLIDES.picture(slide, ask.size)
    assert stained(picture.data, ask, slide.layout == "statement") == []
    assert picture.notes == ()


@pytest.mark.parametrize("size", SIZES[:3])
def test_no_long_word_of_a_gloss_leaves_its_box(size: tuple[int, int]) -> None:
    """A narrow card takes smaller type for a word that no line would hold."""
    told = "Anaphase: Die Hälften werden auseinandergezogen. "
    cards = [told, "Metaphase: Sie ordnen sich in der Zellmittelebene an.", "Telophase: Zwei Kerne"]
    slide = {"layout": "cards", "points": cards}
    picture = SLIDES.picture(SLIDES.slide(ImageAsk("", told, "T", "de", size, slide)), size)
    boxes = [spot.box for r in picture.regions for spot in r.spots if r.item.kind == "entry"]
    image = np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB")).astype(int)
    for _, top, right, bottom in boxes:
        gutter = image[top:bottom, right + 1 : right + 5]
        assert (abs(gutter - image[2, 2]).max(axis=2) < 12).all()


def test_a_table_whose_columns_have_no_names_has_no_head() -> None:
    """Its first row stands where the head of another begins."""
    size, rows = (1280, 720), [["a", "1"], ["b", "2"]]
    tops = []
    for head in (["", ""], ["Name", "Size"]):
        wish = {"layout": "table", "table": [head, *rows]}
        picture = SLIDES.picture(SLIDES.slide(ImageAsk("", "a", "T", "en", size, wish)), size)
        boxes = {r.item.key: spot.box for r in picture.regions for spot in r.spots}
        tops.append((boxes["row.0"][1] + boxes["row.1"][3]) / 2)
    middle = 0.55 * size[1]
    assert abs(tops[0] - middle) < abs(tops[1] - middle)


def test_the_steps_of_a_second_slide_go_on_counting() -> None:
    """Whoever sees step three sees a three."""
    slide = Slide("steps", "", "T", entries=tuple(Entry(f"Step {i}") for i in range(1, 6)))
    halves = slide.halves()
    assert halves is not None and [half.before for half in halves] == [0, 3]


@pytest.mark.parametrize("size", SIZES[:3])
def test_the_words_of_a_way_back_are_drawn_in_any_frame(size: tuple[int, int]) -> None:
    """Under the boxes, or beneath steps that stand under one another."""
    entries = tuple(Entry(name) for name in ("Code", "Test", "Ship"))
    there = Slide("steps", "", "T", entries=entries, loop=Edge(1, 0, "Bugs found!"))
    bare = replace(there, loop=Edge(1, 0))
    pictures = [SLIDES.picture(slide, size) for slide in (there, bare)]
    inks = []
    for picture in pictures:
        image = np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB")).astype(int)
        (ways,) = [region.spots for region in picture.regions if region.item.key == "loop.0"]
        boxes = [image[t:b, a:c] for a, t, c, b in (spot.box for spot in ways)]
        inks.append(sum(int((abs(box - image[2, 2]).max(axis=2) > 90).sum()) for box in boxes))
    assert inks[0] > inks[1] + 100


@pytest.mark.parametrize("size", SIZES)
def test_no_line_of_a_statement_stands_on_its_disc(size: tuple[int, int]) -> None:
    """What fades before its time fades into one ground, and not into a patch of two."""
    said = "We have managed to sculpt silicon, atom by atom, into billions of switches on sand"
    slide = Slide("statement", "", "How do we build this?", points=(said, said))
    picture = SLIDES.picture(slide, size)
    image = np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB")).astype(int)
    for region in picture.regions:
        for left, top, right, bottom in (spot.box for spot in region.spots):
            rim = [
                image[top, left:right],
                image[bottom - 1, left:right],
                image[top:bottom, right - 1],
            ]
            assert all(abs(edge - image[-2, 2]).max() < 12 for edge in rim)


def test_a_hero_keeps_to_its_room_in_any_frame() -> None:
    """However much is said beside it, the drawing gives way."""
    for size in SIZES:
        hero = {"hero": "🌈", "line": "Where does a rainbow end? Nobody has ever reached it"}
        points = ["Nobody has reached its end", "Not a thing in a place", "A pattern of light"]
        ask = ImageAsk("", "Words.", "The Arch That Nobody Can Touch", "en", size)
        slide = SLIDES.slide(replace(ask, slide=hero | {"points": points}))
        assert SLIDES.fits(slide, size)
        assert stained(SLIDES.picture(slide, size).data, ask, False) == []


def test_there_are_lessons_to_look_at() -> None:
    """The lessons are where the test looks for them."""
    assert len(asks()) >= 30


WORDS = (
    *("the", "a", "of", "and", "light", "which", "water", "because", "it", "rises", "cell", "Gate"),
    *("Photolithography", "electroencephalographically", "in", "1969,", "V_th", "(small)", "is"),
    *(
        "Donaudampfschifffahrtsgesellschaft",
        "—",
        "'Look-Up Table'",
        "'Mask'",
        "E=mc²",
        "50%",
        "no.",
    ),
)
FRAMES = (
    "{}",
    "A flowchart. Arrows connect {}.",
    "On the left, titled {}. On the right, titled {}.",
    "Layers: the bottom layer is {}, above it {}. A stack of layers.",
    "X-axis: 'Time', y-axis: 'A rather long name'. A line labeled {} rises. A line {} falls.",
)
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=400).map(" ".join)
QUOTED = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(lambda w: f"'{' '.join(w)}'"),
    min_size=2,
    max_size=9,
).map(", ".join)


@given(
    narration=TEXTS,
    title=st.none() | st.lists(st.sampled_from(WORDS), min_size=1, max_size=20).map(" ".join),
    description=st.tuples(st.sampled_from(FRAMES), QUOTED).map(lambda t: t[0].replace("{}", t[1])),
    size=st.sampled_from(SIZES),
)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_section_fits(
    narration: str, title: str | None, description: str, size: tuple[int, int]
) -> None:
    """A section of 1 to 400 words, with any labels, is drawn inside its margins."""
    ask = ImageAsk(description, narration, title, "en", size)
    slide = SLIDES.slide(ask)
    picture = SLIDES.picture(slide, size)
    assert stained(picture.data, ask, slide.layout == "statement") == []


@given(
    layout=st.sampled_from(["steps", "cards", "layers", "parts", "points", "statement"]),
    points=st.lists(
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join),
        min_size=2,
        max_size=12,
    ),
    size=st.sampled_from(SIZES),
)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_wish_fits(layout: str, points: list[str], size: tuple[int, int]) -> None:
    """However many points a lesson asks for, what is drawn keeps to its room."""
    ask = ImageAsk("", "Words.", "Title", "en", size, slide={"layout": layout, "points": points})
    picture = SLIDES.picture(SLIDES.slide(ask), size)
    assert stained(picture.data, ask, layout == "statement") == []


MUCH = {
    "timeline": [f"{year}: What happened in the year {year}" for year in range(1787, 1801)],
    "cards": [f"Thing {n}: it does this and that for many a day of the week" for n in range(9)],
    "steps": [f"Step {n}: do this thing with the other thing and wait" for n in range(12)],
    "points": [f"Point {n} says a thing that one should remember well" for n in range(12)],
}


@pytest.mark.parametrize("size", SIZES[:3])
@pytest.mark.parametrize("layout", MUCH)
def test_what_one_slide_does_not_hold_goes_to_a_second(layout: str, size: tuple[int, int]) -> None:
    """All that a lesson asks for is there, at a size that can be read, on one slide or two, and
    each item says on which; also where a slide stands still, both are shown in turn."""
    points = MUCH[layout]
    ask = ImageAsk(
        "A page.", ". ".join(points) + ".", "Much", "en", size, {"layout": layout, "points": points}
    )
    slide = SLIDES.slide(ask)
    picture = SLIDES.picture(slide, size)
    assert not picture.notes
    assert [region.item.key for region in picture.regions] == [item.key for item in slide.items()]
    shown = " ".join(f"{r.item.text}: {r.item.gloss}" for r in picture.regions)
    assert all(point in shown for point in points)
    assert picture.smallest is not None and picture.smallest >= 30
    pages = {region.item.key: region.page for region in picture.regions}
    assert set(pages.values()) == set(range(1 + len(picture.pages)))
    times = [Found(2.0 * n, "run") for n, _ in enumerate(pages, 1)]
    turns = moments([r.item for r in picture.regions], times, 60.0, "still", pages)
    assert [turn.page for turn in turns] == sorted(set(pages.values()))


def test_more_than_two_slides_hold_is_said() -> None:
    """What is left out is told of in a note, and never in silence."""
    ask = ImageAsk("A page.", "It is so.", "T", "en", SIZES[0], {"points": ["One more"] * 20})
    assert "16 of 20 points" in " ".join(SLIDES.picture(SLIDES.slide(ask), SIZES[0]).notes)


def test_no_second_slide_of_one_bare_name() -> None:
    """Three parts stand together, and rather a line beside them is left out."""
    line = "The polysilicon crosses the diffusion, where a channel is formed that a gate controls"
    parts = tuple(Entry(name) for name in ("Source", "Drain", "Gate"))
    labels = ("Length (L) = 2λ", "Width (W) = 2λ", "Height (H) = 3λ")
    slide = Slide("parts", "why", "Transistor", (line,) * 3, parts, labels=labels)
    assert not SLIDES.picture(slide, (1080, 1080)).pages


@pytest.mark.parametrize("size", SIZES)
def test_labels_in_two_rows_stand_below_the_points(size: tuple[int, int]) -> None:
    """However large the points are set, what stands at the foot has its room."""
    said = "Pairing a new neutral stimulus with the conditioned one is second-order conditioning"
    for names in (("awake", "EEG"), ("Higher / Second-Order", *["unconditioned stimulus"] * 3)):
        slide = Slide("points", "", "Classical Conditioning", points=(said,) * 3, labels=names)
        drawn = SLIDES.picture(slide, size).regions
        tops = [s.box[1] for r in drawn for s in r.spots if r.item.key.startswith("chip")]
        ends = [s.box[3] for r in drawn for s in r.spots if r.item.key.startswith("point")]
        assert len(ends) == 3 and all(top > max(ends) for top in tops)
