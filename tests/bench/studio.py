"""What the cards of a long lesson cost: `python tests/bench/studio.py [sections] [seconds]`.

In a kernel of its own, as a notebook has it: how long it takes to build and show the cards, how
many messages and bytes that is, what share of a core they cost while a run waits for its
providers for so many seconds, and how many messages a run sends in which everything happens.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

BUILD = """
import time
from vidkit import Settings, load_lesson
from vidkit.studio import Sections
lesson, how = load_lesson({lesson!r}), Settings(size=(64, 36), cache_dir={store!r})
begin, cpu = time.perf_counter(), time.process_time()
cards = Sections(lesson, how)
cards._ipython_display_()
print(time.perf_counter() - begin, time.process_time() - cpu)"""

WAIT = """
cards.settings = how.with_(images="simulated:3600", voice="simulated:3600", section_workers=64)
cards.make()
time.sleep(2)
begin, cpu = time.perf_counter(), time.process_time()
time.sleep({seconds})
print(time.perf_counter() - begin, time.process_time() - cpu)
cards.run.cancel()
cards.run.cancel()"""

RUN = """
cards.settings = how.with_(images="simulated:0.2", voice="simulated:latency=0.2,seconds=0.2")
cards.settings = cards.settings.with_(section_workers=16)
time.sleep(1)
begin, cpu = time.perf_counter(), time.process_time()
cards.make()
cards.run.result()
print(time.perf_counter() - begin, time.process_time() - cpu)"""


class Heard:
    """What a cell gave: its two numbers, and the messages that came while it ran."""

    def __init__(self, client: BlockingKernelClient, code: str) -> None:
        self.messages = self.bytes = 0
        self.numbers: list[float] = []
        client.execute_interactive(code, output_hook=self._hook, timeout=600)

    def _hook(self, message: dict[str, Any]) -> None:
        self.messages += 1
        self.bytes += len(json.dumps(message["content"]))
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            self.numbers = [float(each) for each in message["content"]["text"].split()]
        elif message["msg_type"] in ("stream", "error"):
            print(message["content"])


def main() -> None:
    """Print what building, waiting and running cost."""
    count, seconds = (*map(int, sys.argv[1:3]), *(60, 10)[len(sys.argv) - 1 :])
    manager, client = start_new_kernel()
    try:
        with tempfile.TemporaryDirectory() as folder:
            lesson = Path(folder) / "long.json"
            lesson.write_text(json.dumps({"sections": [section(i) for i in range(count)]}))
            given = {"lesson": str(lesson), "store": f"{folder}/store"}
            Heard(client, f"import os; os.chdir({folder!r})")
            Heard(client, "import vidkit.studio.sections, IPython.display")
            built = Heard(client, BUILD.format(**given))
            took, cpu = built.numbers
            print(f"{count} sections are built and shown in {took:.2f} s ({cpu:.2f} s of a core)")
            print(f"  {built.messages} messages, {built.bytes / 1000:.0f} kB")
            waited = Heard(client, WAIT.format(seconds=seconds))
            share = waited.numbers[1] / waited.numbers[0]
            print(f"while a run waits, they cost {share:.1%} of a core")
            ran = Heard(client, RUN)
            print(f"a run of {ran.numbers[0]:.1f} s sends {ran.messages} messages, ", end="")
            print(f"{ran.messages / ran.numbers[0]:.0f} a second, {ran.bytes / 1000:.0f} kB")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def section(number: int) -> dict[str, str]:
    """A section with as much text as one usually has."""
    return {
        "title": f"Section {number} of a long lesson",
        "image_description": f"Picture {number}: a leaf in the sun, with its veins. " * 4,
        "content": f"These are the words of section {number}, said one after the other. " * 10,
    }


if __name__ == "__main__":
    main()
