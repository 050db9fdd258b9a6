"""How sure is speech of what it rewrites? The rules run over large ordinary prose.

Usage: python tests/bench/prose.py FOLDER [en|fr|de|es …] [--sample 400] [--seed 14] [--all FILE]

The prose is what Debian packages ship: a Bible with its verses, an encyclopaedia, dictionaries,
quotations, books on politics, manuals, technical standards. Packages are fetched by name into
FOLDER, once, with `apt-get download`. Every rewriting is listed with what stands around it; a
sample is drawn with a seed, and looked up in the verdicts beside this file
(`prose_verdicts.tsv`: language, right or wrong, what stands before, what is written, what is said,
what stands after). New ones are printed for somebody to judge.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

from vidkit.text.markup import MappedText
from vidkit.text.speech import spoken

VERDICTS = Path(__file__).with_name("prose_verdicts.tsv")
AROUND = 45
"""Characters of context on each side."""


@dataclass(frozen=True)
class Source:
    """Files of a Debian package, and how they are read."""

    package: str
    files: str
    kind: str
    most: int = 400_000
    """Words that are taken."""


SOURCES = {
    "en": (
        Source("bible-kjv-text", "usr/lib/bible.data", "bible", 150_000),
        Source("dict-foldoc", "usr/share/dictd/foldoc.dict.dz", "dict", 400_000),
        Source("dict-jargon", "usr/share/dictd/jargon.dict.dz", "dict"),
        Source("dict-devil", "usr/share/dictd/devil.dict.dz", "dict"),
        Source("dict-elements", "usr/share/dictd/elements.dict.dz", "dict"),
        Source("fortunes", "usr/share/games/fortunes/*", "fortunes"),
        Source("anarchism", "usr/share/doc/anarchism/html/*.html", "html", 400_000),
        Source("debian-reference-en", "usr/share/debian-reference/ch*.en.html", "html"),
        Source("debian-handbook", "usr/share/doc/debian-handbook/html/en-US/*.html", "html"),
        # Debian ships no RFCs, which nobody may change; these are written as they are
        Source("debian-policy", "usr/share/doc/debian-policy/[fp]*/*.html", "html"),
        Source("gnu-standards", "usr/share/doc/gnu-standards/*.html", "html"),
    ),
    "fr": (
        Source("debian-handbook", "usr/share/doc/debian-handbook/html/fr-FR/*.html", "html"),
        Source("debian-reference-fr", "usr/share/debian-reference/ch*.fr.html", "html"),
        Source("debian-faq-fr", "usr/share/doc/debian/FAQ/fr/*.html", "html"),
    ),
    "de": (
        Source("fortunes-de", "usr/share/games/fortunes/de/*", "fortunes", 200_000),
        Source(
            "debian-handbook", "usr/share/doc/debian-handbook/html/de-DE/*.html", "html", 150_000
        ),
        Source("debian-reference-de", "usr/share/debian-reference/ch*.de.html", "html", 100_000),
    ),
    "es": (
        Source("fortunes-es", "usr/share/games/fortunes/es/*", "fortunes", 200_000),
        Source(
            "debian-handbook", "usr/share/doc/debian-handbook/html/es-ES/*.html", "html", 150_000
        ),
        Source("debian-reference-es", "usr/share/debian-reference/ch*.es.html", "html", 100_000),
    ),
}


@dataclass(frozen=True)
class Change:
    """One rewriting with what stands around it."""

    language: str
    before: str
    written: str
    said: str
    after: str

    def row(self, verdict: str = "") -> str:
        """A line of the file of verdicts."""
        return "\t".join([self.language, verdict, self.before, self.written, self.said, self.after])

    def __str__(self) -> str:
        return f"{self.before}⟦{self.written}→{self.said}⟧{self.after}"


# ── the prose ───────────────────────────────────────────────────────────────────────────────


def unpacked(package: str, folder: Path) -> Path:
    """The files of a package, fetched by its name where they are not there yet."""
    home = folder / package
    if not home.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
        (archive,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, home], check=True)
    return home


def paragraphs(source: Source, folder: Path) -> Iterator[str]:
    """The paragraphs of a source, each with its words on one line."""
    home, words = unpacked(source.package, folder), 0
    for path in sorted(home.glob(source.files)):
        if path.is_dir() or path.suffix in (".dat", ".u8"):
            continue
        for text in READERS[source.kind](path, folder):
            line = " ".join(text.split())
            words += line.count(" ") + 1 if line else 0
            if line and is_prose(line):
                yield line
            if words > source.most:
                return


def is_prose(line: str) -> bool:
    """Whether most signs are letters and digits; pictures drawn with characters are no prose."""
    signs = line.replace(" ", "")
    return sum(map(str.isalnum, signs)) >= 0.6 * len(signs)


def _bible(path: Path, folder: Path) -> Iterator[str]:
    reader = unpacked("bible-kjv", folder) / "usr/bin/bible"
    command = [reader, "-p", path.parent, "gen1:1-rev22:21"]
    verses = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    yield from verses.stdout.splitlines()


def _dict(path: Path, folder: Path) -> Iterator[str]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    # braces are the dictionary's own marks of a reference
    yield from re.split(r"\n\s*\n|\n(?=\S)", text.translate({ord("{"): "", ord("}"): ""}))


def _fortunes(path: Path, folder: Path) -> Iterator[str]:
    text = path.read_bytes().decode("utf-8", "replace")
    for saying in re.split(r"(?m)^%.*$", text):
        yield from re.split(r"\n\s*\n", saying)


def _rst(path: Path, folder: Path) -> Iterator[str]:
    yield from re.split(r"\n\s*\n", path.read_text("utf-8", "replace"))


class _Prose(HTMLParser):
    """The text of paragraphs, items and cells; not that of listings."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = [""]
        self.off = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.off += tag in ("pre", "script", "style", "head")
        if tag in ("p", "li", "dd", "dt", "td", "div", "h1", "h2", "h3", "br"):
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.off -= tag in ("pre", "script", "style", "head")
        if tag in ("p", "li", "dd", "dt", "td", "div", "h1", "h2", "h3"):
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if self.off <= 0:
            self.found[-1] += data


def _html(path: Path, folder: Path) -> Iterator[str]:
    parser = _Prose()
    parser.feed(path.read_text("utf-8", "replace"))
    yield from parser.found


READERS = {"bible": _bible, "dict": _dict, "fortunes": _fortunes, "html": _html, "rst": _rst}

# ── what is rewritten ───────────────────────────────────────────────────────────────────────


def rewritings(language: str, text: str) -> list[Change]:
    """Every rewriting of a paragraph."""
    said = spoken(text, language)
    return [
        Change(
            language,
            text[max(0, start - AROUND) : start],
            text[start:end],
            said.text[first:last],
            text[end : end + AROUND],
        )
        for start, end, first, last in changes(text, said)
    ]


def changes(written: str, said: MappedText) -> list[tuple[int, int, int, int]]:
    """Where a text is handed over otherwise than it is written: (start, end) in `written`, and
    (start, end) in what is said, whole words each. Spaces count as equal to line ends.
    """
    found: list[list[int]] = []
    at = last = 0
    kept = [*_kept(written, said), (len(written), len(said.text))]
    for place, end in kept:
        if written[last:place].strip() or said.text[at:end].strip():
            near = found and not written[found[-1][1] : last].count(" ")
            if near:
                found[-1][1::2] = [place, end]
            else:
                found.append([last, place, at, end])
        last, at = place + 1, end + 1
    for each in found:
        while each[0] and each[2] and written[each[0] - 1] == said.text[each[2] - 1] != " ":
            each[0], each[2] = each[0] - 1, each[2] - 1
        while (
            each[1] < len(written)
            and written[each[1] : each[1] + 1].isalnum()
            and (written[each[1]] == said.text[each[3] : each[3] + 1])
        ):
            each[1], each[3] = each[1] + 1, each[3] + 1
    return [(start, end, first, final) for start, end, first, final in found]


def _kept(written: str, said: MappedText) -> Iterator[tuple[int, int]]:
    """The characters that are said as written: their places in both, which both rise."""
    reached = -1
    for at, (character, place) in enumerate(zip(said.text, said.origin, strict=True)):
        same = character == written[place] or (character.isspace() and written[place].isspace())
        if same and place > reached:
            reached = place
            yield place, at


def measured(language: str, folder: Path) -> tuple[int, float, list[Change]]:
    """Words that were read, the seconds that speech took, and every rewriting."""
    lines = [line for source in SOURCES[language] for line in paragraphs(source, folder)]
    words = sum(line.count(" ") + 1 for line in lines)
    began = time.process_time()
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(partial(rewritings, language), lines, chunksize=500))
    return words, time.process_time() - began, [change for each in found for change in each]


def verdicts() -> dict[str, str]:
    """The verdict on each rewriting that somebody has judged."""
    if not VERDICTS.is_file():
        return {}
    rows = (line.split("\t") for line in VERDICTS.read_text("utf-8").splitlines() if line)
    return {"\t".join([row[0], *row[2:]]): row[1] for row in rows}


def sampled(found: Iterable[Change], most: int, seed: int) -> list[Change]:
    """A random sample that a new rule changes only where it changes a rewriting: those with the
    smallest digests.
    """
    return sorted(found, key=lambda change: _digest(change, seed))[:most]


def _digest(change: Change, seed: int) -> str:
    told = "\t".join([change.language, change.before, change.written, change.said, change.after])
    return hashlib.sha256(f"{seed}{told}".encode()).hexdigest()


def report(language: str, sample: Iterable[Change]) -> bool:
    """Prints what is known of a sample; whether all of it is judged and 99.5 % are right."""
    known = verdicts()
    judged = Counter[str]()
    for change in sample:
        verdict = known.get(change.row().replace("\t\t", "\t", 1), "")
        judged[verdict or "not judged"] += 1
        if verdict != "right":
            print(f"  {verdict or '?'}: {change}")
    right = judged["right"] / max(1, judged["right"] + judged["wrong"])
    print(f"  {dict(judged)}, {100 * right:.2f} % of the judged are right")
    return not judged["not judged"] and right >= 0.995


def main() -> int:
    """0 where every language holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("languages", nargs="*", default=list(SOURCES))
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--all", type=Path, help="a file for every rewriting")
    asked = parser.parse_args()
    held = True
    for language in asked.languages:
        words, _, found = measured(language, asked.folder)
        print(f"{language}: {words:,} words, {len(found):,} rewritings")
        if asked.all:
            lines = "\n".join(change.row("?") for change in found)
            asked.all.with_suffix(f".{language}.tsv").write_text(lines, "utf-8")
        held = report(language, sampled(found, asked.sample, asked.seed)) and held
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
