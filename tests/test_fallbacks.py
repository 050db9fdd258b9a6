"""Several providers for one thing: who is asked when, who is paid, and what is said of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_media import picture
from stand_ins import written

import vidkit
from vidkit.errors import (
    KeyMissing,
    ModelMissing,
    NothingMade,
    Offline,
    ProviderError,
    ProviderMissing,
    QuotaExhausted,
    RateLimited,
    Refused,
    SettingsError,
    Unconfirmed,
)
from vidkit.events import Event, Noticed, Paid, StepEnded, WorkStarted
from vidkit.models import Settings
from vidkit.pipeline.run import store_of
from vidkit.providers import specs
from vidkit.providers.simulated import Simulated

SMALL: dict[str, Any] = {"size": (64, 36), "progress": False}
FREE = "simulated:latency=0,seconds=0.2"


class Named(Simulated):
    """A pretended provider with a name of its own, which fails as `fault` says of a text."""

    def __init__(
        self, name: str, fault: Callable[[str], Exception | None] = lambda _: None, **how: Any
    ) -> None:
        super().__init__(**{"latency": 0.0, "seconds": 0.2} | how)
        self.name = name
        self.fault = fault
        self.closed = 0

    async def _call(self, kind: str, text: str) -> None:
        self.calls += 1
        await asyncio.sleep(self.latency)
        if error := self.fault(text):
            raise error

    async def aclose(self) -> None:
        self.closed += 1


def always(error: Exception) -> Callable[[str], Exception]:
    return lambda _: error


def made(lesson: Path, images: Any, **changes: Any) -> tuple[vidkit.VideoReport, list[Event]]:
    events: list[Event] = []
    how = SMALL | {"voice": FREE, "images": images} | changes
    return asyncio.run(vidkit.generate_video(lesson, listener=events.append, **how)), events


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets the key or the address of who runs it."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "error",
    [
        Refused("fine refuses this one: too bloody"),
        Offline("fine is not to be reached"),
        Unconfirmed("fine gave no answer"),
        ProviderMissing("fine is not here"),
        KeyMissing("fine needs a key"),
        ModelMissing("fine has no such model"),
        QuotaExhausted("fine: the credit is used up"),
        RateLimited("fine: too many requests"),
        ProviderError("fine does not take this"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_next_provider_is_used_where_the_first_gives_nothing(
    tmp_path: Path, error: Exception
) -> None:
    """Whatever a provider fails with, the next makes the section, and report and events say who
    it was, and why, once.
    """
    fine, plain = Named("fine", always(error)), Named("plain")
    report, events = made(written(tmp_path, sections=3), [fine, plain])
    assert report.made
    assert {section.image_by for section in report.sections} == {"plain"}
    assert {section.voice_by for section in report.sections} == {"simulated"}
    (note,) = report.notes
    assert note.startswith("3 sections' images (1-3) by plain, because fine")
    assert note.count("fine") == 1
    ended = [event for event in events if isinstance(event, StepEnded) and event.step == "image"]
    assert {event.by for event in ended} == {"plain"}
    worked = Counter(e.by for e in events if isinstance(e, WorkStarted) and e.step == "image")
    assert worked == {"fine": fine.calls, "plain": 3}
    told = [event for event in events if isinstance(event, Noticed) and event.lesson == 0]
    assert len(told) == 1


def test_a_voice_has_fallbacks_too(tmp_path: Path) -> None:
    """`voice=` takes several as `images=` does; a section's own voice is one of the first's."""
    fine, plain = Named("fine"), Named("plain")
    fine.fault = lambda text: Refused("no") if "two" in text else None
    voices: list[Any] = []
    plain.shape = lambda ask: voices.append(ask.voice) or {"text": ask.text}  # type: ignore[method-assign]
    lesson = written(
        tmp_path,
        sections=[
            {"image_description": n, "content": f"words {n}", "voice": "Anna"}
            for n in ("one", "two", "three")
        ],
    )
    report, _ = made(lesson, FREE, voice=(fine, plain))
    assert [section.voice_by for section in report.sections] == ["fine", "plain", "fine"]
    assert report.notes == ("section 2's narration by plain, because fine: no",)
    assert set(voices) == {None}


def test_a_provider_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    """A name that nobody registered, and one without its key, leave it to the next; where there
    is no next, nothing begins.
    """
    lesson = written(tmp_path, sections=2)
    report, _ = made(lesson, ["dalle", "openai", FREE])
    assert {section.image_by for section in report.sections} == {"simulated"}
    (note,) = report.notes
    assert "no images provider 'dalle'" in note
    assert "OPENAI_API_KEY" in note
    for alone in ("dalle", ["dalle"], ["openai"], ["openai", "dalle"]):
        with pytest.raises(ProviderMissing):
            made(lesson, alone)


def test_several_in_one_text_are_to_be_a_list(tmp_path: Path) -> None:
    """The command line parts them by commas; in Python it is said how to, and of "auto" what goes
    with it.
    """
    lesson = written(tmp_path)
    with pytest.raises(SettingsError, match=r"images=\['openai', 'slides'\]"):
        vidkit.plan(lesson, images="openai,slides")
    with pytest.raises(SettingsError, match="write 'auto', or who speaks"):
        vidkit.plan(lesson, voice="auto:es")


def test_a_wrong_setting_is_told_and_not_passed_over(tmp_path: Path) -> None:
    """A fault in what the teacher wrote is no reason to use another provider."""
    for wrong in (["simulated:x=1", FREE], [FREE, 7], [], [""], [FREE, None], [Simulated]):
        with pytest.raises(SettingsError):
            made(written(tmp_path), wrong)


def test_a_sections_own_file_has_no_substitute(tmp_path: Path) -> None:
    """A picture of one's own that is damaged fails its section, and nobody draws another."""
    (tmp_path / "mine.png").write_bytes(picture()[:60])
    (tmp_path / "yours.png").write_bytes(picture())
    sections = [{"image": f"{name}.png", "content": f"words {name}"} for name in ("mine", "yours")]
    plain = Named("plain")
    report, _ = made(written(tmp_path, sections=sections), [plain, FREE])
    assert [section.image_by for section in report.sections] == ["recorded", "recorded"]
    assert [section.state for section in report.sections] == ["failed", "made"]
    assert plain.calls == 0
    assert not report.notes


def test_what_a_provider_gives_damaged_is_made_by_the_next(tmp_path: Path) -> None:
    """An answer that does not decode is no picture."""

    class Torn(Named):
        async def draw(self, ask: Any, request: Any) -> Any:
            whole = await super().draw(ask, request)
            return type(whole)(whole.data[:40])

    report, _ = made(written(tmp_path, sections=1), [Torn("torn"), FREE])
    assert report.sections[0].image_by == "simulated"
    assert "torn" in report.notes[0]


def test_the_first_is_asked_again_when_it_is_back(tmp_path: Path) -> None:
    """A later run asks the first provider first, and finds what the second made only after."""
    lesson = written(tmp_path, sections=2)
    fine, plain = Named("fine", always(Offline("fine is away"))), Named("plain")
    assert made(lesson, [fine, plain])[0].sections[0].image_by == "plain"
    again, events = made(lesson, [fine, plain])
    assert again.sections[0].image_by == "plain"
    assert (fine.calls, plain.calls) == (4, 2)
    outcomes = {e.outcome for e in events if isinstance(e, StepEnded) and e.step == "image"}
    assert outcomes == {"kept"}
    fine.fault = lambda _: None
    assert {s.image_by for s in made(lesson, [fine, plain])[0].sections} == {"fine"}
    fine.fault = always(Offline("fine is away"))
    last, _ = made(lesson, [fine, plain])
    assert all(section.from_store and section.image_by == "fine" for section in last.sections)
    assert (fine.calls, plain.calls) == (6, 2)


def test_without_its_key_a_provider_still_has_what_it_made(tmp_path: Path) -> None:
    """What was paid for is not replaced because a key is not set today."""
    lesson = written(tmp_path, sections=2)
    fine, plain = Named("fine"), Named("plain")
    made(lesson, [fine, plain])
    fine.missing = KeyMissing("fine needs a key")  # type: ignore[attr-defined]
    again, _ = made(lesson, [fine, plain])
    assert {section.image_by for section in again.sections} == {"fine"}
    assert not again.notes
    assert vidkit.plan(lesson, images=[fine, plain], voice=FREE, size=(64, 36)).new == 0


def test_a_refusal_is_remembered(tmp_path: Path) -> None:
    """Who refused a section is not asked for it again, in this run or the next, unless forced."""
    twins = [{"image_description": "blood", "content": f"words {n}"} for n in "ab"]
    lesson = written(tmp_path, sections=twins)
    fine, plain = Named("fine", always(Refused("fine refuses it"))), Named("plain")
    how = {"section_workers": 1}
    report, _ = made(lesson, [fine, plain], **how)
    assert (fine.calls, plain.calls) == (1, 1)
    assert len(report.notes) == 1
    again, _ = made(lesson, [fine, plain], **how)
    assert (fine.calls, plain.calls) == (1, 1)
    assert all(section.from_store for section in again.sections)
    assert "force='image' asks again" in again.notes[0]
    planned = vidkit.plan(lesson, images=[fine, plain], voice=FREE, size=(64, 36))
    assert planned.new == 0
    assert "fine refuses it" in str(planned)
    fine.fault = lambda _: None
    assert made(lesson, [fine, plain], force="image")[0].sections[0].image_by == "fine"
    assert made(lesson, [fine, plain])[0].sections[0].image_by == "fine"


def test_a_refusal_of_the_only_provider_is_asked_for_again(tmp_path: Path) -> None:
    """Where nobody takes its place, a run tries once more: the lesson would stay unfinished."""
    fine = Named("fine", always(Refused("fine refuses it")))
    for _ in range(2):
        with pytest.raises(NothingMade, match="fine refuses it"):
            made(written(tmp_path, sections=1), fine)
    assert fine.calls == 2


def test_a_failed_attempt_at_a_new_take_leaves_the_earlier(tmp_path: Path) -> None:
    """With force, a provider that does not answer keeps its earlier picture in the video."""
    lesson = written(tmp_path, sections=3)
    fine, plain = Named("fine"), Named("plain")
    made(lesson, [fine, plain])
    fine.fault = always(Offline("fine is away"))
    report, _ = made(lesson, [fine, plain], force="image")
    assert {section.image_by for section in report.sections} == {"fine"}
    assert report.notes == ("3 sections' images (1-3) stay as they were, because fine is away",)
    assert plain.calls == 0


def test_sections_that_were_not_chosen_ask_nobody(tmp_path: Path) -> None:
    """With `only` and `join="all"`, the other sections take what the store has, whoever made it."""
    lesson = written(tmp_path, sections=3)
    fine, plain = Named("fine", always(Offline("fine is away"))), Named("plain")
    made(lesson, [fine, plain])
    fine.fault = lambda _: None
    calls = fine.calls
    report, _ = made(lesson, [fine, plain], only=[2], join="all")
    assert [section.image_by for section in report.sections] == ["plain", "fine", "plain"]
    assert fine.calls == calls + 1


def test_takes_are_those_of_who_made_what_the_video_has(tmp_path: Path) -> None:
    """`takes` and `take_back` go by the first provider that the store has something of."""
    lesson = written(tmp_path, sections=1)
    fine, plain = Named("fine", always(Offline("fine is away"))), Named("plain")
    how: dict[str, Any] = {"images": [fine, plain], "voice": FREE, "size": (64, 36)}
    made(lesson, [fine, plain])
    made(lesson, [plain], force="image")
    assert len(vidkit.takes(lesson, 1, "image", **how)) == 2
    assert vidkit.take_back(lesson, 1, "image", **how).is_file()
    fine.fault = lambda _: None
    made(lesson, [fine, plain])
    assert len(vidkit.takes(lesson, 1, "image", **how)) == 1


def test_money_is_counted_for_who_was_paid(tmp_path: Path) -> None:
    """What does not fit the budget is made by one that is free, a failed attempt that may have
    been paid counts as such, and each `Paid` says who.
    """
    fine, plain = Named("fine", price=0.01), Named("plain")
    lesson = written(tmp_path, sections=5)
    report, events = made(lesson, [fine, plain], budget=0.02, section_workers=1)
    assert report.made
    assert Counter(s.image_by for s in report.sections) == {"fine": 2, "plain": 3}
    assert report.dollars == pytest.approx(0.02)
    assert sum(section.dollars for section in report.sections) == pytest.approx(0.02)
    assert {event.by for event in events if isinstance(event, Paid)} == {"fine"}
    (note,) = report.notes
    assert note.startswith("3 sections' images (3-5) by plain, because fine: over budget")
    fine.fault = always(Unconfirmed("fine gave no answer"))
    later, _ = made(lesson, [fine, plain], budget=1.0)
    assert Counter(s.image_by for s in later.sections) == {"fine": 2, "plain": 3}
    assert (later.dollars, later.unconfirmed) == (0, pytest.approx(0.03))
    states = Counter(entry.state for entry in store_of(Settings()).journal.entries())
    assert states == {"paid": 2, "unconfirmed": 3}


def test_where_nobody_gives_it_the_section_says_what_each_said(tmp_path: Path) -> None:
    """A section that none of them makes fails with the words of all, folded with its like."""
    fine = Named("fine", lambda text: None if "picture 3" in text else Offline("fine is away"))
    plain = Named("plain", always(Refused("too odd")))
    report, _ = made(written(tmp_path, sections=4), [fine, plain])
    assert [section.made for section in report.sections] == [False, False, False, True]
    assert "  sections 1-3: failed: image: fine is away; plain: too odd\n" in f"{report}\n"
    data = json.loads((report.folder / "report.json").read_text())
    assert [section["image_by"] for section in data["sections"]][3] == "fine"


def test_an_error_that_all_meet_is_told_once(tmp_path: Path) -> None:
    """A wrong key closes the gate: few calls, one sentence in the report, and in its HTML."""

    class Online(Named):
        online = True

    fine = Online("fine", always(KeyMissing("fine does not accept the key; set FINE_KEY")))
    lesson = written(tmp_path, sections=30)
    report, _ = made(lesson, fine, on_failure="placeholder", section_workers=4)
    assert fine.calls <= 4
    for shown in (str(report), report._repr_html_()):
        assert shown.count("set FINE_KEY") == 1
    assert "sections 1-30: placeholder: image: fine does not accept" in str(report)


def test_a_plan_counts_on_who_can_be_asked(tmp_path: Path) -> None:
    """A plan has the price of the first provider that is there, and says who it leaves out."""
    for name in ("a", "b"):
        written(tmp_path, name, 3)
    fine, plain = Named("fine", price=0.02), Named("plain", price=0.01)
    planned = vidkit.plan(tmp_path, images=[fine, plain], voice=FREE, size=(64, 36))
    assert planned.dollars == pytest.approx(0.12)
    assert not planned.notes
    planned = vidkit.plan(tmp_path, images=["openai", plain], voice=FREE, size=(64, 36))
    assert planned.dollars == pytest.approx(0.06)
    (note,) = planned.notes
    assert note.startswith("6 sections' images (of 2 lessons) by plain, because openai needs a key")


def test_connections_are_closed_when_the_last_run_ends(tmp_path: Path) -> None:
    """Two runs share a provider: the first that ends leaves it open."""
    shared = Named("shared", latency=0.05)
    slow = vidkit.start(
        written(tmp_path / "b", "b", 6), images=shared, voice=FREE, section_workers=1, **SMALL
    )
    made(written(tmp_path / "a", "a", 1), shared)
    assert (slow.done(), shared.closed) == (False, 0)
    assert slow.result().made
    assert shared.closed == 1
    with pytest.raises(NothingMade):
        shared.fault = always(ProviderError("no"))
        made(written(tmp_path / "c", "c", 1), shared)
    assert shared.closed == 2


def test_a_comma_begins_another_provider_where_a_name_follows() -> None:
    """Arguments of a provider may hold commas themselves."""
    assert specs("images", "openai,slides") == ("openai", "slides")
    assert specs("images", "openai:gpt-image-2,quality=low, slides:dark") == (
        "openai:gpt-image-2,quality=low",
        "slides:dark",
    )
    assert specs("voice", "simulated:latency=1,errors=0.5,espeak") == (
        "simulated:latency=1,errors=0.5",
        "espeak",
    )
    assert specs("voice", "openai,espaek") == ("openai", "espaek")


def test_an_error_of_a_budget_stays_one(tmp_path: Path) -> None:
    """Where every provider is over budget, so is the section."""
    one, two = Named("one", price=1.0), Named("two", price=2.0)
    with pytest.raises(NothingMade, match="over budget"):
        made(written(tmp_path, sections=1), [one, two], budget=0.5)
    assert one.calls == two.calls == 0


def test_a_provider_on_this_machine_does_not_pass_the_gate_of_one_that_is_not(
    tmp_path: Path,
) -> None:
    """Of two with one name only the one that is asked over a network is asked once more."""

    class Online(Named):
        online = True

    lesson = written(tmp_path, sections=1)
    for maker, calls in ((Online, 2), (Named, 1)):
        fine = maker("same", lambda _: Unconfirmed("no answer"), price=0.01)
        made(lesson, [fine, Named("plain")], force="image")
        assert fine.calls == calls
