"""Pauses that a narration asks for: silence in every voice, and nothing to see of them."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import TypeVar

import pytest

from vidkit.media import find_speech
from vidkit.providers import VoiceAsk
from vidkit.providers.conversation import WithPauses, with_pauses
from vidkit.providers.espeak import Espeak
from vidkit.text.captions import cues
from vidkit.text.markup import pauses as found_pauses
from vidkit.text.maths import shown
from vidkit.text.speech import spoken
from vidkit.text.timing import estimated_words

T = TypeVar("T")


async def at_once(send: Callable[[], Awaitable[T]], /) -> T:
    """A gate that is always open."""
    return await send()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('One. <break time="1s"/> Two.', [1.0]),
        ('One. <break time="1500ms" /> Two.', [1.5]),
        ("One. <break/> Two. [pause] Three. (pause)", [0.7, 0.7, 0.7]),
        ("One. [pause 2s] Two. [Pause: 3 seconds] Three.", [2.0, 3.0]),
        ('One. <break strength="strong"/> Two.', [0.8]),
        ("`[pause]` is code, a (pauses) is none, [pausing] neither", []),
    ],
)
def test_pauses_are_found(text: str, seconds: list[float]) -> None:
    """In the ways in which people write them, and not where they write of them."""
    assert [each for _, _, each in found_pauses(text)] == seconds


def test_a_pause_is_a_silence_of_its_length() -> None:
    """The sound is silent there for so long, and the words after it have their true times."""
    ask = VoiceAsk('What is two plus two? <break time="2.5s"/> It is four. [pause 1s] Yes.', "en")
    made = asyncio.run(WithPauses(Espeak(), ask).speak(ask, at_once))
    silences = [end - start for start, end in find_speech(made.data)["pauses"] if end - start > 0.9]
    assert len(silences) == 2
    assert 2.4 < silences[0] < 3.3 and 0.9 < silences[1] < 1.8
    starts = {word.text: word.start for word in made.words}
    assert starts["It"] - starts["two?"] > 2.5


def test_a_pause_at_an_end_is_kept() -> None:
    """Before the first word and after the last, and beside a sign that nobody speaks."""
    ask = VoiceAsk("[pause 2s] One. [pause 1s] — [pause 1s] Two. (pause 3s)", "en")
    made = asyncio.run(WithPauses(Espeak(), ask).speak(ask, at_once)).data
    heard = find_speech(made)
    begin, end = heard["heard"]
    with wave.open(BytesIO(made)) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    assert 2.0 < begin < 2.3 and 3.0 < seconds - end < 3.3
    assert any(1.9 < end - start < 2.5 for start, end in heard["pauses"])


def test_a_text_without_pauses_keeps_its_key() -> None:
    """What was paid for before is found again."""
    voice = Espeak()
    assert with_pauses(voice, VoiceAsk("One. Two.", "en")) is voice
    ask = VoiceAsk("One. [pause] Two.", "en")
    fields = with_pauses(voice, ask).shape(ask)
    assert [part["pause before"] for part in fields["parts"]] == [0.0, 0.7]


def test_nobody_sees_or_hears_a_mark_of_speech() -> None:
    """Pauses and the tags of speech vanish from captions, slides and every voice."""
    text = (
        'A <prosody rate="slow">slow</prosody> word.<break time="1s"/> '
        '<emphasis level="strong">Now</emphasis> <mark name="x"/>[pause] on.'
    )
    assert shown(text).text == "A slow word. Now on."
    assert spoken(text).text == spoken(text, normalise=False).text == "A slow word. Now on."


def test_an_answer_is_not_shown_before_it_is_said() -> None:
    """Question, eight seconds of silence, answer: the answer's cue starts with the answer."""
    text = "How many legs does a spider have? It has eight legs, and no wings at all."
    speech, silence = (0.2, 14.2), (2.4, 10.4)
    words = estimated_words(text, speech, [silence, (12.3, 12.5)])
    made = cues(text, words, 0, 15, speech)
    answer = next(cue for cue in made if cue.text.startswith("It has"))
    assert abs(answer.start - 10.4) < 0.5
    again = cues(text, [], 0, 15, speech, pauses=[silence])
    assert abs(next(c for c in again if c.text.startswith("It has")).start - 10.4) < 0.5
