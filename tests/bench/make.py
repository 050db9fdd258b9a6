"""A lesson from a cold start, measured: the command against the sum of its parts, in turn.

    python tests/bench/make.py LESSON [--repeat N]

`vidkit make` runs in a process of its own with an empty store. Then another process draws the
slides, speaks the texts and renders the clips and the video, one kind of work after the other,
and says how long each took: both with espeak and still pictures, whatever "auto" would take.
`again` is the command once more on the finished lesson.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))


def parts(lesson_path: Path, folder: Path) -> dict[str, float]:
    """Seconds of each kind of work, done alone."""
    from vidkit.core.system import usable_cores
    from vidkit.media import Frame, join_clips, make_clip
    from vidkit.models import Settings, load_lesson
    from vidkit.pipeline import ungated
    from vidkit.pipeline.assets import image_ask, voice_ask
    from vidkit.providers import image_maker, voice_maker

    settings, lesson = Settings(), load_lesson(lesson_path)
    places = range(len(lesson.sections))
    took = {}

    async def draw() -> list[bytes]:
        maker = image_maker("slides")
        asks = [image_ask(lesson, i, settings) for i in places]
        return [p.data for p in await asyncio.gather(*(maker.draw(a, ungated) for a in asks))]

    async def speak() -> list[bytes]:
        maker = voice_maker("espeak")
        asks = [voice_ask(lesson, i, settings) for i in places]
        return [n.data for n in await asyncio.gather(*(maker.speak(a, ungated) for a in asks))]

    began = time.perf_counter()
    pictures = asyncio.run(draw())
    took["slides"] = time.perf_counter() - began
    began = time.perf_counter()
    narrations = asyncio.run(speak())
    took["speech"] = time.perf_counter() - began
    began = time.perf_counter()
    clips = [folder / f"{i}.mp4" for i in places]
    with ThreadPoolExecutor(usable_cores()) as pool:
        list(pool.map(lambda *c: make_clip(*c, Frame()), pictures, narrations, clips))
    length = join_clips(clips, folder / "video.mp4", Frame()).seconds
    took["render"] = time.perf_counter() - began
    return took | {"length": length}


def command(lesson: Path, folder: Path) -> float:
    """Seconds of `vidkit make`, from the start of its process to its end."""
    words = [sys.executable, "-m", "vidkit", "make", str(lesson), "-o", str(folder / "out")]
    words += ["--voice", "espeak", "--motion", "still", "--quiet"]
    own = os.environ | {"VIDKIT_CACHE": str(folder / "store")}
    began = time.perf_counter()
    subprocess.run(words, env=own, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Measure in turn and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("lesson", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--parts", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.parts:
        print(json.dumps(parts(given.lesson, given.parts)))
        return
    rows: dict[str, list[float]] = {}
    for _ in range(given.repeat):
        with tempfile.TemporaryDirectory() as folder:
            words = [sys.executable, __file__, str(given.lesson), "--parts", folder]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            row = json.loads(done.stdout)
            row["make"] = command(given.lesson, Path(folder))
            row["again"] = command(given.lesson, Path(folder))
        row["make / sum"] = row["make"] / (row["slides"] + row["speech"] + row["render"])
        for name, seconds in row.items():
            rows.setdefault(name, []).append(seconds)
    for name, values in rows.items():
        print(f"{name:12} {statistics.median(values):8.2f}")


if __name__ == "__main__":
    main()
