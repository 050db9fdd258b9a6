"""A plan is what the run then does: the same calls, the same clips, the same seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_media import tone, wav
from stand_ins import written

import vidkit
from vidkit.forecasting.workload import known_seconds, usual_seconds
from vidkit.models import Settings
from vidkit.providers.registry import voice_makers
from vidkit.studio import Tuner

FAST: dict[str, Any] = {
    "images": "simulated:latency=0",
    "voice": "simulated:latency=0,seconds=0.2",
    "size": (64, 36),
}
QUIET = FAST | {"progress": False}


def test_a_finished_lesson_has_nothing_left_to_do(tmp_path: Path) -> None:
    """No call, no clip, no time, and no call at once."""
    lesson = written(tmp_path, sections=3)
    vidkit.generate_video_from_json(lesson, **QUIET)
    plan = vidkit.plan(lesson, **FAST)
    assert (plan.new, plan.clips, plan.seconds, plan.peak_calls) == (0, 0, 0.0, 0)


def test_clips_are_found_again_whose_words_nobody_timed(tmp_path: Path) -> None:
    """A slide follows a voice that tells no times by its pauses, in the plan as in the run."""
    section = {
        "title": "Colours",
        "image_description": "Three colours.",
        "content": "First there is red. Then there is green. Last there is blue.",
        "audio": "voice.wav",
        "slide": {"layout": "cards", "points": ["Red", "Green", "Blue"]},
    }
    sentence, pause = tone(1.0), tone(0.5, level=0)
    sound = np.concatenate([sentence, pause, sentence, pause, sentence])
    (tmp_path / "voice.wav").write_bytes(wav(sound))
    lesson = tmp_path / "lesson.json"
    lesson.write_text(json.dumps({"sections": [section]}))
    how: dict[str, Any] = {"images": "slides", "size": (320, 180)}
    vidkit.generate_video_from_json(lesson, progress=False, **how)
    assert vidkit.plan(lesson, **how).clips == 0


def test_a_changed_word_is_one_narration_and_one_clip(tmp_path: Path) -> None:
    """An edit counts at once, also in a lesson that was not saved."""
    lesson = written(tmp_path, sections=3)
    vidkit.generate_video_from_json(lesson, **QUIET)
    reworded = vidkit.edited(vidkit.load_lesson(lesson), 1, content="Other words.")
    plan = vidkit.plan(reworded, **FAST)
    assert (plan.new, plan.clips, plan.peak_calls) == (1, 1, 1)


def test_clips_count_where_only_they_are_missing(tmp_path: Path) -> None:
    """Another frame rate needs no call, but every clip anew, and the time for that."""
    lesson = written(tmp_path, sections=3)
    vidkit.generate_video_from_json(lesson, **QUIET)
    plan = vidkit.plan(lesson, **FAST, fps=12)
    assert (plan.new, plan.clips, plan.peak_calls) == (0, 3, 0)
    assert plan.seconds > 0
    assert "0 calls, 3 clips" in repr(plan)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_plan_forecast_and_tuner_say_the_same_seconds(tmp_path: Path, workers: int) -> None:
    """Where nobody says how long a call takes, all three take the same for granted."""
    for name in "ab":
        written(tmp_path, name, 5)
    how = {"images": "simulated:latency=4", "voice": "simulated:latency=2"}
    plan = vidkit.plan(tmp_path, section_workers=workers, **how)
    told = vidkit.forecast(tmp_path, section_workers=workers, **how)
    tuner = Tuner(tmp_path, section_workers=workers, **how)
    assert plan.seconds == pytest.approx(told.seconds)
    assert plan.seconds == pytest.approx(tuner.forecast.seconds)


def test_no_more_calls_at_once_than_there_are(tmp_path: Path) -> None:
    """One lesson has the workers of one lesson, and one of two sections four calls."""
    long, short = written(tmp_path, "long", 9), written(tmp_path, "short", 2)
    assert vidkit.plan(long, **FAST).peak_calls == 8
    assert vidkit.plan(short, **FAST).peak_calls == 4
    assert vidkit.plan([long, short], **FAST).peak_calls == 12


def test_a_plan_is_what_a_run_calls(tmp_path: Path) -> None:
    """The calls that are told before are those that the provider then counts."""
    lesson = written(tmp_path, sections=4)
    data = json.loads(lesson.read_text())
    data["sections"].append(data["sections"][0])  # the same again is made once
    lesson.write_text(json.dumps(data))
    plan = vidkit.plan(lesson, **FAST)
    report = vidkit.process_all_videos([lesson], **QUIET).videos[0]
    assert plan.new == 8
    made = [step for section in report.sections for step in section.seconds]
    kept = [step for section in report.sections for step in section.kept]
    assert len(made) - len(kept) - len(report.sections) + kept.count("clip") == 8


def test_a_plan_learns_from_what_was_made(tmp_path: Path) -> None:
    """What pieces took in one lesson, the join too, is what the plan of the next one counts on."""
    first, second = written(tmp_path, "first", 3), written(tmp_path, "second", 3)
    how = {"images": "slides", "voice": "simulated:latency=0,seconds=0.2", "size": (64, 36)}
    report = vidkit.process_all_videos([first], progress=False, **how).videos[0]
    took = [section.work["image"] for section in report.sections]
    (images,) = (calls for calls in vidkit.plan(second, **how).calls if calls.kind == "image")
    assert images.seconds == pytest.approx(sorted(took)[1], abs=0.001)
    known = known_seconds(Settings()).items()
    (join,) = (seconds for what, seconds in known if what.startswith("join of 64x36"))
    assert 0 < 3 * join < report.seconds


@pytest.mark.parametrize("voice", ["espeak", "hibari"])
def test_what_a_voice_took_before_is_believed_first(voice: str) -> None:
    """No voice of this machine hides what the ledger has measured behind a guess of its own."""
    settings = Settings(voice=voice)
    (maker,) = voice_makers(settings)
    assert usual_seconds("audio", maker, settings, {f"audio by {voice}": 7.5}) == 7.5
    assert 0 < usual_seconds("audio", maker, settings, {}) < 5
