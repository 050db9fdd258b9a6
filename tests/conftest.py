"""What every test has: a store of its own, so that no test finds what another one made."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from browser import Browsers
from lab import Lab

from vidkit.core.system import usable_cores

if TYPE_CHECKING:
    from playwright.sync_api import Browser


IN_MEMORY = Path("/dev/shm")
ROOM = 1_000_000_000
"""Bytes that must be free there: of a whole run a hundred million are there at a time."""


def pytest_configure() -> None:
    """Keep the tests' folders in memory where a system has room for them: stores and outputs are
    written through to the disk, file by file, for which more than half of a run was waited. And
    let no program that they start compile all of vidkit for itself alone.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with suppress(OSError):
        if (
            os.access(IN_MEMORY, os.W_OK | os.X_OK)
            and not os.statvfs(IN_MEMORY).f_flag & os.ST_NOEXEC
            and min(shutil.disk_usage(IN_MEMORY).free, psutil.virtual_memory().available) > ROOM
        ):
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` stands for: half as many processes again as cores, since many tests wait for
    a browser, a server or a process of their own."""
    cores = usable_cores()
    return cores + max(1, cores // 2)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Leave the tests of a file to one process where that costs no time, so that what they share
    (a browser, a JupyterLab, a cluster) is started once and not by every process.
    """
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getvalue("dist") == "load" else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_newgateway(gateway: Any) -> None:
    """Leave jsonschema's check of internationalised addresses out of the processes that run tests.
    No schema here has one, and to import its grammar, which nbval, nbformat and jsonschema all do,
    takes each process longer than all else that it begins with."""
    gateway.remote_exec("import sys; sys.modules['rfc3987_syntax'] = None").waitclose()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep the modules that are loaded for the tests, and the tests themselves, out of what the
    garbage collector goes through: they stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Collect what a process has left once, where pytest does so five times when it ends."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_store(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The store's folder of this test, and of the processes that it starts."""
    folder = tmp_path_factory.mktemp("store")
    monkeypatch.setenv("VIDKIT_CACHE", str(folder))
    yield folder
    if shared := sys.modules.get("vidkit.pipeline.run"):
        while shared._shared.stores:
            shared._shared.stores.popitem()[1].close()


@pytest.fixture(autouse=True)
def plain_voice(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let "auto" stand for espeak, which starts in a fortieth of hibari's time; a test of hibari
    says so with the mark `natural_voice`."""
    if "natural_voice" not in request.keywords:
        monkeypatch.setattr("vidkit.providers.registry.AUTO_VOICES", ("espeak",))


BROWSERS = Browsers()


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[[str], Browser]]:
    """Gives the one browser of a name that the tests of this process share while they follow one
    another: to launch Firefox takes longer than most tests in it."""
    yield BROWSERS
    BROWSERS.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """Close the browsers before a test that uses none: while they are there a loop runs in this
    thread, in which that test could begin none of its own."""
    try:
        yield
    finally:
        if "launch" not in getattr(nextitem, "fixturenames", ()):
            BROWSERS.close()


@pytest.fixture
def launched(request: pytest.FixtureRequest, launch: Callable[[str], Browser]) -> Browser:
    """A browser: Chromium, where a test names none."""
    return launch(getattr(request, "param", "chromium"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all tests of this process, each of which has a folder of its own."""
    with Lab(tmp_path_factory.mktemp("root")) as one:
        yield one
