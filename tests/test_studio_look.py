"""The look that all parts share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from vidkit.studio.widgets import STYLE, Tone, button, mark, media, panel, words

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)></textarea>\"'&"


def test_words_are_text() -> None:
    """Nothing in a text is taken as HTML."""
    for page in (words(EVIL), mark(EVIL, "failed")):
        assert "<script" not in page
        assert "<img" not in page
        assert "</textarea" not in page


@pytest.mark.parametrize("suffix", [".png", ".wav", ".mp4"])
def test_a_file_and_its_label_are_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """A file's name and what it is called stay inside their attributes."""
    monkeypatch.chdir(tmp_path)
    path = Path(f"a'b&c<i>{suffix}")
    path.write_bytes(b"x")
    page = media(path, EVIL)
    assert page.count("<") == (3 if suffix == ".mp4" else 2 if suffix == ".wav" else 1)


def test_every_state_has_a_colour_in_light_and_in_dark() -> None:
    """Each tone is defined twice, and used under its name."""
    for tone in get_args(Tone):
        assert len(re.findall(rf"--vidkit-{tone}: #", STYLE)) == 2
        assert f".vidkit-{tone}" in STYLE


def test_every_class_is_ours() -> None:
    """The style touches nothing outside a panel: each rule begins within `.vidkit`."""
    plain = re.sub(r"\([^()]*\)|/\*.*?\*/", "", STYLE.removeprefix("<style>"))
    rules = re.findall(r"(?:^|[{}])\s*([^{}@;]+)\{", plain)
    assert len(rules) > 30
    for selector in (each.strip() for rule in rules for each in rule.split(",")):
        assert selector.startswith((".vidkit", 'body[data-jp-theme-light="false"] .vidkit'))


def test_a_button_does_what_it_says() -> None:
    """A click calls what it was given, and the tooltip is there for who hovers."""
    clicks: list[int] = []
    made = button("Make", "Make the video", lambda: clicks.append(1))
    made.click()
    assert clicks == [1]
    assert made.tooltip == "Make the video"


def test_a_panel_has_the_look() -> None:
    """Whatever is put into a panel stands in `.vidkit`, with its style."""
    box = panel(button("Make", "Make the video", list))
    assert "vidkit" in box._dom_classes
    assert box.children[0].value.startswith(STYLE)
