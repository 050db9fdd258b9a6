"""A timeline as a picture: groups of lanes under each other, an axis below, a legend above."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from ..core.events import WorkersChanged
from ..core.fonts import cut, width_of
from .bars import KINDS, NOUNS, ON_CORES, Bar, Kind, Mark, fold, of_bar, of_marks, of_workers
from .drawing import SMALL, TINY, Box, Line, Role, Scale, Scene, Shape, Sign, SignKind, Text, moved

if TYPE_CHECKING:
    from .timeline import Timeline

# Where a time axis has its ticks, and what they are called.


_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
_MINUTES = (1, 2, 5, 10, 15, 30)
_HOURS = (1, 2, 3, 6, 12, 24, 48, 168, 720)
STEPS = (*_SECONDS, *(60 * n for n in _MINUTES), *(3600 * n for n in _HOURS))
"""Seconds between two ticks, as people count: tens and halves, then quarters of an hour."""


def step_for(seconds: float, most: int) -> float:
    """The step with which `seconds` have at most `most` ticks."""
    for step in STEPS:
        if seconds / step <= most:
            return step
    return seconds / most


def ticks(start: float, end: float, most: int) -> list[tuple[float, str]]:
    """The ticks from `start` to `end` seconds, each with its name, at most `most` + 1."""
    step = step_for(end - start, most)
    first = -int(-start // step)
    last = int(end / step + 1e-9)
    return [(number * step, name(number * step, step)) for number in range(first, last + 1)]


def name(seconds: float, step: float) -> str:
    """What a tick at `seconds` is called where ticks are `step` apart: "0.5 s", "1:30",
    "12 min", "2 h".
    """
    if seconds == 0:
        return "0"
    if step < 1:
        return f"{seconds:.{1 if step >= 0.1 else 2}f} s"
    if step < 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}:{rest:02}" if minutes else f"{rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if step < 3600 and not hours:
        return f"{minutes} min"
    return f"{hours}:{minutes:02} h" if minutes else f"{hours} h"


def end_for(seconds: float, most: int) -> float:
    """Where an axis ends that shows `seconds` of a run that goes on: at a tick, so that the
    picture stands still until it is reached.
    """
    step = step_for(max(seconds, 1.0) * 1.02, most)
    return step * (int(max(seconds, 1.0) * 1.02 / step) + 1)


# One bar as shapes: waiting pale, working full, with what went wrong.


MANY = 60
"""Bars of a group from which on those too short to be seen apart are drawn as one."""
LOOKING = 1.0
"""Seconds up to which what was made before did not wait for anybody: it was looked up."""
NARROW = 6
"""Pixels of a bar that nobody can point at."""
VERY_MANY = 200
"""Bars of a group from which on only those of `WIDE` pixels are told when one points at them."""
WIDE = 40
LETTERS = 12
"""Pixels of a lane that has room for a section's number."""
LEAST = 1.5
"""Pixels of the shortest bar."""


def fewer(bars: Sequence[Bar], scale: Scale) -> list[Bar]:
    """`bars`, with those as one that together are but a few pixels wide, where there are many."""
    if len(bars) <= MANY:
        return list(bars)
    over = [bar for bar in bars if bar.end is not None]
    return [*fold(over, NARROW / scale.second), *(bar for bar in bars if bar.end is None)]


def is_told(bar: Bar, scale: Scale, among: int, now: float) -> bool:
    """Whether a bar `among` so many says what it is when one points at it."""
    wide = scale.x(now if bar.end is None else bar.end) - scale.x(bar.placed)
    return among <= MANY or wide >= (NARROW if among <= VERY_MANY else WIDE)


def draw_bar(
    bar: Bar, scale: Scale, y: float, high: float, now: float, several: bool
) -> list[Shape]:
    """The shapes of a bar on a lane at `y`, `high` pixels high. `several`: the picture has more
    than one lesson, and names sections with it.
    """
    end = now if bar.end is None else bar.end
    x, to = scale.x(bar.placed), scale.x(end)
    wide = max(to - x - 0.8, LEAST)
    if bar.kind == "lesson":
        fill: Role = "lesson-soft" if bar.outcome != "failed" else "failed-soft"
        name = cut(bar.name, TINY, wide - 10)
        words = [Text(x + 5, y + high / 2, name, "ink", TINY)] if name else []
        return [Box(x, y, wide, high, fill), *words]
    if bar.outcome == "kept":
        return _kept(bar, x, wide, y, high, end - bar.placed > LOOKING)
    full, soft = _fills(bar)
    # of several bars in one nobody knows where between them it waited and where it was idle
    pale = bar.steps == 1 and (wide > NARROW or bar.waited(now) * scale.second > 1)
    shapes: list[Shape] = [Box(x, y, wide, high, soft)] if pale or not bar.work else []
    longest = (0.0, 0.0)
    for stretch in bar.work:
        at = scale.x(stretch.start)
        stop = scale.x(now if stretch.end is None else stretch.end)
        length = max(min(stop, x + wide) - at, LEAST)
        shapes.append(Box(at, y, length, high, full, min(2, length / 4, high / 4)))
        longest = max(longest, (length, at))
    shapes += _label(bar, longest, (x, wide), y, high, several)
    shapes += _refused(bar, scale, y, high)
    return shapes + _failed(bar, scale, x, wide, y, high)


def _failed(bar: Bar, scale: Scale, x: float, wide: float, y: float, high: float) -> list[Shape]:
    """A cross at the end of what failed; on what is too short for it, one that is seen all the
    same where lanes have room for letters.
    """
    size = min(4.0, high / 2 - 1)
    short = wide < 2 * size + 6
    if bar.outcome != "failed" or bar.steps > 1 or (short and high < LETTERS):
        return []
    at = x + wide / 2 if short else x + wide - size - 3
    ends = [(scale.x(each.start), scale.x(each.end or each.start)) for each in bar.work]
    on = not short and any(start <= at - size and at <= end for start, end in ends)
    return [Sign(at, y + high / 2, "cross", "on" if on else "failed", size)]


def _fills(bar: Bar) -> tuple[Role, Role]:
    if bar.outcome == "failed":
        return "failed", "failed-soft"
    if bar.outcome == "cancelled":
        return "gone", "lesson-soft"
    return cast(Role, bar.kind), cast(Role, f"{bar.kind}-soft")


def _kept(bar: Bar, x: float, wide: float, y: float, high: float, waited: bool) -> list[Shape]:
    """Made before: a tick, after the time for which it waited where somebody else made it."""
    pale = [Box(x, y, wide, high, cast(Role, f"{bar.kind}-soft"))] if waited and wide > 6 else []
    return [*pale, Box(max(x + wide - 2.5, x), y, 2.5, high, "kept", 0)]


def _refused(bar: Bar, scale: Scale, y: float, high: float) -> list[Shape]:
    """A sign where it was told 429, as many as can be told apart."""
    shapes: list[Shape] = []
    size = min(4.0, high / 2 - 1)
    for at in bar.refused:
        x = scale.x(at)
        if not shapes or x - cast(Sign, shapes[-1]).x >= 2 * size + 2:
            shapes.append(Sign(x, y + high / 2, "diamond", "refused", size))
    return shapes


def _label(
    bar: Bar,
    work: tuple[float, float],
    whole: tuple[float, float],
    y: float,
    high: float,
    several: bool,
) -> list[Shape]:
    """The section's number, on what was worked, or else on what waits."""
    numbers = [bar.lesson if several else None, bar.section]
    name = "·".join(str(number + 1) for number in numbers if number is not None)
    if not name or bar.steps > 1 or high < LETTERS:
        return []
    needs = width_of(name, TINY) + 6
    length, at = work
    if needs <= length:
        return [Text(at + length / 2, y + high / 2, name, "on", TINY, "middle")]
    x, wide = whole
    if needs <= wide - length and at >= x + needs:
        return [Text(x + (at - x) / 2, y + high / 2, name, "ink", TINY, "middle")]
    if not bar.work and needs <= wide:
        return [Text(x + wide / 2, y + high / 2, name, "ink", TINY, "middle")]
    return []


GUTTER = 108
"""Pixels at the left, for the names of the groups."""
MARGIN = 14
BETWEEN = 8
ROW = 20
MOST_LANES = 64
"""Lanes of a group that are drawn: more calls at once than anybody may make."""
A_TICK = 84
"""Pixels from one tick to the next, at least."""
NEAR = 11
"""Pixels within which signs on a gate's lane are drawn as one."""

NAMES = {kind: several for kind, (_, several) in NOUNS.items()} | {"join": "video"}
SIGNS: dict[str, tuple[SignKind, Role]] = {
    "closed": ("cross", "failed"),
    "waits": ("hold", "ink"),
    "held": ("hold", "ink"),
    "slower": ("down", "ink"),
    "faster": ("up", "ink"),
    "resized": ("dot", "ink"),
    "goes on": ("dot", "ink"),
    "retried": ("diamond", "refused"),
}
"""How what a gate did is drawn; of several at one place the first of these."""


def laid_out(run: Timeline, width: int, now: float, since: float) -> Scene:
    """The picture of `run` at `now` seconds, from `since` on, `width` pixels wide."""
    most = max(2, (width - GUTTER - MARGIN) // A_TICK)
    end = max(now, since + 0.01) if run.ended is not None else since + end_for(now - since, most)
    scale = Scale(since, end, GUTTER, max(width - MARGIN, GUTTER + 20))
    bars = [bar for bar in run.bars if bar.end is None or bar.end >= since]
    marks = [mark for mark in run.marks if mark.at + mark.seconds >= since]
    workers = [change for change in run.workers if change.at >= max(since, 1e-3)]
    several = len({bar.lesson for bar in bars}) > 1
    if not several:
        bars = [bar for bar in bars if bar.kind != "lesson"]
    page = Scene(width, (scale.left, scale.right), description=run.sentence(now))
    gates = {gate: _near(marks, gate, scale) for gate in sorted({mark.gate for mark in marks})}
    decided = {_chief(near).kind for nears in gates.values() for near in nears}
    if any(mark.kind == "waits" for mark in marks):
        decided.add("waits")
    legend(page, _kinds_of(bars, decided, workers))
    told = page.height
    if workers:
        page.height += ROW - 4
    top = page.height
    for kind in KINDS:
        if of_kind := [bar for bar in bars if bar.kind == kind]:
            _group(page, kind, of_kind, scale, now, _beside(run, kind, of_kind), several)
    _gates(page, gates, scale)
    bottom = page.height - BETWEEN + 3
    _axis(page, scale, (top, bottom), most)
    _changes(page, workers, scale, (told, bottom), several)
    if run.ended is None and bars:
        page.add(3, Line(scale.x(now), top, scale.x(now), bottom, "now"))
    return page


def _beside(run: Timeline, kind: Kind, bars: Sequence[Bar]) -> str:
    """What is said below the name of a group: who makes them, or how many wait for a core."""
    if kind in ON_CORES:
        waiting = run.waiting(kind)
        told = f"{waiting} waiting" if run.ended is None else f"up to {waiting} waited"
        return told if waiting > 1 else ""
    return ", ".join(sorted({bar.by for bar in bars if bar.by not in ("vidkit", "several")}))


def _group(
    page: Scene,
    kind: Kind,
    bars: Sequence[Bar],
    scale: Scale,
    now: float,
    beside: str,
    several: bool,
) -> None:
    """The lanes of one kind of bar, with its name."""
    lanes = min(max((bar.lane for bar in bars if bar.lane is not None), default=0) + 1, MOST_LANES)
    high, gap = _lane_height(lanes)
    top, height = page.height, lanes * (high + gap) - gap
    left, wide = scale.left - 4, scale.right - scale.left + 8
    page.add(0, Box(left, top - 3, wide, height + 6, "track", 3))
    title = f"{NAMES[kind]}: {beside}" if beside else None
    two = bool(beside) and height >= 26
    y = top + (7 if two else min(height, 30) / 2)
    page.put(Text(left - 8, y, NAMES[kind], "ink", SMALL, "end"), title=title)
    if two:
        name = cut(beside, TINY, scale.left - 14)
        page.put(Text(left - 8, top + 21, name, "quiet", TINY, "end"), title=title)
    tiny: list[Shape] = []
    for bar in fewer(bars, scale):
        if bar.lane is not None and bar.lane < lanes:
            shapes = draw_bar(bar, scale, top + bar.lane * (high + gap), high, now, several)
            if is_told(bar, scale, len(bars), now):
                page.add(2, *shapes, title=of_bar(bar, now))
            else:
                tiny += shapes
    page.add(2, *tiny)
    page.height = top + height + BETWEEN + 3


def _lane_height(lanes: int) -> tuple[float, float]:
    """Pixels of a lane, and from it to the next: the more there are, the thinner."""
    for most, high, gap in ((4, 18, 2), (10, 15, 2), (16, 12, 2), (24, 8, 1.5), (32, 6, 1)):
        if lanes <= most:
            return high, gap
    return (4, 1) if lanes <= 48 else (3, 1)


def _gates(page: Scene, gates: Mapping[str, list[list[Mark]]], scale: Scale) -> None:
    """A lane for each gate that had something to say: its pauses, and what it decided."""
    for gate, nears in gates.items():
        top, high = page.height, 16
        left = scale.left - 4
        page.add(0, Box(left, top - 3, scale.right - scale.left + 8, high + 6, "track", 3))
        label = f"{gate}'s gate"
        name = cut(label, SMALL, scale.left - 14)
        page.put(Text(left - 8, top + high / 2, name, "ink", SMALL, "end"), title=label)
        for mark in (mark for near in nears for mark in near if mark.kind == "waits"):
            x, to = scale.x(mark.at), scale.x(mark.at + mark.seconds)
            page.add(2, Box(x, top, max(to - x, 1), high, "pause"), title=of_marks([mark]))
        for near in nears:
            kind, colour = SIGNS[_chief(near).kind]
            x = scale.x(near[0].at) + (6 if kind == "hold" else 0)
            page.add(2, Sign(x, top + high / 2, kind, colour), title=of_marks(near))
        page.height = top + high + BETWEEN + 3


def _near(marks: Sequence[Mark], gate: str, scale: Scale) -> list[list[Mark]]:
    """The marks of a gate in order, those together that would stand on each other."""
    found: list[list[Mark]] = []
    for mark in sorted((each for each in marks if each.gate == gate), key=lambda each: each.at):
        if found and scale.x(mark.at) - scale.x(found[-1][0].at) < NEAR:
            found[-1].append(mark)
        else:
            found.append([mark])
    return found


def _chief(near: Sequence[Mark]) -> Mark:
    """Of marks at one place the one whose sign is drawn."""
    return min(near, key=lambda mark: list(SIGNS).index(mark.kind))


def _axis(page: Scene, scale: Scale, between: tuple[float, float], most: int) -> None:
    """The grid, and the names of its ticks."""
    top, bottom = between
    page.height = bottom
    for at, name in ticks(scale.start, scale.end, most):
        x = scale.x(at)
        page.add(1, Line(x, top - 3, x, bottom, "line"))
        over = x + width_of(name, TINY) / 2 > page.width - 2
        place = page.width - 2 if over else x
        page.add(3, Text(place, bottom + 11, name, "quiet", TINY, "end" if over else "middle"))
    page.height += 22


def _changes(
    page: Scene,
    workers: Sequence[WorkersChanged],
    scale: Scale,
    between: tuple[float, float],
    several: bool,
) -> None:
    """A line where the numbers of workers changed, and to what, where there is room to say so."""
    free = scale.left
    for change in workers:
        x = scale.x(change.at)
        page.add(1, Line(x, between[0] + 12, x, between[1], "now", dashed=True))
        name = f"{change.videos} × {change.sections}" if several else f"{change.sections} at once"
        wide = width_of(name, TINY)
        at = min(max(x, scale.left + wide / 2), scale.right - wide / 2)
        if at - wide / 2 >= free:
            page.add(
                3, Text(at, between[0] + 4, name, "quiet", TINY, "middle"), title=of_workers(change)
            )
            free = at + wide / 2 + 8


def _kinds_of(
    bars: Sequence[Bar], decided: Collection[str], workers: Sequence[WorkersChanged]
) -> list[tuple[Shape, str]]:
    """What occurs in the picture, as samples with their names. decided: the kinds of marks."""
    steps = [bar for bar in bars if bar.kind != "lesson"]
    outcomes = {bar.outcome for bar in steps}
    refused = any(bar.refused for bar in steps)
    samples: list[tuple[object, Shape, str]] = [
        (True, Box(0, -5, 14, 10, "image"), "working"),
        (True, Box(0, -5, 14, 10, "image-soft"), "waiting"),
        ("kept" in outcomes, Box(6, -6, 2.5, 12, "kept", 0), "made before"),
        ("failed" in outcomes, Sign(7, 0, "cross", "failed"), "failed"),
        ("cancelled" in outcomes, Box(0, -5, 14, 10, "gone"), "cancelled"),
        (refused, Sign(7, 0, "diamond", "refused"), "told 429"),
        ("waits" in decided, Box(0, -5, 14, 10, "pause"), "nothing starts"),
        ("slower" in decided, Sign(7, 0, "down", "ink"), "slower"),
        ("faster" in decided, Sign(7, 0, "up", "ink"), "faster"),
        (workers, Line(7, -6, 7, 6, "now", dashed=True), "workers changed"),
    ]
    return [(sample, name) for occurs, sample, name in samples if occurs]


def legend(page: Scene, entries: Sequence[tuple[Shape, str]]) -> None:
    """The samples in a line above the lanes, in two where one is not enough."""
    x, y = float(GUTTER), 10.0
    for sample, name in entries:
        wide = 20 + width_of(name, TINY)
        if x + wide > page.width - MARGIN and x > GUTTER:
            x, y = float(GUTTER), y + 16
        page.put(moved(sample, x, y), Text(x + 20, y, name, "quiet", TINY))
        x += wide + 14
    page.height = y + 18
