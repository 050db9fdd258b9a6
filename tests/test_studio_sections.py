"""The cards of a lesson: fed with events, and at work, without a browser."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from a_page import Page
from counted import counted
from hypothesis import given, settings
from hypothesis import strategies as st
from made_media import speech_like, wav
from PIL import Image
from some_lessons import GOOD
from stand_ins import written

from vidkit.errors import LessonError, Refused, VidkitError
from vidkit.events import (
    Event,
    LessonEnded,
    LessonStarted,
    Paid,
    RunEnded,
    RunStarted,
    SectionEnded,
    Step,
    StepEnded,
    StepStarted,
    WorkEnded,
    WorkStarted,
)
from vidkit.models import Lesson, Settings, load_lesson
from vidkit.models.editing import lesson_json
from vidkit.providers import ImageAsk, Picture, Request
from vidkit.providers.simulated import Simulated
from vidkit.slides.override import EXAMPLES
from vidkit.slides.slide import Layout
from vidkit.studio import Sections
from vidkit.studio.editing import SHAPES, Draft, fields_of

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)></textarea><b>\"'&\u202e\u05d0"
LONG = "W" * 10_000


@pytest.fixture(autouse=True)
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The cells stand in the test's own folder."""
    monkeypatch.chdir(tmp_path)
    yield


def cards(folder: Path, sections: int | list[dict[str, Any]] = 3, **more: Any) -> Sections:
    """The cards of a lesson that is on disk, nothing of which is made yet."""
    path = written(folder, sections=sections)
    made = Sections(load_lesson(path), **({"settings": Settings(cache_dir=folder / "s")} | more))
    made.wait()
    return made


def hear(sections: Sections, *events: Event) -> None:
    """Have events happen, and what they changed painted."""
    for event in events:
        sections.on_event(event)
    sections.paint()


def started(*sections: int) -> list[Event]:
    return [RunStarted(0, 1), LessonStarted(0, 0, "lesson", sections, Path())]


def step(section: int, name: Step, path: Path | None = None, how: Any = "made") -> list[Event]:
    """A step from its beginning to its end, after 2.5 seconds of which 2 were work."""
    what = (0, section, name, "simulated")
    work: list[Event] = []
    if how != "kept":
        work = [WorkStarted(1, *what, 1), WorkEnded(3, *what, 1, "done", 2.0)]
    return [StepStarted(0, *what), *work, StepEnded(3, *what, how, 2.5, path)]


def made(section: int, folder: Path) -> list[Event]:
    """All that is told of a section that is made; its files are there."""
    events: list[Event] = []
    parts: list[tuple[Step, str]] = [("image", ".png"), ("audio", ".wav"), ("clip", ".mp4")]
    for name, suffix in parts:
        path = folder / f"section_{section}{suffix}"
        path.write_bytes(b"x" if suffix != ".png" else picture())
        events += step(section, name, path)
    return [*events, SectionEnded(4, 0, section, "made")]


def picture(size: tuple[int, int] = (64, 36)) -> bytes:
    """A small picture."""
    data = io.BytesIO()
    Image.new("RGB", size, "teal").save(data, "PNG")
    return data.getvalue()


def ended() -> list[Event]:
    return [LessonEnded(9, 0, "lesson", None), RunEnded(9)]


# ---- fed with events


def test_cards_stand_in_the_lessons_order_whatever_ends_first(tmp_path: Path) -> None:
    """The last section may be made first: it is the last card all the same."""
    sections = cards(tmp_path)
    page = Page(sections)
    hear(sections, *started(0, 1, 2), *made(2, tmp_path), *made(0, tmp_path))
    assert [section["number"] for section in page.view.sections] == [1, 2, 3]
    assert page.states() == ["made", "waiting", "made"]
    assert "2 made" in page.view.lesson["tally"]


def test_nothing_waits_for_a_lesson_that_is_over(tmp_path: Path) -> None:
    """One that broke off before its sections, as on a full disk, will make none of them."""
    sections = cards(tmp_path)
    page = Page(sections)
    hear(sections, *started(0, 1, 2))
    assert page.states() == ["waiting"] * 3
    hear(sections, LessonEnded(1, 0, "lesson", None, "the disk is full"))
    assert page.states() == ["not made yet"] * 3


def test_a_card_fills_in_as_its_parts_arrive(tmp_path: Path) -> None:
    """It says what is waited for and what is being made, and has each part when it is there."""
    sections = cards(tmp_path)
    page = Page(sections)
    assert page.states() == ["not made yet"] * 3
    assert page.card(2)["image_description"].startswith("lesson picture 1")
    (tmp_path / "a.png").write_bytes(picture())
    begun, *rest = step(1, "image", tmp_path / "a.png")
    hear(sections, *started(0, 1, 2), begun)
    assert page.card(2)["steps"] == "picture waits (simulated)"
    hear(sections, rest[0])
    assert (page.card(2)["steps"], page.card(2)["state"]) == ("drawing (simulated)", "being made")
    assert page.card(2)["poster"] is None
    hear(sections, *rest[1:])
    assert page.card(2)["steps"] == "simulated 2.5 s"
    data, kind = page.fetched(page.card(2)["poster"])
    assert (Image.open(io.BytesIO(data)).size, kind) == ((64, 36), "image/jpeg")
    hear(sections, *made(1, tmp_path))
    assert page.fetched(page.card(2)["clip"]) == (b"x", "video/mp4")
    assert page.fetched(page.card(2)["audio"])[0] == b"x"


def test_only_what_is_shown_can_be_fetched(tmp_path: Path) -> None:
    """A page gets no file but those that it was given a token for, and none that is gone."""
    sections = cards(tmp_path)
    page = Page(sections)
    with pytest.raises(KeyError):
        page.fetched(str(tmp_path / "lesson.json"))
    hear(sections, *started(0), *made(0, tmp_path))
    clip = page.card(1)["clip"]
    (tmp_path / "section_0.mp4").unlink()
    with pytest.raises(KeyError):
        page.fetched(clip)


def test_a_file_that_is_made_anew_has_another_token(tmp_path: Path) -> None:
    """What the page has kept of a picture is not shown in the place of the new one."""
    sections = cards(tmp_path)
    page = Page(sections)
    hear(sections, *started(0), *made(0, tmp_path))
    before = page.card(1)["poster"]
    (tmp_path / "section_0.png").write_bytes(picture((80, 45)))
    hear(sections, *step(0, "image", tmp_path / "section_0.png"))
    assert page.card(1)["poster"] != before


def test_money_is_shown_where_it_was_spent(tmp_path: Path) -> None:
    """A card adds up what its section cost, and tells apart what may have been paid."""
    sections = cards(tmp_path)
    page = Page(sections)
    for dollars, sure in ((0.04, True), (0.02, True), (0.5, False)):
        hear(sections, Paid(1, 0, 0, "image", "openai", dollars, sure))
    hear(sections, *started(0))
    for dollars, sure in ((0.04, True), (0.02, True), (0.5, False)):
        hear(sections, Paid(1, 0, 0, "image", "openai", dollars, sure))
    assert "paid $0.060 · perhaps $0.50 more" in page.card(1)["steps"]
    assert "paid" not in page.card(2)["steps"]
    assert "paid $0.060" in page.view.lesson["tally"]


def test_a_failed_section_says_why_and_offers_to_try_again(tmp_path: Path) -> None:
    """The reason stands on the card, as text, cut where it is as long as a page."""
    sections = cards(tmp_path)
    page = Page(sections)
    assert not page.card(1)["can_make"]
    hear(sections, *started(0), *step(0, "image", how="failed"))
    hear(sections, SectionEnded(1, 0, 0, "failed", f"image: {EVIL}{LONG}"), *ended())
    assert page.card(1)["wrong"].startswith(f"image: {EVIL}")
    assert page.card(1)["wrong"].count("W") < 1_000
    assert (page.card(1)["state"], page.card(1)["failed"]) == ("failed", True)
    assert "1 failed" in page.view.lesson["tally"]


def test_an_event_goes_to_its_section_wherever_that_was_moved(tmp_path: Path) -> None:
    """Somebody edits while a run goes on: what it makes stands on the right cards."""
    sections = cards(tmp_path)
    page = Page(sections)
    hear(sections, *started(0, 1, 2))
    page.did("sections", "move", uid=sections.draft.uids[0], by=2)
    page.did("sections", "remove", uid=sections.draft.uids[0])
    hear(sections, *made(0, tmp_path), *made(1, tmp_path), *ended())
    assert page.states() == ["not made yet", "made"]


def test_a_paint_sends_what_changed_and_nothing_else(tmp_path: Path) -> None:
    """No event is no message, and a thousand events between two paints are one."""
    sections = cards(tmp_path, 60)
    Page(sections)
    with counted() as sent:
        hear(sections, *started(*range(60)))
        sent.clear()
        for _ in range(100):
            sections.paint()
        assert not sent
        for _ in range(500):
            sections.on_event(StepStarted(0, 0, 7, "image", "simulated"))
            sections.on_event(WorkStarted(0, 0, 7, "image", "simulated", 1))
        sections.paint()
        assert sum(sent.values()) <= 2


def test_a_lesson_of_a_thousand_sections_is_one_widget(tmp_path: Path) -> None:
    """Cards are elements of the page, and cost the kernel no widget each."""
    with counted() as sent:
        sections = cards(tmp_path, 1000)
        page = Page(sections)
        assert len(page.view.sections) == 1000
    assert sent["comm_open"] <= 2


def test_what_a_saved_notebook_shows_is_small_and_text(tmp_path: Path) -> None:
    """Ten sections with long narrations are under 200 KB with their pictures, and nothing of a
    lesson is an element.
    """
    long = [{"image_description": EVIL, "content": EVIL + "Leaves. " * 100} for _ in range(10)]
    sections = cards(tmp_path, long)
    for section in range(10):
        hear(sections, *started(*range(10)), *made(section, tmp_path), *ended())
    saved = sections.page()
    assert len(saved.encode()) < 100_000
    assert saved.count("data:image/jpeg;base64,") == 10
    assert "<script" not in saved
    assert "<img src=x" not in saved


def test_where_there_are_no_widgets_the_cards_are_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal shows how many sections there are, and how they are."""
    sections = cards(tmp_path)
    hear(sections, *started(0), *made(0, tmp_path))
    sections._ipython_display_()
    assert capsys.readouterr().out == "lesson: 3 sections · 1 made · 2 not made yet\n"


# ---- editing


def fields(page: Page, number: int, **changed: str) -> dict[str, str]:
    """The fields of a section as the editor hands them over, some of them changed."""
    keys = ("title", "content", "image_description", "image", "voice", "say", "focus", "layout")
    slide = {key: page.card(number).get(key, "") for key in SHAPES}
    return {key: page.card(number)[key] for key in keys} | slide | changed


def edited(page: Page, number: int, **changed: str) -> list[str]:
    """*Done* on a card; gives what is wrong."""
    uid = page.card(number)["uid"]
    told: list[str] = page.did(
        "sections", "edit_done", uid=uid, fields=fields(page, number, **changed)
    )
    return told


def test_every_field_of_a_section_can_be_edited(tmp_path: Path) -> None:
    """Each goes into the lesson, is marked as unsaved, and into the file when it is saved; what
    the editor does not know stays as it was.
    """
    kept = {"slide": {"lang": "python", "points": ["a"]}, "x-own": 1}
    sections = cards(tmp_path, [GOOD, {**GOOD, **kept}])
    page = Page(sections)
    before = sections.lesson.path.read_bytes()
    changed = {
        "title": "Kept light",
        "content": "Nothing is lost.",
        "image_description": "A jar of light.",
        "voice": "Anna",
        "say": "GPU = gee pee you\nCPU = see pee you",
        "layout": "steps",
        "points": "Catch\nKeep",
    }
    assert edited(page, 2, **changed) == []
    assert page.view.lesson["unsaved"]
    assert sections.lesson.path.read_bytes() == before
    page.did("sections", "save")
    assert not page.view.lesson["unsaved"]
    saved = json.loads(sections.lesson.path.read_text())["sections"]
    assert saved[0] == GOOD
    assert saved[1] == {
        "title": "Kept light",
        "content": "Nothing is lost.",
        "image_description": "A jar of light.",
        "voice": "Anna",
        "say": {"GPU": "gee pee you", "CPU": "see pee you"},
        "slide": {"lang": "python", "layout": "steps", "points": ["Catch", "Keep"]},
        "x-own": 1,
    }
    assert (tmp_path / "lesson.json.bak").read_bytes() == before


def test_sections_are_added_moved_duplicated_removed_and_brought_back(tmp_path: Path) -> None:
    """What was done last is undone first, until the lesson is what its file says."""
    sections = cards(tmp_path, 3)
    page = Page(sections)
    before = sections.lesson
    first, second, third = sections.draft.uids
    page.did("sections", "move", uid=third, by=-2)
    assert sections.draft.uids == (third, first, second)
    added = page.did("sections", "add", uid=first)
    assert sections.draft.uids == (third, first, added, second)
    twin = page.did("sections", "duplicate", uid=second)
    assert sections.draft.uids == (third, first, added, second, twin)
    assert sections.lesson.sections[3] == sections.lesson.sections[4]
    page.did("sections", "remove", uid=third)
    assert [section["number"] for section in page.view.sections] == [1, 2, 3, 4]
    for _ in range(4):
        page.did("sections", "undo")
    assert sections.lesson == before
    assert not page.view.lesson["unsaved"]
    assert not page.view.lesson["undo"]


def test_a_lesson_keeps_its_last_section(tmp_path: Path) -> None:
    """There is no lesson without one: that is said, and nothing is done."""
    sections = cards(tmp_path, 1)
    page = Page(sections)
    page.did("sections", "remove", uid=sections.draft.uids[0])
    assert "needs a section" in page.view.lesson["said"]
    assert len(sections.lesson.sections) == 1


def test_a_discarded_edit_changes_nothing(tmp_path: Path) -> None:
    """What was typed is forgotten, and the lesson is as it was."""
    sections = cards(tmp_path)
    page = Page(sections)
    before, uid = sections.lesson, sections.draft.uids[0]
    page.did("sections", "type", uid=uid, fields=fields(page, 1, content="Never said."))
    assert sections.edited
    page.did("sections", "discard", uid=uid)
    assert sections.lesson == before
    assert not sections.edited
    assert page.card(1)["typed"] is None


def test_a_faulty_edit_is_told_and_stays_open(tmp_path: Path) -> None:
    """The faults have the names that the fields have there, and keep the lesson from being made
    of other words than those on the screen.
    """
    sections = cards(tmp_path)
    page = Page(sections)
    told = " ".join(edited(page, 1, content="?!", title="x" * 301))
    assert "“Narration” is" in told
    assert "“Title” has 301 characters" in told
    assert "word = sounds like" in " ".join(edited(page, 1, say="GPU"))
    with pytest.raises(LessonError):
        sections.take_in()
    assert page.card(1)["typed"] is not None


def test_saving_takes_in_what_is_open(tmp_path: Path) -> None:
    """*Save lesson* needs no *Done* before it, and says where the old file is."""
    sections = cards(tmp_path)
    page = Page(sections)
    uid = sections.draft.uids[2]
    page.did("sections", "type", uid=uid, fields=fields(page, 3, content="The last words."))
    page.did("sections", "save")
    assert (
        json.loads(sections.lesson.path.read_text())["sections"][2]["content"] == "The last words."
    )
    assert "Saved in lesson.json" in page.view.lesson["said"]
    page.did("sections", "save")
    assert "nothing to save" in page.view.lesson["said"]
    assert sorted(path.name for path in tmp_path.glob("*.json*")) == [
        "lesson.json",
        "lesson.json.bak",
    ]


def test_saving_over_somebody_elses_change_is_refused_in_words(tmp_path: Path) -> None:
    """The panel says that the file was changed, and the edit stays in hand."""
    sections = cards(tmp_path)
    page = Page(sections)
    sections.edit(1, content="Mine.")
    written(tmp_path, sections=[GOOD])
    page.did("sections", "save")
    assert "changed since it was read" in page.view.lesson["said"]
    assert page.view.lesson["tone"] == "wrong"
    assert sections.lesson.sections[0].content == "Mine."


def test_a_picture_of_ones_own_is_put_beside_the_lesson(tmp_path: Path) -> None:
    """What is uploaded lies in `pictures/`, overwrites nothing, and what is no picture is told."""
    sections = cards(tmp_path)
    page = Page(sections)
    data = picture((640, 360))

    def upload(data: bytes, name: str, **more: Any) -> dict[str, str]:
        given = {"key": "image", "name": name, "start": 0} | more
        put: dict[str, str] = page.did("sections", "upload", data, **given)
        return put

    assert upload(data[:100], "../My cell.PNG", more=True) == {}
    put = upload(data[100:], "../My cell.PNG", start=100)
    assert put == {"file": "pictures/My cell.png"}
    assert (tmp_path / "pictures/My cell.png").read_bytes() == data
    other = upload(picture((10, 10)), "My cell.png")
    assert other == {"file": "pictures/My cell-2.png"}
    assert edited(page, 1, image=put["file"]) == []
    assert sections.lesson.sections[0].image == tmp_path / "pictures/My cell.png"
    assert "cannot be read" in upload(b"x", "a.png")["error"]
    assert "is no picture" in upload(b"x", "a.py")["error"]


def test_a_sound_of_ones_own_is_put_beside_the_lesson(tmp_path: Path) -> None:
    """It takes the narration's place, and goes again when its field is emptied."""
    sections = cards(tmp_path)
    page = Page(sections)
    upload = {"key": "audio", "start": 0}
    data = wav(speech_like(1), 24_000)
    put = page.did("sections", "upload", data, **upload, name="hello.wav")
    assert put == {"file": "sounds/hello.wav"}
    assert edited(page, 1, audio=put["file"]) == []
    assert sections.lesson.sections[0].audio == tmp_path / "sounds/hello.wav"
    assert edited(page, 1, audio="") == []
    assert sections.lesson.sections[0].audio is None
    told = page.did("sections", "upload", b"RIFF", **upload, name="hello.wav")["error"]
    assert "cannot be read as a sound" in told


def test_a_film_of_ones_own_is_named(tmp_path: Path) -> None:
    """Its file is written as such, or with what else is told of it; what is no file is told."""
    (tmp_path / "cell.mp4").write_bytes(b"x")
    sections = cards(tmp_path)
    page = Page(sections)
    assert edited(page, 1, video="cell.mp4") == []
    assert page.card(1)["video"] == "cell.mp4"
    assert edited(page, 1, video='{"file": "cell.mp4", "start": 2}') == []
    film = sections.lesson.sections[0].video
    assert film is not None
    assert film.start == 2
    assert edited(page, 1, video='{"file": ')[0].startswith("“A film of your own” is no JSON")
    assert "“A film of your own”" in edited(page, 1, video="none.mp4")[0]


@pytest.mark.parametrize("layout", EXAMPLES)
def test_every_layout_is_written_and_read_in_the_editor(tmp_path: Path, layout: Layout) -> None:
    """What a layout is made of has its fields; written there it is the slide of the example."""
    sections = cards(tmp_path)
    page = Page(sections)
    offered = page.did("sections", "offers")["fields"]
    told = {each["key"]: each["layouts"][layout] for each in offered if layout in each["layouts"]}
    assert told
    if layout == "picture":
        picture_of_ones_own = tmp_path / "own.png"
        picture_of_ones_own.write_bytes(picture((64, 36)))
        told["image"] = "own.png"
    named = {"layout": EXAMPLES[layout].get("layout", "")}
    assert edited(page, 1, **told, **named) == []
    assert sections.lesson.sections[0].slide == EXAMPLES[layout]
    assert edited(page, 1) == []
    assert sections.lesson.sections[0].slide == EXAMPLES[layout]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"chart": '{"bars": {"Ice": 2'}, "“Chart” is no JSON in line 1"),
        ({"chart": '{"bars": {"Ice": "much"}}'}, "Ice"),
        ({"layout": "stepz"}, "write 'steps'"),
        ({"diagram": '["Sun"]'}, "diagram"),
    ],
)
def test_a_slide_that_cannot_be_is_told_at_once(
    tmp_path: Path, fields: dict[str, str], told: str
) -> None:
    """What *Make* would stumble over is said at *Done*, and the lesson stays as it was."""
    sections = cards(tmp_path)
    page = Page(sections)
    before = sections.lesson
    assert told in " ".join(edited(page, 1, **fields))
    assert sections.lesson == before


FIELDS = ("title", "content", "image_description", "voice", "language", "say", "focus", "layout")
WORDS = st.text('ab:=(){}[]" |.\n1é', min_size=1, max_size=12).map(lambda text: f"a{text}z")
TURNS = st.lists(
    st.fixed_dictionaries(
        {"text": WORDS},
        optional={
            "speaker": st.sampled_from(["Ana", "Ana (old)", "A:b", "a", "Luis = two"]),
            "language": st.sampled_from(["es", "es-419", "zh-Hant"]),
        },
    ),
    min_size=1,
    max_size=3,
)
PLACE = st.floats(0, 1)
WHOLE = st.fixed_dictionaries(
    {"image_description": WORDS, "content": WORDS | TURNS},
    optional={
        "title": st.just("A title"),
        "voice": st.sampled_from(["Anna", "en-us+f3"]),
        "language": st.just("es"),
        "say": st.dictionaries(WORDS, WORDS, max_size=2),
        "slide": st.dictionaries(
            st.sampled_from(["points", "steps", "mine"]), st.lists(WORDS, min_size=1), max_size=2
        ),
        "focus": st.lists(
            st.fixed_dictionaries({"at": st.tuples(PLACE, PLACE, PLACE, PLACE), "words": WORDS}),
            max_size=2,
        ),
        "from": st.just("cell 7"),
        "$draft": st.fixed_dictionaries({"content": WORDS}),
        "own": WORDS,
    },
)


@given(section=WHOLE, key=st.sampled_from(FIELDS), speakers=st.booleans())
@settings(max_examples=200, deadline=None)
def test_an_edit_of_one_field_loses_nothing_of_another(
    tmp_path_factory: pytest.TempPathFactory, section: dict[str, Any], key: str, speakers: bool
) -> None:
    """Whatever a section holds, whoever speaks in it, an edited field is the only one of the file
    that is another one afterwards; and what nobody edited is no change.
    """
    named = {"Ana": "hibari:heart", "a": "espeak:es"}
    more: dict[str, Any] = {"speakers": named} if speakers else {}
    folder = tmp_path_factory.mktemp("lesson")
    lesson = load_lesson(written(folder, sections=[section, GOOD], music=None, **more))
    draft = Draft(lesson)
    shown = fields_of(lesson.sections[0], folder, lesson.speakers)
    draft.edit(draft.uids[0], shown)
    assert draft.lesson is lesson
    new = {"say": "GPU = gee", "focus": "0 0 0.5 1: here", "layout": "steps", "language": "de"}
    draft.edit(draft.uids[0], shown | {key: new.get(key, "other")})
    before, after = (lesson_json(each)["sections"] for each in (lesson, draft.lesson))
    changed = "slide" if key == "layout" else key
    assert {**after[0], changed: 0} == {**before[0], changed: 0}
    assert after[0][changed] != before[0].get(changed)
    assert after[1] == before[1]
    if key == "layout":
        assert {**after[0]["slide"], "layout": 0} == {**before[0].get("slide", {}), "layout": 0}
    draft.save()
    assert load_lesson(lesson.path).sections == draft.lesson.sections


def test_turns_are_paragraphs_that_begin_with_who_speaks(tmp_path: Path) -> None:
    """They are read and written as such; a paragraph without a name is the narrator's, a name that
    nobody has is a word like any other, and a narration without turns stays a text.
    """
    turns = [
        {"speaker": "Ana", "text": "Good morning."},
        {"text": "She waits.\nNote: a while."},
        {"speaker": "Luis", "text": "Buenos días.", "language": "es"},
    ]
    plain = {**GOOD, "content": "Note: this is no speaker."}
    path = written(tmp_path, sections=[{**GOOD, "content": turns}, plain], speakers={"Ana": "a"})
    sections = Sections(load_lesson(path), Settings(cache_dir=tmp_path / "s"))
    page = Page(sections)
    shown = page.card(1)["content"]
    said = "Ana: Good morning.\n\nShe waits.\nNote: a while.\n\nLuis (es): Buenos días."
    assert shown == said
    assert page.card(1)["speaking"]
    assert edited(page, 1, content=f"{said}\nAna: Bye.") == []
    told = lesson_json(sections.lesson)["sections"]
    assert told[0]["content"] == [*turns, {"speaker": "Ana", "text": "Bye."}]
    assert edited(page, 2, content="Ana: Hello.\n\nNote: who is Luis: nobody.") == []
    assert lesson_json(sections.lesson)["sections"][1]["content"] == [
        {"speaker": "Ana", "text": "Hello."},
        {"text": "Note: who is Luis: nobody."},
    ]
    assert edited(page, 2, content="Note: nobody speaks.") == []
    assert sections.lesson.sections[1].content == "Note: nobody speaks."
    assert not sections.lesson.sections[1].turns


def test_regions_of_a_picture_are_lines(tmp_path: Path) -> None:
    """Each with its place and its words; a line that is none is told with what to write."""
    sections = cards(tmp_path)
    page = Page(sections)
    assert edited(page, 1, focus="0.1 0.2 0.3 0.4: the nucleus\n0, 0, 1, 1: all") == []
    nucleus = {"at": [0.1, 0.2, 0.3, 0.4], "words": "the nucleus"}
    assert list(sections.lesson.sections[0].focus) == [
        nucleus,
        {"at": [0.0, 0.0, 1.0, 1.0], "words": "all"},
    ]
    assert page.card(1)["focus"].startswith("0.1 0.2 0.3 0.4: the nucleus\n")
    assert "write such as 0.1" in edited(page, 1, focus="the nucleus")[0]
    assert "“Regions of the picture”" in edited(page, 1, focus="1 2 3 4: x")[0]
    assert edited(page, 1, focus="") == []
    assert not sections.lesson.sections[0].focus


def test_the_words_before_a_model_rewrote_them_are_taken_back(tmp_path: Path) -> None:
    """They stand beside the new ones; taken back they are the section's again, with the slide they
    had, and what else was typed stays. *Undo* brings the new words again.
    """
    drafted = {"content": "As it was.", "slide": {"points": ["a", "b"]}}
    new = {"slide": {"layout": "steps", "points": ["x", "y"]}, "$draft": drafted, "$check": ["7"]}
    broken = {**GOOD, "$draft": {"content": 5}}
    sections = cards(tmp_path, [GOOD, {**GOOD, **new, "own": 1}, broken])
    page = Page(sections)
    assert [page.card(number)["before"] for number in (1, 2)] == ["", "As it was."]
    third = {"uid": page.card(3)["uid"], "fields": fields(page, 3)}
    assert "“Narration” is the number 5" in page.did("sections", "unrewrite", **third)[0]
    assert "check: 7" in page.card(2)["origin"]
    uid = page.card(2)["uid"]
    typed = fields(page, 2, title="A new title")
    assert page.did("sections", "unrewrite", uid=uid, fields=typed) == []
    wanted = {**GOOD, **drafted, "title": "A new title", "own": 1}
    assert lesson_json(sections.lesson)["sections"][1] == wanted
    assert (page.card(2)["before"], page.card(2)["origin"]) == ("", "")
    assert page.card(2)["typed"] is None
    page.did("sections", "undo")
    assert page.card(2)["content"] == GOOD["content"]
    assert page.card(2)["title"] == "A new title"
    page.did("sections", "unrewrite", uid=uid, fields=fields(page, 2))
    page.did("sections", "save")
    assert json.loads(sections.lesson.path.read_text())["sections"][1] == wanted


def test_what_a_lesson_says_of_itself_is_edited(tmp_path: Path) -> None:
    """Title, language, music and speakers go into the file, can be taken back, and what is wrong
    with them is told.
    """
    (tmp_path / "music.mp3").write_bytes(b"x")
    sections = cards(tmp_path)
    page = Page(sections)

    def head(**changed: str) -> Any:
        now = {key: page.view.lesson[key] for key in ("title", "language", "music", "speakers")}
        return page.did("sections", "head", **now | changed)

    assert head(title="¿Qué es?", language="es") == []
    assert (page.view.lesson["title"], page.view.lesson["language"]) == ("¿Qué es?", "es")
    assert head(music="music.mp3", speakers="Ana = hibari:heart\nLuis = espeak:es") == []
    assert head(music="music.mp3, −6,5 dB") == []
    assert page.view.lesson["music"] == "music.mp3, -6.5 dB"
    assert page.view.lesson["speakers"] == "Ana = hibari:heart\nLuis = espeak:es"
    assert head() == []
    page.did("sections", "save")
    saved = json.loads(sections.lesson.path.read_text())
    assert saved["language"] == "es"
    assert saved["music"] == {"file": "music.mp3", "volume": -6.5}
    assert saved["speakers"] == {"Ana": "hibari:heart", "Luis": "espeak:es"}
    assert "language tag" in " ".join(head(title="", language="Spanish!"))
    assert "“Music”" in " ".join(head(music="none.mp3"))
    assert "write Ana = hibari:heart" in " ".join(head(speakers="Ana"))
    assert head(music="", speakers="") == []
    assert "music" not in lesson_json(sections.lesson)
    for _ in range(4):
        page.did("sections", "undo")
    assert page.view.lesson["language"] == "en"


def test_layouts_are_offered_with_their_pictures_and_a_voice_with_its_sound(
    tmp_path: Path,
) -> None:
    """Each layout is drawn by the slides themselves, and a sample is spoken by the voice."""
    sections = cards(tmp_path)
    page = Page(sections)
    offered = page.did("sections", "offers")
    pictures = {each["layout"]: each["media"] for each in offered["layouts"]}
    assert {"", "steps", "compare", "code"} < set(pictures)
    for layout, token in pictures.items():
        if layout not in ("", "picture"):
            data, _ = page.fetched(token)
            assert Image.open(io.BytesIO(data)).size == (320, 180)
    assert offered["voices"][0][0] == ""
    sample = page.did("sections", "sample", voice="")
    assert page.fetched(sample["media"])[1] == "audio/wav"


# ---- making


class Studio:
    """Cards that make their lesson with providers that count their calls."""

    def __init__(self, folder: Path, sections: int = 3, **settings: Any) -> None:
        self.images, self.voice = Simulated(0.01), Simulated(0.01, seconds=0.2)
        given: dict[str, Any] = {"images": self.images, "voice": self.voice, "size": (64, 36)}
        self.chosen = Settings(cache_dir=folder / "store", **(given | settings))
        self.sections = cards(folder, sections, settings=self.chosen)
        self.page = Page(self.sections)

    def make(self) -> Page:
        """Make the whole lesson, and forget the calls that this took."""
        self.sections.make()
        self.settle()
        self.images.calls = self.voice.calls = 0
        return self.page

    def press(self, does: str, number: int, **given: Any) -> Any:
        """Do something with a section, and wait for the run that it may have started."""
        uid = self.sections.draft.uids[number - 1]
        answer = self.page.did("sections", does, uid=uid, **given)
        self.settle()
        return answer

    def settle(self) -> None:
        """Wait until no run goes on, and none waits."""
        self.sections.settle()

    @property
    def calls(self) -> tuple[int, int]:
        """Calls for images and for narrations since the lesson was made."""
        return self.images.calls, self.voice.calls


def test_an_edited_narration_is_one_call_of_the_voice_and_no_other(tmp_path: Path) -> None:
    """*Make again* asks for what was edited alone; all else comes from the store."""
    studio = Studio(tmp_path)
    page = studio.make()
    assert "3 made" in page.view.lesson["tally"]
    assert edited(page, 2, content="Entirely new words.") == []
    assert page.states() == ["made", "edited", "made"]
    assert studio.press("again", 2) == []
    assert studio.calls == (0, 1)
    assert page.states() == ["made"] * 3
    assert studio.sections.run is not None
    report = studio.sections.run.result()
    assert len(report.sections) == 3
    assert "Entirely new words" in (report.folder / "captions.vtt").read_text()


def test_what_is_there_is_shown_without_having_been_heard(tmp_path: Path) -> None:
    """Another kernel shows what the store and the folder have: made where it is, edited where the
    file says something else since, ready where only the clip is missing.
    """
    studio = Studio(tmp_path)
    studio.make()
    again = Sections(load_lesson(tmp_path / "lesson.json"), studio.chosen)
    again.wait()
    page = Page(again)
    assert page.states() == ["made"] * 3
    assert all(page.card(number)["clip"] and page.card(number)["poster"] for number in (1, 2, 3))
    lesson = json.loads((tmp_path / "lesson.json").read_text())
    lesson["sections"][1]["content"] = "Something new."
    lesson["sections"].insert(0, GOOD)
    (tmp_path / "lesson.json").write_text(json.dumps(lesson))
    changed = Sections(load_lesson(tmp_path / "lesson.json"), studio.chosen)
    changed.wait()
    page = Page(changed)
    assert page.states() == ["not made yet", "made", "not made yet", "made"]
    assert page.card(3)["poster"], "its picture is there all the same"
    (tmp_path / "output_lesson/report.json").unlink()
    third = Sections(load_lesson(tmp_path / "lesson.json"), studio.chosen)
    third.wait()
    assert Page(third).states()[1] == "ready to join"


def test_an_earlier_version_comes_back_with_its_words(tmp_path: Path) -> None:
    """All takes are shown side by side, also of words that were edited since; the chosen one is
    in the video again, and nobody is asked for it.
    """
    studio = Studio(tmp_path, images=Painted())
    page = studio.make()
    first = page.fetched(page.card(1)["poster"])
    words = studio.sections.lesson.sections[0].content
    assert [each["kind"] for each in studio.press("versions", 1)] == ["image", "audio"]
    names = [answer["name"] for answer in studio.press("again", 1)]
    assert names == ["New picture", "New narration", "Both"]
    studio.press("force", 1, force="image")
    assert page.fetched(page.card(1)["poster"]) != first
    assert edited(page, 1, content="Other words.") == []
    studio.press("again", 1)
    calls = (studio.chosen.images.calls, studio.voice.calls)
    found = studio.press("versions", 1)
    pictures = [each for each in found if each["kind"] == "image"]
    assert [each["current"] for each in pictures].count(True) == 1
    studio.press("use", 1, version=next(each["id"] for each in pictures if not each["current"]))
    assert page.fetched(page.card(1)["poster"]) == first
    old = next(
        each for each in found if each["kind"] == "audio" and "earlier words" in each["name"]
    )
    studio.press("use", 1, version=old["id"])
    assert studio.sections.lesson.sections[0].content == words
    assert (studio.chosen.images.calls, studio.voice.calls) == calls


def test_a_price_is_told_before_it_is_paid(tmp_path: Path) -> None:
    """What a part costs to be made anew stands on its button."""
    studio = Studio(tmp_path, images=Simulated(0.01, price=0.04))
    studio.make()
    names = [answer["name"] for answer in studio.press("again", 1)]
    assert names[:2] == ["New picture ($0.040)", "New narration"]


def test_a_part_of_ones_own_is_not_made_anew(tmp_path: Path) -> None:
    """Where the lesson names a picture, nobody offers to draw another."""
    (tmp_path / "own.png").write_bytes(picture())
    sections = cards(tmp_path, [{**GOOD, "image": "own.png"}])
    page = Page(sections)
    hear(sections, *started(0), *made(0, tmp_path), *ended())
    answers = page.did("sections", "again", uid=sections.draft.uids[0])
    assert [answer["name"] for answer in answers] == ["New narration", "New clip"]


def test_try_again_repairs_a_failed_section_alone(tmp_path: Path) -> None:
    """A second try makes what failed, and nothing that was made."""
    studio = Studio(tmp_path, images=Balky())
    page = studio.make()
    assert "this one I will not draw" in page.card(2)["wrong"]
    calls = studio.chosen.images.calls
    studio.press("again", 2)
    assert studio.chosen.images.calls == calls + 1
    assert studio.calls == (0, 0)
    assert page.states() == ["made"] * 3
    assert page.card(2)["wrong"] == ""


def test_clicks_while_a_run_goes_on_wait_for_its_end(tmp_path: Path) -> None:
    """What is asked for meanwhile stands in line, and all of a kind is made in one run."""
    asked: list[dict[str, Any]] = []

    def make(lesson: Lesson, **changes: Any) -> None:
        asked.append({"lesson": lesson, **changes})

    sections = cards(tmp_path, make=make)
    page = Page(sections)
    hear(sections, *started(0, 1, 2), *made(0, tmp_path), *made(2, tmp_path))
    sections.make_again(3, "image")
    sections.make_again(1, "image")
    assert asked == []
    assert page.states()[0] == "waits for its turn"
    hear(sections, *ended())
    assert asked == [{"lesson": sections.lesson, "only": (1, 3), "force": "image", "join": "all"}]
    hear(sections)
    assert len(asked) == 2  # it gave no run, so it is asked again


def test_what_cannot_be_started_is_said_on_the_card(tmp_path: Path) -> None:
    """A setting that is wrong is told where the click was."""

    def make(lesson: Lesson, **changes: Any) -> None:
        raise VidkitError(f"no such provider {EVIL}")

    sections = cards(tmp_path, make=make)
    page = Page(sections)
    hear(sections, *started(0), *made(0, tmp_path), *ended())
    sections.make_again(1)
    assert page.card(1)["wrong"].startswith("no such provider <script>")
    assert page.states()[0] == "made"


def test_without_a_store_one_section_cannot_be_made_alone(tmp_path: Path) -> None:
    """The others would be missing from the video, so it is refused, in words."""
    studio = Studio(tmp_path, cache=False)
    page = studio.make()
    studio.press("force", 1, force="all")
    assert "cache=False" in page.view.lesson["said"]


class Painted(Simulated):
    """Draws another picture each time."""

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        await super().draw(ask, request)
        return Picture(picture((64 + self.calls, 36)), ".png")


class Balky(Simulated):
    """Will not draw the second section when it is first asked to."""

    refused = False

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        if ask.index == 1 and not self.refused:
            self.refused = True
            raise Refused("this one I will not draw")
        return await super().draw(ask, request)
