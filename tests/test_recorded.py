"""Recorded pictures and narrations: found by position, keyed by content."""

from __future__ import annotations

import asyncio
import json
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from made_media import encoded, picture, tone

from vidkit import Settings, start
from vidkit.errors import ProviderError, ProviderMissing
from vidkit.pipeline import ungated
from vidkit.providers import ImageAsk, VoiceAsk, image_maker, voice_maker
from vidkit.providers.files import Recorded


def image(index: int = 0, file: Path | None = None) -> ImageAsk:
    return ImageAsk("", "", None, "en", (64, 36), index=index, file=file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "audio").mkdir()
    (tmp_path / "images/section_0.png").write_bytes(b"zero")
    (tmp_path / "images/section_1.jpg").write_bytes(b"one")
    (tmp_path / "audio/section_0.mp3").write_bytes(b"sound")
    return tmp_path


def test_files_are_found_by_the_sections_position(folder: Path) -> None:
    """`recorded:FOLDER` gives the file of the section, in whatever format it is."""
    maker = image_maker(f"recorded:{folder}")
    first = asyncio.run(maker.draw(image(0), ungated))
    second = asyncio.run(maker.draw(image(1), ungated))
    assert (first.data, first.suffix) == (b"zero", ".png")
    assert (second.data, second.suffix) == (b"one", ".jpg")
    spoken = asyncio.run(voice_maker(f"recorded:{folder}").speak(VoiceAsk("", "en"), ungated))
    assert (spoken.data, spoken.suffix) == (b"sound", ".mp3")


def test_a_file_is_found_by_the_number_that_people_count(folder: Path) -> None:
    """`section-02.png`, as outputs are named now, and `section-2.png` are section 2; they win over
    the name of the first release.
    """
    maker = image_maker(f"recorded:{folder}")
    for name in ("section-2.png", "section-02.png"):
        (folder / "images" / name).write_bytes(name.encode())
        drawn = asyncio.run(maker.draw(image(1), ungated))
        assert drawn.data == name.encode()


def test_a_missing_file_is_named(folder: Path) -> None:
    """The error says which file was looked for."""
    with pytest.raises(ProviderError, match=r"section-08\.png"):
        asyncio.run(image_maker(f"recorded:{folder}").draw(image(7), ungated))


def test_a_sections_own_file_wins(folder: Path) -> None:
    """A file that the section names is taken before the folder's."""
    own = folder / "own.webp"
    own.write_bytes(b"own")
    drawn = asyncio.run(image_maker(f"recorded:{folder}").draw(image(0, own), ungated))
    assert (drawn.data, drawn.suffix) == (b"own", ".webp")


@pytest.mark.parametrize(
    ("shown", "heard", "codec"),
    [("tiff", "aiff", "pcm_s16be"), ("avif", "caf", "alac"), ("bmp", "ac3", "ac3")],
)
def test_own_files_of_any_kind_that_is_decoded_become_a_video(
    tmp_path: Path, shown: str, heard: str, codec: str
) -> None:
    """A scan in TIFF, a narration of a Mac's recorder: nobody has to export them first."""
    (tmp_path / f"own.{shown}").write_bytes(picture(kind=shown.upper()))
    (tmp_path / f"own.{heard}").write_bytes(encoded(tone(1.2, 48_000), heard, codec, 48_000))
    section = {"image_description": "A latch", "content": "One latch.", "image": f"own.{shown}"}
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({"sections": [section | {"audio": f"own.{heard}"}]}))
    settings = Settings(images="recorded", voice="recorded", size=(64, 36), progress=False)
    assert start(path, tmp_path / "out", settings=settings).result().made


def test_the_key_is_the_content_and_not_the_place(folder: Path) -> None:
    """The same bytes under another number are the same asset."""
    (folder / "images/section_2.png").write_bytes(b"zero")
    maker = image_maker(f"recorded:{folder}")
    assert maker.shape(image(0)) == maker.shape(image(2)) != maker.shape(image(1))


def test_a_missing_folder_is_told_at_once() -> None:
    """A folder that is not there fails before anything is made."""
    with pytest.raises(ProviderMissing, match="no such folder"):
        image_maker("recorded:nowhere")


def test_nothing_recorded_says_how_to_record() -> None:
    """Plain `recorded` without a file in the section says where to put one."""
    with pytest.raises(ProviderError, match="`image`"):
        asyncio.run(image_maker("recorded").draw(image(), ungated))


@pytest.mark.parametrize("part", ["image", "audio"])
def test_a_file_that_is_too_large_is_refused_unread(folder: Path, part: str) -> None:
    """Its size is looked at first: a video of many gigabytes that somebody names by mistake
    takes no memory, and the error says how large it may be.
    """
    own = folder / "giant.bin"
    with own.open("wb") as file:
        file.truncate(2_000_000_000)  # a hole: it takes no room either
    maker: Any = Recorded()
    ask: Any = image(0, own) if part == "image" else VoiceAsk("", "en", file=own)
    make = maker.draw if part == "image" else maker.speak
    tracemalloc.start()
    try:
        for read in (lambda: maker.shape(ask), lambda: asyncio.run(make(ask, ungated))):
            with pytest.raises(ProviderError, match=r"2,000 MB, and (300|1,000) MB is the most"):
                read()
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_digest_is_taken_without_holding_the_file(folder: Path) -> None:
    """Looking up a large file costs time and no memory."""
    own = folder / "large.wav"
    with own.open("wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    try:
        Recorded().shape(VoiceAsk("", "en", file=own))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_that_cannot_be_read_is_told(folder: Path) -> None:
    """A folder in its place is an error with its name and what to do."""
    with pytest.raises(ProviderError, match="cannot be read: Is a directory; put"):
        Recorded().shape(image(0, folder))


def test_a_lesson_of_sparse_sounds_is_not_held_in_memory(tmp_path: Path) -> None:
    """A few kilobytes that claim hundreds of megabytes of sound each are never read whole."""
    sections = []
    for number in range(4):
        path = tmp_path / f"sparse_{number}.wav"
        size = 64_000_000 + 48_000 * number
        sizes = (b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 1, 48_000, 96_000, 2, 16)
        path.write_bytes(
            struct.pack("<4sI4s4sIHHIIHH", *sizes) + struct.pack("<4sI", b"data", size)
        )
        with path.open("r+b") as file:
            file.truncate(size + 44)
        sections.append({"image_description": "Nothing", "audio": path.name})
    lesson = tmp_path / "lesson.json"
    lesson.write_text(json.dumps({"sections": sections}))
    held = peak_of_run(lesson, tmp_path / "out")
    assert held < 60_000_000


def peak_of_run(lesson: Path, out: Path) -> int:
    """The most bytes that Python held while the narrations of a lesson were taken in."""
    import anyio
    from stand_ins import NoMedia

    from vidkit.models import Settings
    from vidkit.pipeline import Batch, Job, Runtime, Source
    from vidkit.providers.simulated import Simulated
    from vidkit.store import Store

    makes: Any = Simulated(latency=0.0)

    async def make(store: Store) -> Any:
        runtime = Runtime(
            images=[Source(makes)],
            voice=[Source(makes)],
            media=NoMedia(),
            cores=anyio.CapacityLimiter(2),
            clock=asyncio.get_running_loop().time,
            store=store,
        )
        return await Batch(Settings(size=(320, 180)), runtime).make([Job(lesson, out)])

    with Store(out.parent / "own store") as store:
        tracemalloc.start()
        try:
            report = asyncio.run(make(store))
            held = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert report.made, str(report)
    return held
