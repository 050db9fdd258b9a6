"""Films of one's own: played in the place of a section's picture, whatever recorded them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from made_media import decibels, decoded, film, judged, picture, speech_like, tone, wav

from vidkit import Settings, start
from vidkit.errors import LessonError, MediaError
from vidkit.events import StepEnded
from vidkit.media import Frame, join_clips, make_clip
from vidkit.media.film import MOST_PIXELS, SLOWEST, first_picture
from vidkit.models import Film, edited, load_lesson, save_lesson
from vidkit.models.editing import lesson_json

FRAME = Frame(size=(128, 72), gap=0.2)


def clip(folder: Path, shown: Film, seconds: float = 1.5, frame: Frame = FRAME) -> Any:
    """The decoded clip of a film under a narration of so many seconds."""
    out = folder / "clip.mp4"
    make_clip(picture(), wav(speech_like(seconds)), out, frame, film=shown)
    return decoded(out)


def red(seen: Any, moment: float, fps: int = 24) -> float:
    """How far the film has come at this moment of the clip, in its own seconds."""
    with_green = seen.pictures[min(len(seen.pictures) - 1, round(moment * fps)), 0]
    return float(with_green) / 0.75 / 60


def test_a_longer_film_is_cut_to_its_section(tmp_path: Path) -> None:
    """It is played at its own speed, each frame a 24th of a second after the one before."""
    seen = clip(tmp_path, Film(film(tmp_path / "a.mp4", 3.5)), 1.5)
    assert [red(seen, at) for at in (0.5, 1.0, 1.5)] == pytest.approx([0.5, 1, 1.5], abs=0.12)
    assert np.allclose(np.diff([float(time) for time in seen.times]), 1 / 24, atol=1e-4)


def test_a_shorter_film_is_slowed_a_little_and_then_stands(tmp_path: Path) -> None:
    """To four fifths of its speed at the least, and its last picture to the section's end."""
    seen = clip(tmp_path, Film(film(tmp_path / "a.mp4", 2)), 4)
    assert [red(seen, at) for at in (1, 2)] == pytest.approx([SLOWEST, 2 * SLOWEST], abs=0.12)
    assert red(seen, 2.6) == pytest.approx(red(seen, 4.1), abs=0.02)
    nearly = clip(tmp_path, Film(tmp_path / "a.mp4"), 2)
    assert red(nearly, 2.1) == pytest.approx(2, abs=0.25)


def test_start_and_end_cut_out_what_is_played(tmp_path: Path) -> None:
    """In seconds of the film; a start beyond its end is told with its length."""
    path = film(tmp_path / "a.mp4", 3.5)
    seen = clip(tmp_path, Film(path, start=1.25, end=2.25), 1.5)
    assert red(seen, 0) == pytest.approx(1.25, abs=0.06)
    assert red(seen, 1.6) == pytest.approx(2.2, abs=0.12)
    with pytest.raises(MediaError, match=r"a\.mp4 lasts 3\.5 s, and `start` is 9; write less"):
        clip(tmp_path, Film(path, start=9))


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("ten.mp4", {"codec": "libx265", "pixels": "yuv420p10le"}),
        ("vp9.webm", {"codec": "libvpx-vp9", "sound": tone(2, 48_000)}),
        ("odd.mkv", {"size": (63, 37), "codec": "ffv1", "pixels": "yuv444p"}),
        ("fast.mov", {"fps": 60}),
        ("uneven.mp4", {"uneven": True}),
        ("large.mp4", {"size": (640, 360)}),
    ],
)
def test_any_film_that_people_have_is_played(
    tmp_path: Path, name: str, how: dict[str, Any]
) -> None:
    """Ten bits, odd sizes, other rates, an uneven rate, with and without sound."""
    seen = clip(tmp_path, Film(film(tmp_path / name, 2, **how)), 1.5)
    assert len(seen.pictures) == pytest.approx(1.75 * 24, abs=2)
    assert [red(seen, at) for at in (0.5, 1.4)] == pytest.approx([0.5, 1.4], abs=0.12)


def test_a_film_of_one_picture_is_a_picture(tmp_path: Path) -> None:
    """It stands for the whole section."""
    seen = clip(tmp_path, Film(film(tmp_path / "one.mp4", 1 / 24)), 1.5)
    assert np.ptp(seen.pictures, axis=0).max() < 3


def corners(path: Path) -> list[bool]:
    """Whether each corner of the clip is green: upper left, upper right, lower left, lower right.
    Corners of the picture, not of black edges beside it."""
    with av.open(str(path)) as container:
        rgb = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    seen = rgb.max(2) > 40
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    found = []
    for y in (rows[0] + 3, rows[-1] - 3):
        for x in (columns[0] + 3, columns[-1] - 3):
            found.append(bool(rgb[y, x, 1] > rgb[y, x, 0] + 60))
    return found


@pytest.mark.parametrize(
    ("turned", "green"), [(0, 0), (90, 2), (180, 3), (-90, 1)], ids=["0", "90", "180", "-90"]
)
def test_a_film_of_a_turned_phone_stands_upright(tmp_path: Path, turned: int, green: int) -> None:
    """As players show it; a portrait keeps its shape in a landscape frame."""
    path = film(tmp_path / "a.mp4", 3, size=(96, 54), turned=turned, fps=8)
    make_clip(picture(), wav(tone(0.5)), tmp_path / "clip.mp4", FRAME, film=Film(path, start=2))
    assert corners(tmp_path / "clip.mp4") == [place == green for place in range(4)]
    with av.open(str(tmp_path / "clip.mp4")) as container:
        luma = next(container.decode(video=0)).to_ndarray()[:72]
    wide = (luma[36] > 30).sum()
    assert wide == pytest.approx(128 if turned % 180 == 0 else 72 * 54 / 96, abs=4)


def test_cover_fills_the_frame(tmp_path: Path) -> None:
    """With fit="cover" a portrait loses its ends and leaves no black edge."""
    path = film(tmp_path / "a.mp4", 3, size=(36, 64), fps=8)
    frame = Frame(size=(128, 72), fit="cover")
    make_clip(picture(), wav(tone(0.5)), tmp_path / "c.mp4", frame, film=Film(path, start=2))
    with av.open(str(tmp_path / "c.mp4")) as container:
        luma = next(container.decode(video=0)).to_ndarray()[:72]
    assert luma[:, 1:-1].min() > 24


def test_clips_with_films_are_joined_by_copying(tmp_path: Path) -> None:
    """A film between two stills: every packet is decoded, and each picture is what it was."""
    path = film(tmp_path / "a.mp4", 2)
    films = [None, Film(path), None]
    for number, shown in enumerate(films):
        voice = wav(speech_like(1, seed=number))
        make_clip(picture(number), voice, tmp_path / f"{number}.mp4", FRAME, film=shown)
    clips = [tmp_path / f"{number}.mp4" for number in range(3)]
    join_clips(clips, tmp_path / "video.mp4", FRAME)
    whole, alone = decoded(tmp_path / "video.mp4"), decoded(clips[1])
    start = len(decoded(clips[0]).pictures)
    assert decibels(whole.pictures[start : start + 20], alone.pictures[:20]) > 40


def broken(path: Path, share: float) -> Path:
    """The first part of a film whose header stands at its beginning."""
    film(path, 8, options={"movflags": "+faststart"})
    whole = path.read_bytes()
    start = whole.index(b"mdat")
    path.write_bytes(whole[: start + int((len(whole) - start) * share)])
    return path


def test_a_film_that_breaks_off_is_told(tmp_path: Path) -> None:
    """Where more of it is needed than there is, and otherwise it does."""
    path = broken(tmp_path / "a.mp4", 0.6)
    with pytest.raises(MediaError, match=r"a\.mp4 breaks off: its header promises 8\.0 s"):
        clip(tmp_path, Film(path), 8)
    assert red(clip(tmp_path, Film(path), 0.6), 0.5) == pytest.approx(0.5, abs=0.1)


def noise(path: Path) -> Path:
    """A film in which a third of all bytes are others."""
    film(path, 8, options={"movflags": "+faststart"})
    data = bytearray(path.read_bytes())
    start, chance = data.index(b"mdat") + 4, np.random.default_rng(1)
    for at in chance.integers(start, len(data), len(data) // 3):
        data[at] = chance.integers(256)
    path.write_bytes(bytes(data))
    return path


def text(path: Path) -> Path:
    """A list of addresses, which FFmpeg would open."""
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n")
    return path


def no_header(path: Path) -> Path:
    """A recording that was broken off before its header was written."""
    whole = film(path, 2).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def only_sound(path: Path) -> Path:
    """A sound in a film's clothes."""
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("aac", rate=48_000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(tone(1, 48_000)[np.newaxis], "fltp", "mono")
        frame.sample_rate = 48_000
        sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (noise, "is damaged"),
        (text, "is no film that can be read; give an MP4, MOV, WebM or MKV file"),
        (no_header, "is damaged and cannot be decoded"),
        (only_sound, "holds no pictures; name a sound in `audio`"),
    ],
)
def test_what_is_no_film_is_told_with_its_name(tmp_path: Path, made: Any, told: str) -> None:
    """Never a traceback from below, and nothing in it is opened."""
    with pytest.raises(MediaError, match=rf"a\.mp4 {told}"):
        clip(tmp_path, Film(made(tmp_path / "a.mp4")), 8)


def test_a_film_that_would_fill_the_memory_is_refused_by_its_header(tmp_path: Path) -> None:
    """28 KB that would become 41 megapixels are not decoded."""
    path, side = tmp_path / "a.mkv", 6_400
    assert side * side > MOST_PIXELS
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("ffv1", rate=1)
        stream.width, stream.height, stream.pix_fmt = side, side, "gray"
        frame = av.VideoFrame(side, side, "gray")
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.pts = 0
        sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    with pytest.raises(MediaError, match="40 million"):
        first_picture(Film(path), (320, 180))


def at_pitch(sound: np.ndarray[Any, Any], pitch: float) -> float:
    """How loud one pitch is, in dB of full scale."""
    turn = np.exp(-2j * np.pi * pitch * np.arange(len(sound)) / 32_000)
    window = np.hanning(len(sound))
    return float(20 * np.log10(abs((sound * window * turn).sum()) / window.sum() * 2 + 1e-9))


def low_voice(seconds: float) -> bytes:
    """Syllables at 300 Hz that leave a film's own pitch alone."""
    sound = tone(seconds, pitch=300) * (np.sin(np.arange(round(seconds * 24_000)) / 1500) > -0.6)
    return wav(sound.astype(np.float32))


def test_the_own_sound_lies_under_the_voice(tmp_path: Path) -> None:
    """18 dB under it while somebody speaks, and the section as loud as any other."""
    path = film(tmp_path / "a.mp4", 6, sound=tone(6, 48_000, pitch=2_000))
    heard = {}
    for sound in ("off", "under"):
        out = tmp_path / f"{sound}.mp4"
        make_clip(picture(), low_voice(4), out, FRAME, film=Film(path, sound=sound))
        heard[sound] = decoded(out).sound
    middle = slice(48_000, 96_000)
    assert at_pitch(heard["off"][middle], 2_000) < -70
    apart = judged(heard["under"][middle])[0] - at_pitch(heard["under"][middle], 2_000)
    assert apart == pytest.approx(18, abs=3.5)
    loudness, peak = judged(heard["under"])
    assert loudness == pytest.approx(-16, abs=0.7)
    assert peak < -1


def test_the_own_sound_is_slowed_with_the_film_and_keeps_its_pitch(tmp_path: Path) -> None:
    """A beep in the film's second second is heard when its picture is seen."""
    beep = np.concatenate([np.zeros(48_000, np.float32), tone(1, 48_000, pitch=2_000)])
    path = film(tmp_path / "a.mp4", 2, sound=beep)
    out = tmp_path / "c.mp4"
    make_clip(picture(), low_voice(4), out, FRAME, film=Film(path, sound="under"))
    heard = decoded(out).sound
    steps = [at_pitch(heard[at : at + 3_200], 2_000) for at in range(0, 96_000, 1_600)]
    begins = next(n for n, level in enumerate(steps) if level > max(steps) - 10) * 0.05
    assert begins == pytest.approx(1 / SLOWEST, abs=0.15)


# In a lesson.


def written(folder: Path, *sections: dict[str, Any], **more: Any) -> Path:
    """A lesson on disk."""
    path = folder / "lesson.json"
    path.write_text(json.dumps({"sections": list(sections), **more}))
    return path


QUICK = Settings(size=(128, 72), voice="espeak", progress=False)


def made(path: Path, settings: Settings = QUICK) -> tuple[Any, dict[str, str]]:
    """The report of a lesson, and what became of each step."""
    steps: dict[str, str] = {}

    def hear(event: object) -> None:
        if isinstance(event, StepEnded):
            where = "" if event.section is None else f"{event.section + 1} "
            steps[f"{where}{event.step}"] = event.outcome

    report = start(path, path.parent / "out", settings=settings, listener=hear).result()
    return report, steps


SAID = {"content": "A film moves while I speak of it."}


def test_a_lesson_plays_its_film(tmp_path: Path) -> None:
    """No description and no provider of images is needed, and a second run encodes nothing; an
    edited narration makes its own clip alone.
    """
    film(tmp_path / "a.mp4", 1)
    path = written(tmp_path, {**SAID, "video": "a.mp4"}, {"video": "a.mp4", "content": "Again."})
    report, steps = made(path)
    assert steps["1 clip"] == steps["2 clip"] == steps["join"] == "made"
    assert report.sections[0].image_by == "recorded"
    assert set(made(path)[1].values()) == {"kept"}
    path = written(tmp_path, {**SAID, "video": "a.mp4"}, {"video": "a.mp4", "content": "Anew."})
    assert {step for step, what in made(path)[1].items() if what == "made"} == {
        "2 audio",
        "2 clip",
        "join",
    }
    film(tmp_path / "a.mp4", 1.5)
    assert made(path)[1]["1 clip"] == "made"


def test_a_film_may_speak_for_itself(tmp_path: Path) -> None:
    """With its own sound instead of a narration, and captions where its words are written down."""
    film(tmp_path / "a.mp4", 2, sound=speech_like(2, 48_000))
    shown = {"file": "a.mp4", "sound": "instead"}
    report, _ = made(written(tmp_path, {"video": shown}, {**SAID, "video": shown}))
    assert report.made
    assert report.sections[0].length == pytest.approx(2.4, abs=0.1)
    captions = (tmp_path / "out" / "captions.vtt").read_text()
    assert captions.count("-->") == 1 and "A film moves" in captions
    heard = decoded(report.path)
    assert judged(heard.sound)[0] == pytest.approx(-16, abs=1)
    assert red(heard, 1.5) == pytest.approx(1.5, abs=0.1)


def test_a_silent_film_cannot_speak_for_itself(tmp_path: Path) -> None:
    """It is told, with the mend."""
    film(tmp_path / "a.mp4", 1)
    shown = {"file": "a.mp4", "sound": "instead"}
    report, _ = made(written(tmp_path, {"video": shown}, SAID | {"image_description": "A lamp."}))
    assert 'has no sound that can be decoded; write "sound": "off"' in report.sections[0].error


SENTENCES: list[tuple[object, str]] = [
    ("../a.mp4", "`video` names `../a.mp4`, which leaves the lesson's folder with `..`"),
    ("/etc/a.mp4", "which is not inside the lesson's folder"),
    ("http://example.org/a.mp4", "which is an address and not a file"),
    ("data:video/mp4;base64,AAAA.mp4", "which is an address and not a file"),
    ("file:a.mp4", "which is an address and not a file"),
    ("link.mp4", "which leaves the lesson's folder through a link"),
    ("b.mp4", "and there is no such file"),
    ("a.avi", "which is none of mp4, m4v, mov, webm, mkv"),
    (7, "`video` is the number 7"),
    ({"sound": "under"}, "names no file"),
    ({"file": "a.mp4", "sound": "loud"}, '`loud`; write "off", "under" or "instead"'),
    ({"file": "a.mp4", "start": 3, "end": 2}, "is to end at 2 s, before its `start`"),
    ({"file": "a.mp4", "from": 3}, "gives `from` as the number 3"),
    ({"file": "a.mp4", "start": float("1e9")}, "gives `start` as the number 1000000000.0"),
]


@pytest.mark.parametrize(("video", "told"), SENTENCES)
def test_what_a_lesson_may_not_say_of_a_film_is_told(
    tmp_path: Path, video: object, told: str
) -> None:
    """With file, section, field and mend, before anything is read."""
    inside = tmp_path / "in"
    inside.mkdir()
    film(inside / "a.mp4", 0.2)
    (inside / "link.mp4").symlink_to(film(tmp_path / "a.mp4", 0.2))
    with pytest.raises(LessonError) as error:
        load_lesson(written(inside, {**SAID, "video": video}))
    (fault,) = error.value.faults
    assert told in f"{fault.problem}; {fault.mend}"
    assert (fault.section, fault.field) == (1, "video")


def test_two_narrations_are_one_too_many(tmp_path: Path) -> None:
    """A sound of one's own beside a film that is to be heard instead."""
    film(tmp_path / "a.mp4", 0.2)
    (tmp_path / "a.wav").write_bytes(wav(tone(0.2)))
    shown = {"file": "a.mp4", "sound": "instead"}
    with pytest.raises(LessonError, match="`audio` stands beside a `video`"):
        load_lesson(written(tmp_path, {"video": shown, "audio": "a.wav"}))


def test_an_edited_lesson_keeps_its_film_and_its_music(tmp_path: Path) -> None:
    """Also where the whole file is laid out anew."""
    film(tmp_path / "a.mp4", 0.2)
    (tmp_path / "m.wav").write_bytes(wav(tone(0.2)))
    shown = {"file": "a.mp4", "sound": "under", "start": 0.1}
    path = written(
        tmp_path,
        {**SAID, "video": shown, "language": "es"},
        {**SAID, "video": "a.mp4", "focus": [{"at": [0, 0, 1, 1], "words": "film"}]},
        music={"file": "m.wav", "volume": -3},
        speakers={"Ana": "hibari:heart"},
    )
    before = json.loads(path.read_text())
    assert lesson_json(load_lesson(path)) == before
    save_lesson(edited(load_lesson(path), 0, content="Another text."))
    before["sections"][0]["content"] = "Another text."
    assert json.loads(path.read_text()) == before
