"""What slides show and when, measured: `python tests/bench/slides.py LESSON… [--sheets FOLDER]`.

Each section is drawn by "slides" and spoken by "espeak". Printed are: the items that get no time,
matches that no verdict of `tests/spoken_items.txt` tells of, the seconds in which nothing changes,
the labels of descriptions that are never shown, raw markup, the share of slides with more than
text, and the ink. `--sheets` draws the last states on sheets of nine, `--states N` every state
of N sections, spread over all.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from PIL import Image

from vidkit.media.clips import in_video_colours, planes_of
from vidkit.media.follow import painted
from vidkit.models import Settings, load_lesson
from vidkit.models.lesson import Section
from vidkit.pipeline import ungated
from vidkit.pipeline.assets import image_ask, voice_ask
from vidkit.pipeline.reveal import regions_kept, reveal_of
from vidkit.pipeline.review import PICTURED
from vidkit.providers import voice_maker
from vidkit.providers.base import Narration, Picture
from vidkit.providers.slides import Slides, Style
from vidkit.slides.analysis import Reading
from vidkit.slides.figures import Item
from vidkit.slides.follow import Found, between, moments, spoken_times
from vidkit.slides.mentions import Narrated
from vidkit.slides.slide import Slide
from vidkit.text.captions import Word
from vidkit.text.maths import plain

VERDICTS = Path(__file__).parents[1] / "spoken_items.txt"


@dataclass
class Made:
    """A section with its slide, its picture, and when what is spoken of."""

    name: str
    section: Section
    language: str
    slide: Slide
    picture: Picture
    words: Sequence[Word]
    seconds: float

    def __post_init__(self) -> None:
        self.items: list[Item] = [region.item for region in self.picture.regions]
        say = dict(self.section.say)
        self.told = Narrated(self.section.content, self.words, self.language, say)
        self.found: list[Found | None] = spoken_times(self.items, self.told)

    def with_words(self) -> Iterator[tuple[Item, Found | None]]:
        """The items that can be spoken of."""
        pairs = zip(self.items, self.found, strict=True)
        return ((item, found) for item, found in pairs if item.text or item.gloss)

    def starts(self) -> list[float]:
        """The seconds at which something changes, and the end."""
        times = between(self.items, self.found, self.told, self.seconds)
        pages = {region.item.key: region.page for region in self.picture.regions}
        shown = moments(self.items, times, self.seconds, "follow", pages)
        return [moment.start for moment in shown] + [self.seconds]

    def lost(self) -> list[str]:
        """The labels of the description that no slide of the section shows."""
        reading = Reading.of(self.section.content, self.section.image_description or "", "", "en")
        drawn = {item.key for item in self.items}
        kept = [item for item in self.slide.items() if item.key not in drawn]
        gone = Counter(text for item in kept for text in (item.text, item.gloss) if text)
        texts = list((Counter(self.slide.texts()) - gone).elements())
        shown = _bare(" ".join([*texts, *(i.text for i in self.items)]))
        return [label.text for label in reading.labels if _bare(label.text) not in shown]


def _bare(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


async def made(path: Path, style: Style, size: tuple[int, int]) -> list[Made]:
    """All sections of a lesson."""
    lesson, settings = load_lesson(path), Settings(size=size)
    maker, voice = Slides(style), voice_maker("espeak")
    found = []
    for place, section in enumerate(lesson.sections):
        ask = image_ask(lesson, place, settings)
        slide = maker.slide(ask)
        narration: Narration = await voice.speak(voice_ask(lesson, place, settings), ungated)
        words = narration.words
        name = f"{path.parent.name + '-' if path.stem.isdigit() else ''}{path.stem} {place + 1}"
        seconds = words[-1].end + 0.5 if words else 0.0
        picture = maker.picture(slide, size)
        found.append(Made(name, section, lesson.language, slide, picture, words, seconds))
    return found


def told(all_made: Sequence[Made]) -> None:
    """Print the figures."""
    verdicts = {
        tuple(line.split("\t")[1:4]): line.split("\t")[0]
        for line in VERDICTS.read_text("utf-8").splitlines()
        if "\t" in line
    }
    items, timed, wrong = 0, 0, 0
    rules: Counter[str] = Counter()
    gaps: list[float] = []
    labels = lost = 0
    for each in all_made:
        for item, found in each.with_words():
            items += 1
            if found is None:
                print(f"no time\t{each.name}\t{each.slide.layout}\t{item.key}\t{item.text!r}")
                continue
            timed += 1
            rules[found.rule] += 1
            verdict = verdicts.get((each.name, item.key, found.rule))
            wrong += verdict == "wrong"
            if found.rule != "run" and verdict is None:
                print(_unread(each, item, found))
        gaps += _told_gaps(each)
        missing = each.lost()
        labels += len(Reading.of("", each.section.image_description or "", "", "en").labels)
        lost += len(missing)
        if missing:
            print(f"lost\t{each.name}\t{each.slide.layout}\t{missing}")
        for text in each.slide.texts():
            if each.slide.layout != "code" and re.search(r"\\[a-z]|_\{|\^\{", plain(text)):
                print(f"markup\t{each.name}\t{text!r}")
    others = sum(count for rule, count in rules.items() if rule != "run")
    pictured = [
        each.slide.layout in PICTURED or any(entry.icon for entry in each.slide.entries)
        for each in all_made
    ]
    ink = [_ink(each.picture.data) for each in all_made]
    for each, share in zip(all_made, ink, strict=True):
        if share < 0.06:
            print(f"ink\t{each.name}\t{each.slide.layout}\t{share:.3f}")
    print(f"{len(all_made)} sections, {items} items, {100 * timed / items:.1f} % with a time")
    print(f"rules {dict(rules)}; of {others} that are no runs {wrong} are wrong")
    print(f"a change every {statistics.median(gaps):.1f} s, never for {max(gaps):.1f} s")
    print(f"{lost} of {labels} labels are lost; pictured {100 * statistics.fmean(pictured):.0f} %")
    print(f"ink {100 * statistics.fmean(ink):.1f} %, least {100 * min(ink):.1f} %")


def _unread(each: Made, item: Item, found: Found) -> str:
    place = min(range(len(each.told.times)), key=lambda i: abs(each.told.times[i] - found.seconds))
    around = " ".join(each.told.tokens[max(0, place - 5) : place + 9])
    return f"unread\t{each.name}\t{item.key}\t{found.rule}\t{item.text}\t{around}"


def _told_gaps(each: Made) -> list[float]:
    starts = each.starts()
    found = [b - a for a, b in pairwise(starts)]
    for start, gap in zip(starts, found, strict=False):
        if gap > 10:
            print(f"gap\t{each.name}\t{each.slide.layout}\t{start:.1f}\t{gap:.1f} s")
    return found


def _ink(data: bytes) -> float:
    """The share of a picture's pixels that are not its ground."""
    with Image.open(io.BytesIO(data)) as opened:
        pixels = np.asarray(opened.convert("RGB")).astype(int)
    return float((abs(pixels - pixels[2, 2]).max(axis=2) > 12).mean())


# ------------------------------------------------------------ to look at


def sheets(pictures: Sequence[tuple[str, Any]], folder: Path, name: str) -> None:
    """Pictures on sheets of nine, three in a row."""
    from PIL import ImageDraw

    folder.mkdir(parents=True, exist_ok=True)
    for number in range(0, len(pictures), 9):
        part = pictures[number : number + 9]
        width, height = part[0][1].size
        across = 3
        high = -(-len(part) // across)
        sheet = Image.new("RGB", (across * (width + 8), high * (height + 24)), "#808080")
        for i, (title, picture) in enumerate(part):
            x, y = i % across * (width + 8), i // across * (height + 24)
            sheet.paste(picture, (x, y + 20))
            ImageDraw.Draw(sheet).text((x + 4, y + 4), title, fill="white")
        sheet.save(folder / f"{name}-{number // 9:02d}.png")


def last_states(all_made: Sequence[Made], wide: int) -> list[tuple[str, Any]]:
    """Every slide, whole."""
    found = []
    for each in all_made:
        for data in (each.picture.data, *each.picture.pages):
            with Image.open(io.BytesIO(data)) as opened:
                small = opened.convert("RGB")
                small.thumbnail((wide, wide))
            found.append((f"{each.name} {each.slide.layout}", small))
    return found


def all_states(each: Made, wide: int) -> list[tuple[str, Any]]:
    """Every state of a section, as it is painted."""
    kept = regions_kept(each.picture)
    follow = reveal_of(kept, each.words, each.section, each.language, Settings())
    if follow is None:
        return []
    pages = []
    for data in (each.picture.data, *each.picture.pages):
        with Image.open(io.BytesIO(data)) as opened:
            pages.append(planes_of(in_video_colours(opened.convert("RGB"))))
    found = []
    for state in follow.states(each.seconds, (0.0, each.seconds)):
        small = _as_seen(*painted(pages[state.page], state.patches))
        small.thumbnail((wide, wide))
        found.append((f"{each.name} {state.start:.1f} s", small))
    return found


def _as_seen(y: Any, u: Any, v: Any) -> Image.Image:
    """Planes of BT.709 in limited range as a player shows them."""
    light = (y.astype(float) - 16) * 255 / 219
    blue, red = ((np.repeat(np.repeat(p, 2, 0), 2, 1) - 128.0) * 255 / 224 for p in (u, v))
    rgb = light + 1.5748 * red, light - 0.1873 * blue - 0.4681 * red, light + 1.8556 * blue
    return Image.fromarray(np.stack(rgb, 2).clip(0, 255).round().astype(np.uint8))


def main() -> None:
    """Measure the lessons that are named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lessons", nargs="+", type=Path)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--states", type=int, default=0)
    parser.add_argument("--theme", default="light")
    parser.add_argument("--size", default="1280x720")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))

    async def every() -> list[Made]:
        style = Style(theme=given.theme)
        return [m for path in given.lessons for m in await made(path, style, (width, height))]

    all_made = asyncio.run(every())
    told(all_made)
    if given.sheets:
        sheets(last_states(all_made, 560), given.sheets, "last")
        step = max(1, len(all_made) // given.states) if given.states else 0
        chosen = all_made[::step][: given.states] if step else []
        states = [state for each in chosen for state in all_states(each, 420)]
        sheets(states, given.sheets, "states")


if __name__ == "__main__":
    main()
