"""How reports show themselves: to a terminal, to a notebook, and as a picture."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from stand_ins import Rehearsal, written

from vidkit.errors import VidkitError
from vidkit.forecasting.plan import Calls, Plan
from vidkit.models import Settings
from vidkit.pipeline import Job
from vidkit.providers.simulated import Simulated
from vidkit.report import BatchReport, Row, SectionReport, Shown, Table, VideoReport

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)></textarea>\"'&\x1b[2J\u202e"
LONG = "W" * 10_000


class Tags(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def a_run(folder: Path, lessons: int = 1, sections: int = 4, errors: float = 0.0) -> BatchReport:
    """A run of the real pipeline with simulated providers."""
    maker = Simulated(latency=5, spread=0.5, errors=errors, seconds=0.1, price=0.04)
    jobs = [Job(written(folder, f"l{i}", sections), folder / f"out{i}") for i in range(lessons)]
    report = Rehearsal(Settings(), images=maker).make(jobs)
    assert isinstance(report, BatchReport)
    return report


def bundle(report: Shown) -> dict[str, object]:
    """What a notebook is given."""
    return {"text/plain": repr(report), "text/html": report._repr_html_()}


EVERY = {
    "section": SectionReport(2, EVIL, "failed", error=f"image: {EVIL}", dollars=0.04),
    "video": VideoReport(
        Path(f"{EVIL.replace('/', '')}.json"),
        Path("out"),
        title=EVIL,
        sections=(SectionReport(0, EVIL, "failed", image_by=EVIL, error=EVIL),),
        notes=(EVIL,),
        failure=VidkitError(EVIL),
    ),
    "plan": Plan(1, 1, (Calls("image", EVIL, 1, 0, 0.1, EVIL, 4.0),), 4.0, 2, (EVIL,), (EVIL,)),
}
EVERY["batch"] = BatchReport((EVERY["video"],), failure=VidkitError(EVIL), notes=(EVIL,))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", EVERY)
def test_what_comes_from_outside_is_text(kind: str) -> None:
    """Nothing in a title, a name or a message is an element of the page, and nothing is obeyed
    by a terminal.
    """
    data = bundle(EVERY[kind])  # type: ignore[arg-type]
    page, text = str(data["text/html"]), str(data["text/plain"])
    tags = Tags(page)
    assert not {tag for tag, _ in tags.tags} & {"script", "img", "textarea"}
    assert "alert(1)" in tags.text
    assert "alert(1)" in text
    for shown in (page, text):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    assert text == repr(EVERY[kind])


def test_a_long_word_breaks_no_page() -> None:
    """A word of 10,000 letters is cut, and may break in a page."""
    report = replace(EVERY["video"], title=LONG, notes=(LONG,), failure=VidkitError(LONG))  # type: ignore[type-var]
    data = bundle(report)  # type: ignore[arg-type]
    assert len(str(data["text/html"])) < 10_000


def test_ipython_shows_a_report_in_all_its_forms(tmp_path: Path) -> None:
    """A report is no list, so that IPython asks it how it wants to be shown."""
    from IPython.core.formatters import DisplayFormatter

    report = a_run(tmp_path)
    formatter = DisplayFormatter()
    formatter.active_types = ["text/plain", "text/html", "image/png"]
    for each in (report, report[0], report[0].sections[0]):
        data, _ = formatter.format(each)
        assert data == bundle(each)


def test_a_terminal_draws_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks for text alone."""
    from IPython.core.formatters import DisplayFormatter

    monkeypatch.delattr("vidkit.report.html.as_png")
    (report,) = a_run(tmp_path)
    formatter = DisplayFormatter()
    formatter.active_types = ["text/plain"]
    assert formatter.format(report)[0] == {"text/plain": repr(report)}


def test_a_page_reads_well_without_its_style(tmp_path: Path) -> None:
    """On a code host, which takes styles, SVG and scripts away, nothing is lost: sentences, tables
    aligned by attributes, and a picture with words in its place.
    """
    (report,) = a_run(tmp_path, errors=0.5)
    page = re.sub("<style>.*?</style>", "", report._repr_html_(), flags=re.S)
    tags = Tags(page)
    assert {tag for tag, _ in tags.tags} <= {
        "div", "p", "strong", "br", "a", "img", "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    cells = [attributes for tag, attributes in tags.tags if tag in ("td", "th")]
    assert all(attributes.get("align") in ("left", "right") for attributes in cells)
    (picture,) = [each for tag, each in tags.tags if tag == "img" and each.get("class") == "drawn"]
    assert re.match(r"Timeline of .*images? made", str(picture["alt"]))
    data = base64.b64decode(str(picture["src"]).removeprefix("data:image/png;base64,"))
    assert data == report.timeline.png(900)  # type: ignore[union-attr]


def test_a_report_says_who_made_what_and_what_waited(tmp_path: Path) -> None:
    """The text, the page and the picture tell made, failed, worked and waited, by step."""
    (report,) = a_run(tmp_path, sections=6, errors=0.3)
    failed = len(report.failed)
    assert f"images by simulated: {6 - failed} made, {failed} failed, worked" in repr(report)
    text = Tags(report._repr_html_()).text
    assert "simulated,\u00a0" in text
    for word in ("Worked", "Requests", "Failed", "narrations"):
        assert word in text


def test_a_section_shows_its_picture(tmp_path: Path) -> None:
    """A section's report has its image, small; one that cannot be read is left out."""
    path = tmp_path / "section_0.png"
    Image.new("RGB", (1280, 720), "#2b5f8f").save(path)
    section = SectionReport(
        0, "Light", image=path, image_by="slides", seconds={"image": 0.2}, length=12.0
    )
    assert repr(section) == "section 1, Light: made, 0:12 long\n  image: slides, 0.2 s"
    data = bundle(section)
    ((_, picture),) = [each for each in Tags(str(data["text/html"])).tags if each[0] == "img"]
    small = base64.b64decode(str(picture["src"]).removeprefix("data:image/jpeg;base64,"))
    with Image.open(BytesIO(small)) as image:
        assert max(image.size) == 320
    path.write_bytes(b"no picture")
    assert "<img" not in section._repr_html_()


def test_a_saved_report_is_small(tmp_path: Path) -> None:
    """A lesson of ten sections is some tens of kilobytes in a stored notebook, not hundreds; so
    are several lessons.
    """
    (report,) = a_run(tmp_path, sections=10)
    assert len(report._repr_html_()) < 90_000
    whole = a_run(tmp_path / "many", lessons=6, sections=5)
    assert len(whole._repr_html_()) < 150_000


def test_of_many_rows_those_that_went_wrong_are_shown() -> None:
    """A table of a thousand rows is cut, never where something failed."""
    rows = [Row({"Number": str(i), "Nothing": ""}, i in (500, 900)) for i in range(1000)]
    table = Table(rows, "lesson")
    assert table.columns == ["Number"]
    chosen, left_out = table.at_most(40)
    assert [row.cells["Number"] for row in chosen if row.wrong] == ["500", "900"]
    assert len(chosen) == 40
    assert left_out == "and 960 more lessons"
    assert replace(table, rows=[Row({"Number": "x"}, True)] * 60).at_most(40)[1] == (
        "and 20 more lessons, 20 of them not made"
    )


def test_a_file_is_a_link_only_below_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook can open what lies below it; of anything else it shows the path."""
    monkeypatch.chdir(tmp_path)
    inside = VideoReport(Path("1.json"), Path("out"), path=Path("out/a b#1.mp4"))
    assert 'href="out/a%20b%231.mp4"' in inside._repr_html_()
    outside = replace(inside, path=Path("/elsewhere/final_video.mp4"))
    assert "href" not in outside._repr_html_()
    assert "/elsewhere/final_video.mp4" in outside._repr_html_()


def test_a_report_without_a_picture_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the picture cannot be drawn its words stand there, and the log says why."""

    def broken(scene: object) -> bytes:
        raise OSError("no fonts")

    (report,) = a_run(tmp_path)
    monkeypatch.setattr("vidkit.report.html.as_png", broken)
    page = report._repr_html_()
    assert 'class="drawn"' not in page
    assert "Timeline of" in page


def test_a_report_shows_small_pictures_of_its_sections(tmp_path: Path) -> None:
    """Each section that has an image is seen, the first twelve of many; so are the lessons of a
    batch.
    """
    batch = a_run(tmp_path, lessons=2, sections=15)
    for report, several in ((batch[0], 15), (batch, 2)):
        page = Tags(report._repr_html_())
        pictures = [each for tag, each in page.tags if tag == "img" and "class" not in each]
        assert len(pictures) == min(several, 12)
        assert all(str(each["src"]).startswith("data:image/jpeg") for each in pictures)
        assert (f"and {several - 12} more" in page.text) == (several > 12)
    assert pictures[0]["alt"] == "l0"


def exported(folder: Path, **changes: Any) -> tuple[Path, Path]:
    """A video of 32 kilobytes and some, and its page."""
    folder.mkdir(exist_ok=True)
    film = folder / "final_video.mp4"
    film.write_bytes(bytes(range(256)) * 128 + b"!")
    (folder / "captions.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:01.000\n<b>Hi</b>\n")
    picture = folder / "one.png"
    Image.new("RGB", (1920, 1080), "#2b5f8f").save(picture)
    sections = (
        SectionReport(0, EVIL, image=picture, start=0.0),
        SectionReport(1, "Two", start=61.5),
        SectionReport(2, None, "failed", error=EVIL),
    )
    about: dict[str, Any] = {"path": film, "title": EVIL, "sections": sections, **changes}
    report = VideoReport(folder / "l.json", folder, **about)
    return film, report.export_html(folder / "page.html")


def test_a_page_that_plays_anywhere_is_one_file(tmp_path: Path) -> None:
    """It holds the video whole, its captions, its poster and its chapters with what failed, fetches
    nothing, and runs its own script alone; nothing in a title is an element.
    """
    film, page = exported(tmp_path)
    tags = Tags(page.read_text("utf-8"))
    (video,) = [each for tag, each in tags.tags if tag == "video"]
    data = str(video["src"]).removeprefix("data:video/mp4;base64,")
    assert base64.b64decode(data, validate=True) == film.read_bytes()
    assert str(video["poster"]).startswith("data:image/jpeg;base64,")
    (track,) = [each for tag, each in tags.tags if tag == "track"]
    captions = str(track["src"]).removeprefix("data:text/vtt;base64,")
    assert base64.b64decode(captions) == (tmp_path / "captions.vtt").read_bytes()
    assert [each["value"] for tag, each in tags.tags if tag == "button"] == ["0.000", "61.500"]
    assert "1:02" in tags.text
    assert "Section 3" in tags.text
    assert "is not in the video" in tags.text
    assert len([tag for tag, _ in tags.tags if tag == "script"]) == 1
    assert not {tag for tag, _ in tags.tags} & {"img", "textarea", "link"}
    addresses = [
        value for _, each in tags.tags for name in ("src", "href") if (value := each.get(name))
    ]
    assert all(each.startswith("data:") for each in addresses)
    (policy,) = [str(each["content"]) for tag, each in tags.tags if "http-equiv" in each]
    script = page.read_text("utf-8").split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_the_videos_of_a_batch_are_one_page(tmp_path: Path) -> None:
    """Each stands there with its title and its chapters, and one that is missing with the reason;
    a batch without any has nothing to export.
    """
    videos = []
    for name in ("one", "two"):
        film, _ = exported(tmp_path / name)
        about: dict[str, Any] = {"path": film, "title": f"{name} {EVIL}"}
        sections = (SectionReport(0, name, start=0.0), SectionReport(1, None, start=7.0))
        videos.append(
            VideoReport(tmp_path / f"{name}.json", film.parent, sections=sections, **about)
        )
    missing = VideoReport(tmp_path / "c.json", tmp_path, failure=VidkitError(EVIL))
    page = BatchReport((*videos, missing)).export_html(tmp_path / "course.html")
    tags = Tags(page.read_text("utf-8"))
    shown = [each for tag, each in tags.tags if tag == "video"]
    for video, report in zip(shown, videos, strict=True):
        data = str(video["src"]).removeprefix("data:video/mp4;base64,")
        assert base64.b64decode(data, validate=True) == report.path.read_bytes()
        assert str(video["aria-label"]).startswith(report.name)
    assert [tag for tag, _ in tags.tags if tag in ("h1", "h2")] == ["h1", "h2", "h2", "h2"]
    assert [each["value"] for tag, each in tags.tags if tag == "button"] == ["0.000", "7.000"] * 2
    assert "There is no video: <script>alert(1)</script>" in tags.text
    assert len([tag for tag, _ in tags.tags if tag == "script"]) == 1
    assert not {tag for tag, _ in tags.tags} & {"img", "textarea", "link"}
    with pytest.raises(VidkitError, match="no video to export"):
        BatchReport((missing,)).export_html(tmp_path / "none.html")


def test_a_page_overwrites_pages_alone(tmp_path: Path) -> None:
    """Exported again it takes the place of its earlier self, never of another file; where it
    cannot be written, or there is no video, that is told, and nothing is left behind.
    """
    film, page = exported(tmp_path)
    film.write_bytes(b"another")
    exported(tmp_path)
    assert base64.b64encode(film.read_bytes()) in page.read_bytes()
    page.write_text("<p>mine</p>")
    with pytest.raises(VidkitError, match="not one of vidkit's pages"):
        exported(tmp_path)
    assert page.read_text() == "<p>mine</p>"
    report = VideoReport(Path("l.json"), tmp_path, path=film)
    with pytest.raises(VidkitError, match=r"there is no folder .*/nowhere;"):
        report.export_html(tmp_path / "nowhere/page.html")
    with pytest.raises(VidkitError, match=r"there is no file .*/gone.mp4"):
        replace(report, path=tmp_path / "gone.mp4").export_html(tmp_path / "other.html")
    with pytest.raises(VidkitError, match="no video to export"):
        replace(report, path=None).export_html(tmp_path / "other.html")
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".part",)]
    assert not (tmp_path / "other.html").exists()
