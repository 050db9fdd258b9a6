"""What the parts of a panel share: their view in the page, media, painting, and what is saved.

A part (`Part`) is plain state in Python. `View` is its face: one anywidget whose values are drawn
by the ES modules in `static/`. Media go over the widget's own channel (`Media`), so that a panel
needs no address of any file, and works wherever widgets do.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import mimetypes
import os
import re
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import quote

import anywidget
import traitlets
from IPython.core.getipython import get_ipython
from IPython.display import display

from ..api import Run
from ..core import loop
from ..core.errors import VidkitError
from ..core.events import Event
from ..core.notebook import in_kernel, put
from ..core.paths import stamp
from ..report.html import jpeg_address

log = logging.getLogger("vidkit.studio")

Tone = Literal["ok", "working", "waiting", "kept", "failed", "paid", "wrong", "state"]
"""How a word is coloured: `data-tone` in `static/style.css`."""

STATIC = Path(__file__).parent / "static"
MODULES = ("base", "player", "monitor", "choose", "sections", "index")
"""The modules of the page, each after those that it imports."""

PIECE = 512 * 1024
"""Bytes of a film that go to the page in one message."""
POSTER = (640, 360)
"""Pixels: twice what a card is wide, for sharp screens."""
THUMBNAIL = (320, 180)
"""Pixels of a picture in a saved notebook."""
SMALL_THUMBNAIL = (160, 90)
MANY = 12
"""Pictures from which on a saved notebook holds small ones."""
MOST_TOKENS = 6000

PAINT_SECONDS = 0.1
"""Seconds between two paints: a kernel that sends thousands of updates a second is cut off."""


class Part:
    """A part of a panel: cards, a timeline, meters. Its state is plain values, which events and
    clicks change in any thread; `paint` sends to the page what is shown differently since.

    component: which component of the page draws it, and under which name it does something.
    status, tone: what it has to say at this moment, in a line and a colour.
    """

    component: ClassVar[str] = ""

    def __init__(self) -> None:
        self._view: View | None = None
        self._others: list[View] = []
        self._at_paint = threading.RLock()
        self._changed = True
        self.status, self.tone = "", "state"
        self._listeners: list[Callable[[], None]] = []
        self.saved: Saved | None = None

    @property
    def widget(self) -> View:
        """Its widget, made when it is first asked for; a part of a larger panel has that of it."""
        if self._view is None:
            self._view = View((self,))
            self.paint()
        return self._view

    @property
    def media(self) -> Media:
        """Hands out what its view may show."""
        return self.widget.media

    def join(self, view: View) -> None:
        """Be a part of a larger panel."""
        self._view, self._changed = view, True

    def share(self) -> None:
        """Stay in the panel that it is in when it becomes a part of another. Not for parts that
        show media, which are those of one view.
        """
        if self._view is not None:
            self._others.append(self._view)

    def on_event(self, event: Event) -> None:
        """Take in an event of a run. Called in any thread; changes plain values only, quick."""

    def values(self) -> Mapping[str, Any]:
        """What the page is to show, by the names of the view's values."""
        return {}

    def on_change(self, call: Callable[[], None]) -> None:
        """Call something whenever something else is chosen here, or said."""
        self._listeners.append(call)

    def notify(self) -> None:
        """Tell those who listen to what is chosen here. One that fails is logged, and keeps nobody
        from choosing.
        """
        for call in self._listeners:
            try:
                call()
            except Exception:
                what = type(self).__name__.lower()
                log.exception("what listens to the choice of %s failed", what)

    def show(self) -> None:
        """Show that something is different now."""
        self._changed = True
        self.paint()

    def paint(self) -> None:
        """Show what changed since the last time; called at 10 Hz at most."""
        with self._at_paint:  # a thread that looked earlier does not put what was over what is
            if self._view is not None and self._changed:
                self._changed = False
                values = self.values()
                for view in (self._view, *self._others):
                    if view.shows(self):
                        view.put(values)

    def say(self, text: str, tone: str = "state") -> None:
        """Say something in the page."""
        self.status, self.tone = text, tone
        self.show()

    def trouble(self, text: str) -> None:
        """Tell what went wrong with something that was asked for."""
        self.say(text, "wrong")

    def attempt(self, action: Callable[..., object], **given: object) -> object:
        """What an action gives; None where it fails, which is told."""
        try:
            return action(**given)
        except VidkitError as error:
            self.trouble(str(error))
        except Exception as error:
            log.exception("%s failed", getattr(action, "__qualname__", action))
            self.trouble(f"{type(error).__name__}: {error}")
        return None

    def page(self) -> str:
        """It as HTML that needs no kernel: what a saved notebook shows."""
        return ""

    def store(self) -> None:
        """Have a saved notebook show what there is now."""
        if self.saved is not None:
            self.saved.show(self.page())

    def _ipython_display_(self) -> None:
        if get_ipython() is None:
            print(repr(self))
            return
        self.paint()
        self.saved = Saved() if self.page() else None
        self.widget.stored = self.saved.name if self.saved else ""
        bundle = self.widget._repr_mimebundle_()
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        display(data | {"text/plain": repr(self)}, metadata=metadata, raw=True)
        self.store()

    def _display_(self) -> object:
        """What marimo shows."""
        self.paint()
        return self.widget


@cache
def script() -> str:
    """The modules of the page as one: no address is needed, and nothing is built."""
    text = "".join((STATIC / f"{name}.js").read_text("utf-8") for name in MODULES)
    text = re.sub(r"^import .*?;\n", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^export (?!default)(\{.*?\};\n)?", "", text, flags=re.MULTILINE)


@cache
def style() -> str:
    """The look of all parts."""
    return (STATIC / "style.css").read_text("utf-8")


class View(anywidget.AnyWidget):
    """The face of one part, or of several: each of its values is drawn by a component of the
    page, and what somebody does there is handed to the part of that name.
    """

    parts: traitlets.List[str] = traitlets.List().tag(sync=True)
    stored = traitlets.Unicode("").tag(sync=True)
    lessons = traitlets.Dict().tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)
    run = traitlets.Dict().tag(sync=True)
    lesson = traitlets.Dict().tag(sync=True)
    sections: traitlets.List[Any] = traitlets.List().tag(sync=True)
    states = traitlets.Dict().tag(sync=True)
    player = traitlets.Dict().tag(sync=True)
    meters = traitlets.Dict().tag(sync=True)
    timeline = traitlets.Dict().tag(sync=True)
    videos = traitlets.Dict().tag(sync=True)
    tuner = traitlets.Dict().tag(sync=True)

    def __init__(self, parts: Sequence[Part], shown: Sequence[str] = ()) -> None:
        self._members: dict[str, Part] = {}
        self._putting = threading.RLock()
        self.media = Media()
        self._esm, self._css = script(), style()
        super().__init__(parts=list(shown or (part.component for part in parts)))
        for part in parts:
            self.member(part)
        self.on_msg(self._told)

    def member(self, part: Part) -> None:
        """Have a part drawn here, and clicks on what has its name go to it and to no other."""
        self._members[part.component] = part
        part.join(self)

    def dismiss(self, component: str) -> None:
        """Have nothing drawn any more in the place of what has this name."""
        self._members.pop(component, None)

    def shows(self, part: Part) -> bool:
        """Whether a part is drawn here: another of its name may have taken its place."""
        return self._members.get(part.component) is part

    def put(self, values: Mapping[str, Any]) -> None:
        """Send what differs to the page, in any thread."""
        with self._putting, self.hold_sync():
            for name, value in values.items():
                if getattr(self, name) != value:
                    setattr(self, name, value)

    def _told(self, _: object, content: dict[str, Any], buffers: list[Any]) -> None:
        """Somebody did something in the page."""
        part, does = content.pop("part", ""), content.pop("do", "")
        reply = content.pop("reply", None)
        if part == "media":
            self._piece(str(content.get("token")), int(content.get("offset", 0)))
            return
        value: object = True
        if part != "view":
            value = self._done(part, does, content, buffers)
        if reply is not None:
            self.send({"reply": reply, "value": value})

    def _done(self, part: str, does: str, given: dict[str, Any], buffers: list[Any]) -> object:
        member = self._members.get(part)
        action = getattr(member, f"do_{does}", None)
        if member is None or action is None:
            log.warning("the page asked for %s.%s, which there is not", part, does)
            return None
        if buffers:
            given["data"] = bytes(buffers[0])
        return member.attempt(action, **given)

    def _piece(self, token: str, offset: int) -> None:
        """Send a piece of a picture, a sound or a film."""
        try:
            data, size, kind = self.media.piece(token, offset)
        except (OSError, ValueError, KeyError, VidkitError) as error:
            told = "it is not there any more" if isinstance(error, KeyError) else str(error)
            self.send({"media": token, "offset": offset, "error": told})
        else:
            told_kind = {"media": token, "offset": offset, "size": size, "type": kind}
            self.send(told_kind, buffers=[data])


class Media:
    """What a view may show: each file or poster under a token that nobody can guess, and that is
    another one when the file is made anew. Belongs to any thread, and holds a bounded number.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._salt = uuid.uuid4().bytes
        self._known: OrderedDict[str, tuple[str, Callable[[], bytes] | Path]] = OrderedDict()

    def file(self, path: Path | None) -> str | None:
        """A token for a file as it is; None where there is none."""
        if path is None or (age := stamp(path)) is None:
            return None
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return self.made(f"{path}|{age}", kind, path)

    def poster(self, path: Path | None) -> str | None:
        """A token for a picture in the size of a card; None where there is none."""
        if path is None or (age := stamp(path)) is None:
            return None
        return self.made(f"poster|{path}|{age}", "image/jpeg", lambda: _poster(path))

    def made(self, name: str, kind: str, source: Callable[[], bytes] | Path) -> str:
        """A token for a file, or for what is made when the page asks for it; the same for the same
        name.
        """
        token = hashlib.blake2b(name.encode(), key=self._salt, digest_size=12).hexdigest()
        with self._lock:
            self._known[token] = kind, source
            self._known.move_to_end(token)
            while len(self._known) > MOST_TOKENS:
                self._known.popitem(last=False)
        return token

    def piece(self, token: str, offset: int) -> tuple[bytes, int, str]:
        """A piece from `offset` on, the size of the whole in bytes, and its media type.

        Raises `KeyError` for a token that was never given, `OSError` where its file is gone.
        """
        with self._lock:
            kind, source = self._known[token]
        if isinstance(source, Path):
            with source.open("rb") as file:
                size = file.seek(0, io.SEEK_END)
                file.seek(min(max(offset, 0), size))
                return file.read(PIECE), size, kind
        data = source()  # the page keeps what it has got
        return data[offset : offset + PIECE], len(data), kind


def _poster(path: Path) -> bytes:
    from ..media.images import jpeg

    return jpeg(path, POSTER)


class Painter:
    """Paints parts every `seconds` while a run goes on, and once after it ended."""

    def __init__(self, seconds: float = PAINT_SECONDS) -> None:
        self.seconds = seconds

    def watch(
        self, run: Run[Any], *parts: Part, after: Callable[[], None] | None = None
    ) -> loop.Work[None]:
        """Paint `parts` from now on until `run` is over, in a thread beside vidkit's loop: looking
        at files takes time. `after` is called there at last. Returns at once.

        A part to which nothing happened sends nothing, so waiting costs a look at each part.
        """
        return loop.submit(self._paint_on(run, parts, after))

    async def _paint_on(
        self, run: Run[Any], parts: tuple[Part, ...], after: Callable[[], None] | None
    ) -> None:
        while not run.done():
            await asyncio.to_thread(paint, parts)
            await asyncio.sleep(self.seconds)
        if after is not None:
            await asyncio.to_thread(after)
        await asyncio.to_thread(paint, parts)


def paint(parts: Iterable[Part]) -> None:
    """Paint each part; one that fails is logged and disturbs neither the run nor the others."""
    for part in parts:
        try:
            part.paint()
        except Exception:
            log.exception("%s could not be painted", type(part).__name__)


# ---- what a notebook shows without its kernel

_LOOK = """
.vidkit-stored { font: 13px/1.5 var(--jp-ui-font-family, system-ui, sans-serif); }
.vidkit-stored figure { margin: 0; } .vidkit-stored img, .vidkit-stored video { max-width: 100%;
  border-radius: 6px; display: block; height: auto; }
.vidkit-stored ol { list-style: none; margin: 12px 0; padding: 0; display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fill, minmax(min(18em, 100%), 1fr)); }
.vidkit-stored li { border: 1px solid #8884; border-radius: 8px; padding: 12px; min-width: 0;
  overflow-wrap: anywhere; }
.vidkit-stored p { margin: 4px 0 0; }
"""


class Saved:
    """What a saved notebook shows of a panel: HTML that needs no kernel, with its pictures in it.

    It stands under the panel, and the panel hides it as soon as a kernel answers. A notebook that
    is opened without its kernel has no panel, and shows this in its place.
    """

    def __init__(self) -> None:
        self.name = f"vidkit-stored-{uuid.uuid4().hex[:12]}"
        self._page: str | None = None
        self._lock = threading.Lock()

    def show(self, page: str) -> None:
        """Display it, in a cell; later, put another page in its place, from any thread. Nothing
        where there is no notebook.
        """
        with self._lock:
            if page == self._page or not in_kernel():
                return
            again, self._page = self._page is not None, page
            put({"text/html": self._html(page), "text/plain": ""}, self.name, again=again)

    def _html(self, page: str) -> str:
        # where the panel should be, a notebook without its kernel tells of an error
        gone = (
            ".jp-OutputArea-child:not(:has(.vidkit))"
            f":has(+ .jp-OutputArea-child #{self.name}) {{ display: none; }}"
        )
        return (
            f'<style>{_LOOK}{gone}</style><div class="vidkit-stored" id="{self.name}">{page}</div>'
        )


def line(text: str, bold: bool = False) -> str:
    """A line of text for a saved notebook, escaped."""
    told = f"<b>{escape(text)}</b>" if bold else escape(text)
    return f'<p dir="auto">{told}</p>'


def figure(
    picture: Path | None, film: Path | None, label: str, most: tuple[int, int] = THUMBNAIL
) -> str:
    """A picture in a saved notebook, small and in the page itself, with the film that it stands
    for where the notebook can reach that; nothing where there is neither.
    """
    source = _embedded(picture, stamp(picture), most) if picture is not None else ""
    address, name = url(film) if film is not None else None, escape(label)
    if address is not None:
        poster = f' poster="{source}"' if source else ""
        shown = (
            f'<video controls preload="none" width="{most[0]}" src="{escape(address)}"{poster} '
            f'aria-label="{name}"></video>'
        )
    elif source:
        shown = f'<img src="{source}" alt="{name}" width="{most[0]}">'
    else:
        return ""
    return f"<figure>{shown}</figure>"


def url(path: Path) -> str | None:
    """A file's address relative to the notebook, with its age, so that a file that was made
    anew is loaded anew. None where the notebook's server does not give it out, or it is gone.
    """
    if (age := stamp(path)) is None:
        return None
    here = notebook_folder()
    path = Path(os.path.abspath(path))  # noqa: PTH100 - `..` goes, links stay
    inside = _inside(path, server_folder() or here)
    if inside is None or any(part.startswith(".") for part in inside.parts):
        return None
    relative = Path(os.path.relpath(path, here))
    return f"{quote(relative.as_posix())}?v={age[0]}"


def _inside(path: Path, folder: Path) -> Path | None:
    """`path` as seen from `folder`, as it is written or as it is; None where it is outside."""
    for one, other in ((path, folder), (path.resolve(), folder.resolve())):
        if one.is_relative_to(other):
            return one.relative_to(other)
    return None


def notebook_folder() -> Path:
    """The folder of the notebook, also where a cell has changed the working directory."""
    notebook = Path(os.environ.get("JPY_SESSION_NAME", ""))
    return notebook.parent if notebook.is_absolute() and notebook.is_file() else Path.cwd()


@cache
def server_folder() -> Path | None:
    """The folder that the notebook's server gives out, as it wrote it down; None without one."""
    server = os.environ.get("JPY_PARENT_PID")
    try:
        from jupyter_core.paths import jupyter_runtime_dir

        told = json.loads(
            (Path(jupyter_runtime_dir()) / f"jpserver-{server}.json").read_text("utf-8")
        )
        return Path(told["root_dir"])
    except (ImportError, OSError, ValueError, KeyError, TypeError):
        return None


@lru_cache(maxsize=256)
def _embedded(path: Path, age: tuple[int, int] | None, most: tuple[int, int]) -> str:
    """A picture as it is since its `age`, small and in the page itself; "" where it is none."""
    return jpeg_address(path, most) if age else ""
