"""Odd processes: forked ones, and those whose event loops are not asyncio's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LESSON = {"sections": [{"image_description": "A latch", "content": "A latch keeps a bit."}]}

MAKE = """
import sys
from vidkit import Settings, generate_video_from_json

def make(name):
    settings = Settings(voice="espeak", size=(320, 180), cache=False)
    made = generate_video_from_json(sys.argv[1], f"{sys.argv[2]}/{name}", settings=settings)
    return str(made)
"""

FORK = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

print(make("parent"))
with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
    print(*pool.map(make, ["child", "other"]), sep="\\n")
"""

FORK_WITHIN = """
import os, threading
from vidkit.media import images
from vidkit.providers import speech

make("parent")
with images._large, speech._choosing:  # as another thread may hold them in this moment
    child = os.fork()
    if child == 0:
        with images._large, speech._choosing:
            print(make("child"), flush=True)
        os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""

UVLOOP = """
import asyncio
import uvloop

print(make("before"))
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
print(make("after"))

async def within():
    from vidkit import generate_video, Settings
    settings = Settings(voice="espeak", size=(320, 180), cache=False)
    return await generate_video(sys.argv[1], f"{sys.argv[2]}/within", settings=settings)

print(asyncio.run(within()).path)
"""

UVLOOP_FIRST = """
import asyncio
import uvloop

asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
print(make("first"))
"""


def videos(tmp_path: Path, code: str) -> list[Path]:
    """The videos that a program names, line by line."""
    lesson = tmp_path / "lesson.json"
    lesson.write_text(json.dumps(LESSON))
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", MAKE + code, str(lesson), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Path(line) for line in done.stdout.splitlines() if line.endswith(".mp4")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize(("code", "count"), [(FORK, 3), (FORK_WITHIN, 1)])
def test_a_forked_child_makes_what_its_parent_made(tmp_path: Path, code: str, count: int) -> None:
    """After slides were drawn and words spoken in the parent, its children hang nowhere."""
    made = videos(tmp_path, code)
    assert len(made) == count and all(path.stat().st_size for path in made)


@pytest.mark.parametrize(("code", "count"), [(UVLOOP, 3), (UVLOOP_FIRST, 1)])
def test_uvloop_may_come_whenever_it_likes(tmp_path: Path, code: str, count: int) -> None:
    """Its policy is set before the first call, or after it, and nothing fails for that."""
    pytest.importorskip("uvloop")
    made = videos(tmp_path, code)
    assert len(made) == count and all(path.stat().st_size for path in made)
