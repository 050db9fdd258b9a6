"""The command line: what it makes, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fake_gtts import FakeGoogle
from fake_openai import FakeOpenAI
from made_media import picture
from rights import bound_by_permissions
from stand_ins import written

import vidkit
from vidkit.cli import main
from vidkit.core.format import took

QUICK = ["--images", "simulated:0.01", "--voice", "simulated:latency=0.01,seconds=0.5"]
QUICK += ["--size", "160x90"]


def test_make_writes_beside_the_lesson(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`vidkit make` prints where the video is, and ends with 0."""
    lesson = written(tmp_path, "rain", 2)
    assert main(["make", str(lesson), *QUICK]) == 0
    video = tmp_path / "output_rain/final_video.mp4"
    assert str(video) in capsys.readouterr().out
    assert video.exists()


def test_make_takes_a_folder_and_chosen_sections(tmp_path: Path) -> None:
    """`-o` says where, `--only` says which."""
    lesson = written(tmp_path, "rain", 3)
    assert main(["make", str(lesson), "-o", str(tmp_path / "out"), "--only", "1,3", *QUICK]) == 0
    clips = sorted(p.name for p in (tmp_path / "out/clips").iterdir())
    assert clips == ["section-01.mp4", "section-03.mp4"]


def test_make_takes_several_lessons(tmp_path: Path) -> None:
    """Each lands beside itself; one `-o` for several is refused."""
    lessons = [str(written(tmp_path, name, 1)) for name in "ab"]
    assert main(["make", *lessons, *QUICK]) == 0
    assert all((tmp_path / f"output_{n}/final_video.mp4").exists() for n in "ab")
    assert main(["make", *lessons, "-o", str(tmp_path / "out"), *QUICK]) == 2


def test_batch_says_its_workers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`vidkit batch` ends its summary with the calls that could be under way at once."""
    for name in "ab":
        written(tmp_path, name, 1)
    assert main(["batch", str(tmp_path), "--videos", "3", "--workers", "2", *QUICK]) == 0
    assert "3 videos × 2 sections × 2 = at most 12" in capsys.readouterr().out
    assert main(["batch", str(tmp_path), "--sequential", *QUICK]) == 0
    assert "1 videos × 4 sections × 2 = at most 8" in capsys.readouterr().out


def test_something_failed_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A batch with a lesson that failed ends with 1 and names it."""
    written(tmp_path, "good", 1)
    (tmp_path / "bad.json").write_text("[")
    assert main(["batch", str(tmp_path), *QUICK]) == 1
    assert "bad: failed" in capsys.readouterr().out


def test_nothing_made_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All calls failing ends with 1 and a clear error."""
    lesson = written(tmp_path, "rain", 2)
    assert main(["make", str(lesson), *QUICK, "--images", "simulated:latency=0,errors=1"]) == 1
    assert "no section could be made" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["make", "gone.json"],
        ["make", "~nobody-here/rain.json"],
        ["make", "rain.json", "-o", "x" * 300],
        ["make", "rain.json", "-o", "rain.json/deeper"],
        ["make", "rain.json", "-o", "nowhere-link"],
        ["plan", "x" * 300],
        ["cache", "show", "--cache-dir", "~nobody-here"],
        ["slides", "rain.json", "-o", "x" * 300],
        ["slides", "rain.json", "-o", "rain.json/deeper.png"],
        ["slides", "rain.json", "-o", "nowhere-link"],
        ["slides", "rain.json", "-o", "a\0b"],
        ["cache", "prune", "--older-than", "9" * 30 + "d"],
        ["cache", "prune", "--older-than", "9" * 5000 + "d"],
        ["cache", "prune", "--older-than", "²d"],
        ["cache", "prune", "--keep", "9" * 400 + "GB"],
        ["make", "rain.json", "--workers", "0"],
        ["make", "rain.json", "--images", "nobody"],
        ["make", "rain.json", "--voice", "simulated:fast"],
        ["make", "rain.json", "--only", "9"],
        ["batch", "nowhere"],
        ["check", "rain.json", "gone.json"],
    ],
)
def test_bad_input_is_two(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    """What the user typed wrong ends with 2, one message and no traceback."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "rain", 1)
    (tmp_path / "nowhere-link").symlink_to("gone")
    try:
        code: Any = main(words)
    except SystemExit as end:  # argparse's own way
        code = end.code
    assert code == 2
    told = capsys.readouterr()
    assert "Traceback" not in told.out + told.err
    assert 0 < len(told.out + told.err) < 2500


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["make", "rain.json", "--budget", "2,00"], "'2,00': write dollars, such as 2.50"),
        (["slides", "rain.json", "-o", "rain.pdf"], "rain.pdf is not: end its name in .png"),
    ],
)
def test_what_was_typed_wrong_is_told_with_what_to_type(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    """A sum with a comma is not "None", and no PNG is called a PDF."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "rain", 1)
    try:
        code: Any = main(words)
    except SystemExit as end:  # argparse's own way
        code = end.code
    assert code == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "rain.pdf").exists()


def test_check_tells_all_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`vidkit check` says what is wrong, section by section, and makes nothing."""
    path = tmp_path / "rain.json"
    path.write_text(json.dumps({"sections": [{"content": ""}, {"image_description": "x"}]}))
    assert main(["check", str(path)]) == 2
    told = capsys.readouterr().out
    assert "section 1" in told
    assert "section 2" in told
    assert [p.name for p in tmp_path.iterdir()] == ["rain.json"]


def test_slides_are_drawn_on_one_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`vidkit slides` draws every slide, says each layout and why, and spares strangers."""
    monkeypatch.chdir(tmp_path)
    lesson = str(written(tmp_path, "rain", 5))
    for _ in range(2):
        assert main(["slides", lesson, "--size", "640x360"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split(".")[0] for line in told[:5]] == list("12345")
    assert (tmp_path / "slides_rain.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "mine.png").write_bytes(b"mine")
    assert main(["slides", lesson, "-o", "mine.png"]) == 2
    assert (tmp_path / "mine.png").read_bytes() == b"mine"


def test_plan_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`vidkit plan` says calls and cost of lessons and folders, and leaves no output."""
    written(tmp_path, "rain", 2)
    paid = ["--images", "simulated:latency=1,price=0.5", "--voice", "simulated:latency=1"]
    assert main(["plan", str(tmp_path), *paid]) == 0
    told = capsys.readouterr().out
    assert "4 calls, 2 clips, cost at most $1.00, about" in told
    assert f"about {took(seconds_of_a_plan(tmp_path, 1))};" in told
    assert [p.name for p in tmp_path.iterdir()] == ["rain.json"]


def seconds_of_a_plan(folder: Path, latency: int) -> float:
    """What a plan of the folder says, where an image and a narration take `latency` seconds."""
    by = f"simulated:latency={latency}"
    return vidkit.plan(folder, images=f"{by},price=0.5", voice=by).seconds


def test_a_plan_knows_how_long_calls_take(tmp_path: Path) -> None:
    """A plan's seconds are those of the calls, which come together, and of what comes after them:
    with calls that are nine seconds longer the run is nine seconds longer.
    """
    written(tmp_path, "rain", 2)
    short, long = (seconds_of_a_plan(tmp_path, latency) for latency in (1, 10))
    assert long - short == pytest.approx(9)
    assert 1 < short < 10


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"image": "cut.png"}, "cut.png is damaged"),
        ({"image": "text.png"}, "text.png is no picture"),
        ({"audio": "text.wav"}, "text.wav is no sound"),
        ({"video": "text.mp4"}, "text.mp4 is no film"),
        ({"slide": {"layout": "bullets"}}, "'bullets'"),
        ({"slide": {"layout": "picture"}}, "name the file in `image`"),
        ({"content": "مرحبا بالعالم"}, "cannot read Arabic"),
        ({"language": "xx"}, "'xx'"),
        ({"content": [{"speaker": "Ana", "text": "Hi."}]}, "'nobody'"),
    ],
)
def test_check_finds_what_make_fails_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], section: dict[str, Any], told: str
) -> None:
    """Files that are damaged or are something else, layouts, languages and voices that there are
    not: `check` tells them, and `make` fails on the same; each is told once.
    """
    (tmp_path / "cut.png").write_bytes(picture()[:60])
    for name in ("text.png", "text.wav", "text.mp4"):
        (tmp_path / name).write_text("hello, this is a text")
    usual = {"image_description": "a leaf", "content": "Leaves are green."}
    path = written(tmp_path, "one", [usual | section], speakers={"Ana": "nobody:7"})
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().out.count(told) == 1
    assert main(["make", str(path), "--size", "160x90", "--quiet"]) in (1, 2)
    said = capsys.readouterr()
    assert (said.out + said.err).count(told) == 1


def test_check_looks_at_folders_and_at_where_output_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two lessons for one folder, and a file of somebody's where the output goes, are told before
    anything is made.
    """
    for name in ("a.json", "A.json"):
        written(tmp_path, "x", 1).rename(tmp_path / name)
    assert main(["check", str(tmp_path)]) == 2
    assert "as another lesson of this batch" in capsys.readouterr().out
    lesson = written(tmp_path / "other", "rain", 1)
    assert main(["check", str(lesson)]) == 0
    (tmp_path / "other/output_rain").mkdir()
    (tmp_path / "other/output_rain/final_video.mp4").write_text("mine")
    assert main(["check", str(lesson)]) == 2
    assert "not made by vidkit" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "other/output_rain").iterdir()] == ["final_video.mp4"]


def test_the_command_alone_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """`vidkit` says which commands there are."""
    assert main([]) == 0
    told = capsys.readouterr().out
    assert all(f"    {name} " in told for name in ("make", "batch", "check", "lab", "settings"))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["mak", "x.json"], "did you mean make?"),
        (["make", "x.json", "--workrs", "3"], "did you mean --workers?"),
        (["make", "x.json", "--motion", "zom"], "did you mean zoom?"),
        (["cache", "clean"], "did you mean clear?"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str], words: list[str], meant: str
) -> None:
    """Commands, options and what may stand behind them."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert meant in capsys.readouterr().err


def test_what_is_mistyped_in_a_call_is_answered_so_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, and a setting."""
    written(tmp_path / "lessons", "rain", 1)
    assert main(["batch", str(tmp_path / "lesons")]) == 2
    assert f"did you mean '{tmp_path / 'lessons'}'?" in capsys.readouterr().err
    with pytest.raises(vidkit.VidkitError, match="did you mean 'section_workers'"):
        vidkit.plan(tmp_path / "lessons", sections_workers=3)


def test_an_error_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no terminal watches, and a log is kept: the lesson's file is named in one line."""
    assert main(["make", str(tmp_path / "nothing.json")]) == 2
    said = capsys.readouterr()
    assert (said.out + said.err).count("there is no such file") == 1


def test_a_budget_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--budget` keeps what fits, names what does not, and the next run goes on."""
    lesson = str(written(tmp_path, "rain", 3))
    paid = ["--images", "simulated:latency=0,price=0.5", *QUICK[2:]]
    assert main(["make", lesson, *paid, "--budget", "1"]) == 1
    assert "over budget" in capsys.readouterr().out
    assert main(["make", lesson, *paid]) == 0
    assert "2 of them made before" in capsys.readouterr().out


def test_the_cache_is_kept_in_order(
    tmp_path: Path, own_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`vidkit cache` shows, verifies and removes, and asks before it removes."""
    main(["make", str(written(tmp_path, "rain", 2)), *QUICK])
    capsys.readouterr()
    assert main(["cache"]) == 0
    assert "2 × image" in capsys.readouterr().out
    assert main(["cache", "verify"]) == 0
    assert "all whole" in capsys.readouterr().out
    assert main(["cache", "prune"]) == 2
    assert main(["cache", "prune", "--older-than", "30d", "--keep", "5GB"]) == 0
    assert main(["cache", "clear"]) == 0
    assert "add --yes" in capsys.readouterr().out
    assert main(["cache", "clear", "--yes"]) == 0
    assert main(["cache"]) == 0
    assert "0 assets" in capsys.readouterr().out


def test_a_rotten_byte_is_found_by_verify(
    tmp_path: Path, own_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A byte that changes under the same size and time is found, set aside, and made again."""
    lesson = str(written(tmp_path, "rain", 1))
    main(["make", lesson, *QUICK])
    path = next((own_store / "assets").rglob("*.wav"))
    was = path.stat()
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    capsys.readouterr()
    assert main(["cache", "verify"]) == 1
    assert "damaged" in capsys.readouterr().out
    assert main(["make", lesson, *QUICK]) == 0


def test_schema_is_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """`vidkit schema` prints a schema that a validator accepts."""
    assert main(["schema"]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


def test_help_says_how_many_calls(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` gives the formula and the bands."""
    with pytest.raises(SystemExit) as end:
        main(["batch", "--help"])
    assert end.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "2 videos × 4 sections × 2 = at most 16 provider calls at once" in told
    assert "2-3 careful, 4-6 balanced, 8-10 bold" in told


def test_ctrl_c_stops_cleanly(tmp_path: Path) -> None:
    """An interrupt ends the run, keeps what is finished, and says how to go on."""
    lesson = written(tmp_path, "rain", 3)
    words = [sys.executable, "-m", "vidkit", "make", str(lesson), *QUICK]
    words += ["--workers", "1", "--voice", "simulated:latency=1.5,seconds=0.3"]
    run = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    clip = tmp_path / "output_rain/clips/section-01.mp4"
    for _ in range(600):
        if clip.exists():
            break
        time.sleep(0.05)
    os.kill(run.pid, signal.SIGINT)
    _, told = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "Traceback" not in told
    assert "the same command" in told
    report = json.loads((tmp_path / "output_rain/report.json").read_text())
    assert report["sections"][0]["state"] == "made"
    assert report["sections"][-1]["state"] == "cancelled"
    assert not list(tmp_path.rglob("*.part"))


def test_batch_takes_a_glob_or_several_lessons(tmp_path: Path) -> None:
    """A pattern in quotes, a shell's own list and one folder all name a batch."""
    for name in "ab":
        written(tmp_path / "lessons", name, 1)
    out = str(tmp_path / "out")
    assert main(["batch", str(tmp_path / "lessons/*.json"), "-o", out, *QUICK]) == 0
    assert (tmp_path / "out/output_a/final_video.mp4").exists()
    assert main(["batch", str(tmp_path / "lessons/b.json"), *QUICK]) == 0
    assert (tmp_path / "lessons/output_b/final_video.mp4").exists()
    assert not (tmp_path / "lessons/output_a").exists()


def test_providers_are_told_with_what_they_need(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`vidkit providers` names all, and the key's place; `--check` says who can be used."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert main(["providers"]) == 0
    told = capsys.readouterr().out
    assert "OPENAI_API_KEY is not set" in told
    assert all(f"  {name} " in told for name in ("slides", "espeak", "gtts", "recorded"))
    assert "can be used" not in told
    with FakeOpenAI() as server, FakeGoogle() as google:
        google.reached(monkeypatch)
        assert main(["providers", "--check", "--base-url", server.base_url]) == 0
        assert capsys.readouterr().out.count("can be used: ") == 10
        assert sum(server.billed.values()) == server.billed["/v1/models"]


def test_several_providers_and_their_options(tmp_path: Path) -> None:
    """A comma names who takes the place of whom; options of providers reach them."""
    lesson = written(tmp_path, "rain", 2)
    with FakeOpenAI() as server:
        server.choose = lambda text: "refusal" if "picture 1" in text else ""
        words = ["--images", "openai:quality=low,simulated:0", "--base-url", server.base_url]
        words += ["--image-style", "Chalk:", *QUICK[2:]]
        assert main(["make", str(lesson), *words]) == 0
        asked = [json.loads(body) for body in server.requests]
    assert sorted(each["prompt"] for each in asked) == [
        "Chalk:\n\nrain picture 0",
        "Chalk:\n\nrain picture 1",
    ]
    assert {each["quality"] for each in asked} == {"low"}
    report = json.loads((tmp_path / "output_rain/report.json").read_text())
    assert [section["image_by"] for section in report["sections"]] == ["openai", "simulated"]
    assert main(["make", str(lesson), "--images", "openai,slides:nope", *QUICK[2:]]) == 2


def test_check_finds_what_a_slide_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A layout that is none, or that the section gives nothing for, is told before anything is
    made, with the section and the mend, in a folder too.
    """
    section = {"image_description": "A sun.", "content": "It is warm."}
    wishes = [{"layout": "bullets"}, {"layout": "cards"}, {"layout": "points", "points": ["Warm"]}]
    lesson = {"sections": [section | {"slide": wish} for wish in wishes]}
    (tmp_path / "sun.json").write_text(json.dumps(lesson))
    assert main(["check", str(tmp_path)]) == 2
    told = capsys.readouterr().out
    assert "section 1" in told and "'bullets'" in told
    assert "section 2" in told and '"points"' in told
    assert "section 3" not in told
    (tmp_path / "sun.json").write_text(json.dumps(lesson | {"language": "español"}))
    assert main(["check", str(tmp_path)]) == 2
    told = capsys.readouterr().out
    assert "has 3 faults" in told and "section 2" in told and "write the tag" in told


def test_make_says_beforehand_which_slides_cannot_be_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is made: the file, the section, the fault and its mend, and what becomes of
    the section; another is made all the same.
    """
    section = {"image_description": "A sun.", "content": "It is warm."}
    lesson = written(tmp_path, "sun", [section, section | {"slide": {"layout": "bullets"}}])
    assert main(["make", str(lesson), *QUICK[2:], "--images", "slides"]) == 1
    said = capsys.readouterr().err
    note = said.index("sun.json: section 2 is left out of the video until this is mended: `slide`")
    assert note < said.index("section 1 made") and "choose from: statement, points" in said


def test_a_number_that_is_none_is_told_with_what_to_write(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In a line or two, without all that might have been written besides."""
    with pytest.raises(SystemExit):
        main(["make", "x.json", "--rate", "rapido"])
    said = capsys.readouterr().err
    assert "rate is 'rapido'; give a whole number from 60 to 450" in said
    assert len(said.splitlines()) == 2


@pytest.mark.parametrize("name", ["missing.json", "folder", "x" * 300 + ".json"])
@pytest.mark.parametrize(
    "command",
    [
        "make",
        "batch",
        "check",
        "plan",
        "slides",
        "review",
        "convert",
        "draft",
        "draft --take-back 1",
    ],
)
def test_a_source_that_cannot_be_read_is_told(
    tmp_path: Path, command: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command ends in a sentence, and in no error of Python's, whatever it is given."""
    (tmp_path / "folder").mkdir()
    assert main([*command.split(), str(tmp_path / name)]) in (1, 2)
    told = capsys.readouterr()
    assert told.out + told.err and "Traceback" not in told.err


@pytest.mark.parametrize("command", ["convert", "slides", "draft"])
def test_a_file_that_cannot_be_written_is_told(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the file and what is in its way, and what stood there is left alone."""
    source = written(tmp_path, "rain", 1)
    if command != "slides":
        source = tmp_path / "rain.md"
        source.write_text("# Rain\n\nRain falls from clouds.\n")
    (tmp_path / "note").write_text("mine")
    out = tmp_path / "note" / "rain.png"
    assert main([command, str(source), "-o", str(out)]) == 2
    assert "note is a file; move it away" in capsys.readouterr().err
    assert (tmp_path / "note").read_text() == "mine"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("command", ["convert", "slides"])
def test_a_folder_that_is_missing_is_named(
    tmp_path: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The one that is to be made, and not the one around it."""
    monkeypatch.chdir(tmp_path)
    assert main([command, str(written(tmp_path, "rain", 1)), "-o", "no/rain.png"]) == 2
    assert "there is no folder no; make it" in capsys.readouterr().err


def test_what_cannot_be_looked_at_is_no_other_lesson(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that is too long is told as one, though nobody can look whether it is taken."""
    (tmp_path / "rain.md").write_text("# Rain\n\nRain falls from clouds.\n")
    assert (
        main(["draft", str(tmp_path / "rain.md"), "-o", str(tmp_path / f"{'x' * 300}.json")]) == 2
    )
    assert "the name is too long" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes among files here")
def test_a_pipe_in_the_way_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever a command would write there, the pipe is told and left."""
    lesson, pipe = written(tmp_path, "rain", 1), tmp_path / "pipe.json"
    (tmp_path / "rain.md").write_text("# Rain\n\nRain falls from clouds.\n")
    os.mkfifo(pipe)
    for command, source in (("slides", lesson), ("draft", tmp_path / "rain.md")):
        assert main([command, str(source), "-o", str(pipe)]) == 2
        assert str(pipe) in capsys.readouterr().err
    out = tmp_path / "out"
    out.mkdir()
    os.mkfifo(out / "batch_report.json")
    assert main(["batch", str(lesson), "-o", str(out), *QUICK]) == 0
    assert "batch_report.json was not made by vidkit" in capsys.readouterr().out


ONE = {"image_description": "A jar of honey.", "content": "La miel es un alimento."}
BROKEN = {
    "a comma is missing": '{"title": "Miel", "language": "es"\n "sections": [{"image_description": '
    '"A jar of honey.", "content": "La miel es dulce y la hacen las abejas."}]}',
    "close every text": '{"title": "Miel", "sections": [{"image_description": "A jar of honey.", '
    '"content": "La miel es dulce y la hacen las abejas."}]',
    "save the file as UTF-8": '{"title": "Lecci\xf3n", "sections": []}',
}


@pytest.mark.parametrize("told", BROKEN)
def test_a_broken_lesson_is_not_taken_for_one_with_prose_around_it(
    told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands within it is no lesson of its own, and nobody is sent to convert it."""
    (tmp_path / "miel.json").write_bytes(BROKEN[told].encode("latin-1"))
    assert main(["check", str(tmp_path / "miel.json")]) != 0
    said = capsys.readouterr().out
    assert told in said
    assert "convert" not in said


def test_prose_with_brackets_around_a_lesson_is_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bracket in the prose hides no lesson."""
    text = f"Here it is [a draft]: {json.dumps({'sections': [ONE]})} Enjoy [it]."
    (tmp_path / "miel.json").write_text(text)
    assert main(["check", str(tmp_path / "miel.json")]) != 0
    assert f"vidkit convert {tmp_path / 'miel.json'} -o" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["notes.md", "data.ipynb"])
def test_what_can_be_drafted_is_not_called_a_faulty_lesson(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mend is the command that makes a lesson of it."""
    text = "# Honey\n\nBees make it.\n" if name.endswith("md") else '{"cells": [], "nbformat": 4}'
    (tmp_path / name).write_text(text)
    assert main(["check", str(tmp_path / name)]) != 0
    assert f"vidkit draft {tmp_path / name} -o" in capsys.readouterr().out


def test_what_is_said_is_told_of_a_language_that_the_first_voice_does_not_speak(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each section once, in the words of the voice that would speak it, turns and all."""
    turns = [{"speaker": "Ana", "text": "Pesa 5 kg."}, {"text": "Es mucho."}]
    lesson = {"language": "es", "sections": [ONE, {**ONE, "content": turns}]}
    lesson["speakers"] = {"Ana": "espeak:es"}
    (tmp_path / "miel.json").write_text(json.dumps(lesson))
    assert main(["check", "--spoken", str(tmp_path / "miel.json")]) == 0
    said = capsys.readouterr().out
    assert said.count("La miel es un alimento.") == 1
    assert "kg. → kilogramos." in said


def test_a_word_in_a_slide_that_slides_do_not_know_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is made, with what was likely meant."""
    slide = {"layuot": "steps", "points": ["Collect", "Dry"]}
    (tmp_path / "miel.json").write_text(json.dumps({"sections": [{**ONE, "slide": slide}]}))
    main(["check", str(tmp_path / "miel.json")])
    assert "did you write 'layuot' for 'layout'?" in capsys.readouterr().out


def test_the_sheet_of_slides_shows_a_picture_of_ones_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the video does, and says that it is one."""
    (tmp_path / "jar.png").write_bytes(picture())
    (tmp_path / "miel.json").write_text(json.dumps({"sections": [{**ONE, "image": "jar.png"}]}))
    sheet = tmp_path / "sheet.png"
    assert main(["slides", str(tmp_path / "miel.json"), "-o", str(sheet)]) == 0
    assert "its own picture: jar.png" in capsys.readouterr().out


def test_a_store_that_cannot_be_looked_into_is_not_called_empty(
    tmp_path: Path, own_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`vidkit cache` names the folder whose permissions hide what is in it."""
    assert main(["make", str(written(tmp_path, "rain", 1)), *QUICK]) == 0
    assets = own_store / "assets"
    assets.chmod(0)
    try:
        with bound_by_permissions():
            assert main(["cache"]) == 0
    finally:
        assets.chmod(0o700)
    assert f"note: {assets} cannot be read: Permission denied" in capsys.readouterr().out
