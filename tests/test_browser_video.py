"""The finished video in a real browser: it plays, and it seeks to every section."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from browser import browser, needs_browser
from made_media import picture, speech_like, wav
from PIL import Image

from vidkit.media import Frame, join_clips, make_clip

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
def test_the_video_seeks_to_each_section(page: tuple[Path, tuple[float, ...]]) -> None:
    """Half a frame after a section's start the browser shows that section's picture."""
    html, starts = page
    with browser() as chromium:
        tab = chromium.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        tab.goto(html.as_uri())
        tab.wait_for_function("document.querySelector('video').readyState >= 2")
        for i in (3, 0, 4, 1, 2):
            tab.evaluate(SEEK, starts[i] + 1 / 48)
            seen = np.asarray(Image.open(io.BytesIO(tab.screenshot())).convert("RGB"), float)
            meant = np.asarray(Image.open(io.BytesIO(picture(i, SIZE))).convert("RGB"), float)
            assert np.abs(seen - meant).mean() < 3, f"section {i + 1}"


@needs_browser
def test_the_video_plays_to_its_end(page: tuple[Path, tuple[float, ...]]) -> None:
    """Played from shortly before the last seam, it passes it and ends without an error."""
    html, starts = page
    with browser() as chromium:
        tab = chromium.new_page()
        tab.goto(html.as_uri())
        tab.wait_for_function("document.querySelector('video').readyState >= 2")
        tab.evaluate(SEEK, starts[-1] - 0.2)
        tab.evaluate("document.querySelector('video').playbackRate = 4")
        tab.evaluate("document.querySelector('video').play()")
        tab.wait_for_function("document.querySelector('video').ended", timeout=60_000)
        assert tab.evaluate("document.querySelector('video').error") is None
