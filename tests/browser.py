"""A headless browser for the tests that must see what a person sees: Chromium, or Firefox.

Debian's `chromium` and `firefox-esr` (or the programs that `CHROMIUM` and `FIREFOX` name), driven
by Playwright: Firefox as it is, over WebDriver BiDi. Where there is none the tests are skipped and
say so, unless `VIDKIT_INSIST_ON_BROWSER` is set.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


@contextmanager
def browsers() -> Iterator[Callable[[str], Browser]]:
    """Gives a browser by its name, launched when it is first asked for; all are closed at the
    end.
    """
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=SOON)
    with sync_playwright() as playwright:
        launched: dict[str, Browser] = {}

        def launch(name: str) -> Browser:
            if name not in launched:
                program = FIREFOX if name == "firefox" else PROGRAM
                assert program, f"{name} was insisted on and is not there"
                launched[name] = (
                    playwright.firefox.launch(
                        channel="moz-firefox",
                        executable_path=program,
                        firefox_user_prefs=PREFERENCES,
                    )
                    if name == "firefox"
                    else playwright.chromium.launch(executable_path=program, args=QUIET)
                )
            return launched[name]

        try:
            yield launch
        finally:
            for each in launched.values():
                each.close()


@contextmanager
def browser(name: str = "chromium") -> Iterator[Browser]:
    """A browser that is closed at the end."""
    with browsers() as launch:
        yield launch(name)
