"""Settings: what is accepted, what is refused and how it is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidkit.errors import SettingsError
from vidkit.settings import Settings


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
        {"size": (1281, 720)},
        {"size": (0, 0)},
        {"size": "1280x720"},
        {"size": (1280,)},
        {"on_failure": "cry"},
        {"only": []},
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
