"""Scripts and languages: what a text is likely in, who can read it, and what a lesson is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vidkit.errors import ProviderError
from vidkit.models import read_lesson
from vidkit.models.reading import advice, stage_directions
from vidkit.providers import VoiceAsk
from vidkit.providers.espeak import Espeak
from vidkit.text.captions import cues
from vidkit.text.languages import likely_language, unreadable
from vidkit.text.maths import shown
from vidkit.text.speech import spoken, unspoken_equations

TEXTS = {
    "en": "The leaves of the tree are green, and that is because they have a colour which takes "
    "in the light that it was made for.",
    "de": "Die Blätter sind grün, weil sie einen Farbstoff haben, der das Licht der Sonne nicht "
    "ganz schluckt, und das ist auch gut so.",
    "fr": "Les feuilles sont vertes, parce que dans chaque cellule il y a une matière qui ne "
    "retient pas toute la lumière, et elle est belle.",
    "es": "Las hojas son verdes porque en cada célula hay una materia que no retiene toda la luz "
    "del sol, y por eso las vemos así.",
    "ru": "Листья зелёные, потому что в каждой клетке есть вещество.",
    "ja": "光合成は、植物が太陽の光を使って、水と空気から糖を作る反応です。",
    "zh": "植物利用阳光制造食物，这个过程叫做光合作用，它非常重要。",
    "ar": "النبات يصنع غذاءه من ضوء الشمس والماء والهواء كل يوم.",
    "hi": "पौधे सूरज की रोशनी से अपना भोजन बनाते हैं और हवा को साफ करते हैं।",
    "th": "พืชใช้แสงแดดในการสร้างอาหาร กระบวนการนี้เรียกว่าการสังเคราะห์แสง",
}


def lesson(text: str, **top: object) -> list[str]:
    """The notes on a lesson with one section."""
    value = {"sections": [{"image_description": "a leaf", "content": text}], **top}
    return list(read_lesson(json.dumps(value).encode(), Path("l.json")).warnings)


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_a_text_tells_its_language(language: str, text: str) -> None:
    """By its letters, or by its commonest words."""
    assert likely_language(text) == language


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_a_lesson_in_another_language_is_told_so(language: str, text: str) -> None:
    """The note names the likely language; a lesson that says its language gets none."""
    notes = lesson(text)
    assert bool(notes) == (language != "en")
    assert all(f'"language": "{language}"' in note for note in notes)
    assert lesson(text, language=language) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "es",
            "La interfaz de un router está en la red de casa, y el resto sale por el otro.",
        ),
        (
            "fr",
            "On mesure cette vitesse avec soin "
            + "$x_{a, b} = y_{i, j}$ `a.b.c` " * 9
            + "dans la cuve avec une masse connue que nous comparons.",
        ),
    ],
)
def test_words_that_several_languages_share_and_formulas_hide_none(
    language: str, text: str
) -> None:
    """Each of the languages has a shared word, and the letters of formulas are in none of them."""
    assert likely_language(text) == language


def test_short_or_mixed_texts_are_let_alone() -> None:
    """A few words, or names in another script, prove nothing."""
    assert lesson("Guten Tag!") == []
    assert lesson("The word is 光合成, which means photosynthesis, and it is made of light.") == []


@pytest.mark.parametrize(
    ("language", "text", "able"),
    [
        ("en", TEXTS["ja"], False),
        ("ja", TEXTS["ja"], False),
        ("ja", "こんにちは、きょうはいいてんきですね。", True),
        ("zh", TEXTS["zh"], True),
        ("en", TEXTS["ru"], False),
        ("ru", TEXTS["ru"], True),
        ("hi", TEXTS["hi"], True),
        ("en", "The word is 光, which means light.", True),
    ],
)
def test_a_voice_that_cannot_read_the_script_says_so_before(
    language: str, text: str, able: bool
) -> None:
    """No narration of "Chinese letter" for twelve minutes: the key is refused, with a mend."""
    ask = VoiceAsk(text, language)
    if able:
        assert Espeak().shape(ask)["spoken"]
        return
    with pytest.raises(ProviderError, match="cannot read"):
        Espeak().shape(ask)


def test_scripts_that_a_language_is_not_written_with_are_named() -> None:
    """Latin words are read by every voice."""
    assert unreadable(TEXTS["ja"], "en") == "Chinese characters"
    assert unreadable("CPU und RAM", "ru") is None


def test_stage_directions_are_named() -> None:
    """What a person would not read aloud is named by `check`, and prose is not."""
    text = "Narrator: Hello.\n[Scene: a lab]\n(music fades in) We see a cell.\n[smiling] Yes."
    assert len(stage_directions(text)) == 4
    prose = "The host: a cell. He wrote [sic] and (see below). Note: music is sound."
    assert stage_directions(prose) == []
    assert any("stage direction" in note for note in lesson(text))


def test_an_equation_that_nobody_can_say_is_noted() -> None:
    """In a language whose words for signs are not known, and in no other."""
    said = "De wet van Ohm is $U = R \\cdot I$, en \\(P = U I\\) is het vermogen."
    (note,) = advice([said], "nl", [])
    assert "section 1" in note and "Dutch" in note and "1 more equation" in note
    assert r"U = R \cdot I" in note
    assert not unspoken_equations(said, "de-AT") and not unspoken_equations("Het kost $5.", "nl")


def test_an_equation_that_breaks_off_is_noted_as_far_as_it_goes() -> None:
    """A fraction of nothing is said to be in signs, and stops no check of a lesson."""
    assert unspoken_equations(r"Het is \frac", "nl") == [r"\frac"]


def test_an_equation_needs_no_space_where_none_is_written() -> None:
    """Japanese, Chinese and Thai touch the dollars of an equation, and a price is none."""
    assert shown("式$E = mc^2$は質量です。").text == "式E = mc²は質量です。"
    assert spoken("式$E = mc^2$は質量です。", "ja").text == "式E = mc²は質量です。"
    assert shown("Pay US$5 or 6$ today.").text.count("$") == 2


def test_a_word_of_say_that_never_occurs_is_noted() -> None:
    """It is misspelt more often than not."""
    section = {"image_description": "x", "content": "We draw a graph.", "say": {"grpah": "graf"}}
    value = json.dumps({"sections": [section]}).encode()
    assert any("'grpah'" in note for note in read_lesson(value, Path("l.json")).warnings)


def test_say_works_where_no_spaces_are_written() -> None:
    """A word of Chinese or Japanese is found within its sentence."""
    assert "ディーエヌエー" in spoken("人のDNAと遺伝子", "ja", {"DNA": "ディーエヌエー"}).text
    assert spoken("我们学习光合作用吧", "zh", {"光合作用": "guāng"}).text == "我们学习guāng吧"


@pytest.mark.parametrize("language", ["hi", "th", "ar", "ja"])
def test_no_cue_begins_with_a_mark_of_the_letter_before(language: str) -> None:
    """Captions break between letters as a reader sees them."""
    import unicodedata

    text = TEXTS[language].replace(" ", "").replace("。", "").replace("।", "") * 9
    for cue in cues(text, [], 0, 60, language=language):
        for line in cue.text.split("\n"):
            assert unicodedata.category(line.lstrip("\u200f\u200e")[0])[0] != "M"


def test_a_number_keeps_its_unit_on_its_right_in_arabic() -> None:
    """A mark before the number keeps "5 km" together and in its order."""
    made = cues("المسافة هي 5 km فقط, والسرعة 60 km/h في هذا الطريق الطويل.", [], 0, 9)
    text = " ".join(cue.text for cue in made)
    assert "\u200e5 km" in text and "\u200e60 km/h" in text


def test_lettered_lines_are_cues_of_their_own() -> None:
    """A quiz is no paragraph."""
    items = ["A) Mercury, the smallest", "B) Jupiter, the giant", "C) Mars, the red one"]
    text = "\n".join(["Which planet is the largest of all?", *items])
    shown = [cue.text for cue in cues(text, [], 0, 12)]
    assert [each for each in shown if each[1:2] == ")"] == shown[1:]
    assert len(shown) == 4
