"""Videos that are there: one to play with its chapters, and a row for each lesson of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from ..core.events import Event, LessonEnded, LessonStarted, SectionEnded
from ..core.format import clock_time, count, in_sections
from ..pipeline.output import VTT, read_report
from ..report.reports import BatchReport, SectionReport, VideoReport
from .widgets import POSTER, Part, Tone, View, figure, line, log

Watch = Callable[[VideoReport], None]


def show(report: VideoReport | BatchReport) -> None:
    """Display the videos of a report, to be played where it stands; nothing where it has none."""
    if isinstance(report, BatchReport):
        if any(video.path for video in report):
            display(Course(report))
    elif report.path is not None:
        display(Film(report))


_latest: dict[object, Film] = {}
"""The player that a cell was shown last, by the cell's number."""


def show_latest(report: VideoReport) -> None:
    """Display a video, in the place of one that the same cell was shown before."""
    cell = getattr(get_ipython(), "execution_count", None)
    if cell in _latest:
        _latest[cell].show_report(report)
        return
    _latest.clear()
    _latest[cell] = Film(report)
    display(_latest[cell])


class Film(Part):
    """The video of a `VideoReport`, with its chapters. Shows nothing where there is none."""

    component = "player"

    def __init__(self, report: VideoReport | None = None) -> None:
        super().__init__()
        self.report = report

    def show_report(self, report: VideoReport | None) -> None:
        """Show another video, or none."""
        self.report = report
        self.show()
        self.store()

    def values(self) -> Mapping[str, Any]:
        """The film, its captions and its chapters."""
        report = self.report
        if report is None or report.path is None:
            return {"player": {}}
        film = self.media.file(report.path)
        if film is None:
            return {"player": {}}
        return {
            "player": {
                "film": film,
                "poster": self.media.poster(report.picture),
                "captions": self.media.file(report.folder / VTT),
                "title": report.title or report.name,
                "facts": _facts(report),
                "chapters": list(map(_chapter, report.sections)),
                "where": str(report.path),
                "review": review_told(report),
            }
        }

    def page(self) -> str:
        """The film for a saved notebook: where it lies, how long it is, and its chapters."""
        report = self.report
        if report is None or report.path is None:
            return ""
        name = report.title or report.name
        told = f"{report.path} · {clock_time(report.length)} long"
        chapters = "; ".join(
            each.name if each.start is None else f"{clock_time(each.start)} {each.name}"
            for each in report.sections
        )
        film = figure(report.picture, report.path, name, POSTER)
        return film + line(name, bold=True) + line(told) + line(chapters)

    def __repr__(self) -> str:
        there = self.report and self.report.path
        return f"Film: {there}" if there else "Film: no video yet"


def _facts(report: VideoReport) -> str:
    made = sum(section.made for section in report.sections)
    total = len(report.sections)
    how_many = count(total, "chapter") if made == total else f"{made} of {count(total, 'section')}"
    return f"{clock_time(report.length)} long · {how_many}"


def _chapter(section: SectionReport) -> dict[str, Any]:
    """Where a section begins, in seconds; None where it is not in the video."""
    start = None if section.start is None else round(section.start, 3)
    return {"title": section.name, "start": start}


_FOUND = {
    "minutes": "It takes {} minutes; most people watch for about 6.",
    "share of sections with a picture": "{} of the sections show more than words; 70 % should.",
    "questions": "Nothing is asked in it.",
    "terms used before they are explained": "Words are used before they are explained.",
    "narrations in another language": "It is not told in the language that the lesson names.",
    "words that are said": "Nothing is said.",
    "words a minute": "{} words a minute are said; 100 to 190 are easy to follow.",
    "share of its languages that a voice speaks": "No voice of this machine speaks its language.",
    "loudness in LUFS": "Its sound is {} LUFS loud; -17.5 to -14.5 is comfortable.",
    "seconds": "It lasts {} seconds; 60 are enough for one thought.",
    "characters of captions a second": "Its captions pass at {} letters a second; 20 can be read.",
    "seconds without a change": "For {} seconds nothing changes; 10 should be the most.",
    "share of items that are said": "{} of what the slide shows is said.",
    "words on the slide": "{} words stand on the slide; 45 should be the most.",
    "share of words said alike": "{} of the slide is read out word for word.",
    "smallest text in points of 1080": "Its smallest text is {} points high; 24 is needed.",
    "contrast of text": "Its text stands out from the ground by {} to 1; 4.5 is needed.",
    "share of the frame used": "{} of the picture is used; the rest is empty.",
    "answers given away": "An answer is said before its question.",
}
"""What a review has measured, in the words of a teacher; a share is told as percent."""


def review_told(report: VideoReport) -> dict[str, Any]:
    """What the review of a video found that could be better: a line for each kind, with the
    sections where it is, the mend and the source; nothing where all is good or nobody reviewed.
    """
    alike: dict[str, list[Mapping[str, Any]]] = {}
    try:
        review = report.review or {"measures": []}
        for measure in review["measures"]:
            if not measure["good"]:
                alike.setdefault(str(measure["name"]), []).append(measure)
        lines = [_finding(name, found, report.sections) for name, found in alike.items()]
        score = f"{review['score']} of {review['most']} points" if lines else ""
    except (KeyError, TypeError, ValueError):
        return {}  # the report of another version, or of somebody's hand
    if not lines:
        return {}
    told = {"title": f"What could be better ({len(lines)})", "lines": lines}
    return told | {"score": f"{score} for what can be measured."}


def _finding(
    name: str, several: Sequence[Mapping[str, Any]], sections: Sequence[SectionReport]
) -> dict[str, str]:
    """One thing that could be better, of all sections where it is."""
    first = several[0]
    numbers = [int(each["section"]) for each in several if each["section"] is not None]
    where = in_sections(numbers).capitalize() if numbers else "The lesson"
    titles = [each.title for each in sections if each.number in numbers and each.title]
    if len(several) == 1 and titles:
        where = f"{where}: {titles[0]}"
    values = [_value(name, value) for value in sorted(float(each["value"]) for each in several)]
    spread = values[0] if values[0] == values[-1] else f"{values[0]} to {values[-1]}"
    told = _FOUND.get(name, f"{name}: {{}}").format(spread)
    about = "; ".join(str(place) for each in several for place in each.get("where") or ())
    mend = str(first["mend"]).replace("`", "")
    return {
        "where": where,
        "what": f"{told} {about}".strip(),
        "mend": mend[:1].upper() + mend[1:],
        "source": str(first["source"]),
    }


def _value(name: str, value: float) -> str:
    return f"{100 * value:.0f} %" if name.startswith("share of") else f"{value:.3g}"


class Row:
    """One lesson of a batch. `report` is what came of it, as soon as it is over; of one that is
    made it keeps no more than what is shown.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.report: VideoReport | None = None
        self.over = self.total = 0
        self._started: LessonStarted | None = None
        self._ended: LessonEnded | None = None

    def on_event(self, event: Event) -> None:
        """Take in an event of this lesson."""
        match event:
            case LessonStarted():
                self._started, self._ended, self.over = event, None, 0
                self.report, self.total = None, len(event.sections)
            case SectionEnded() if event.state != "cancelled":
                self.over += 1
            case LessonEnded():
                self._ended = event
            case _:
                pass

    @property
    def state(self) -> tuple[str, Tone]:
        """How it stands, in a word and a colour."""
        if self.report is None and self._ended is None:
            return ("making", "working") if self._started else ("waiting", "waiting")
        sections = self.report.sections if self.report else ()
        if any(section.state == "cancelled" for section in sections):
            return "cancelled", "waiting"
        if self.report is None or self.report.path is None:
            return "failed", "failed"
        return ("made", "ok") if self.report.made else ("partly made", "paid")

    def values(self) -> dict[str, Any]:
        """It in words; of a lesson that is over its folder is read once."""
        if self._ended and self._started and self.report is None:
            found = read_report(self._started.folder, self.path)
            # a review is larger than all the rest of it
            self.report = found and replace(found, review=None)
        state, tone = self.state
        over, total, length = self.over, self.total, ""
        why = self._ended.error if self._ended else None
        if self.report:
            total = len(self.report.sections)
            over = sum(section.made for section in self.report.sections)
            length = clock_time(self.report.length) if self.report.path else ""
            why = self.report.error
        return {
            "name": self.path.stem,
            "state": state,
            "tone": tone,
            "over": over,
            "total": total,
            "done": f"{over} of {count(total, 'section')}" if total else "",
            "length": length,
            "why": why or "",
            "watch": bool(self.report and self.report.path),
        }


class Videos(Part):
    """The rows of a batch over the lessons `paths`, in its order.

    watch: what *Watch* does with a report; None offers no such button.
    """

    component = "videos"

    def __init__(self, paths: Sequence[Path] = (), watch: Watch | None = None) -> None:
        super().__init__()
        self.rows = [Row(path) for path in paths]
        self.watch = watch
        self._told = [self._row(at) for at in range(len(self.rows))]
        self._stale = [False] * len(self.rows)

    @property
    def over(self) -> int:
        """Lessons to which nothing more will happen."""
        return sum(row.state[0] not in ("waiting", "making") for row in self.rows)

    def on_event(self, event: Event) -> None:
        """Pass an event on to its row."""
        lesson = getattr(event, "lesson", None)
        if lesson is not None and lesson < len(self.rows):
            self.rows[lesson].on_event(event)
            self._stale[lesson] = True
            self._changed = True

    def take(self, report: BatchReport) -> None:
        """Show what came of the batch."""
        for at, (row, video) in enumerate(zip(self.rows, report, strict=True)):
            row.report = video
            self._stale[at] = True
        self.show()

    def values(self) -> Mapping[str, Any]:
        """All rows; those to which nothing happened are told as before."""
        for at, stale in enumerate(self._stale):
            if stale:
                # first, so that what happens to it in another thread meanwhile is told next time
                self._stale[at] = False
                self._told[at] = self._row(at)
        return {"videos": {"rows": list(self._told)}}

    def _row(self, at: int) -> dict[str, Any]:
        values = self.rows[at].values()
        return values if self.watch is not None else values | {"watch": False}

    def do_watch(self, row: int) -> None:
        """*Watch*."""
        report = self.rows[row].report
        if self.watch is not None and report is not None:
            whole = None if report.review else read_report(report.folder, report.lesson)
            self.watch(whole or report)

    def trouble(self, text: str) -> None:
        """Log what went wrong: there is no place for it."""
        log.warning("%s", text)

    def page(self) -> str:
        """The rows for a saved notebook."""
        rows = (row.values() for row in self.rows)
        return "".join(line(f"{row['name']}: {row['state']} {row['length']}") for row in rows)

    def __repr__(self) -> str:
        return f"Videos: {self.over} of {count(len(self.rows), 'lesson')} over"


class Course(Videos):
    """The rows of a batch that is over, and below them the video of the one that is watched."""

    def __init__(self, report: BatchReport) -> None:
        self.film = Film(next((video for video in report if video.path), None))
        super().__init__([video.lesson for video in report], self.film.show_report)
        self.take(report)

    @property
    def widget(self) -> View:
        """Both as one widget."""
        if self._view is None:
            self._view = View((self, self.film))
            self.paint()
            self.film.paint()
        return self._view

    def page(self) -> str:
        """The rows, and the first video."""
        return super().page() + self.film.page()
