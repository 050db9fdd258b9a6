"""The panel, fed with events and run without a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from stand_ins import written

from vidkit.errors import VidkitError
from vidkit.events import SectionEnded, StepEnded, StepStarted
from vidkit.lesson import load_lesson
from vidkit.studio import Studio
from vidkit.studio.sections import Sections

EVIL = "<img src=x onerror=alert(1)></textarea>"


def shown(sections: Sections, index: int) -> str:
    """All HTML on one card."""
    head, output = sections.cards[index].widget.children
    return head.value + "".join(o["data"].get("text/html", "") for o in output.outputs)


def test_cards_fill_in_as_their_parts_arrive(tmp_path: Path) -> None:
    """A card says what is being made, and shows each file once it is there."""
    sections = Sections(load_lesson(written(tmp_path)))
    picture = tmp_path / "section_1.png"
    picture.write_bytes(b"png")
    assert "waiting" in shown(sections, 1)
    sections.hear(StepStarted(0, 0, 1, "image", "slides"))
    sections.paint()
    assert "drawing" in shown(sections, 1)
    sections.hear(StepEnded(1, 0, 1, "image", "slides", "made", 1.0, picture))
    sections.hear(SectionEnded(2, 0, 1, "made"))
    sections.paint()
    assert "section_1.png?v=" in shown(sections, 1)
    assert "made" in shown(sections, 1)
    assert sections.over == 1


def test_a_failed_section_says_why(tmp_path: Path) -> None:
    """The reason stands on the card, as text."""
    sections = Sections(load_lesson(written(tmp_path)))
    sections.hear(SectionEnded(1, 0, 0, "failed", f"image: {EVIL}"))
    sections.paint()
    assert "&lt;img" in shown(sections, 0)
    assert "<img" not in shown(sections, 0)


def test_a_title_is_text(tmp_path: Path) -> None:
    """Whatever a lesson holds, the panel shows it and does not run it."""
    evil = [{"title": EVIL, "image_description": EVIL, "content": EVIL}]
    sections = Sections(load_lesson(written(tmp_path, sections=evil)))
    assert "<img" not in shown(sections, 0)


def test_make_returns_at_once_and_awaits_to_a_report(tmp_path: Path) -> None:
    """`make()` starts, `await studio` gives the report, and the cards have all parts."""
    written(tmp_path, sections=2)
    studio = Studio(
        tmp_path, images="simulated:0.05", voice="simulated:latency=0.05,seconds=0.3", size=(64, 36)
    )
    studio.make()
    assert studio._run is not None
    assert not studio._run.done()

    async def wait() -> object:
        return await studio

    report = asyncio.run(wait())
    assert report is not None
    assert report.made  # type: ignore[attr-defined]
    assert studio._sections is not None
    assert all(len(card.files) == 3 for card in studio._sections.cards)


def test_a_faulty_setting_is_said_and_the_panel_lives(tmp_path: Path) -> None:
    """A provider that is not there is told in the panel, whose buttons stay usable."""
    written(tmp_path)
    studio = Studio(tmp_path, images="nobody")
    studio.make()
    assert "nobody" in studio._status.value
    assert not studio._make.disabled


def test_cancel_ends_without_a_traceback(tmp_path: Path) -> None:
    """A cancelled run gives its partial report, and the panel can make again."""
    written(tmp_path, sections=1)
    studio = Studio(tmp_path, images="simulated:0.5", voice="simulated:0.5", size=(64, 36))
    studio.make()
    studio.cancel()

    async def wait() -> object:
        return await studio

    report = asyncio.run(wait())
    assert report.path is None  # type: ignore[attr-defined]
    assert not studio._make.disabled
    assert "ancelled" in studio._status.value


def test_awaiting_before_making_is_told(tmp_path: Path) -> None:
    """There is nothing to wait for before something was started."""
    written(tmp_path)
    with pytest.raises(VidkitError, match="Make"):
        Studio(tmp_path).__await__()
