"""A section's assets: who may make them, under which key they are kept, and how they are had.

The one place that says so; a run, its plan, its needs and its versions all ask here. Nothing in a
key depends on a section's place in its lesson, so an inserted section makes nothing anew but
itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import av

from ..core.errors import (
    Damaged,
    ProviderError,
    Refused,
    StoreError,
    Unconfirmed,
    Unreachable,
    VidkitError,
    copy_error,
)
from ..core.events import Paid
from ..core.loop import run_to_end
from ..media.frame import Frame
from ..models.files import MOST_FILM, digest_of
from ..models.lesson import Film, Lesson, Section
from ..models.settings import Settings
from ..providers import service_voice
from ..providers.base import (
    ImageAsk,
    Narration,
    Picture,
    Request,
    TurnAsk,
    VoiceAsk,
    calling,
    checked_result,
    ungated,
    unkeepable,
)
from ..providers.conversation import Conversation, is_conversation, price, with_pauses
from ..providers.files import own_files, own_on_a_slide
from ..providers.limiter import UNCONFIRMED_TRIES
from ..providers.registry import AUTO, AUTO_VOICES, chosen_because, order
from ..store import Asset, Store, cache_key
from ..store.ledger import Reservation, is_amount
from ..store.locks import WAITS, KeyLock
from .context import LessonContext, PartKind, Source
from .reveal import Following, regions_kept

T = TypeVar("T")

DAY = 24 * 3600.0
"""Seconds: a word that is said to be spoken later than that is not where its voice says."""
MEDIA_VERSION = f"3 PyAV {av.__version__}"
"""Counts up when the same picture and sound become another clip, or the same clips another
video; packets of different encoders do not go together."""


def image_ask(lesson: Lesson, index: int, settings: Settings) -> ImageAsk:
    """What the section at `index` asks of an image provider."""
    section = lesson.sections[index]
    return ImageAsk(
        description=section.image_description,
        narration=_with_speakers(section),
        title=section.title,
        language=section.language or lesson.language,
        size=settings.size,
        slide=section.slide,
        index=index,
        file=section.video.file if section.video else section.image,
        film=section.video,
    )


def voice_ask(lesson: Lesson, index: int, settings: Settings) -> VoiceAsk:
    """What the section at `index` asks of a voice."""
    section = lesson.sections[index]
    film = section.video if section.video and section.video.sound == "instead" else None
    return VoiceAsk(
        text=section.content,
        language=section.language or lesson.language,
        voice=section.voice or lesson.voice,
        rate=settings.rate,
        say=section.say,
        index=index,
        file=film.file if film else section.audio,
        turns=_turns(lesson, section),
        film=film,
    )


def _with_speakers(section: Section) -> str:
    """The narration as a slide should know it, with who speaks before each turn."""
    turns = section.spoken_turns
    if not any(turn.speaker for turn in turns):
        return section.content
    return "\n\n".join(f"{t.speaker}: {t.text}" if t.speaker else t.text for t in turns)


def _turns(lesson: Lesson, section: Section) -> tuple[TurnAsk, ...]:
    """The turns of a section, each with the voice that the lesson gives its speaker."""
    found, at = [], 0
    for turn in section.spoken_turns:
        end = at + len(turn.text)
        voice = lesson.speakers.get(turn.speaker or "")
        found.append(TurnAsk(at, end, turn.speaker, voice, turn.language))
        at = end + 2  # the empty line between paragraphs
    return tuple(found)


def clip_key_fields(
    picture: str,
    voice: str | None,
    frame: Frame,
    following: Following | None = None,
    film: Film | None = None,
) -> dict[str, Any]:
    """Everything that shapes a clip: the digests of its picture and narration, the frame, how
    the picture follows the voice, and the film that is played; one that stands still has the key
    that it always had. Reads the film, and raises `ProviderError` where it cannot.
    """
    fields = {
        "version": MEDIA_VERSION,
        "picture": picture,
        "voice": voice,
        "frame": dict(vars(frame)),
    }
    if following:
        fields["follow"] = following.digest()
    if film:
        sha256 = digest_of(film.file, MOST_FILM)
        played = {"sound": film.sound, "start": film.start, "end": film.end}
        fields["film"] = {"sha256": sha256, **played}
    return fields


@dataclass(frozen=True)
class Candidate:
    """A provider that may make a part of a section, what it would be asked, and its gate."""

    kind: PartKind
    maker: Any
    gate: Request
    ask: ImageAsk | VoiceAsk
    why: str | None = None
    """Why it was chosen, in words, where nobody named it."""

    @property
    def name(self) -> str:
        """The provider's name."""
        name: str = self.maker.name
        return name

    @property
    def price(self) -> float | None:
        """What a request may cost in dollars, None where nobody knows."""
        return price(self.maker, self.ask)

    @property
    def missing(self) -> ProviderError | None:
        """Why the provider cannot be asked now, where it says so itself."""
        why: ProviderError | None = getattr(self.maker, "missing", None)
        return None if why is None else copy_error(why)

    def key(self, store: Store | None = None) -> str:
        """The key of what it would make, or of what an earlier release had it make, where the
        store has that: what was paid for is found again. Raises `ProviderError` where it can make
        nothing of it; reads the file where that is the section's own.
        """
        with calling(self.maker, "shape()"):
            fields = dict(self.maker.shape(self.ask))
        key = cache_key(self.kind, fields)
        earlier = getattr(self.maker, "earlier_shape", None)
        if store is None or earlier is None or store.versions(key):
            return key
        before = cache_key(self.kind, earlier(self.ask))
        return before if store.versions(before) else key

    async def make(
        self, request: Request, arrived: Callable[[Narration], None] | None = None
    ) -> Picture | Narration:
        """What the provider makes. arrived: called with a narration that is whole and paid for,
        and may be asked for once more. Raises `ProviderError` or one of its kinds.
        """
        if isinstance(self.ask, VoiceAsk):
            return await service_voice.speak(self.maker, self.ask, request, arrived)
        return checked_result(self.maker, await self.maker.draw(self.ask, request), Picture)


def candidates(
    kind: PartKind,
    lesson: Lesson,
    index: int,
    settings: Settings,
    sources: Sequence[Source[Any]],
    own: Any = own_files,
    through: Callable[[Request], Request] = lambda gate: gate,
) -> tuple[Candidate, ...]:
    """Who may make the image or the narration of the section at `index`: its own file alone,
    where it names one (read by `own`), or else each of `sources`, the first before the next.

    through: how the voices of a conversation pass each its own gate.

    Of the voices only those that speak the section's language are asked. A section's `voice` is
    that of the first source that has it; those that take its place speak in their own.
    """
    ask = (image_ask if kind == "image" else voice_ask)(lesson, index, settings)
    if ask.file is not None:
        sets = [s.maker for s in sources if s.maker.name == "slides" and own_on_a_slide(ask)]
        return (Candidate(kind, sets[0] if sets else own, ungated, ask),)
    if isinstance(ask, ImageAsk):
        return tuple(Candidate(kind, source.maker, source.gate, ask) for source in sources)
    makers = [source.maker for source in sources]
    if is_conversation(ask):
        return _conversations(ask, makers, [through(source.gate) for source in sources])
    auto = AUTO_VOICES if AUTO in settings.sources("voice") else ()
    return tuple(
        Candidate(
            kind,
            with_pauses(makers[n], asked),
            sources[n].gate,
            asked,
            chosen_because(makers[n], asked.language) if makers[n].name in auto else None,
        )
        for n, asked in order(makers, ask)
    )


def _conversations(
    ask: VoiceAsk, makers: Sequence[Any], gates: Sequence[Request]
) -> tuple[Candidate, ...]:
    """Who may speak a narration with several voices: for each of its parts the first choice, and
    then what takes its place."""
    first = Conversation(ask, makers, gates)
    others = (Conversation(ask, makers, gates, rank) for rank in range(1, first.ranks))
    return tuple(Candidate("audio", each, ungated, ask) for each in (first, *others))


def candidates_in(context: LessonContext, kind: PartKind, index: int) -> tuple[Candidate, ...]:
    """Who may make a part of a section in a run."""
    runtime = context.runtime
    sources: Sequence[Source[Any]] = runtime.images if kind == "image" else runtime.voice

    def through(gate: Request) -> Request:
        return partial(pass_gate, context, gate)

    return candidates(kind, context.lesson, index, context.settings, sources, runtime.own, through)


async def pass_gate(context: LessonContext, gate: Request, send: Callable[[], Awaitable[T]]) -> T:
    """Pass a gate. What waits for its turn when nothing more may begin is given up: a provider may
    have asked for a pause of minutes.
    """
    waiting = context.runtime.control.waiting

    async def attempt() -> T:
        del waiting[asking]
        try:
            return await send()
        except BaseException:
            waiting[asking] = context  # for the next try
            if context.ending:
                asking.cancel()  # where it would wait
            raise

    asking = asyncio.ensure_future(gate(attempt))
    waiting[asking] = context
    try:
        return await asking
    finally:
        waiting.pop(asking, None)


def keys_of(
    several: Sequence[Candidate], store: Store | None = None
) -> Iterator[tuple[Candidate, str]]:
    """Those of the candidates that can make something of what they are asked, each with its key."""
    for candidate in several:
        try:
            yield candidate, candidate.key(store)
        except ProviderError:
            continue


def find_stored(several: Sequence[Candidate], store: Store) -> tuple[Candidate, Asset] | None:
    """The first of the candidates whose asset the store has, and the asset."""
    for candidate, key in keys_of(several, store):
        if (asset := store.find(key)) is not None:
            return candidate, asset
    return None


def refusal_key(key: str) -> str:
    """Where a refusal is kept: that the asset under `key` was asked for and will not be made."""
    return cache_key("refusal", {"of": key})


def refusal(store: Store, candidate: Candidate, key: str) -> Refused | None:
    """The refusal that the store remembers: who refused is not asked again, in this run or the
    next, since each refusal counts against an account, and takes time.
    """
    if (kept := store.find(refusal_key(key))) is None:
        return None
    why = str(kept.about.get("why", f"{candidate.name} refused it"))
    return Refused(f"{why} (asked before; force={candidate.kind!r} asks again)")


def keep_refusal(store: Store, key: str, error: Refused) -> None:
    """Remember a refusal; a store that cannot forgets it, and it is asked for again."""
    about = {"kind": "refusal", "why": str(error)}
    with suppress(StoreError):
        store.keep(refusal_key(key), str(error).encode(), ".txt", about)


@dataclass(frozen=True)
class Content:
    """What was made for a key and is to be kept.

    data: the content, or the temporary file with it. about: facts to keep with it. check: called
    with data and `name`, raises `MediaError` unless it is whole, and may give more facts.
    settle: called when it is kept, or could not be: writes down what it cost.
    """

    data: bytes | Path
    suffix: str
    about: Mapping[str, Any]
    check: Callable[[Any, str], object] | None = None
    name: str = ""
    settle: Callable[[], None] | None = None

    def keep(self, store: Store, key: str, fresh: bool) -> Asset:
        """Check it, keep it under `key` and settle its cost. Blocks. Raises `MediaError` for what
        is damaged, `StoreError` for what the store has no room for, unless a provider made it.
        """
        try:
            about = dict(self.about)
            if self.check is not None:
                told = self.check(self.data, self.name)
                about |= told if isinstance(told, Mapping) else {}
            if self.settle is None or isinstance(self.data, Path):
                return store.keep(key, self.data, self.suffix, about, fresh=fresh)
            return store.hold(key, self.data, self.suffix, about, fresh=fresh)
        finally:
            if self.settle is not None:
                self.settle()


@dataclass(frozen=True)
class Cached:
    """An asset that was had: its copy in the output folder, and whether the store had it."""

    asset: Asset
    path: Path | None
    hit: bool

    @property
    def content(self) -> Path | bytes:
        """Where to read it: in the store, which nobody else writes to, or what it is."""
        return self.asset.path if self.asset.data is None else self.asset.data

    def read(self) -> bytes:
        """Its bytes. Blocks."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


async def cached(
    context: LessonContext,
    key: Callable[[], str],
    make: Callable[[str], Awaitable[Content]],
    *,
    stem: str | None = None,
    fresh: bool = False,
) -> Cached:
    """The asset under `key()`: from the store, or made by `make` and kept there; a copy of it
    stands in the output folder under `stem` and its suffix (None: no copy).

    `key` and all that touches a disk is called where blocking is allowed: one hop to a thread
    finds an asset, and one keeps it. With `fresh` it is made once in the run in any case. One
    maker is at work on a key at a time, in all processes; the others wait, and find what it made.
    """
    lookup = _Lookup(context, key, stem, fresh)
    store, run_in_thread = context.runtime.store, context.runtime.run_in_thread
    try:
        if (found := await run_in_thread(lookup.begin)) is not None:
            return found
        if store.shared_locks:
            async with store.elsewhere(lookup.key):
                return await lookup.found_or_made(make)
        return await lookup.found_or_made(make)
    finally:
        if not lookup.over:
            await run_to_end(run_in_thread(lookup.end))


class _Lookup:
    """One asset that is wanted. All but `found_or_made` blocks."""

    def __init__(
        self, context: LessonContext, key: Callable[[], str], stem: str | None, fresh: bool
    ) -> None:
        self.key = ""
        self.over = False
        self._context = context
        self._key = key
        self._stem = stem
        self._fresh = fresh
        self._lock: KeyLock | None = None
        self._acquired = False

    def begin(self) -> Cached | None:
        """Work out the key, and find the asset. Where it is not there this takes the right to
        make it, unless somebody has that.
        """
        self.key = self._key()
        found = self._find()
        store = self._context.runtime.store
        if found is not None:
            self.over = True
            return found
        self._lock = store.key_lock(self.key)
        return None if store.shared_locks else self.take()

    def take(self) -> Cached | None:
        """Take the right to make the asset where nobody has it; it may be there by now."""
        assert self._lock is not None
        self._acquired = self._lock.try_acquire()
        if self.over:  # the wait for it was cancelled meanwhile
            self._lock.release()
        elif self._acquired and (found := self._find()) is not None:
            self.end()
            return found
        return None

    async def found_or_made(self, make: Callable[[str], Awaitable[Content]]) -> Cached:
        """What somebody else makes meanwhile, or what `make` does."""
        run_in_thread, (wait, longest) = self._context.runtime.run_in_thread, WAITS
        while not self._acquired:
            if (found := await run_in_thread(self.take)) is not None:
                return found
            if not self._acquired:
                await asyncio.sleep(wait)
                wait = min(wait * 1.5, longest)
        content = await make(self.key)
        # what is paid for is kept, also while the run is being cancelled
        return await run_to_end(run_in_thread(self.keep, content))

    def keep(self, content: Content) -> Cached:
        """Keep what was made, and let go of the right."""
        try:
            asset = content.keep(self._context.runtime.store, self.key, self._fresh)
            if self._fresh:  # before a twin of this section can take the right to make it
                self._context.runtime.renewed.add(self.key)
            return Cached(asset, publish(self._context, asset, self._stem), False)
        except BaseException:
            if isinstance(content.data, Path):
                self._context.output.discard(content.data)
            raise
        finally:
            self.end()

    def end(self) -> None:
        """Let go of the right to make it, if it was taken."""
        self.over = True
        if self._lock is not None:
            self._lock.release()

    def _find(self) -> Cached | None:
        runtime = self._context.runtime
        if self._fresh and self.key not in runtime.renewed:
            return None
        return find(self._context, self.key, self._stem)


def find(context: LessonContext, key: str, stem: str | None) -> Cached | None:
    """The asset under `key` where the store has it, copied to the output folder. Blocks."""
    asset = context.runtime.store.find(key)
    return None if asset is None else Cached(asset, publish(context, asset, stem), True)


def publish(context: LessonContext, asset: Asset, stem: str | None) -> Path | None:
    """Have a copy of the asset stand in the output folder. Blocks."""
    return None if stem is None else context.output.take(f"{stem}{asset.suffix}", asset)


@dataclass
class ProviderCall:
    """One provider that is asked for the image or the narration of the section at `index`.

    Its `request` is the gated one, with each attempt reserved in the ledger before it is sent; a
    call of a free provider leaves no trace there. last: nobody is asked after this one.

    dollars: what a request may cost; None where nobody knows. cost: what the provider says that
    all of it cost. spent: what was paid, None until it is settled.
    """

    context: LessonContext
    index: int
    candidate: Candidate
    fresh: bool
    last: bool
    dollars: float | None = field(init=False)
    cost: float | None = None
    spent: float | None = None
    _key: str = ""
    _answered: list[tuple[Reservation, float]] = field(default_factory=list)
    _arrived: list[tuple[Narration, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dollars = self.candidate.price

    async def make(self, key: str) -> Content:
        """What the provider makes for `key`. Raises `ProviderError`, and `Refused` without
        asking where the store remembers that it refused before.
        """
        runtime, candidate, self._key = self.context.runtime, self.candidate, key
        if error := candidate.missing:
            raise error
        if runtime.unconfirmed[key] >= UNCONFIRMED_TRIES:  # for another section with the same
            raise Unconfirmed(
                f"{candidate.name} was asked for this twice in this run and gave no answer; each "
                "may have been paid for, so it is not asked a third time"
            )
        if self.dollars != 0 and (why := runtime.store.broken):
            raise unkeepable(candidate.name, why)
        if not (self.last or self.fresh):
            asked = await runtime.run_in_thread(refusal, runtime.store, candidate, key)
            if asked is not None:
                raise asked
        if hasattr(candidate.maker, "copied"):
            content = await runtime.run_in_thread(self._large_file)
            if content is not None:
                return content
        try:
            made = await candidate.make(self.request, self._note_arrived)
        except BaseException as error:
            await self._write(self._keep_first if self._arrived else self.settle)
            if isinstance(error, Refused) and not self.last:
                await runtime.run_in_thread(keep_refusal, runtime.store, key, error)
            raise
        return self._content(made)

    def _large_file(self) -> Content | None:
        """A section's own narration where it is too large to be held, copied to the store's disk;
        None for all else. Blocks.
        """
        ask, copied = self.candidate.ask, getattr(self.candidate.maker, "copied", None)
        if not isinstance(ask, VoiceAsk) or copied is None or not self.context.runtime.store.keeps:
            return None
        scratch = self.context.scratch(f"audio{ask.file.suffix.lower() if ask.file else '.wav'}")
        try:
            if not copied(ask, scratch):
                return None
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
        about = {"kind": "audio", "provider": self.candidate.name, "notes": [], "words": []}
        check = self.context.runtime.media.find_speech
        return Content(scratch, scratch.suffix, about, check, str(ask.file))

    def _note_arrived(self, made: Narration) -> None:
        """Take note of a narration that may be asked for again, and of its requests."""
        self._arrived.append((made, len(self._answered)))

    def _keep_first(self) -> None:
        """Keep the narration that was to be asked for again when the run was cancelled. Blocks."""
        made, requests = self._arrived[0]
        if len(self._answered) > requests:  # it does not say what the second cost
            made = replace(made, cost=None)
        with suppress(VidkitError):  # it is no sound, or there is no room for it
            self._content(made).keep(self.context.runtime.store, self._key, self.fresh)

    def _content(self, made: Picture | Narration) -> Content:
        self.cost = made.cost if is_amount(made.cost) else None
        about: dict[str, Any] = {
            "kind": self.candidate.kind,
            "provider": self.candidate.name,
            "notes": list(made.notes),
        }
        media = self.context.runtime.media
        check = media.check_picture
        if isinstance(made, Narration):
            # a voice that tells no times is listened to: its pauses say when sentences end
            times = [time for word in made.words for time in (word.start, word.end)]
            words = made.words if all(abs(time) <= DAY for time in times) else ()  # nan is not
            check = media.check_sound if words else media.find_speech
            about["words"] = [[word.text, word.start, word.end] for word in words]
            if made.pieces:
                about["pieces"] = [[each.text, each.start, each.end] for each in made.pieces]
        else:
            about |= regions_kept(made)
        name = str(self.candidate.ask.file or f"what {self.candidate.name} gave")
        return Content(made.data, made.suffix, about, check, name, self.settle)

    async def request(self, send: Callable[[], Awaitable[T]], /) -> T:
        """Pass the limiter, reserve, send."""
        await self.context.checkpoint()
        return await pass_gate(self.context, self.candidate.gate, partial(self._attempt, send))

    async def _attempt(self, send: Callable[[], Awaitable[T]]) -> T:
        context, candidate = self.context, self.candidate
        await context.checkpoint()
        if self.dollars == 0:
            with context.working(self.index, candidate.kind, candidate.name):
                return await send()
        dollars = None if self.dollars is None else self.dollars * self._dearer
        reservation = await self._reserve(dollars)
        try:
            with context.working(self.index, candidate.kind, candidate.name):
                answer = await send()
        except BaseException as error:
            # all else may have been made, and be billed
            if isinstance(error, ProviderError) and not error.owed:
                await self._write(reservation.failed)
            else:
                self._count_unconfirmed(error)
                await self._write(reservation.unconfirmed)
                self._emit_paid(dollars or 0.0, sure=False)
            raise
        self._answered.append((reservation, dollars or 0.0))
        return answer

    @property
    def _dearer(self) -> float:
        """How many times as much as was reserved this provider has billed, where that was more."""
        return self.context.runtime.dearer.get((self.candidate.kind, self.candidate.name), 1.0)

    def _count_unconfirmed(self, error: BaseException) -> None:
        """Count a request that was perhaps made; after the second of an asset there is no third.
        A damaged answer is asked for again as any failure is.
        """
        if isinstance(error, Unreachable) and not isinstance(error, Damaged):
            unconfirmed = self.context.runtime.unconfirmed
            unconfirmed[self._key] += 1
            error.again = error.again and unconfirmed[self._key] < UNCONFIRMED_TRIES

    async def _reserve(self, dollars: float | None) -> Reservation:
        """Set a sum aside; a cancel in this very moment gives it back."""
        runtime = self.context.runtime
        asking = asyncio.ensure_future(
            runtime.run_in_thread(
                runtime.store.journal.reserve,
                run=self.context.run,
                key=self._key,
                kind=self.candidate.kind,
                provider=self.candidate.name,
                lesson=self.context.name_in_ledger,
                dollars=dollars,
                budgets=runtime.budgets,
            )
        )
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            with suppress(VidkitError):
                await self._write((await asking).failed)
            raise

    async def _write(self, ending: Callable[[], None]) -> None:
        """Write an end into the ledger, also while the run is being cancelled."""
        await run_to_end(self.context.runtime.run_in_thread(ending))

    def settle(self) -> None:
        """Write down what the answered requests cost: what the provider said, or else what was
        reserved. Called when the asset is kept, so that what is killed before is unconfirmed.
        Blocks.
        """
        answered, self._answered = self._answered, []
        for number, (reservation, _) in enumerate(answered):
            share = None if self.cost is None else self.cost if number == 0 else 0.0
            reservation.paid(share)
        if not answered:
            return
        reserved = sum(dollars for _, dollars in answered)
        self.spent = reserved if self.cost is None else self.cost
        asked = (self.dollars or 0.0) * len(answered)
        if self.spent > asked > 0:
            # what is asked from now on reserves as much
            which = self.candidate.kind, self.candidate.name
            self.context.runtime.dearer[which] = max(self._dearer, self.spent / asked)

    def emit_spent(self) -> None:
        """Let those who listen know what was paid."""
        if self.spent is not None:
            self._emit_paid(self.spent, sure=True)

    def _emit_paid(self, dollars: float, sure: bool) -> None:
        context, step, by = self.context, self.candidate.kind, self.candidate.name
        context.emit(Paid(context.now(), context.position, self.index, step, by, dollars, sure))
