"""What long and many lessons take: `python tests/bench/studio_page.py [sections] [lessons]`.

How long the panel of a lesson of 60 sections takes until the page has painted its first card, and
what the page holds in memory after all its cards were scrolled through and their pictures shown
(Chromium's JavaScript heap, and the private memory of the process that draws the page, less that
of an empty one). Then what the kernel holds while 1,000 lessons are made in one Studio and each is
shown once. Nothing is asked of anybody: providers are simulated, and pictures are as large as
slides are.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))

from browser import browser
from static_page import static_page, until

from vidkit.studio import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAINTED = """() => new Promise(done => {
  const look = () => document.querySelector('.vk-card')
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now())))
    : setTimeout(look, 5);
  look();
})"""
LOADED = """() => { const all = [...document.querySelectorAll('.vk-card img.vk-poster')];
  return all.length > 0 && all.every(each => each.naturalWidth > 0) }"""


def main() -> None:
    sections, lessons = (int(given) for given in [*sys.argv[1:3], "60", "1000"][:2])
    with tempfile.TemporaryDirectory() as name:
        long_lesson(Path(name) / "one", sections)
        many_lessons(Path(name) / "many", lessons)


def long_lesson(folder: Path, sections: int) -> None:
    """Build, show, make and scroll through a long lesson."""
    write(folder, "long", sections)
    begin, cpu = time.perf_counter(), time.process_time()
    studio = Studio(folder, cache_dir=folder / "store", images="simulated:0.01", **tiny(1280, 720))
    assert studio.sections is not None
    studio.widget, studio.sections.wait()
    took, cpu = time.perf_counter() - begin, time.process_time() - cpu
    print(f"{sections} sections are built in {took:.2f} s ({cpu:.2f} s of a core)")
    with browser() as launched:
        empty = launched.new_page()
        before = private_memory()
        begin = time.perf_counter()
        with static_page(launched, studio) as (page, _):
            opened = time.perf_counter()
            page.evaluate(PAINTED)
            painted = time.perf_counter()
            print(f"  painted {1000 * (painted - opened):.0f} ms after its script was loaded")
            studio.make()
            until(page, lambda: studio.report is not None)
            for card in range(sections):
                page.locator(".vk-card").nth(card).scroll_into_view_if_needed()
            page.wait_for_function(LOADED, timeout=120_000)
            print(f"  all cards seen: {held(page, before)}")
            play_all(page, sections)
            print(f"  every clip played: {held(page, before)}")
        empty.close()
    settle(studio)


def held(page: Page, before: int) -> str:
    """What the page holds, in words."""
    page.request_gc()
    heap = page.evaluate("() => performance.memory.usedJSHeapSize")
    grown = (private_memory() - before) / 1e6
    return f"{heap / 1e6:.0f} MB of JavaScript, {grown:.0f} MB more than an empty page"


def play_all(page: Page, sections: int) -> None:
    """Play the clip of every section for a moment."""
    for number in range(1, sections + 1):
        page.get_by_role("button", name=f"Play section {number}", exact=True).click()
        page.get_by_label(f"Clip of section {number}", exact=True).wait_for()


def many_lessons(folder: Path, lessons: int) -> None:
    """Make many lessons in one Studio, and show each."""
    for number in range(lessons):
        write(folder, f"lesson-{number}", 2)
    studio = Studio(folder, cache_dir=folder / "store", images="simulated:0", **tiny(32, 18))
    _ = studio.widget
    studio.make_all()
    assert studio.run is not None
    marks = [mark for mark in (50, 200, 500, 1000) if mark <= lessons]
    for mark in marks:
        while studio.videos.over < mark:
            time.sleep(0.2)
        print(f"  {mark} lessons made: {held_here()}", flush=True)
    studio.run.result()
    paths = list(studio.lessons.folder.paths)
    for at, path in enumerate(paths, start=1):
        studio.lessons.choose(path)
        assert studio.sections is not None
        studio.sections.wait()
        if at in marks:
            print(f"  {at} lessons shown: {held_here()}", flush=True)
    settle(studio)


def settle(studio: Studio) -> None:
    """Wait until nothing is looked up in the store any more, whose folder is about to go."""
    studio.lessons.wait()
    studio.workers.wait()
    if studio.sections is not None:
        studio.sections.wait()


def held_here() -> str:
    """What the kernel holds, in words."""
    gc.collect()
    return f"{psutil.Process().memory_info().rss / 1e6:.0f} MB"


def tiny(width: int, height: int) -> dict[str, Any]:
    """Settings of a run that takes no time."""
    return {"size": (width, height), "voice": "simulated:latency=0,seconds=0.2"}


def write(folder: Path, name: str, sections: int) -> None:
    """A lesson on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    told = [
        {
            "title": f"Section {number} of {name}",
            "image_description": f"Picture {number} of {name}: a leaf in the sun. " * 3,
            "content": f"These are the words of section {number} of {name}. " * 5,
        }
        for number in range(sections)
    ]
    (folder / f"{name}.json").write_text(json.dumps({"title": name, "sections": told}))


def private_memory() -> int:
    """Bytes that belong to the processes that draw pages alone, the largest of them."""
    drawing = [
        child
        for child in psutil.Process().children(recursive=True)
        if "--type=renderer" in " ".join(child.cmdline())
    ]
    return max((child.memory_full_info().uss for child in drawing), default=0)


if __name__ == "__main__":
    main()
