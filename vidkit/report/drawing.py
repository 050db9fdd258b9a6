"""A picture as shapes at their places, in pixels, and its colours; and the same as SVG for a page,
of a fixed width or as wide as its place in the page, and as a PNG.

Nothing in it runs, and all text is escaped.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Literal

from ..core.fonts import FONTS, coverage, uncovered
from ..core.format import in_brief

if TYPE_CHECKING:
    import typst

Role = Literal[
    "paper", "track", "line", "ink", "quiet", "on",
    "lesson", "image", "audio", "clip", "join", "failed", "gone",
    "lesson-soft", "image-soft", "audio-soft", "clip-soft", "join-soft", "failed-soft",
    "kept", "refused", "pause", "now",
]  # fmt: skip
"""What a colour says. `on` is for text on a bar; `-soft` is for what waits; `gone` for what was
cancelled; `kept` for what came from the store; `refused` is a 429."""

_COLOURS: dict[Role, tuple[str, str]] = {
    "paper": ("#ffffff", "#1c1e21"),
    "track": ("#f4f5f6", "#26292d"),
    "line": ("#e1e4e8", "#373b41"),
    "ink": ("#24292f", "#e6e8eb"),
    "quiet": ("#616161", "#bdbdbd"),
    "on": ("#ffffff", "#14171a"),
    "lesson": ("#5b6672", "#a9b3be"),
    "image": ("#2c6cb0", "#7fb4ee"),
    "audio": ("#a8560c", "#eba868"),
    "clip": ("#2a7a4b", "#76c795"),
    "join": ("#7153a8", "#bda5f0"),
    "failed": ("#b3261e", "#ff9a92"),
    "gone": ("#8b949e", "#78818a"),
    "lesson-soft": ("#d3d7db", "#454b52"),
    "image-soft": ("#c3d6ea", "#34495f"),
    "audio-soft": ("#eed3b8", "#5b4733"),
    "clip-soft": ("#bfdccb", "#335042"),
    "join-soft": ("#d6cce8", "#4a4363"),
    "failed-soft": ("#f2c9c6", "#61403e"),
    "kept": ("#6b7480", "#a3acb6"),
    "refused": ("#b3261e", "#ff9a92"),
    "pause": ("#f0d48a", "#6b5823"),
    "now": ("#57606a", "#98a1ab"),
}
"""On white, where the full hues bear white text at a contrast of 4.5 or more (WCAG 2, level AA);
and on a dark ground, where they bear dark text."""

LIGHT: dict[Role, str] = {role: light for role, (light, _) in _COLOURS.items()}
DARK: dict[Role, str] = {role: dark for role, (_, dark) in _COLOURS.items()}

SMALL, TINY = 11, 10

SignKind = Literal["diamond", "cross", "up", "down", "dot", "hold"]
Layer = Literal[0, 1, 2, 3]
"""Grounds, the grid, bars, and what stands before them."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with corners of `radius`."""

    x: float
    y: float
    width: float
    height: float
    fill: Role
    radius: float = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """A thin line, straight down or across."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: Role
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text, the middle of its height at `y`."""

    x: float
    y: float
    text: str
    colour: Role
    size: int = SMALL
    anchor: Literal["start", "middle", "end"] = "start"
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """A small sign around a point."""

    x: float
    y: float
    kind: SignKind
    colour: Role
    size: float = 4.0


Shape = Box | Line | Text | Sign


@dataclass(frozen=True, slots=True)
class Thing:
    """Shapes that belong together; `title` says what they are when one points at them. `plot`:
    they stand on the time axis, and not beside or above it.
    """

    layer: Layer
    shapes: tuple[Shape, ...]
    title: str | None = None
    plot: bool = True


@dataclass(slots=True)
class Scene:
    """A picture: its size in pixels, what is in it, and what it shows, in words. plot: where the
    time axis begins and ends.
    """

    width: int
    plot: tuple[float, float]
    height: float = 0.0
    description: str = ""
    _things: list[Thing] = field(default_factory=list)

    def add(self, layer: Layer, *shapes: Shape, title: str | None = None) -> None:
        """Put shapes of the plot before all others of their layer."""
        self._things.append(Thing(layer, shapes, title))

    def put(self, *shapes: Shape, title: str | None = None) -> None:
        """Put shapes beside or above the plot."""
        self._things.append(Thing(3, shapes, title, plot=False))

    @property
    def things(self) -> list[Thing]:
        """All that is in it, from back to front."""
        return sorted(self._things, key=lambda thing: thing.layer)


@dataclass(frozen=True, slots=True)
class Scale:
    """From seconds to pixels: `start` is at `left`, `end` at `right`."""

    start: float
    end: float
    left: float
    right: float

    def x(self, at: float) -> float:
        """Where a moment is, within the axis."""
        share = (at - self.start) / max(self.end - self.start, 1e-9)
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    @property
    def second(self) -> float:
        """Pixels for a second."""
        return (self.right - self.left) / max(self.end - self.start, 1e-9)


def moved(shape: Shape, x: float, y: float) -> Shape:
    """The shape, so many pixels to the right and down."""
    if isinstance(shape, Line):
        shape = replace(shape, to_x=shape.to_x + x, to_y=shape.to_y + y)
    return replace(shape, x=shape.x + x, y=shape.y + y)


def signs(kind: SignKind, x: float, y: float, size: float) -> list[list[tuple[float, float]]]:
    """The polygons that a sign is made of; none for a dot, which is a circle."""
    s = size
    match kind:
        case "diamond":
            return [[(x, y - s), (x + s, y), (x, y + s), (x - s, y)]]
        case "up":
            return [[(x - s, y + s * 0.7), (x, y - s * 0.9), (x + s, y + s * 0.7)]]
        case "down":
            return [[(x - s, y - s * 0.7), (x, y + s * 0.9), (x + s, y - s * 0.7)]]
        case "hold":
            w = s * 0.6
            return [
                [(left, y - s), (left + w, y - s), (left + w, y + s), (left, y + s)]
                for left in (x - s * 0.8, x + s * 0.2)
            ]
        case "cross":
            t = s * 0.32
            return [
                [(x - s, y - s + t), (x - s + t, y - s), (x + s, y + s - t), (x + s - t, y + s)],
                [(x + s - t, y - s), (x + s, y - s + t), (x - s + t, y + s), (x - s, y + s - t)],
            ]
        case "dot":
            return []


# Shapes as SVG.


SVG_MANY = 40
"""Shapes of a thing from which on its boxes are drawn as one path."""

_ANCHORS = {"start": "", "middle": ' text-anchor="middle"', "end": ' text-anchor="end"'}
_CLASS = "vidkit-timeline"
_STRONG = ".strong{font-weight:600}"
_FONT = "var(--jp-ui-font-family,Inter,system-ui,sans-serif)"

_ON_ANY_GROUND: dict[Role, str] = {
    "ink": "var(--jp-ui-font-color1,currentColor)",
    "line": "rgba(127,127,127,.25)",
    "track": "rgba(127,127,127,.1)",
}
"""In a page, whose ground is that of JupyterLab's theme, or nobody knows which."""


def as_svg(scene: Scene) -> str:
    """The picture as one `<svg>`, told in words to who does not see it. Where there is less room
    than its width it is drawn smaller.
    """
    pen = _Pen()
    body = "".join(map(pen.thing, scene.things))
    width, height = scene.width, round(scene.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{_CLASS}" role="img" '
        f'aria-label="{escape(scene.description)}" viewBox="0 0 {width} {height}" width="100%" '
        f'style="max-width:{width}px">{_style()}{body}</svg>'
    )


def fluid(scene: Scene) -> str:
    """The picture as a `<div>` that takes the width it is given; letters and lanes keep their
    size, and only time is stretched.
    """
    left, right = scene.plot
    height = round(scene.height)
    pen = _Pen(left, right - left, height)
    still = "".join(_Pen().thing(thing) for thing in scene.things if not thing.plot)
    plot = "".join(pen.thing(thing) for thing in scene.things if thing.plot)
    room = f"padding:0 {_n(scene.width - right)}px 0 {_n(left)}px"
    return (
        f'<div class="{_CLASS}" role="img" aria-label="{escape(scene.description)}" style="{room}">'
        f'{_style()}<svg class="still" aria-hidden="true" width="{_n(left)}" height="{height}">'
        f'{still}</svg><svg aria-hidden="true" width="100%" height="{height}">{plot}</svg></div>'
    )


def as_png(scene: Scene, dark: bool = False) -> bytes:
    """The picture as a PNG, with two pixels for each one that it is shown at: typst sets the SVG.

    Raises RuntimeError where that fails.
    """
    palette = DARK if dark else LIGHT
    width, height = scene.width, max(1, round(scene.height))
    page = (
        f"#set page(width: {width}pt, height: {height}pt, margin: 0pt, "
        f'fill: rgb("{palette["paper"]}"))\n'
        f'#image(bytes(sys.inputs.drawing), format: "svg", width: {width}pt)'
    )
    drawing = _plain(scene, palette)
    made = _compiler(bool(uncovered(drawing, coverage(str(FONTS / "Inter-Regular.otf")))))
    data = made.compile(input=page.encode(), format="png", ppi=144, sys_inputs={"drawing": drawing})
    assert isinstance(data, bytes)
    return _with_palette(data)


_DARK_TOO = """<style>
body[data-jp-theme-light="false"] .vidkit-report .drawn {
  filter: invert(.9) hue-rotate(180deg); }
</style>"""


def as_img(png: bytes, scene: Scene) -> str:
    """The light PNG of a picture for a notebook, within a `.vidkit-report`, with its words in its
    place; it is turned dark where JupyterLab's theme is dark.
    """
    told = "&#10;".join(escape(in_brief(line)) for line in scene.description.splitlines())
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    image = f'<img class="drawn" width="{scene.width}" alt="{told}" src="{source}">'
    return f"{_DARK_TOO}<p>{image}</p>"


def _plain(scene: Scene, palette: Mapping[Role, str]) -> str:
    """The picture as an SVG of its own, in these colours: what draws it knows no properties."""
    width, height = scene.width, max(1, round(scene.height))
    rules = f"text{{font-family:Inter;font-size:11px}}.tiny{{font-size:10px}}{_STRONG}"
    for role, colour in palette.items():
        rules += f".f-{role}{{fill:{colour}}}.s-{role}{{stroke:{colour}}}"
    body = "".join(map(_Pen().thing, scene.things))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"><style>{rules}</style>{body}</svg>'
    )


def _compiler(system: bool) -> typst.Compiler:
    """This thread's compiler, with the machine's fonts where `system`: two threads cannot share
    one.
    """
    import typst

    name = "system" if system else "bundled"
    if not hasattr(_compilers, name):
        fonts = typst.Fonts(include_system_fonts=system, font_paths=[str(FONTS)])
        setattr(_compilers, name, typst.Compiler(font_paths=fonts))
    found: typst.Compiler = getattr(_compilers, name)
    return found


_compilers = threading.local()


def _with_palette(data: bytes) -> bytes:
    """A PNG with a palette, in half the bytes."""
    from PIL import Image

    file = BytesIO()
    with Image.open(BytesIO(data)) as image:
        few = image.convert("RGB").quantize(
            method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


@cache
def _style() -> str:
    """The colours as custom properties of the picture, light or dark as JupyterLab is, or a panel
    in another page, and a class for each: `.f-image` fills, `.s-image` draws a line.
    """
    within = f".{_CLASS}"
    dark = f'body[data-jp-theme-light="false"] {within},.vk[data-dark] {within}'
    rules = [
        f"{within}{{font-family:{_FONT};display:block;position:relative}}",
        f"{within} svg{{overflow:visible;display:block}}",
        f"{within} .still{{position:absolute;left:0;top:0}}",
        f"{within} text{{font-size:11px;font-variant-numeric:tabular-nums}}",
        f"{within} .tiny{{font-size:10px}}{within} {_STRONG}",
        f"{within} line{{shape-rendering:crispEdges}}",
        f"{within}{{{_properties(LIGHT)}}}",
        f"{dark}{{{_properties(DARK)}}}",
    ]
    for role in LIGHT:
        rules.append(f"{within} .f-{role}{{fill:var(--{role})}}")
        rules.append(f"{within} .s-{role}{{stroke:var(--{role})}}")
    return f"<style>{''.join(rules)}</style>"


def _properties(colours: dict[Role, str]) -> str:
    return ";".join(f"--{role}:{colour}" for role, colour in (colours | _ON_ANY_GROUND).items())


@dataclass(frozen=True, slots=True)
class _Pen:
    """Writes shapes as SVG. With `wide` it places them across in hundredths of that, from `left`
    on; without, in pixels.
    """

    left: float = 0.0
    wide: float = 0.0
    high: int = 0

    def thing(self, thing: Thing) -> str:
        many = len(thing.shapes) > SVG_MANY
        inside = self._many(thing.shapes) if many else "".join(map(self._shape, thing.shapes))
        if thing.title is None:
            return inside
        return f"<g><title>{escape(thing.title, quote=False)}</title>{inside}</g>"

    def _many(self, shapes: tuple[Shape, ...]) -> str:
        """All boxes of a colour as one path, and the rest before them."""
        paths: dict[str, list[str]] = {}
        others = []
        for shape in shapes:
            if isinstance(shape, Box):
                w, h = _n(shape.width), _n(shape.height)
                here = f"M{_n(shape.x - self.left)} {_n(shape.y)}h{w}v{h}h-{w}z"
                paths.setdefault(shape.fill, []).append(here)
            else:
                others.append(self._shape(shape))
        drawn = "".join(f'<path class="f-{fill}" d="{"".join(p)}"/>' for fill, p in paths.items())
        if self.wide:
            box = f'viewBox="0 0 {_n(self.wide)} {self.high}" preserveAspectRatio="none"'
            drawn = f'<svg {box} width="100%" height="{self.high}">{drawn}</svg>'
        return drawn + "".join(others)

    def _shape(self, shape: Shape) -> str:
        match shape:
            case Box(x, y, width, height, fill, radius):
                round_ = f' rx="{_n(radius)}"' if radius else ""
                return (
                    f'<rect class="f-{fill}" x="{self._x(x)}" y="{_n(y)}" '
                    f'width="{self._w(width)}" height="{_n(height)}"{round_}/>'
                )
            case Line(x, y, to_x, to_y, colour, dashed):
                dash = ' stroke-dasharray="2 3"' if dashed else ""
                return (
                    f'<line class="s-{colour}" x1="{self._x(x)}" y1="{_n(y)}" '
                    f'x2="{self._x(to_x)}" y2="{_n(to_y)}"{dash}/>'
                )
            case Text(x, y, text, colour, size, anchor, strong):
                looks = f"f-{colour}{' tiny' if size < 11 else ''}{' strong' if strong else ''}"
                return (
                    f'<text class="{looks}" x="{self._x(x)}" y="{_n(y + size * 0.36)}"'
                    f"{_ANCHORS[anchor]}>{escape(text, quote=False)}</text>"
                )
            case Sign():
                return self._sign(shape)

    def _sign(self, sign: Sign) -> str:
        if sign.kind == "dot":
            at = f'cx="{self._x(sign.x)}" cy="{_n(sign.y)}"'
            return f'<circle class="f-{sign.colour}" {at} r="{_n(sign.size * 0.6)}"/>'
        x, y = (0.0, 0.0) if self.wide else (sign.x, sign.y)
        path = "".join(
            "M" + "L".join(f"{_n(px)} {_n(py)}" for px, py in points) + "z"
            for points in signs(sign.kind, x, y, sign.size)
        )
        drawn = f'<path class="f-{sign.colour}" d="{path}"/>'
        if not self.wide:
            return drawn
        return f'<svg x="{self._x(sign.x)}" y="{_n(sign.y)}">{drawn}</svg>'

    def _x(self, pixels: float) -> str:
        return self._w(pixels - self.left)

    def _w(self, pixels: float) -> str:
        if not self.wide:
            return _n(pixels)
        return f"{100 * pixels / self.wide:.2f}".rstrip("0").rstrip(".") + "%"


def _n(number: float) -> str:
    """A number of pixels with at most one decimal."""
    return f"{number:.1f}".removesuffix(".0")
