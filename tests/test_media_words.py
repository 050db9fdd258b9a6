"""Words in the video: a subtitle track and chapters."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_media import picture, tone, wav

from vidkit.media import Clip, Frame, chapters, join_clips, make_clip
from vidkit.media.video import _contiguous, three_letters
from vidkit.text.captions import Cue

SMALL = Frame(size=(32, 32))


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    return [
        make_clip(picture(n, (32, 32)), wav(tone(2.0 + n)), tmp_path / f"{n}.mp4", SMALL)
        for n in range(3)
    ]


def words_in(path: Path) -> list[tuple[float, float, str]]:
    """(start, end, text) of each subtitle that shows something."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        for packet in container.demux(stream):
            data = bytes(packet)
            if packet.pts is None or len(data) < 3:
                continue
            (length,) = struct.unpack(">H", data[:2])
            start = float(packet.pts * packet.time_base)
            end = start + float(packet.duration * packet.time_base)
            found.append((start, end, data[2 : 2 + length].decode()))
    return found


def test_cues_are_a_subtitle_track(clips: list[Clip], tmp_path: Path) -> None:
    """Each cue is in the file at its time with its text, whatever its script."""
    cues = [
        Cue(0.5, 1.5, "Hello,\nworld"),
        Cue(1.5, 2.5, "日本語 ünï ✓ 🎓"),
        Cue(4.0, 6.25, "a --> b <i>&amp;"),
        Cue(8.0, 9.0, "שלום"),
    ]
    out = tmp_path / "video.mp4"
    join_clips([clip.path for clip in clips], out, SMALL, cues=cues, language="he")
    found = words_in(out)
    assert [text for _, _, text in found] == [cue.text for cue in cues]
    for (start, end, _), cue in zip(found, cues, strict=True):
        assert (start, end) == pytest.approx((cue.start, cue.end), abs=0.0015)
    with av.open(str(out)) as container:
        stream = container.streams.subtitles[0]
        assert stream.codec_context.name == "mov_text"
        assert stream.metadata["language"] == "heb"
        assert container.streams.audio[0].metadata["language"] == "heb"


def test_video_without_cues_has_no_empty_track(clips: list[Clip], tmp_path: Path) -> None:
    """No cues, no subtitle track."""
    out = tmp_path / "video.mp4"
    join_clips([clip.path for clip in clips], out, SMALL)
    with av.open(str(out)) as container:
        assert not container.streams.subtitles


def test_sections_are_chapters(clips: list[Clip], tmp_path: Path) -> None:
    """One titled chapter for each section, edge to edge, from the first to the end."""
    out = tmp_path / "video.mp4"
    titles = ["Ohm's\nlaw", "", "Größe → 電圧"]
    joined = join_clips([clip.path for clip in clips], out, SMALL, titles=titles, title="A\nlesson")
    with av.open(str(out)) as container:
        found = [
            (
                float(part["start"] * part["time_base"]),
                float(part["end"] * part["time_base"]),
                part["metadata"]["title"],
            )
            for part in container.chapters()
        ]
        assert container.metadata["title"] == "A lesson"
    assert [title for _, _, title in found] == ["Ohm's law", "Section 2", "Größe → 電圧"]
    assert [start for start, _, _ in found] == pytest.approx(joined.starts, abs=0.001)
    assert [end for _, end, _ in found] == pytest.approx(
        [*joined.starts[1:], joined.seconds], abs=0.001
    )


def test_chapters_are_known_before_joining(clips: list[Clip]) -> None:
    """The chapters can be listed from the clips alone."""
    found = chapters(clips, ["One"])
    assert [part.title for part in found] == ["One", "Section 2", "Section 3"]
    assert found[-1].end == pytest.approx(sum(clip.seconds for clip in clips))


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en", "eng"), ("pt-BR", "por"), ("zh_Hans", "zho"), ("DE", "deu"), ("fil", "fil")],
)
def test_languages_have_three_letters(tag: str, code: str) -> None:
    """A language tag becomes the code that MP4 wants."""
    assert three_letters(tag) == code


@given(st.text(max_size=12))
def test_any_language_is_three_letters(tag: str) -> None:
    """Whatever stands for the language, the code has three small letters."""
    code = three_letters(tag)
    assert len(code) == 3 and code.isascii() and code.islower()


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), st.text(max_size=40)), max_size=20))
@settings(max_examples=80)
def test_subtitles_never_overlap(raw: list[tuple[float, float, str]]) -> None:
    """Whatever cues come, the track's texts follow each other without gap or overlap."""
    track = list(_contiguous([Cue(*cue) for cue in raw]))
    now = 0
    for start, end, text in track:
        assert start == now < end
        assert len(text) <= 0xFFFF
        now = end


def test_chapters_are_listed_by_another_reader(clips: list[Clip], tmp_path: Path) -> None:
    """mutagen, which shares no code with FFmpeg, finds every chapter, its time and its title."""
    from mutagen.mp4 import MP4

    out, titles = tmp_path / "video.mp4", ["Light", "Farbe & Töne", "雨"]
    joined = join_clips([clip.path for clip in clips], out, SMALL, titles=titles)
    found = MP4(out).chapters
    assert [chapter.title for chapter in found] == titles
    assert [chapter.start for chapter in found] == pytest.approx(joined.starts, abs=0.002)
