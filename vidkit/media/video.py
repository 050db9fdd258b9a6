"""A lesson's clips as one video: their packets are copied, nothing is encoded again."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont
from PIL.PngImagePlugin import PngInfo

from ..core.errors import MediaError
from ..core.fonts import font_for
from ..core.format import clock_time
from ..text.languages import primary
from .audio import Samples
from .clips import Clip, picture_of, read_clip
from .frame import (
    BLOCK,
    KEY_SECONDS,
    RATE,
    Frame,
    first_frame,
    frames_in,
    reading,
    starts,
    write_packet,
    writing,
)
from .narration import Music, decoded_packets, music_bed, with_music

if TYPE_CHECKING:
    from ..text.captions import Cue

# The three-letter names of languages, which MP4 wants.


# ISO 639-1 and the ISO 639-2/T code of the same language, for all languages that have both.
_CODES = """
aa aar ab abk ae ave af afr ak aka am amh an arg ar ara as asm av ava ay aym az aze ba bak be bel
bg bul bh bih bi bis bm bam bn ben bo bod br bre bs bos ca cat ce che ch cha co cos cr cre cs ces
cu chu cv chv cy cym da dan de deu dv div dz dzo ee ewe el ell en eng eo epo es spa et est eu eus
fa fas ff ful fi fin fj fij fo fao fr fra fy fry ga gle gd gla gl glg gn grn gu guj gv glv ha hau
he heb hi hin ho hmo hr hrv ht hat hu hun hy hye hz her ia ina id ind ie ile ig ibo ii iii ik ipk
io ido is isl it ita iu iku ja jpn jv jav ka kat kg kon ki kik kj kua kk kaz kl kal km khm kn kan
ko kor kr kau ks kas ku kur kv kom kw cor ky kir la lat lb ltz lg lug li lim ln lin lo lao lt lit
lu lub lv lav mg mlg mh mah mi mri mk mkd ml mal mn mon mr mar ms msa mt mlt my mya na nau nb nob
nd nde ne nep ng ndo nl nld nn nno no nor nr nbl nv nav ny nya oc oci oj oji om orm or ori os oss
pa pan pi pli pl pol ps pus pt por qu que rm roh rn run ro ron ru rus rw kin sa san sc srd sd snd
se sme sg sag si sin sk slk sl slv sm smo sn sna so som sq sqi sr srp ss ssw st sot su sun sv swe
sw swa ta tam te tel tg tgk th tha ti tir tk tuk tl tgl tn tsn to ton tr tur ts tso tt tat tw twi
ty tah ug uig uk ukr ur urd uz uzb ve ven vi vie vo vol wa wln wo wol xh xho yi yid yo yor za zha
zh zho zu zul
"""
_THREE = dict(zip(_CODES.split()[::2], _CODES.split()[1::2], strict=True))


def three_letters(tag: str) -> str:
    """The ISO 639-2 code of an IETF language `tag`; "und" for one that has none.

    >>> three_letters("pt-BR"), three_letters("fil"), three_letters("")
    ('por', 'fil', 'und')
    """
    first = primary(tag).strip()
    if len(first) == 3 and first.isascii() and first.isalpha():
        return first
    return _THREE.get(first, "und")


# Captions inside the video file: a track of text that a player can switch on.


_MILLISECOND = Fraction(1, 1000)

_STYLE = "Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0"
# FFmpeg derives the track's default style from the header of an ASS script.
_HEADER = f"""[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, \
Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: {_STYLE}

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
""".replace("\n", "\r\n").encode()

_MOST_BYTES = 0xFFFF


class Subtitles:
    """A text track of `container` with `cues`, in the language with the ISO 639-2 code
    `language`. It must be made before anything is written, and written along with the rest.
    """

    def __init__(self, container: OutputContainer, cues: Sequence[Cue], language: str) -> None:
        self._container = container
        self._stream = container.add_stream("mov_text")
        self._stream.codec_context.subtitle_header = _HEADER
        self._stream.codec_context.time_base = self._stream.time_base = _MILLISECOND
        self._stream.metadata["language"] = language
        self._waiting = list(reversed(list(_contiguous(cues))))

    def write(self, until: float) -> None:
        """Writes the cues that start before `until`, in seconds of the video."""
        while self._waiting and self._waiting[-1][0] < until * 1000:
            start, end, text = self._waiting.pop()
            data = struct.pack(">H", len(text)) + text
            length = end - start
            write_packet(self._container, self._stream, data, start, _MILLISECOND, length=length)


def _contiguous(cues: Sequence[Cue]) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, text) in milliseconds without gaps or overlaps: the format has neither, so
    an empty text stands where nothing is shown."""
    now = 0
    for cue in sorted(cues, key=lambda cue: cue.start):
        start, end = max(now, round(cue.start * 1000)), round(cue.end * 1000)
        if end <= start:
            continue
        if start > now:
            yield now, start, b""
        text = cue.text.encode("utf-8", "replace")[:_MOST_BYTES]
        yield start, end, text.decode("utf-8", "ignore").encode()
        now = end


@dataclass(frozen=True)
class Chapter:
    """A part of a video from `start` to `end`, in seconds."""

    start: float
    end: float
    title: str


@dataclass(frozen=True)
class Joined:
    """A finished video: its length and where each section starts, in seconds."""

    seconds: float
    starts: tuple[float, ...]


def section_starts(clips: Iterable[Clip]) -> tuple[float, ...]:
    """Where each of `clips` starts in the video that `join_clips` makes of them, in seconds."""
    return tuple(sample / RATE for sample in starts(clip.samples for clip in clips)[:-1])


def chapters(clips: Sequence[Clip], titles: Sequence[str] = ()) -> tuple[Chapter, ...]:
    """One chapter for each of `clips`; those without a title are numbered."""
    edges = [sample / RATE for sample in starts(clip.samples for clip in clips)]
    named = [" ".join(title.split()) for title in titles] + [""] * len(clips)
    return tuple(
        Chapter(begin, end, title or f"Section {number}")
        for number, (begin, end, title) in enumerate(zip(edges, edges[1:], named, strict=False), 1)
    )


def join_clips(
    clips: Sequence[Path],
    out: Path,
    frame: Frame,
    *,
    titles: Sequence[str] = (),
    title: str = "",
    language: str = "en",
    cues: Sequence[Cue] = (),
    seams: Sequence[Path] = (),
    music: Music | None = None,
) -> Joined:
    """Joins `clips`, all made for `frame`, in their order and writes the video to `out` as MP4.

    `titles` name the sections' chapters; `cues`, in seconds of the video, become a subtitle
    track in `language` (an IETF tag such as "en" or "pt-BR") that a player can switch on.
    `seams`, where there are any, are the cross-fades from each clip to the next (`make_seam`).
    `music` lies beneath the whole video, whose sound alone is then encoded again. `out` is
    written directly and is not whole until this returns.

    Raises `MediaError` for a clip that is damaged or was made for another frame, or music that
    cannot be used, `OutputError` when `out` cannot be written.
    """
    if not clips:
        raise MediaError("there are no clips to join; make a section first")
    facts = [read_clip(path) for path in clips]
    sound = None
    if music is not None:
        samples = sum(clip.samples for clip in facts)
        sound = with_music(_ClipSound(facts), samples, music_bed(music, samples / RATE)).packets
    with writing(out) as container:
        video = _Video(container, clips[0], frame, three_letters(language), cues, sound)
        if title:
            container.metadata["title"] = " ".join(title.split())
        marks: list[Any] = [  # PyAV 19 takes a Fraction too, and tells a type of its own
            {
                "id": number,
                "start": round(part.start * 1000),
                "end": round(part.end * 1000),
                "time_base": Fraction(1, 1000),
                "metadata": {"title": part.title},
            }
            for number, part in enumerate(chapters(facts, titles), 1)
        ]
        container.set_chapters(marks)
        for place, clip in enumerate(facts, 1):
            last = place == len(facts)
            video.append(clip, seams[place - 1] if seams and not last else None, last=last)
    return Joined(video.samples / RATE, section_starts(facts))


@dataclass(frozen=True)
class _ClipSound:
    """The sound of clips, one after the other, to be read again and again."""

    clips: Sequence[Clip]

    def __iter__(self) -> Iterator[Samples]:
        for clip in self.clips:
            with reading(clip.path) as container:
                packets = (bytes(packet) for packet in container.demux(audio=0) if packet.size)
                left = clip.samples
                for piece in decoded_packets(packets):
                    left -= len(piece)
                    yield piece
            if left:
                raise MediaError(f"{clip.path} breaks off; make the section again")


class _Video:
    """A video that grows by clips; `samples` is its length so far. sound: the packets of all of
    it, where the clips' own are not to be heard as they are.
    """

    def __init__(
        self,
        container: OutputContainer,
        model: Path,
        frame: Frame,
        language: str,
        cues: Sequence[Cue],
        sound: Sequence[bytes] | None = None,
    ) -> None:
        self.samples = 0
        self._sound = sound
        self._container = container
        self._frame = frame
        with reading(model) as clip:
            pictures, sounds = clip.streams.video[0], clip.streams.audio[0]
            self._made = _made(pictures, sounds)
            self._pictures = container.add_stream_from_template(pictures)
            self._sounds = container.add_stream_from_template(sounds)
        self._sounds.metadata["language"] = language
        self._subtitles = Subtitles(container, cues, language) if cues else None

    def append(self, clip: Clip, seam: Path | None, *, last: bool) -> None:
        """Copies the packets of `clip` behind those that are there, and those of `seam` in the
        place of its last frames.

        The clip may hold one frame more than fits before the next section's first, and its
        last AAC packet only ends the sound: the last clip alone brings both.
        """
        fps, rate = Fraction(1, self._frame.fps), Fraction(1, RATE)
        write = partial(write_packet, self._container)
        number, block = first_frame(self.samples, self._frame.fps), self.samples // BLOCK - 1
        self.samples += clip.samples
        frames = first_frame(self.samples, self._frame.fps)
        if last:
            frames = min(number + clip.frames, frames_in(self.samples, self._frame.fps))
        blocks = self.samples // BLOCK - (not last)
        fade = self._fade(seam, frames - number) if seam else []
        frames -= len(fade)
        with reading(clip.path) as container:
            pictures, sounds = container.streams.video[0], container.streams.audio[0]
            self._check(clip, pictures, sounds)
            for packet in container.demux(pictures, sounds):
                if packet.stream is pictures and number < frames and packet.size:
                    if packet.is_keyframe and self._subtitles:
                        self._subtitles.write(float(number * fps) + KEY_SECONDS)
                    write(self._pictures, packet, number, fps, key=packet.is_keyframe)
                    number += 1
                elif packet.stream is sounds and block < blocks and packet.size:
                    heard = packet if self._sound is None else self._sound[block + 1]
                    write(self._sounds, heard, block * BLOCK, rate, length=BLOCK)
                    block += 1
        if number < frames or block < blocks:
            raise MediaError(f"{clip.path} breaks off; make the section again")
        for place, data in enumerate(fade):
            write(self._pictures, data, number + place, fps, key=place == 0)

    def _fade(self, seam: Path, room: int) -> list[bytes]:
        """The packets of a cross-fade; none where the section is too short to hold it and two
        frames of its own."""
        with reading(seam, sound=False) as container:
            stream = container.streams.video[0]
            if stream.codec_context.extradata != self._made[0] or stream.frames > room - 2:
                return []
            return [bytes(packet) for packet in container.demux(stream) if packet.size]

    def _check(self, clip: Clip, pictures: VideoStream, sounds: AudioStream) -> None:
        size = (pictures.codec_context.width, pictures.codec_context.height)
        if size != self._frame.size or _made(pictures, sounds) != self._made:
            raise MediaError(
                f"{clip.path} is {size[0]} x {size[1]} or was made with other settings than "
                f"the clips before it; make the section again at {self._frame.size[0]} x "
                f"{self._frame.size[1]}, {self._frame.fps} frames a second"
            )


def _made(pictures: VideoStream, sounds: AudioStream) -> tuple[object, ...]:
    """What clips must have in common for their packets to follow each other: the decoders'
    headers, and the rates."""
    return (
        pictures.codec_context.extradata,
        pictures.average_rate,
        sounds.codec_context.extradata,
        sounds.codec_context.sample_rate,
    )


# Pictures of the result: a poster for the lesson, and one sheet with all its sections.


_WIDTH = 320
_MARGIN = 28
_SPACE = 20
_TITLE, _SMALL = 15, 13
_LINES = 2

_PAPER, _INK, _FAINT, _LINE = "#f6f5f2", "#23262b", "#6d727a", "#d9d7d1"


def poster(clip: Path) -> bytes:
    """The PNG of what `clip` shows, in the size of its video.

    Raises `MediaError` for a clip that cannot be read.
    """
    return _png(picture_of(clip))


def contact_sheet(
    clips: Sequence[Path],
    titles: Sequence[str] = (),
    seconds: Sequence[float] = (),
    frame: Frame = Frame(),  # noqa: B008 (it is immutable)
) -> bytes:
    """A PNG with every section's picture, number, title and length, in their order.

    `clips` are their clips, made for `frame`; `titles` and `seconds` belong to those of the
    same place, and either may be shorter. Raises `MediaError` for a clip that cannot be read.
    """
    lengths = [clock_time(length) for length in seconds]
    return sheet(map(picture_of, clips), len(clips), titles, lengths, frame.size)


def sheet(
    pictures: Iterable[Image.Image],
    number: int,
    titles: Sequence[str] = (),
    notes: Sequence[str] = (),
    size: tuple[int, int] = (1280, 720),
) -> bytes:
    """A PNG of so many `pictures`, all of `size` and read one after the other, each with its
    number, title and, at the right, note."""
    wide, high = size
    width = _WIDTH if wide >= high else _WIDTH * 9 // 16
    height = max(1, round(width * high / wide))
    columns = max(1, min(number, 4 if wide >= high else 6))
    rows = -(-number // columns)
    cell = height + 12 + (_LINES + 1) * 20
    page = Image.new(
        "RGB",
        (
            2 * _MARGIN + columns * width + (columns - 1) * _SPACE,
            2 * _MARGIN + rows * cell + max(0, rows - 1) * _SPACE,
        ),
        _PAPER,
    )
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        corner = (_MARGIN + column * (width + _SPACE), _MARGIN + row * (cell + _SPACE))
        page.paste(picture.resize((width, height), Image.Resampling.LANCZOS), corner)
        ImageDraw.Draw(page).rectangle(
            (corner[0] - 1, corner[1] - 1, corner[0] + width, corner[1] + height), outline=_LINE
        )
        title = titles[place] if place < len(titles) else ""
        note = notes[place] if place < len(notes) else ""
        _caption(page, (corner[0], corner[1] + height + 10), width, place + 1, title, note)
    return _png(page)


def _caption(
    sheet: Image.Image, at: tuple[int, int], width: int, number: int, title: str, length: str
) -> None:
    draw = ImageDraw.Draw(sheet)
    left, top = at
    bold, plain = font_for(title, _TITLE), font_for(length, _SMALL)
    draw.text((left, top), str(number), fill=_FAINT, font=bold)
    draw.text((left + width, top + 1), length, fill=_FAINT, font=plain, anchor="ra")
    indent = round(draw.textlength(f"{number} ", font=bold)) + 4
    room = width - indent - round(draw.textlength(length, font=plain)) - 10
    for line in _wrapped(title, bold, room):
        draw.text((left + indent, top), line, fill=_INK, font=bold)
        top += 20


def _wrapped(text: str, font: FreeTypeFont, room: int) -> list[str]:
    """`text` in at most `_LINES` lines of `room` pixels, the last one cut where it is too long."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < _LINES:
        line, *words = words
        while words and font.getlength(f"{line} {words[0]}") <= room:
            line = f"{line} {words.pop(0)}"
        if len(lines) == _LINES - 1 and words:
            line = f"{line} {words[0]}…"
            words.clear()
        lines.append(line if font.getlength(line) <= room else _cut(line, font, room))
    return lines


def _cut(line: str, font: FreeTypeFont, room: int) -> str:
    line = line.removesuffix("…")
    while line and font.getlength(f"{line}…") > room:
        line = line[:-1]
    return f"{line.rstrip()}…"


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    by_vidkit = PngInfo()
    by_vidkit.add_text("Software", "vidkit")
    image.save(file, "PNG", compress_level=6, pnginfo=by_vidkit)
    return file.getvalue()
