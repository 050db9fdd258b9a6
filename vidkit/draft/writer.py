"""A draft rewritten for the ear by a chat model, section by section, where somebody asks for it.

Each section is one request, through the provider's gate, the store, the budgets and the ledger,
as pictures and voices are; an answer is checked against its schema, and mended once at most. The
text as it was drafted is kept beside, in the section's `$draft`, and can be taken back. Numbers
and names that do not stand in the source are named in the section's `$check`.
"""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

from ..core import loop
from ..core.errors import Damaged, Fault, LessonError, ProviderError, Unreachable
from ..core.loop import run_in_thread, run_to_end
from ..core.paths import write_whole
from ..forecasting.plan import Calls, Plan
from ..models.files import contents
from ..models.lesson import json_schema
from ..models.reading import read_lesson
from ..models.settings import Settings
from ..pipeline.run import budgets_of, gate_of, in_use, store_of, use
from ..providers.base import WriteAsk, Writer, Written, calling, checked_result, unkeepable
from ..providers.conversation import price
from ..providers.limiter import UNCONFIRMED_TRIES
from ..providers.registry import writer_maker
from ..providers.service_voice import together
from ..slides.override import prompt_page
from ..store import Store, cache_key
from ..store.ledger import Budget
from .sections import Draft

T = TypeVar("T")

LAYOUTS = ("as it is", "points", "steps", "cards", "compare", "timeline", "statement")
"""What a writer may make of the slide of a section that shows words; other slides stay."""

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "content": {"type": "string", "description": "What is said, word for word."},
        "layout": {"type": "string", "enum": list(LAYOUTS)},
        "points": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["content", "layout", "points"],
    "additionalProperties": False,
}

INSTRUCTIONS = """\
You rewrite one section of a lesson so that it is good to listen to. It becomes a narrated slide.

- Rewrite `content` only: short spoken sentences, in the language it is in, for somebody who hears
  it once. Keep every fact, number, name and formula; add none. Do not greet, and do not say what
  comes next. Keep it about as long as it is.
- `shown` is what the slide shows while it is said: speak of that, and do not read it out.
- If `shown` is null, choose a `layout` for the slide and write its `points`: 2 to 6, each of 2 to 7
  words; in "cards", "compare" and "timeline" a name and what is said of it, divided by ": ".
  Otherwise answer "as it is" and no points.
- Mathematics stays between dollar signs, code between backticks. No other marks.
Answer with JSON only: {"content": "…", "layout": "…", "points": ["…"]}"""

DATA = Path(__file__).with_suffix(".json")
"""Two lessons that show what the format is, numbers as words of some languages ("one" is none: it
says something else more often), and words that begin sentences and are no names.
"""
_STORED = "writing"


@dataclass(frozen=True)
class Rewriting:
    """What a writer is to do: the drafts, who writes, and under which settings."""

    drafts: Sequence[Draft]
    maker: Writer
    settings: Settings

    @classmethod
    def of(
        cls, drafts: Sequence[Draft], writer: str | Writer, settings: Settings | None = None
    ) -> Rewriting:
        """As `writer` names it. Raises `ProviderMissing`, `SettingsError`."""
        return cls(drafts, writer_maker(writer), settings or Settings())

    def plan(self) -> Plan:
        """What it would ask and cost, before it does: nothing is sent."""
        store = store_of(self.settings)
        asks = [ask for draft in self.drafts for ask in _asks(draft)]
        kept = sum(store.find(_key(self.maker, ask)) is not None for ask in asks)
        prices = [self.price(ask) for ask in asks if store.find(_key(self.maker, ask)) is None]
        # each answer may be asked for once more
        dollars = None if None in prices else 2 * float(sum(each or 0.0 for each in prices))
        calls = Calls(
            "section",
            self.maker.name,
            len(prices),
            kept,
            dollars,
            getattr(self.maker, "priced", None),
            getattr(self.maker, "latency", 0.0),
        )
        seconds = len(prices) * calls.seconds / max(1, self.settings.section_workers)
        return Plan(len(self.drafts), len(asks), (calls,), seconds, self.settings.section_workers)

    def price(self, ask: WriteAsk) -> float | None:
        """What one request may cost in dollars at most; None where nobody knows."""
        return price(self.maker, ask)

    def run(self) -> list[Draft]:
        """The drafts with their sections rewritten. A section whose writer failed, or that does
        not fit in a budget, stays as it is, with a note that says why.
        """
        return loop.run(self._run())

    async def _run(self) -> list[Draft]:
        store = await run_in_thread(store_of, self.settings)
        maker = cast(Any, self.maker)
        gate = gate_of("writer", maker)
        work = _Work(self, store, gate, budgets_of(self.settings, "writing"))
        end = use(gate, maker, self.settings, True)
        try:
            async with in_use([maker]):
                return [await work.draft(draft) for draft in self.drafts]
        finally:
            end()


@dataclass(frozen=True)
class _Work:
    """A rewriting that goes on."""

    what: Rewriting
    store: Store
    gate: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
    budgets: tuple[Budget, ...]

    async def draft(self, draft: Draft) -> Draft:
        """The draft, its sections asked for side by side."""
        places = asyncio.Semaphore(max(1, self.what.settings.section_workers))
        notes: list[str] = []

        async def one(number: int, section: dict[str, Any], ask: WriteAsk) -> dict[str, Any]:
            async with places:
                try:
                    answer = await self.answer(draft, ask, section)
                except ProviderError as error:
                    notes.append(f"section {number} stays as it was drafted: {error}")
                    return section
            return _rewritten(section, answer, "\n".join(_texts(draft.data)))

        sections = draft.data["sections"]
        pairs = zip(sections, _asks(draft), strict=True)
        made = await together(one(n, s, a) for n, (s, a) in enumerate(pairs, start=1))
        data = {**draft.data, "sections": list(made)}
        return replace(draft, data=data, notes=(*draft.notes, *sorted(notes)))

    async def answer(
        self, draft: Draft, ask: WriteAsk, section: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A sound answer: from the store, or asked for and kept; mended once at most. Raises
        `ProviderError`.
        """
        maker, store = self.what.maker, self.store
        key = await run_in_thread(_key, maker, ask)
        async with store.holding(key):
            kept = await run_in_thread(store.find, key)
            if kept is not None:
                text = (kept.path.read_bytes() if kept.data is None else kept.data).decode()
                if isinstance(found := _checked(text, section), dict):
                    return found
            if self.what.price(ask) != 0 and store.broken:
                raise unkeepable(maker.name, store.broken)
            for _ in range(2):
                request = partial(self.request, draft, key, ask)
                written = checked_result(maker, await maker.write(ask, request), Written)
                found = _checked(written.text, section)
                if isinstance(found, dict):
                    about = {"kind": _STORED, "provider": maker.name}
                    data = written.text.encode()
                    await run_to_end(run_in_thread(store.hold, key, data, ".json", about))
                    return found
                ask = replace(ask, answer=written.text, mended=found)
        raise ProviderError(f"{maker.name}'s answer cannot be used: {found}")

    async def request(
        self, draft: Draft, key: str, ask: WriteAsk, send: Callable[[], Awaitable[T]]
    ) -> T:
        """Pass the gate, reserve, send, and write down what came of it. What may have been paid is
        sent once more at most, unless it was the answer that was damaged.
        """
        dollars, lost = self.what.price(ask), 0

        async def attempt() -> T:
            nonlocal lost
            reserve = partial(
                self.store.journal.reserve,
                run=None,
                key=key,
                kind=_STORED,
                provider=self.what.maker.name,
                lesson=draft.name,
                dollars=dollars,
                budgets=self.budgets,
            )
            reservation = None if dollars == 0 else await run_in_thread(reserve)
            try:
                answer = await send()
            except BaseException as error:
                if reservation is not None:
                    sure = isinstance(error, ProviderError) and not error.owed
                    ending = reservation.failed if sure else reservation.unconfirmed
                    if (
                        not sure
                        and isinstance(error, Unreachable)
                        and not isinstance(error, Damaged)
                    ):
                        lost += 1
                        error.again = error.again and lost < UNCONFIRMED_TRIES
                    await run_to_end(run_in_thread(ending))
                raise
            if reservation is not None:
                cost = answer.cost if isinstance(answer, Written) else None
                await run_to_end(run_in_thread(reservation.paid, cost))
            return answer

        found: T = await self.gate(attempt)
        return found


def take_back(path: Path, numbers: Sequence[int]) -> list[int]:
    """Put the text of sections, counted from 1, back as it was before it was rewritten; gives
    those that were. Raises `LessonError` where the lesson cannot be read.
    """
    written = contents(path)
    read_lesson(written, path)
    data = json.loads(written.decode("utf-8-sig"))
    back = []
    for number, section in enumerate(data["sections"], start=1):
        before = unrewritten(section) if number in numbers else None
        if before is not None:
            data["sections"][number - 1] = before
            back.append(number)
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    write_whole(path, [text.encode("utf-8", "surrogatepass")], "another copy of the lesson")
    return back


def unrewritten(section: Mapping[str, Any]) -> dict[str, Any] | None:
    """A section, as JSON, with the text that it had before it was rewritten; None where nobody
    rewrote it.
    """
    before = section.get("$draft")
    if not isinstance(before, dict):
        return None
    made = ("$draft", "$check", "slide")
    return {key: value for key, value in section.items() if key not in made} | before


def new_facts(text: str, source: str) -> list[str]:
    """The numbers and names of `text` that do not stand in `source`, in their order. Numbers are
    also looked for as words, of some languages; a name that begins a sentence is known by what
    follows it. What is doubtful is named: somebody looks at it.
    """
    openers = _data()["openers"].split()
    numbers = {w: n for n, words in _data()["numbers"].items() for w in words.split()}
    known = {_bare(match[0]) for match in _WORD.finditer(_normal(source))}
    text = _normal(text)
    found = []
    for match in _WORD.finditer(text):
        word, bare = match[0], _bare(match[0])
        number = numbers.get(bare) or (re.search(r"[^\W\d_]", word) is None or word[0].isdigit())
        begins = re.search(r"(?:^|[.!?:]\s+|\n\s*)[\W_]*$", text[: match.start()])
        name = re.search(r"(?<=.)[^\W\d_a-z]", word) and word.lower() != word
        if begins and not name:
            name = _AFTER_NAME.match(text, match.end()) and bare not in openers
        name = name or (not begins and word[:1].isupper())
        if (number or (name and word != "I")) and not known & {bare, numbers.get(bare)}:
            found.append(word)
    return list(dict.fromkeys(found))


_WORD = re.compile(r"(?<![\w)\]])-?\d+(?:[.,]\d+)*\w*|\w+(?:[.,]\d+)*")
_AFTER_NAME = re.compile(
    r"['’]s\b| (?:[A-Z]|(?:is|was|has|had|said|says|found|knew|wrote|thought|built|made|\w+ed)\b)"
)


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(DATA.read_text("utf-8"))
    return data


def _normal(text: str) -> str:
    """`text` with its letters composed, and one way to write what is below zero."""
    text = unicodedata.normalize("NFKC", re.sub(r" ?\[pause \ds\]", "", text))
    return re.sub(r"\bminus (?=\d)|[−–](?=\d)", "-", text)


def _bare(word: str) -> str:
    return re.sub(r"(?<=\d),(?=\d{3})", "", word).casefold()


def _texts(value: Any) -> Iterator[str]:
    """What a lesson, as JSON, says and shows."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in ("from", "image", "layout", "language", "lang"):
                yield from (str(key), *_texts(each))
    elif isinstance(value, int | float):
        yield f"{value:g}"


def _asks(draft: Draft) -> list[WriteAsk]:
    """What each section asks: its words, what it shows, and where it stands."""
    title = draft.data.get("title")
    asks = []
    for index, section in enumerate(draft.data["sections"]):
        shown = section.get("slide") or {"layout": "picture"}
        shown = None if _is_words(section) else shown
        told = {"content": section["content"], "title": section.get("title"), "shown": shown}
        text = json.dumps({"lesson": title, "section": told}, ensure_ascii=False)
        asks.append(WriteAsk(INSTRUCTIONS, text, SCHEMA, index))
    return asks


def _is_words(section: Mapping[str, Any]) -> bool:
    """Whether the slide of a section shows words alone, and may be laid out in another way."""
    return section.get("slide", {"layout": "statement"}).get("layout") == "statement" and not (
        section.get("image")
    )


def _key(maker: Writer, ask: WriteAsk) -> str:
    with calling(maker, "shape()"):
        fields = dict(maker.shape(ask))
    return cache_key(_STORED, fields)


def _checked(text: str, section: Mapping[str, Any]) -> dict[str, Any] | str:
    """The answer in `text`, or what is wrong with it, in words for the writer."""
    bare = re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", text)
    try:
        answer = json.loads(bare)
    except (ValueError, RecursionError):
        return "it is no JSON object"
    if not isinstance(answer, dict) or not isinstance(answer.get("content"), str):
        return "`content` is missing, or no text"
    layout, points = answer.get("layout", "as it is"), answer.get("points", [])
    if layout not in LAYOUTS:
        return f"`layout` is none of: {', '.join(LAYOUTS)}"
    if not isinstance(points, list) or not all(isinstance(each, str) for each in points):
        return "`points` is no list of texts"
    made = {"content": answer["content"].strip()}
    if layout != "as it is" and len(points) > 1 and _is_words(section):
        made["slide"] = {"layout": layout, "points": points[:6]}
    try:
        one = {"image_description": "x", **made}
        read_lesson(json.dumps({"sections": [one]}).encode(), Path("answer.json"))
    except LessonError as error:
        fault: Fault = error.faults[0]
        return f"{fault.problem}; {fault.mend}"
    return made


def _rewritten(section: dict[str, Any], answer: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The section with the answer, and its own text beside; unchanged where nothing is new."""
    if answer["content"] == section["content"] and "slide" not in answer:
        return section
    before = {key: section[key] for key in ("content", "slide") if key in section}
    points = answer.get("slide", {}).get("points", [])
    new = new_facts("\n".join([answer["content"], *points]), source)
    marks = {"$check": new} if new else {}
    return {**section, **answer, "$draft": before, **marks}


# What a person can paste into any chat assistant to have a lesson written.


_SOURCE = """
The lesson is made from what stands at the end: a topic, notes, or a page of text. From notes or a
page, state nothing that is not in it. Write in its language, and set `language` to its tag.
"""


def prompt() -> str:
    """Instructions, the format, each kind of slide and two examples, as one text."""
    parts = [
        prompt_page().rstrip(),
        _SOURCE,
        "# The format, as JSON Schema\n",
        _compact(json_schema()),
        "\n# Two examples\n",
        "\n\n".join(json.dumps(each, ensure_ascii=False, indent=1) for each in _data()["examples"]),
        "\n# My topic, my notes, or my page\n",
    ]
    return "\n".join(parts)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
