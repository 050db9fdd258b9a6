"""Reports and the run's panels in a real JupyterLab: live, in the dark, and in a saved notebook
that nobody trusts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import nbformat
from axe import THEMES, turn_to, violations
from browser import needs_browser, new_page
from lab import Lab, command, run_all
from stand_ins import written

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CELLS = (
    """import vidkit
heard = []
pretend = dict(images="simulated:latency=0.2,errors=0.3,price=0.04", cache=False, progress=False,
               voice="simulated:latency=0.1,seconds=0.5")
report = await vidkit.generate_video("lesson.json", listener=heard.append, **pretend)
report""",
    "report.sections[0]",
    'vidkit.plan("lesson.json", **pretend)',
    """from vidkit.studio import Timeline
from vidkit.studio import Meters
timeline, meters = Timeline(), Meters(vidkit.Settings(budget=2))
for event in heard:
    timeline.on_event(event); meters.on_event(event)
timeline""",
    "meters",
)

LOADED = """() => [...document.querySelectorAll('.vidkit-report img')].map(
  image => image.naturalWidth)"""
WIDER = """() => [...document.querySelectorAll('.jp-OutputArea-output')].filter(
  output => output.scrollWidth > output.clientWidth + 1).length"""


def opened(page: Page, lab: Lab, name: str, errors: list[str]) -> None:
    page.on("pageerror", lambda error: errors.append(str(error)))
    lab.open(page, f"reports/{name}.ipynb")


@needs_browser
def test_reports_are_read_live_in_the_dark_and_untrusted(lab: Lab, launched: Browser) -> None:
    """Every picture loads, nothing needs scrolling sideways from 700 pixels up, the dark theme
    turns the drawing dark, and where nobody trusts the notebook, so that JupyterLab takes styles
    away, it still shows all.
    """
    root = lab.root / "reports"
    written(root, sections=6, title="How a Rainbow Forms")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(book, root / "reports.ipynb")
    errors: list[str] = []
    page = new_page(launched, 1100, 900)
    opened(page, lab, "reports", errors)
    turn_to(page, THEMES[0])
    run_all(page)
    assert page.evaluate(LOADED)
    assert all(page.evaluate(LOADED))
    assert page.locator(".vidkit-timeline svg rect").count() > 10
    for width in (1600, 960):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(WIDER) == 0
    drawn = page.locator(".vidkit-report .drawn").first
    assert drawn.evaluate("image => getComputedStyle(image).filter") == "none"
    page.set_viewport_size({"width": 1100, "height": 2600})
    assert violations(page, ".vidkit-report, .vk", contrasts=20) == []
    assert "invert" in drawn.evaluate("image => getComputedStyle(image).filter")
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    command(page, "kernelmenu:shutdown")
    page.close()
    # who was sent it, and has not run it: what Jupyter signed was another one
    saved = nbformat.read(root / "reports.ipynb", as_version=4)
    saved.cells.append(nbformat.v4.new_markdown_cell("Please have a look."))
    nbformat.write(saved, root / "sent.ipynb")
    page = new_page(launched, 1100, 900)
    opened(page, lab, "sent", errors)
    page.wait_for_selector(".vidkit-report img")
    assert page.locator(".vidkit-report style").count() == 0
    page.wait_for_function(
        f"() => {{ const all = ({LOADED})(); return all.length >= 2 && all.every(Boolean) }}"
    )
    assert page.locator(".vidkit-report img").last.is_visible()
    assert "How a Rainbow Forms" in page.locator(".vidkit-report").first.inner_text()
    assert not errors
    command(page, "kernelmenu:shutdown")
    page.close()


@needs_browser
def test_a_browser_that_died_is_launched_anew(launch: Callable[[str], Browser]) -> None:
    """It fails no test after the one that it died in."""
    launch("chromium").close()
    page = new_page(launch("chromium"))
    page.set_content("<p>here</p>")
    assert page.inner_text("p") == "here"
    page.close()
