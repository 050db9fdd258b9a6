"""Speak with a neural voice: a program of its own that stays warm between narrations.

    argv:   the voice as JSON: `engine` ("hibari", "piper" or "kokoro") and what that one takes
    stdin:  one request a line, JSON: `paragraphs` (texts), `rate` (words a minute, or null),
            `language`, `limit` (seconds of speech)
    stdout: lines of JSON. {"hertz", "engine"} once it is ready; then for each request
            {"paragraph", "words", "bytes"} with as many bytes of PCM16LE, mono, for each piece of
            sound, and {"done", "stretch", "unspoken"}. A word is [character from 1, first and last
            sample of the piece]. In place of any of them a sentence: {"refused"} for a text,
            {"failed"} for a fault, {"damaged"} for an installation.

It imports no vidkit, so that it is light, and so that piper, which is under the GPL, stays a
program beside it. It ends when its input does, when its parent is gone, and after a while without
a request.
"""

from __future__ import annotations

import json
import math
import os
import queue
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono sound: shape (samples,), full scale from -1 to 1."""

Steps = NDArray[Any]
"""How long each phoneme takes, in steps of its model: shape (ids,)."""

SENTENCE_PAUSE = 0.42
"""Seconds of silence between sentences; people who read aloud take 0.25 to 0.6 s."""
PARAGRAPH_PAUSE = 0.85
CLAUSE_PAUSE = 0.15
"""Where a sentence is cut only because it is too long for the model."""
EDGE = 0.05
"""Seconds of near silence that are kept before and after a narration."""
FADE = 0.005
"""Seconds in which each piece comes from silence and goes back, so that no join clicks."""
QUIET = 10 ** (-42 / 20)
"""What is quieter than this share of a sentence's peak, at its ends, is not speech."""

FEW_WORDS = 20
"""Below this a text's own words a minute say little: one long word is no slow speech."""
LETTERS_A_WORD = 4.8
SLOWEST, FASTEST = 2.0, 0.5
"""How far speech is stretched at the most."""
IDLE = 90.0
"""Seconds without a request after which the program ends."""


Told = tuple[int, float, float]
"""A spoken word: its first character in the sentence, when it begins and when it ends, in seconds
of its piece."""


@dataclass(frozen=True)
class Piece:
    """What a model speaks in one breath: its phoneme ids, and for each word that it can time its
    first character in the sentence, its first id and the id after its last.
    """

    ids: list[int]
    words: list[tuple[int, int, int]]


class Engine(Protocol):
    """A model. `passes`: how often a measured speech must be corrected to keep a rate."""

    hertz: int
    passes: int
    name: str

    def pieces(self, sentence: str, unspoken: set[str]) -> list[Piece]:
        """The sentence in pieces that the model bears. Adds words without a sound to `unspoken`."""

    def speak(self, piece: Piece, stretch: float) -> tuple[Samples, list[Told]]:
        """Its samples, and when its words are spoken."""


class Refused(Exception):
    """A text that cannot be spoken."""


def session(model: bytes, threads: int = 1) -> Any:
    """An onnxruntime session on one thread: more are no quicker here, and give other bytes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def with_output(model: bytes, tensor: str) -> bytes:
    """An ONNX model that gives its inner `tensor` as its last output, too.

    Protocol buffers merge messages that follow each other, so a second `ModelProto` with only
    `graph { output { name } }` behind the first adds to its graph.
    """
    return model + _field(7, _field(12, _field(1, tensor.encode())))


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


# Sentences


_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’)\]»]*\s+(?=\S)|(?<=[。！？।])[”’」』）]*\s*(?=\S)")
_NO_END = re.compile(
    r"(?:^|[\s(\[\"“‘])(?:[A-Z]|Mrs?|Ms|Dr|Prof|St|Jr|Sr|Sra?|Mme|Mlle|Nr|No|Fig|Eq|vs|cf|approx)\.$"
)


def sentences(paragraph: str) -> Iterator[tuple[int, str]]:
    """The sentences of a paragraph, each with its place."""
    start = 0
    for found in _SENTENCE_END.finditer(paragraph):
        before = paragraph[max(start, found.start() - 12) : found.start()]
        if paragraph[found.end()].islower() or _NO_END.search(before):
            continue
        yield start, paragraph[start : found.start()]
        start = found.end()
    if paragraph[start:].strip():
        yield start, paragraph[start:]


# Engines


class Hibari:
    """hibari-tts: American or British English, by the model in `model`."""

    hertz = 24_000
    passes = 1
    STEP = 0.025
    """Seconds of one step of its durations: two frames of 12.5 ms."""
    DURATIONS = "/Round_output_0"
    RAW = "/Sub_output_0"
    OWN_SPEED = 0.855
    """Of a model that is quicker than a teacher: 172 words a minute instead of 190, measured on a
    lesson of eleven sections. Only sounds of three steps or more grow longer at it."""
    PAD_SPEED = 3.0
    """Of the silence around a sentence, which is cut off again: a tenth of all that is made."""
    LATE = 0.045
    """Its steps begin this many seconds after the sound does (median of 126 words that follow a
    pause)."""
    MOST_IDS = 400
    CLAUSE_END = frozenset(",;:—…")

    def __init__(self, voice: Mapping[str, Any]) -> None:
        import hibari
        from hibari import dsp
        from hibari.g2p import G2P

        # scipy's transforms, which hibari takes where they are, give other bytes than numpy's
        dsp.rfft = lambda x, axis: np.fft.rfft(x, axis=axis).astype(np.complex64)
        dsp.irfft = lambda x, n, axis: np.fft.irfft(x, n=n, axis=axis).astype(np.float32)
        self._synth = dsp.synth
        self.name = f"hibari-tts {hibari.__version__}"
        self._g2p = G2P(british=bool(voice.get("british")))
        assets = Path(hibari.__file__).parent / "assets"
        self._vocab = json.loads((assets / "vocab.json").read_text(encoding="utf-8"))
        model = _free_speeds(Path(voice["model"]).read_bytes())
        for tensor in (self.DURATIONS, self.RAW):
            model = with_output(model, tensor)
        self._session = session(model)
        self._own: dict[tuple[int, ...], tuple[Steps, Steps]] = {}

    def begin(self) -> None:
        """Forget the durations of the last narration."""
        self._own.clear()

    def pieces(self, sentence: str, unspoken: set[str]) -> list[Piece]:
        """The phoneme ids of a sentence's tokens."""
        tokens = self._g2p.phonemize_tokens(self._g2p.tokenize(sentence))
        at, pieces = 0, [Piece([0], [])]
        good = 0  # where the piece may be cut: after a clause, or after a word
        for token in tokens:
            found = sentence.find(token.text, at)
            at = found if found >= 0 else at
            ids = [self._vocab[each] for each in token.phonemes or "" if each in self._vocab]
            spoken = any(each.isalnum() for each in token.text)
            if spoken and not ids:
                unspoken.add(token.text)
            piece = pieces[-1]
            if len(piece.ids) + len(ids) > self.MOST_IDS:
                piece = _cut(pieces, good)
                good = 0
            if spoken and ids:
                piece.words.append((at, len(piece.ids), len(piece.ids) + len(ids)))
            piece.ids.extend(ids[: self.MOST_IDS])
            at += len(token.text)
            if token.whitespace and len(piece.ids) > 1:
                piece.ids.append(self._vocab[" "])
            if token.text[-1:] in self.CLAUSE_END:
                good = len(piece.ids)
        return [Piece([*piece.ids, 0], piece.words) for piece in pieces if piece.words]

    def speak(self, piece: Piece, stretch: float) -> tuple[Samples, list[Told]]:
        """One run at its own pace; at another, one that is told how long each phoneme takes."""
        which = tuple(piece.ids)
        if stretch != 1.0 and which in self._own:
            raw, own = self._own[which]
            found = self._run(piece.ids, raw / _steps(own, stretch))
        else:
            speeds = np.full(len(piece.ids), self.OWN_SPEED)
            speeds[[0, -1]] = self.PAD_SPEED
            found = self._run(piece.ids, speeds)
            raw, own = found[-1].ravel(), found[-2].ravel()
            self._own[which] = np.maximum(0.01, raw), np.maximum(1.0, own)
        lh, th, ln, lr, phi, f0 = (part[0] for part in found[:6])
        samples = self._synth(lh, th, ln, lr, phi, f0, np.random.default_rng(0))
        edges = np.concatenate([[0], np.cumsum(np.maximum(1, found[-2].ravel()))]) * self.STEP
        starts = np.maximum(0.0, edges - self.LATE)
        return samples, [(at, float(starts[a]), float(starts[b])) for at, a, b in piece.words]

    def _run(self, ids: list[int], speed: Steps) -> list[Any]:
        found: list[Any] = self._session.run(
            None, {"ids": np.asarray([ids], np.int64), "speed": speed.astype(np.float32)}
        )
        return found


def _free_speeds(model: bytes) -> bytes:
    """The model with its input `speed` of any length instead of one number, so that each phoneme
    can have its own: its durations are whole steps, and one speed for all leaps between them.
    """
    at = model.rfind(b"\x0a\x05speed")
    shape = model.find(b"\x0a\x02\x08\x01", at, at + 32)
    if at < 0 or shape < 0:
        raise ValueError("the model has no input `speed`")
    # dimension { value: 1 } → dimension { name: "" }, which is any, in as many bytes
    return model[:shape] + b"\x0a\x02\x12\x00" + model[shape + 4 :]


def _steps(own: Steps, stretch: float) -> Steps:
    """Whole durations whose sum follows that of `own` times `stretch`; at least one step each."""
    ends = np.round(np.cumsum(own) * stretch)
    return np.maximum(1.0, np.diff(ends, prepend=0.0))


def _cut(pieces: list[Piece], good: int) -> Piece:
    """Begin another piece; what stands after the place `good` of the last one moves there."""
    last = pieces[-1]
    if good > len(last.ids) // 3:
        moved = [(at, a - good + 1, b - good + 1) for at, a, b in last.words if a >= good]
        kept = [word for word in last.words if word[1] < good]
        pieces[-1:] = [Piece(last.ids[:good], kept), Piece([0, *last.ids[good:]], moved)]
    else:
        pieces.append(Piece([0], []))
    return pieces[-1]


class Piper:
    """A Piper voice, by the path of its `.onnx`, whose settings lie beside it."""

    passes = 2
    SEED = 1

    def __init__(self, voice: Mapping[str, Any]) -> None:
        from importlib.metadata import version

        import onnxruntime
        from piper import PiperVoice

        path = Path(voice["model"])
        self._voice = PiperVoice.load(str(path))
        self._model = path.read_bytes()
        tensor = _durations(self._model)
        if tensor:
            self._model = with_output(self._model, tensor)
        self._timed = tensor is not None
        self._seed = onnxruntime.set_seed
        self.hertz = self._voice.config.sample_rate
        self.name = f"piper-tts {version('piper-tts')}"

    def begin(self) -> None:
        """VITS draws random numbers: a seed before a fresh session makes the bytes repeat."""
        self._seed(self.SEED)
        self._voice.session = session(self._model)

    def pieces(self, sentence: str, unspoken: set[str]) -> list[Piece]:
        """One piece; espeak joins words ("of the" is one), so words share groups of phonemes."""
        id_map = self._voice.config.phoneme_id_map
        ids, groups = [*id_map["^"], *id_map["_"]], _Groups()
        for phoneme in (each for part in self._voice.phonemize(sentence) for each in part):
            more = [*id_map[phoneme], *id_map["_"]] if phoneme in id_map else []
            groups.add(phoneme, len(ids), len(ids) + len(more))
            ids += more
        words = groups.words(sentence)
        if not words:
            unspoken.update(word for _, word in _written(sentence))
            return []
        return [Piece([*ids, *id_map["$"]], words)]

    def speak(self, piece: Piece, stretch: float) -> tuple[Samples, list[Told]]:
        """Its samples, as loud as the voice made them."""
        from piper import SynthesisConfig

        scale = self._voice.config.length_scale * stretch
        found = self._voice.phoneme_ids_to_audio(
            piece.ids, SynthesisConfig(length_scale=scale), include_alignments=self._timed
        )
        samples, steps = found if isinstance(found, tuple) else (found, None)
        samples = np.asarray(samples, np.float32).ravel()
        if steps is None:
            return samples, []
        edges = np.concatenate([[0], np.cumsum(steps)]) / self.hertz
        return samples, [(at, float(edges[a]), float(edges[b])) for at, a, b in piece.words]


def _durations(model: bytes) -> str | None:
    """The tensor of a Piper voice with the frames of each id; None where there is none."""
    end = b"Ceil_output_0"
    names, at = set(), model.find(end)
    while at >= 0:
        start = at
        while chr(model[start - 1]).isalnum() or model[start - 1] in b"/._":
            start -= 1
        name = model[start : at + len(end)].decode("ascii", "ignore")
        names.add(name[name.find("/") :] if "/" in name else name)
        at = model.find(end, at + 1)
    return min(names, key=len) if names else None


class Kokoro:
    """Kokoro-82M as ONNX, with a voice of style vectors, shape (phonemes, 1, 256).

    English becomes phonemes by hibari's rules, and other languages by the espeak-ng in piper-tts.
    """

    hertz = 24_000
    passes = 2
    STEP = 0.025
    DURATIONS = "/encoder/Clip_output_0"
    MOST_IDS = 500
    ESPEAK: Mapping[str, str] = {
        "es": "es",
        "fr": "fr",
        "it": "it",
        "pt": "pt-br",
        "hi": "hi",
        "ja": "ja",
        "zh": "cmn",
    }

    def __init__(self, voice: Mapping[str, Any]) -> None:
        import hibari

        model = Path(voice["model"]).read_bytes()
        self._timed = self.DURATIONS.encode() in model
        self._session = session(with_output(model, self.DURATIONS) if self._timed else model)
        self._ids_name = self._session.get_inputs()[0].name
        self._styles = np.fromfile(voice["style"], np.float32).reshape(-1, 1, 256)
        assets = Path(hibari.__file__).parent / "assets"
        self._vocab = json.loads((assets / "vocab.json").read_text(encoding="utf-8"))
        self._language = voice["language"].split("-")[0]
        self._phonemes = self._reader(british=bool(voice.get("british")))
        self.name = "kokoro"

    def _reader(self, british: bool) -> Callable[[str], Iterator[tuple[str, int | None]]]:
        """A function from a sentence to its phonemes, each with the place of the word that begins
        there, where the rules tell."""
        if self._language == "en":
            from hibari.g2p import G2P

            rules = G2P(british=british)

            def english(sentence: str) -> Iterator[tuple[str, int | None]]:
                at = 0
                for token in rules.phonemize_tokens(rules.tokenize(sentence)):
                    found = sentence.find(token.text, at)
                    at = found if found >= 0 else at
                    place: int | None = at if any(map(str.isalnum, token.text)) else None
                    for each in token.phonemes or "":
                        yield each, place
                        place = None
                    at += len(token.text)
                    if token.whitespace:
                        yield " ", None

            return english
        from piper.phonemize_espeak import ESPEAK_DATA_DIR, EspeakPhonemizer

        espeak, tongue = EspeakPhonemizer(ESPEAK_DATA_DIR), self.ESPEAK[self._language]

        def other(sentence: str) -> Iterator[tuple[str, int | None]]:
            for part in espeak.phonemize(tongue, sentence):
                yield from ((each, None) for each in part)
                yield " ", None

        return other

    def pieces(self, sentence: str, unspoken: set[str]) -> list[Piece]:
        """Pieces of at most `MOST_IDS`, cut at a space."""
        pieces, groups, told, good = [Piece([0], [])], _Groups(), False, 0
        for phoneme, place in self._phonemes(sentence):
            if phoneme not in self._vocab:
                continue
            piece = pieces[-1]
            if len(piece.ids) >= self.MOST_IDS:
                piece, good = _cut(pieces, good), 0
                groups = _Groups()
            if place is not None:
                told = True
                piece.words.append((place, len(piece.ids), len(piece.ids) + 1))
            groups.add(phoneme, len(piece.ids), len(piece.ids) + 1)
            piece.ids.append(self._vocab[phoneme])
            if phoneme == " ":
                good = len(piece.ids)
        if not told and len(pieces) == 1:
            pieces[0].words.extend(groups.words(sentence))
        if all(len(piece.ids) < 2 for piece in pieces):
            unspoken.update(word for _, word in _written(sentence))
        return [Piece([*piece.ids, 0], piece.words) for piece in pieces if len(piece.ids) > 1]

    def speak(self, piece: Piece, stretch: float) -> tuple[Samples, list[Told]]:
        """One run."""
        style = self._styles[min(len(piece.ids) - 2, len(self._styles) - 1)]
        found = self._session.run(
            None,
            {
                self._ids_name: np.asarray([piece.ids], np.int64),
                "style": style,
                "speed": np.asarray([1 / stretch], np.float32),
            },
        )
        samples = np.asarray(found[0], np.float32).ravel()
        if not self._timed:
            return samples, []
        edges = np.concatenate([[0.0], np.cumsum(found[-1].ravel())])
        edges *= len(samples) / self.hertz / edges[-1]
        last = len(edges) - 1
        return samples, [
            (at, float(edges[min(a, last)]), float(edges[min(b, last)])) for at, a, b in piece.words
        ]


# Words whose phonemes nobody tells apart


def _written(sentence: str) -> list[tuple[int, str]]:
    """The words of a sentence that hold a letter or digit, each with its place."""
    found = re.finditer(r"\S+", sentence)
    return [(each.start(), each.group()) for each in found if any(map(str.isalnum, each.group()))]


class _Groups:
    """Phonemes between spaces: (first id, id after the last, phonemes)."""

    def __init__(self) -> None:
        self.groups: list[tuple[int, int, int]] = []
        self._fresh = True

    def add(self, phoneme: str, first: int, end: int) -> None:
        """Count a phoneme, whose ids these are."""
        if phoneme.isspace():
            self._fresh = True
        elif phoneme.isalpha() and end > first:
            start, _, count = (first, end, 0) if self._fresh else self.groups.pop()
            self.groups.append((start, end, count + 1))
            self._fresh = False

    def words(self, sentence: str) -> list[tuple[int, int, int]]:
        """The words of `sentence` laid over the groups by their length: the cheapest way in order
        in which a group takes one to four words, or a word one to four groups.
        """
        written = _written(sentence)
        if not self.groups or not written:
            return []
        letters = [len(word) for _, word in written]
        spans = self._spans(letters)
        return [
            (at, round(a), max(round(a) + 1, round(b)))
            for (at, _), (a, b) in zip(written, spans, strict=True)
        ]

    def _spans(self, letters: Sequence[int]) -> list[tuple[float, float]]:
        n, m = len(letters), len(self.groups)
        steps = [(1, 1), *((k, 1) for k in (2, 3, 4)), *((1, k) for k in (2, 3, 4))]
        best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
        for i in range(n + 1):
            # words and groups go along together; far from that nothing good is found
            near = i * m // max(1, n)
            for j in range(max(0, near - 60), min(m, near + 60) + 1):
                if (i, j) not in best:
                    continue
                for di, dj in steps:
                    if i + di > n or j + dj > m:
                        continue
                    said = sum(count for *_, count in self.groups[j : j + dj])
                    off = math.log((sum(letters[i : i + di]) + 1) / (1.15 * said + 1))
                    cost = best[i, j][0] + abs(off) + 0.35 * (di + dj - 2)
                    if (i + di, j + dj) not in best or cost < best[i + di, j + dj][0]:
                        best[i + di, j + dj] = cost, (i, j)
        if (n, m) not in best:
            return _shared(letters, self.groups[0][0], self.groups[-1][1])
        spans: list[tuple[float, float]] = []
        place = (n, m)
        while place != (0, 0):
            before = best[place][1]
            start, end = self.groups[before[1]][0], self.groups[place[1] - 1][1]
            spans[:0] = _shared(letters[before[0] : place[0]], start, end)
            place = before
        return spans


def _shared(letters: Sequence[int], start: int, end: int) -> list[tuple[float, float]]:
    edges = start + np.concatenate([[0], np.cumsum(letters)]) / sum(letters) * (end - start)
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


# Narrations


@dataclass(frozen=True)
class Breath:
    """A piece, the paragraph and the place in it of its sentence, and the pause before it."""

    piece: Piece
    paragraph: int
    place: int
    pause: float


def _breaths(engine: Engine, paragraphs: Sequence[str], unspoken: set[str]) -> list[Breath]:
    found: list[Breath] = []
    for number, paragraph in enumerate(paragraphs):
        pause = PARAGRAPH_PAUSE
        for place, sentence in sentences(paragraph):
            for piece in engine.pieces(sentence, unspoken):
                found.append(Breath(piece, number, place, pause if found else 0.0))
                pause = CLAUSE_PAUSE
            pause = SENTENCE_PAUSE if found and found[-1].paragraph == number else pause
    return found


def _trimmed(samples: Samples, hertz: int) -> tuple[Samples, int]:
    """The samples between the first and the last that are heard, with a fade at each end; and
    how many were cut off before them.
    """
    hop = hertz // 200
    blocks = len(samples) // hop
    peaks = np.abs(samples[: blocks * hop]).reshape(blocks, hop).max(1) if blocks else np.zeros(0)
    loud = np.flatnonzero(peaks > peaks.max(initial=0.0) * QUIET)
    if not len(loud) or peaks.max() <= 0:
        return np.zeros(0, np.float32), 0
    fade = max(1, round(FADE * hertz))
    first = max(0, int(loud[0]) * hop - fade)
    last = min(len(samples), (int(loud[-1]) + 1) * hop + 4 * fade)
    kept = samples[first:last].copy()
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / fade)).astype(np.float32)
    kept[:fade] *= ramp[: len(kept)]
    kept[-fade:] *= ramp[: len(kept)][::-1]
    return kept, first


def _stretch(engine: Engine, breaths: Sequence[Breath], texts: Sequence[str], rate: int) -> float:
    """How many times longer than the model's own its speech must be for `rate` words a minute."""
    text = " ".join(texts)
    words, pauses = float(len(_written(text))), sum(breath.pause for breath in breaths)
    if words < FEW_WORDS:
        words, pauses = sum(map(str.isalnum, text)) / LETTERS_A_WORD, 0.0
    wanted = max(0.1, words * 60 / rate - pauses)
    stretch = 1.0
    for _ in range(engine.passes):
        spoken = (engine.speak(breath.piece, stretch)[0] for breath in breaths)
        seconds = sum(len(_trimmed(each, engine.hertz)[0]) for each in spoken) / engine.hertz
        stretch = min(SLOWEST, max(FASTEST, stretch * wanted / max(0.1, seconds)))
    return stretch


def narrate(engine: Engine, request: Mapping[str, Any], answer: Callable[..., None]) -> None:
    """Speak the paragraphs of a request, and answer piece by piece."""
    begin = getattr(engine, "begin", None)
    if begin is not None:
        begin()
    unspoken: set[str] = set()
    breaths = _breaths(engine, request["paragraphs"], unspoken)
    rate = request["rate"]
    stretch = _stretch(engine, breaths, request["paragraphs"], rate) if rate and breaths else 1.0
    left = request["limit"] * engine.hertz
    edge = np.zeros(round(EDGE * engine.hertz), np.float32)
    for number, breath in enumerate(breaths):
        samples, words = engine.speak(breath.piece, stretch)
        samples, cut = _trimmed(samples, engine.hertz)
        before = np.zeros(round(breath.pause * engine.hertz), np.float32) if number else edge
        left -= len(before) + len(samples)
        if left < 0:
            raise Refused(f"the text takes more than {request['limit'] // 60} minutes to speak")
        told = []
        for at, *seconds in words:
            times = (min(len(samples), max(0, round(s * engine.hertz) - cut)) for s in seconds)
            told.append((breath.place + at + 1, *(len(before) + time for time in times)))
        after = [edge] if number == len(breaths) - 1 else []
        pcm = np.clip(np.concatenate([before, samples, *after]), -1, 1) * 32767
        answer({"paragraph": breath.paragraph, "words": told}, pcm.astype("<i2").tobytes())
    answer({"done": True, "stretch": stretch, "unspoken": sorted(unspoken)[:20]})


# The program


ENGINES: Mapping[str, Callable[[Mapping[str, Any]], Engine]] = {
    "hibari": Hibari,
    "piper": Piper,
    "kokoro": Kokoro,
}


def _requests(parent: int) -> Iterator[dict[str, Any]]:
    """The requests, until there will be none. A thread reads them, so that the end of the input,
    which is the end of who asks, ends the program in the middle of a text, too.
    """
    lines: queue.Queue[bytes] = queue.Queue()

    def read() -> None:
        for line in sys.stdin.buffer:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    idle = 0.0
    while idle < IDLE and os.getppid() == parent:
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            idle += 0.5
            continue
        idle = 0.0
        yield json.loads(line)


def main() -> None:
    """Open the voice, and answer until nobody asks any more."""
    parent = os.getppid()
    # Whatever a library prints must not get between the bytes of the answer.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def answer(head: Mapping[str, Any], sound: bytes = b"") -> None:
        if os.getppid() != parent:
            os._exit(0)
        line = json.dumps({**head, "bytes": len(sound)} if sound else head)
        out.write(line.encode() + b"\n" + sound)
        out.flush()

    try:
        voice = json.loads(sys.argv[1])
        engine = ENGINES[voice["engine"]](voice)
    except Exception as error:  # whatever a damaged package or model brings about
        answer({"damaged": f"{type(error).__name__}: {error}"})
        return
    answer({"hertz": engine.hertz, "engine": engine.name})
    for request in _requests(parent):
        try:
            narrate(engine, request, answer)
        except Refused as error:
            answer({"refused": str(error)})
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
            answer({"failed": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
