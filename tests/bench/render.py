"""Rendering, measured: vidkit, the least that any way must do, and plain moviepy, in turn.

    python tests/bench/render.py FOLDER                # vidkit, "follow" and the floor
    python tests/bench/render.py FOLDER --moviepy      # and moviepy, "compose" and "chain"

FOLDER holds `images/` and `audio/` with the sections of one lesson, as vidkit's own output
folders do. Each way runs in a process of its own, on the same pictures fitted to the same frame
and the same narrations. Processor seconds and memory are those of the process and its children,
start-up and imports included.

The floor is what remains when nothing but the work is done: decoding and fitting the pictures,
one key frame each, levelling, resampling and encoding the sound with vidkit's own settings, and
writing the bytes.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

Sections = list[tuple[Path, Path]]


def by_vidkit(sections: Sections, out: Path, size: tuple[int, int], fps: int) -> None:
    """Clips in as many threads as there are processors, joined."""
    from concurrent.futures import ThreadPoolExecutor

    from vidkit.media import Frame, join_clips, make_clip

    frame = Frame(size=size, fps=fps)
    clips = [out.with_suffix(f".{number}.mp4") for number in range(len(sections))]
    with ThreadPoolExecutor(_processors()) as pool:
        list(pool.map(lambda s, c: make_clip(*s, c, frame), sections, clips))
    join_clips(clips, out, frame)


def states(seconds: float, size: tuple[int, int]) -> list[Any]:
    """A slide whose quarters beneath the headline appear in turn, one every `EVERY` seconds."""
    from vidkit.media.follow import Patch, State

    w, h = size
    top, high = h // 6, h * 5 // 12
    corners = [(0, top), (w // 2, top), (0, top + high), (w // 2, top + high)]
    quarters = [(x + 8, y + 8, x + w // 2 - 8, y + high - 8) for x, y in corners]
    found = []
    for number in range(max(1, round(seconds / EVERY))):
        now = number % 4
        pale = [(box, 0.17 if k > now else 0.55) for k, box in enumerate(quarters) if k != now]
        found.append(State(number * EVERY, tuple(Patch(box, level) for box, level in pale)))
    return found


EVERY = 4.0
"""Seconds between two states: the median of the lessons that come with vidkit, in which a state
changes five of a slide's fifteen bands, and never the headline."""


def by_follow(sections: Sections, out: Path, size: tuple[int, int], fps: int) -> None:
    """As `by_vidkit`, with a state every few seconds and fades between them."""
    from concurrent.futures import ThreadPoolExecutor

    from vidkit.media import Frame, join_clips, make_clip
    from vidkit.media.follow import following

    frame = Frame(size=size, fps=fps)
    clips = [out.with_suffix(f".{number}.mp4") for number in range(len(sections))]

    def reveal(image: Any, seconds: float, _: Any, frames: int, frame: Frame) -> Any:
        return following([image], states(seconds, size), frames, frame)

    def make(section: tuple[Path, Path], clip: Path) -> None:
        make_clip(*section, clip, frame, reveal=reveal)

    with ThreadPoolExecutor(_processors()) as pool:
        list(pool.map(make, sections, clips))
    join_clips(clips, out, frame)


def by_moviepy_states(sections: Sections, out: Path, size: tuple[int, int], fps: int) -> None:
    """moviepy showing the same states, each a picture of its own that fades in over the last."""
    from moviepy import AudioFileClip, CompositeVideoClip, ImageClip, concatenate_videoclips, vfx

    from vidkit.media import Frame
    from vidkit.media.clips import as_picture, in_video_colours
    from vidkit.media.follow import FADE_SECONDS, painted
    from vidkit.media.images import frame_picture, planes_of

    frame = Frame(size=size, fps=fps)
    clips = []
    for picture, audio in sections:
        sound = AudioFileClip(str(audio))
        planes = planes_of(in_video_colours(frame_picture(picture, frame)))
        shown = states(sound.duration, size)
        ends = [state.start for state in shown[1:]] + [sound.duration]
        pieces = [
            ImageClip(as_picture(painted(planes, state.patches)).to_ndarray(format="rgb24"))
            .with_start(state.start)
            .with_duration(min(end - state.start + FADE_SECONDS, sound.duration - state.start))
            .with_effects([vfx.CrossFadeIn(FADE_SECONDS)] if state.start else [])
            for state, end in zip(shown, ends, strict=True)
        ]
        clips.append(CompositeVideoClip(pieces).with_audio(sound))
    video = concatenate_videoclips(clips, method="chain")
    video.write_videofile(
        str(out),
        fps=fps,
        codec="libx264",
        audio_codec="aac",
        logger=None,
        temp_audiofile=str(out.with_suffix(".m4a")),
    )


def by_floor(sections: Sections, out: Path, size: tuple[int, int], fps: int) -> None:
    """The work alone; what it writes is no video."""
    from concurrent.futures import ThreadPoolExecutor

    from vidkit.media import Frame, open_sound
    from vidkit.media import clips as still
    from vidkit.media.frame import RATE, padded
    from vidkit.media.images import frame_picture
    from vidkit.media.loudness import level, measure
    from vidkit.media.narration import MOST_PEAK, encoded

    frame = Frame(size=size, fps=fps)

    def work(section: tuple[Path, Path]) -> bytes:
        key = still.key_frame(frame_picture(section[0], frame), fps)
        pieces = list(open_sound(section[1]).pieces(RATE))
        measured = measure(pieces)
        samples = padded(measured.samples, frame)
        levels = level(measured, MOST_PEAK)
        groups = -(-samples * fps // RATE // (5 * fps))
        return b"".join([key * groups, *encoded(pieces, levels, samples)])

    with ThreadPoolExecutor(_processors()) as pool, out.open("wb") as file:
        for done in pool.map(work, sections):
            file.write(done)


def by_moviepy(method: str) -> Callable[[Sections, Path, tuple[int, int], int], None]:
    """moviepy as its documentation shows it, with `method` of `concatenate_videoclips`."""

    def render(sections: Sections, out: Path, size: tuple[int, int], fps: int) -> None:
        import numpy as np
        from moviepy import AudioFileClip, ImageClip, concatenate_videoclips

        from vidkit.media import Frame
        from vidkit.media.images import frame_picture

        frame = Frame(size=size, fps=fps)
        clips = []
        for picture, audio in sections:
            sound = AudioFileClip(str(audio))
            image = ImageClip(np.asarray(frame_picture(picture, frame)))
            clips.append(image.with_duration(sound.duration).with_audio(sound))
        video = concatenate_videoclips(clips, method=method)
        video.write_videofile(
            str(out),
            fps=fps,
            codec="libx264",
            audio_codec="aac",
            logger=None,
            temp_audiofile=str(out.with_suffix(".m4a")),
        )

    return render


WAYS: dict[str, Callable[[Sections, Path, tuple[int, int], int], None]] = {
    "vidkit": by_vidkit,
    "follow": by_follow,
    "floor": by_floor,
    "compose": by_moviepy("compose"),
    "chain": by_moviepy("chain"),
    "states": by_moviepy_states,
}


@dataclass(frozen=True)
class Cost:
    """What one run of one way took: seconds of wall clock and processor, megabytes."""

    wall: float
    cpu: float
    memory: float
    size: float


def sections_in(folder: Path, count: int | None) -> Sections:
    """The pictures and narrations of `folder`; again from the first if `count` is more."""

    def number(path: Path) -> int:
        return int("".join(re.findall(r"\d+", path.stem)) or 0)

    pictures = sorted((folder / "images").iterdir(), key=number)
    narrations = sorted((folder / "audio").iterdir(), key=number)
    both = list(zip(pictures, narrations, strict=True))
    if not both:
        raise SystemExit(f"{folder} has no sections; name a folder with images/ and audio/")
    count = count or len(both)
    return [both[place % len(both)] for place in range(count)]


def measured(way: str, options: argparse.Namespace) -> Cost:
    """Runs one way in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "video.mp4"
        command = [sys.executable, __file__, str(options.folder), "--only", way, str(out)]
        command += ["--size", options.size, "--fps", str(options.fps)]
        if options.sections:
            command += ["--sections", str(options.sections)]
        begin = time.perf_counter()
        process = subprocess.Popen(command)
        peak = _Peak(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        highest = max(peak.stop(), used.ru_maxrss / 1024)
        if process.returncode:
            raise SystemExit(f"{way} failed")
        size = out.stat().st_size / 1e6
    return Cost(wall, used.ru_utime + used.ru_stime, highest, size)


class _Peak:
    """Watches the memory of a process and its children, where the system tells (Linux)."""

    def __init__(self, pid: int) -> None:
        self._highest = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self._highest

    def _watch(self, pid: int) -> None:
        while not self._over.wait(0.05):
            self._highest = max(self._highest, _resident(pid))


def _resident(pid: int) -> float:
    """Megabytes of a process and its children; 0 where nobody can say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, IndexError):
        return 0.0
    own = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return own + sum(_resident(int(child)) for child in children)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _told(costs: dict[str, list[Cost]]) -> None:
    """A table of medians, and vidkit's ratio to each of the others."""

    def middle(way: str, what: str) -> float:
        return statistics.median(getattr(cost, what) for cost in costs[way])

    print(
        f"{'':10}{'wall s':>10}{'CPU s':>10}{'memory MB':>12}{'size MB':>10}{'CPU to vidkit':>16}"
    )
    for way in costs:
        row = [middle(way, what) for what in ("wall", "cpu", "memory", "size")]
        ratio = row[1] / middle("vidkit", "cpu") if "vidkit" in costs else float("nan")
        print(
            f"{way:10}{row[0]:10.2f}{row[1]:10.2f}{row[2]:12.0f}{row[3]:10.2f}{ratio:15.2f}x",
        )
    if {"vidkit", "follow", "floor"} <= costs.keys():
        share = middle("vidkit", "cpu") / middle("floor", "cpu")
        print(f"vidkit costs {share:.2f} times the floor")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="a lesson's folder with images/ and audio/")
    parser.add_argument("--moviepy", action="store_true", help="also moviepy, both methods")
    parser.add_argument("--ways", help=f"which to run, of {','.join(WAYS)}")
    parser.add_argument("--sections", type=int, help="how many; more than there are repeat")
    parser.add_argument("--repeat", type=int, default=1, help="rounds, in turn; medians are told")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--fps", type=int, default=24)
    parser.add_argument("--only", nargs=2, metavar=("WAY", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    sections = sections_in(options.folder, options.sections)
    if options.only:
        width, height = map(int, options.size.split("x"))
        WAYS[options.only[0]](sections, Path(options.only[1]), (width, height), options.fps)
        return
    ways = options.ways.split(",") if options.ways else ["vidkit", "follow", "floor"]
    if options.moviepy and not options.ways:
        ways += ["compose", "chain", "states"]
    costs: dict[str, list[Cost]] = {way: [] for way in ways}
    for _ in range(options.repeat):
        for way in ways:
            costs[way].append(measured(way, options))
            print(f"{way}: {costs[way][-1]}", file=sys.stderr)
    print(f"{len(sections)} sections, {options.size} at {options.fps} frames a second")
    _told(costs)


if __name__ == "__main__":
    main()
