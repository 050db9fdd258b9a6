"""What the video shows: as close to the picture as the format allows."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from made_media import decibels, noise_picture, picture_at, saved
from PIL import Image, ImageDraw, ImageFont

from vidkit.media import Frame, fit_picture, join_clips, make_clip, open_picture

FRAME = Frame(size=(640, 360))


def text_slide(ground: str, *inks: str) -> Image.Image:
    image = Image.new("RGB", FRAME.size, ground)
    draw = ImageDraw.Draw(image)
    for line in range(7):
        ink = inks[line % len(inks)]
        words = "Euler's identity, 0123 and more words"
        draw.text((24, 10 + 48 * line), words, fill=ink, font=ImageFont.load_default(30))
    return image


def photograph() -> Image.Image:
    """Soft shapes of all colours, with a little grain."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (12, 20, 3), np.uint8)
    soft = np.asarray(Image.fromarray(coarse).resize(FRAME.size, Image.Resampling.BICUBIC), float)
    return Image.fromarray((soft + rng.normal(0, 3, soft.shape)).clip(0, 255).astype(np.uint8))


PICTURES = {
    "photograph": photograph(),
    "black on white": text_slide("white", "black"),
    "colours on white": text_slide("white", "black", "firebrick", "navy", "green"),
    "white on blue": text_slide("midnightblue", "white", "gold"),
    "ramp": Image.merge("RGB", [Image.linear_gradient("L").resize(FRAME.size)] * 3),
    "noise": noise_picture(FRAME.size),
    "square": noise_picture((300, 300)).resize((30, 30)).resize((300, 300)),
}


def luma(rgb: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """BT.709, limited range, exactly."""
    return 16 + rgb.astype(float) @ np.array([0.2126, 0.7152, 0.0722]) * 219 / 255


def unencoded(rgb: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """`rgb` through 4:2:0 and back, without an encoder."""
    fine = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
    there = VideoReformatter().reformat(
        av.VideoFrame.from_ndarray(rgb, format="rgb24"),
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation=fine,
    )
    back = VideoReformatter().reformat(
        there,
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        interpolation=Interpolation.BICUBIC,
    )
    return back.to_ndarray()


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_shown_faithfully(tmp_path: Path, name: str) -> None:
    """Brightness is within 45 dB of the fitted picture, even for noise, and colour within
    1.5 dB of what 4:2:0 leaves of it, or beyond 50 dB, where nobody sees a difference."""
    data = saved(PICTURES[name])
    clip = make_clip(data, None, tmp_path / "clip.mp4", FRAME, seconds=1)
    shown, rgb = picture_at(clip.path, clip.frames // 2)
    wanted = np.asarray(fit_picture(open_picture(data), FRAME))
    assert decibels(shown, luma(wanted)) >= 45
    best = decibels(unencoded(wanted), wanted)
    assert decibels(rgb, wanted) >= min(50, best - 1.5)


def test_last_frame_is_the_first_again(tmp_path: Path) -> None:
    """Copied frames change nothing: after minutes the picture is the key frame, bit for bit."""
    clip = make_clip(saved(PICTURES["photograph"]), None, tmp_path / "clip.mp4", FRAME, seconds=11)
    first, _ = picture_at(clip.path, 0)
    for number in (1, 15, 16, 17, 100, 131, 132, clip.frames - 1):
        assert np.array_equal(picture_at(clip.path, number)[0], first)


def test_joined_picture_is_the_clips_picture(tmp_path: Path) -> None:
    """Joining changes no picture."""
    clips = [
        make_clip(saved(PICTURES[name]), None, tmp_path / f"{name}.mp4", FRAME, seconds=1)
        for name in ("ramp", "photograph")
    ]
    join_clips([clip.path for clip in clips], tmp_path / "video.mp4", FRAME)
    seam = round(clips[0].seconds * FRAME.fps)
    for number, clip in ((seam - 1, clips[0]), (seam, clips[1])):
        assert np.array_equal(
            picture_at(tmp_path / "video.mp4", number)[0], picture_at(clip.path, 0)[0]
        )


def test_colour_is_tagged(tmp_path: Path) -> None:
    """The file says BT.709, limited range, so that no player has to guess."""
    clip = make_clip(saved(PICTURES["ramp"]), None, tmp_path / "clip.mp4", FRAME, seconds=1)
    join_clips([clip.path], tmp_path / "video.mp4", FRAME)
    for path in (clip.path, tmp_path / "video.mp4"):
        with av.open(str(path)) as container:
            context = container.streams.video[0].codec_context
            tags = (context.colorspace, context.color_primaries, context.color_trc)
            assert tags == (1, 1, 1)
            assert context.color_range == 1
            assert (context.profile, context.pix_fmt) == ("High", "yuv420p")


@pytest.mark.parametrize("size", [(16, 16), (1080, 1920), (1080, 1080), (1920, 1080), (2, 600)])
def test_any_even_frame_is_made(tmp_path: Path, size: tuple[int, int]) -> None:
    """Portrait, square, tiny: any even pair of sides is a video."""
    frame = Frame(size=size)
    clip = make_clip(saved(PICTURES["square"]), None, tmp_path / "c.mp4", frame, seconds=0.5)
    shown, _ = picture_at(clip.path, 3)
    assert shown.shape[::-1] == size
