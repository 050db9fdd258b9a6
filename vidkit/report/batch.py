"""What came of a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ..errors import VidkitError
from ..showing import Page, Row, Shown, Table, step_lines, step_table
from ..timeline import Timeline
from ..troubles import Trouble, Troubles
from ..wording import clock_time, count, took
from .resources import Resources
from .video import VideoReport, in_groups, lesson_lines, met

SHORT = 5.0
"""Seconds below which a run is not compared with its bound."""
MOST_TOLD = 30
"""Lessons that are told of one by one; of more, what went wrong is told once for all."""


@dataclass(frozen=True, repr=False)
class BatchReport(Shown):
    """What came of a batch: `videos` has a report for each lesson, in the lessons' order.

    It has a length, can be indexed and gone through; `peak_calls` is how many provider calls
    could be under way at once; `timeline` is when each call of the run waited and worked, and
    `resources` what it used of the machine.
    failure: why the batch ended before its last lesson; notes: what a person should know of the
    batch as a whole, such as lessons that were named twice. least: the seconds that no run with
    these pieces, workers, limits and cores can beat, None where nothing was made; limit: which of
    them says so.
    """

    videos: tuple[VideoReport, ...] = ()
    seconds: float = 0.0
    peak_calls: int = 0
    workers: str = ""
    failure: VidkitError | None = None
    notes: tuple[str, ...] = ()
    least: float | None = None
    limit: str = ""
    timeline: Timeline | None = field(default=None, compare=False)
    resources: Resources | None = field(default=None, compare=False)
    retry: Callable[[], BatchReport] | None = field(default=None, compare=False)

    def retry_failed(self) -> BatchReport:
        """Make what failed in any lesson; what was made comes from the store."""
        return self if self.made or self.retry is None else self.retry()

    @property
    def made(self) -> bool:
        """True where every section of every lesson was made, and no lesson is left."""
        return self.failure is None and all(video.made for video in self.videos)

    @property
    def failed(self) -> tuple[VideoReport, ...]:
        """The lessons that are missing, or miss sections."""
        return tuple(video for video in self.videos if not video.made)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What went wrong, once for all lessons that met the same, and what to do about it; the
        most widespread first.
        """
        return Troubles(each for video in self.videos for each in met(video)).listed

    def __len__(self) -> int:
        return len(self.videos)

    def __iter__(self) -> Iterator[VideoReport]:
        return iter(self.videos)

    def __getitem__(self, position: int) -> VideoReport:
        return self.videos[position]

    def _headline(self) -> str:
        complete = sum(video.made for video in self.videos)
        return (
            f"{complete} of {count(len(self.videos), 'lesson')} complete in {took(self.seconds)}; "
            f"{self.workers} = at most {self.peak_calls} provider calls at once"
        )

    def _compared(self) -> list[str]:
        """How far the run was from the least that it could take; not told of a run so short that
        its beginning and its end count most.
        """
        if self.least is None or self.least < SHORT:
            return []
        more = max(0.0, self.seconds / self.least - 1)
        least = f"no less than {took(self.least)} was possible: {self.limit}"
        return [f"took {more:.0%} longer than it had to; {least}"]

    def _page(self) -> Page:
        steps = step_lines(self.timeline)
        paid = sum(video.dollars for video in self.videos)
        ended = [f"the batch ended early: {self.failure}"] if self.failure else []
        few = len(self.videos) <= MOST_TOLD
        lines = [*self._compared(), *([f"paid ${paid:.2f}"] if paid else [])]
        lines += [f"note: {note}" for note in self.notes]
        told = [line for video in self.videos for line in lesson_lines(video)] if few else []
        to_do = [str(trouble) for trouble in self.troubles]
        return Page(
            head=self._headline(),
            wrong=(*ended, *to_do),
            lines=tuple(lines),
            told=(*told, *steps, *ended, *to_do, *lines, self._headline()),
            tables=(video_table(self.videos), *step_table(self.timeline)),
            timeline=self.timeline,
        )


def video_table(videos: Sequence[VideoReport]) -> Table:
    """What came of each lesson."""
    columns = ("Lesson", "Sections", "Length", "Took", "Paid", "Video", "To know")
    rows = []
    for video in videos:
        complete = sum(section.made for section in video.sections)
        troubles = in_groups(video) or ([video.error] if video.error else [])
        cells = (
            video.title or video.name,
            f"{complete} of {len(video.sections)}",
            clock_time(video.length) if video.path else "",
            took(video.seconds),
            f"${video.dollars:.2f}" if video.dollars else "",
            str(video.path or ""),
            "\n".join((*troubles, *video.notes)),
        )
        rows.append(Row(cells, not video.made))
    numbers, paths = frozenset((1, 2, 3, 4)), frozenset((5,))
    return Table(columns, tuple(rows), "lesson", numbers, paths).without_empty()
