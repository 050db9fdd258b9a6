"""A corpus of what attacks, or merely mistreats, vidkit: its manifest, and how each item is made.

An item says what it tries and what must happen: "refused" (an error of vidkit's own, that names
the file), "made" (as if nothing were odd about it), or "either" (one of both, told in words). None
may lead to a traceback, to a wait without end, or to anything outside of its own folder. Items are
made in the test, so that no file is kept here that a scanner would take for what it looks like.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from made_media import picture, tone, wav

Must = Literal["refused", "made", "either"]
SECRET = b"a key of somebody's"
"""What stands in `private/id_rsa` beside the item's folder."""


@dataclass(frozen=True)
class Item:
    """name, what it tries, what must happen, and what makes it in a folder."""

    name: str
    tries: str
    must: Must
    make: Callable[[Path], Any]


def lesson(*sections: Any, **more: Any) -> Callable[[Path], None]:
    """A lesson of those sections, as JSON."""
    return raw(json.dumps({"sections": list(sections), **more}))


def section(content: Any = "A latch keeps a bit.", **more: Any) -> dict[str, Any]:
    """A section with that narration."""
    return {"image_description": "A latch", "content": content} | more


def raw(data: str | bytes, **files: bytes) -> Callable[[Path], None]:
    """A lesson of those very bytes, and files beside it."""

    def make(folder: Path) -> None:
        content = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        (folder / "lesson.json").write_bytes(content)
        for name, body in files.items():
            (folder / name.replace("__", ".")).write_bytes(body)

    return make


def linked(name: str, target: str, **more: Any) -> Callable[[Path], None]:
    """A lesson whose own file is a link."""

    def make(folder: Path) -> None:
        (folder / name).symlink_to(target)
        lesson(section(**more))(folder)

    return make


def special(folder: Path) -> None:
    """A pipe where a picture is named: who opens it would wait for ever."""
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.png")
    lesson(section(image="pipe.png"))(folder)


def huge_picture() -> bytes:
    """A PNG of 60,000 by 60,000 pixels in a few kilobytes, whose rows are not there."""
    data = bytearray(picture())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    return bytes(data)


BOMB = "&".join(f"w{n}" for n in range(400))
DEEP = '{"sections": ' + "[" * 100_000 + "]" * 100_000 + "}"
TAGS = "<script>alert(1)</script><img src=x onerror=alert(1)> </textarea><svg onload=alert(1)>"
OWN = {"image_description": "A latch", "content": "A latch keeps a bit."}

LESSONS = [
    Item("empty", "no bytes at all", "refused", raw("")),
    Item("blank", "nothing but spaces", "refused", raw(" \n\t ")),
    Item("binary", "a program for a lesson", "refused", raw(b"\x7fELF\0\0\0" * 99)),
    Item("nul", "NUL within the JSON", "refused", raw('{"sections": [\0]}')),
    Item("utf16", "another encoding", "either", raw('{"sections": []}'.encode("utf-16"))),
    Item("latin1", "bytes that are no UTF-8", "refused", raw(b'{"sections": ["\xe4\xff"]}')),
    Item(
        "bom",
        "a mark of byte order",
        "made",
        raw(b"\xef\xbb\xbf" + json.dumps({"sections": [OWN]}).encode()),
    ),
    Item("cut", "JSON that ends in its middle", "refused", raw('{"sections": [{"content": "A')),
    Item("two", "two documents in one file", "refused", raw('{"sections": []}{"sections": []}')),
    Item("deep", "100,000 brackets in each other", "refused", raw(DEEP)),
    Item(
        "deep objects", "objects in objects", "refused", raw('{"a":' * 50_000 + "1" + "}" * 50_000)
    ),
    Item("duplicate", "two keys of one name", "refused", raw('{"sections": [], "sections": []}')),
    Item("nan", "a number that is none", "refused", raw('{"sections": NaN}')),
    Item(
        "digits",
        "a number of 100,000 digits",
        "refused",
        raw('{"sections": ' + "9" * 100_000 + "}"),
    ),
    Item("exponent", "a number beyond all", "refused", raw('{"sections": 1e999999}')),
    Item(
        "surrogate",
        "half a sign",
        "either",
        raw('{"sections": [{"image_description": "x", "content": "\\ud800 latch"}]}'),
    ),
    Item("list", "no object", "refused", raw("[1, 2, 3]")),
    Item("string", "a text", "refused", raw('"sections"')),
    Item("no sections", "an empty list", "refused", lesson()),
    Item("sections are text", "a wrong type", "refused", raw('{"sections": "all"}')),
    Item("section is null", "a wrong type", "refused", lesson(None)),
    Item("content is a number", "a wrong type", "refused", lesson(section(3))),
    Item("content is empty", "nothing to say", "refused", lesson(section("  "))),
    Item(
        "prototype",
        "keys with a meaning elsewhere",
        "made",
        lesson(section(__proto__={"a": 1}, constructor=1)),
    ),
    Item(
        "dunder",
        "keys with a meaning in Python",
        "made",
        lesson(section(__class__="x", __init__="y")),
    ),
    Item(
        "format",
        "templates of many languages",
        "made",
        lesson(section("{0.__class__} %s %n ${HOME} {{7*7}} $(id) `id`")),
    ),
    Item(
        "shell",
        "a title that is a command",
        "made",
        lesson(section(title="; rm -rf / #"), title="$(touch ran) `touch ran` | touch ran"),
    ),
    Item(
        "html",
        "markup that acts in a page",
        "made",
        lesson(section("Look: " + TAGS + " there.", title=TAGS), title=TAGS),
    ),
    Item(
        "subtitles",
        "a cue within the text",
        "made",
        lesson(section("A latch.\n\n00:00:00.000 --> 99:59:59.999\nGone <c>away</c>.")),
    ),
    Item(
        "terminal",
        "escapes that a terminal obeys",
        "made",
        lesson(section(title="\x1b]0;gone\x07\x1b[2J red")),
    ),
    Item(
        "bidi",
        "letters that turn the line around",
        "made",
        lesson(section("A \u202eretal\u202c latch \u2066keeps\u2069 a bit.")),
    ),
    Item(
        "zalgo",
        "marks upon marks",
        "made",
        lesson(section("l" + "\u0301" * 3000 + "atch keeps a bit.")),
    ),
    Item(
        "zero width",
        "nothing to be seen between letters",
        "made",
        lesson(section("la\u200btch\ufeff keeps\u2060 a bit.")),
    ),
    Item(
        "typst",
        "commands of the typesetter",
        "made",
        lesson(section(title='#read("/etc/passwd") #import "x" \\ $', content="A #panic() latch.")),
    ),
    Item(
        "latex",
        "commands of LaTeX",
        "made",
        lesson(section("Where $\\input{/etc/passwd}\\write18{id}$ is, a latch keeps.")),
    ),
    Item(
        "latex loop",
        "a formula without an end",
        "made",
        lesson(section("So $" + "\\frac{1}{" * 300 + "x" + "}" * 300 + "$ it is.")),
    ),
    Item(
        "regex",
        "a text on which careless patterns hang",
        "made",
        lesson(section("a" * 5000 + "! " + "(" * 2000 + " <" * 2000 + " latch")),
    ),
    Item(
        "stars",
        "stars and ticks without an end",
        "made",
        lesson(section("*" * 4000 + " latch " + "`" * 4000)),
    ),
    Item("one word", "a word of 20,000 letters", "made", lesson(section("w" * 20_000))),
    Item("one line", "a title of 10,000 letters", "either", lesson(section(title="t" * 10_000))),
    Item("unknown key", "a key that nobody knows", "made", lesson(section(exec="rm"), run="rm")),
    Item(
        "say",
        "a pattern for a word",
        "made",
        lesson(section(say={"(a+)+$": "x", ".*": "y", "\\1": "\\g<0>"})),
    ),
    Item("language", "a path for a language", "refused", lesson(section(), language="../../etc")),
    Item(
        "voice",
        "a provider that costs, for a voice",
        "either",
        lesson(section(voice="openai:nova")),
    ),
    Item(
        "voice path", "a path for a voice", "either", lesson(section(voice="../../private/id_rsa"))
    ),
    Item(
        "slide",
        "a layout that is none",
        "either",
        lesson(section(slide={"layout": "../../x", "points": [TAGS]})),
    ),
    Item(
        "slide deep",
        "lists in lists on a slide",
        "either",
        lesson(section(slide={"layout": "points", "points": [[[["x"]]]]})),
    ),
    Item(
        "climb",
        "a picture outside of its folder",
        "refused",
        lesson(section(image="../private/id_rsa.png")),
    ),
    Item(
        "climb and back",
        "a way out and in again",
        "refused",
        lesson(section(image="../items/x.png")),
    ),
    Item(
        "absolute",
        "a picture by its whole path",
        "refused",
        lesson(section(image="/etc/passwd.png")),
    ),
    Item(
        "backslash",
        "a path of another system",
        "refused",
        lesson(section(image="..\\private\\id_rsa.png")),
    ),
    Item("device", "a device for a sound", "refused", lesson(section(audio="/dev/zero.wav"))),
    Item(
        "url",
        "a picture from the network",
        "refused",
        lesson(section(image="http://127.0.0.1:1/x.png")),
    ),
    Item(
        "ffmpeg",
        "a protocol of FFmpeg for a sound",
        "refused",
        lesson(section(audio="concat:private|x.wav")),
    ),
    Item(
        "nul in a name", "a name that ends early", "refused", lesson(section(image="x.png\0.png"))
    ),
    Item(
        "long name",
        "a name of 5,000 letters",
        "refused",
        lesson(section(image="x" * 5000 + ".png")),
    ),
    Item(
        "link",
        "a link out of the folder",
        "refused",
        linked("x.png", "../private/id_rsa", image="x.png"),
    ),
    Item(
        "link to a folder",
        "a folder that leads out",
        "refused",
        linked("x", "../private", image="x/id_rsa.png"),
    ),
    Item(
        "link to itself", "a link in a circle", "refused", linked("x.png", "x.png", image="x.png")
    ),
    Item("pipe", "a pipe for a picture", "refused", special),
    Item(
        "folder",
        "a folder for a picture",
        "refused",
        lambda f: ((f / "x.png").mkdir(), lesson(section(image="x.png"))(f)),
    ),
    Item(
        "not a picture",
        "text for a picture",
        "refused",
        raw(json.dumps({"sections": [section(image="x.png")]}), x__png=b"#!/bin/sh\ntouch ran\n"),
    ),
    Item(
        "playlist",
        "a playlist for a sound",
        "refused",
        raw(
            json.dumps({"sections": [section(audio="x.wav")]}),
            x__wav=b"#EXTM3U\nfile:///etc/passwd\n",
        ),
    ),
    Item(
        "picture bomb",
        "a picture of 3,600 million pixels",
        "refused",
        raw(json.dumps({"sections": [section(image="x.png")]}), x__png=huge_picture()),
    ),
    Item(
        "cut sound",
        "a sound that is half there",
        "refused",
        raw(json.dumps({"sections": [section(audio="x.wav")]}), x__wav=wav(tone(1.0))[:9000]),
    ),
    Item(
        "rate",
        "a sound of 4,000 million samples a second",
        "refused",
        raw(
            json.dumps({"sections": [section(audio="x.wav")]}),
            x__wav=wav(tone(0.1))[:24] + b"\xff" * 4 + wav(tone(0.1))[28:],
        ),
    ),
    Item(
        "not a number",
        "a sound of no numbers",
        "made",
        raw(
            json.dumps({"sections": [section(audio="x.wav")]}),
            x__wav=wav(np.full(9000, 0.0, np.float32)),
        ),
    ),
]

ENTRY = {"sha256": "0" * 64, "bytes": len(SECRET), "mtime_ns": 1}


def folder_with(part: str, content: Any) -> Callable[[Path], None]:
    """An output folder in which `part` is that: bytes, a link's target, or a list of files."""

    def make(folder: Path) -> None:
        path = folder / part
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.symlink_to(content)
        else:
            path.write_text(json.dumps(content))

    return make


def listing(*names: str) -> dict[str, Any]:
    """A list that claims files as vidkit's."""
    return {"vidkit": "2", "files": dict.fromkeys(names, ENTRY)}


def pipe(name: str) -> Callable[[Path], None]:
    """A pipe under that name: who opens it would wait for ever."""

    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        os.mkfifo(folder / name)

    return make


def claimed_video(folder: Path) -> None:
    """A video of somebody's, which a list of a stranger's claims with its true digest."""
    (folder / "final_video.mp4").write_bytes(mine := b"a video of my own")
    seal = hashlib.sha256(mine).hexdigest()
    entry = {"sha256": seal, "bytes": len(mine), "mtime_ns": 1, "proof": seal}
    folder_with(".vidkit.json", {"vidkit": "2", "files": {"final_video.mp4": entry}})(folder)


FOLDERS = [
    Item(
        "images is a link",
        "slides written elsewhere",
        "refused",
        folder_with("images", "../private"),
    ),
    Item(
        "audio is a link",
        "narrations written elsewhere",
        "refused",
        folder_with("audio", "../private"),
    ),
    Item(
        "clips is a link", "clips written elsewhere", "refused", folder_with("clips", "../private")
    ),
    Item("images is a file", "a file for a folder", "refused", folder_with("images", b"x")),
    Item(
        "video is a link",
        "a private file overwritten",
        "refused",
        folder_with("final_video.mp4", "../private/id_rsa"),
    ),
    Item(
        "video is somebody's",
        "a film of one's own overwritten",
        "refused",
        folder_with("final_video.mp4", b"mine"),
    ),
    Item(
        "report is a link",
        "a private file overwritten",
        "either",
        folder_with("report.json", "../private/id_rsa"),
    ),
    Item(
        "report is somebody's",
        "a report of one's own overwritten",
        "refused",
        folder_with("report.json", b'{"mine": 1}'),
    ),
    Item(
        "list is a link",
        "a private file read as a list",
        "either",
        folder_with(".vidkit.json", "../private/id_rsa"),
    ),
    Item(
        "list claims outside",
        "a private file renamed",
        "made",
        folder_with(".vidkit.json", listing("../private/id_rsa", "images/../../private/id_rsa")),
    ),
    Item(
        "list claims a video",
        "somebody's video overwritten",
        "made",
        claimed_video,
    ),
    Item(
        "list claims absolute",
        "a private file renamed",
        "made",
        folder_with(".vidkit.json", listing("/etc/passwd")),
    ),
    Item("list is deep", "a list in lists", "either", folder_with(".vidkit.json", b"[" * 90_000)),
    Item(
        "list is odd",
        "wrong types in a list",
        "made",
        folder_with(
            ".vidkit.json",
            {
                "vidkit": "2",
                "files": {"final_video.mp4": [1], "images/section-01.png": {"sha256": 3}},
            },
        ),
    ),
    Item("list is a pipe", "a wait without end", "refused", pipe(".vidkit.json")),
    Item("lock is a pipe", "a wait without end", "refused", pipe(".vidkit.lock")),
    Item(
        "list is a folder",
        "a folder for a list",
        "refused",
        lambda folder: (folder / ".vidkit.json").mkdir(),
    ),
    Item("picture is a pipe", "a wait without end", "refused", pipe("images/section-01.png")),
    Item(
        "lock is a link",
        "a lock set elsewhere",
        "either",
        folder_with(".vidkit.lock", "../private/id_rsa"),
    ),
    Item(
        "section is a link",
        "a picture through a link",
        "refused",
        folder_with("images/section-01.png", "../../private/id_rsa"),
    ),
]


def notebook(*cells: Any, **more: Any) -> Callable[[Path], None]:
    """A Jupyter notebook of those cells."""

    def make(folder: Path) -> None:
        content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)} | more
        (folder / "course.ipynb").write_text(json.dumps(content))

    return make


def markdown(source: Any, **more: Any) -> dict[str, Any]:
    """A cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": source} | more


def code(source: str, *outputs: Any) -> dict[str, Any]:
    """A cell of code with what it gave."""
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": list(outputs)}


def shown(kind: str, data: Any) -> dict[str, Any]:
    """An output of that kind."""
    return {"output_type": "display_data", "metadata": {}, "data": {kind: data}}


HEAD = (
    "# A latch\n\nA latch keeps a bit for as long as its gate is closed. It does so day and night."
)

NOTEBOOKS = [
    Item("no cells", "nothing in it", "refused", notebook()),
    Item(
        "not JSON",
        "half a notebook",
        "refused",
        lambda f: (f / "course.ipynb").write_text('{"cells": ['),
    ),
    Item(
        "deep",
        "brackets in each other",
        "refused",
        lambda f: (f / "course.ipynb").write_text("[" * 99_999),
    ),
    Item("cells is text", "a wrong type", "refused", notebook(cells="all")),
    Item("cell is null", "a wrong type", "either", notebook(None, markdown(HEAD))),
    Item("source is a number", "a wrong type", "either", notebook(markdown(3), markdown(HEAD))),
    Item("old format", "a notebook of version 2", "either", notebook(markdown(HEAD), nbformat=2)),
    Item(
        "code runs",
        "code that would act if it were run",
        "either",
        notebook(markdown(HEAD), code("import os; os.system('touch ran')")),
    ),
    Item(
        "attachment climbs",
        "a picture written elsewhere",
        "either",
        notebook(
            markdown(
                HEAD + "\n\n![x](attachment:../../private/x.png)",
                attachments={
                    "../../private/x.png": {"image/png": base64.b64encode(picture()).decode()}
                },
            )
        ),
    ),
    Item(
        "picture elsewhere",
        "a private file taken in",
        "either",
        notebook(
            markdown(
                HEAD + "\n\n![x](../private/id_rsa.png) ![y](/etc/passwd) ![z](file:///etc/passwd)"
            )
        ),
    ),
    Item(
        "picture is no base64",
        "rubbish for a picture",
        "either",
        notebook(markdown(HEAD), code("plot()", shown("image/png", "no base64 !!!"))),
    ),
    Item(
        "picture bomb",
        "a picture of 3,600 million pixels",
        "either",
        notebook(
            markdown(HEAD),
            code("plot()", shown("image/png", base64.b64encode(huge_picture()).decode())),
        ),
    ),
    Item(
        "html output",
        "markup that acts",
        "either",
        notebook(markdown(HEAD + TAGS), code("show()", shown("text/html", TAGS))),
    ),
    Item(
        "endless output",
        "a line of a million letters",
        "either",
        notebook(
            markdown(HEAD),
            code("print()", {"output_type": "stream", "name": "stdout", "text": "x" * 1_000_000}),
        ),
    ),
    Item(
        "link",
        "a notebook that is a link out",
        "either",
        lambda f: (f / "course.ipynb").symlink_to("../private/id_rsa"),
    ),
    Item(
        "dollars",
        "formulas that never end",
        "either",
        notebook(markdown(HEAD + "\n\n" + "$ a = " * 20_000), markdown("$$" * 9_999 + " x")),
    ),
    Item(
        "commands",
        "commands of LaTeX that call each other",
        "either",
        notebook(
            markdown(
                HEAD + r" $\newcommand{\a}{\b\b\b}\newcommand{\b}{\c\c\c}\newcommand{\c}{\a\a}$"
            ),
            markdown("$" + r"\a" * 500 + "$"),
        ),
    ),
    Item(
        "LaTeX output",
        "a formula of 200,000 fractions",
        "either",
        notebook(markdown(HEAD), code("f", shown("text/latex", "$" + "\\frac{" * 200_000))),
    ),
    Item(
        "marks",
        "marks that a rule looks for without end",
        "either",
        notebook(
            *(
                markdown(f"{HEAD}\n\n{sign * 2_000}")
                for sign in (
                    "{",
                    "[a]{.",
                    "==a",
                    ":a",
                    "`r f(",
                    "[@",
                    "![](",
                    "\\(",
                    "{a=",
                    "~~a ",
                    "**a\n",
                )
            )
        ),
    ),
    Item(
        "grid",
        "a table drawn with 10,000 lines",
        "either",
        notebook(markdown(HEAD + "\n\n" + "+---+---+\n| a | b |\n" * 5_000)),
    ),
    Item(
        "pipes",
        "a table of 5,000 columns",
        "either",
        notebook(markdown(f"{HEAD}\n\n{'|a' * 5_000}|\n{'|-' * 5_000}|\n{'|b' * 5_000}|")),
    ),
    Item(
        "marked sections",
        "marks of SGML that a parser of HTML gives up on",
        "either",
        notebook(
            markdown(HEAD + "\n\n<div>\n<![![x <![odd[y]]> <!ELEMENT <![\n</div>\n"),
            code("t", shown("text/html", "<table><tr><td>a<![ <![x[ <![CDATA[z]]><![if y]>")),
        ),
    ),
    Item(
        "spans",
        "cells over 999 rows and columns",
        "either",
        notebook(
            markdown(HEAD),
            code("t", shown("text/html", "<table>" + "<tr><td rowspan=999 colspan=999>x" * 5_000)),
        ),
    ),
    Item(
        "tables in tables",
        "3,000 of them",
        "either",
        notebook(markdown(HEAD), code("t", shown("text/html", "<table><tr><td>x" * 3_000))),
    ),
    Item(
        "bar",
        "a bar of progress of a million characters",
        "either",
        notebook(
            markdown(HEAD),
            code(
                "run()",
                {"output_type": "stream", "name": "stdout", "text": "\r 9%|#" * 90_000},
                {
                    "output_type": "stream",
                    "name": "stdout",
                    "text": "\x1b]8;;" * 90_000 + "\x08" * 9_000,
                },
            ),
        ),
    ),
    Item(
        "names of objects",
        "a text like an object's, again and again",
        "either",
        notebook(markdown(HEAD), code("x", shown("text/plain", "<a at 0x1> " * 40_000))),
    ),
    Item(
        "types",
        "wrong types wherever there are some",
        "either",
        notebook(
            markdown([1, None, HEAD], attachments=[1], id={"a": 1}),
            {"cell_type": ["code"], "source": {}, "metadata": 3},
            {"cell_type": "code", "source": HEAD, "outputs": {"a": 1}, "metadata": {"tags": "x"}},
            code("x", {"output_type": "execute_result", "data": {"image/png": {"a": 1}}}),
            code("x") | {"outputs": 1e300, "metadata": {"tags": 7}},
            code("x", {"output_type": "error", "ename": None, "evalue": [1]}),
            metadata={"kernelspec": [1], "language_info": {"name": ["a"]}, "title": {"b": 1}},
        ),
    ),
    Item(
        "title climbs",
        "a title that is a path",
        "either",
        notebook(
            markdown("# ../../private/id_rsa\n\n" + HEAD),
            metadata={"title": "../../private/id_rsa", "language_info": {"name": "../../private"}},
        ),
    ),
    Item(
        "signs",
        "signs that are not seen, or turn the text round",
        "either",
        notebook(
            markdown("# A\u202e\u0000\u200b latch\n\n" + HEAD + "\ufeff\u2066\x1b[2J\x07\ud83d")
        ),
    ),
    Item(
        "attributes",
        "pictures and lines that run something",
        "either",
        notebook(
            markdown(
                HEAD + "\n\n<img src=x onerror=alert(1)>![a](javascript:alert(1))"
                "<a href='file:///etc/passwd'>x</a><object data='../private/id_rsa'></object>"
                "![b](data:text/html,<script>alert(1)</script>) ![[../private/id_rsa]]\n\n"
                "```{include} ../private/id_rsa\n```\n\n"
                "```{literalinclude} ../private/id_rsa\n```\n\n"
                "```{image} ../private/id_rsa\n```\n\n<<< ../private/id_rsa"
            )
        ),
    ),
    Item(
        "magics",
        "programs that would act if they were run",
        "either",
        notebook(
            markdown(HEAD),
            code("%%bash\ntouch ran"),
            code("!touch ran"),
            code("%run ../private/id_rsa"),
            markdown(
                "Then `{code-cell} touch ran` and ```{eval-rst}\n.. raw:: html\n   :file: x\n```"
            ),
        ),
    ),
    Item(
        "many outputs",
        "100,000 outputs of one cell",
        "either",
        notebook(
            markdown(HEAD),
            code("x", *({"output_type": "stream", "name": "stdout", "text": "a\n"},) * 100_000),
        ),
    ),
    Item(
        "linked picture",
        "a picture that is a link out, in a folder that is one",
        "either",
        lambda f: (
            (f / "x.png").symlink_to("../private/id_rsa"),
            (f / "sub").symlink_to("../private"),
            notebook(markdown(HEAD + "\n\n![x](x.png) ![y](sub/id_rsa)"))(f),
        ),
    ),
]


def body(value: Any) -> Callable[[Path], Any]:
    """What a server answers in place of a picture, as JSON or as bytes."""
    return lambda folder: value


PICTURE = base64.b64encode(picture()).decode()

ANSWERS = [
    Item(
        "usage is null",
        "a field of no use",
        "made",
        body({"data": [{"b64_json": PICTURE}], "usage": None}),
    ),
    Item(
        "usage is huge",
        "a price beyond all",
        "made",
        body(
            {"data": [{"b64_json": PICTURE}], "usage": {"input_tokens": 1e300, "output_tokens": -1}}
        ),
    ),
    Item("data is an object", "another form", "made", body({"data": {"b64_json": PICTURE}})),
    Item(
        "data URL",
        "another form",
        "made",
        body({"data": [{"url": "data:image/png;base64," + PICTURE}]}),
    ),
    Item(
        "wrapped",
        "lines within base64",
        "made",
        body(
            {
                "data": [
                    {"b64_json": "\n".join(PICTURE[n : n + 60] for n in range(0, len(PICTURE), 60))}
                ]
            }
        ),
    ),
    Item("many", "10,000 pictures of nothing", "refused", body({"data": [{}] * 10_000})),
    Item("answer is null", "nothing", "refused", body(None)),
    Item("answer is a number", "a wrong type", "refused", body(7)),
    Item("answer is deep", "brackets in each other", "refused", body(b"[" * 50_000)),
    Item(
        "file URL",
        "a file of this machine",
        "refused",
        body({"data": [{"url": "file:///etc/passwd"}]}),
    ),
    Item(
        "inner URL",
        "an address of this machine that is not the server's",
        "refused",
        body({"data": [{"url": "http://127.0.0.1:1/latest"}]}),
    ),
    Item(
        "script",
        "a program for a picture",
        "refused",
        body({"data": [{"b64_json": base64.b64encode(b"#!/bin/sh\ntouch ran").decode()}]}),
    ),
    Item(
        "svg",
        "a drawing that acts",
        "refused",
        body({"data": [{"b64_json": base64.b64encode(TAGS.encode()).decode()}]}),
    ),
    Item(
        "picture bomb",
        "a picture of 3,600 million pixels",
        "refused",
        body({"data": [{"b64_json": base64.b64encode(huge_picture()).decode()}]}),
    ),
    Item(
        "cut picture",
        "a picture that ends in its middle",
        "refused",
        body({"data": [{"b64_json": base64.b64encode(picture()[:-200]).decode()}]}),
    ),
    Item(
        "error as text",
        "a sentence for an error",
        "refused",
        body({"error": "out of \x1b[2J memory\r\nSet-Cookie: x"}),
    ),
    Item(
        "error as a list",
        "a list for an error",
        "refused",
        body({"error": [{"message": ["x", {"y": 1}]}]}),
    ),
    Item("page", "a page for an answer", "refused", body(b"<html>" + TAGS.encode() + b"</html>")),
    Item("latin1", "bytes that are no UTF-8", "refused", body(b'{"data": "\xff\xfe\xe4"}')),
    Item(
        "digits",
        "a number of 100,000 digits",
        "refused",
        body(b'{"data": ' + b"9" * 100_000 + b"}"),
    ),
]
