"""The key of an asset: the same for the same shape, everywhere, and without credentials."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit.errors import StoreError
from vidkit.store import cache_key, without_credentials

SHAPE = {"provider": "slides", "version": 3, "text": "Ein Gatter — 門", "size": (1280, 720)}
KEY = "2d688db4d614f508e4a37d6979df9c0c49dc1e1c63a7b466593b3d894331aff2"

names = st.sampled_from(["model", "text", "size", "voice", "ü", "", "0"])
plain = st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text()
values = st.recursive(
    st.none() | st.booleans() | plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
shapes = st.dictionaries(names, values, max_size=4)


def backwards(value: Any) -> Any:
    """The same value with the names of every mapping in the opposite order."""
    if isinstance(value, dict):
        return {name: backwards(value[name]) for name in reversed(value)}
    return [backwards(each) for each in value] if isinstance(value, list) else value


def test_a_key_never_changes() -> None:
    """What was bought last year is found this year: a key is pinned to the letter."""
    assert cache_key("image", SHAPE) == KEY


def test_every_process_has_the_same_keys() -> None:
    """A key does not depend on the order of a process's hashes."""
    code = f"from vidkit.store import cache_key; print(cache_key('image', {SHAPE!r}))"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == cache_key("image", SHAPE)


@settings(max_examples=60, deadline=None)
@given(shapes)
def test_the_order_of_names_is_nothing(shape: dict[str, Any]) -> None:
    """A shape is what it says and not the order in which it says it, and a tuple is a list."""
    key = cache_key("audio", shape)
    assert cache_key("audio", backwards(shape)) == key
    assert cache_key("audio", MappingProxyType(shape)) == key
    assert cache_key("audio", {**shape, "size": (1, 2)}) == cache_key(
        "audio", {**shape, "size": [1, 2]}
    )


@settings(max_examples=60, deadline=None)
@given(shapes, shapes)
def test_another_shape_has_another_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Two shapes share a key only if they say the same; two kinds never do."""
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (cache_key("image", one) == cache_key("image", other)) is same
    assert cache_key("image", one) != cache_key("audio", one)


@pytest.mark.parametrize("odd", [{"a": b"x"}, {"a": float("nan")}, {1: "a"}, {"a": {1, 2}}])
def test_what_is_not_json_is_refused(odd: Any) -> None:
    """A shape that could be written in two ways makes no key, and the error says what to give."""
    with pytest.raises(StoreError, match="give text, numbers, lists"):
        cache_key("image", odd)


@pytest.mark.parametrize("name", ["api_key", "API-Key", "Authorization", "password", "token"])
def test_a_credential_shapes_nothing(name: str) -> None:
    """The same picture bought with another API key is the same asset."""
    assert cache_key("image", {"model": "m", name: "sk-123"}) == cache_key("image", {"model": "m"})
    assert cache_key("image", {"deep": [{name: "sk-123"}]}) == cache_key("image", {"deep": [{}]})


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://me:pass@host:8080/v1", "https://host:8080/v1"),
        ("https://host/v1?api-key=abc&api-version=2", "https://host/v1?api-version=2"),
        ("https://host/v1?key=abc", "https://host/v1"),
        ("https://host/v1?a=b%20c", "https://host/v1?a=b%20c"),
        ("http://me:pass@[half", "[half"),
    ],
)
def test_a_base_url_loses_its_credentials(url: str, bare: str) -> None:
    """User, password and keys go from a base URL; the rest of it, which shapes the asset, stays."""
    assert without_credentials({"base_url": url}) == {"base_url": bare}
    assert cache_key("image", {"base_url": url}) == cache_key("image", {"base_url": bare})


def test_the_text_of_a_lesson_is_left_alone() -> None:
    """Two narrations that differ in a password that they explain are two narrations."""
    one, other = {"text": "ftp://me:one@host"}, {"text": "ftp://me:two@host"}
    assert cache_key("audio", one) != cache_key("audio", other)
