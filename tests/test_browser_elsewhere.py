"""The Studio where there is no JupyterLab: in Notebook 7 and marimo, by real servers, and in a page
that has no route to any file, and nothing but a kernel's messages.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from a_notebook import notebook
from browser import in_both, needs_browser
from lab import wait_for_its_kernel
from playwright.sync_api import Browser, Page, expect
from stand_ins import written
from static_page import static_page, until

from vidkit.studio import Studio

SOON = 120_000
HOW = (
    'images="simulated:0.05", voice="simulated:latency=0.05,seconds=1", '
    'size=(320, 180), cache_dir="store"'
)


def pictures_load_sound_plays_and_the_film_seeks(page: Page) -> None:
    """What has to hold wherever the panel is shown, of a lesson of four sections."""
    expect(page.locator(".vk-card .vk-mark").filter(has_text="made")).to_have_count(4, timeout=SOON)
    for number in range(4):
        picture = page.locator(".vk-card img").nth(number)
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_attribute("src", re.compile("^blob:"), timeout=SOON)
        picture.evaluate("picture => picture.decode()")
        assert picture.evaluate("picture => picture.naturalWidth") > 0
    # the run is over when there are chapters: nothing is made anew from here on
    page.locator(".vk-chapters button").nth(2).wait_for(timeout=SOON)
    page.get_by_role("button", name="Play section 2").click()
    clip = page.get_by_label("Clip of section 2")
    clip.wait_for(timeout=SOON)
    plays(clip, 0.1)
    clip.evaluate("clip => clip.pause()")
    chapter = page.locator(".vk-chapters button").nth(2)
    start = float(chapter.get_attribute("data-start") or 0)
    chapter.click()
    film = page.locator(".vk-player video")
    film.wait_for(timeout=SOON)
    plays(film, start)
    assert start > 2


def plays(media: Any, since: float) -> None:
    """Wait until a video plays on from some second."""
    for _ in range(300):
        ready, now = media.evaluate("media => [media.readyState, media.currentTime]")
        if ready >= 2 and now >= since:
            return
        time.sleep(0.1)
    raise AssertionError((ready, now, since))


@in_both
def test_a_page_without_a_route_to_any_file(launched: Browser, tmp_path: Path) -> None:
    """A static page gets the widget's script and values, and what the kernel answers: no address
    of a server, and none of a file.
    """
    written(tmp_path, "rainbow", 4, title="How a Rainbow Forms")
    studio = Studio(
        tmp_path,
        images="simulated:0.05",
        voice="simulated:latency=0.05,seconds=1",
        size=(320, 180),
        cache_dir=tmp_path / "store",
    )
    with static_page(launched, studio) as (page, asked):
        page.get_by_role("button", name="Make video").click()
        until(page, lambda: studio.report is not None)
        pictures_load_sound_plays_and_the_film_seeks(page)
    assert not [each for each in asked if not each.startswith("blob:")]


@pytest.fixture(scope="module")
def marimo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real marimo server that runs a panel."""
    pytest.importorskip("marimo")
    folder = tmp_path_factory.mktemp("marimo")
    written(folder / "lessons", "rainbow", 4, title="How a Rainbow Forms")
    (folder / "panel.py").write_text(
        "import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _():\n"
        "    from vidkit.studio import Studio\n\n"
        f'    studio = Studio("lessons", {HOW})\n    studio\n    return (studio,)\n'
    )
    words = ["marimo", "-q", "run", "panel.py", "--headless", "--no-token", "--host", "127.0.0.1"]
    with served([*words, "--port"], folder, "health") as address:
        yield address


@in_both
def test_marimo(launched: Browser, marimo: str) -> None:
    """A real marimo server: plain ipywidgets do not show there, and the panel does."""
    page = launched.new_page(viewport={"width": 1200, "height": 1400})
    page.goto(marimo)
    page.locator(".vk .vk-card").first.wait_for(timeout=SOON)
    page.get_by_role("button", name="Make video").click()
    pictures_load_sound_plays_and_the_film_seeks(page)
    page.close()


@pytest.fixture(scope="module")
def notebook_7_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a notebook with a panel at a real Notebook 7."""
    pytest.importorskip("notebook")
    folder = tmp_path_factory.mktemp("notebook")
    written(folder / "lessons", "rainbow", 4, title="How a Rainbow Forms")
    cell = f'from vidkit.studio import Studio\nstudio = Studio("lessons", {HOW})\nstudio'
    path = notebook(folder, cell)
    words = ["notebook", "--no-browser", "--allow-root", "--IdentityProvider.token="]
    words += ["--JupyterNotebookApp.expose_app_in_browser=True"]
    words += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0", "--ServerApp.port"]
    with served(words, folder, "api/status") as address:
        yield f"{address}/notebooks/{path.name}"


@in_both
def test_notebook_7(launched: Browser, notebook_7_address: str) -> None:
    """A real Notebook 7."""
    page = launched.new_page(viewport={"width": 1200, "height": 1400})
    page.goto(notebook_7_address)
    wait_for_its_kernel(page)
    page.locator(".jp-Cell").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".vk .vk-card").first.wait_for(timeout=SOON)
    box = page.locator(".vk").first.evaluate("each => [each.scrollWidth, each.clientWidth]")
    assert box[0] <= box[1]
    page.get_by_role("button", name="Make video").click()
    pictures_load_sound_plays_and_the_film_seeks(page)
    page.close()


@needs_browser
def test_voila_under_an_address_of_its_own(launched: Browser, tmp_path: Path) -> None:
    """A real Voila, which gives out no file, under a base address as a JupyterHub has it."""
    pytest.importorskip("voila")
    written(tmp_path / "lessons", "rainbow", 4, title="How a Rainbow Forms")
    cell = f'from vidkit.studio import Studio\nstudio = Studio("lessons", {HOW})\nstudio'
    path = notebook(tmp_path, cell)
    words = ["voila", path.name, "--no-browser", "--Voila.ip=127.0.0.1"]
    words += ["--base_url=/user/ana/", "--Voila.port"]
    with served(words, tmp_path, "user/ana/voila/static/voila.js") as address:
        page = launched.new_page(viewport={"width": 1200, "height": 1400})
        page.goto(f"{address}/user/ana/", timeout=SOON)
        page.locator(".vk .vk-card").first.wait_for(timeout=SOON)
        page.get_by_role("button", name="Make video").click()
        pictures_load_sound_plays_and_the_film_seeks(page)
        page.close()


@contextmanager
def served(words: list[str], folder: Path, health: str) -> Iterator[str]:
    """A server of its own on loopback; gives its address, and ends it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: str(folder / ".own" / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    server = subprocess.Popen(
        [sys.executable, "-m", *words[:-1], f"{words[-1]}={port}"],
        cwd=folder,
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/{health}", timeout=2).close()
                break
            except urllib.error.HTTPError:
                break  # it answers
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(20)
