"""A headless Chromium for the tests that must see what a person sees.

Debian's `chromium` (or the program that `CHROMIUM` names), driven by Playwright. Where
there is none the tests are skipped and say so, unless `VIDKIT_INSIST_ON_BROWSER` is set.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROGRAM = os.environ.get("CHROMIUM") or shutil.which("chromium")
INSIST = bool(os.environ.get("VIDKIT_INSIST_ON_BROWSER"))

# What Chromium does at its start beyond showing the page: nothing of it is wanted here.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

needs_browser = pytest.mark.skipif(
    PROGRAM is None and not INSIST, reason="there is no chromium on this machine"
)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that is closed at the end."""
    from playwright.sync_api import sync_playwright

    assert PROGRAM, "chromium was insisted on and is not there"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=PROGRAM, args=QUIET)
        try:
            yield chromium
        finally:
            chromium.close()
