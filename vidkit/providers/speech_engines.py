"""The neural voices that `speech_process` speaks with: hibari, Piper and Kokoro.

Each turns a sentence into pieces of phoneme ids, and a piece into samples with the time of each
of its words. Like that program this imports no vidkit.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono sound: shape (samples,), full scale from -1 to 1."""

Steps = NDArray[Any]
"""How long each phoneme takes, in steps of its model: shape (ids,)."""

FADE = 0.005
"""Seconds in which each piece comes from silence and goes back, so that no join clicks."""
QUIET = 10 ** (-42 / 20)
"""What is quieter than this share of a sentence's peak, at its ends, is not speech."""


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

    def pieces(self, sentence: str, unspoken: set[str]) -> list[Piece]:
        """The sentence in pieces that the model bears. Adds words without a sound to `unspoken`."""

    def begin(self) -> None:
        """Make ready for another narration."""

    def seconds(self, piece: Piece, stretch: float) -> float:
        """How long a piece is heard, `stretch` times longer than at the model's own pace."""

    def speak(self, piece: Piece, stretch: float) -> tuple[Samples, list[Told]]:
        """Its samples, and when its words are spoken."""


def _measured(engine: Engine, piece: Piece, stretch: float) -> float:
    """How long a piece is heard, by speaking it."""
    return len(trimmed(engine.speak(piece, stretch)[0], engine.hertz)[0]) / engine.hertz


def session(model: bytes) -> Any:
    """An onnxruntime session on one thread: more are no quicker here, and give other bytes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # tanh in place of erf: as good for speech, and 3 % of hibari's time
    options.add_session_config_entry("optimization.enable_gelu_approximation", "1")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def with_output(model: bytes, tensor: str) -> bytes:
    """An ONNX model that gives its inner `tensor` as its last output, too.

    Protocol buffers merge messages that follow each other, so a second `ModelProto` with only
    `graph { output { name } }` behind the first adds to its graph.
    """
    return model + _field(7, _field(12, _field(1, tensor.encode())))


def only_outputs(model: bytes, *tensors: str) -> bytes:
    """An ONNX model that gives these inner tensors alone, without the nodes that they do not need.

    model { graph = 7 }, graph { node = 1, output = 12 }, node { input = 1, output = 2 }
    """
    graph = next(data for number, data, _ in _fields(model) if number == 7)
    rest = b"".join(raw for number, _, raw in _fields(model) if number != 7)
    needed, kept = {tensor.encode() for tensor in tensors}, []
    for number, data, raw in reversed([*_fields(graph)]):  # a node stands behind what it needs
        if number == 1:
            names = [(kind, name) for kind, name, _ in _fields(data) if kind <= 2]
            if not any(kind == 2 and name in needed for kind, name in names):
                continue
            needed |= {name for kind, name in names if kind == 1}
        if number != 12:
            kept.append(raw)
    told = b"".join(_field(12, _field(1, tensor.encode())) for tensor in tensors)
    return rest + _field(7, b"".join(reversed(kept)) + told)


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The fields of a message: number, content where that is bytes, and the whole as written."""
    at = 0
    while at < len(message):
        start = at
        key, at = _number(message, at)
        size = {1: 8, 5: 4}.get(key & 7, 0)
        if key & 7 == 2:
            size, at = _number(message, at)
        elif key & 7 == 0:
            _, at = _number(message, at)
        yield key >> 3, message[at : at + size], message[start : at + size]
        at += size


def _number(message: bytes, at: int) -> tuple[int, int]:
    """A varint, and the place after it."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def trimmed(samples: Samples, hertz: int) -> tuple[Samples, int]:
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


class Hibari:
    """hibari-tts: American or British English, by the model in `model`."""

    hertz = 24_000
    passes = 1
    STEP = 0.025
    """Seconds of one step of its durations: two frames of 12.5 ms."""
    DURATIONS = "/Round_output_0"
    RAW = "/Sub_output_0"
    SPECTRA = "/head/Add_output_0"
    """Five parts for each frame, as `_sound` puts them together."""
    OWN_SPEED = 0.855
    """Of a model that is quicker than a teacher: 172 words a minute instead of 190, measured on a
    lesson of eleven sections. Only sounds of three steps or more grow longer at it."""
    SILENT = frozenset(';:,.!?—…"()“” ')
    SILENCE_SPEED = 3.0
    """Of the silence around a sentence, which is cut off again: a seventh of all that is made."""
    LONG = 40
    """Ids of a piece whose last sound is hurried: it would end in 0.3 s of silence, and 4 % of all
    that is made is saved; what is heard of it stays within 0.03 s (30 sentences)."""
    LAST_SPEED = 1.5
    FADING, HURRIED = 0.29, 0.15
    """Seconds of a piece's last sound that are silent, and of one that is hurried (medians)."""
    LATE = 0.045
    """Its steps begin this many seconds after the sound does (median of 126 words that follow a
    pause)."""
    MOST_IDS = 400
    CLAUSE_END = frozenset(",;:—…")

    def __init__(self, voice: Mapping[str, Any]) -> None:
        assets = _hibari() / "assets"
        from hibari import dsp
        from hibari.g2p import G2P

        # scipy's transforms, which hibari takes where they are, give other bytes than numpy's
        dsp.irfft = lambda x, n, axis: np.fft.irfft(x, n=n, axis=axis)
        self._dsp = dsp
        self._g2p = G2P(british=bool(voice.get("british")))
        self._vocab = json.loads((assets / "vocab.json").read_text(encoding="utf-8"))
        self._silent = {0, *(number for each, number in self._vocab.items() if each in self.SILENT)}
        self._model = _free_speeds(Path(voice["model"]).read_bytes())
        self._session = session(only_outputs(self._model, self.SPECTRA, "f0", self.DURATIONS))
        self._noise = np.zeros((0, 0), np.complex64)
        self._own: dict[tuple[int, ...], tuple[Steps, Steps]] = {}
        # what does not fit together fails here, before it could seem to be a text's fault
        list(self._g2p.phonemize_tokens(self._g2p.tokenize("Vidkitian")))  # a word that is guessed
        self.speak(self.pieces("One.", set())[0], 1.0)

    def begin(self) -> None:
        """Forget the durations of the last narration."""
        self._own.clear()

    def pieces(self, sentence: str, unspoken: set[str]) -> list[Piece]:
        """The phoneme ids of a sentence's tokens."""
        tokens = _read(self._g2p, sentence)
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

    def seconds(self, piece: Piece, stretch: float) -> float:
        """From the durations alone, which take a tenth of the time that the sound does."""
        _, own = self._durations(piece)
        begin, end = self._heard(piece)
        silent = self.HURRIED if len(piece.ids) >= self.LONG else self.FADING
        return max(0.1, float(own[begin:end].sum()) * self.STEP - silent) * stretch

    def speak(self, piece: Piece, stretch: float) -> tuple[Samples, list[Told]]:
        """One run at its own pace; at another, one that is told how long each phoneme takes."""
        speeds = self._speeds(piece)
        if stretch != 1.0:
            raw, own = self._durations(piece)
            speeds = raw / _steps(own, stretch)
        spectra, f0, steps = self._run(self._session, piece, speeds)
        samples = self._sound(spectra[0], f0[0])
        edges = np.concatenate([[0], np.cumsum(np.maximum(1, steps.ravel()))]) * self.STEP
        starts = np.maximum(0.0, edges - self.LATE)
        return samples, [(at, float(starts[a]), float(starts[b])) for at, a, b in piece.words]

    def _sound(self, spectra: Samples, f0: Samples) -> Samples:
        """What `hibari.dsp.synth` makes of the model's answer, frame by frame as that gives it:
        harmonics, where there is a voice; noise; and what has a phase of its own.
        """
        dsp = self._dsp
        loud, turn, hiss, level, phase = np.split(spectra, 5, axis=1)
        whole = _polar(dsp.ex(level), phase)
        whole += self._drawn(whole.shape) * dsp.ex(hiss)
        pulses = np.pad(dsp.pulses(f0), dsp.N_FFT // 2, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(pulses, dsp.N_FFT)[:: dsp.HOP]
        voiced = np.flatnonzero(windows[: len(whole)].any(1))
        harmonics = np.fft.rfft(windows[voiced] * dsp.WIN_SRC, axis=1)
        harmonics *= _polar(dsp.ex(loud[voiced]), np.tanh(turn[voiced]) * np.float32(np.pi))
        whole[voiced] += harmonics
        samples: Samples = dsp.ola(whole.T)
        return samples

    def _drawn(self, shape: tuple[int, int]) -> NDArray[np.complex64]:
        """The first random numbers of one seed's sequence, the same in each piece."""
        if shape[0] > len(self._noise):
            drawn = np.random.default_rng(0).standard_normal((shape[0], 2 * shape[1]), np.float32)
            self._noise = drawn.view(np.complex64)
        return self._noise[: shape[0]]

    def _heard(self, piece: Piece) -> tuple[int, int]:
        """The first id that is no silence, and the id after the last."""
        heard = [at for at, number in enumerate(piece.ids) if number not in self._silent]
        return (heard[0], heard[-1] + 1) if heard else (0, len(piece.ids))

    def _speeds(self, piece: Piece) -> Steps:
        begin, end = self._heard(piece)
        speeds = np.full(len(piece.ids), self.SILENCE_SPEED)
        speeds[begin:end] = self.OWN_SPEED
        if len(piece.ids) >= self.LONG:
            speeds[end - 1] = self.LAST_SPEED
        return speeds

    def _durations(self, piece: Piece) -> tuple[Steps, Steps]:
        """What a piece's durations are before they are divided by a speed, and their own steps."""
        which = tuple(piece.ids)
        if which not in self._own:
            steps, raw = self._run(self._quick_session, piece, self._speeds(piece))
            self._own[which] = np.maximum(0.01, raw.ravel()), np.maximum(1.0, steps.ravel())
        return self._own[which]

    @cached_property
    def _quick_session(self) -> Any:
        return session(only_outputs(self._model, self.DURATIONS, self.RAW))

    def _run(self, model: Any, piece: Piece, speeds: Steps) -> list[Any]:
        found: list[Any] = model.run(
            None, {"ids": np.asarray([piece.ids], np.int64), "speed": speeds.astype(np.float32)}
        )
        return found


def _polar(size: Samples, angle: Samples) -> NDArray[np.complex64]:
    """Complex numbers of a size and an angle."""
    found = np.empty(size.shape, np.complex64)
    np.multiply(np.cos(angle), size, out=found.real)
    np.multiply(np.sin(angle), size, out=found.imag)
    return found


_PART = re.compile(r"\d+(?:[.,]\d+)*|[A-Z]*[^\W\d_A-Z]+|[A-Z]+|[\W_]")
MOST_PARTS = 10


def _loosened(word: str) -> str:
    """A word with a space after every few parts where it has many ("a/b/c/d/…"): the rules try
    each run of a word's parts, and their time grows with the cube of how many there are.
    """
    parts = _PART.findall(word)
    if len(parts) <= MOST_PARTS:
        return word
    rows = (parts[at : at + MOST_PARTS] for at in range(0, len(parts), MOST_PARTS))
    return " ".join(map("".join, rows))


def _hibari() -> Path:
    """The folder of the package hibari, whose modules can then be imported without the package's
    own imports: those of its downloads take a third as long as its rules.
    """
    found = find_spec("hibari")
    if found is None or not found.submodule_search_locations:
        raise ImportError("no package hibari")
    package = sys.modules.setdefault("hibari", ModuleType("hibari"))
    package.__path__ = [*found.submodule_search_locations]
    return Path(package.__path__[0])


_FOREIGN = re.compile("[\u0370-\u1cff\u1f00-\u1fff]")
"""Letters of other scripts, for which the rules guess sounds that mean nothing."""


def _read(rules: Any, text: str) -> list[Any]:
    """The tokens of an English text with their phonemes, by hibari's rules; none for words in
    another script. What the rules break down over, as over a number of 40 digits, is read word by
    word, and such a word sign by sign.
    """
    try:
        loose = re.sub(r"\S+", lambda word: _loosened(word.group()), text)
        found = list(rules.phonemize_tokens(rules.tokenize(loose)))
        for token in found:
            token.phonemes = "" if _FOREIGN.search(token.text) else token.phonemes
        return found
    except Exception:  # whatever befalls rules that are not ours
        parts = text.split()
        tokens: list[Any] = []
        for part in parts if len(parts) > 1 else text if len(text) > 1 else ():
            tokens += _read(rules, part)
            if tokens:
                tokens[-1].whitespace = " "
        return tokens


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

    seconds = _measured

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
            unspoken.update(word for _, word in written(sentence))
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
        model = Path(voice["model"]).read_bytes()
        self._timed = self.DURATIONS.encode() in model
        self._session = session(with_output(model, self.DURATIONS) if self._timed else model)
        self._ids_name = self._session.get_inputs()[0].name
        self._styles = np.fromfile(voice["style"], np.float32).reshape(-1, 1, 256)
        vocab = _hibari() / "assets/vocab.json"
        self._vocab = json.loads(vocab.read_text(encoding="utf-8"))
        self._language = voice["language"].split("-")[0]
        self._phonemes = self._reader(british=bool(voice.get("british")))

    seconds = _measured

    def begin(self) -> None:
        """Nothing: it draws no random numbers."""

    def _reader(self, british: bool) -> Callable[[str], Iterator[tuple[str, int | None]]]:
        """A function from a sentence to its phonemes, each with the place of the word that begins
        there, where the rules tell."""
        if self._language == "en":
            from hibari.g2p import G2P

            rules = G2P(british=british)

            def english(sentence: str) -> Iterator[tuple[str, int | None]]:
                at = 0
                for token in _read(rules, sentence):
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
            unspoken.update(word for _, word in written(sentence))
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


def written(sentence: str) -> list[tuple[int, str]]:
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
        words = written(sentence)
        if not self.groups or not words:
            return []
        letters = [len(word) for _, word in words]
        spans = self._spans(letters)
        return [
            (at, round(a), max(round(a) + 1, round(b)))
            for (at, _), (a, b) in zip(words, spans, strict=True)
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


ENGINES: Mapping[str, Callable[[Mapping[str, Any]], Engine]] = {
    "hibari": Hibari,
    "piper": Piper,
    "kokoro": Kokoro,
}
