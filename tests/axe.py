"""axe-core over a part of a page in JupyterLab: what it finds wrong, in light and in dark."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lab import command
from static_page import darken

if TYPE_CHECKING:
    from playwright.sync_api import Page

THEMES = ("JupyterLab Light", "JupyterLab Dark")

# JupyterLab's body has no height and hides what overflows, so that to axe-core no text is in
# sight, and it judges no colour
_SEEN = "() => { document.body.style.height = '100vh' }"

_RUN = """async selector => {
  const found = await axe.run(selector, {resultTypes: ['violations', 'passes']});
  const told = rule => rule.nodes.map(
    node => [rule.id, rule.impact, node.target.join(' '), node.failureSummary].join(' | '));
  const judged = found.passes.find(rule => rule.id === 'color-contrast');
  return {wrong: found.violations.flatMap(told), contrasts: judged ? judged.nodes.length : 0};
}"""


# the panel follows the page's colours, which fade
_SETTLED = """dark => [...document.querySelectorAll('.vk')].every(
    each => each.hasAttribute('data-dark') === dark)
  && !document.getAnimations().some(
    each => each instanceof CSSTransition && each.playState === 'running')"""


def wrong_in_both_themes(page: Page, selector: str = ".vk") -> list[str]:
    """What axe-core finds wrong within a panel in a static page, in light and in dark."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    wrong = []
    for dark in (False, True):
        darken(page, dark)
        found: dict[str, Any] = page.evaluate(_RUN, selector)
        assert found["contrasts"] > 5
        wrong += [f"{'dark' if dark else 'light'} | {each}" for each in found["wrong"]]
    return wrong


def turn_to(page: Page, theme: str) -> None:
    """Give JupyterLab a theme, which all its pages have from then on."""
    command(page, "apputils:change-theme", theme=theme)
    light = str(theme.endswith("Light")).lower()
    page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")


def violations(page: Page, selector: str, contrasts: int = 1) -> list[str]:
    """What axe-core finds wrong within all elements of `selector`: a line for each, with the
    theme, the rule, how bad it is, where, and the mend. An AssertionError where it could judge
    the contrast of fewer than `contrasts` texts: what is out of sight it cannot judge, so give
    the page a viewport that holds all of it.
    """
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    page.evaluate(_SEEN)
    wrong = []
    for theme in THEMES:
        turn_to(page, theme)
        page.wait_for_function(_SETTLED, arg=theme.endswith("Dark"))
        found: dict[str, Any] = {}
        for _ in range(40):  # a panel that was just drawn anew may not be in sight yet
            page.evaluate(_SEEN)
            found = page.evaluate(_RUN, selector)
            if found["contrasts"] >= contrasts:
                break
            page.wait_for_timeout(250)
        assert found["contrasts"] >= contrasts, f"{theme}: {found['contrasts']} texts judged"
        wrong += [f"{theme} | {each}" for each in found["wrong"]]
    return wrong
