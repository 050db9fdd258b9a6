"""The Tuner in a real JupyterLab, in a real browser: moved by keyboard, named for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import nbformat
import pytest
from axe import violations
from browser import SOON, needs_browser, new_page
from lab import Lab, answer, command, run_all

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_browser

CELL = """\
from vidkit.studio import Tuner
used = []
tuner = Tuner([9, 7], use=used.append, image_s=15, voice_s=5)
tuner"""

SLIDERS = (
    "Seconds an image takes",
    "Seconds a narration takes",
    "Image requests a minute (0: no limit)",
    "Narration requests a minute (0: no limit)",
    "Sections at once",
    "Videos at once",
)


@pytest.fixture(scope="module")
def page(lab: Lab, launch: Callable[[str], Browser]) -> Iterator[Page]:
    """A notebook that shows the Tuner."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CELL)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, lab.root / "tuner.ipynb")
    shown = new_page(launch("chromium"))
    lab.open(shown, "tuner.ipynb")
    run_all(shown)
    shown.locator(".vk-tuner svg").first.wait_for(timeout=SOON)
    yield shown
    command(shown, "kernelmenu:shutdown")
    shown.close()


def status(page: Page) -> str:
    """What the panel says in words."""
    return page.locator(".vk-tuner > .vk-title").inner_text()


def test_every_slider_has_its_name(page: Page) -> None:
    """Who does not see the panel is told what each slider is for."""
    for name in SLIDERS:
        slider = page.get_by_role("slider", name=name, exact=True)
        slider.wait_for(timeout=SOON)
        assert slider.count() == 1


def test_a_slider_is_moved_by_keyboard_and_the_forecast_follows(page: Page) -> None:
    """The arrow keys move the slider and not the notebook; words, timeline and columns change."""
    slider = page.get_by_role("slider", name="Sections at once", exact=True)
    slider.focus()
    before, drawn = status(page), page.locator(".vk-tuner > .vk-drawn").last.inner_html()
    for _ in range(3):
        slider.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.vk-tuner > .vk-title').innerText !== before",
        arg=before,
        timeout=SOON,
    )
    page.wait_for_function(
        "drawn => [...document.querySelectorAll('.vk-tuner > .vk-drawn')]"
        ".at(-1).innerHTML !== drawn",
        arg=drawn,
        timeout=SOON,
    )
    for _ in range(SOON // 100):
        if answer(page, "tuner.sections.value") == 7:
            break
        page.wait_for_timeout(100)  # each step is sent when the one before has been shown
    assert answer(page, "tuner.wait().settings.section_workers") == 7


def test_use_these_hands_over_what_is_shown(page: Page) -> None:
    """A press of the button calls what the panel was given, and says so."""
    page.get_by_role("button", name="Use these", exact=True).click()
    page.get_by_text("handed over").wait_for(timeout=SOON)
    assert answer(page, "used == [tuner.settings]") is True


def test_nothing_bars_anybody(page: Page) -> None:
    """axe-core finds nothing wrong, in light and in dark."""
    assert not violations(page, ".vk", contrasts=10)
