"""A batch that is killed, and goes on with the same call."""

from __future__ import annotations

from pathlib import Path

from bench.kill_batch import kill_batch


def test_a_killed_batch_goes_on_to_the_same_videos(tmp_path: Path) -> None:
    """Killed twice in mid-batch, the same call finishes, pays for nothing published twice, leaves
    nothing behind, and makes what an undisturbed run makes, byte for byte.
    """
    out = kill_batch(tmp_path, lessons=4, sections=4, kills=2, seed=3, latency=0.8)
    assert out.wrong == []
    assert out.kills == 2
