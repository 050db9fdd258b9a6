"""What every test has: a store of its own, so that no test finds what another one made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import browsers
from lab import Lab

from vidkit.core.system import usable_cores

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` stands for: half as many processes again as cores, since many tests wait for
    a browser, a server or a process of their own."""
    cores = usable_cores()
    return cores + max(1, cores // 2)


@pytest.fixture(autouse=True)
def own_store(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The store's folder of this test, and of the processes that it starts."""
    folder = tmp_path_factory.mktemp("store")
    monkeypatch.setenv("VIDKIT_CACHE", str(folder))
    yield folder
    if shared := sys.modules.get("vidkit.pipeline.shared"):
        while shared._shared.stores:
            shared._shared.stores.popitem()[1].close()


@pytest.fixture(autouse=True)
def plain_voice(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let "auto" stand for espeak, which starts in a fortieth of hibari's time; a test of hibari
    says so with the mark `natural_voice`."""
    if "natural_voice" not in request.keywords:
        monkeypatch.setattr("vidkit.providers.registry.AUTO_VOICES", ("espeak",))


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[[str], Browser]]:
    """Gives the one browser of a name that the tests of a file share. Not for longer: while it is
    there a loop runs in this thread, in which other tests could begin none of their own."""
    with browsers() as each:
        yield each


@pytest.fixture
def launched(request: pytest.FixtureRequest, launch: Callable[[str], Browser]) -> Browser:
    """A browser: Chromium, where a test names none."""
    return launch(getattr(request, "param", "chromium"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all tests of this process, each of which has a folder of its own."""
    with Lab(tmp_path_factory.mktemp("root")) as one:
        yield one
