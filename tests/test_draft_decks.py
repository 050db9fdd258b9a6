"""Decks of others in Markdown and HTML: what their tools write, and what they may not do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from made_media import picture

import vidkit
from vidkit.core.errors import LessonError
from vidkit.draft.course import new_lessons
from vidkit.slides.summary import statement


def saved(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def contents(lesson: vidkit.Lesson) -> list[str]:
    """What is said, without pauses."""
    return [section.content.partition(" [pause")[0] for section in lesson.sections]


def drafted(folder: Path, text: str, name: str = "deck.md") -> vidkit.Lesson:
    return vidkit.lesson_from(saved(folder, name, text))


def test_pages_of_a_deck_are_read_where_they_are_named(tmp_path: Path) -> None:
    """A page of Slidev stands in its slide's place, with its pictures beside it or in `public`, and
    says from which line of it a section is; hidden slides are left out.
    """
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "red.png").write_bytes(picture(1, (320, 200)))
    saved(tmp_path, "pages/one.md", "---\nlayout: x\n---\n\n# One\n\n![](/red.png)\n\nIt is red.\n")
    saved(tmp_path, "pages/two.md", "# Two\n\nSecond.\n\n---\n\n# Three\n\nThird.\n")
    deck = """---
theme: seriph
---

# Start

We begin.

---
src: ./pages/one.md
---

---
src: pages/two.md
---

---
hide: true
---

# Hidden

Nobody sees it.

---

# End

Bye.
"""
    lesson = drafted(tmp_path, deck)
    assert contents(lesson) == ["We begin.", "It is red.", "Second.", "Third.", "Bye."]
    assert [bool(section.image) for section in lesson.sections] == [False, True, *[False] * 3]
    assert lesson.sections[2].source == "pages/two.md lines 1, 3"


PAGES = {
    "outside": "../secret.md",
    "of the machine": "/etc/hostname",
    "that is not there": "pages/none.md",
    "of the network": "https://example.org/a.md",
    "that is a link": "link.md",
}


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_from_elsewhere_is_not_read(kind: str, tmp_path: Path) -> None:
    """Only a file inside the folder of the deck is a page of it; the note says which is not."""
    saved(tmp_path, "secret.md", "# Secret\n\nA key of somebody's.\n")
    (tmp_path / "deck").mkdir()
    (tmp_path / "deck" / "link.md").symlink_to(tmp_path / "secret.md")
    deck = f"---\ntheme: x\n---\n\n# A\n\nHere.\n\n---\nsrc: {PAGES[kind]}\n---\n"
    path = saved(tmp_path / "deck", "deck.md", deck)
    lessons, notes = new_lessons(path, tmp_path / "deck")
    assert contents(lessons[0]) == ["Here."]
    assert len(notes) == 1 and "is not read" in notes[0]


def test_a_page_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """What it has is told, and the rest of the deck is read."""
    os.truncate(saved(tmp_path, "page.md", "# Page\n"), 6_000_000)
    path = saved(
        tmp_path, "deck.md", "---\ntheme: x\n---\n\n# A\n\nHere.\n\n---\nsrc: page.md\n---\n"
    )
    (lesson,), (note,) = new_lessons(path, tmp_path)
    assert contents(lesson) == ["Here."]
    assert "page.md" in note and "6 MB" in note


@pytest.mark.parametrize(("name", "size"), [("notes.md", 50_000_001), ("deck.html", 5_000_001)])
def test_a_text_without_measure_is_told_and_not_held(name: str, size: int, tmp_path: Path) -> None:
    """A text, or a page, of more than it may have is refused by its name, with the mend."""
    path = saved(tmp_path, name, "# A\n")
    os.truncate(path, size)
    with pytest.raises(LessonError, match=rf"{name}.* MB; keep its pictures"):
        vidkit.lesson_from(path)


def test_pages_that_hold_each_other_end(tmp_path: Path) -> None:
    """A page that holds itself, through another, is read once."""
    saved(tmp_path, "a.md", "# A\n\nFirst.\n\n---\nsrc: b.md\n---\n")
    saved(tmp_path, "b.md", "# B\n\nSecond.\n\n---\nsrc: a.md\n---\n")
    lesson = drafted(tmp_path, "---\ntheme: x\n---\n\n# Start\n\nGo.\n\n---\nsrc: a.md\n---\n")
    assert contents(lesson) == ["Go.", "First.", "Second."]


HEAD = "---\nmarp: true\n---\n\n"
MARKS = {
    "a link that another slide defines": (
        "# A\n\nSee [the course][c].\n\n---\n\n# B\n\nBye.\n\n[c]:\n\thttps://example.org\n",
        "See the course.|Bye.",
    ),
    "notes in an aside": (
        '# A\n\nShown.\n\n<aside class="notes">\n\nI *say* it.\n\n</aside>\n\n---\n\n# B\n\nBye.\n',
        "I say it.|Bye.",
    ),
    "dashes right after a list": ("# A\n\n- one\n- two\n---\n# B\n\nBye.\n", "one. two.|Bye."),
    "marks of kramdown": (
        "# A {:.no_toc}\n\n* TOC\n{:toc}\n\nIt is so.{: .big}\n\n- one{:.red}\n- two\n",
        "It is so.\n\none. two.",
    ),
    "formulas of kramdown": ("# A\n\nLet \\\\( n\\_1 + 1 \\\\) be.\n", "Let $n_1 + 1$ be."),
    "a formula with an equals sign in braces": (
        "# A\n\n- $\\sum_{i=1}^N x$\n- Red {width=5}\n",
        "$\\sum_{i=1}^N x$. Red.",
    ),
    "commands outside of formulas": (
        "\\newcommand{\\E}{\\mathbb{E}}\n\\DeclareMathOperator{\\avg}{avg}\n\n# A\n\nOf $\\E[x]$.",
        "Of $\\mathbb{E}[x]$.",
    ),
    "a list in HTML": ("# A\n\n<ul><li>one</li><li><p>two</p></li></ul>\n", "one. two."),
    "a line that goes on after a break": (
        "# A\n\nIt is  \nso.  \nThen it ends.\n",
        "It is so. Then it ends.",
    ),
    "a pause of Quarto in a paragraph": (
        "# A\n\nIt is so.\n. . .\n\nOr not.\n",
        "It is so.\n\nOr not.",
    ),
    "dashes as marks": ("# A\n\nPages 3--4 of it---the book.\n", "Pages 3–4 of it — the book."),
    "a way back": ("# A\n\nHere.\n\n[[Back to start]{.button}](#start)\n", "Here."),
    "a break at the beginning": ("<br></br>\n# A\n\nHere.\n", "Here."),
    "items with commas": ("# A\n\n- it is red,\n- it is blue\n", "it is red, it is blue."),
    "an old heading in bold": ("# A\n\n##**Second**\n\nHere.\n", "Here."),
    "terms of a licence": (
        "> <p>Copyright 2022 Ann Smith.</p>\n> <p>Licensed under the Apache License, (the "
        '"License"); you may use it.</p>\n\n# A\n\nHere.\n',
        "Here.",
    ),
    "tables in HTML, of which one only lays out": (
        "# A\n\n<table><tr><th>Name</th></tr><tr><td>a</td></tr><tr><td>b</td></tr></table>\n\n"
        "# B\n\n<table><tr><td>Left it is</td><td>Right it is</td></tr></table>\n",
        "Name. a. b.|Left it is\n\nRight it is",
    ),
    "terms that are defined": ("# A\n\nPump\n: It lifts.\n", "Pump: It lifts."),
    "an old heading": ("# A\n\n##Second\n\nHere.\n", "Here."),
    "two formulas with a word between": (
        "# A\n\n$$a = 1$$ and $$b = 2$$\n",
        "$a = 1$\n\nand\n\n$b = 2$",
    ),
    "an address alone": ("# A\n\n- Look it up\n- https://example.org/x\n", "Look it up."),
    "slots of Slidev": ("# A\n\n::right::\nHere.\n:: note ::\n\n- one\n", "Here.\n\none."),
    "keys": ("# A\n\nPress <kbd>shift</kbd><kbd>space</kbd> now.\n", "Press shift space now."),
    "a picture in code": ("# A\n\nWrite `![](a.png)` here.\n", "Write `![](a.png)` here."),
    "who said it": ("# A\n\n> It is so.\n\n--- Ann\n", "It is so.\n\n— Ann"),
    "a formula in backticks": ("# A\n\n`$$ a = b $$`\n", "$a = b$"),
    "Markdown in HTML": ("# A\n\n<p>\nSee [this](a/b.md).\n</p>\n", "See this."),
    "a long heading": (
        f"# A\n\n## {'word ' * 40}\n\nHere.\n",
        f"{'word ' * 40}".strip() + "\n\nHere.",
    ),
}


@pytest.mark.parametrize("kind", MARKS)
def test_marks_of_decks_are_neither_said_nor_shown(kind: str, tmp_path: Path) -> None:
    """What the tools of decks write is understood as they do, or left out."""
    text, said = MARKS[kind]
    lesson = drafted(tmp_path, HEAD + text)
    assert contents(lesson) == said.split("|")
    assert not lesson.warnings


def test_no_formula_is_cut(tmp_path: Path) -> None:
    """A cell of a table, or a point, that is too long loses a formula as a whole."""
    long = "\\operatorname{cov}[X_i, Y_i] > 0"
    deck = f"""# A

| Sign | Meaning |
|------|---------|
| ${long}$ | {"above the mean of all the values " * 2}it is ${long}$ |

# B

The quantiles of a normal distribution $N(x) = G(x; x_0 = 0, s = 1)$ play an important role in it.
"""
    lesson = drafted(tmp_path, deck)
    row = lesson.sections[0].slide["table"][1]
    assert row[0] == f"${long}$"
    assert row[1].count("$") == 0 and row[1].endswith("…")
    point = statement(lesson.sections[1].content)
    assert point.count("$") % 2 == 0


def test_programs_that_an_author_hides_are_not_shown(tmp_path: Path) -> None:
    """`echo: false` of Quarto, and diagrams that nobody draws here, are left out with a note."""
    deck = """# A

Look.

```{r}
#| echo: false
plot(x)
```

```{r, include=FALSE}
setup()
```

```mermaid
graph TD
```

```{r}
#| label: b
##Mean
mean(x)
```
"""
    path = saved(tmp_path, "deck.qmd", deck)
    lessons, notes = new_lessons(path, tmp_path)
    assert [section.slide.get("code") for section in lessons[0].sections] == ["##Mean\nmean(x)"]
    assert notes == [
        "what programs make that are hidden is not in the file",
        "line 14: a diagram in mermaid is not drawn",
    ]


def test_programs_that_grow_are_shown_when_they_are_whole(tmp_path: Path) -> None:
    """Of the steps of a program that only gains lines the last is shown, and a changed one."""
    deck = """# Steps

We build it.

````md magic-move
```py
a = 1
```
```py
a = 1
b = 2
```
```py
a = 3
b = 2
```
````
"""
    lesson = drafted(tmp_path, f"---\ntheme: x\n---\n\n{deck}\n---\n\n# End\n\nBye.\n")
    codes = [section.slide.get("code") for section in lesson.sections]
    assert codes == ["a = 1\nb = 2", "a = 3\nb = 2", None]


def test_what_stands_on_a_slide_with_notes_keeps_its_order_and_labels(tmp_path: Path) -> None:
    """Lines and points come as they stand; the label of each of several programs is its title."""
    deck = """# A

First.

- second
- third

Last.

<!-- I speak. -->

---

# B

**Request**

```http
GET /a
```

**Response**

| Name | Size |
|------|------|
| a    | 1    |

<!-- I speak again. -->
"""
    lesson = drafted(tmp_path, HEAD + deck)
    first, *others = lesson.sections
    assert first.slide["points"] == ["First.", "second", "third", "Last."]
    assert [section.title for section in others] == ["B: Request", "Response"]
    assert contents(lesson)[1] == "I speak again."
    assert [section.slide["layout"] for section in others] == ["code", "table"]


SLIDEV = """---
theme: x
---

# A

First.

<!-- Nobody says this. -->

<div>Second.</div>
<!--
I speak.
-->

---
layout: two-cols
# where it is from
url: none

class: wide
---

# B

```js
a()
```

```js
b()
```
"""


def test_the_last_comment_of_a_slide_of_slidev_is_its_notes(tmp_path: Path) -> None:
    """Others are for the author; keys with comments among them are neither said nor shown, and
    nothing says a heading again over one program after the other.
    """
    lesson = drafted(tmp_path, SLIDEV)
    assert contents(lesson) == ["I speak.", "B"]
    assert lesson.sections[0].slide["points"] == ["First.", "Second."]
    assert lesson.sections[1].slide["code"] == "a()"


HEADED = "# A\n\n## B\n\n```r\nb()\n```\n\n## C\n\nText.\n"


@pytest.mark.parametrize(
    "head",
    ["format: revealjs", "format:\n  revealjs:\n    theme: x", "marp: true\nheadingDivider: 2"],
)
def test_slides_that_headings_divide_are_each_seen(head: str, tmp_path: Path) -> None:
    """In decks of Quarto, and of Marp where it says so; a program is shown also without words."""
    lesson = drafted(tmp_path, f"---\n{head}\n---\n\n{HEADED}")
    assert contents(lesson) == ["A", "B", "Text."]
    assert lesson.sections[1].slide["code"] == "b()"


def test_slides_of_reveal_without_notes_are_each_seen(tmp_path: Path) -> None:
    """Slides below one another make a text a deck, the comments of which are not said."""
    deck = (
        "# A\n\nText.\n\n--\n\n# B\n\n```r\nb()\n```\n\n<!-- not this -->\n\n---\n\n# C\n\nBye.\n"
    )
    assert contents(drafted(tmp_path, deck)) == ["Text.", "B", "Bye."]


def test_a_heading_that_says_the_same_again_is_said_once(tmp_path: Path) -> None:
    """The title of a slide does not repeat that of the part it begins."""
    lesson = drafted(tmp_path, "# DANGERS OF IT!\n\n## Dangers of it\n\nThey are few.\n")
    assert lesson.sections[0].title == "Dangers of it"


REVEAL = """<!doctype html><html lang="de"><head><title>Licht &amp; Farbe</title>
<script>var a = "<section>no</section>"; fetch("https://example.org")</script></head>
<body><div class="reveal"><div class="slides">
  <section>
    <h1>Licht</h1>
    <p>Licht ist <b>schnell</b>.</p>
    <aside class="notes"><p>Ich spreche vom Licht.</p></aside>
  </section>
  <!-- <section><h2>Fort</h2></section> -->
  <section>
    <section><h2>Farben</h2><ul><li class="fragment">Rot</li><li>Blau</li></ul>
      <img data-src="red.png"></section>
    <section><h2>Code</h2>
      <pre><code class="python" data-trim>
        def f(x):
            return x &lt; 2
      </code></pre>
      <script>alert("ran")</script>
    </section>
  </section>
  <section data-markdown><textarea data-template>
    ## Formel

    Es gilt $a + b$.

    ---

    ## Noch eine

    Note: Gesprochen.
  </textarea></section>
  <section data-markdown><script type="text/template">
    ## Skript

    Text im Skript.
  </script></section>
  <section data-markdown>
## Direkt

Text im Abschnitt.
<script>alert("ran")</script></section>
  <section data-visibility="hidden"><h2>Versteckt</h2></section>
  <section data-markdown="more.md"></section>
  <section data-markdown="../more.md"></section>
</div></div></body></html>
"""


def test_slides_of_reveal_in_html_are_read(tmp_path: Path) -> None:
    """Sections, and those below one another, are slides; an aside is what is said; Markdown within
    one, or beside the page, is read; no script runs, is shown, or is said.
    """
    (tmp_path / "red.png").write_bytes(picture(1, (320, 200)))
    saved(tmp_path, "more.md", "## Mehr\n\nVon nebenan.\n")
    lesson = drafted(tmp_path, REVEAL, "deck.html")
    assert (lesson.title, lesson.language) == ("Licht & Farbe", "de")
    assert [section.title for section in lesson.sections] == [
        *("Licht", "Farben", "Code", "Formel", "Noch eine", "Skript", "Direkt", "Mehr")
    ]
    assert contents(lesson) == [
        *("Ich spreche vom Licht.", "Rot. Blau.", "Code", "Es gilt $a + b$.", "Gesprochen."),
        *("Text im Skript.", "Text im Abschnitt.", "Von nebenan."),
    ]
    assert lesson.sections[1].image
    assert lesson.sections[2].slide["code"] == "def f(x):\n    return x < 2"
    assert lesson.sections[2].source == "slide 3"
    assert not lesson.warnings


HOSTILE = {
    "no slides": "<html><body><p>Hello.</p></body></html>",
    "only a script": '<div class="slides"><section><script>alert(1)</script></section></div>',
    "nothing": "",
    "tags that never end": '<div class="slides"><section>' + "<script" * 20_000,
    "comments that never end": '<div class="slides"><section>' + "<!--" * 20_000,
    "marked sections": '<div class="slides"><section><![![ <![odd[x]]></section></div>',
    "what never ends": '<div class="slides">' + "<section><pre><code>" * 5_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_page_without_slides_is_told_in_words(kind: str, tmp_path: Path) -> None:
    """A page with nothing to say is refused by its name, however it is written."""
    with pytest.raises(LessonError, match=r"deck\.html"):
        drafted(tmp_path, HOSTILE[kind], "deck.html")
