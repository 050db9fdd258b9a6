"""The simulated provider: its time, its errors, and what it gives."""

from __future__ import annotations

import asyncio
import io
import wave

import pytest
from PIL import Image

from vidkit.core.loop import run_virtually
from vidkit.errors import ProviderError, RateLimited, SettingsError
from vidkit.pipeline import ungated
from vidkit.providers import ImageAsk, VoiceAsk, image_maker
from vidkit.providers.registry import writer_maker
from vidkit.providers.simulated import Simulated

IMAGE = ImageAsk("a cat", "This is a cat.", None, "en", (640, 360))
VOICE = VoiceAsk("one two three four five", "en")


def test_a_call_takes_its_latency() -> None:
    """Half a second said is half a second waited, on the loop's clock."""

    async def call() -> float:
        await Simulated(latency=0.5).draw(IMAGE, ungated)
        return asyncio.get_running_loop().time()

    assert run_virtually(call()) == 0.5


def test_errors_come_as_often_as_asked_and_in_the_same_places() -> None:
    """A third of the calls fail, and another run with the same seed fails in the same ones."""

    async def outcomes(seed: int) -> list[bool]:
        voice, kept = Simulated(latency=1, errors=1 / 3, seconds=0.1, seed=seed), []
        for i in range(300):
            try:
                await voice.speak(VoiceAsk(f"text {i}", "en"), ungated)
                kept.append(True)
            except ProviderError:
                kept.append(False)
        return kept

    first, again, other = (run_virtually(outcomes(seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert 70 <= first.count(False) <= 130


def test_what_it_gives_is_real_and_repeats() -> None:
    """The picture opens, the sound is as long as the text takes, the words are timed."""
    maker = Simulated(latency=0)
    picture = run_virtually(maker.draw(IMAGE, ungated))
    narration = run_virtually(maker.speak(VOICE, ungated))
    assert picture == run_virtually(Simulated(latency=0).draw(IMAGE, ungated))
    assert Image.open(io.BytesIO(picture.data)).size == (80, 45)
    with wave.open(io.BytesIO(narration.data)) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(2.0)
    assert [w.text for w in narration.words] == VOICE.text.split()
    assert narration.words[-1].end <= 2.0


def test_the_argument_sets_it_up() -> None:
    """`simulated:0.5` is a latency; names set the rest."""
    assert image_maker("simulated:0.25") == Simulated(latency=0.25)
    assert image_maker("simulated:latency=2, errors=0.5,seed=3") == Simulated(2, errors=0.5, seed=3)


@pytest.mark.parametrize("argument", ["fast", "speed=3", "latency=inf", "errors=2", "latency=-1"])
def test_a_wrong_argument_is_told(argument: str) -> None:
    """What is not understood is named, with what would be."""
    with pytest.raises(SettingsError, match="simulated"):
        image_maker(f"simulated:{argument}")


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("-1", r"latency is in seconds \(0 to 3600\)"),
        ("errors=-0.5", r"fractions \(0 to 1\)"),
        ("price=-1", "price is in dollars, 0 or more"),
        ("per_minute=-1", "give the requests a minute, more than 0"),
    ],
)
def test_a_number_that_cannot_be_is_told_with_what_it_counts(argument: str, told: str) -> None:
    """Its unit and its bounds stand in the sentence."""
    with pytest.raises(SettingsError, match=told):
        image_maker(f"simulated:{argument}")


@pytest.mark.parametrize("argument", ["price=-1", "latency=-1", "latency=nan", "slow"])
def test_a_wrong_argument_of_the_writer_is_told(argument: str) -> None:
    """What its answers cost is never less than nothing."""
    with pytest.raises(SettingsError, match="or broken"):
        writer_maker(f"simulated:{argument}")


def test_more_than_its_limit_is_told_to_come_back() -> None:
    """A minute's worth passes at once; one more is a 429 that names the wait, and passes then."""

    async def calls() -> tuple[Simulated, float]:
        maker = Simulated(latency=1, per_minute=30)
        await asyncio.gather(*(maker.draw(IMAGE, ungated) for _ in range(30)))
        try:
            await maker.draw(IMAGE, ungated)
        except RateLimited as error:
            assert error.retry_after is not None
            wait = error.retry_after
        # the wait counts from the moment that it was asked, the answer took 0.3 s of it
        await asyncio.sleep(wait - 0.3)
        await maker.draw(IMAGE, ungated)
        return maker, wait

    maker, wait = run_virtually(calls())
    # one second has refilled half a request of thirty a minute
    assert wait == pytest.approx(1.0, abs=0.01)
    assert maker.rejected == 1
    assert maker.online and not Simulated().online


def test_only_one_with_a_limit_has_a_gate_of_its_own() -> None:
    """Two pretended accounts have two limits, which must not be learnt as one."""
    assert Simulated().gate_key == Simulated().gate_key == ()
    assert Simulated(per_minute=9).gate_key != Simulated(per_minute=9).gate_key
    with pytest.raises(SettingsError, match="per_minute"):
        Simulated(per_minute=0)
