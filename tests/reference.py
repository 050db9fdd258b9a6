"""The reference, `notebooks/8-reference.ipynb`, written from the tables of lesson, slide and
settings: `python tests/reference.py` writes it anew and runs it.

What it says of a field, a layout or a setting stands beside that in the package, and nowhere else.
`tests/test_reference.py` fails where the notebook says something else than the tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import run_notebooks

from vidkit import cli
from vidkit.core import terminal
from vidkit.models.lesson import Lesson, Section, keys
from vidkit.models.settings import Settings
from vidkit.models.table import page
from vidkit.pipeline import output
from vidkit.report.progress import SUMMARY
from vidkit.slides.override import ABOUT, EXAMPLES

NAME = "8-reference.ipynb"
WHOLE = run_notebooks.NOTEBOOKS / NAME

HEAD = """\
# Reference

Every field of a lesson, every layout of a slide, every setting, and what comes out. This notebook
is written from vidkit's own tables (`python tests/reference.py`), so it says what the program does.
In a terminal: `vidkit schema`, `vidkit layouts`, `vidkit settings`, `vidkit voices es`,
`vidkit providers`. How to write a lesson is told in [notebook 2](2-explore-lessons.ipynb)."""

DRAW = """\
import json

from IPython.display import Image

from vidkit.pipeline import ungated
from vidkit.providers.base import ImageAsk
from vidkit.providers.slides import Slides, Style

WORDS = "A picture says it. The words say it again, in order."


async def slide(wish, **style):
    asked = json.loads(wish)
    ask = ImageAsk("A sample.", WORDS, "How it looks", "en", (320, 180), slide=asked)
    return Image((await Slides(Style(**style)).draw(ask, ungated)).data, width=320)"""

SLIDES = """\
## Slides

The layouts that `slide` of a section may ask for. Without it vidkit chooses one from the section's
words."""

OWN_PICTURE = "Its picture is the section's own `image`."

THEMES = """\
## Themes

`images="slides:dark"`, or `slides:theme=dark,accent=#2a6f97,font=Lato`, a font of your machine."""

VOICES = """\
## Voices

Those of this machine, the best first, by the `language` of the lesson, the section or the turn.
`vidkit voices es --try "Hola"` lets them speak."""

LIST_VOICES = """\
from vidkit.providers.voices import voices

for language in ("en", "es", "fr", "de", "hi"):
    print(f"{language}\\n{voices(language)}\\n")"""

PROVIDERS = """\
## Providers

Who draws and who speaks, what each needs and what it costs."""

LIST_PROVIDERS = """\
from vidkit.providers.offers import offers, table

print(table(offers()))"""

OUTPUT = """\
## What comes out

In `output_<name>` beside the lesson, or where `-o` says:"""

WIDE = 90
"""Letters of a line of JSON."""

FILES: tuple[tuple[str, str], ...] = (
    (output.VIDEO, "the video, with a chapter for each section and captions to switch on"),
    (f"{output.VTT}, {output.SRT}", "the captions, for the web and for players"),
    (f"{output.part_stem('image', 2)}.png", "the image of section 3"),
    (f"{output.part_stem('audio', 2)}.wav", "its narration"),
    (f"{output.part_stem('clip', 2)}.mp4", "its clip"),
    (output.POSTER, "the first picture of the video"),
    (output.SHEET, "a picture of all sections"),
    (output.REPORT, "what came of the run, and which files of the folder are vidkit's"),
    (SUMMARY, "beside the lessons of a batch: what came of all of them"),
)

CODES: tuple[tuple[int, str], ...] = (
    (cli.ALL_MADE, "all was made"),
    (cli.SOME_FAILED, "something failed; what was made is kept, and the same command goes on"),
    (cli.BAD_INPUT, "a lesson, a setting or an output folder cannot be used; nothing was made"),
    (terminal.INTERRUPTED, "it was interrupted (Ctrl-C)"),
    (terminal.READER_GONE, "whoever read its output has gone, as in `vidkit settings | head -1`"),
)


def table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    safe = ([cell.replace("|", r"\|") for cell in row] for row in lines)
    return "\n".join(f"| {' | '.join(row)} |" for row in safe)


def fields(kind: Any) -> str:
    """The fields of a lesson, or of a section."""
    rows = ((f"`{name}`", each.about, each.write) for name, each in keys(kind).items())
    return table(("Field", "What it is", "How it is given"), rows)


def wished(layout: str, call: str = "await slide(wish)") -> str:
    """The code that shows a layout: its JSON as it stands in `slide`, and the call."""
    example = json.dumps(EXAMPLES[layout], ensure_ascii=False)  # type: ignore[index]
    if len(example) > WIDE:
        example = json.dumps(EXAMPLES[layout], ensure_ascii=False, indent=1)  # type: ignore[index]
    return f'wish = r"""\n{example}\n"""\n{call}'


def cells() -> list[Any]:
    """The cells, without what they print."""
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    here = {"tags": ["nbval-ignore-output"]}  # what this machine has
    made = [text(HEAD), text(f"## A lesson\n\n{fields(Lesson)}")]
    made += [text(f"## A section\n\n{fields(Section)}"), text(SLIDES), code(DRAW)]
    for layout in EXAMPLES:
        about = ABOUT[layout].replace("*", r"\*")  # an asterisk that is to be written is seen
        made.append(text(f"### `{layout}`: {about}"))
        if layout == "picture":
            made.append(text(f"```json\n{json.dumps(EXAMPLES[layout])}\n```\n\n{OWN_PICTURE}"))
        else:
            made.append(code(wished(layout)))
    made += [text(THEMES), code(wished("cards", 'await slide(wish, theme="light")'))]
    made += [code('await slide(wish, theme="dark")'), code('await slide(wish, accent="#b3261e")')]
    made += [text(VOICES), code(LIST_VOICES, metadata=here)]
    made += [text(PROVIDERS), code(LIST_PROVIDERS, metadata=here)]
    made += [text(page(Settings).replace("# ", "## "))]
    files = ((f"`{name}`", what) for name, what in FILES)
    made += [text(f"{OUTPUT}\n\n{table(('File', 'What it is'), files)}")]
    codes = ((str(number), what) for number, what in CODES)
    made += [text(f"## Exit codes\n\n{table(('Code', 'Meaning'), codes)}")]
    for number, cell in enumerate(made):
        cell.id = f"cell-{number}"
    return made


def main() -> None:
    """Write the notebook, and run it."""
    about = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    Path(WHOLE).write_text(
        nbformat.writes(nbformat.v4.new_notebook(cells=cells(), metadata=about)), "utf-8"
    )
    run_notebooks.run(NAME)


if __name__ == "__main__":
    main()
