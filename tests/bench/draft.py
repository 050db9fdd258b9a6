"""Draft lessons from notebooks that others wrote: `python tests/bench/draft.py FOLDER`.

The notebooks are those of packages with a free licence (python-control BSD, pvlib BSD, lmfit BSD,
nbconvert BSD, emcee MIT, nbsphinx MIT), fetched by name with pip into FOLDER where they are not
there yet. For each it says: seconds of processor time, sections, minutes, the figures of the
notebook and those of the lesson, and what breaks a promise: a fault or a note of `check`, a figure
that is lost, a word that does not stand in the notebook, markup that is left, a slide that does not
hold what is on it.
`--slides` draws all slides of each on a sheet, `--videos` makes the videos (small, with a simulated
voice, so that two cores do it in minutes) and looks that each slide and figure is in them, and NAME
is one of the notebooks, or a file of one's own. Ends with 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tarfile
import time
import unicodedata
from pathlib import Path
from typing import Any

import vidkit
from vidkit.draft.course import draft_of, write
from vidkit.providers.base import ImageAsk
from vidkit.providers.slides import images
from vidkit.slides.slide import Slide

PACKAGES = {
    "control": [
        "examples/cruise.ipynb",
        "examples/describing_functions.ipynb",
        "examples/mhe-pvtol.ipynb",
        "examples/steering.ipynb",
        "examples/stochresp.ipynb",
        "examples/cds110-L4b_lqr-tracking.ipynb",
        "examples/python-control_tutorial.ipynb",
    ],
    "pvlib": [
        "docs/tutorials/irradiance.ipynb",
        "docs/tutorials/pvsystem.ipynb",
        "docs/tutorials/tmy_to_power.ipynb",
        "docs/tutorials/tracking.ipynb",
    ],
    "lmfit": ["examples/discuss_model_eval_uncertainty.ipynb"],
    "nbconvert": ["docs/source/nbconvert_library.ipynb"],
    "emcee": [
        "docs/tutorials/autocorr.ipynb",
        "docs/tutorials/line.ipynb",
        "docs/tutorials/monitor.ipynb",
        "docs/tutorials/quickstart.ipynb",
    ],
    "nbsphinx": ["doc/code-cells.ipynb"],
}
SIZE = (1280, 720)
SMALL = (640, 360)
MARKUP = r"\*\*|\]\(|<[a-z/!]|&\w+;|:\w+:`|\{\w+\}|^#|\[\^|::|!\[|\$\$"


def fetched(folder: Path) -> list[Path]:
    """The notebooks, in `folder`."""
    found = []
    for package, names in PACKAGES.items():
        if not list(folder.glob(f"{package}-*/")):
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
            command += ["--no-binary", package, "-d", str(folder), package]
            subprocess.run(command, check=True)
            for archive in folder.glob(f"{package}-*.tar.gz"):
                with tarfile.open(archive) as packed:
                    packed.extractall(folder, filter="data")
        home = next(folder.glob(f"{package}-*/"))
        found += [home / name for name in names]
    return found


def joined(text: Any) -> str:
    return "".join(text) if isinstance(text, list) else str(text)


def outputs(book: dict[str, Any]) -> list[dict[str, Any]]:
    return [output for cell in book["cells"] for output in cell.get("outputs", [])]


def broken(lesson: vidkit.Lesson, book: dict[str, Any]) -> list[str]:
    """The promises that a draft breaks."""
    texts = [joined(cell["source"]) for cell in book["cells"]]
    texts += [json.dumps(output, ensure_ascii=False) for output in outputs(book)]
    texts = [unicodedata.normalize("NFKC", re.sub(r"</?su[bp]>", "", text)) for text in texts]
    source = re.sub(r"\W+", " ", "\n".join(texts).lower())
    found = list(lesson.warnings)
    for number, section in enumerate(lesson.sections, start=1):
        content = re.sub(r" \[pause \ds\]$", "", section.content)
        shown = [content, section.title or "", *section.slide.get("points", ())]
        for word in re.findall(r"\w+", unicodedata.normalize("NFKC", " ".join(shown)).lower()):
            if word not in source:
                found.append(f"section {number}: the word {word!r} is not in the notebook")
        plain = re.sub(r"\$[^$]+\$|`[^`]*`", "", f"{content}\n{section.title or ''}")
        if left := re.search(MARKUP, plain):
            found.append(f"section {number}: markup is left: {plain[left.start() :][:40]!r}")
    return found


def overfull(lesson: vidkit.Lesson) -> list[str]:
    """The slides that do not hold what is on them, however much of it goes."""
    maker = images(None)
    found = []
    for number, section in enumerate(lesson.sections, start=1):
        if section.image and not section.slide:
            continue
        ask = ImageAsk(
            *(section.image_description, section.content, section.title, lesson.language, SIZE),
            slide=section.slide,
            file=section.image,
        )
        slide: Slide | None = maker.slide(ask)
        while slide is not None and not maker.fits(slide, SIZE):
            slide = slide.lighter()
        if slide is None:
            found.append(f"section {number}: the slide is overfull")
    return found


def filmed(lesson: vidkit.Lesson) -> bool:
    """Whether the video is made: as many clips as sections, and each figure seen in its own."""
    settings = vidkit.Settings(progress=False, voice="simulated:latency=0", size=SMALL)
    report = vidkit.start(lesson.path, settings=settings).result()
    clips = sorted((report.path.parent / "clips").glob("*.mp4"))
    print(f"  {report.path}: {len(clips)} clips")
    unseen = [
        number
        for number, (clip, section) in enumerate(zip(clips, lesson.sections, strict=True), start=1)
        if section.image and not seen(section.image, clip)
    ]
    for number in unseen:
        print(f"  section {number}: its figure is not seen in {clips[number - 1].name}")
    return report.made and not unseen


def seen(figure: Path, clip: Path) -> bool:
    """Whether the last picture of a clip is as varied in its middle as the figure: it is there."""
    import av
    from PIL import Image, ImageStat

    with av.open(str(clip)) as file:
        *_, last = file.decode(video=0)
    width, height = SMALL
    middle = last.to_image().crop((width // 4, height // 4, width * 3 // 4, height * 9 // 10))
    with Image.open(figure) as image:
        spread = ImageStat.Stat(image.convert("L")).stddev[0]
    return bool(ImageStat.Stat(middle.convert("L")).stddev[0] > spread / 4)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("name", nargs="*", help="notebooks by their names; none is all")
    parser.add_argument("--slides", action="store_true")
    parser.add_argument("--videos", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(exist_ok=True)
    trouble = 0
    own = [Path(name) for name in given.name if name.endswith(".ipynb")]
    for path in own or fetched(given.folder):
        if given.name and not own and path.stem not in given.name:
            continue
        book = json.loads(path.read_text("utf-8"))
        begun = time.process_time()
        draft = draft_of(path, path.stem)[0]
        seconds = time.process_time() - begun
        target = given.folder / "lessons" / f"{path.stem}.json"
        lesson = write(draft, target)
        faults = broken(lesson, book) + overfull(lesson)
        figures = sum("image/png" in output.get("data", {}) for output in outputs(book))
        pictures = sum(section.image is not None for section in lesson.sections)
        if pictures < figures:
            faults.append(f"{figures - pictures} figures are lost")
        print(
            f"{path.name}: {seconds:.2f} s, {len(book['cells'])} cells, "
            f"{len(lesson.sections)} sections, {draft.minutes:.1f} min, {figures} figures, "
            f"{pictures} pictures",
            flush=True,
        )
        for fault in faults:
            print(f"  {fault}")
        trouble += len(faults)
        if given.slides:
            sheet = target.with_suffix(".png")
            command = [sys.executable, "-m", "vidkit", "slides", str(target), "-o", str(sheet)]
            subprocess.run(command, check=True)
        if given.videos:
            trouble += not filmed(lesson)
    return int(trouble > 0)


if __name__ == "__main__":
    sys.exit(main())
