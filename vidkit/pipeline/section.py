"""One section: its image beside its narration, then its clip.

From here on an error is a value. What goes wrong with a section is told in its
`SectionReport` and disturbs nobody else; only a cancelled run passes through.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import anyio

from ..captions import Word
from ..errors import SectionError, VidkitError
from ..events import Event, Outcome, SectionEnded, State, Step, StepEnded, StepStarted
from ..lesson import Lesson
from ..media import Clip, Frame
from ..output import Output, part_name
from ..providers import ImageAsk, VoiceAsk
from ..providers.recorded import Recorded
from ..report import SectionReport
from ..settings import Settings
from .tools import Tools

log = logging.getLogger("vidkit.pipeline")
T = TypeVar("T")

CARD_SECONDS = 3.0
"""How long a placeholder without a narration stands."""

_own_files = Recorded()


@dataclass(frozen=True)
class Done(Generic[T]):
    """A step that ended: its value or why there is none, who did it, and for how long."""

    value: T | None
    by: str
    seconds: float
    error: str | None = None


@dataclass(frozen=True)
class Speech:
    """A narration on disk, and when its words are spoken."""

    path: Path
    words: tuple[Word, ...]


@dataclass
class Place:
    """Where the sections of one lesson are made: the lesson, its folder, and what they share.

    slots: the lesson's section workers. notes: sentences for the lesson's report. stop: the
    failure after which no section may begin, with on_failure="stop".
    """

    position: int
    lesson: Lesson
    output: Output
    settings: Settings
    tools: Tools
    slots: anyio.CapacityLimiter
    started: float
    notes: list[str] = field(default_factory=list)
    stop: SectionError | None = None

    @property
    def frame(self) -> Frame:
        """How every clip of the lesson is made."""
        s = self.settings
        return Frame(size=s.size, fps=s.fps, gap=s.gap)

    def now(self) -> float:
        """Seconds since the run began."""
        return self.tools.clock() - self.started

    def tell(self, event: Event) -> None:
        """Pass an event on."""
        self.tools.events.tell(event)


@dataclass
class SectionWork:
    """Makes one section; `report` is what came of it, `cut` and `words` what the join needs."""

    place: Place
    index: int
    cut: Clip | None = None
    words: tuple[Word, ...] = ()

    async def make(self) -> SectionReport:
        """Image and narration in a worker slot, then the clip, which holds no slot."""
        async with self.place.slots:
            if self.place.stop is not None:
                raise asyncio.CancelledError
            image, audio = await self._parts()
            self._stop_at(image.error or audio.error)
        clip = await self._clip(image, audio)
        self._stop_at(clip.error)
        self.cut = clip.value
        self.words = audio.value.words if audio.value and clip.value else ()
        report = self._report(image, audio, clip)
        self.place.tell(
            SectionEnded(
                self.place.now(), self.place.position, self.index, report.state, report.error
            )
        )
        return report

    def _stop_at(self, error: str | None) -> None:
        """Set the stop while the slot is still held, so that no call begins after a failure."""
        place = self.place
        if error and place.settings.on_failure == "stop" and place.stop is None:
            place.stop = SectionError(
                f"stopped at section {self.index + 1}: {error}; "
                'mend it, or choose on_failure="skip" or "placeholder"'
            )

    async def _parts(self) -> tuple[Done[Path], Done[Speech]]:
        if not self.place.settings.concurrent_parts:
            return await self._image(), await self._audio()
        async with asyncio.TaskGroup() as both:
            image = both.create_task(self._image())
            audio = both.create_task(self._audio())
        return image.result(), audio.result()

    async def _image(self) -> Done[Path]:
        section, tools = self.place.lesson.sections[self.index], self.place.tools
        maker = _own_files if section.image else tools.images
        ask = ImageAsk(
            description=section.image_description,
            narration=section.content,
            title=section.title,
            language=self.place.lesson.language,
            size=self.place.settings.size,
            slide=section.slide,
            index=self.index,
            file=section.image,
        )

        async def draw() -> Path:
            picture = await maker.draw(ask, tools.image_gate)
            self._note(picture.notes)
            name = part_name("image", self.index, picture.suffix)
            await tools.aside(tools.editor.check_picture, picture.data, self._named(name, maker))
            return await tools.aside(self.place.output.publish, name, picture.data)

        return await self._step("image", maker.name, draw)

    async def _audio(self) -> Done[Speech]:
        section, tools = self.place.lesson.sections[self.index], self.place.tools
        maker = _own_files if section.audio else tools.voice
        ask = VoiceAsk(
            text=section.content,
            language=self.place.lesson.language,
            voice=section.voice,
            rate=self.place.settings.rate,
            say=section.say,
            index=self.index,
            file=section.audio,
        )

        async def speak() -> Speech:
            narration = await maker.speak(ask, tools.voice_gate)
            self._note(narration.notes)
            name = part_name("audio", self.index, narration.suffix)
            await tools.aside(tools.editor.check_sound, narration.data, self._named(name, maker))
            path = await tools.aside(self.place.output.publish, name, narration.data)
            return Speech(path, narration.words)

        return await self._step("audio", maker.name, speak)

    async def _clip(self, image: Done[Path], audio: Done[Speech]) -> Done[Clip]:
        """The section's clip, or that of its placeholder, or none."""
        whole = image.value is not None and audio.value is not None
        if not whole and self.place.settings.on_failure != "placeholder":
            return Done(None, "vidkit", 0.0)
        tools, place = self.place.tools, self.place
        name = part_name("clip", self.index, ".mp4")

        async def cut() -> Clip:
            picture: Path | bytes
            if whole and image.value is not None:
                picture = image.value
            else:
                picture = await tools.aside(
                    tools.editor.card,
                    f"Section {self.index + 1} is missing",
                    self.title,
                    place.frame.size,
                )
            scratch = place.output.scratch(name)
            try:
                clip = await tools.aside(
                    tools.editor.clip,
                    picture,
                    audio.value.path if audio.value else None,
                    scratch,
                    place.frame,
                    seconds=None if audio.value else CARD_SECONDS,
                    title=self.title,
                )
                path = await tools.aside(place.output.adopt, name, scratch)
            finally:
                place.output.discard(scratch)
            return Clip(path, clip.seconds, clip.frames, clip.samples, clip.speech)

        async with tools.cores:
            return await self._step("clip", "vidkit", cut)

    async def _step(self, step: Step, by: str, work: Callable[[], Awaitable[T]]) -> Done[T]:
        """Do one piece of work, tell of its begin and end, and make its error a value."""
        place, began = self.place, self.place.now()
        place.tell(StepStarted(began, place.position, self.index, step, by))

        def over(outcome: Outcome, value: object = None, error: str | None = None) -> float:
            seconds = place.now() - began
            path = value if isinstance(value, Path) else getattr(value, "path", None)
            place.tell(
                StepEnded(
                    place.now(), place.position, self.index, step, by, outcome, seconds, path, error
                )
            )
            return seconds

        try:
            value = await work()
        except asyncio.CancelledError:
            over("cancelled")
            raise
        except Exception as error:
            why = told(error)
            return Done(None, by, over("failed", error=why), why)
        return Done(value, by, over("made", value))

    @property
    def title(self) -> str:
        """The section's title, or its number where it has none."""
        return self.place.lesson.sections[self.index].title or f"Section {self.index + 1}"

    def _named(self, name: str, maker: object) -> str:
        """How a faulty asset is called in an error."""
        section = self.place.lesson.sections[self.index]
        own = section.image if name.startswith("images") else section.audio
        return str(own) if own else f"what {getattr(maker, 'name', 'the provider')} gave"

    def _note(self, notes: tuple[str, ...]) -> None:
        self.place.notes.extend(f"section {self.index + 1}: {note}" for note in notes)

    def _report(self, image: Done[Path], audio: Done[Speech], clip: Done[Clip]) -> SectionReport:
        errors = [
            f"{step}: {done.error}"
            for step, done in (("image", image), ("narration", audio), ("clip", clip))
            if done.error
        ]
        state: State = "made"
        if errors:
            state = "placeholder" if clip.value else "failed"
        return SectionReport(
            index=self.index,
            title=self.place.lesson.sections[self.index].title,
            state=state,
            image=image.value,
            audio=audio.value.path if audio.value else None,
            clip=clip.value.path if clip.value else None,
            image_by=image.by,
            voice_by=audio.by,
            length=clip.value.seconds if clip.value else None,
            seconds={"image": image.seconds, "audio": audio.seconds, "clip": clip.seconds},
            error="; ".join(errors) or None,
        )


def told(error: Exception) -> str:
    """An error in words for a person. One that vidkit did not foresee is logged in full."""
    if isinstance(error, VidkitError):
        return str(error)
    log.error("unforeseen: %s", error, exc_info=error)
    return f"unforeseen {type(error).__name__}: {error}"
