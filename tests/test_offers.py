"""What is said of providers: what they need, cost and have, and whether they can be used."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_gtts import FakeGoogle
from fake_openai import FakeOpenAI
from stand_ins import written

import vidkit
from vidkit.errors import ProviderMissing, VidkitError
from vidkit.models import Settings
from vidkit.providers import account
from vidkit.providers.offers import Offer, check, offer, offers, table
from vidkit.providers.registry import declared, names, registered
from vidkit.providers.simulated import Simulated

SECRET = "sk-secret-do-not-show"


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets the key or the address of who runs it."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def install(folder: Path, *names: str) -> None:
    """Put a package that registers voices into a folder, as pip does."""
    info = folder / "choir-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: choir\nVersion: 1.2\n")
    points = "".join(f"{name} = choir:{name}\n" for name in names)
    (info / "entry_points.txt").write_text(f"[vidkit.voices]\n{points}")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another package that registers four voices, good and bad."""
    (tmp_path / "choir.py").write_text(
        "import asyncio\n"
        "from vidkit.errors import ProviderError\n"
        "class Voice:\n"
        "    places = None\n"
        "    online = True\n"
        "    price = 0.25\n"
        "    def __init__(self, name): self.name = name\n"
        "    def shape(self, ask): return {}\n"
        "    async def speak(self, ask, request): raise ProviderError('never asked')\n"
        "class Slow(Voice):\n"
        "    async def check(self): await asyncio.sleep(3600)\n"
        "class Odd(Voice):\n"
        "    async def check(self): raise KeyError('sk-0123456789abcdef')\n"
        "def mute(argument): return Voice('mute')\n"
        "def slow(argument): return Slow('slow')\n"
        "def odd(argument): return Odd('odd')\n"
        "def broken(argument): raise RuntimeError('no\\nlungs')\n"
    )
    install(tmp_path, "mute", "slow", "odd", "broken")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield


def named(several: list[Offer], kind: str, name: str) -> Offer:
    (found,) = [offer for offer in several if (offer.kind, offer.name) == (kind, name)]
    return found


def test_everything_that_can_be_named_is_told() -> None:
    """Each name of `images=` and `voice=` has an offer: its needs, cost, day of prices, models."""
    several = offers()
    assert [(o.kind, o.name) for o in several] == [
        ("images", "openai"),
        ("images", "recorded"),
        ("images", "simulated"),
        ("images", "slides"),
        ("voice", "espeak"),
        ("voice", "gtts"),
        ("voice", "hibari"),
        ("voice", "kokoro"),
        ("voice", "openai"),
        ("voice", "piper"),
        ("voice", "recorded"),
        ("voice", "simulated"),
    ]
    drawn = named(several, "images", "openai")
    assert drawn.cost == f"about $0.03 for a picture of 1280 × 720 (prices of {account.dated()})"
    assert drawn.models[0] == "gpt-image-2.6-flare"
    assert "OPENAI_API_KEY is not set" in drawn.needs
    assert (drawn.usable, "set the environment variable" in drawn.found) == (False, True)
    assert "a minute of speech" in named(several, "voice", "openai").cost
    slides = named(several, "images", "slides")
    assert (slides.needs, slides.cost) == ("nothing: it works offline", "free")
    assert slides.usable is None
    assert named(several, "voice", "gtts").cost == "free"


def test_the_voice_that_nobody_named_is_told_too() -> None:
    """A panel asks about `auto` as about any other."""
    told = offer("voice", "auto", Settings())
    assert told.usable is not False
    assert "the best voice here" in told.needs


def test_where_the_key_comes_from_is_told_and_not_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment or from the settings; the key is in no line and no repr."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    from_environment = offers()
    from_settings = offers(Settings(api_key=SECRET + "x"))
    for several, source in ((from_environment, "from OPENAI_API_KEY"), (from_settings, "api_key")):
        assert source in named(several, "images", "openai").needs
        assert SECRET not in table(several) + repr(several)


def test_a_check_uses_what_is_free_and_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline providers are tried, services are asked what costs nothing, each has a reason."""
    with FakeOpenAI() as server, FakeGoogle() as google:
        google.reached(monkeypatch)
        settings = Settings(api_key=SECRET, base_url=server.base_url)
        several = check(offers(settings))
        unnamed = [offer.name for offer in several if not offer.usable]
        assert unnamed == ["kokoro", "piper"], table(several)
        assert "name the model" in named(several, "voice", "kokoro").found
        assert set(server.billed) == {"/v1/models"}
        assert named(several, "images", "slides").found == "a picture was drawn"
        assert "has gpt-image" in named(several, "images", "openai").found
        assert "translate.google.com answers" in table(several)
        server.script.extend(["key", "key"])
        google.script.append("403")
        several = check(offers(settings))
        assert [o.name for o in several if not o.usable] == [
            "openai",
            "gtts",
            "kokoro",
            "openai",
            "piper",
        ]
        assert "does not accept the key in api_key" in table(several)
        assert "lets nobody in from here" in named(several, "voice", "gtts").found


@pytest.mark.usefixtures("elsewhere")
def test_providers_of_other_packages_are_told_whatever_they_do() -> None:
    """One that hangs, raises, breaks or has no check costs the others nothing but its line."""
    several = check([offer for offer in offers() if offer.package], seconds=0.2)
    mute, slow = named(several, "voice", "mute"), named(several, "voice", "slow")
    assert mute.package == "choir 1.2"
    assert mute.cost == "about $0.25 for a minute of speech"
    assert (mute.usable, "without paying" in mute.found) == (None, True)
    assert (slow.usable, slow.found) == (False, "no answer in 0.2 s")
    broken = named(several, "voice", "broken")
    assert not broken.usable and "choir 1.2 cannot be used (RuntimeError: no lungs)" in broken.found
    assert "0123456789" not in table(several)
    assert named(several, "voice", "odd").usable is False


@pytest.mark.usefixtures("elsewhere")
def test_a_provider_of_another_package_that_raises_is_named_or_passed_over(tmp_path: Path) -> None:
    """A run that it alone is to speak for ends with a sentence that names the package; the next
    takes its place.
    """
    lesson, free = written(tmp_path, sections=1), "simulated:latency=0,seconds=0.2"
    quick: Any = {"images": free, "size": (64, 36), "progress": False}
    with pytest.raises(ProviderMissing, match=r"choir 1\.2 .*no lungs"):
        vidkit.generate_video_from_json(lesson, voice="broken", **quick)
    report = vidkit.start(lesson, voice=["broken", free], **quick).result()
    assert report.made and "no lungs" in report.notes[0]


async def nothing(ask: object, request: object) -> None:
    """What a method does whose last line was forgotten."""


@pytest.mark.parametrize(
    ("attribute", "value", "told"),
    [
        ("shape", lambda ask: 1 / 0, "own's shape() cannot be used (ZeroDivisionError"),
        ("shape", lambda ask: None, "own's shape() cannot be used"),
        ("speaks", lambda language, voice: 1 / 0, "own's speaks() cannot be used"),
        ("price", "cheap", "own's price is 'cheap'; give dollars"),
        ("price", lambda ask: 1 / 0, "own's price cannot be used (ZeroDivisionError"),
        ("price", float("nan"), "own's price is nan; give dollars"),
        ("price", lambda ask: -1, "own's price is -1; give dollars"),
        ("speak", nothing, "own gave NoneType, and is to give a Narration"),
        ("speak", None, "it has no method speak()"),
        ("places", "many", "its places are 'many'"),
        ("missing", "no key", "its missing is 'no key'"),
        ("name", None, "its name is None"),
    ],
)
def test_what_is_wrong_with_a_provider_of_ones_own_is_told(
    tmp_path: Path, attribute: str, value: object, told: str
) -> None:
    """The run ends with a sentence that says what is wrong with which, and so does its plan."""
    own = Simulated(latency=0.0)
    own.name = "own"
    setattr(own, attribute, value)
    lesson = written(tmp_path, sections=1)
    quick: Any = {"images": "simulated:0", "size": (64, 36), "progress": False}
    with pytest.raises(VidkitError, match=re.escape(told)) as raised:
        vidkit.generate_video_from_json(lesson, voice=own, **quick)
    assert "unforeseen" not in str(raised.value)
    if value is not nothing:  # which is found out by asking
        try:
            said = str(vidkit.plan(lesson, voice=own, **quick))
        except VidkitError as error:
            said = str(error)
        assert told in said


def test_a_check_looks_at_all_at_once() -> None:
    """Twenty that do not answer take no longer than one."""

    class Silent:
        name, places, online = "silent", None, True
        under_way = 0
        most = 0

        async def check(self) -> Any:
            Silent.under_way += 1
            Silent.most = max(Silent.most, Silent.under_way)
            await asyncio.sleep(3600)

    several = check([Offer("voice", "silent", maker=Silent())] * 20, seconds=0.1)
    assert Silent.most == 20
    assert not any(offer.usable for offer in several)


def test_a_package_that_comes_while_a_program_runs_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is installed is looked through once for providers, and again when more came."""
    os.utime(tmp_path, (1, 1))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert registered("voice") is registered("voice")
    install(tmp_path, "mute")
    assert "mute" in names("voice")


def test_a_file_says_what_it_provides_and_is_not_run_for_that(tmp_path: Path) -> None:
    """A provider of the package's own is one file: what its `PROVIDES` names is found, and nothing
    in it is run.
    """
    said = 'PROVIDES = {\n    "images": {"circle": "Circle"},\n    "voice": {"hum": "hum"},\n}\n'
    (tmp_path / "circle.py").write_text(f"raise SystemExit\n\n{said}")
    (tmp_path / "part.py").write_text("raise SystemExit\n")
    found = declared(tmp_path)
    assert found["images"] == {"circle": "vidkit.providers.circle:Circle"}
    assert found["voice"] == {"hum": "vidkit.providers.circle:hum"}
    assert found["writers"] == {}
    assert set(declared()["voice"]) < set(names("voice"))
