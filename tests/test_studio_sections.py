"""The cards of a lesson: fed with events, and at work, without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest
from counted import counted
from some_lessons import GOOD
from stand_ins import written

from vidkit.api import Run
from vidkit.core import loop
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
from vidkit.providers import ImageAsk, Picture, Request
from vidkit.providers.simulated import Simulated
from vidkit.studio import Sections

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)></textarea><b>\"'&\u202e\u05d0"
LONG = "W" * 10_000


@pytest.fixture(autouse=True)
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The cells stand in the test's own folder."""
    monkeypatch.chdir(tmp_path)
    yield


def cards(folder: Path, sections: int | list[dict[str, Any]] = 3, **more: Any) -> Sections:
    """The cards of a lesson that is on disk."""
    return Sections(load_lesson(written(folder, sections=sections)), **more)


def hear(sections: Sections, *events: Event) -> None:
    """Have events happen, and what they changed painted."""
    for event in events:
        sections.hear(event)
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
        path.write_bytes(b"x")
        events += step(section, name, path)
    return [*events, SectionEnded(4, 0, section, "made")]


def ended() -> list[Event]:
    return [LessonEnded(9, 0, "lesson", None), RunEnded(9)]


def shown(sections: Sections, number: int) -> str:
    """All HTML on the card of a section."""
    head, body, foot, *_ = sections.cards[number - 1].widget.children
    return str(head.value + body.outputs[0]["data"]["text/html"] + foot.value)


def buttons(sections: Sections, number: int) -> dict[str, widgets.Button]:
    """The buttons of a card, by what is written on them."""
    row = sections.cards[number - 1].widget.children[4].children
    return {each.description: each for each in row if isinstance(each, widgets.Button)}


def click(sections: Sections, number: int, name: str) -> None:
    """Press a button of a card, and wait for the run that it may have started."""
    buttons(sections, number)[name].click()
    settle(sections)


def settle(sections: Sections) -> None:
    """Wait until no run goes on, none waits, and its cards are painted."""

    async def turned() -> None:
        pass

    for _ in range(10):
        if sections.run is not None:
            sections.run.result()
        loop.run(turned())
        if not (sections._line or sections._under_way):
            break
    loop.run(sections._look_for_takes())
    sections.paint()


class Page(HTMLParser):
    """Reads HTML as a browser does, and notes the elements and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data: str) -> None:
        self.text += data


# ---- fed with events


def test_cards_stand_in_the_lessons_order_whatever_ends_first(tmp_path: Path) -> None:
    """The last section may be made first: it is the last card all the same."""
    sections = cards(tmp_path)
    hear(sections, *started(0, 1, 2), *made(2, tmp_path), *made(0, tmp_path))
    assert [card.number for card in sections.cards] == [1, 2, 3]
    assert [card.widget for card in sections.cards] == list(sections._grid._box.children)
    states = ["made", "waiting", "made"]
    assert all(f">{state}<" in shown(sections, n) for n, state in enumerate(states, start=1))
    assert sections.over == 2


def test_a_card_fills_in_as_its_parts_arrive(tmp_path: Path) -> None:
    """It says what is waited for and what is being made, and shows each part when it is there."""
    sections = cards(tmp_path)
    assert "not made yet" in shown(sections, 2)
    assert "lesson picture 1" in shown(sections, 2)
    image, *rest = step(1, "image", tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(b"x")
    hear(sections, *started(0, 1, 2), image)
    assert "waits" in shown(sections, 2)
    hear(sections, rest[0])
    assert "drawing" in shown(sections, 2)
    assert "at work" in shown(sections, 2)
    assert "<img" not in shown(sections, 2)
    hear(sections, *rest[1:])
    assert "2.5 s" in shown(sections, 2)
    assert "simulated" in shown(sections, 2)
    assert 'src="a.png?v=' in shown(sections, 2)
    hear(sections, *made(1, tmp_path))
    assert Page(shown(sections, 2)).elements.count("video") == 1
    assert Page(shown(sections, 2)).elements.count("audio") == 1


def test_money_is_shown_where_it_was_spent(tmp_path: Path) -> None:
    """A card adds up what its section cost, and tells apart what may have been paid."""
    sections = cards(tmp_path)
    for dollars, sure in ((0.04, True), (0.02, True), (0.5, False)):
        hear(sections, Paid(1, 0, 0, "image", "openai", dollars, sure))
    assert "paid $0.060, perhaps $0.50 more" in shown(sections, 1)
    assert "paid" not in shown(sections, 2)
    assert "paid $0.060" in sections._tally.value


def test_a_failed_section_says_why_and_offers_to_try_again(tmp_path: Path) -> None:
    """The reason stands on the card, as text, and so does the mend."""
    sections = cards(tmp_path)
    assert set(buttons(sections, 1)) == {"Edit"}
    hear(sections, *started(0), *step(0, "image", how="failed"))
    hear(sections, SectionEnded(1, 0, 0, "failed", f"image: {EVIL}"), *ended())
    assert "image: &lt;script&gt;" in shown(sections, 1)
    assert "failed" in shown(sections, 1)
    assert set(buttons(sections, 1)) == {"Edit", "Try again"}
    assert "1 failed" in sections._tally.value


def test_what_comes_from_the_store_is_told_apart(tmp_path: Path) -> None:
    """A section of which nothing had to be made says so."""
    sections = cards(tmp_path)
    steps: list[Step] = ["image", "audio", "clip"]
    kept = [event for name in steps for event in step(0, name, how="kept")]
    hear(sections, *started(0), *kept, SectionEnded(1, 0, 0, "made"), *ended())
    assert Page(shown(sections, 1)).text.count("kept") == 4


def test_a_section_stays_as_it_was_made_when_others_are_made_again(tmp_path: Path) -> None:
    """A run that takes it from the store changes nothing on its card, and sends nothing."""
    with counted() as sent:
        sections = cards(tmp_path)
        hear(sections, *started(0, 1), *made(0, tmp_path), *made(1, tmp_path), *ended())
        settle(sections)
        before = shown(sections, 1)
        sent.clear()
        steps: list[Step] = ["image", "audio", "clip"]
        kept = [event for name in steps for event in step(0, name, how="kept")]
        hear(sections, *started(0, 1), *kept, SectionEnded(1, 0, 0, "made"), *ended())
        assert shown(sections, 1) == before
        assert not sent


def test_where_there_are_no_widgets_the_cards_are_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal shows how many sections there are, and how they are."""
    sections = cards(tmp_path)
    hear(sections, *started(0), *made(0, tmp_path))
    sections._ipython_display_()
    assert capsys.readouterr().out == "lesson: 3 sections · 1 made\n"


def test_a_cancelled_section_can_be_tried_again(tmp_path: Path) -> None:
    """What a cancel left unmade is no failure, and can be made."""
    sections = cards(tmp_path)
    hear(sections, *started(0), SectionEnded(1, 0, 0, "cancelled"), *ended())
    assert "cancelled" in shown(sections, 1)
    assert "Try again" in buttons(sections, 1)


# ---- anything is text


@pytest.mark.parametrize(
    "text", [EVIL, LONG, "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627"]
)
def test_whatever_a_lesson_holds_is_shown_as_text(tmp_path: Path, text: str) -> None:
    """Nothing in a text becomes an element or an attribute, in any field or message."""
    evil = [{"title": text[:300], "image_description": text, "content": text}]
    sections = cards(tmp_path, evil)
    plain = Page(shown(sections, 1) + sections.page())
    hear(sections, *started(0), SectionEnded(1, 0, 0, "failed", text), *ended())
    hear(sections, *made(0, tmp_path))
    page = Page(shown(sections, 1) + sections.page())
    assert page.text.count(text) >= 2
    assert set(plain.elements) <= {"div", "span", "details", "summary"}
    assert set(page.elements) <= {*plain.elements, "img", "video", "track", "audio"}
    assert page.attributes <= {
        *("class", "role", "aria-level", "aria-label", "dir", "style", "src", "alt"),
        *("controls", "preload", "kind", "loading"),
    }
    editor = sections.cards[0].edit()
    assert editor.texts() == {}
    assert [field.value for field in editor.widget.children[:3]] == [text[:300], text, text]


def test_a_message_as_long_as_a_page_is_cut(tmp_path: Path) -> None:
    """The reason why a section failed leaves the card readable."""
    sections = cards(tmp_path)
    hear(sections, SectionEnded(1, 0, 0, "failed", LONG))
    assert 0 < shown(sections, 1).count("W") < 1_000


# ---- editing


def test_an_edit_is_taken_into_the_lesson_and_not_into_its_file(tmp_path: Path) -> None:
    """*Done* takes the texts, the card shows them, and the file stays until it is saved."""
    sections = cards(tmp_path)
    before = sections.lesson.path.read_bytes()
    click(sections, 2, "Edit")
    assert set(buttons(sections, 2)) == {"Done", "Make again", "Discard"}
    sections.cards[1].edit().write(title="New title", content="New words.")
    click(sections, 2, "Done")
    assert sections.lesson.sections[1].content == "New words."
    assert "New title" in shown(sections, 2)
    assert "New words." in shown(sections, 2)
    assert sections.lesson.path.read_bytes() == before


def test_a_discarded_edit_changes_nothing(tmp_path: Path) -> None:
    """*Discard* closes the fields and leaves the texts as they were."""
    sections = cards(tmp_path)
    before = sections.lesson
    click(sections, 1, "Edit")
    sections.cards[0].edit().write(content="Never said.")
    click(sections, 1, "Discard")
    assert sections.lesson == before
    assert set(buttons(sections, 1)) == {"Edit"}


def test_a_faulty_edit_is_told_on_the_card_and_stays_open(tmp_path: Path) -> None:
    """The fault stands beside the fields, by the name that the field has there."""
    sections = cards(tmp_path)
    click(sections, 1, "Edit")
    sections.cards[0].edit().write(content="?!", title="x" * 301)
    click(sections, 1, "Done")
    told = sections.cards[0].edit()._faults.value
    assert "“Narration” is" in told
    assert "“Title” has 301 characters" in told
    assert set(buttons(sections, 1)) == {"Done", "Make again", "Discard"}
    with pytest.raises(LessonError):
        sections.take_in()


def test_saving_takes_in_what_is_open_and_writes_the_file(tmp_path: Path) -> None:
    """*Save lesson* needs no *Done* before it, and says where the old file is."""
    sections = cards(tmp_path)
    sections.cards[2].edit().write(content="The last words.")
    sections._buttons[-1].click()
    saved = json.loads(sections.lesson.path.read_text())
    assert saved["sections"][2]["content"] == "The last words."
    assert "Saved in lesson.json" in sections._said.value
    sections._buttons[-1].click()
    assert "nothing to save" in sections._said.value
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lesson.json", "lesson.json.bak"]


def test_saving_over_somebody_elses_change_is_refused_in_words(tmp_path: Path) -> None:
    """The panel says that the file was changed, and the edit stays in hand."""
    sections = cards(tmp_path)
    sections.edit(1, content="Mine.")
    written(tmp_path, sections=[GOOD])
    sections._buttons[-1].click()
    assert "changed since it was read" in sections._said.value
    assert sections.lesson.sections[0].content == "Mine."


# ---- making again


class Studio:
    """Cards that make their lesson with providers that count their calls."""

    def __init__(self, folder: Path, sections: int = 3, **settings: Any) -> None:
        self.images, self.voice = Simulated(0.01), Simulated(0.01, seconds=0.2)
        given: dict[str, Any] = {"images": self.images, "voice": self.voice, "size": (64, 36)}
        chosen = Settings(cache_dir=folder / "store", **(given | settings))
        self.sections = cards(folder, sections, settings=chosen)

    def make(self) -> Sections:
        """Make the whole lesson, and forget the calls that this took."""
        self.sections.make()
        settle(self.sections)
        self.images.calls = self.voice.calls = 0
        return self.sections

    @property
    def calls(self) -> tuple[int, int]:
        """Calls for images and for narrations since the lesson was made."""
        return self.images.calls, self.voice.calls


def test_an_edited_narration_is_one_call_of_the_voice_and_no_other(tmp_path: Path) -> None:
    """*Make again* asks for what was edited alone; all else comes from the store."""
    studio = Studio(tmp_path)
    sections = studio.make()
    assert "3 made" in sections._tally.value
    click(sections, 2, "Edit")
    sections.cards[1].edit().write(content="Entirely new words.")
    click(sections, 2, "Make again")
    assert studio.calls == (0, 1)
    assert sections.run is not None
    report = sections.run.result()
    assert report.made
    assert len(report.sections) == 3
    assert "Entirely new words" in (report.folder / "captions.vtt").read_text()


def test_what_was_edited_and_not_made_again_says_so(tmp_path: Path) -> None:
    """A card whose text is not what is heard is told apart, until it is made again."""
    sections = Studio(tmp_path).make()
    click(sections, 1, "Edit")
    sections.cards[0].edit().write(content="Other words.")
    click(sections, 1, "Done")
    assert ">edited<" in shown(sections, 1)
    click(sections, 1, "Make again")
    assert ">made<" in shown(sections, 1)


def test_nothing_edited_asks_what_to_make_anew_and_the_earlier_take_can_come_back(
    tmp_path: Path,
) -> None:
    """One call makes a part anew, none brings back the one before, and none the later again."""
    studio = Studio(tmp_path, images=Painted())
    sections = studio.make()
    image = sections.cards[0].so_far.files["image"]
    first = image.read_bytes()
    assert "Take back" not in buttons(sections, 1)
    click(sections, 1, "Make again")
    assert list(buttons(sections, 1)) == [
        "Edit",
        "Never mind",
        "New image",
        "New narration",
        "Both",
    ]
    click(sections, 1, "New image")
    assert studio.calls == (0, 0)
    assert sections.settings.images.calls == 4
    assert image.read_bytes() != first
    click(sections, 1, "Take back")
    assert image.read_bytes() == first
    click(sections, 1, "Take back")
    assert image.read_bytes() != first
    assert sections.settings.images.calls == 4
    assert "Take back" not in buttons(sections, 2)


def test_never_mind_leaves_everything_as_it_is(tmp_path: Path) -> None:
    """Whoever looks at the choices and takes none has asked for nothing."""
    studio = Studio(tmp_path)
    sections = studio.make()
    click(sections, 1, "Make again")
    click(sections, 1, "Never mind")
    assert list(buttons(sections, 1)) == ["Edit", "Make again"]
    assert studio.calls == (0, 0)


def test_a_price_is_told_before_it_is_paid(tmp_path: Path) -> None:
    """What a part costs to be made anew stands on its button."""
    sections = Studio(tmp_path, images=Simulated(0.01, price=0.04)).make()
    click(sections, 1, "Make again")
    assert "New image ($0.040)" in buttons(sections, 1)
    assert "New narration" in buttons(sections, 1)


def test_a_part_of_ones_own_is_not_made_anew(tmp_path: Path) -> None:
    """Where the lesson names a picture, nobody offers to draw another."""
    (tmp_path / "own.png").write_bytes(b"x")
    sections = cards(tmp_path, [{**GOOD, "image": "own.png"}])
    hear(sections, *started(0), *made(0, tmp_path), *ended())
    click(sections, 1, "Make again")
    assert list(buttons(sections, 1)) == ["Edit", "Never mind", "New narration", "New clip"]


def test_try_again_repairs_a_failed_section_alone(tmp_path: Path) -> None:
    """A second try makes what failed, and nothing that was made."""
    studio = Studio(tmp_path, images=Balky())
    sections = studio.make()
    assert "this one I will not draw" in shown(sections, 2)
    calls = sections.settings.images.calls
    click(sections, 2, "Try again")
    assert sections.settings.images.calls == calls + 1
    assert studio.calls == (0, 0)
    assert "3 made" in sections._tally.value
    assert "will not draw" not in shown(sections, 2)


def test_clicks_while_a_run_goes_on_wait_for_its_end(tmp_path: Path) -> None:
    """What is asked for meanwhile stands in line, and all of a kind is made in one run."""
    started_with: list[dict[str, Any]] = []

    def make(lesson: Lesson, **changes: Any) -> None:
        started_with.append({"lesson": lesson, **changes})

    sections = cards(tmp_path, make=make)
    hear(sections, *started(0, 1, 2), *made(0, tmp_path), *made(2, tmp_path))
    sections.make_again(3, "image")
    sections.make_again(1, "image")
    assert started_with == []
    assert "in line" in shown(sections, 1)
    hear(sections, *ended())
    assert started_with == [{"lesson": sections.lesson, "only": (1, 3), "force": "image"}]
    hear(sections)
    assert len(started_with) == 2  # it gave no run, so it is asked again


def test_what_cannot_be_started_is_said_on_the_card(tmp_path: Path) -> None:
    """A setting that is wrong is told where the click was."""

    def make(lesson: Lesson, **changes: Any) -> Run[Any]:
        raise VidkitError(f"no such provider {EVIL}")

    sections = cards(tmp_path, make=make)
    hear(sections, *started(0), *made(0, tmp_path), *ended())
    sections.make_again(1)
    assert "no such provider &lt;script&gt;" in shown(sections, 1)
    assert "in line" not in shown(sections, 1)


def test_without_a_store_one_section_cannot_be_made_alone(tmp_path: Path) -> None:
    """The others would be missing from the video, so it is refused, in words."""
    sections = Studio(tmp_path, cache=False).make()
    click(sections, 1, "Make again")
    click(sections, 1, "Both")
    assert "cache=False" in shown(sections, 1)


# ---- what it costs


def test_sixty_cards_are_light(tmp_path: Path) -> None:
    """Fields and rarely used buttons are made when they are asked for."""
    with counted() as sent:
        sections = cards(tmp_path, 60)
    assert sent["comm_open"] < 60 * 8
    assert sent["comm_msg"] < 10
    assert len(sections.cards) == 60


def test_a_long_lesson_shows_sixty_sections_at_a_time(tmp_path: Path) -> None:
    """Cards that were never shown have no widgets, and what happened to them is seen when they
    are.
    """
    with counted() as sent:
        sections = cards(tmp_path, 130)
        assert sent["comm_open"] < 60 * 8
        turning = sections._grid._turning.children
        hear(sections, *started(*range(130)), *made(100, tmp_path))
        assert [each.disabled for each in turning[:2]] == [True, False]
        turning[1].click()
        assert "61 to 120 of 130" in turning[2].value
        assert ">made<" in shown(sections, 101)
        turning[1].click()
        assert [each.disabled for each in turning[:2]] == [False, True]
        assert len(sections._grid._box.children) == 10
        sections.close()


def test_a_paint_sends_what_changed_and_nothing_else(tmp_path: Path) -> None:
    """No event is no message, and a thousand events between two paints are those of one card."""
    with counted() as sent:
        sections = cards(tmp_path, 60)
        hear(sections, *started(*range(60)))
        sent.clear()
        for _ in range(100):
            sections.paint()
        assert not sent
        for _ in range(500):
            sections.hear(StepStarted(0, 0, 7, "image", "simulated"))
            sections.hear(WorkStarted(0, 0, 7, "image", "simulated", 1))
        sections.paint()
        assert sum(sent.values()) <= 3


def test_closed_cards_leave_no_widget_behind(tmp_path: Path) -> None:
    """Whoever looks at a hundred lessons holds the widgets of one."""
    with counted() as sent:
        sections = cards(tmp_path, 5)
        hear(sections, *started(0), *made(0, tmp_path), *ended())
        settle(sections)
        sections.cards[0].edit()
        sections.paint()
        opened = sent["comm_open"]
        sections.close()
    assert sent["comm_close"] > opened / 3


def test_what_a_saved_notebook_shows_is_small_and_has_the_previews(tmp_path: Path) -> None:
    """Ten sections with long narrations are under 200 KB, and load nothing out of sight."""
    long = [{**GOOD, "content": "Leaves make sugar. " * 100} for _ in range(10)]
    sections = cards(tmp_path, long)
    for section in range(10):
        hear(sections, *started(*range(10)), *made(section, tmp_path), *ended())
    page = sections.page()
    assert len(page.encode()) < 100_000
    elements = Page(page).elements
    assert [elements.count(each) for each in ("img", "video", "audio")] == [10, 10, 10]
    assert page.count('preload="none"') == 20
    assert page.count('loading="lazy"') == 10


class Painted(Simulated):
    """Draws another picture each time."""

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        drawn = await super().draw(ask, request)
        return Picture(drawn.data + bytes([self.calls]), drawn.suffix)


class Balky(Simulated):
    """Will not draw the second section when it is first asked to."""

    refused = False

    async def draw(self, ask: ImageAsk, request: Request) -> Picture:
        if ask.index == 1 and not self.refused:
            self.refused = True
            raise Refused("this one I will not draw")
        return await super().draw(ask, request)
