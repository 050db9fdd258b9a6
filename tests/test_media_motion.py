"""Pictures that move: the zoom, the cross-fade, and what moviepy does to chosen sections."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from made_media import decoded, picture, speech_like, tone, wav
from PIL import Image, ImageDraw

from vidkit.errors import MediaError
from vidkit.media import Clip, Frame, apply_effects, join_clips, make_clip, make_seam, read_clip
from vidkit.media.frame import RATE

SIZE = (320, 180)


def shown(path: Path) -> np.ndarray[Any, Any]:
    """Every frame of a video as grey values, of shape (frames, height, width)."""
    with av.open(path) as video:
        frames = [frame.to_ndarray(format="gray") for frame in video.decode(video=0)]
    return np.stack(frames).astype(float)


def dot(at: tuple[float, float]) -> bytes:
    """A picture with one white spot, whose place can be measured below the pixel."""
    import io

    image = Image.new("RGB", SIZE, (20, 20, 20))
    x, y = at
    ImageDraw.Draw(image).ellipse((x - 6, y - 6, x + 6, y + 6), fill="white")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def middle(frame: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Where the bright spot of a frame is, in pixels."""
    weight = np.clip(frame - 60, 0, None)
    rows, columns = np.indices(frame.shape)
    return float((weight * columns).sum() / weight.sum()), float(
        (weight * rows).sum() / weight.sum()
    )


def test_the_zoom_moves_smoothly_below_the_pixel(tmp_path: Path) -> None:
    """From frame to frame the picture moves by the same small step, and never trembles."""
    frame = Frame(size=SIZE, motion="zoom")
    out = tmp_path / "zoom.mp4"
    make_clip(dot((280, 150)), wav(tone(4)), out, frame)
    places = np.array([middle(one) for one in shown(out)])
    steps = np.diff(places, axis=0)
    assert 1 < places[-1][0] - places[0][0] < 12
    assert (steps[:, 0] > -0.05).all()
    assert np.abs(steps - steps.mean(axis=0)).max() < 0.25


def test_a_long_zoom_has_its_key_frames(tmp_path: Path) -> None:
    """A zoom of 12 s has as many frames as the same still, and key frames 5 s apart at most."""
    out = tmp_path / "zoom.mp4"
    clip = make_clip(picture(1, SIZE), wav(tone(12)), out, Frame(size=SIZE, motion="zoom"))
    with av.open(out) as video:
        keys = [p.pts for p in video.demux(video=0) if p.is_keyframe and p.size]
        rate = video.streams.video[0].time_base
    assert len(shown(out)) == clip.frames
    assert max(np.diff(keys)) * rate <= 5  # type: ignore[operator]


def test_a_zoomed_clip_joins_with_a_still_one(tmp_path: Path) -> None:
    """Both have the same headers, so their packets may follow each other."""
    clips = []
    for number, motion in enumerate(("zoom", "still", "zoom")):
        path = tmp_path / f"{number}.mp4"
        frame = Frame(size=SIZE, motion=motion)  # type: ignore[arg-type]
        clips.append(make_clip(picture(number, SIZE), wav(tone(1.5)), path, frame).path)
    join_clips(clips, tmp_path / "video.mp4", Frame(size=SIZE))
    assert len(shown(tmp_path / "video.mp4")) == sum(read_clip(clip).frames for clip in clips) - 2


def faded(folder: Path, count: int = 3) -> tuple[list[Clip], list[Path], Frame]:
    frame = Frame(size=SIZE, motion="fade")
    clips, seams = [], []
    for number in range(count):
        sound = wav(speech_like(2, seed=number))
        grey = Image.new("RGB", SIZE, (40 + 60 * number,) * 3)
        import io

        out = io.BytesIO()
        grey.save(out, "PNG")
        clips.append(make_clip(out.getvalue(), sound, folder / f"{number}.mp4", frame))
    for number, (one, other) in enumerate(pairwise(clips)):
        path = folder / f"seam{number}.mp4"
        make_seam(one.path, other.path, path, frame)
        seams.append(path)
    return clips, seams, frame


def test_a_fade_passes_from_one_picture_to_the_next(tmp_path: Path) -> None:
    """Each frame of the fade is between the two pictures and nearer to the second than the one
    before; the next section begins with its own picture, at its own time.
    """
    clips, seams, frame = faded(tmp_path)
    joined = join_clips([c.path for c in clips], tmp_path / "v.mp4", frame, seams=seams)
    grey = shown(tmp_path / "v.mp4").mean(axis=(1, 2))
    begin = round(joined.starts[1] * frame.fps)
    fade = grey[begin - 12 : begin]
    assert abs(grey[begin - 13] - grey[0]) < 1
    assert abs(grey[begin] - grey[begin + 10]) < 1
    assert (np.diff(np.concatenate([[grey[0]], fade, [grey[begin]]])) > 0).all()


def test_a_fade_takes_no_time(tmp_path: Path) -> None:
    """With and without its fades, a video has the same frames and the same sound."""
    clips, seams, frame = faded(tmp_path)
    paths = [clip.path for clip in clips]
    plain = join_clips(paths, tmp_path / "plain.mp4", frame)
    with_fades = join_clips(paths, tmp_path / "fades.mp4", frame, seams=seams)
    assert plain == with_fades
    assert len(shown(tmp_path / "plain.mp4")) == len(shown(tmp_path / "fades.mp4"))


def test_a_seam_depends_on_its_two_sections_alone(tmp_path: Path) -> None:
    """The same two clips give the same seam, so one changed section makes two seams anew."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, one, _ = faded(tmp_path / "a")
    _, other, _ = faded(tmp_path / "b")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_a_section_too_short_for_its_fade_has_none(tmp_path: Path) -> None:
    """A section of a few frames is shown as it is, and the video is whole."""
    frame = Frame(size=SIZE, motion="fade", gap=0.1)
    clips = [
        make_clip(picture(n, SIZE), wav(tone(0.05)), tmp_path / f"{n}.mp4", frame) for n in (0, 1)
    ]
    make_seam(clips[0].path, clips[1].path, tmp_path / "seam.mp4", frame)
    join_clips([c.path for c in clips], tmp_path / "v.mp4", frame, seams=[tmp_path / "seam.mp4"])
    assert len(shown(tmp_path / "v.mp4")) >= 2 * 2


# moviepy leaves the pipe to its ffmpeg to the garbage collector
MOVIEPY = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@MOVIEPY
def test_moviepy_effects_come_back_as_a_clip(tmp_path: Path) -> None:
    """An effect and a function of one's own change a clip, which still joins with others."""
    from moviepy import vfx

    frame = Frame(size=SIZE)
    plain = make_clip(picture(1, SIZE), wav(speech_like(3)), tmp_path / "plain.mp4", frame)

    def half(clip: Any) -> Any:
        return clip.subclipped(0, 1.5)

    out = tmp_path / "effects.mp4"
    changed = apply_effects(plain.path, [vfx.MultiplySpeed(2), half, vfx.FadeIn(0.5)], out, frame)
    assert changed.seconds == pytest.approx(1.5, abs=0.1)
    grey = shown(out).mean(axis=(1, 2))
    assert grey[0] < grey[6] < grey[14]
    joined = join_clips([plain.path, out], tmp_path / "video.mp4", frame)
    assert joined.seconds == pytest.approx(plain.seconds + changed.seconds)
    assert read_clip(out) == changed


@MOVIEPY
@pytest.mark.parametrize(("effect", "times"), [("FadeIn", 1), ("Loop", 2)])
def test_an_effect_on_the_picture_leaves_the_narration(
    tmp_path: Path, effect: str, times: int
) -> None:
    """A section of any length is heard as before, and again where it is played again."""
    from moviepy import vfx

    frame = Frame(size=SIZE)
    plain = make_clip(picture(1, SIZE), wav(speech_like(5)), tmp_path / "plain.mp4", frame)
    effects = {"FadeIn": [vfx.FadeIn(0.5)], "Loop": [vfx.Loop(n=2)]}[effect]
    changed = apply_effects(plain.path, effects, tmp_path / "effects.mp4", frame)
    assert changed.seconds == pytest.approx(times * plain.seconds, abs=0.05)
    before, after = decoded(plain.path).sound, decoded(changed.path).sound
    for number in range(times):
        part = after[number * plain.samples :][: 5 * RATE]
        assert np.abs(part - before[: 5 * RATE]).max() < 0.02


@MOVIEPY
def test_an_effect_that_fails_is_named(tmp_path: Path) -> None:
    """The error says which effect it was, and shows no traceback of moviepy's."""
    frame = Frame(size=SIZE)
    plain = make_clip(picture(1, SIZE), wav(tone(1)), tmp_path / "plain.mp4", frame)

    def broken(clip: Any) -> Any:
        raise ValueError("no such colour")

    def forgetful(clip: Any) -> Any:
        clip.subclipped(0, 0.5)

    with pytest.raises(MediaError, match=r"broken failed: no such colour"):
        apply_effects(plain.path, [broken], tmp_path / "out.mp4", frame)
    with pytest.raises(MediaError, match=r"forgetful gives nothing; let it return"):
        apply_effects(plain.path, [forgetful], tmp_path / "out.mp4", frame)
