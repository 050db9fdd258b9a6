"""The shortest proof that the whole line works: a lesson of one section becomes a video."""

from __future__ import annotations

from pathlib import Path

from stand_ins import written

import vidkit


def test_a_lesson_becomes_a_video(tmp_path: Path) -> None:
    """Offline, from JSON to a file that is there, and the same call again makes nothing."""
    written(tmp_path, sections=1)
    how = {"progress": False, "voice": "espeak", "size": (320, 180)}
    first = vidkit.process_all_videos(tmp_path, **how).videos[0]
    again = vidkit.process_all_videos(tmp_path, **how).videos[0]
    assert first.path is not None and first.path.is_file()
    assert set(again.sections[0].kept) == {"image", "audio", "clip"}
