"""Settings: what is accepted, what is refused and how it is told."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from dataclasses import asdict
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidkit.errors import SettingsError
from vidkit.models import TABLE, Settings
from vidkit.models.table import schema
from vidkit.providers import ImageAsk, VoiceAsk, image_makers, left_aside, voice_makers


def test_the_defaults_of_a_batch_make_at_most_sixteen_calls() -> None:
    """2 videos × 4 sections × 2 is 16."""
    assert Settings().peak_calls == 16
    assert Settings(concurrent_parts=False).peak_calls == 8


@pytest.mark.parametrize(
    "wrong",
    [
        {"section_workers": 0},
        {"section_workers": 65},
        {"section_workers": 2.5},
        {"section_workers": True},
        {"video_workers": -1},
        {"video_workers": "many"},
        {"rate": 10},
        {"fps": 0},
        {"gap": -1},
        {"gap": "long"},
        {"pace": 0},
        {"pace": "fast"},
        {"pace": True},
        {"size": (1281, 720)},
        {"size": (0, 0)},
        {"size": "1280x720"},
        {"size": (1280,)},
        {"on_failure": "cry"},
        {"only": []},
        {"api_key": 7},
        {"api_key": " "},
        {"base_url": 7},
        {"base_url": ""},
        {"image_style": 3},
        {"voice_tld": ["co.uk"]},
        {"voice_slow": "yes"},
        {"only": [0]},
        {"only": 3},
        {"images": ""},
        {"voice": None},
    ],
)
def test_a_wrong_value_names_the_setting(wrong: dict[str, Any]) -> None:
    """The error is a ValueError, names what was given and says what to give."""
    with pytest.raises(ValueError, match=next(iter(wrong))) as told:
        Settings(**wrong)
    assert isinstance(told.value, SettingsError)


def test_an_unknown_setting_names_the_known_ones() -> None:
    """A mistyped setting is answered with the list."""
    with pytest.raises(SettingsError, match="section_workers"):
        Settings().with_(sections_workers=3)


@given(st.lists(st.integers(1, 500), min_size=1))
def test_only_is_a_set_of_numbers_in_order(numbers: list[int]) -> None:
    """However the numbers come, each section is made once, in order."""
    assert Settings(only=numbers).only == tuple(sorted(set(numbers)))


SECRET = "sk-secret-do-not-show"


def test_a_key_is_shown_and_written_nowhere() -> None:
    """Neither repr, text, JSON, pickle, copy nor error has the key, and a password in an address
    is no better seen; the provider gets both.
    """
    settings = Settings(api_key=SECRET, base_url=f"https://me:{SECRET}@example.org/v1?k={SECRET}")
    again = settings.with_(fps=30)
    shown = [f"{each!r}{each}{asdict(each)}" for each in (settings, again, copy.deepcopy(settings))]
    shown.append(json.dumps(asdict(settings), default=str))
    assert all("example.org/v1" in text and SECRET not in text for text in shown)
    for carry in (pickle.dumps, json.dumps):
        with pytest.raises((SettingsError, TypeError)) as caught:
            carry(asdict(settings)["api_key"])  # type: ignore[operator]
        assert SECRET not in str(caught.value)
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        pickle.dumps(settings)
    for wrong in ({"api_key": [SECRET]}, {"base_url": [SECRET]}, {"api_key": SECRET, "fps": 0}):
        with pytest.raises(SettingsError) as refused:
            Settings(**wrong)
        assert SECRET not in str(refused.value)
    assert again.api_key.reveal() == SECRET
    assert settings == settings.with_(fps=24) != settings.with_(api_key="another")


def test_a_setting_of_a_provider_reaches_it_and_no_other() -> None:
    """Style, quality, manner, accent, key and address go to the provider that knows them; what
    the spec itself says counts first, and what nobody takes is told.
    """
    chosen = Settings(
        images=["openai:quality=low", "slides"],
        voice=["gtts", "openai", "espeak"],
        api_key=SECRET,
        base_url="http://localhost:9/v1",
        image_style="A chalk drawing:",
        image_quality="high",
        voice_manner="Whisper.",
        voice_tld="co.uk",
        voice_slow=True,
    )
    drawn, _ = image_makers(chosen)
    ask = ImageAsk("A leaf.", "", None, "en", (64, 36))
    assert drawn.shape(ask)["prompt"] == "A chalk drawing:\n\nA leaf."
    assert drawn.shape(ask)["quality"] == "low"
    assert drawn.shape(ask)["address"] == "http://localhost:9/v1"
    google, spoken, _ = voice_makers(chosen)
    say = VoiceAsk("A leaf.", "en")
    assert (google.shape(say)["tld"], google.shape(say)["slow"]) == ("co.uk", True)
    assert spoken.shape(say)["manner"] == "Whisper."
    assert not left_aside(chosen)
    told = left_aside(chosen.with_(voice="espeak"))
    assert [note.split()[0] for note in told] == ["voice_manner", "voice_tld", "voice_slow"]
    assert left_aside(Settings(api_key=SECRET))[0].startswith("api_key is set and not used")


def test_two_keys_are_two_gates() -> None:
    """Another key or address is another limit; the same one, from wherever, is the same."""

    def gate_key(**how: Any) -> Any:
        (maker,) = image_makers(Settings(images="openai", **how))
        return maker.gate_key  # type: ignore[attr-defined]

    one = gate_key(api_key="one")
    assert one == gate_key(api_key="one", image_quality="low")
    assert one != gate_key(api_key="two")
    assert one != gate_key(api_key="one", base_url="http://localhost:9/v1")


def test_every_wrong_value_is_told_at_once() -> None:
    """A sentence for each, as a person can mend it."""
    with pytest.raises(SettingsError) as told:
        Settings(fps=0, gap=float("nan"), fit="tight", section_workers="auto:x")
    assert str(told.value).splitlines() == [
        'section_workers is \'auto:x\'; give a whole number from 1 to 64, "auto" or "auto:12"',
        "fps is 0; give a whole number from 1 to 120",
        "gap is nan; give seconds from 0 to 10",
        "fit is 'tight'; choose 'contain' or 'cover'",
    ]


def test_one_line_of_the_table_is_told_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    """What a setting is stands in the docstring, in `--help`, on the page and in the schema."""
    from vidkit.cli import main

    for words in (["settings"], ["make", "--help"], ["schema", "settings"]):
        with contextlib.suppress(SystemExit):
            main(words)
    page = " ".join(capsys.readouterr().out.split())
    doc = " ".join(str(Settings.__doc__).split())
    for row in TABLE.values():
        assert f"{row.name} (" in doc
        assert f"`{row.name}`" in page
        assert " ".join(row.about.split()) in doc
        assert row.option in page


def test_settings_fit_their_schema() -> None:
    """The JSON Schema takes what the settings take, and refuses what they refuse."""
    jsonschema.Draft202012Validator.check_schema(schema(Settings))
    check = jsonschema.Draft202012Validator(schema(Settings)).is_valid
    assert check({"section_workers": "auto:12", "size": [640, 360], "images": ["openai", "slides"]})
    for wrong in ({"fps": 0}, {"size": [641, 360]}, {"fit": "tight"}, {"speed": 3}, {"gap": 11}):
        assert not check(wrong), wrong
