"""How long a step of one of the Tuner's sliders takes until the browser has drawn it anew.

    python tests/bench/tuner.py [--lessons 4] [--sections 12] [--steps 12]

From the key that moves the slider to the frame with the new timeline, in a JupyterLab of its own
and a headless Chromium: by way of the kernel, where the forecast is made.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

import nbformat
from browser import browser
from lab import Lab, run_all

CELL = """\
from vidkit.studio import Tuner
tuner = Tuner([{sections}] * {lessons}, image_s=15, voice_s=5, per_minute=15)
tuner"""

SLIDERS = ("Sections at once", "Seconds an image takes", "Image requests a minute (0: no limit)")

STEP = """key => new Promise(done => {
  const shown = document.querySelector('.vidkit-forecast'), began = performance.now();
  new MutationObserver((_, watch) => {
    watch.disconnect();
    requestAnimationFrame(() => done(performance.now() - began));
  }).observe(shown, {subtree: true, childList: true});
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
})"""


def main() -> None:
    """Print the milliseconds of each slider's steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lessons", type=int, default=4)
    parser.add_argument("--sections", type=int, default=12)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--sliders", nargs="+", default=SLIDERS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cell = CELL.format(lessons=asked.lessons, sections=asked.sections)
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell)], metadata=kernel
        )
        nbformat.write(notebook, Path(folder) / "tuner.ipynb")
        with Lab(Path(folder)) as lab, browser() as chromium:
            page = chromium.new_page(viewport={"width": 1200, "height": 1400})
            lab.open(page, "tuner.ipynb")
            run_all(page)
            page.locator(".vidkit-tuner svg").first.wait_for()
            for name in asked.sliders:
                page.get_by_role("slider", name=name, exact=True).focus()
                took = []
                for step in range(asked.steps):
                    page.wait_for_timeout(1500)  # until the speed-up is worked out
                    took.append(page.evaluate(STEP, "ArrowRight" if step % 2 else "ArrowLeft"))
                print(
                    f"{name:38} median {statistics.median(took):4.0f} ms, "
                    f"{min(took):.0f} to {max(took):.0f}"
                )


if __name__ == "__main__":
    main()
