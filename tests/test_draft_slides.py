"""Drafts of PowerPoint and PDF: what stands on a slide or a page, and what is said over it."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from a_source import contents, held_to_its_source  # noqa: F401  a fixture
from PIL import Image

import vidkit
from vidkit.cli import main
from vidkit.errors import LessonError

pytestmark = pytest.mark.usefixtures("held_to_its_source")


def picture(colour: str) -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (320, 200), colour).save(file, "PNG")
    return file


def colour_of(path: Path | None, at: tuple[float, float] = (0.5, 0.5)) -> tuple[int, ...]:
    """The colour of a picture at a place, in parts of its sides."""
    with Image.open(path or "") as image:
        spot = (int(at[0] * image.width), int(at[1] * image.height))
        found = image.convert("RGB").getpixel(spot)
    return found if isinstance(found, tuple) else ()


def size_of(path: Path | None) -> tuple[int, int]:
    with Image.open(path or "") as image:
        return image.size


class Deck:
    """A PowerPoint in the making."""

    def __init__(self) -> None:
        from pptx import Presentation

        self.made = Presentation()

    def slide(self, title: str | None = None, notes: str = "") -> Any:
        """A new slide, with nothing on it but its title."""
        slide = self.made.slides.add_slide(self.made.slide_layouts[6 if title is None else 5])
        if title is not None:
            slide.shapes.title.text = title
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
        return slide

    def chart(self, title: str, kind: str, **series: tuple[float | None, ...]) -> Any:
        """A new slide with a chart over the places East, West and North."""
        from pptx.chart.data import CategoryChartData
        from pptx.enum.chart import XL_CHART_TYPE

        data = CategoryChartData()
        data.categories = ["East", "West", "North"]
        for name, values in series.items():
            data.add_series(name, values)
        kinds = XL_CHART_TYPE[kind]
        shapes = self.slide(title).shapes
        return shapes.add_chart(kinds, *boxed(1, 2, 6, 4), data).chart

    def saved(self, folder: Path) -> Path:
        path = folder / "deck.pptx"
        self.made.save(str(path))
        return path


def boxed(*sides: float) -> list[Any]:
    """Left, top, width and height in inches."""
    from pptx.util import Inches

    return [Inches(side) for side in sides]


def text_box(shapes: Any, text: str, *place: float) -> None:
    shapes.add_textbox(*boxed(*place, 3, 1)).text_frame.text = text


@pytest.fixture
def no_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without LibreOffice."""
    monkeypatch.setenv("PATH", "")


@pytest.mark.usefixtures("no_office")
def test_charts_are_drawn_anew_from_their_numbers(tmp_path: Path) -> None:
    """One series is bars, several are a table, missing numbers stay empty; what cannot be shown
    is named in a note.
    """
    from pptx.chart.data import XyChartData
    from pptx.enum.chart import XL_CHART_TYPE

    deck = Deck()
    deck.chart("Sales", "COLUMN_CLUSTERED", y2024=(19.5, 21.0, 3.0))
    two = deck.chart("Both years", "LINE_MARKERS", y2024=(19.5, 21.0, 3.0), y2025=(1.0, None, 4.5))
    two.has_title = True
    two.chart_title.text_frame.text = "Sales by region"
    dots = XyChartData()
    dots.add_series("m").add_data_point(1, 2)
    kind = XL_CHART_TYPE.XY_SCATTER
    deck.slide("Dots", "Dots rise.").shapes.add_chart(kind, *boxed(1, 2, 6, 4), dots)
    solid = deck.chart("Solid", "COLUMN_CLUSTERED", y2024=(19.5, 21.0, 3.0))
    (plot,) = solid._chartSpace.xpath("//c:barChart")
    plot.tag = plot.tag.replace("bar", "bar3D")
    path = deck.saved(tmp_path)
    lesson = vidkit.lesson_from(path)
    bars, table, *_ = lesson.sections
    assert bars.slide["chart"] == {"bars": {"East": 19.5, "West": 21.0, "North": 3.0}}
    assert contents(lesson) == ["Sales", "Sales by region", "Dots rise.", "Solid"]
    assert table.slide["table"] == [
        ["", "y2024", "y2025"],
        ["East", "19.5", "1"],
        ["West", "21", ""],
        ["North", "3", "4.5"],
    ]
    assert main(["slides", str(lesson.path), "-o", str(tmp_path / "sheet.png")]) == 0


@pytest.mark.usefixtures("no_office")
def test_a_phrase_that_is_broken_to_fit_its_box_is_one(tmp_path: Path) -> None:
    """Lines of a box are points, but where the first goes on in those below it."""
    deck = Deck()
    text_box(deck.slide("Ranks").shapes, "Order of\nplaces\nthat are open", 1, 2)
    text_box(deck.slide("Fruit").shapes, "Apples\nplums", 1, 2)
    lesson = vidkit.lesson_from(deck.saved(tmp_path))
    assert contents(lesson) == ["Order of places that are open", "Apples. plums."]


@pytest.mark.usefixtures("no_office")
def test_groups_are_opened_and_hidden_slides_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Texts of a group are read as they stand, its picture is shown, lines between shapes and
    empty slides are nothing, and a slide that is hidden in the talk is none of the lesson.
    """
    deck = Deck()
    group = deck.slide("Groups").shapes.add_group_shape()
    text_box(group.shapes, "Right one", 5, 2)
    text_box(group.shapes, "Left one", 1, 2)
    group.shapes.add_picture(picture("red"), *boxed(1, 4))
    group.shapes.add_connector(1, 0, 0, 100, 100)
    deck.slide("Hidden", "Nobody hears this.").element.set("show", "0")
    deck.slide()
    deck.slide("End", "Goodbye.\nSee you.")
    assert main(["draft", str(deck.saved(tmp_path))]) == 0
    assert "note" not in capsys.readouterr().out
    lesson = vidkit.load_lesson(tmp_path / "deck.json")
    assert contents(lesson) == ["Left one\n\nRight one", "Goodbye.\n\nSee you."]
    assert [s.source for s in lesson.sections] == ["slide 1", "slide 4"]
    assert colour_of(lesson.sections[0].image) == (255, 0, 0)


@pytest.mark.usefixtures("no_office")
def test_a_deck_from_right_to_left_is_read_so(tmp_path: Path) -> None:
    """Of two columns the right one comes first, and the lesson has the language of its words."""
    deck = Deck()
    shapes = deck.slide("תאים").shapes
    text_box(shapes, "הממברנה מקיפה את התא כולו", 1, 2)
    text_box(shapes, "הגרעין נמצא במרכז התא", 5, 2)
    lesson = vidkit.lesson_from(deck.saved(tmp_path))
    assert lesson.language == "he"
    assert lesson.sections[0].content == "הגרעין נמצא במרכז התא\n\nהממברנה מקיפה את התא כולו"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="there is no LibreOffice here")
def test_slides_are_shown_as_libreoffice_draws_them(tmp_path: Path) -> None:
    """Each slide that is not hidden is its own picture, charts and all; what is said stays, and
    nothing is told to be missing.
    """
    deck = Deck()
    for colour, notes in (("red", "One."), ("green", "Never."), ("blue", "")):
        slide = deck.slide(colour.capitalize(), notes)
        slide.shapes.add_picture(picture(colour), *boxed(2, 3, 6, 4))
        if colour == "green":
            slide.element.set("show", "0")
    deck.chart("Sales", "LINE", y2024=(19.5, 21.0, 3.0))
    lesson = vidkit.lesson_from(deck.saved(tmp_path))
    assert contents(lesson) == ["One.", "Blue", "Sales"]
    assert [s.source for s in lesson.sections] == ["slide 1", "slide 3", "slide 4"]
    colours = [colour_of(s.image, (0.5, 0.66)) for s in lesson.sections[:2]]
    assert colours[0] == pytest.approx((255, 0, 0), abs=5)
    assert colours[1] == pytest.approx((0, 0, 255), abs=5)
    with Image.open(lesson.sections[2].image or "") as page:
        assert len(page.convert("RGB").getcolors(10**6) or ()) > 5
    assert not lesson.warnings


# PDF


def test_scanned_pages_are_shown_and_say_that_words_are_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page that is a picture is shown whole, upright or wide; what is said over it is the title
    until somebody writes more, and the note names the pages.
    """
    pages = [Image.new("RGB", size, colour) for size, colour in SCANS]
    path = tmp_path / "scan.pdf"
    pages[0].save(path, save_all=True, append_images=pages[1:], title="Old Letters")
    assert main(["draft", str(path)]) == 0
    assert "pages 1, 2, 3 hold no text" in capsys.readouterr().out
    lesson = vidkit.load_lesson(tmp_path / "scan.json")
    assert contents(lesson) == ["Old Letters"] * 3
    assert [colour_of(s.image)[0] > 200 for s in lesson.sections] == [True, False, False]
    assert [size_of(s.image) for s in lesson.sections[:2]] == [(800, 1600), (1600, 400)]


SCANS = (((400, 800), "red"), ((800, 200), "green"), ((300, 300), "blue"))


def pdf(path: Path, *extra: str, page: str = "", text: str = "Light bends.") -> Path:
    """A PDF of one page, written by hand, with `extra` in its trailer and `page` in its page."""
    drawn = f"BT /F1 24 Tf 40 100 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 4 0 R "
        f"/Resources << /Font << /F1 5 0 R >> >> {page} >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    head = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R "
    path.write_text(f"{data}{head}{' '.join(extra)} >>\nstartxref\n{len(data)}\n%%EOF\n", "latin-1")
    return path


def test_a_page_that_is_turned_is_shown_as_it_is_read(tmp_path: Path) -> None:
    """A page with a rotation stands as a reader shows it, and its words are said."""
    lesson = vidkit.lesson_from(pdf(tmp_path / "turned.pdf", page="/Rotate 90"))
    assert contents(lesson) == ["Light bends."]
    assert size_of(lesson.sections[0].image) == (800, 1600)


def test_a_pdf_with_a_password_is_told(tmp_path: Path) -> None:
    """It cannot be opened, and the error says why and what to do."""
    bar = "00" * 32
    locked = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{bar}> /U <{bar}> /P -4 >>"
    path = pdf(tmp_path / "locked.pdf", locked, "/ID [<00> <00>]")
    with pytest.raises(LessonError, match=r"it needs a password; save it again without one"):
        vidkit.lesson_from(path)


def test_what_stands_at_the_foot_of_each_page_is_not_said(tmp_path: Path) -> None:
    """The name of a course with the number of the page is no part of what a page says."""
    import typst

    pages = "\n#pagebreak()\n".join(f"= Page {name}\nLight {name} bends." for name in "ABCD")
    foot = "#context [Optics, 21/03/2023 #counter(page).display()]"
    source = tmp_path / "course.typ"
    source.write_text(f"#set page(width: 16cm, height: 9cm, footer: {foot[1:]})\n{pages}", "utf-8")
    typst.compile(str(source), output=str(tmp_path / "course.pdf"))
    lesson = vidkit.lesson_from(tmp_path / "course.pdf")
    assert contents(lesson) == [f"Light {name} bends." for name in "ABCD"]


def typeset(folder: Path, text: str) -> vidkit.Lesson:
    """The lesson of a PDF of this text in typst."""
    import typst

    source = folder / "talk.typ"
    source.write_text(text, "utf-8")
    typst.compile(str(source), output=str(folder / "talk.pdf"))
    return vidkit.lesson_from(folder / "talk.pdf")


def test_pages_that_are_steps_of_the_next_are_shown_once(tmp_path: Path) -> None:
    """Of a slide that comes up point by point the last page is said and shown; one whose picture
    gives way to another is kept.
    """
    disc, bar = "#place(bottom)[#circle(fill: red)]", "#place(top + right)[#rect(fill: blue)]"
    both = "= A\nOne.\n\nTwo."
    pages = ["= A\nOne.", both, f"{both}\n{disc}", f"{both}\n{bar}"]
    page = "#set page(width: 16cm, height: 9cm)\n"
    lesson = typeset(tmp_path, page + "\n#pagebreak()\n".join(pages))
    assert contents(lesson) == ["One. Two.", "One. Two."]
    assert [section.source for section in lesson.sections] == ["page 3", "page 4"]


def test_a_long_page_is_shown_as_long_as_it_is_read(tmp_path: Path) -> None:
    """Its words are several sections, and it is the picture of each."""
    words = " ".join(f"Light number {n} bends in water." for n in range(40))
    lesson = typeset(tmp_path, f"#set page(width: 16cm, height: 9cm)\n#set text(8pt)\n= A\n{words}")
    assert len(lesson.sections) == 3
    assert len({section.image for section in lesson.sections}) == 1


def test_the_parts_of_a_talk_and_the_numbers_of_its_slides_are_not_said(tmp_path: Path) -> None:
    """A head that names the part above each title is no title, and neither is "3/11"."""
    slides = [(part, n) for part in ("Past", "Future") for n in "abcdef"]
    pages = [f"{part}\n\n= Slide {n}\n1. Light {n}\n2. Sound {n}" for part, n in slides]
    foot = "#context [Ann Lectures 31–34 #counter(page).display() / 12]"
    page = f"#set page(width: 16cm, height: 9cm, footer: {foot[1:]})\n"
    lesson = typeset(tmp_path, page + "\n#pagebreak()\n".join(pages))
    assert [section.title for section in lesson.sections] == [f"Slide {n}" for _, n in slides]
    assert contents(lesson) == [f"Light {n}. Sound {n}" for _, n in slides]


def test_notes_on_a_pdf_are_said_in_their_order(tmp_path: Path) -> None:
    """Comments and texts that somebody put onto a page are its narration; marks, links and
    notes without words are not.
    """
    notes = ["/Text /Contents (Say this.)", "/Highlight /Contents (no)", "/Text /Contents ()"]
    notes += ["/Link", "/FreeText /Contents (And that.)"]
    listed = " ".join(f"<< /Type /Annot /Subtype {note} /Rect [0 0 20 20] >>" for note in notes)
    lesson = vidkit.lesson_from(pdf(tmp_path / "noted.pdf", page=f"/Annots [{listed}]"))
    assert contents(lesson) == ["Say this.\n\nAnd that."]
    assert not re.search("Light", lesson.sections[0].content)
