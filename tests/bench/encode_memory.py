"""What an encode holds in memory, measured: `python tests/bench/encode_memory.py`.

Each row makes clips of noise, which needs most, side by side in a fresh process and says how far
its memory rose, beside what `vidkit.cores.encode_memory` allows for.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import threading
import time
import wave
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

ROWS = (
    "1280 720 still 1 30",
    "1280 720 still 3 30",
    "1920 1080 still 2 30",
    "3840 2160 still 1 30",
    "1280 720 zoom 1 10",
    "1280 720 zoom 2 10",
    "3840 2160 zoom 1 3",
)


def held() -> int:
    """Bytes this process holds in memory."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def silence(seconds: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(22_050)
        sound.writeframes(bytes(range(250)) * (2 * 22_050 * seconds // 250))
    return out.getvalue()


def measure(row: str) -> None:
    """Make the clips of one row and print it."""
    from PIL import Image

    from vidkit.media import Frame, make_clip
    from vidkit.models import Settings
    from vidkit.pipeline.scaling import encode_memory

    width, height, motion, clips, seconds = row.split()
    size, many = (int(width), int(height)), int(clips)
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, "png")
    picture, sound = out.getvalue(), silence(int(seconds))
    settings = Settings(size=size, motion=motion)  # type: ignore[arg-type]
    frame = Frame(size=size, motion=settings.motion)
    with tempfile.TemporaryDirectory() as folder:
        make_clip(picture, silence(1), Path(folder) / "first.mp4", Frame(size=(64, 36)))
        before = most = held()
        threads = [
            threading.Thread(
                target=make_clip, args=(picture, sound, Path(folder) / f"{n}.mp4", frame)
            )
            for n in range(many)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            most = max(most, held())
            time.sleep(0.002)
    allowed = encode_memory(settings)
    each = (most - before) / many
    verdict = "" if each <= allowed else "   MORE"
    print(f"{row:24} {each / 1e6:6.0f} MB each, allowed {allowed / 1e6:.0f}{verdict}")


def main() -> None:
    """Measure every row in a process of its own."""
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return
    for row in ROWS:
        subprocess.run([sys.executable, __file__, row], check=True)


if __name__ == "__main__":
    main()
