"""The command line: `vidkit make`, `batch`, `plan`, `check`, `slides`, `providers`, `cache`,
`lab` and `schema`.

Ends with 0 where all was made, 1 where something failed, 2 where the input was bad,
130 where it was interrupted, and 141 where whoever read its output has gone.
"""

from __future__ import annotations

from . import interrupts  # noqa: F401  first: it keeps Ctrl-C quiet from here on

# isort: split
import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from . import calls, options
from .errors import LessonError, OutputError, ProviderMissing, SettingsError, VidkitError
from .fleet import connected
from .lesson import Lesson, json_schema, lesson_files, load_lesson
from .options import DEFAULTS
from .paths import demand_here, is_folder, path_given
from .plain import printable
from .report import BatchReport, count, vidkit_version
from .run import Run
from .store import Removal, Upkeep
from .terminal import asked, carried_out, say

T = TypeVar("T")

ALL_MADE, SOME_FAILED, BAD_INPUT = 0, 1, 2

_BAD_INPUT = (LessonError, SettingsError, OutputError, ProviderMissing)

_CACHE = {
    "show": "size, contents and hit rate",
    "verify": "look at every byte",
    "prune": "remove what was not used for long",
    "clear": "remove everything",
}

_WORKERS = f"""\
worker counts:
  A batch makes {DEFAULTS.video_workers} videos at once, each with {DEFAULTS.section_workers} \
sections at once, each with its image beside
  its narration: {DEFAULTS.video_workers} videos × {DEFAULTS.section_workers} sections × 2 = \
at most {DEFAULTS.peak_calls} provider calls at once.
  sections: 2-3 careful, 4-6 balanced, 8-10 bold; videos: 1 careful, 2 balanced, 3-4 bold.
"""


def main(arguments: Sequence[str] | None = None, lesson: Lesson | None = None) -> int:
    """Run the command that `arguments` (default: the process's own) name; gives the exit code.

    lesson: what `make` makes instead of the file that is named.
    """
    return carried_out(lambda: _named(arguments, lesson))


def _named(arguments: Sequence[str] | None, lesson: Lesson | None) -> int:
    given = _parser().parse_args(arguments)
    if lesson is not None:
        given.lesson = [lesson]
    try:
        demand_here()
        code: int = given.command(given)
    except VidkitError as error:
        say(f"vidkit: {error}", trouble=True)
        return BAD_INPUT if isinstance(error, _BAD_INPUT) else SOME_FAILED
    return code


def _make(given: argparse.Namespace) -> int:
    """`vidkit make`: one lesson into one folder, or several each beside itself."""
    if given.output and len(given.lesson) > 1:
        raise SettingsError(f"-o is for one lesson, and there are {len(given.lesson)}")
    settings = options.settings(given)
    if len(given.lesson) > 1:
        return _tell(_waited(calls.start_all(given.lesson, settings=settings)))
    report = _waited(calls.start(given.lesson[0], given.output, settings=settings))
    if report.path is None and report.failure is not None:
        raise report.failure
    say(report)
    return ALL_MADE if report.made else SOME_FAILED


def _batch(given: argparse.Namespace) -> int:
    """`vidkit batch`: every lesson of a folder or a glob, or those that are named."""
    settings = options.settings(given)
    if given.sequential:
        settings = settings.with_(video_workers=1)
    first, *more = given.lessons
    lessons = given.lessons if more or Path(first).is_file() else first
    with connected(given.dask) if given.dask else nullcontext() as client:
        run = calls.start_all(lessons, output_dir=given.output, settings=settings, client=client)
        return _tell(_waited(run))


def _waited(run: Run[T]) -> T:
    """The report of a run. The first Ctrl-C lets calls under way finish, and says so."""

    def ease() -> None:
        say("\nFinishing what is under way; Ctrl-C again stops at once.", trouble=True)
        run.cancel()

    return run.result(ease)


def _plan(given: argparse.Namespace) -> int:
    """`vidkit plan`: calls, cost and time, before anything is spent."""
    paths = [p for each in given.lesson for p in _lessons(path_given("lesson", each))]
    say(calls.plan(paths, options.settings(given)))
    return ALL_MADE


def _lessons(path: Path) -> list[Path]:
    return lesson_files(path) if is_folder(path) else [path]


def _cache(given: argparse.Namespace) -> int:
    """`vidkit cache`: what is in the store, and keeping it in order."""
    with Upkeep(Path(given.cache_dir) if given.cache_dir else None) as store:
        for note in store.notes:
            say(f"note: {note}")
        match given.what:
            case "show":
                say(f"{store.folder}\n{store.contents()}")
            case "verify":
                verdict = store.verify()
                say(verdict)
                return SOME_FAILED if verdict.bad else ALL_MADE
            case "prune":
                if given.older_than is None and given.keep is None:
                    raise SettingsError("say what is to go: --older-than 30d, --keep 5GB, or both")
                how = (given.older_than, given.keep)
                _remove(given, lambda dry: store.prune(*how, dry=dry))
            case "clear":
                _remove(given, lambda dry: store.clear(dry=dry))
    return ALL_MADE


def _remove(given: argparse.Namespace, remove: Callable[[bool], Removal]) -> None:
    """Say what will go, ask where somebody can answer, and remove it."""
    would = remove(True)
    say(would)
    if not would.assets and not would.aside:
        return
    if not given.yes:
        yes = asked("Go on? [y/N] ")
        if yes is None:
            say("nothing is removed; add --yes to go on")
        if not yes:
            return
    say(remove(False))


def _check(given: argparse.Namespace) -> int:
    """`vidkit check`: what is wrong with lessons, without making anything."""
    good = True
    for path in given.lesson:
        try:
            lesson = load_lesson(path)
        except LessonError as error:
            say(error)
            good = False
        else:
            say(f"{path}: {count(len(lesson.sections), 'section')}, no faults")
            for warning in lesson.warnings:
                say(f"  note: {warning}")
    return ALL_MADE if good else BAD_INPUT


def _slides(given: argparse.Namespace) -> int:
    """`vidkit slides`: all slides of a lesson on one sheet, with the layout of each and why."""
    from .look import slide_sheet

    lesson, settings = load_lesson(given.lesson), options.settings(given)
    out = Path(given.output or f"slides_{lesson.name}.png")
    for number, (section, why) in enumerate(
        zip(lesson.sections, slide_sheet(lesson, settings, out), strict=True), 1
    ):
        say(f"{number}. {section.title or '(no title)'}: {why}")
    say(out)
    return ALL_MADE


def _providers(given: argparse.Namespace) -> int:
    """`vidkit providers`: what there is, what each needs and costs, whether it can be used."""
    from .offers import check, offers, table

    there = offers(options.settings(given))
    say(table(check(there) if given.check else there))
    return ALL_MADE


def _lab(given: argparse.Namespace) -> int:
    """`vidkit lab`: JupyterLab on the first notebook."""
    from .lab import open_lab

    folder = None if given.folder is None else path_given("folder", given.folder)
    return open_lab(folder, browser=given.browser, port=given.port)


def _schema(_: argparse.Namespace) -> int:
    """`vidkit schema`: the format of lessons."""
    say(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return ALL_MADE


def _tell(report: BatchReport) -> int:
    say(report)
    return ALL_MADE if report.made else SOME_FAILED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
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
        "--only",
        type=options.numbers,
        metavar="3,5",
        help="make these sections alone, counted from 1",
    )
    options.how(make)

    batch = _command(commands, "batch", _batch, "make the videos of all lessons of a folder")
    batch.add_argument(
        "lessons", nargs="+", metavar="LESSONS", help="a folder, a glob, or several lessons"
    )
    batch.add_argument(
        "--dask",
        metavar="tcp://HOST:8786",
        help="make them on the workers of the Dask scheduler at this address",
    )
    batch.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="a folder for all outputs (default: output_<name> beside each lesson)",
    )
    batch.add_argument("--sequential", action="store_true", help="one lesson after the other")
    options.how(batch)

    check = _command(commands, "check", _check, "say what is wrong with lessons; make nothing")
    check.add_argument("lesson", nargs="+", metavar="LESSON", help="the lesson's JSON file")

    plan = _command(commands, "plan", _plan, "say what a run would call, cost and take")
    plan.add_argument("lesson", nargs="+", metavar="LESSON", help="a lesson, or a folder of them")
    options.how(plan)

    cache = _command(commands, "cache", _cache, "show the store of what was made, and keep it")
    cache.add_argument(
        "what",
        nargs="?",
        default="show",
        choices=_CACHE,
        help="; ".join(f"{name}: {does}" for name, does in _CACHE.items()),
    )
    cache.add_argument(
        "--older-than", type=options.days, metavar="30d", help="prune: unused for so long"
    )
    cache.add_argument(
        "--keep", type=options.data_size, metavar="5GB", help="prune: down to this size"
    )
    cache.add_argument("--yes", action="store_true", help="do not ask")
    cache.add_argument("--cache-dir", metavar="DIR", help="the store's folder")

    slides = _command(commands, "slides", _slides, "draw all slides of a lesson on one sheet")
    slides.add_argument("lesson", metavar="LESSON", help="the lesson's JSON file")
    slides.add_argument("-o", "--output", metavar="FILE", help="default: slides_<name>.png")
    slides.add_argument("--images", metavar="NAME", help="slides, or slides:dark and the like")
    slides.add_argument("--size", type=options.size, metavar="WxH", help="default 1280x720")

    providers = _command(
        commands,
        "providers",
        _providers,
        "say who can draw and speak, and what each needs",
    )
    providers.add_argument(
        "--check", action="store_true", help="see whether each can be used; nothing is paid"
    )
    options.providers(providers)

    lab = _command(commands, "lab", _lab, "open JupyterLab on vidkit's first notebook")
    lab.add_argument(
        "folder",
        nargs="?",
        metavar="DIR",
        help="where the notebooks are, or are to be put (default: those of the checkout, or "
        "vidkit-notebooks here)",
    )
    lab.add_argument("--no-browser", action="store_false", dest="browser", help="start it alone")
    lab.add_argument("--port", type=int, metavar="N", help="the port it listens at")

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


if __name__ == "__main__":
    sys.exit(main())
