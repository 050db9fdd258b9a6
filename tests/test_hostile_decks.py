"""Decks and papers from elsewhere that are damaged, packed to burst, or reach for what is not
theirs.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from raw_server import RawServer, response
from test_draft_slides import Deck, boxed, colour_of, pdf, picture, text_box

import vidkit
from vidkit.errors import LessonError

SLIDE, LINKS = "ppt/slides/slide1.xml", "ppt/slides/_rels/slide1.xml.rels"


def a_deck(folder: Path) -> Path:
    """A slide with a text, a picture and notes."""
    deck = Deck()
    slide = deck.slide("A latch", "A latch keeps a bit.")
    text_box(slide.shapes, "Set and reset", 1, 1)
    slide.shapes.add_picture(picture("red"), *boxed(1, 2, 8, 5))
    return deck.saved(folder)


def changed(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The deck with its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def linked(address: str) -> Callable[[dict[str, bytes]], None]:
    """The picture is not in the deck, but at an address."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    link = f'<Relationship Id="x" Type="{kind}" Target="{address}" TargetMode="External"/>'

    def change(parts: dict[str, bytes]) -> None:
        parts[SLIDE] = re.sub(rb'r:embed="\w+"', b'r:link="x"', parts[SLIDE])
        parts[LINKS] = parts[LINKS].replace(b"</R", link.encode() + b"</R")

    return change


def drawing(address: str) -> Callable[[dict[str, bytes]], None]:
    """The picture is a drawing, which shows one from an address."""
    shown = f'<image xlink:href="{address}" width="64" height="64"/>'
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

    def change(parts: dict[str, bytes]) -> None:
        (name,) = (each for each in parts if each.startswith("ppt/media/"))
        parts[name] = f'<svg {names} width="64" height="64">{shown}</svg>'.encode()

    return change


@pytest.mark.skipif(shutil.which("soffice") is None, reason="there is no LibreOffice here")
@pytest.mark.parametrize("way", [linked, drawing])
def test_libreoffice_takes_in_nothing_that_is_not_in_the_deck(
    way: Callable[[str], Callable[[dict[str, bytes]], None]], tmp_path: Path
) -> None:
    """A picture that is only linked is neither fetched nor taken from another file here."""
    private = tmp_path / "private.png"
    Image.new("RGB", (64, 64), "blue").save(private)
    folder = tmp_path / "deck"
    folder.mkdir()
    lesson = vidkit.lesson_from(changed(a_deck(folder), way(private.as_uri())))
    assert lesson.sections[0].content.startswith("A latch keeps a bit.")
    if lesson.sections[0].image is not None:
        assert colour_of(lesson.sections[0].image, (0.5, 0.6)) != (0, 0, 255)
    with RawServer(response(200, private.read_bytes())) as server:
        address = f"http://127.0.0.1:{server.port}/seen.png"
        vidkit.lesson_from(changed(a_deck(folder), way(address)))
    assert not server.requests


@pytest.fixture
def no_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without LibreOffice."""
    monkeypatch.setenv("PATH", "")


def odd(old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    """Something else where the slide says `old`."""

    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[SLIDE]
        parts[SLIDE] = parts[SLIDE].replace(old, new)

    return change


LINKED = linked("file:///nowhere.png")
NO_PLACE = odd(b'<a:off x="914400" y="914400"/>', b'<a:off x="here"/>')
NO_WORDS = odd(b"<a:t>Set and reset</a:t>", b"<a:t/></a:r></a:p><a:p><a:r>")


@pytest.mark.usefixtures("no_office")
@pytest.mark.parametrize("change", [LINKED, NO_PLACE])
def test_what_is_damaged_on_a_slide_is_left_out(
    change: Callable[[dict[str, bytes]], None], tmp_path: Path
) -> None:
    """A picture without its file, a shape without a place: the rest of the slide is drafted."""
    lesson = vidkit.lesson_from(changed(a_deck(tmp_path), change))
    assert lesson.sections[0].title == "A latch"
    assert lesson.sections[0].content.startswith("A latch keeps a bit.")


@pytest.mark.usefixtures("no_office")
def test_a_damaged_slide_is_told_in_words(tmp_path: Path) -> None:
    """One whose text cannot be read is named, with the mend."""
    with pytest.raises(LessonError, match="slide 1 is damaged; mend it"):
        vidkit.lesson_from(changed(a_deck(tmp_path), NO_WORDS))


def test_a_deck_that_is_packed_to_burst_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few kilobytes that would be more than a deck may have are refused, with the mend."""
    monkeypatch.setattr("vidkit.draft.pages.MOST_BYTES", 20_000_000)
    bomb = changed(a_deck(tmp_path), lambda parts: parts.update({"x.bin": bytes(21_000_000)}))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(LessonError, match="it unpacks to 21 MB; take films"):
        vidkit.lesson_from(bomb)


@pytest.mark.parametrize("kids", ["[9 0 R]", "[3 0 R 9 0 R]"])
def test_a_pdf_with_a_damaged_page_is_told_in_words(kids: str, tmp_path: Path) -> None:
    """The page is named, with the mend."""
    path = pdf(tmp_path / "paper.pdf")
    count = kids.count("R")
    new = f"/Kids {kids} /Count {count}".encode()
    path.write_bytes(path.read_bytes().replace(b"/Kids [3 0 R] /Count 1", new))
    with pytest.raises(LessonError, match=rf"page {count} of this PDF is damaged; save it again"):
        vidkit.lesson_from(path)
