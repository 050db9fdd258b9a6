"""Files of other tools that are near a lesson → a lesson, with what became of each key.

What a file means is seen by its shape: a list of objects under some key, long text in each of
them, words for a picture. `recognised` says it, `converted` writes the lesson. Nothing is guessed
in silence: each key that is used or left aside is told.
"""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..core.errors import Fault, LessonError
from .files import contents, parse

LISTS = ("sections", "beats", "scenes", "slides", "segments", "clips", "shots", "chapters", "steps",
         "frames", "items", "parts", "pages", "cards", "tracks")  # fmt: skip
SPOKEN = ("content", "narration", "script", "voiceover", "voice_over", "speech", "spoken", "text",
          "notes", "speaker_notes", "speakernotes", "transcript", "dialogue", "say", "caption",
          "body", "paragraph", "narration_text", "narracion", "locucion", "guion", "texto",
          "narracao", "texte", "sprechertext", "erzaehlung", "inhalt", "contenido", "conteudo",
          "contenu", "contenuto", "vo", "narrator", "audio", "line", "lines", "explanation",
          "explicacion", "explication", "erklaerung")  # fmt: skip
"""Names of a narration; the first before the next where there are several."""
SHOWN = ("image_description", "visual", "visuals", "image_prompt", "imageprompt", "visual_prompt",
         "visual_description", "scene_description", "illustration", "image_description_prompt",
         "picture", "prompt", "description", "on_screen", "onscreen", "descripcion_imagen",
         "descripcion", "descricao", "bildbeschreibung", "beschreibung", "image", "imagen",
         "imagem", "bild", "bullets", "bullet_points", "points", "key_points", "body", "video",
         "shot", "background", "on_screen_text")  # fmt: skip
"""Names of a picture's words."""
TITLES = ("title", "heading", "headline", "titulo", "titolo", "titre", "titel", "ueberschrift",
          "überschrift", "name", "topic", "subject", "tema", "thema", "sujet")  # fmt: skip
_TITLED = re.compile(
    r"(?<!sub)(?<!sous)(?<!unter)(?:title|heading|headline|tit[ou]lo|titre|titel)$"
)
"""The end of names such as "slide_title" and "presentationTitle"."""
SPEAKERS = ("speaker", "character", "who", "role", "name")
LANGUAGES = ("language", "lang", "locale", "idioma", "langue", "sprache")
_MOST_BYTES = 2_000_000
_MARKDOWN = re.compile(r"(?m)^#{1,3} +\S|^---[^\S\n]*$(?s:.*?)^---[^\S\n]*$")
_FENCE_OPENS = re.compile(r"```(?:json|JSON)?[^\S\n]*\n")
_FENCE_ENDS = re.compile(r"\n[^\S\n]*```")
_IS_MARKDOWN = "is Markdown, and no lesson yet"
_PUT_RIGHT = "quotes, commas, comments and names as in JavaScript, Python or Word were put right"
_WRITE = 'write {"sections": [{"image_description": "…", "content": "…"}]}'
_SENTENCE = re.compile(r"\S+(?:\s+\S+){3,}")
_FILE = re.compile(
    r"\S+\.(?:png|jpe?g|webp|gif|svg|mp3|wav|ogg|m4a|flac|mp4|mov|webm)|https?://\S+|data:\S+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Recognised:
    """What a file is taken for.

    key: the path of its list of sections ("beats", "timeline.tracks"); spoken, shown, title: the
    keys of each section's narration, picture and title, "" where there is none.
    """

    key: str
    spoken: str
    shown: str
    title: str
    sections: Sequence[Mapping[str, Any]]

    def __str__(self) -> str:
        each = [f"`{self.spoken}` is what is said"]
        if self.shown:
            each.append(f"`{self.shown}` what is shown")
        return f"a list of {len(self.sections)} under `{self.key}`, in which {', '.join(each)}"


@dataclass
class Conversion:
    """The lesson as JSON values, and a line for each key: what became of it."""

    lesson: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The lesson's file."""
        # a number that JSON does not have stays to be seen, and half a character as JSON writes it
        told = json.dumps(self.lesson, indent=2, ensure_ascii=False, default=lambda odd: odd.name)
        return told.encode(errors="backslashreplace").decode() + "\n"


def recognised(value: object) -> Recognised | None:
    """What a JSON value is taken for, None for nothing like a lesson."""
    found = [each for path, items in _lists(value) if (each := _taken(path, items))]
    return max(found, key=_likeness, default=None) or _one_narration(value)


def _one_narration(value: object) -> Recognised | None:
    """A narration in one piece: each of its paragraphs is taken for a section."""
    leaves = dict(_leaves(value)) if isinstance(value, Mapping) else {}
    key = _named({name for name in leaves if _speaks(leaves[name])}, SPOKEN)
    parts = re.split(r"\n\s*\n", _words(leaves[key]).strip()) if key else []
    return (
        Recognised(key, "content", "", "", [{"content": part} for part in parts]) if key else None
    )


def _likeness(found: Recognised) -> tuple[bool, bool, bool, int]:
    last = found.key.rpartition(".")[2].casefold()
    said = sum(len(_words(_value(each, found.spoken))) for each in found.sections)
    named = bool(_named({found.spoken}, SPOKEN))
    return (last in LISTS and named, last in LISTS, bool(found.shown), said)


def _lists(value: object) -> list[tuple[str, list[Any]]]:
    """Every list of objects in a value, with the names of the keys that lead to it. Those to which
    the same keys lead are one: the scenes of all chapters.
    """
    lists: dict[str, list[Any]] = {}
    others: list[tuple[str, list[Any]]] = []
    _gather(value, "", 0, lists, others)
    return [(path or "(the whole file)", items) for path, items in (*lists.items(), *others)]


def _gather(
    value: object,
    path: str,
    depth: int,
    lists: dict[str, list[Any]],
    others: list[tuple[str, list[Any]]] | None,
) -> None:
    """Put each list of objects within a value to `lists`, and what stands for one to `others`:
    objects that are numbered, or alike; None where enough of them have been looked at.
    """
    is_list = isinstance(value, list)
    several: list[object] = value if isinstance(value, list) else [value]
    objects = [each for each in several if isinstance(each, Mapping)]
    if is_list and 0 < len(objects) == len(several):
        lists.setdefault(path, []).extend(objects)
    if depth >= 6:
        return
    for index, each in enumerate(objects):
        wanted = others if index < 3 else None
        if wanted is not None and not is_list:
            wanted += [(path, items) for items in _like_a_list(each, path)]
        for key, inner in each.items():
            _gather(inner, f"{path}.{key}" if path else str(key), depth + 1, lists, wanted)


def _like_a_list(value: Mapping[str, Any], path: str) -> Iterator[list[Any]]:
    """The objects in an object that are numbered, and those that are alike in what they say."""
    numbered = [value[key] for key in sorted(value, key=_in_order) if str(key)[-1:].isdigit()]
    if len(numbered) == len(value) > 0 and all(isinstance(e, Mapping) for e in numbered):
        yield numbered
    values = [each for each in value.values() if isinstance(each, Mapping | list)]
    parts = [part for each in values for part in (each if isinstance(each, list) else [each])]
    if len(values) > 1 and parts and all(isinstance(part, Mapping) for part in parts):
        alike = set.intersection(*({str(key) for key in part} for part in parts))
        if _named(alike, SPOKEN) and path.rpartition(".")[2] != "message":
            yield parts


def _in_order(key: str) -> int:
    """The number at the end of a key: "2", "scene10"."""
    found = re.search(r"\d+$", str(key))
    return int(found[0][:9]) if found else 0


def _taken(path: str, items: Sequence[Mapping[str, Any]]) -> Recognised | None:
    leaves = [dict(_leaves(each)) for each in items]
    counts = Counter(name for each in leaves for name in each)
    usual = {name for name, count in counts.items() if 2 * count >= len(items)}
    worded = {name for name in usual if any(not _is_file(each.get(name)) for each in leaves)}
    spoken = _named(worded, SPOKEN) or _longest(usual, leaves)
    shown = _named(worded - {spoken}, SHOWN)
    # Few words are a narration too where the names of their keys say so.
    named = _named({spoken}, SPOKEN) and (shown or path.rpartition(".")[2].casefold() in LISTS)
    told = [each.get(spoken) for each in leaves]
    if not spoken or not any(_speaks(each) or (named and _words(each).strip()) for each in told):
        return None
    title = _title(usual - {spoken, shown})
    return Recognised(path, spoken, shown, title, items)


def _leaves(value: Mapping[str, Any], path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The values of an object by their keys, those of objects in it by "key.key"."""
    for key, inner in value.items():
        name = f"{path}{key}"
        single = isinstance(inner, list) and len(inner) == 1 and not _turns(inner)
        if single and isinstance(inner[0], Mapping):
            inner = inner[0]
        if isinstance(inner, Mapping) and depth < 3:
            yield from _leaves(inner, f"{name}.", depth + 1)
        else:
            yield name, inner


def _named(names: set[str], wanted: Sequence[str]) -> str:
    """The first of the `wanted` keys that is there, however it is spelt."""
    plain = {_plain(name): name for name in sorted(names, key=len, reverse=True)}
    for each in wanted:
        if found := plain.get(_plain(each)):
            return found
    ends = {_plain(name.rpartition(".")[2]): name for name in sorted(names, key=len, reverse=True)}
    return next((ends[_plain(each)] for each in wanted if _plain(each) in ends), "")


def _title(names: set[str]) -> str:
    """The key of a title, also where its name says of what it is one; "" for none."""
    titled = (name for name in sorted(names, key=len) if _TITLED.search(_plain(name)))
    return _named(names, TITLES) or next(titled, "")


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[^a-z0-9]", "", letters)


def _words(value: object) -> str:
    """The text of a value that is one, or a list of its lines or turns; "" of any other."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    if turns := _turns(value):
        return "\n".join(turn["text"] for turn in turns)
    return value if isinstance(value, str) else ""


def _turns(value: object) -> list[dict[str, str]]:
    """A dialogue as a lesson has it, where each object of a list names who speaks, and says what;
    [] of any other value.
    """
    turns: list[dict[str, str]] = []
    for each in value if isinstance(value, list) else ():
        given = each.items() if isinstance(each, Mapping) else ()
        texts = {key: text for key, text in given if isinstance(text, str) and text.strip()}
        who = _named(set(texts), SPEAKERS)
        said = _named(set(texts) - {who}, SPOKEN)
        if not who or not said:
            return []
        turns.append({"speaker": texts[who].strip(), "text": texts[said].strip()})
    return turns


def _is_file(value: object) -> bool:
    return value is None or bool(_FILE.fullmatch(_words(value).strip()))


def _speaks(value: object) -> bool:
    return bool(_SENTENCE.search(_words(value)))


def _longest(names: set[str], leaves: Sequence[Mapping[str, Any]]) -> str:
    """The key with the longest sentences, where no name tells which is spoken."""
    lengths = {
        name: sum(len(_words(each[name])) for each in leaves if _speaks(each.get(name)))
        for name in names
    }
    best = max(lengths, key=lambda name: lengths[name], default="")
    return best if best and lengths[best] else ""


def _value(each: Mapping[str, Any], name: str) -> Any:
    return dict(_leaves(each)).get(name) if name else None


# ── what a fault says ───────────────────────────────────────────────────────────────────────


def _command(name: str, path: Path) -> str:
    """What to type to have a lesson made of the file at `path`, beside it, as its names count."""
    new = path.with_suffix(".json")
    files = (path, new if new != path else path.with_name(f"{path.stem}-lesson.json"))
    typed = [shlex.quote(str(each)) if os.name == "posix" else f'"{each}"' for each in files]
    return f"vidkit {name} {' -o '.join(typed)}"


def other_format(value: object, path: Path) -> Fault | None:
    """The fault of a value that is no lesson of vidkit's, but of some other tool."""
    if isinstance(value, Mapping) and value.get("sections") is not None:
        return None
    found = recognised(value)
    if found is None:
        return None
    at_the_top = isinstance(value, Mapping) and "." not in found.key
    near = at_the_top and bool(get_close_matches(found.key, ["sections"]))
    near = near or found.key == "(the whole file)"
    if near and found.spoken == "content":
        return None
    return Fault(
        f"this is no lesson of vidkit's; it looks like {found}",
        f"write it as `sections`, or: {_command('convert', path)}",
    )


DRAFTED = {
    ".ipynb": "a notebook",
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".qmd": "Markdown",
    ".rmd": "Markdown",
    ".pptx": "a presentation",
    ".pdf": "a PDF",
}
"""What `vidkit draft` makes a lesson of, by the ends of names."""


def to_be_drafted(path: Path) -> Fault | None:
    """The fault of a file that is no lesson, and from which one can be drafted."""
    what = DRAFTED.get(path.suffix.lower())
    return Fault(f"this is {what}, and no lesson yet", _command("draft", path)) if what else None


def hint(data: bytes, fault: Fault, path: Path) -> Fault:
    """The fault of a file that is no JSON, or a better one where it holds a lesson all the same."""
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return fault
    found = converted(data, path) if len(data) < _MOST_BYTES else fault
    if isinstance(found, Fault):
        return found if found.problem.endswith(_IS_MARKDOWN) else fault
    if found.notes[0] == _PUT_RIGHT:
        return Fault(fault.problem, f"{fault.mend}, or: {_command('convert', path)}")
    mend = f"take the JSON out, or: {_command('convert', path)}"
    return Fault(f"{fault.problem} ({found.notes[0]})", mend)


def meant_by(key: str, unknown: Mapping[str, object]) -> str:
    """The unknown key of a section that likely means `key`, by what it is called; "" for none."""
    names = {name for name in unknown if len(name) <= 40 and name.casefold() != "description"}
    meant = {"content": SPOKEN, "image_description": SHOWN}.get(key, ())
    if found := _named(names, [name for name in meant if name != key]):
        return found
    return next(iter(get_close_matches(key, sorted(names), 1)), "")


# ── the lesson ──────────────────────────────────────────────────────────────────────────────


def convert_file(path: Path) -> Conversion:
    """The lesson that the file at `path` means. Raises `LessonError` where none can be seen in it,
    or it cannot be read.
    """
    made = converted(contents(path), path)
    if isinstance(made, Fault):
        raise LessonError(path, [made])
    return made


def converted(data: bytes, file: Path | str = "the file") -> Conversion | Fault:
    """The lesson that a file means, or the `Fault` that keeps it from being seen as one."""
    path, name = Path(file), Path(file).name
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16" if wide else "utf-8-sig", "replace")
    value, notes = _opened(text)
    if value is None:
        broken = parse(text.encode())
        if text.lstrip()[:1] in ("{", "[") and isinstance(broken, Fault):
            return broken
        if _MARKDOWN.search(text):
            deck = path.with_suffix(".md")
            mend = f"save it as {deck.name}, and: {_command('draft', deck)}"
            return Fault(f"{name} {_IS_MARKDOWN}", mend)
        return Fault(f"{name} is neither JSON nor Markdown with slides or headings", _WRITE)
    found = recognised(value)
    if found is None:
        return Fault(f"{name} holds no list of objects with sentences in them", _WRITE)
    return _from_json(value, found, notes)


def _opened(text: str) -> tuple[object, list[str]]:
    """The JSON value of a text, which may stand in a fence or in prose, or itself within JSON."""
    whole = parse(text.encode())
    if not isinstance(whole, Fault):
        inner = next((each for each in _texts(whole) if "{" in each or "[" in each), "")
        value, notes = _opened(inner) if inner else (None, [])
        if recognised(value):
            return value, [*notes, "the lesson stood as a text within the JSON"]
        return whole, []
    if isinstance(value := _put_right(text), Mapping | list):
        return value, [_PUT_RIGHT]
    if text.lstrip()[:6] in ("{&quot", "[{&quo") or text.lstrip()[:5] in ("{&#34", "[{&#3"):
        value, notes = _opened(html.unescape(text))
        return value, [*notes, "its marks were written as entities of HTML"]
    fence = _FENCE_OPENS.search(text)
    fence_end = _FENCE_ENDS.search(text, fence.end()) if fence else None
    inside = text[fence.end() : fence_end.start()] if fence and fence_end else ""
    if inside and not isinstance(value := parse(inside.encode()), Fault):
        return value, ["the JSON stood in a fence (```); what stood around it is left aside"]
    bare = text.lstrip()[:1]
    for opening, closing in ("{}", "[]"):
        start, end = text.find(opening), text.rfind(closing)
        # what stands within a broken value is a part of it, and no JSON with prose around it
        within = opening == "[" and "{" in text[:start]
        other = bare in ("{", "[") and bare != opening
        value = None if within or other else parse(text[start : end + 1].encode())
        if 0 <= start < end and value is not None and not isinstance(value, Fault):
            return value, ["prose stood around the JSON; it is left aside"]
    lines = [parse(line.encode()) for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(isinstance(each, Mapping) for each in lines):
        return lines, ["each line is a JSON object of its own"]
    return None, []


_TOKEN = re.compile(
    r"\"(?>(?:[^\"\\\n]|\\.)*)\"|'(?>(?:[^'\\\n]|\\.)*)'|[“”„](?>[^“”„\n]*)[“”]|//[^\n]*|/\*.*?\*/|"
    r"[A-Za-z_$][\w$]*|[^\w\"'“”„/]+|.",
    re.DOTALL,
)
_COLON = re.compile(r"\s*:")
_LITERALS = {"True": "true", "False": "false", "None": "null", "undefined": "null", "NaN": "null"}


def _put_right(text: str) -> object:
    """The value of JSON as JavaScript, Python and Word write it: names without quotes, single and
    curly quotes, comments, commas after the last item. A `Fault` where it is none either.
    """
    if text.lstrip()[:1] not in ("{", "[", "/"):
        return None
    pieces: list[str] = []
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token.startswith(("//", "/*")):
            continue
        if token[0] == "'" and len(token) > 1:
            token = json.dumps(re.sub(r"\\(['\"])", r"\1", token[1:-1]), ensure_ascii=False)
        elif token[0] in "“”„" and len(token) > 1:
            inner = re.sub(r'(\\.)|"', lambda part: part[1] or '\\"', token[1:-1])
            token = f'"{inner}"'
        elif token[0].isalpha() or token[0] in "_$":
            name = _COLON.match(text, found.end())
            token = json.dumps(token) if name else _LITERALS.get(token, token)
        pieces.append(token)
    strict = re.sub(
        r'("(?>(?:[^"\\]|\\.)*)")|,(\s*[}\]])', lambda found: found[1] or found[2], "".join(pieces)
    )
    return parse(strict.encode())


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    """The texts within a value that may hold a lesson of their own."""
    if isinstance(value, str):
        yield value
    elif depth < 5 and isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each, depth + 1)


def _from_json(value: object, found: Recognised, notes: list[str]) -> Conversion:
    if isinstance(value, list) and len(value) == 1 and found.key != "(the whole file)":
        value = value[0]
    top = dict(_leaves(value)) if isinstance(value, Mapping) else {}
    top = {
        name: each
        for name, each in top.items()
        if not f"{found.key}.".startswith(f"{name}.")
        and not name.startswith(f"{found.key}.")
        and (found.key != "(the whole file)" or ("." not in name and not isinstance(each, list)))
    }
    lesson: dict[str, Any] = {}
    made = Conversion(lesson, notes)
    notes.append(f"taken for {found}")
    # "name" may be a voice's where it stands within something that the sections do not stand in
    above = {name for name in top if f"{found.key}.".startswith(f"{name.rpartition('.')[0]}.")}
    flat = {name for name in top if "." not in name}
    titles = {name for name in top if _plain(name.rpartition(".")[2]) == "title"}
    for given, key in (
        (_title(flat) or _title(above) or _named(titles, TITLES), "title"),
        (_named(flat, LANGUAGES) or _named(set(top), LANGUAGES[:1]), "language"),
    ):
        if given and isinstance(top[given], str) and top[given].strip():
            lesson[key] = top.pop(given).strip()
            notes.append(f"`{given}` → `{key}`")
    if found.spoken == "content" and any("image_description" in each for each in found.sections):
        # vidkit's own, within something else: all that it says stays as it is
        around = _around(value, found.key)
        made.lesson = {**around, **lesson, "sections": list(found.sections)}
        within = f"{found.key.rpartition('.')[0]}."
        rest = [name.removeprefix(within) for name in _left(value, top, found)]
        _tell_left([name for name in rest if name.partition(".")[0] not in around], notes)
        return made
    lesson["sections"] = [_section(each, found, made) for each in found.sections]
    lesson["sections"] = [each for each in lesson["sections"] if each]
    _tell_rest(_left(value, top, found), found, notes)
    return made


def _around(value: object, path: str) -> dict[str, Any]:
    """What stands beside the list to which the keys of `path` lead, if they lead to one."""
    *above, last = path.split(".")
    for key in above:
        value = value.get(key) if isinstance(value, Mapping) else None
    beside = value.items() if isinstance(value, Mapping) else ()
    return {key: each for key, each in beside if key != last}


def _section(each: Mapping[str, Any], found: Recognised, made: Conversion) -> dict[str, Any]:
    leaves = dict(_leaves(each))
    spoken, shown = _words(leaves.get(found.spoken)), leaves.get(found.shown)
    if not spoken.strip():
        made.notes.append(f"a part without `{found.spoken}` is left out")
        return {}
    section: dict[str, Any] = {}
    title = leaves.get(found.title)
    if isinstance(title, str) and title.strip():
        section["title"] = title.strip()
    if isinstance(shown, list):
        shown = ". ".join(str(part) for part in shown)
    section["image_description"] = (
        shown.strip() if isinstance(shown, str) and shown.strip() else _first_sentence(spoken)
    )
    section["content"] = _turns(leaves.get(found.spoken)) or spoken.strip()
    return section


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?。])\s", " ".join(text.split()), maxsplit=1)[0][:300]


def _left(value: object, unused: Mapping[str, Any], found: Recognised) -> list[str]:
    """The keys of a file that come to nothing; those within one that came to something by path."""
    names: list[str] = []
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        within = [name for name in unused if name == key or name.startswith(f"{key}.")]
        leaves = dict(_leaves({key: inner}))
        whole = len(within) == len(leaves) and found.key.partition(".")[0] != key
        names += [str(key)] if whole else within
    return [*names, *_beside(value, found.key)]


def _beside(value: object, path: str) -> list[str]:
    """The keys of the objects, such as chapters, in whose lists the sections stand; by path."""
    level, names, done = [value], dict[str, None](), ""
    for part in path.split("."):
        objects = [each for each in level if isinstance(each, Mapping)]
        if len(objects) > 1:
            names |= {f"{done}{key}": None for each in objects for key in each if key != part}
        inner = [each[part] for each in objects if part in each]
        level = [one for each in inner for one in (each if isinstance(each, list) else [each])]
        done += f"{part}."
    return list(names)


def _tell_rest(top: Sequence[str], found: Recognised, notes: list[str]) -> None:
    """What became of each key, used or not."""
    used = [(found.spoken, "content"), (found.shown, "image_description"), (found.title, "title")]
    notes += [f"`{old}` of each part → `{new}`" for old, new in used if old and old != new]
    if not found.shown:
        notes.append("no words for the pictures: `image_description` is each part's first sentence")
    names = {name for each in found.sections for name, _ in _leaves(each)}
    _tell_left([*top, *sorted(names - {old for old, _ in used})], notes)


def _tell_left(left: Sequence[str], notes: list[str]) -> None:
    if left:
        notes.append(f"left aside: {', '.join(f'`{name}`' for name in left[:40])}")
