"""The panel, fed with events and run without a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from stand_ins import written

from vidkit.errors import VidkitError
from vidkit.studio import Studio


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
    assert all(len(card.so_far.files) == 3 for card in studio._sections.cards)


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
