"""Files of other tools: seen by their shape, and written as a lesson that checks clean."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from vidkit.cli import main
from vidkit.errors import Fault, LessonError
from vidkit.models import load_lesson, read_lesson
from vidkit.models.convert import Conversion, converted

SAID = "Rain begins high in the air, where tiny drops of water meet."
MORE = "They join, they grow heavy, and at last they fall to the ground."


def mulmocast() -> str:
    """A script of MulmoCast: beats with a speaker, text and a prompt."""
    beats = [
        {"speaker": "Presenter", "text": text, "imagePrompt": "a cloud over hills, watercolour"}
        for text in (SAID, MORE)
    ]
    head = {"$mulmocast": {"version": "1.1"}, "lang": "en", "title": "Rain"}
    return json.dumps(head | {"speechParams": {"speakers": {"Presenter": {}}}, "beats": beats})


def shotstack() -> str:
    """An edit of Shotstack: tracks of clips, whose assets hold the text."""
    clips = [
        {"asset": {"type": "text-to-speech", "text": text, "voice": "Matthew"}, "start": k * 8.0}
        for k, text in enumerate((SAID, MORE))
    ]
    timeline = {"background": "#000000", "tracks": [{"clips": clips}]}
    return json.dumps({"timeline": timeline, "output": {"format": "mp4", "resolution": "hd"}})


def remotion() -> str:
    """The props of a Remotion composition: scenes with frames, a voiceover and a visual."""
    scenes = [
        {"id": f"s{k}", "durationInFrames": 150, "voiceover": text, "visual": "drops in a cloud"}
        for k, text in enumerate((SAID, MORE))
    ]
    return json.dumps({"fps": 30, "width": 1280, "title": "Rain", "scenes": scenes})


def marp() -> str:
    """A deck of Marp with notes in comments."""
    return (
        "---\nmarp: true\ntheme: default\ntitle: Rain\n---\n\n# Clouds\n\n- drops\n- ice\n\n"
        f"<!-- {SAID} -->\n\n---\n\n<!-- _class: lead -->\n# Falling\n\nHeavy drops\n\n"
        f"<!-- {MORE} -->\n"
    )


def fenced() -> str:
    """What a chat model answers: prose around a fence."""
    slides = [
        {"heading": f"Part {k}", "speaker_notes": text, "image_prompt": "a grey cloud"}
        for k, text in enumerate((SAID, MORE))
    ]
    body = json.dumps({"slides": slides}, indent=2)
    return f"Here is your lesson:\n\n```json\n{body}\n```\n\nLet me know what to change!"


def bare_list() -> str:
    """A list of segments and nothing around it."""
    return json.dumps([{"narration": text, "prompt": "rain on a window"} for text in (SAID, MORE)])


def nested() -> str:
    """A project file, in which the scenes stand deep, and the script in an object."""
    scenes = [
        {"audio": {"script": text, "voice": "nova"}, "video": {"visual_prompt": "a wet street"}}
        for text in (SAID, MORE)
    ]
    return json.dumps({"project": {"name": "Rain", "language": "en-US", "scenes": scenes}})


FORMATS = [mulmocast, shotstack, remotion, fenced, bare_list, nested]


@pytest.mark.parametrize("make", FORMATS, ids=lambda make: make.__name__)
def test_a_file_of_another_tool_becomes_a_clean_lesson(make: object) -> None:
    """The narrations are all there, and the lesson has neither faults nor warnings."""
    made = converted(make().encode())  # type: ignore[operator]
    assert isinstance(made, Conversion)
    lesson = read_lesson(made.text().encode(), Path("lesson.json"))
    assert [section.content for section in lesson.sections] == [SAID, MORE]
    assert all(section.image_description for section in lesson.sections)
    assert lesson.warnings == ()
    assert made.notes


def test_a_deck_in_markdown_is_drafted(tmp_path: Path) -> None:
    """Its notes are said, whatever stands on its slides; under another name, what to do is told."""
    deck, made = tmp_path / "rain.md", tmp_path / "made.json"
    deck.write_text(marp(), "utf-8")
    made.write_text("{}", "utf-8")
    assert main(["convert", str(deck), "-o", str(made)]) != 0
    assert main(["convert", str(deck), "-o", str(made), "--yes"]) == 0
    lesson = load_lesson(made)
    assert [section.content for section in lesson.sections] == [SAID, MORE]
    assert lesson.title == "Rain" and lesson.warnings == ()
    with pytest.raises(LessonError, match=r"vidkit draft rain\.md"):
        read_lesson(marp().encode(), Path("rain.json"))


OWN = {"sections": [{"title": "Rain", "image_description": "a cloud", "content": SAID}]}
FENCE = f"```json\n{json.dumps(OWN)}\n```\n"


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (f"Here is your lesson:\n\n{FENCE}\nLet me know what to change!", "stood in a fence"),
        (FENCE, "stood in a fence"),
        (json.dumps(OWN["sections"]), "a list of 1"),
    ],
    ids=["within prose", "alone", "a bare list"],
)
def test_the_json_of_a_lesson_is_taken_out_of_markdown(
    answer: str, note: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer of a chat model is the lesson within it, whatever it is saved as."""
    chat, made = tmp_path / "chat.md", tmp_path / "made.json"
    chat.write_text(answer, "utf-8")
    assert main(["convert", str(chat), "-o", str(made)]) == 0
    assert json.loads(made.read_text("utf-8")) == OWN
    assert note in capsys.readouterr().out


def test_a_deck_that_shows_json_is_drafted(tmp_path: Path) -> None:
    """What its code is about is said: the JSON on a slide is no lesson."""
    deck, made = tmp_path / "deck.md", tmp_path / "made.json"
    code = '```json\n{"port": 8080, "hosts": ["a", "b"]}\n```'
    deck.write_text(f"# Settings\n\n{SAID}\n\n{code}\n\n---\n\n# More\n\n{MORE}\n", "utf-8")
    assert main(["convert", str(deck), "-o", str(made)]) == 0
    said = " ".join(str(section.content) for section in load_lesson(made).sections)
    assert SAID in said and MORE in said and "8080" not in said


@pytest.mark.parametrize(
    ("directive", "told"),
    [("", "2 comments are left aside, the first of them at line 5"), ("_class: lead", None)],
)
def test_comments_that_nobody_says_are_told(
    directive: str, told: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deck that names no program may have meant them as notes; what a program is told, not."""
    slides = [
        f"# Clouds\n\n{SAID}\n\n<!-- {directive or 'Tell of the drops here.'} -->",
        f"# Falling\n\n{MORE}\n\n<!-- {directive or 'And of the ground.'} -->",
    ]
    deck = tmp_path / "deck.md"
    deck.write_text("\n\n---\n\n".join(slides), "utf-8")
    assert main(["convert", str(deck), "-o", str(tmp_path / "made.json")]) == 0
    printed = capsys.readouterr().out
    assert told in printed and "marp: true" in printed if told else "left aside" not in printed


@pytest.mark.parametrize(
    "text",
    [
        "---\n" + "\n" * 200_000,
        "--- x\n" * 50_000,
        "---\n" + "--- x\n" * 50_000,
        "```\n" + "\n" * 200_000,
        "x ```\n" * 50_000,
    ],
    ids=["a rule and no other", "rules with words", "both", "a fence", "ends of fences"],
)
def test_a_long_file_that_is_nothing_is_refused(text: str) -> None:
    """However much looks like the beginning of slides or of a fence: each line is read once."""
    fault = converted(text.encode(), "x.json")
    assert isinstance(fault, Fault) and "neither JSON nor Markdown" in fault.problem


def test_what_became_of_each_key_is_told() -> None:
    """Nothing is guessed in silence."""
    made = converted(mulmocast().encode())
    assert isinstance(made, Conversion)
    told = "\n".join(made.notes)
    assert "`beats`" in told and "`text` of each part → `content`" in told
    assert "`imagePrompt` of each part → `image_description`" in told
    assert "`speaker`" in told and "`speechParams`" in told


def test_a_lesson_stays_what_it_is() -> None:
    """A file in vidkit's own format is converted into itself."""
    own = {"sections": [{"title": "T", "image_description": "a cloud", "content": SAID}]}
    made = converted(json.dumps(own).encode())
    assert isinstance(made, Conversion) and made.lesson == own


def test_all_that_a_lesson_says_stays_in_it() -> None:
    """Slides, files, voices and keys nobody knows, whatever the lesson is taken out of."""
    section = {"image_description": "a cloud", "content": SAID, "slide": {"hero": "☁️"}, "x": "y"}
    own = {"title": "Rain", "voice": "heart", "speakers": {"Ana": "espeak:es"}, "say": {"a": "b"}}
    own["sections"] = [section, {"content": [{"text": MORE}], "image": "rain.png", "n": "\ud83d"}]
    plain = json.dumps(own)
    wrapped = (f'{{"lesson": {plain}}}', f"[{plain}]")
    for text in (f"Here:\n```json\n{plain}\n```\n", plain[:-2] + ",]}", *wrapped):
        made = converted(text.encode())
        assert isinstance(made, Conversion) and json.loads(made.text()) == own
        assert not any("left aside: `" in note for note in made.notes)
    for text in wrapped:
        with pytest.raises(LessonError, match="write it as `sections`, or: vidkit convert rain"):
            read_lesson(text.encode(), Path("rain.json"))
    odd = plain.replace('"y"', "NaN")
    made = converted(f"```\n{odd}\n```".encode())
    assert isinstance(made, Conversion) and '"x": "NaN"' in made.text()


def test_the_quotation_marks_of_a_word_processor_are_put_right() -> None:
    """And those that stand within a text stay there."""
    own = {"sections": [{"image_description": 'a "cloud"', "content": f"It said: {SAID}"}]}
    text = re.sub(r'"((?:[^"\\]|\\.)*)"', r"“\1”", json.dumps(own))
    made = converted(text.encode())
    assert isinstance(made, Conversion) and made.lesson == own
    with pytest.raises(LessonError, match=r"write straight double quotes.*, or: vidkit convert"):
        read_lesson(text.encode(), Path("rain.json"))


def test_a_comma_too_many_is_told_with_what_to_type(tmp_path: Path, capsys: Any) -> None:
    """The command names the file where it is, and the lesson beside it finds the same pictures."""
    path = tmp_path / "my lessons" / "it's rain.json"
    path.parent.mkdir()
    path.write_text(json.dumps(OWN)[:-1] + ",}", "utf-8")
    assert main(["check", str(path)]) != 0
    told = capsys.readouterr().out
    assert "a comma stands before `}`; remove the comma, or: vidkit convert" in told
    assert main(shlex.split(told.partition(", or: vidkit ")[2])) == 0
    (made,) = path.parent.glob("*-lesson.json")
    assert json.loads(made.read_text("utf-8")) == OWN


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", '{"a": [1, 2]}', '{"beats": []}'])
def test_what_is_no_lesson_is_said_to_be_none(text: str) -> None:
    """With what to write instead."""
    fault = converted(text.encode(), "x.json")
    assert isinstance(fault, Fault) and "sections" in fault.mend


@pytest.mark.parametrize("make", [mulmocast, remotion, bare_list, fenced])
def test_the_fault_says_what_the_file_is_taken_for(make: object, tmp_path: Path) -> None:
    """And how to have it converted."""
    path = tmp_path / "other.json"
    path.write_text(make(), "utf-8")  # type: ignore[operator]
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    assert "vidkit convert" in str(caught.value)
    assert "rename" not in str(caught.value)


NEAR = {
    "keys in Spanish, in a fence": 'Aquí está:\n```json\n{"título": "Agua", "escenas": '
    '[{"descripción": "A glass", "narración": "Water boils at one hundred degrees."}]}\n```\nOk.',
    "an object on each line": '{"visualDescription": "A glass", "voiceOver": "Water boils at one '
    'hundred degrees."}\n{"visualDescription": "Snow", "voiceOver": "It freezes at zero degrees."}',
    "a list within objects": '{"lesson": {"meta": {"title": "Agua"}, "scenes": [{"imagePrompt": '
    '"A glass", "narrationText": "Water boils at one hundred degrees.", "frames": 150}]}}',
    "a script in two columns": '{"lesson_title": "Agua", "storyboard": [{"video": "A glass", '
    '"audio": "Water boils at one hundred degrees."}]}',
    "a narrator": '{"topic": "Agua", "script": [{"narrator": '
    '"Water boils at one hundred degrees.", '
    '"visuals": "A glass", "audio": "boiling.mp3"}]}',
    "titles that say of what": '{"presentationTitle": "Agua", "slides": [{"slide_title": "Heat", '
    '"subtitle": "Steam", "visual": "A glass", "notes": "Water boils at one hundred degrees."}]}',
    "a name above the sections": '{"course": {"name": "Agua", "modules": [{"lessons": [{"name": '
    '"Heat", "visuals": "A glass", "script": "Water boils at one hundred degrees."}]}]}}',
    "a voice's name": '{"voice": {"name": "onyx"}, "scenes": [{"visual": "A glass", "narration": '
    '"Water boils at one hundred degrees."}]}',
    "an object with numbers for keys": '{"title": "Agua", "slides": {"1": {"visual": "A glass", '
    '"text": "Water boils at one hundred degrees."}}}',
}


@pytest.mark.parametrize("shape", NEAR)
def test_a_shape_that_nobody_named_is_seen_too(shape: str) -> None:
    """What is said, what is shown and the title are found by shape and meaning."""
    made = converted(NEAR[shape].encode(), "a file")
    assert isinstance(made, Conversion), made
    section = made.lesson["sections"][0]
    assert section["image_description"] == "A glass"
    assert section["content"] == "Water boils at one hundred degrees."
    assert made.lesson.get("title", "Agua") == "Agua"
    assert ("title" in made.lesson) == ("Agua" in NEAR[shape])
    assert section.get("title", "Heat") == "Heat"
    assert ("title" in section) == ("Heat" in NEAR[shape])


@pytest.mark.parametrize("within", ["", "body"])
def test_the_scenes_of_all_chapters_are_sections(within: str) -> None:
    """None is lost, whichever chapter it stands in and however deep, and what chapters say beside
    is told.
    """
    rome = [
        {"narration": "Rome was founded by shepherds.", "visual": "Hills", "shots": [{"cut": 1}]}
    ]
    other = [{"narration": "Carthage lay across the sea.", "visual": "Ships"}] * 2
    scenes = [{"scenes": each} for each in (rome, other)]
    bodies = [{within: each} if within else each for each in scenes]
    chapters = [{"title": title} | each for title, each in zip(("R", "C"), bodies, strict=True)]
    made = converted(json.dumps({"title": "History", "chapters": chapters}).encode(), "a file")
    assert isinstance(made, Conversion), made
    told = [each["content"].split()[0] for each in made.lesson["sections"]]
    assert told == ["Rome", "Carthage", "Carthage"]
    assert any("left aside" in note and "`chapters.title`" in note for note in made.notes)


PAIR = '{"content": "Light is fast.", "image_description": "A beam"}'
FEW = {
    "within a lesson": f'{{"lesson": {{"sections": [{PAIR}]}}}}',
    "a list": f"[{PAIR}]",
    "numbered scenes": '{"scenes": {"1": {"narration": "Light is fast.", "image": "A beam"}}}',
    "lines": '{"scenes": [{"narration": ["Light is", "fast."], "visual": "A beam"}]}',
    "bullets": '{"slides": [{"bullets": ["A beam"], "notes": "Light is fast."}]}',
    "script": "// mine\n{sections: [{content: 'Light is fast.', image_description: 'A beam',},],}",
    "Python": "{'sections': [{'content': 'Light is fast.', 'image_description': 'A beam'}]}",
    "lines of JSON": f"{PAIR}\n{PAIR}",
    "entities": PAIR.replace('"', "&quot;").join(("{&quot;sections&quot;: [", "]}")),
    "an answer": json.dumps(
        [{"type": "text", "text": f'Sure:\n```json\n{{"sections": [{PAIR}]}}\n```'}]
    ),
    "text": json.dumps(f'{{"sections": [{PAIR}]}}'),
    "German": '{"Abschnitte": [{"Inhalt": "Light is fast.", "Bildbeschreibung": "A beam"}]}',
    "French": '{"sections": [{"texte": "Light is fast.", "image": "A beam"}]}',
    "within": '{"video": {"scenes": [{"voiceover": {"text": "Light is fast."},'
    ' "visuals": [{"prompt": "A beam"}]}]}}',
    "parts by name": f'{{"title": "Light", "intro": {PAIR}, "main": [{PAIR}]}}',
}


@pytest.mark.parametrize("shape", FEW)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_shape_that_nobody_described_is_seen_by_its_names(shape: str, encoding: str) -> None:
    """Few words are enough where the keys say what they are; nothing that is used is left aside."""
    made = converted(FEW[shape].encode(encoding))
    assert isinstance(made, Conversion)
    first = made.lesson["sections"][0]
    assert " ".join(first["content"].split()) == "Light is fast."
    assert first["image_description"] == "A beam"
    assert not any("left aside" in note and "`" in note for note in made.notes if "```" not in note)


def test_a_dialogue_keeps_its_speakers() -> None:
    """Who speaks stays with what is said, also where only one does."""
    lines = [("Ana", "Water boils at one hundred."), ("Luis", "And it freezes at zero.")]
    turns = [{"character": who, "line": text} for who, text in lines]
    scenes = {"scene1": {"dialogue": turns}, "scene2": {"dialogue": turns[:1]}}
    made = converted(json.dumps({"scenes": scenes}).encode())
    assert isinstance(made, Conversion), made
    said = [{"speaker": who, "text": text} for who, text in lines]
    assert [each["content"] for each in made.lesson["sections"]] == [said, said[:1]]


def test_json_that_is_cut_off_is_told_with_its_place() -> None:
    """And not taken for something that is no JSON at all."""
    fault = converted(b'{"sections": [{"content": "Light is')
    assert isinstance(fault, Fault)
    assert "line 1" in str(fault)
