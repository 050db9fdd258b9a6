"""The Tuner: its sliders, the forecast that follows them, and the settings it hands over."""

from __future__ import annotations

from typing import Any

import pytest
from stand_ins import Rehearsal, written

from vidkit import forecast
from vidkit.errors import SettingsError
from vidkit.models import Settings
from vidkit.pipeline import Job
from vidkit.studio import Tuner
from vidkit.studio import Tuner as Part

HOW: dict[str, Any] = {"image_s": 15.0, "voice_s": 5.0}


def seen(tuner: Part) -> str:
    """All words and pictures below the sliders."""
    told = shown(tuner)
    return "".join(told[name] for name in ("title", "rest", "timeline", "speed"))


def shown(tuner: Part) -> dict[str, Any]:
    """What the page shows."""
    values: dict[str, Any] = tuner.values()["tuner"]
    return values


def test_it_shows_what_a_forecast_says() -> None:
    """The numbers are those of `vidkit.forecast`, and the timeline is its timeline."""
    tuner = Tuner([7, 5], section_workers=3, per_minute={"image": 8}, **HOW)
    told = forecast([7, 5], section_workers=3, per_minute={"image": 8}, **HOW)
    assert tuner.wait() == told
    assert told.limit in seen(tuner)
    assert told.timeline.html() == shown(tuner)["timeline"]


def test_measured_seconds_are_told_to_the_hundredth() -> None:
    """What was measured to the microsecond is told as a person would, and forecast as it is."""
    tuner = Tuner([2], image_s=0.0562131, voice_s=12.0)
    told = {each["name"]: each["told"] for each in shown(tuner)["sliders"]}
    assert (told["image_s"], told["voice_s"]) == ("0.06", "12")
    assert tuner.image_s.value == 0.0562131


def test_every_slider_changes_the_forecast() -> None:
    """What is moved is what is forecast, at once."""
    tuner = Tuner([7, 5], **HOW)
    for name, value in (
        ("image_s", 20),
        ("voice_s", 25),
        ("image_limit", 5),
        ("voice_limit", 5),
        ("sections", 2),
        ("videos", 1),
    ):
        before = tuner.forecast
        getattr(tuner, name).value = value
        assert tuner.forecast != before, name
    told = forecast(
        [7, 5], image_s=20, voice_s=25, per_minute=5, section_workers=2, video_workers=1
    )
    assert tuner.wait() == told
    tuner.adaptive.value = False
    assert not tuner.forecast.settings.adaptive


def test_the_speed_up_is_shown_for_each_number_of_sections() -> None:
    """A column for each, the fewest that are enough marked, and the one that is chosen."""
    tuner = Tuner([6], **HOW)
    tuner.wait()
    for sections in range(1, 7):
        assert f"{sections} section{'s' * (sections > 1)} × 1 video at once: " in seen(tuner)
    assert "enough, with the fewest workers" in seen(tuner)
    assert tuner.videos.held


def test_a_slider_that_comes_back_needs_no_work() -> None:
    """What was worked out is remembered: the whole picture is there at once."""
    tuner = Tuner([6], **HOW)
    tuner.wait()
    speed = shown(tuner)["speed"]
    tuner.image_s.value = 30
    tuner.wait()
    assert shown(tuner)["speed"] != speed
    tuner.image_s.value = 15
    assert shown(tuner)["speed"] == speed


def test_use_these_hands_the_settings_over() -> None:
    """All that was given is in them, with the workers that are chosen."""
    got: list[Settings] = []
    tuner = Tuner([6, 6], use=got.append, on_failure="placeholder", budget=2.0, **HOW)
    tuner.sections.value, tuner.videos.value, tuner.adaptive.value = 6, 1, False
    tuner.use()
    assert got == [tuner.settings]
    assert got[0] == Settings(
        section_workers=6, video_workers=1, adaptive=False, on_failure="placeholder", budget=2.0
    )
    assert "6 sections × 1 video at once: handed over" in shown(tuner)["said"]
    alone = Tuner([6])
    alone.use()
    assert "tuner.settings" in shown(alone)["said"]


def test_what_refuses_the_settings_is_told() -> None:
    """The reason stands beside the button."""

    def refuse(settings: Settings) -> None:
        raise SettingsError("not <now>")

    tuner = Tuner([6], use=refuse)
    tuner.use()
    assert "not <now>" in shown(tuner)["said"]


def test_an_earlier_run_gives_the_seconds_and_their_spread(tmp_path: Any) -> None:
    """The sliders stand at its means; moved, each section keeps its share."""
    job = Job(written(tmp_path, sections=5), tmp_path / "output")
    report = Rehearsal().make([job])
    tuner = Tuner(job.lesson, from_run=report, clip_s=0, join_s=0, section_workers=1)
    assert (tuner.image_s.value, tuner.voice_s.value) == (15, 15)
    assert tuner.forecast.seconds == 75
    tuner.image_s.value = 30
    assert tuner.forecast.seconds == 150


@pytest.mark.parametrize("wrong", [{"image_s": -1}, {"per_minute": 0}, {"nothing": 1}])
def test_a_wrong_argument_is_told_at_once(wrong: dict[str, Any]) -> None:
    """A fault of the arguments is an error where they are given, not in a slider."""
    with pytest.raises(SettingsError):
        Tuner([6], **wrong)
