"""The Studio in a real JupyterLab, in a real browser: what its kernel and its page owe each other.

What a person does in the panel is in `test_browser_panel.py`, in a page without a notebook. The
same on an older kernel: in an environment of its own, install `.[test]` with `ipykernel==6.31`,
and run this file there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from browser import SOON, in_both, needs_browser, new_page
from lab import Lab, answer, command, run_all
from playwright.sync_api import expect
from stand_ins import written

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_browser

STUDIO = """\
from vidkit.providers.simulated import Simulated
from vidkit.studio import Studio

images = Simulated(latency={latency}, spread={spread}, seed=3)
voice = Simulated(latency={latency}, spread={spread}, seconds=1.0, seed=4)
studio = Studio(
    "lessons",
    images=images,
    voice=voice,
    size=(320, 180),
    section_workers={workers},
    cache_dir="store",
)
studio
"""

STATES = """() => [...document.querySelectorAll('.vk .vk-card')].map(card => [
  card.querySelector('.vk-number').textContent, card.querySelector('.vk-mark').textContent])
"""
PICTURES = """() => [...document.querySelectorAll('.vk-card img.vk-poster')].map(
  each => [each.getAttribute('src'), each.naturalWidth])"""
PLAYS = """name => { const playing = document.querySelector(`.vk [aria-label="${name}"]`);
  return playing && !playing.seeking && playing.readyState >= 2 && playing.currentTime > 0 }"""
WIDER = """() => [...document.querySelectorAll('.vk, .jp-OutputArea-output')].filter(
  each => each.scrollWidth > each.clientWidth + 1).map(each => each.className)"""

Opened = Callable[..., "Page"]


@pytest.fixture
def opened(lab: Lab, launched: Browser, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Opens a notebook with a Studio on a lesson of so many sections, and runs it."""
    folder = lab.root / re.sub(r"\W+", "-", request.node.name)
    page = new_page(launched, 1200, 1000)

    def open_(
        *cells: str, sections: int, workers: int = 4, latency: float = 0.5, spread: float = 0.0
    ) -> Page:
        written(folder / "lessons", "rainbow", sections, title="How a Rainbow Forms")
        studio = STUDIO.format(workers=workers, latency=latency, spread=spread)
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in (studio, *cells)],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, folder / "panel.ipynb")
        lab.open(page, f"{folder.name}/panel.ipynb")
        run_all(page)
        return page

    yield open_
    command(page, "kernelmenu:shutdown")
    page.close()


def press(page: Page, name: str) -> None:
    """Press a button of the panel."""
    page.locator(".vk").get_by_role("button", name=re.compile(rf"^{name}\b")).first.click()


def wait_said(page: Page, text: str) -> None:
    """Wait until the panel's line says something."""
    page.locator(".vk .vk-said").filter(has_text=text).wait_for(timeout=SOON)


def states(page: Page) -> list[tuple[int, str]]:
    """The number and the state of each card, as they stand."""
    return [(int(number), state) for number, state in page.evaluate(STATES)]


def made(page: Page) -> int:
    """How many cards are made."""
    return [state for _, state in states(page)].count("made")


def until(look: Callable[[], Any], seconds: float = 2 * SOON / 1000) -> None:
    """Wait until `look` gives something true."""
    began = time.monotonic()
    while not look():
        assert time.monotonic() < began + seconds
        time.sleep(0.05)


@in_both
def test_cards_fill_in_as_they_come_and_the_video_plays_and_seeks(opened: Opened) -> None:
    """Sections end out of order, and stand in the lesson's order all the while; at the end every
    picture loads, by no address of any file, a clip plays with its sound, a chapter jumps to where
    its section begins, captions can be switched on, and nothing is wider than its place.
    """
    page = opened(sections=8, workers=4, spread=0.9)
    press(page, "Make video")
    seen: list[list[tuple[int, str]]] = []
    until(lambda: seen.append(states(page)) or all(state == "made" for _, state in seen[-1]))
    assert all([number for number, _ in each] == list(range(1, 9)) for each in seen)
    done = [[number for number, state in each if state == "made"] for each in seen]
    assert any(each != list(range(1, len(each) + 1)) for each in done), "all ended in order"
    wait_said(page, "8 of 8 sections")
    for card in range(8):
        page.locator(".vk-card").nth(card).scroll_into_view_if_needed()
    page.wait_for_function(
        f"() => {{ const all = ({PICTURES})(); return all.length === 8"
        " && all.every(([source, width]) => source?.startsWith('blob:') && width > 0) }",
        timeout=SOON,
    )
    page.get_by_role("button", name="Play section 7").click()
    page.wait_for_function(PLAYS, arg="Clip of section 7", timeout=SOON)
    chapter = page.locator(".vk-chapters button").nth(2)
    chapter.wait_for(timeout=SOON)
    start = float(chapter.get_attribute("data-start") or 0)
    assert start > 2
    chapter.click()
    page.wait_for_function(
        "start => { const video = document.querySelector('.vk .vk-player video');"
        " return video && !video.seeking && video.readyState >= 2 && video.currentTime >= start }",
        arg=start - 0.01,
        timeout=SOON,
    )
    video = page.locator(".vk .vk-player video")
    video.evaluate("video => { video.textTracks[0].mode = 'showing' }")
    until(lambda: video.evaluate("video => video.textTracks[0].cues?.length") == 8)
    for width in (700, 1600):
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate(WIDER) == []


def test_a_run_is_steered_outlives_its_page_and_leaves_a_report(opened: Opened) -> None:
    """*More workers* is seen in the provider's own concurrency; after *Pause* no call begins, and
    after *Resume* they go on; a page that is saved and loaded anew in mid-run is live again;
    *Cancel* ends it with a partial report, also while a cell awaits it.
    """
    page = opened(sections=60, workers=1, latency=4)
    press(page, "Make video")
    until(lambda: answer(page, "voice.calls") >= 2)
    assert answer(page, "voice.peak") == 1
    press(page, "More workers")
    until(lambda: answer(page, "voice.peak") >= 2)
    press(page, "Pause")
    until(lambda: answer(page, "voice.under_way + images.under_way") == 0)
    calls = answer(page, "voice.calls")
    assert [answer(page, "voice.calls") for _ in range(40)] == [calls] * 40
    press(page, "Resume")
    until(lambda: answer(page, "voice.calls") > calls)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    page.locator(".vk .vk-card").nth(59).wait_for(timeout=SOON)
    at_first = made(page)
    until(lambda: made(page) > at_first)
    workers = answer(page, "studio.run.snapshot().section_workers")
    press(page, "Fewer workers")
    until(lambda: answer(page, "studio.run.snapshot().section_workers") == workers - 1)
    press(page, "Cancel")
    wait_said(page, "ancelled")
    append(page, "report = await studio\nprint(sum(s.made for s in report.sections), report.error)")
    run_all(page, "notebook:run-cell")
    assert 0 < answer(page, "sum(section.made for section in report.sections)") < 60
    assert answer(page, "len(report.sections)") == 60
    if int(version("ipykernel").partition(".")[0]) < 7:
        return  # it hears no button while a cell waits
    press(page, "Make video")
    page.locator(".vk .vk-progress").wait_for(timeout=SOON)
    append(page, "report = await studio\nprint(report.error)")
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
    press(page, "Cancel")
    until(lambda: "cancelled; what was" in str(outputs(page)))
    assert "error" not in [output["output_type"] for output in outputs(page)]


def test_a_panel_whose_kernel_was_restarted_says_so(opened: Opened) -> None:
    """It tells of no run that goes on, says that nothing pressed here is heard, and the cell run
    again has a panel that is.
    """
    page = opened(sections=3, latency=3600)
    press(page, "Make video")
    page.locator(".vk .vk-progress").wait_for(timeout=SOON)
    expect(page.get_by_text("run the cell again")).to_have_count(0)
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    expect(page.locator(".vk").get_by_text("run the cell again")).to_be_visible()
    expect(page.locator(".vk .vk-progress")).to_be_hidden()
    expect(page.locator(".vk .vk-said")).to_be_hidden()
    press(page, "Cancel")
    run_all(page)
    wait_said(page, "Choose a lesson")
    expect(page.get_by_text("run the cell again")).to_have_count(0)


def test_a_saved_notebook_is_small_and_shows_its_previews(
    opened: Opened, lab: Lab, request: pytest.FixtureRequest
) -> None:
    """Ten sections leave a notebook under 200 KB; opened again without being run it shows the
    video and the cards, with their pictures in the page itself; while the panel lives they are
    shown once.
    """
    page = opened("studio.make()", "report = await studio\nreport", sections=10, latency=0.01)
    until(lambda: made(page) == 10)
    page.locator(".vidkit-stored li").nth(9).wait_for(state="attached", timeout=SOON)
    until(lambda: page.locator(".vidkit-stored:visible").count() == 0)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    path = lab.root / re.sub(r"\W+", "-", request.node.name) / "panel.ipynb"
    until(lambda: path.read_text().count("data:image/jpeg") >= 10)
    assert path.stat().st_size < 200_000
    assert "widgets" not in nbformat.read(path, as_version=4).metadata
    command(page, "kernelmenu:shutdown")
    lab.open(page, f"{path.parent.name}/panel.ipynb")
    stored = page.locator(".vidkit-stored")
    stored.locator("li").nth(9).wait_for(timeout=SOON)
    broken = page.get_by_text("Error displaying widget")
    expect(broken).to_have_count(stored.count())  # one in each output, after a while
    expect(broken.filter(visible=True)).to_have_count(0)
    embedded = stored.locator("li :is(img[src^='data:'], video[poster^='data:'])")
    assert embedded.count() == 10
    film = stored.locator("video[src*=final_video]").first
    assert film.is_visible()
    film.evaluate("video => video.load()")
    film.evaluate("video => video.play()")
    until(lambda: film.evaluate("video => video.readyState") > 0)


def append(page: Page, source: str) -> None:
    """Write a further cell, and select it."""
    page.evaluate(
        """source => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          const cells = notebook.model.sharedModel;
          cells.insertCell(cells.cells.length, {cell_type: 'code', source});
          notebook.activeCellIndex = notebook.widgets.length - 1;
        }""",
        source,
    )


def outputs(page: Page) -> list[dict[str, Any]]:
    """What the last cell has put out, even where JupyterLab has scrolled it away."""
    found: list[dict[str, Any]] = page.evaluate(
        """() => {
          const cells = window.jupyterapp.shell.currentWidget.content.model.cells;
          return cells.get(cells.length - 1).outputs.toJSON();
        }"""
    )
    return found
