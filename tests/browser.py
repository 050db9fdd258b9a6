"""A headless browser for the tests that must see what a person sees: Chromium, or Firefox.

Debian's `chromium` and `firefox-esr` (or the programs that `CHROMIUM` and `FIREFOX` name), driven
by Playwright: Firefox as it is, over WebDriver BiDi. Where there is none the tests are skipped and
say so, unless `VIDKIT_INSIST_ON_BROWSER` is set.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

PROGRAM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FIREFOX = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
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
    # in place of Playwright's list: the suggestions below an address that nobody types are pages
    # of their own, in two processes for each context
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,MediaRouter,OptimizationHints,"
    "PaintHolding,ThirdPartyStoragePartitioning,Translate",
    # one process for the pages of a context: the second is shown in half the first one's time
    "--renderer-process-limit=1",
]
PREFERENCES = {
    "media.autoplay.default": 0,  # as in Chromium a press of a button plays
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}

SOON = 30_000
"""Milliseconds that are waited for what should take none: other tests run beside this one."""

needs_browser = pytest.mark.skipif(
    PROGRAM is None and not INSIST, reason="there is no chromium on this machine"
)
needs_firefox = pytest.mark.skipif(
    FIREFOX is None and not INSIST, reason="there is no firefox on this machine"
)

in_both = pytest.mark.parametrize(
    "launched",
    [
        pytest.param("chromium", marks=needs_browser),
        pytest.param("firefox", marks=needs_firefox),
    ],
    indirect=True,
)
"""Runs a test once in each browser, by the fixture `launched`; others have Chromium alone."""


class Browsers:
    """Browsers by their names, each launched when it is first asked for, until they are closed."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._playwright: Playwright | None = None
        self._launched: dict[str, Browser] = {}

    def __call__(self, name: str) -> Browser:
        """The browser of a name. Its first context is for pages that need none of their own, and
        has an empty one, so that the process that shows them all ends with none of them.
        """
        there = self._launched.get(name)
        if there is None or not there.is_connected():  # one that died fails no test after it
            there = self._launched[name] = self._open.enter_context(self._launch(name))
            there.new_context().new_page()
        return there

    def _launch(self, name: str) -> Browser:
        from playwright.sync_api import expect, sync_playwright

        program = FIREFOX if name == "firefox" else PROGRAM
        assert program, f"{name} was insisted on and is not there"
        if self._playwright is None:
            expect.set_options(timeout=SOON)
            self._playwright = self._open.enter_context(sync_playwright())
        if name == "firefox":
            return self._playwright.firefox.launch(
                channel="moz-firefox", executable_path=program, firefox_user_prefs=PREFERENCES
            )
        return self._playwright.chromium.launch(executable_path=program, args=QUIET)

    def close(self) -> None:
        """Close all of them; who asks for one afterwards has it launched anew."""
        self._launched.clear()
        self._playwright = None
        self._open.close()


def new_page(browser: Browser, width: int = 1200, height: int = 1400) -> Page:
    """A page in the context that tests share, with what its pages have loaded before: a
    JupyterLab is open in half the time. Close it when the test is over.
    """
    page = browser.contexts[0].new_page()
    page.set_viewport_size({"width": width, "height": height})
    return page


@contextmanager
def browser(name: str = "chromium") -> Iterator[Browser]:
    """A browser that is closed at the end."""
    browsers = Browsers()
    try:
        yield browsers(name)
    finally:
        browsers.close()
