"""Several voices in one narration: speakers in turn, languages within a text, pauses."""

from __future__ import annotations

import asyncio
import json
import wave
from collections.abc import Awaitable, Callable
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from stand_ins import written

import vidkit
from vidkit.errors import ProviderError
from vidkit.media.loudness import level, measure
from vidkit.media.narration import CEILING
from vidkit.models import read_lesson
from vidkit.pipeline.assets import voice_ask
from vidkit.providers import Narration, VoiceAsk
from vidkit.providers.conversation import Conversation, is_conversation, spans
from vidkit.providers.espeak import Espeak
from vidkit.providers.simulated import Simulated

T = TypeVar("T")

DIALOGUE = [
    {"speaker": "Ana", "text": "Good morning. What would you like to drink today?"},
    {"speaker": "Luis", "text": "Quiero un café con leche, por favor.", "language": "es"},
    {"speaker": "Ana", "text": "With pleasure, it will be ready in a moment."},
]


async def straight(send: Callable[[], Awaitable[T]]) -> T:
    return await send()


def asked(content: Any, speakers: dict[str, str] | None = None, **more: Any) -> VoiceAsk:
    """What a section with this content asks of a voice."""
    section = {"image_description": "A table.", "content": content, **more}
    data = json.dumps({"sections": [section], "speakers": speakers or {}}).encode()
    return voice_ask(read_lesson(data, Path("lesson.json")), 0, vidkit.Settings())


def said(ask: VoiceAsk, *makers: Any) -> Narration:
    """What the makers say together, espeak where none are given."""
    several = makers or (Espeak(),)
    maker = Conversation(ask, several, [straight] * len(several))
    return asyncio.run(maker.speak(ask, straight))


def samples(narration: Narration) -> tuple[np.ndarray[Any, Any], int]:
    with wave.open(BytesIO(narration.data)) as sound:
        data = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return (data / 32768).astype(np.float32), sound.getframerate()


def silences(sound: np.ndarray[Any, Any], hertz: int) -> list[tuple[float, float]]:
    """(start, seconds) of each stretch without a sound that lasts a quarter of a second."""
    heard = np.flatnonzero(np.abs(sound) > 0.002)
    joins = np.flatnonzero(np.diff(heard) > hertz / 4)
    return [(heard[j] / hertz, (heard[j + 1] - heard[j]) / hertz) for j in joins]


def test_speakers_take_turns() -> None:
    """Each in the voice of theirs, with a breath between; every word of all has its time, in
    order."""
    ask = asked(DIALOGUE, {"Ana": "espeak:en-us+f3", "Luis": "espeak:es"})
    shape = Conversation(ask, [Espeak()], [straight]).shape(ask)
    assert [part["voice"] for part in shape["parts"]] == ["gmw/en-US+f3", "roa/es", "gmw/en-US+f3"]
    narration = said(ask)
    words = [word for turn in DIALOGUE for word in turn["text"].split()]
    assert [word.text for word in narration.words] == words
    times = [time for word in narration.words for time in (word.start, word.end)]
    assert times == sorted(times)
    sound, hertz = samples(narration)
    breaths = [seconds for start, seconds in silences(sound, hertz)]
    assert sum(0.45 < seconds < 0.8 for seconds in breaths) >= 2


def test_speakers_are_as_loud_as_each_other() -> None:
    """In the video, where peaks are held down: espeak's are higher by 6 dB than hibari's."""
    narration = said(asked(DIALOGUE, {"Ana": "hibari:heart", "Luis": "espeak:es"}))
    sound, hertz = samples(narration)
    heard = level(measure([sound]), CEILING).apply(sound, 0)
    edges = [0, *(narration.words[turn].start - 0.1 for turn in (9, 16)), len(sound) / hertz]
    turns = [heard[round(a * hertz) : round(b * hertz)] for a, b in pairwise(edges)]
    loud = [measure([turn]).loudness for turn in turns]
    assert max(loud) - min(loud) < 1 and max(loud) == pytest.approx(-16, abs=1)


def test_languages_change_within_a_sentence_without_a_click() -> None:
    """A word of another language is spoken by a voice of that language, close to its neighbours,
    and the sound goes through silence at each join."""
    text = (
        'The word <lang xml:lang="es">casa</lang> means house, and <lang lang="fr">maison</lang>.'
    )
    ask = asked(text)
    assert [span.language for span in spans(ask)] == ["en", "es", "en", "fr"]
    narration = said(ask)
    assert [word.text for word in narration.words] == [
        "The",
        "word",
        "casa",
        "means",
        "house,",
        "and",
        "maison",
    ]
    sound, hertz = samples(narration)
    assert len(sound) / hertz < 5
    casa = narration.words[2]
    place = round(casa.start * hertz)
    assert np.abs(sound[place - hertz // 50 : place]).min() == 0
    assert narration.words[3].start - casa.end < 0.35


def test_a_pause_is_as_long_as_the_text_asks() -> None:
    """`<break time="1.5s"/>` is silence of that length, and nothing is read aloud of it."""
    narration = said(asked('Think of a number. <break time="1.5s"/> Now double it.'))
    assert [word.text for word in narration.words] == [
        "Think",
        "of",
        "a",
        "number.",
        "Now",
        "double",
        "it.",
    ]
    sound, hertz = samples(narration)
    assert any(abs(seconds - 1.5) < 0.15 for _, seconds in silences(sound, hertz))


def test_a_plain_text_stays_what_it_was() -> None:
    """One voice and one language: its own provider speaks it, under its own key; a section in
    another language than its lesson's is spoken in that."""
    assert not is_conversation(asked("A leaf, *green* and <b>small</b>."))
    assert not is_conversation(asked([{"text": "A leaf."}]))
    assert is_conversation(asked([{"text": "Una hoja.", "language": "es"}]))
    ask = asked("Une feuille.", language="fr")
    assert ask.language == "fr" and not is_conversation(ask)


def test_a_voice_that_fails_has_its_place_taken() -> None:
    """Of a conversation, too: the next rank passes over the voice that came first, in all that is
    said, and the last ones over those that a speaker is given, each under a key of its own."""
    ask = asked(DIALOGUE, {"Luis": "espeak:es"})
    makers = [Simulated(latency=0), Espeak()]
    first = Conversation(ask, makers, [straight, straight])
    others = [Conversation(ask, makers, [straight] * 2, rank) for rank in range(1, first.ranks)]
    assert [each.name for each in (first, *others)] == [
        "simulated + espeak",
        "espeak",
        "simulated",
    ]
    assert len({str(each.shape(ask)) for each in (first, *others)}) == 3


class Down(Simulated):
    """A voice that nobody reaches."""

    async def speak(self, ask: VoiceAsk, request: Any) -> Narration:
        raise ProviderError("no connection")


@pytest.mark.parametrize("own", ["espeak:es", "simulated:es"])
def test_a_section_whose_first_voice_fails_is_spoken_by_the_others(
    tmp_path: Path, own: str
) -> None:
    """Also where a speaker has a voice of the other's: each is passed over for all speakers."""
    section = {"image_description": "A table.", "content": DIALOGUE}
    lesson = written(tmp_path, sections=[section], speakers={"Luis": own})
    how = {"progress": False, "size": (320, 180), "voice": [Down(latency=0), Espeak()]}
    (video,) = vidkit.process_all_videos([lesson], **how).videos
    assert [(each.state, each.voice_by) for each in video.sections] == [("made", "espeak")]


def test_a_voice_that_is_missing_changes_no_other() -> None:
    """Who speaks beside a speaker whose voice is not on this machine keeps its own."""
    ask = asked(DIALOGUE, {"Luis": "piper:/no/such/voice.onnx"})
    makers = [Sells("en", None), Espeak()]
    assert Conversation(ask, makers, [straight] * 2, 1).name == "simulated + espeak"


class Sells(Simulated):
    """A voice of one language for 5 cents a request, which says so afterwards, or does not."""

    def __init__(self, language: str, cost: float | None) -> None:
        super().__init__(latency=0, price=0.05)
        self.language, self.cost = language, cost

    def speaks(self, language: str, voice: str | None) -> bool:
        return language == self.language

    async def speak(self, ask: VoiceAsk, request: Any) -> Narration:
        return replace(await super().speak(ask, request), cost=self.cost)


def test_the_cost_of_a_conversation_is_known_where_that_of_each_voice_is() -> None:
    """A voice that says nothing costs what was reserved for it, unless it is free."""
    ask = asked(DIALOGUE)
    assert said(ask, Sells("en", 0.01), Sells("es", 0.02)).cost == pytest.approx(0.04)
    assert said(ask, Sells("en", 0.01), Sells("es", None)).cost is None
    assert said(ask, Sells("en", 0.01), Espeak()).cost == pytest.approx(0.02)


def test_a_lesson_chooses_no_service() -> None:
    """A speaker with a voice of a provider that asks a service is refused, with the mend, unless
    the run names that provider itself."""
    ask = asked(DIALOGUE, {"Ana": "gtts:en"})
    with pytest.raises(ProviderError, match="which no lesson chooses"):
        Conversation(ask, [Espeak()], [straight]).shape(ask)


def test_captions_name_who_speaks(tmp_path: Path) -> None:
    """Where the speaker changes, WebVTT has a voice tag; no caption holds the words of two; the
    slide is told who says what."""
    section = {"image_description": "A table.", "content": DIALOGUE}
    speakers = {"Ana & Co <1>": "espeak:en-us", "Luis": "espeak:es"}
    section["content"] = [{**turn} for turn in DIALOGUE]
    section["content"][0]["speaker"] = "Ana & Co <1>"
    lesson = written(tmp_path, sections=[section], speakers=speakers)
    (video,) = vidkit.process_all_videos([lesson], progress=False, size=(320, 180)).videos
    assert video.sections[0].voice_by == "espeak"
    captions = (video.path.parent / "captions.vtt").read_text("utf-8")
    assert "<v Ana &amp; Co &lt;1&gt;>Good morning." in captions
    assert "<v Luis>Quiero" in captions and "<v Ana>With pleasure" in captions
    assert "<v" not in (video.path.parent / "captions.srt").read_text("utf-8")
    assert "today? Quiero" not in captions.replace("\n", " ")


def test_the_voices_of_a_run_speak_for_a_voice_that_is_missing(tmp_path: Path) -> None:
    """A speaker whose voice is not on this machine is heard all the same, and the report says by
    whom and why."""
    section = {
        "image_description": "A table.",
        "content": [
            {"speaker": "Ana", "text": "Good morning."},
            {"speaker": "Pip", "text": "Good morning to you."},
        ],
    }
    lesson = written(tmp_path, sections=[section], speakers={"Pip": "piper:/no/such/voice.onnx"})
    how = {"progress": False, "size": (320, 180), "voice": "espeak"}
    (video,) = vidkit.process_all_videos([lesson], **how).videos
    assert [each.state for each in video.sections] == ["made"]
    assert any("/no/such/voice.onnx" in note and "espeak" in note for note in video.notes)
