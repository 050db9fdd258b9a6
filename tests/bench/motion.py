"""A slow zoom at 1920x1080, measured: vidkit and plain moviepy in turn, in frames a second.

python tests/bench/motion.py PICTURE [--seconds 10] [--repeat 3]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

SIZE, FPS, REACH = (1920, 1080), 24, 0.1


def by_vidkit(picture: Path, seconds: float, out: Path) -> None:
    """A silent clip with `motion="zoom"`."""
    from vidkit.media import Frame, make_clip

    make_clip(picture, None, out, Frame(size=SIZE, fps=FPS, motion="zoom"), seconds=seconds)


def by_moviepy(picture: Path, seconds: float, out: Path) -> None:
    """The usual way: a picture that is resized as time goes by, written with the defaults."""
    import numpy as np
    from moviepy import CompositeVideoClip, ImageClip
    from PIL import Image

    with Image.open(picture) as image:
        fitted = np.asarray(image.convert("RGB").resize(SIZE))
    still = ImageClip(fitted).with_duration(seconds)
    moving = still.resized(lambda t: 1 + REACH * t / seconds).with_position("center")
    film = CompositeVideoClip([moving], size=SIZE)
    film.write_videofile(str(out), fps=FPS, audio=False, logger=None)


def main() -> None:
    """Each way in a process of its own, in turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("picture", type=Path)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--way", choices=("vidkit", "moviepy"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        way = by_vidkit if given.way == "vidkit" else by_moviepy
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            way(given.picture, given.seconds, Path(folder) / "out.mp4")
            print(given.seconds * FPS / (time.perf_counter() - began))
        return
    speeds: dict[str, list[float]] = {"vidkit": [], "moviepy": []}
    for _ in range(given.repeat):
        for way_name, found in speeds.items():
            words = [sys.executable, __file__, str(given.picture), "--way", way_name]
            words += ["--seconds", str(given.seconds)]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            found.append(float(done.stdout.split()[-1]))
    for name, found in speeds.items():
        print(f"{name:8} {statistics.median(found):6.1f} frames a second")
    ratios = [ours / theirs for ours, theirs in zip(*speeds.values(), strict=True)]
    print(f"ratio    {statistics.median(ratios):6.1f}")


if __name__ == "__main__":
    main()
