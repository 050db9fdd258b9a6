"""The finished video in a real browser: it plays, and it seeks to every section."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser import in_both, needs_browser
from made_media import picture, speech_like, wav
from PIL import Image, ImageDraw

from vidkit.media import Frame, join_clips, make_clip
from vidkit.media.clips import write_clip
from vidkit.media.follow import Patch, State, following
from vidkit.media.frame import frames_in
from vidkit.media.narration import silence

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIZE = (640, 360)
SECTIONS = 5


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[float, ...]]:
    """A page with a video of five sections of 7 s, and where each begins."""
    folder = tmp_path_factory.mktemp("video")
    frame = Frame(size=SIZE)
    clips = []
    for i in range(SECTIONS):
        path = folder / f"{i}.mp4"
        sound = wav(speech_like(7, seed=i), 24_000)
        make_clip(picture(i, SIZE), sound, path, frame)
        clips.append(path)
    joined = join_clips(clips, folder / "video.mp4", frame)
    html = folder / "page.html"
    html.write_text(
        '<body style="margin:0"><video src="video.mp4" preload="auto" muted'
        f' width="{SIZE[0]}" height="{SIZE[1]}"></video>'
    )
    return html, joined.starts


SEEK = """time => new Promise(done => {
  const video = document.querySelector('video');
  video.addEventListener('seeked', () => requestAnimationFrame(() => requestAnimationFrame(
    () => done(video.currentTime))), {once: true});
  video.currentTime = time;
})"""


@needs_browser
def test_the_video_seeks_to_each_section(
    launched: Browser, page: tuple[Path, tuple[float, ...]]
) -> None:
    """Half a frame after a section's start the browser shows that section's picture."""
    html, starts = page
    tab = launched.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
    tab.goto(html.as_uri())
    tab.wait_for_function("document.querySelector('video').readyState >= 2")
    for i in (3, 0, 4, 1, 2):
        tab.evaluate(SEEK, starts[i] + 1 / 48)
        seen = np.asarray(Image.open(io.BytesIO(tab.screenshot())).convert("RGB"), float)
        meant = np.asarray(Image.open(io.BytesIO(picture(i, SIZE))).convert("RGB"), float)
        assert np.abs(seen - meant).mean() < 3, f"section {i + 1}"
    tab.close()


@needs_browser
def test_the_video_plays_to_its_end(
    launched: Browser, page: tuple[Path, tuple[float, ...]]
) -> None:
    """Played from shortly before the last seam, it passes it and ends without an error."""
    html, starts = page
    tab = launched.new_page()
    tab.goto(html.as_uri())
    tab.wait_for_function("document.querySelector('video').readyState >= 2")
    tab.evaluate(SEEK, starts[-1] - 0.2)
    tab.evaluate("document.querySelector('video').playbackRate = 4")
    tab.evaluate("document.querySelector('video').play()")
    tab.wait_for_function("document.querySelector('video').ended", timeout=60_000)
    assert tab.evaluate("document.querySelector('video').error") is None
    tab.close()


STATES = 4


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Image.Image]]:
    """A page with a section of four states, two seconds each, and what is to be seen in each."""
    folder = tmp_path_factory.mktemp("followed")
    frame = Frame(size=SIZE)
    whole = Image.new("RGB", SIZE, "#fbf9f5")
    draw = ImageDraw.Draw(whole)
    draw.rectangle((40, 8, 300, 28), fill="#1d2430")
    boxes = [(40, 70 * n + 60, 600, 70 * n + 110) for n in range(STATES)]
    for n, box in enumerate(boxes):
        draw.rectangle(box, fill=("#2b5f8f", "#b8741a", "#1d2430", "#3f7d4e")[n])
    states, seen = [], []
    for now in range(STATES):
        left = [(x - 2, y - 2, r + 2, b + 2) for n, (x, y, r, b) in enumerate(boxes) if n > now]
        states.append(State(2.0 * now, tuple(Patch(box, 0.0) for box in left)))
        shown = whole.copy()
        for box in left:
            ImageDraw.Draw(shown).rectangle(box, fill="#fbf9f5")
        seen.append(shown)
    track = silence(2.0 * STATES, frame)
    packets = following([whole], states, frames_in(track.samples, frame.fps), frame)
    write_clip(folder / "clip.mp4", frame, packets, track)
    join_clips([folder / "clip.mp4"] * 2, folder / "video.mp4", frame)
    html = folder / "page.html"
    html.write_text(
        '<body style="margin:0"><video src="video.mp4" preload="auto" muted'
        f' width="{SIZE[0]}" height="{SIZE[1]}"></video>'
    )
    return html, seen


@in_both
def test_each_state_of_a_followed_section_is_shown_at_its_time(
    launched: Browser, followed: tuple[Path, list[Image.Image]]
) -> None:
    """Sought in any order, at its start, at its end and while it plays on, each state has its own
    picture: all that a fade sends in parts comes together again."""
    html, states = followed
    tab = launched.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
    tab.goto(html.as_uri())
    tab.wait_for_function("document.querySelector('video').readyState >= 2")
    for n in (2, 0, 3, 1):
        for at in (0.25, 1.8):
            tab.evaluate(SEEK, 2.0 * n + at)
            seen = np.asarray(Image.open(io.BytesIO(tab.screenshot())).convert("RGB"), float)
            meant = np.asarray(states[n], float)
            assert np.abs(seen - meant).mean() < 3, f"state {n + 1}, {at} s"
    tab.evaluate("document.querySelector('video').playbackRate = 4")
    tab.evaluate("document.querySelector('video').play()")
    tab.wait_for_function("document.querySelector('video').ended", timeout=60_000)
    assert tab.evaluate("document.querySelector('video').error") is None
    tab.close()
