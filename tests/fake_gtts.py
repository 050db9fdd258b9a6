"""Google Translate's speech on this machine; more faults than `fake_server` has:

"silent"   an answer of another kind: gTTS passes over it without a word
"no sound" an answer that says that there is no sound
"rubbish"  a sound that is none
"403"      nobody is let in
"404"      there is nothing at that address
"""

from __future__ import annotations

import base64
import json
import urllib.parse
from functools import cache

import gtts.tts
import pytest
from fake_server import FakeServer, Reply
from made_media import encoded, tone

HERTZ = 24_000


@cache
def sound(letters: int) -> bytes:
    """A tone of a twentieth of a second for each letter, as an MP3 file that counts its frames."""
    return encoded(tone(max(0.2, letters / 20), HERTZ), "mp3", "libmp3lame", HERTZ)


class FakeGoogle(FakeServer):
    """Speaks MP3, as long as the text."""

    def reached(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let gTTS, which has no setting for its address, find it."""
        url = f"http://127.0.0.1:{self.port}/"
        monkeypatch.setattr(gtts.tts, "_translate_url", lambda tld="com", path="": url + path)

    def asked(self) -> list[tuple[str, str, bool]]:
        """Text, language and slowness of each request that came."""
        return [_asked(body) for body in self.requests]

    def text_of(self, path: str, body: bytes) -> str:
        return _asked(body)[0]

    def made(self, path: str, text: str) -> Reply:
        spoken = base64.b64encode(sound(len(text))).decode()
        return Reply(200, b")]}'\n\n" + f'[["wrb.fr","jQ1olc","[\\"{spoken}\\"]",null]]'.encode())

    def answer(self, fault: str) -> Reply:
        if fault == "silent":
            return Reply(200, b')]}\'\n\n[["e",4,null]]')
        if fault == "no sound":
            return Reply(200, b'[["wrb.fr","jQ1olc",null,null]]')
        if fault == "rubbish":
            rubbish = base64.b64encode(b"no sound at all").decode()
            return Reply(200, f'[["wrb.fr","jQ1olc","[\\"{rubbish}\\"]",null]]'.encode())
        headers = {"retry-after": "37"} if fault == "429" else {}
        return Reply(int(fault.split()[0]), b"sorry", headers)


def _asked(body: bytes) -> tuple[str, str, bool]:
    form = urllib.parse.parse_qs(body.decode())["f.req"][0]
    text, language, slow, _ = json.loads(json.loads(form)[0][0][1])
    return text, language, bool(slow)
