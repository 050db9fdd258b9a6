"""The calls, with real media and simulated providers: from a script, a loop, a kernel."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import av
import pytest
from made_media import picture
from stand_ins import written

import vidkit
from vidkit.core import loop
from vidkit.errors import (
    LessonError,
    NothingMade,
    OutputError,
    ProviderMissing,
    SectionError,
    SettingsError,
)
from vidkit.events import Event, StepEnded, StepStarted, WorkStarted

QUICK: dict[str, Any] = {
    "images": "simulated:0.01",
    "voice": "simulated:latency=0.01,seconds=0.5",
    "size": (160, 90),
    "progress": False,
}


def chapters(path: Path) -> list[str]:
    with av.open(path) as video:
        return [chapter["metadata"]["title"] for chapter in video.chapters()]


def test_the_output_is_laid_out_as_promised(tmp_path: Path) -> None:
    """Images, narrations, clips, the video, captions and the report, each under its name."""
    lesson = written(tmp_path, sections=2)
    path = vidkit.generate_video_from_json(lesson, tmp_path / "out", **QUICK)
    assert path == tmp_path / "out/final_video.mp4"
    names = {p.relative_to(path.parent).as_posix() for p in path.parent.rglob("*") if p.is_file()}
    assert names == {
        ".vidkit.json",
        "audio/section-01.wav",
        "audio/section-02.wav",
        "captions.srt",
        "captions.vtt",
        "clips/section-01.mp4",
        "clips/section-02.mp4",
        "contact_sheet.png",
        "final_video.mp4",
        "images/section-01.png",
        "images/section-02.png",
        "poster.png",
        "report.json",
    }
    report = json.loads((path.parent / "report.json").read_text())
    assert report["state"] == "made"
    assert set(report["files"]) == names - {"report.json", ".vidkit.json"}
    assert {s["image_by"] for s in report["sections"]} == {"simulated"}
    assert all(s["seconds"].keys() == {"image", "audio", "clip"} for s in report["sections"])
    assert [s["start"] for s in report["sections"]] == sorted(
        s["start"] for s in report["sections"]
    )


def test_a_call_says_which_section_failed_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path is all that it gives, and one line of progress has no room for it; lines in a log
    have told it once.
    """
    usual = {"image_description": "A leaf.", "content": "Leaves make sugar."}
    odd = {**usual, "slide": {"layout": "table"}}
    lesson = written(tmp_path, "leaf", [usual, odd])
    how = QUICK | {"images": "slides", "progress": True}
    vidkit.generate_video_from_json(lesson, tmp_path / "out", **how)
    assert capsys.readouterr().err.count("section 2 failed: ") == 1
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    vidkit.generate_video_from_json(lesson, tmp_path / "out", **how)
    assert capsys.readouterr().err.count("leaf.json: section 2: failed: ") == 1
    vidkit.generate_video_from_json(lesson, tmp_path / "out", **how | {"progress": False})
    assert "failed" not in capsys.readouterr().err


def test_sections_stand_in_the_lessons_order(tmp_path: Path) -> None:
    """The chapters of the finished file are the sections, in order, whatever finished first."""
    sections = [
        {"title": f"Part {i}", "image_description": f"p{i}", "content": f"words {i}"}
        for i in range(12)
    ]
    lesson = written(tmp_path, sections=sections)
    path = vidkit.generate_video_from_json(
        lesson, tmp_path / "out", 8, **QUICK | {"images": "simulated:latency=0.05,spread=1"}
    )
    assert chapters(path) == [f"Part {i}" for i in range(12)]


def test_a_folder_of_lessons_becomes_a_folder_of_videos(tmp_path: Path) -> None:
    """Each lesson lands in `output_<name>`; the report is in counting order."""
    for name in ("10", "9", "2"):
        written(tmp_path, name, 1)
    report = vidkit.process_all_videos(tmp_path, **QUICK)
    assert [video.name for video in report] == ["2", "9", "10"]
    assert [video.path for video in report] == [
        tmp_path / f"output_{name}/final_video.mp4" for name in ("2", "9", "10")
    ]
    assert report.peak_calls == 16
    assert report.made


def test_sequential_makes_one_lesson_at_a_time(tmp_path: Path) -> None:
    """With parallel=False no lesson starts before the one before it is over."""
    for name in "abc":
        written(tmp_path, name, 2)
    under_way: list[str] = []
    most = 0

    def watch(event: Event) -> None:
        nonlocal most
        match type(event).__name__:
            case "LessonStarted":
                under_way.append(event.name)  # type: ignore[attr-defined]
                most = max(most, len(under_way))
            case "LessonEnded":
                under_way.remove(event.name)  # type: ignore[attr-defined]

    report = vidkit.process_all_videos(tmp_path, parallel=False, listener=watch, **QUICK)
    assert most == 1
    assert report.peak_calls == 8


def test_a_faulty_lesson_leaves_the_batch_alone(tmp_path: Path) -> None:
    """One lesson's fault is in the report; the others are made."""
    (tmp_path / "bad.json").write_text("{")
    written(tmp_path, "good", 1)
    report = vidkit.process_all_videos(tmp_path, **QUICK)
    assert [video.made for video in report] == [False, True]
    assert "bad.json" in str(report)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda d: vidkit.generate_video_from_json(d / "no.json"), LessonError, "no.json"),
        (lambda d: vidkit.process_all_videos(d / "none"), ValueError, "none"),
        (lambda d: vidkit.process_all_videos([]), ValueError, "at least one"),
        (lambda d: vidkit.process_all_videos([d / "a.json", 5]), ValueError, "5"),
        (lambda d: vidkit.process_all_videos(7), ValueError, "give a folder"),
        (lambda d: vidkit.process_all_videos(d / "*.yaml"), ValueError, "no lesson fits"),
        (lambda d: vidkit.generate_video_from_json(d / "a.json", d / "a.json"), ValueError, "file"),
        (lambda d: vidkit.generate_video_from_json(d / "a.json", max_workers=0), ValueError, "64"),
        (lambda d: vidkit.process_all_videos(d, max_workers=0), ValueError, "64"),
        (lambda d: vidkit.generate_video_from_json(None), ValueError, "path"),
        (lambda d: vidkit.generate_video_from_json(d / "a.json", colour=1), ValueError, "colour"),
        (
            lambda d: vidkit.generate_video_from_json(d / "a.json", images="dalle"),
            ProviderMissing,
            "simulated",
        ),
    ],
)
def test_bad_arguments_say_what_to_do(tmp_path: Path, call: Any, error: Any, says: str) -> None:
    """Each wrong argument is an error of its kind that names it, before anything is made."""
    written(tmp_path, "a", 1)
    with pytest.raises(error, match=says):
        call(tmp_path)
    assert not (tmp_path / "output_a").exists()


ODD = ["x" * 300, "~nobody-here", "~nobody-here/a", "a\0b", "loop", "", 5, b"x", 1.5]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:16])
@pytest.mark.parametrize(
    "call",
    [
        lambda good, odd: vidkit.generate_video_from_json(odd, **QUICK),
        lambda good, odd: vidkit.generate_video_from_json(good, odd, **QUICK),
        lambda good, odd: vidkit.process_all_videos(odd, **QUICK),
        lambda good, odd: vidkit.plan(odd),
        lambda good, odd: vidkit.plan([odd]),
        lambda good, odd: vidkit.load_lesson(odd),
        lambda good, odd: vidkit.takes(odd, 1, "image"),
        lambda good, odd: vidkit.plan(good, images=f"recorded:{odd or 'none'}"),
    ],
    ids=["lesson", "output", "base", "plan", "plans", "load", "takes", "recorded"],
)
def test_an_odd_path_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Any, odd: Any
) -> None:
    """A name that no file can have, a home that is not there, a link to itself, no path at all:
    each call says so in an error of vidkit's own, of a few lines.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(vidkit.VidkitError) as told:
        call(written(tmp_path, "good", 1), odd)
    assert len(str(told.value)) < 800
    assert "Errno" not in str(told.value)


@pytest.mark.parametrize("odd", ["~nobody-here", "a\0b", 5, b"x"])
def test_an_odd_store_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: Any
) -> None:
    """`cache_dir` and VIDKIT_CACHE are looked at before anything begins, and are named."""
    lesson = written(tmp_path, sections=1)
    with pytest.raises(SettingsError, match="cache_dir is "):
        vidkit.generate_video_from_json(lesson, cache_dir=odd, **QUICK)
    if odd == "~nobody-here":
        monkeypatch.setenv("VIDKIT_CACHE", odd)
        with pytest.raises(SettingsError, match="VIDKIT_CACHE is "):
            vidkit.generate_video_from_json(lesson, **QUICK)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"settings": {}}, r"settings is \{\}.*vidkit\.Settings"),
        ({"settings": 5}, "settings is 5"),
        ({"listener": 3}, "listener is 3; give a function"),
        ({"listener": asyncio.sleep}, "listener is .*; give a function, without async"),
        ({"images": 5}, "images is 5; name a provider"),
        ({"max_workers": 0}, "max_workers is 0; give a whole number"),
        ({"max_workers": "2"}, "max_workers is '2'; give a whole number"),
        ({"size": "x"}, "size is 'x'; give"),
        ({"only": "3"}, "only is '3'; give"),
        ({"cache": "no"}, "cache is 'no'; give True or False"),
        ({"gap": True}, "gap is True; give seconds"),
        ({"budget": 10**400}, "budget is 1000.*; give dollars"),
        ({"budget": float("nan")}, "budget is nan; give dollars"),
        ({"budget": float("inf")}, "budget is inf; give dollars"),
        ({"budget": "5"}, "budget is '5'; give dollars"),
        ({"effects": {1: [5]}}, "effects of section 1: 5 is no effect"),
    ],
)
def test_an_argument_of_another_kind_is_told(tmp_path: Path, change: Any, says: str) -> None:
    """What is no settings and no listener is named, with what to give."""
    lesson = written(tmp_path, sections=1)
    with pytest.raises(SettingsError, match=says):
        vidkit.generate_video_from_json(lesson, **QUICK | change)
    with pytest.raises(SettingsError, match=says):
        vidkit.process_all_videos([lesson], **QUICK | change)


def test_what_is_no_folder_of_lessons_is_told() -> None:
    """A number in the place of a folder is named, and a word in the place of yes or no."""
    with pytest.raises(SettingsError, match="base_dir is 5; give"):
        vidkit.process_all_videos(5)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="parallel is 'no'; give True or False"):
        vidkit.process_all_videos("lessons", parallel="no")  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"only": [9]}, {"effects": {9: [lambda clip: clip]}}])
def test_a_section_that_is_not_there_is_told(tmp_path: Path, change: Any) -> None:
    """Neither can be made, nor have effects; nothing is made then."""
    lesson = written(tmp_path, sections=2)
    with pytest.raises(SettingsError, match=r"=9: lesson\.json has 2 sections"):
        vidkit.generate_video_from_json(lesson, **QUICK | change)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"number": "x"}, "number is 'x'; give the number of a section"),
        ({"number": 9}, "no section 9"),
        ({"part": 3}, "part is 3; choose"),
        ({"take": "x"}, "take is 'x'; give a whole number"),
        ({"take": "a\0b"}, "take is "),
        ({"settings": 5}, "settings is 5"),
    ],
)
def test_an_odd_take_is_told(tmp_path: Path, asked: Any, says: str) -> None:
    """`take_back` names what is wrong with what it is given."""
    lesson = written(tmp_path, sections=2)
    given: dict[str, Any] = {"lesson": lesson, "number": 1, "part": "image"}
    with pytest.raises(SettingsError, match=says):
        vidkit.take_back(**given | asked)


@pytest.mark.parametrize("cache", [True, False])
def test_a_retry_has_what_is_left_of_the_budget(tmp_path: Path, cache: bool) -> None:
    """Making again what failed spends from the same sum of dollars, with and without a store."""
    lesson = written(tmp_path, sections=4)
    paid = QUICK | {"images": "simulated:latency=0,price=0.5", "cache": cache, "budget": 1.0}
    first = vidkit.process_all_videos([lesson], **paid)
    assert first.videos[0].dollars == 1.0
    again = first.retry_failed()
    assert again.videos[0].dollars == 0.0
    assert not again.made


def test_settings_are_not_overruled_by_a_default(tmp_path: Path) -> None:
    """`settings=` and the settings' own keywords count where max_workers is not given."""
    lesson = written(tmp_path, sections=1)
    eight = vidkit.Settings(section_workers=8, video_workers=3)
    vidkit.generate_video_from_json(lesson, section_workers=6, **QUICK)
    vidkit.generate_video_from_json(lesson, settings=eight, **QUICK)
    assert vidkit.process_all_videos(tmp_path, settings=eight, **QUICK).peak_calls == 48
    assert vidkit.process_all_videos(tmp_path, video_workers=1, **QUICK).peak_calls == 8
    with pytest.raises(ValueError, match="not both"):
        vidkit.generate_video_from_json(lesson, None, 5, section_workers=6, **QUICK)


def test_max_workers_counts_even_where_it_is_the_usual_number(tmp_path: Path) -> None:
    """An explicit 4 (or 2) beside `settings=` is 4 (or 2), as 3 is 3."""
    written(tmp_path, sections=1)
    eight = vidkit.Settings(section_workers=8, video_workers=8)
    assert vidkit.process_all_videos(tmp_path, 2, settings=eight, **QUICK).peak_calls == 2 * 8 * 2
    lesson = written(tmp_path / "long", sections=8)
    at_once: list[int] = [0]

    def count(event: Event) -> None:
        if isinstance(event, StepStarted | StepEnded) and event.step == "image":
            at_once.append(at_once[-1] + (1 if isinstance(event, StepStarted) else -1))

    vidkit.generate_video_from_json(lesson, None, 4, settings=eight, listener=count, **QUICK)
    assert max(at_once) <= 4


def test_nothing_made_is_an_error(tmp_path: Path) -> None:
    """A lesson of which no section could be made raises, with the first reason."""
    lesson = written(tmp_path)
    with pytest.raises(NothingMade, match="this call was to fail"):
        vidkit.generate_video_from_json(
            lesson, **QUICK | {"images": "simulated:latency=0,errors=1"}
        )


def test_stop_is_an_error_that_names_the_section(tmp_path: Path) -> None:
    """With on_failure="stop" the call raises at the first failed section."""
    with pytest.raises(SectionError, match="section 1"):
        vidkit.generate_video_from_json(
            written(tmp_path, sections=1),
            on_failure="stop",
            **QUICK | {"voice": "simulated:latency=0,errors=1"},
        )


def test_a_placeholder_is_a_real_card(tmp_path: Path) -> None:
    """The video with a placeholder has all its sections, the missing one for 3 s."""
    report = asyncio.run(
        vidkit.generate_video(
            written(tmp_path, sections=3),
            on_failure="placeholder",
            **QUICK | {"voice": "simulated:latency=0,seconds=0.5,errors=0.5,seed=4"},
        )
    )
    assert report.path is not None
    assert report.failed
    assert len(chapters(report.path)) == 3
    assert all(s.length is not None and s.length >= 3 for s in report.failed)


def test_own_media_replace_the_provider(tmp_path: Path) -> None:
    """A section's own picture and sound are used, and no provider is asked for them."""
    (tmp_path / "mine.png").write_bytes(picture(3))
    with wave.open(str(tmp_path / "mine.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))
    lesson = written(tmp_path, sections=[{"image": "mine.png", "audio": "mine.wav"}])
    asked: list[Event] = []
    report = asyncio.run(vidkit.generate_video(lesson, listener=asked.append, **QUICK))
    assert {e.by for e in asked if isinstance(e, StepStarted)} == {"recorded", "vidkit"}
    assert (report.folder / "images/section-01.png").read_bytes() == picture(3)


def test_recorded_folders_become_a_video(tmp_path: Path) -> None:
    """An earlier output serves as recorded images and narrations, byte for byte."""
    lesson = written(tmp_path, sections=2)
    vidkit.generate_video_from_json(lesson, tmp_path / "first", **QUICK)
    again = vidkit.generate_video_from_json(
        lesson,
        tmp_path / "second",
        **QUICK
        | {"images": f"recorded:{tmp_path / 'first'}", "voice": f"recorded:{tmp_path / 'first'}"},
    )
    for name in ("images/section-02.png", "audio/section-01.wav"):
        assert (again.parent / name).read_bytes() == (tmp_path / "first" / name).read_bytes()


def test_a_strangers_file_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """An output folder that holds somebody's images is left as it is."""
    lesson = written(tmp_path)
    mine = tmp_path / "output_lesson/images/section-02.png"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"cost me money")
    with pytest.raises(OutputError, match=r"section-02\.png"):
        vidkit.generate_video_from_json(lesson, **QUICK)
    assert mine.read_bytes() == b"cost me money"
    assert [p.name for p in mine.parent.iterdir()] == ["section-02.png"]


def test_all_four_calls_work_inside_a_running_program(tmp_path: Path) -> None:
    """Coroutines and waiting calls, both at once, inside somebody's running loop."""
    for name in "abcd":
        written(tmp_path / name, name, 1)

    async def program() -> list[Path | None]:
        both = asyncio.gather(
            vidkit.generate_video(tmp_path / "a/a.json", **QUICK),
            vidkit.process_videos(tmp_path / "b", **QUICK),
        )
        await asyncio.sleep(0)
        waited = vidkit.generate_video_from_json(tmp_path / "c/c.json", **QUICK)
        batch = vidkit.process_all_videos(tmp_path / "d", **QUICK)
        one, many = await both
        return [one.path, many[0].path, waited, batch[0].path]

    assert asyncio.run(program()) == [
        tmp_path / f"{name}/output_{name}/final_video.mp4" for name in "abcd"
    ]


def test_waiting_from_a_listener_is_refused(tmp_path: Path) -> None:
    """A call that waits, made from inside a run, gets an error and not a dead lock."""
    lesson = written(tmp_path, sections=1)
    told: list[Exception] = []

    def listener(event: Event) -> None:
        if isinstance(event, StepStarted) and not told:
            try:
                vidkit.generate_video_from_json(lesson, tmp_path / "other", **QUICK)
            except vidkit.VidkitError as error:
                told.append(error)

    vidkit.generate_video_from_json(lesson, tmp_path / "out", listener=listener, **QUICK)
    assert "await" in str(told[0])


def test_cancelling_the_coroutine_leaves_a_true_report(tmp_path: Path) -> None:
    """A cancelled `generate_video` has written what it left behind when it lets go."""
    lesson = written(tmp_path, sections=2)

    async def cancel() -> None:
        loop, speaking = asyncio.get_running_loop(), asyncio.Event()

        def hear(event: Event) -> None:
            if isinstance(event, WorkStarted) and event.step == "audio":
                loop.call_soon_threadsafe(speaking.set)

        task = asyncio.ensure_future(
            vidkit.generate_video(lesson, listener=hear, **QUICK | {"voice": "simulated:3600"})
        )
        await speaking.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    report = json.loads((tmp_path / "output_lesson/report.json").read_text())
    assert report["state"] == "failed"
    assert {section["state"] for section in report["sections"]} == {"cancelled"}


CELLS = """
import vidkit, asyncio
quick = dict(images="simulated:0.01", voice="simulated:latency=0.01,seconds=0.3", size=(160, 90))
print(vidkit.generate_video_from_json("a.json", "one", **quick).name)
---
report = await vidkit.generate_video("a.json", "two", **quick)
print(report.path.name)
---
print(len(vidkit.process_all_videos(["a.json"], **quick)))
---
print(len(await vidkit.process_videos(["a.json"], **quick)))
---
vidkit.allow_nested()
print(asyncio.run(vidkit.generate_video("a.json", "three", **quick)).path.name)
---
both = asyncio.ensure_future(vidkit.generate_video("a.json", "four", **quick))
vidkit.generate_video_from_json("a.json", "five", **quick)
print((await both).path.name)
"""


def test_all_calls_work_in_a_notebooks_kernel(tmp_path: Path) -> None:
    """Waiting, awaited, nested and side by side: each works in a cell of a real kernel."""
    import nbformat
    from nbclient import NotebookClient

    written(tmp_path, "a", 2)
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS.strip().split("---\n")]
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = [
        "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout")
        for cell in notebook.cells
    ]
    assert [text.strip() for text in printed] == [
        "final_video.mp4",
        "final_video.mp4",
        "1",
        "1",
        "final_video.mp4",
        "final_video.mp4",
    ]


def test_a_killed_run_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    """After SIGKILL in mid-run there is no video, and the same call finishes the job."""
    lesson = written(tmp_path, sections=4)
    script = (
        "import sys, os, signal, vidkit\n"
        "from vidkit.events import StepEnded\n"
        "def die(event):\n"
        "    if isinstance(event, StepEnded) and event.step == 'clip':\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "vidkit.generate_video_from_json(sys.argv[1], listener=die, images='simulated:0.05',\n"
        "    voice='simulated:latency=0.05,seconds=0.5', size=(160, 90), progress=False)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(lesson)], check=False)
    assert killed.returncode == -9
    folder = tmp_path / "output_lesson"
    assert not (folder / "final_video.mp4").exists()
    assert json.loads((folder / "report.json").read_text())["state"] == "under way"
    for whole in folder.glob("clips/section_*.mp4"):
        assert av.open(whole).duration
    path = vidkit.generate_video_from_json(lesson, **QUICK)
    assert path.exists()
    assert not list(folder.rglob("*.part"))


def test_two_runs_share_the_loop_and_leave_it_running(tmp_path: Path) -> None:
    """Runs from different threads live on one loop, which serves the next one too."""
    import threading

    for name in "ab":
        written(tmp_path / name, name, 1)
    threads = [
        threading.Thread(
            target=vidkit.generate_video_from_json, args=(tmp_path / f"{n}/{n}.json",), kwargs=QUICK
        )
        for n in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loop.event_loop().is_running()
    assert all((tmp_path / f"{n}/output_{n}/final_video.mp4").exists() for n in "ab")


def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    """No permission to write is a clear error, not a traceback from below."""
    code = (
        "import sys, vidkit\n"
        "from rights import bound_by_permissions\n"
        "with bound_by_permissions():\n"
        "    try: vidkit.generate_video_from_json(sys.argv[1], progress=False)\n"
        "    except vidkit.VidkitError as error: print(type(error).__name__, error)"
    )
    lesson = written(tmp_path, sections=1)
    where = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    tmp_path.chmod(0o500)
    try:
        words = [sys.executable, "-c", code, str(lesson)]
        run = subprocess.run(words, capture_output=True, text=True, env=where, check=True)
    finally:
        tmp_path.chmod(0o700)
    assert run.stdout.startswith("OutputError ")
    assert "cannot be written" in run.stdout
    assert not run.stderr


def test_the_defaults_are_offline_and_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever keys are in the environment, a plain call draws slides and speaks with espeak."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-key")
    lesson = written(tmp_path, sections=1)
    report = asyncio.run(vidkit.generate_video(lesson, progress=False, size=(320, 180)))
    assert (report.sections[0].image_by, report.sections[0].voice_by) == ("slides", "espeak")
    written_files = [p.read_bytes() for p in report.folder.rglob("*") if p.is_file()]
    assert not any(b"sk-not-a-key" in data for data in written_files)
    shutil.rmtree(report.folder)


def test_a_plan_needs_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a provider would cost is told before there is a key, and that the key is missing."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    plan = vidkit.plan(written(tmp_path, sections=3), images="openai")
    assert plan.new == 6 and plan.dollars and plan.dollars > 0
    assert len(plan.faults) == 1 and "OPENAI_API_KEY" in plan.faults[0]


def test_a_report_says_what_the_run_used(tmp_path: Path) -> None:
    """Also a run of less than a second was looked at, alone or in a batch."""
    lesson = written(tmp_path, sections=2)
    how = {"images": "simulated:0", "voice": "simulated:latency=0,seconds=0.2", "size": (64, 36)}
    batch = vidkit.process_all_videos([lesson], progress=False, **how)
    assert batch.resources and batch.resources.samples >= 1
    assert batch.resources.peak_memory >= batch.resources.mean_memory > 0
    one = vidkit.start(lesson, progress=False, **how).result()
    assert one.resources and one.resources.usable_cores >= 1


ODD_NAMES = ["\udcff\udcfe", "new\nline", "esc\x1b[31m", "quo\"te'", "<script>x<"]
ODD_NAMES += ["week [1]", "\u202ertl"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("content", ["", "Words."])
def test_odd_names_of_lessons_break_no_report(tmp_path: Path, content: str) -> None:
    """Whatever a file system calls a lesson, good or faulty, it is made or told, every JSON file
    beside it is UTF-8 and whole, and the report can be shown anywhere.
    """
    for name in ODD_NAMES:
        (tmp_path / f"{name}.json").write_text(
            json.dumps({"sections": [{"image_description": "x", "content": content}]})
        )
    report = vidkit.process_all_videos(tmp_path, **QUICK | {"images": "simulated:price=0.01"})
    assert [video.made for video in report] == [bool(content)] * len(ODD_NAMES)
    assert not [video for video in report if "unforeseen" in str(video.error)]
    for path in [*tmp_path.rglob("report.json"), *tmp_path.glob("batch_report.json")]:
        json.loads(path.read_bytes().decode("utf-8"))
    for text in (str(report), report._repr_html_()):
        text.encode("utf-8")
        assert "\x1b" not in text
    assert "<script>" not in report._repr_html_()
    if content:
        assert vidkit.plan(tmp_path / "week [1].json", **QUICK).sections == 1
