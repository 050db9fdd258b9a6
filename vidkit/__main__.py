"""The command line: `vidkit make`, `batch`, `check` and `schema`.

Ends with 0 where all was made, 1 where something failed, 2 where the input was bad, and
130 where it was interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from . import calls
from .errors import LessonError, OutputError, ProviderMissing, SettingsError, VidkitError
from .lesson import json_schema, load_lesson
from .providers import names
from .report import BatchReport, count, vidkit_version
from .settings import Settings

ALL_MADE, SOME_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

_BAD_INPUT = (LessonError, SettingsError, OutputError, ProviderMissing)

_DEFAULTS = Settings()

_WORKERS = f"""\
worker counts:
  A batch makes {_DEFAULTS.video_workers} videos at once, each with {_DEFAULTS.section_workers} \
sections at once, each with its image beside
  its narration: {_DEFAULTS.video_workers} videos × {_DEFAULTS.section_workers} sections × 2 = \
at most {_DEFAULTS.peak_calls} provider calls at once.
  sections: 2-3 careful, 4-6 balanced, 8-10 bold; videos: 1 careful, 2 balanced, 3-4 bold.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (default: the process's own) name; gives the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        code: int = given.command(given)
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept; the same command goes on.", file=sys.stderr)
        return INTERRUPTED
    except VidkitError as error:
        print(f"vidkit: {error}", file=sys.stderr)
        return BAD_INPUT if isinstance(error, _BAD_INPUT) else SOME_FAILED
    return code


def _make(given: argparse.Namespace) -> int:
    """`vidkit make`: one lesson into one folder, or several each beside itself."""
    if given.output and len(given.lesson) > 1:
        raise SettingsError(f"-o is for one lesson, and there are {len(given.lesson)}")
    settings = _settings(given)
    if len(given.lesson) > 1:
        return _tell(calls.process_all_videos(given.lesson, None, settings=settings))
    report = asyncio.run(calls.generate_video(given.lesson[0], given.output, settings=settings))
    print(report)
    return ALL_MADE if report.made else SOME_FAILED


def _batch(given: argparse.Namespace) -> int:
    """`vidkit batch`: every lesson of a folder."""
    parallel = not given.sequential
    return _tell(calls.process_all_videos(given.folder, None, parallel, settings=_settings(given)))


def _check(given: argparse.Namespace) -> int:
    """`vidkit check`: what is wrong with lessons, without making anything."""
    good = True
    for path in given.lesson:
        try:
            lesson = load_lesson(path)
        except LessonError as error:
            print(error)
            good = False
        else:
            print(f"{path}: {count(len(lesson.sections), 'section')}, no faults")
            for warning in lesson.warnings:
                print(f"  note: {warning}")
    return ALL_MADE if good else BAD_INPUT


def _schema(_: argparse.Namespace) -> int:
    """`vidkit schema`: the format of lessons."""
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return ALL_MADE


def _tell(report: BatchReport) -> int:
    print(report)
    return ALL_MADE if report.made else SOME_FAILED


def _settings(given: argparse.Namespace) -> Settings:
    """The settings that were named on the command line, and no others."""
    changes: dict[str, Any] = {
        name: value
        for name in (
            "images",
            "voice",
            "rate",
            "section_workers",
            "video_workers",
            "size",
            "on_failure",
            "only",
            "progress",
        )
        if (value := getattr(given, name, None)) is not None
    }
    return _DEFAULTS.with_(**changes)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write WIDTHxHEIGHT, such as 1280x720"
        ) from None


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write section numbers, such as 3,5") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vidkit", description="Turn lessons written as JSON into narrated videos."
    )
    parser.add_argument("--version", action="version", version=f"vidkit {vidkit_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    make = _command(commands, "make", _make, "make one lesson's video, or several")
    make.add_argument("lesson", nargs="+", metavar="LESSON", help="the lesson's JSON file")
    make.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="where everything goes (default: output_<name> beside the lesson)",
    )
    make.add_argument(
        "--only", type=_numbers, metavar="3,5", help="make these sections alone, counted from 1"
    )
    _how(make)

    batch = _command(commands, "batch", _batch, "make the videos of all lessons of a folder")
    batch.add_argument("folder", metavar="DIR", help="the folder of the lessons")
    batch.add_argument("--sequential", action="store_true", help="one lesson after the other")
    _how(batch)

    check = _command(commands, "check", _check, "say what is wrong with lessons; make nothing")
    check.add_argument("lesson", nargs="+", metavar="LESSON", help="the lesson's JSON file")

    _command(commands, "schema", _schema, "print the format of lessons as JSON Schema")
    return parser


def _command(commands: Any, name: str, does: Any, what: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=what,
        description=what[0].upper() + what[1:] + ".",
        epilog=_WORKERS if name in ("make", "batch") else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=does)
    return parser


def _how(parser: argparse.ArgumentParser) -> None:
    """The options that say how videos are made."""
    add = parser.add_argument
    add(
        "--workers",
        type=int,
        dest="section_workers",
        metavar="N",
        help=f"sections of a lesson made at once (default {_DEFAULTS.section_workers})",
    )
    add(
        "--videos",
        type=int,
        dest="video_workers",
        metavar="N",
        help=f"lessons made at once (default {_DEFAULTS.video_workers})",
    )
    add("--images", metavar="NAME", help=f"one of {', '.join(names('images'))}; or NAME:ARGUMENT")
    add("--voice", metavar="NAME", help=f"one of {', '.join(names('voice'))}; or NAME:ARGUMENT")
    add("--size", type=_size, metavar="WxH", help="the video's frame (default 1280x720)")
    add("--rate", type=int, metavar="WPM", help="speed of speech in words a minute")
    add(
        "--on-failure",
        choices=("skip", "placeholder", "stop"),
        help="leave a failed section out (default), put a card in its place, or stop",
    )
    add("--quiet", action="store_false", dest="progress", default=None, help="no progress bars")


if __name__ == "__main__":
    sys.exit(main())
