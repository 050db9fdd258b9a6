"""The provider "slides": a picture for any section, the same bytes everywhere, nothing run."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from PIL import Image, ImageChops

import vidkit
from vidkit.errors import SettingsError
from vidkit.providers import ImageAsk, ImageMaker, Picture, image_maker
from vidkit.providers.slides import FOLDER, Slides, card, images

T = TypeVar("T")

ASK = ImageAsk(
    description="A cut through a leaf. Labels point to 'Epidermis', 'Stoma' and 'Chloroplast'.",
    narration=(
        "A leaf makes sugar from light. Carbon dioxide enters through the stoma. The chloroplast "
        "catches the light and splits water. Oxygen leaves the leaf the way carbon dioxide came."
    ),
    title="How a leaf eats light",
    language="en",
    size=(640, 360),
)


async def _now(send: Callable[[], Awaitable[T]]) -> T:
    return await send()


def drawn(ask: ImageAsk, maker: Slides | None = None) -> Picture:
    """The picture for `ask`, without a gate."""
    return asyncio.run((maker or Slides()).draw(ask, _now))


def pixels(picture: Picture | bytes) -> Image.Image:
    """The decoded picture."""
    data = picture.data if isinstance(picture, Picture) else picture
    return Image.open(io.BytesIO(data)).convert("RGB")


def ink(image: Image.Image) -> tuple[int, int, int, int] | None:
    """The box around everything that is not paper."""
    paper = Image.new("RGB", image.size, image.getpixel((0, 0)))
    return ImageChops.difference(image, paper).getbbox()


@pytest.mark.parametrize(
    "size",
    [(1280, 720), (1920, 1080), (1080, 1920), (1080, 1080), (1024, 768), (718, 1282), (16, 16)],
)
def test_a_slide_has_exactly_the_size_that_was_asked(size: tuple[int, int]) -> None:
    """A slide is a PNG of exactly the pixels of the video's frame."""
    picture = drawn(replace(ASK, size=size))
    assert picture.suffix == ".png"
    image = pixels(picture)
    assert image.size == size
    assert ink(image) is not None


@pytest.mark.parametrize("signs", [("(", ")"), ("[", "]")])
def test_a_bracket_is_as_high_as_what_it_holds(signs: tuple[str, str]) -> None:
    """Around a fraction of an equation it grows with it."""
    opening, closing = signs
    slide = {"layout": "equation", "equation": [rf"\left{opening}\frac{{88}}{{88}}\right{closing}"]}
    ask = replace(ASK, title="A", narration="", description="", slide=slide)
    image = pixels(drawn(ask)).convert("L").crop((40, 80, 600, 340))
    dark = image.point(lambda value: 255 * (value < 100))
    left, top, right, bottom = dark.getbbox() or (0, 0, 0, 0)
    bracket = dark.crop((left, top, left + (right - left) // 8, bottom)).getbbox()
    assert bracket is not None
    assert bracket[3] - bracket[1] > 0.8 * (bottom - top)


def test_the_provider_is_found_by_its_name() -> None:
    """`images="slides:dark"` gives the provider with its dark theme."""
    maker = image_maker("slides:dark")
    assert isinstance(maker, ImageMaker)
    assert isinstance(maker, Slides)
    assert maker.style.theme == "dark"
    last = image_maker("slides:dark,theme=light").shape(ASK)
    assert last["theme"] == "light", "the last one counts"


def test_dark_is_dark_and_light_is_light() -> None:
    """The themes differ in their paper as their names say."""
    dark = pixels(drawn(ASK, images("theme=dark"))).convert("L").getpixel((2, 2))
    light = pixels(drawn(ASK, images("light"))).convert("L").getpixel((2, 2))
    assert dark < 60 < 200 < light


@pytest.mark.parametrize(
    "argument", ["theme=blue", "accent=red", "size=3", "accent=", "font=No Such"]
)
def test_an_unknown_option_is_refused_with_the_mend(argument: str) -> None:
    """A wrong option raises a SettingsError that shows what is wrong."""
    with pytest.raises(SettingsError) as caught:
        images(argument)
    assert argument.partition("=")[2] in str(caught.value)


def test_the_same_section_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    """Hash seed, time zone, locale and process leave no trace in a slide."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_slides as t, hashlib;"
        "print(hashlib.sha256(t.drawn(t.ASK).data).hexdigest())"
    )
    here = str(Path(__file__).parent)
    paths = os.pathsep.join(filter(None, [str(Path(vidkit.__file__).parents[1]), *sys.path]))
    found = set()
    for seed, zone, place in (("1", "Asia/Tokyo", "C"), ("77", "America/Lima", "de_DE.UTF-8")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": place}
        environment["PYTHONPATH"] = paths
        run = subprocess.run(
            [sys.executable, "-c", program, here],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        found.add(run.stdout.strip())
    assert found == {hashlib.sha256(drawn(ASK).data).hexdigest()}


def test_many_slides_at_once_are_each_as_they_are_alone() -> None:
    """Slides drawn at the same time do not mix."""
    asks = [replace(ASK, title=f"Leaf number {i}", size=(320, 180)) for i in range(12)]
    maker = Slides()

    async def all_at_once() -> list[Picture]:
        return list(await asyncio.gather(*(maker.draw(ask, _now) for ask in asks)))

    together = asyncio.run(all_at_once())
    assert [picture.data for picture in together] == [drawn(ask, maker).data for ask in asks]
    assert len({picture.data for picture in together}) == 12


def test_the_event_loop_goes_on_while_a_slide_is_drawn() -> None:
    """Drawing happens beside the loop: others get their turn before the slide is there."""

    async def race() -> list[str]:
        order: list[str] = []

        async def ticks() -> None:
            for _ in range(3):
                await asyncio.sleep(0)
            order.append("ticks")

        async def slide() -> None:
            await Slides().draw(replace(ASK, size=(1920, 1080), title="race"), _now)
            order.append("slide")

        await asyncio.gather(slide(), ticks())
        return order

    assert asyncio.run(race()) == ["ticks", "slide"]


def test_the_call_goes_through_the_gate() -> None:
    """A slide is drawn only inside the `request` that it is given, once."""
    calls = []

    async def request(send: Callable[[], Awaitable[T]]) -> T:
        calls.append(1)
        return await send()

    asyncio.run(Slides().draw(ASK, request))
    assert calls == [1]


def test_the_shape_holds_the_words_and_the_style_but_not_the_place() -> None:
    """The key of a slide changes with what is shown, not with where in the lesson it stands."""
    shape = Slides().shape(ASK)
    assert shape == Slides().shape(replace(ASK, index=7))
    for other in (
        replace(ASK, title="Other"),
        replace(ASK, narration="Other."),
        replace(ASK, description="Other"),
        replace(ASK, size=(320, 180)),
        replace(ASK, language="de"),
        replace(ASK, slide={"layout": "points"}),
    ):
        assert Slides().shape(other) != shape
    assert images("dark").shape(ASK) != shape
    assert images("accent=#aa3300").shape(ASK) != shape
    assert shape["typst"] and len(shape["template"]) == 64


HOSTILE = {
    "panic": '#panic("no") #read("/etc/passwd") #import "@preview/cetz:0.3.0" #eval("1")',
    "markup": "*bold* _it_ $x$ = = heading\n#set page(width: 1pt)\n<label> @ref `raw` \\ // /* */",
    "html": "<script>alert(1)</script><b>x</b> &amp; &#35;",
    "long word": "A" * 1_000_000,
    "lines": "line of text\n" * 10_000,
    "controls": "".join(map(chr, range(32))) + "\x7f\x85\u202e\u2066 and the text of a slide",
    "surrogate": "a \ud800 b. And a whole sentence follows here.",
    "quotes": "'" * 5_000 + '"' * 5_000 + "“‘" * 2_000,
    "brackets": "(" * 4_000 + "[" * 4_000 + "{" * 4_000,
    "dashes": "a — " * 3_000 + "b; " * 3_000,
    "commas": "which, " * 3_000 + ", " * 6_000 + ": " * 6_000,
    "nothing": "",
    "spaces": " \n\t " * 1_000,
    "braces": '{"slide": 1} \\u0000 \\" %s {0} ${x}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_drawn_as_text(text: str) -> None:
    """Whatever a lesson says is set as text: nothing runs, nothing is read, nothing hangs."""
    for ask in (
        replace(ASK, narration=text, description=text, title=None, size=(320, 180)),
        replace(ASK, title=text or None, size=(180, 320)),
        replace(ASK, language=text[:50], size=(320, 180)),
    ):
        assert pixels(drawn(ask)).size == ask.size


def test_markup_shows_as_it_is_written() -> None:
    """`#panic()` in a title leaves as much ink as the same number of letters would."""
    plain = pixels(drawn(replace(ASK, title="xpanicxx xreadxxxxxx")))
    marked = pixels(drawn(replace(ASK, title='#panic() #read("/x")')))
    boxes = [ink(image.crop((0, 0, 640, 90))) for image in (plain, marked)]
    assert boxes[0] and boxes[1]
    assert abs(boxes[0][2] - boxes[1][2]) < 120


def test_a_sign_that_no_font_has_is_left_out_with_a_note() -> None:
    """A character without a font gives a note that names it, and no box on the slide."""
    sign = "\U0001fbfa\u0378"  # one is in few fonts, the other no character at all
    picture = drawn(replace(ASK, title=f"How a leaf{sign} eats light"))
    assert any("U+0378" in note for note in picture.notes)
    if "\U0001fbfa" in "".join(picture.notes):
        same = drawn(replace(ASK, title="How a leaf eats light"))
        assert picture.data == same.data


def test_ordinary_text_needs_no_note() -> None:
    """Western, Greek and Cyrillic letters, arrows and mathematics are in the bundled fonts."""
    title = "Größe, naïve, Ελλάδα, Привет → ∑ x₂ ≤ ½ × 10³ “quoted” – dash…"
    assert drawn(replace(ASK, title=title)).notes == ()


def test_what_shapes_a_slide_is_in_the_key() -> None:
    """Rules, word lists, templates and fonts are all part of the digest that a key holds."""
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.name != "LICENSE"]
    suffixes = {path.suffix for path in files} - {".pyc"}
    assert suffixes == {".py", ".toml", ".typ", ".otf", ".xz", ".txt", ".md"}


def test_words_in_another_script_are_kept_under_the_fonts_of_the_machine() -> None:
    """Only a slide that borrows fonts has a key that depends on which are installed."""
    assert Slides().shape(ASK)["borrowed"] is None
    assert Slides().shape(replace(ASK, title="日本語"))["borrowed"] is not None


def test_a_layout_is_explained_in_words() -> None:
    """`explain` names the layout, the reason for it, and where the headline is from."""
    said = Slides().explain(ASK)
    assert said.startswith("points: ") and "asks for a figure" in said and "own title" in said


def test_a_card_for_a_missing_section() -> None:
    """`card` gives a PNG of the frame's size with something on it."""
    image = pixels(card("Section 3 is missing", "its image could not be made", (640, 360)))
    assert image.size == (640, 360)
    assert ink(image) is not None
