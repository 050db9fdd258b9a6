"""A panel in a page that has no route to any file, and nothing but a kernel's messages: what a
notebook's front end does, in forty lines, and in a second instead of thirty.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from browser import new_page

from vidkit.studio.widgets import Part, script, style

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

HOST = """
import widget from "WIDGET";
const calls = new Map();
const state = STATE;
const tell = (name, ...what) => (calls.get(name) ?? []).slice().forEach((call) => call(...what));
const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
const text = (buffer) => {
  let told = "";
  for (const each of new Uint8Array(buffer.buffer ?? buffer)) told += String.fromCharCode(each);
  return btoa(told);
};
const model = {
  get: (name) => state[name],
  on: (name, call) => calls.set(name, [...(calls.get(name) ?? []), call]),
  off: (name, call) => calls.set(name, (calls.get(name) ?? []).filter((each) => each !== call)),
  send: async (content, _, buffers = []) => {
    const { answers, values } = JSON.parse(
      await window.kernel(JSON.stringify(content), buffers.map(text)));
    for (const [answer, data] of answers) {
      tell("msg:custom", answer, data.map((each) => new DataView(bytes(each).buffer)));
    }
    for (const [name, value] of Object.entries(values)) {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) continue;
      state[name] = value;
      tell(`change:${name}`);
    }
  },
};
window.put = (name, value) => { state[name] = value; tell(`change:${name}`); };
window.look = () => model.send({ part: "view", do: "look" });
widget.render({ model, el: document.querySelector("#here") });
"""

PLACE = """
<style>STYLE</style>
<style>body { background: #fff; margin: 16px; } body[data-dark] { background: #111; }</style>
<main id="here"></main>
"""

IMPORT = """([host, widget, state]) => {
  const script = {type: "text/javascript"};
  const address = (text) => URL.createObjectURL(new Blob([text], script));
  return import(address(host.replace("WIDGET", address(widget)).replace("STATE", () => state)));
}"""


@contextmanager
def static_page(
    launched: Browser, part: Part, width: int = 1200, height: int = 1400, alone: bool = False
) -> Iterator[tuple[Page, list[str]]]:
    """Shows a panel; gives the page, and the addresses that it asked for.

    alone: in a context of its own, which the page may change for good.
    """
    view, answers = part.widget, []

    def send(content: dict[str, Any], buffers: Any = None) -> None:
        answers.append((content, [base64.b64encode(each).decode() for each in buffers or ()]))

    view.send = send  # type: ignore[method-assign]
    names = [name for name in view.keys if not name.startswith("_") and name != "layout"]

    def values() -> dict[str, Any]:
        return {name: getattr(view, name) for name in names}

    def kernel(told: str, data: list[str]) -> str:
        answers.clear()
        view._handle_custom_msg(json.loads(told), list(map(base64.b64decode, data)))
        part.paint()
        return json.dumps({"answers": answers, "values": values()})

    size: ViewportSize = {"width": width, "height": height}
    page = launched.new_page(viewport=size) if alone else new_page(launched, **size)
    asked: list[str] = []
    page.route("**/*", lambda route: (asked.append(route.request.url), route.abort()))
    page.expose_function("kernel", kernel)
    page.set_content(PLACE.replace("STYLE", style()))
    page.evaluate(IMPORT, [HOST, script(), json.dumps(values(), default=str)])
    try:
        yield page, asked
    finally:
        page.close()


def until(page: Page, over: Callable[[], Any]) -> None:
    """Let the page hear from its kernel until something is so in the kernel, and once more."""
    for _ in range(600):
        page.evaluate("() => window.look()")
        if over():
            break
        page.wait_for_timeout(50)
    assert over()
    page.evaluate("() => window.look()")


def darken(page: Page, dark: bool = True) -> None:
    """Give the page a dark background, or a light one again, and wait until the panel follows."""
    page.evaluate("dark => document.body.toggleAttribute('data-dark', dark)", dark)
    page.wait_for_selector(f".vk{'[data-dark]' if dark else ':not([data-dark])'}")
