"""The command line: `vidkit make`, `batch`, `plan`, `check`, `slides`, `providers`, `cache`,
`lab`, `review`, `layouts`, `settings` and `schema`.

Ends with 0 where all was made, 1 where something failed, 2 where the input was bad,
130 where it was interrupted, and 141 where whoever read its output has gone.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from .core.errors import LessonError, OutputError, ProviderMissing, SettingsError, VidkitError
from .core.format import count, printable
from .core.notebook import open_lab
from .core.paths import (
    demand_here,
    is_file,
    is_folder,
    path_given,
    shortened,
    why_unwritable,
    write_whole,
)
from .core.system import vidkit_version
from .core.terminal import FAILED, confirmed, run_command, say
from .models.lesson import Lesson, json_schema
from .models.reading import load_lesson
from .models.settings import TABLE, Settings
from .models.table import Row, page, schema
from .providers.registry import Kind, names, specs
from .report.reports import BatchReport, VideoReport
from .store import MaintainedStore, Removal

if TYPE_CHECKING:
    from .api import Run

# The options of the commands: those of the settings, from their table, and what may stand behind
# the others.


DEFAULTS = Settings()

KINDS: tuple[Kind, ...] = ("images", "voice")


def settings_options(parser: argparse.ArgumentParser, chosen: Iterable[Row]) -> None:
    """The options of some settings. There is none for a key: a terminal remembers what is typed."""
    for row in chosen:
        if not row.option:
            continue
        about = row.off or row.about
        if row.default_text:
            about += f" (default {row.default_text})"
        if row.name in KINDS:
            about += f"; there are: {', '.join(names(row.name))}"
        how: dict[str, Any] = {"metavar": row.metavar, "choices": row.choices or None}
        if row.switch:
            how = {"action": "store_false" if row.default else "store_true"}
        elif row.read:
            how["type"] = _reader(row)
        parser.add_argument(
            row.option, dest=row.name, default=None, help=about.replace("%", "%%"), **how
        )


def _reader(row: Row) -> Callable[[str], Any]:
    """Reads the value of a setting, and says what to write where it is none."""
    read = row.read or str

    def value(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            told = error if isinstance(error, SettingsError) else _fault_of(row.name, text)
            raise argparse.ArgumentTypeError(str(told)) from None

    return value


def _fault_of(name: str, value: str) -> SettingsError | None:
    """What the table of settings says of a value that is none."""
    given: dict[str, Any] = {name: value}
    try:
        Settings(**given)
    except SettingsError as error:
        return error
    return None


def run_options(parser: argparse.ArgumentParser, *, but: str = "") -> None:
    """The options that say how videos are made."""
    settings_options(parser, [row for row in TABLE.values() if row.name != but])


def settings_from(given: argparse.Namespace) -> Settings:
    """The settings that were named on the command line, and no others."""
    changes: dict[str, Any] = {
        name: value for name in TABLE if (value := getattr(given, name, None)) is not None
    }
    for kind in KINDS:
        if kind in changes:
            several = specs(kind, changes[kind])
            changes[kind] = several if len(several) > 1 else several[0]
    return DEFAULTS.with_(**changes)


def days_option(text: str) -> timedelta:
    """A time such as 30d."""
    units = {"h": "hours", "d": "days", "w": "weeks"}
    number, unit = text[:-1], text[-1:].lower()
    try:
        if unit in units and number.isdecimal():
            return timedelta(**{units[unit]: int(number)})
    except (OverflowError, ValueError):
        pass  # longer than there has been time
    raise argparse.ArgumentTypeError(f"{shortened(text)}: write a time such as 12h, 30d or 8w")


def data_size_option(text: str) -> int:
    """Bytes, from a size such as 5GB."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().lower())
    size = float(found[1]) * 1000 ** " kmgt".index(found[2] or " ") if found else math.inf
    if math.isinf(size):
        raise argparse.ArgumentTypeError(f"{shortened(text)}: write a size such as 500MB or 5GB")
    return int(size)


# The commands: each takes what was given, and gives the exit code.


T = TypeVar("T")

ALL_MADE, SOME_FAILED, BAD_INPUT = 0, FAILED, 2

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
    return run_command(lambda: _named(arguments, lesson))


def _named(arguments: Sequence[str] | None, lesson: Lesson | None) -> int:
    parser = _parser()
    given, further = parser.parse_known_args(arguments)
    if getattr(given, "command", None) is None:
        parser.print_help()
        return ALL_MADE
    if further and given.command is not _lab:
        given.parser.error(f"unrecognized arguments: {' '.join(further)}")
    given.further = further
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
    from . import api  # which loads all that makes videos

    if given.output and len(given.lesson) > 1:
        raise SettingsError(f"-o is for one lesson, and there are {len(given.lesson)}")
    settings = settings_from(given)
    if len(given.lesson) > 1:
        return _print_report(_waited(api.start_all(given.lesson, settings=settings)))
    report = _waited(api.start(given.lesson[0], given.output, settings=settings))
    if report.path is None and report.failure is not None:
        raise report.failure
    return _print_report(report)


def _batch(given: argparse.Namespace) -> int:
    """`vidkit batch`: every lesson of a folder or a glob, or those that are named."""
    from . import api

    settings = settings_from(given)
    if given.sequential:
        settings = settings.with_(video_workers=1)
    first, *more = given.lessons
    lessons = given.lessons if more or is_file(Path(first)) else first
    with _client(given.dask) if given.dask else nullcontext() as client:
        run = api.start_all(lessons, output_dir=given.output, settings=settings, client=client)
        return _print_report(_waited(run))


def _client(address: str) -> Any:
    """Dask's client, which takes half a second to import, where one is asked for."""
    from .cluster import demand_dask

    demand_dask()
    from .cluster.client import connected

    return connected(address)


def _waited(run: Run[T]) -> T:
    """The report of a run. The first Ctrl-C lets calls under way finish, and says so."""

    def ease() -> None:
        say("\nFinishing what is under way; Ctrl-C again stops at once.", trouble=True)
        run.cancel()

    return run.result(ease)


def _plan(given: argparse.Namespace) -> int:
    """`vidkit plan`: calls, cost and time, before anything is spent."""
    from . import api

    say(api.plan(_lessons(given.lesson), settings_from(given)))
    return ALL_MADE


def _lessons(lessons: list[str]) -> str | list[str]:
    """What was named; a folder alone by itself, for which it is an error to have no lesson."""
    first, *more = lessons
    return first if is_folder(Path(first)) and not more else lessons


def _cache(given: argparse.Namespace) -> int:
    """`vidkit cache`: what is in the store, and keeping it in order."""
    with MaintainedStore(Path(given.cache_dir) if given.cache_dir else None) as store:
        for note in (noted := [*store.notes]):
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
        for note in store.notes[len(noted) :]:
            say(f"note: {note}")
    return ALL_MADE


def _remove(given: argparse.Namespace, remove: Callable[[bool], Removal]) -> None:
    """Say what will go, ask where somebody can answer, and remove it."""
    would = remove(True)
    say(would)
    if not would.assets and not would.aside:
        return
    if not given.yes:
        yes = confirmed("Go on? [y/N] ")
        if yes is None:
            say("nothing is removed; add --yes to go on")
        if not yes:
            return
    say(remove(False))


def _check(given: argparse.Namespace) -> int:
    """`vidkit check`: what is wrong with lessons, without making anything."""
    from . import api
    from .pipeline.batch import LessonSource
    from .pipeline.preview import faults_before, slide_faults, slide_notes

    good, settings = True, settings_from(given)
    for job in LessonSource(_lessons(given.lesson)):
        try:
            lesson = load_lesson(job.path)
        except LessonError as error:
            slides = slide_faults(error.lesson, settings) if error.lesson else []
            faults = [*map(str, error.faults), *slides]
            told = "".join(f"\n  - {fault}" for fault in faults)
            many = f"{error.path} has {len(faults)} faults:{told}"
            say(printable(many) if slides else error)
            good = False
            continue
        faults = faults_before(job, lesson, settings)
        told = "\n".join(faults)
        # what is told of a section's slide or file is not told again of its image or narration
        planned = api.plan(lesson, settings).faults
        faults += [each for each in planned if each.split(": ")[-1] not in told]
        good = good and not faults
        wrong = f"{count(len(faults), 'fault')}:" if faults else "no faults"
        say(f"{job.path}: {count(len(lesson.sections), 'section')}, {wrong}")
        for fault in faults:
            say(f"  {fault}")
        for warning in (*lesson.warnings, *slide_notes(lesson, settings)):
            say(f"  note: {warning}")
        if given.spoken:
            _say_spoken(lesson, settings)
    return ALL_MADE if good else BAD_INPUT


def _convert(given: argparse.Namespace) -> int:
    """`vidkit convert`: a lesson from a file of another tool, with what became of each key."""
    from .draft.course import convert

    source = path_given("FILE", given.file, "the name of a file")
    out = path_given("-o", given.output, "the name of a JSON file")
    if is_file(out) and not given.yes:
        raise OutputError(f"{out} is there; name another file, or add --yes to replace it")
    for note in convert(source, out):
        say(f"  {note}")
    say(out)
    return ALL_MADE


def _say_spoken(lesson: Lesson, settings: Settings) -> None:
    """The words that the voice would be handed, section by section, changed places marked."""
    from .pipeline.preview import spoken_sections
    from .providers.registry import voice_makers

    makers = voice_makers(settings, keyless=True)
    for number, text in enumerate(spoken_sections(lesson, settings, makers), 1):
        say(f"\n{number}. {lesson.sections[number - 1].title or '(no title)'}\n{text}")


def _slides(given: argparse.Namespace) -> int:
    """`vidkit slides`: all slides of a lesson on one sheet, with the layout of each and why."""
    from .pipeline.preview import slide_sheet

    lesson, settings = load_lesson(given.lesson), settings_from(given)
    out = Path(given.output or f"slides_{lesson.name}.png")
    for number, (section, why) in enumerate(
        zip(lesson.sections, slide_sheet(lesson, settings, out), strict=True), 1
    ):
        say(f"{number}. {section.title or '(no title)'}: {why}")
    say(out)
    return ALL_MADE


def _providers(given: argparse.Namespace) -> int:
    """`vidkit providers`: what there is, what each needs and costs, whether it can be used."""
    from .providers.offers import check, offers, table

    there = offers(settings_from(given))
    say(table(check(there) if given.check else there))
    return ALL_MADE


def _voices(given: argparse.Namespace) -> int:
    """`vidkit voices`: those of this machine that speak a language, and fetching one by name."""
    from .providers.voices import fetch, voices

    if given.what == "get":
        if not given.name:
            raise SettingsError("name the voice to fetch, such as fr_FR-siwis-medium")
        path = fetch(given.name)
        own = given.name if given.name.startswith("hibari:") else f"piper:{path.stem}"
        say(f"{path}\nuse it as voice={own!r}, or as voice=[{own!r}, 'auto']")
        return ALL_MADE
    found = voices(given.what, given.sample, given.voice)
    if not len(found):
        spoken = f"no voice here speaks {given.what!r}"
        raise SettingsError(f"{spoken}; write a tag such as es, or nothing for English")
    if given.sample is None:
        say(str(found))
        return ALL_MADE
    folder = path_given("output", given.output or "voice-samples")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = why_unwritable(folder, error, "-o")
        raise OutputError(f"{folder} cannot be made: {why}") from error
    for each in found:
        if each.sound is None:
            say(f"{each.spec}: {each.why}")
        else:
            path = folder / f"{re.sub(r'[^A-Za-z0-9.+-]', '_', each.spec)}.wav"
            write_whole(path, [each.sound], "-o")
            say(f"{path}  {each.label}")
    return ALL_MADE


def _lab(given: argparse.Namespace) -> int:
    """`vidkit lab`: JupyterLab on the first notebook."""
    folder = None if given.folder is None else path_given("folder", given.folder)
    return open_lab(folder, browser=given.browser, port=given.port, further=given.further)


def _draft(given: argparse.Namespace) -> int:
    """`vidkit draft`: lessons from a notebook, Markdown, PowerPoint or PDF."""
    from .draft import course, writer

    if given.prompt:
        say(writer.prompt())
        return ALL_MADE
    if given.source is None:
        raise SettingsError("name a source: a notebook (.ipynb), Markdown, .html, .pptx or .pdf")
    if given.take_back:
        back = writer.take_back(Path(given.source), given.take_back)
        say(f"taken back: {', '.join(map(str, back)) or 'nothing; these were not rewritten'}")
        return ALL_MADE
    placed = course.placed(given.source, given.output, given.minutes, given.language)
    drafts = [draft for draft, _ in placed]
    if given.writer:
        rewriting = writer.Rewriting.of(drafts, given.writer, settings_from(given))
        say(rewriting.plan())
        if given.plan:
            return ALL_MADE
        drafts = rewriting.run()
    for draft, (_, path) in zip(drafts, placed, strict=True):
        lesson = course.write(draft, path)
        sections = count(len(lesson.sections), "section")
        say(f"{lesson.path}: {sections}, about {draft.minutes:.1f} minutes")
        for number, section in enumerate(lesson.sections, start=1):
            if new := section.extra.get("$check"):
                say(f"  check section {number}: {', '.join(new)}: not in the source")
    for note in dict.fromkeys(note for draft in drafts for note in draft.notes):
        say(f"  note: {note}")
    return ALL_MADE


def _schema(given: argparse.Namespace) -> int:
    """`vidkit schema`: the format of lessons, or of the settings."""
    made = json_schema() if given.what == "lesson" else schema(Settings)
    say(json.dumps(made, indent=2, ensure_ascii=False))
    return ALL_MADE


def _review(given: argparse.Namespace) -> int:
    """`vidkit review`: what can be measured of a lesson's teaching."""
    from .pipeline.review import review

    found = {path: review(load_lesson(path)) for path in given.lesson}
    made = {path: each.as_dict() for path, each in found.items()}
    told = json.dumps(made, indent=2, ensure_ascii=False)
    say(told if given.json else "\n".join(f"{path}: {each}" for path, each in found.items()))
    return ALL_MADE


def _layouts(given: argparse.Namespace) -> int:
    """`vidkit layouts`: the kinds of slides, or a page for whoever writes a lesson."""
    from .slides.override import layouts_page, prompt_page

    say(prompt_page() if given.prompt else layouts_page())
    return ALL_MADE


def _settings(_: argparse.Namespace) -> int:
    """`vidkit settings`: a page about every setting."""
    say(page(Settings))
    return ALL_MADE


def _print_report(report: VideoReport | BatchReport) -> int:
    say(report)
    return ALL_MADE if report.made else SOME_FAILED


class _Parser(argparse.ArgumentParser):
    """A parser that says what may have been meant, and not all that might have been written."""

    def error(self, message: str) -> NoReturn:
        told = printable(message + self._meant(message))
        self.exit(2, f"{self.prog}: {told}\n`{self.prog} --help` tells all that can be written\n")

    def _meant(self, message: str) -> str:
        if found := re.search(r"invalid choice: '(.+?)' \(choose from (.+)\)", message):
            word, known = found[1], re.findall(r"[^\s,']+", found[2])
        elif found := re.search(r"unrecognized arguments: .*?(--[^\s=]+)", message):
            word, known = found[1], list(self._option_string_actions)
        else:
            return ""
        near = get_close_matches(word, known, 1)
        return f"; did you mean {near[0]}?" if near else ""


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="vidkit", description="Turn lessons written as JSON into narrated videos."
    )
    parser.add_argument("--version", action="version", version=f"vidkit {vidkit_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_runs(commands)
    _add_lessons(commands)
    _add_drafts(commands)
    _add_surroundings(commands)
    return parser


def _add_runs(commands: Any) -> None:
    """What makes videos, and keeps what was made."""
    make = _command(commands, "make", _make, "make one lesson's video, or several")
    make.add_argument("lesson", nargs="+", metavar="LESSON", help="the lesson's JSON file")
    _output(make, "DIR", "where everything goes (default: output_<name> beside the lesson)")
    run_options(make)

    batch = _command(commands, "batch", _batch, "make the videos of all lessons of a folder")
    batch.add_argument(
        "lessons", nargs="+", metavar="LESSONS", help="a folder, a glob, or several lessons"
    )
    batch.add_argument(
        "--dask",
        metavar="tcp://HOST:8786",
        help="make them on the workers of the Dask scheduler at this address",
    )
    _output(batch, "DIR", "a folder for all outputs (default: output_<name> beside each lesson)")
    batch.add_argument("--sequential", action="store_true", help="one lesson after the other")
    run_options(batch, but="only")

    plan = _command(commands, "plan", _plan, "say what a run would call, cost and take")
    plan.add_argument("lesson", nargs="+", metavar="LESSON", help="a lesson, or a folder of them")
    run_options(plan, but="only")

    cache = _command(commands, "cache", _cache, "show the store of what was made, and keep it")
    cache.add_argument(
        "what",
        nargs="?",
        default="show",
        choices=_CACHE,
        help="; ".join(f"{name}: {does}" for name, does in _CACHE.items()),
    )
    cache.add_argument(
        "--older-than", type=days_option, metavar="30d", help="prune: unused for so long"
    )
    cache.add_argument(
        "--keep", type=data_size_option, metavar="5GB", help="prune: down to this size"
    )
    cache.add_argument("--yes", action="store_true", help="do not ask")
    cache.add_argument("--cache-dir", metavar="DIR", help="the store's folder")


def _add_lessons(commands: Any) -> None:
    """What looks at lessons."""
    check = _command(commands, "check", _check, "say what is wrong with lessons; make nothing")
    check.add_argument("lesson", nargs="+", metavar="LESSON", help="lessons, or folders of them")
    check.add_argument(
        "--spoken",
        action="store_true",
        help="print the words that the voice is handed, with the places marked that differ",
    )
    run_options(check, but="only")

    review = _command(commands, "review", _review, "measure what can be of a lesson's teaching")
    review.add_argument("lesson", nargs="+", metavar="LESSON", help="the lesson's JSON file")
    review.add_argument("--json", action="store_true", help="print all measures as JSON")

    slides = _command(commands, "slides", _slides, "draw all slides of a lesson on one sheet")
    slides.add_argument("lesson", metavar="LESSON", help="the lesson's JSON file")
    _output(slides, "FILE", "default: slides_<name>.png")
    settings_options(slides, [TABLE["images"], TABLE["size"]])

    layouts = _command(commands, "layouts", _layouts, "say what a section's slide can show")
    layouts.add_argument("--prompt", action="store_true", help="a page for whoever writes lessons")

    formats = _command(commands, "schema", _schema, "print a format as JSON Schema")
    formats.add_argument(
        "what",
        nargs="?",
        default="lesson",
        choices=("lesson", "settings"),
        help="of lessons (default), or of the settings",
    )


def _add_drafts(commands: Any) -> None:
    """What writes lessons."""
    draft = _command(commands, "draft", _draft, "draft lessons from a notebook, text or slides")
    draft.add_argument(
        "source", nargs="?", metavar="SOURCE", help="a notebook, Markdown, .html, .pptx or .pdf"
    )
    _output(draft, "PATH", "lesson.json, or a folder for several (default: beside the source)")
    draft.add_argument(
        "--minutes", type=float, metavar="N", help="the longest that a lesson may be (default 6)"
    )
    draft.add_argument("--language", metavar="TAG", help="the spoken language, such as de")
    draft.add_argument(
        "--prompt",
        action="store_true",
        help="print what can be pasted into any chat assistant to have a lesson written",
    )
    draft.add_argument(
        "--writer", metavar="NAME", help="have it rewritten for the ear by a chat model, as openai"
    )
    draft.add_argument("--plan", action="store_true", help="only say what the writer would cost")
    draft.add_argument(
        "--take-back",
        type=_reader(TABLE["only"]),
        metavar="3,5",
        help="SOURCE is a lesson: put these sections back as they were before the writer",
    )
    settings_options(draft, [TABLE["budget"], TABLE["section_workers"], TABLE["cache_dir"]])

    convert = _command(
        commands, "convert", _convert, "write a lesson from another tool's JSON or Markdown"
    )
    convert.add_argument("file", metavar="FILE", help="JSON, JSON in a fence or in prose, Markdown")
    _output(convert, "FILE", "the lesson to write", "lesson.json")
    convert.add_argument("--yes", action="store_true", help="replace a file that is there")


def _add_surroundings(commands: Any) -> None:
    """What a run finds here: providers, voices, settings, notebooks."""
    providers = _command(
        commands, "providers", _providers, "say who can draw and speak, and what each needs"
    )
    providers.add_argument(
        "--check", action="store_true", help="see whether each can be used; nothing is paid"
    )
    settings_options(providers, [row for row in TABLE.values() if row.takes])

    spoken = _command(
        commands, "voices", _voices, "say which voices of this machine speak a language, or get one"
    )
    spoken.add_argument(
        "what", nargs="?", default="en", metavar="LANG", help="a tag (default: en), or: get NAME"
    )
    spoken.add_argument("name", nargs="?", metavar="NAME", help="of a voice to fetch")
    spoken.add_argument(
        "--try", dest="sample", metavar="TEXT", help="write a sound file of this with each voice"
    )
    spoken.add_argument("--voice", action="append", metavar="NAME", help="this one alone")
    _output(spoken, "DIR", "default: voice-samples")

    _command(commands, "settings", _settings, "say what can be set for a run, in Markdown")

    lab = _command(
        commands,
        "lab",
        _lab,
        "open JupyterLab on vidkit's first notebook, or on those of a folder; further options, as "
        "--ip=0.0.0.0, are JupyterLab's",
    )
    lab.add_argument(
        "folder",
        nargs="?",
        metavar="DIR",
        help="where the notebooks are, or are to be put (default: those of the checkout, or "
        "vidkit-notebooks here)",
    )
    lab.add_argument("--no-browser", action="store_false", dest="browser", help="start it alone")
    lab.add_argument("--port", type=int, metavar="N", help="the port it listens at")


def _command(commands: Any, name: str, does: Any, what: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=what,
        description=what[0].upper() + what[1:] + ".",
        epilog=_WORKERS if name in ("make", "batch") else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=does, parser=parser)
    return parser


def _output(
    parser: argparse.ArgumentParser, what: str, about: str, default: str | None = None
) -> None:
    parser.add_argument("-o", "--output", metavar=what, help=about, default=default)


if __name__ == "__main__":
    sys.exit(main())
