"""vidkit in a notebook's own words: `%load_ext vidkit`, then

    %vidkit make lesson.json --workers 6        every command of the command line

    %vidkit this                                the lesson of the notebook that this stands in

    %%lesson rainbow --workers 6                a lesson written in the cell, made and shown
    {"sections": [{"image_description": "…", "content": "…"}]}

Loading it also lets `asyncio.run` be called in cells (`vidkit.allow_nested`).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from .. import cli
from ..core.errors import OutputError, VidkitError
from ..core.loop import allow_nested
from ..core.terminal import redirected, say
from ..models.lesson import Lesson
from ..models.reading import read_lesson

NAME = "lesson"
"""What a lesson is called that has no name."""


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add `%vidkit` and `%%lesson`, and let `asyncio.run` be called in cells, where that is safe
    and needed; where it is not safe, say why.
    """
    shell.magics_manager.register_function(command, "line", "vidkit")
    shell.magics_manager.register_function(lesson, "cell", "lesson")
    if getattr(shell, "kernel", None) is None:
        return  # in a terminal no loop is running, and asyncio.run works as it is
    with _told():
        allow_nested()


def command(line: str) -> object:
    """Run a command of the command line: `%vidkit make lesson.json --workers 6`.

    Gives its report, which the notebook shows; `report = %vidkit make …` keeps it. What goes
    wrong is told in words. `%vidkit --help` says what there is.
    """
    with _told():
        words = _words(line)
        if words[:1] == ["lab"]:
            raise VidkitError("this is a notebook already; `vidkit lab` is for a terminal")
        return _this(words[1:]) if words[:1] == ["this"] else _carried_out(words or ["--help"])
    return None


def _this(words: list[str]) -> object:
    """`%vidkit this [NOTEBOOK]`: draft the lesson of this notebook as it is saved, and show the
    Studio on it. A lesson that was edited since stays as it is.
    """
    from ..draft import course, notebook
    from .studio import Studio

    shell = get_ipython()
    path = Path(words[0]) if words else notebook.running_notebook(shell.user_ns if shell else {})
    if path is None:
        say("vidkit: save this notebook first, or name its file: %vidkit this NAME.ipynb")
        return None
    ran = shell.history_manager.input_hist_raw[:-1] if shell and shell.history_manager else []
    if not notebook.is_saved(path, dict(enumerate(ran))):
        say(f"{path.name} is not saved as it stands here; save it, and run this cell again")
    try:
        drafts = course.placed(path)
        for draft, file in drafts:
            course.write(draft, file)
        folder, name = drafts[0][1].parent, drafts[0][1].stem
        for note in drafts[0][0].notes:
            say(f"note: {note}")
    except OutputError:
        folder, name = path.parent, path.stem
        say(f"{name}.json was edited since it was drafted, and stays as it is")
    studio = Studio(folder)
    studio.lessons.choose(name)
    return studio


def lesson(line: str, cell: str) -> object:
    """Make the lesson that is written in the cell, as JSON, and show its video and its report.

    The name comes first, then options as of `%vidkit make`. All goes to `output_<name>`; the
    lesson itself is not saved. Gives the report.
    """
    with _told():
        words = _words(line)
        name = words.pop(0) if words and not words[0].startswith("-") else NAME
        path = Path(name.removesuffix(".json") + ".json")
        written = read_lesson(cell.encode("utf-8", "surrogatepass"), path)
        return _carried_out(["make", str(path), *words], written)
    return None


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong is said, and raised no further."""
    try:
        yield
    except VidkitError as error:
        say(f"vidkit: {error}", trouble=True)


def _words(line: str) -> list[str]:
    """The words of a line. Raises `VidkitError` where a quotation mark is missing."""
    try:
        return shlex.split(line, posix=os.name == "posix")
    except ValueError as error:
        raise VidkitError(f"{error} in: {line}") from None


def _carried_out(words: list[str], written: Lesson | None = None) -> object:
    """The report of a command, None where it has none; a text it says is printed as it comes."""
    found: list[Any] = []

    def keep(what: object) -> None:
        if hasattr(what, "_repr_html_") or hasattr(what, "_repr_mimebundle_"):
            found.append(what)
        else:
            print(what)

    # argparse ends the process where it has said what it had to say
    with redirected(keep), suppress(SystemExit):
        cli.main(words, written)
    for each in found[:-1]:
        display(each)
    return found[-1] if found else None
