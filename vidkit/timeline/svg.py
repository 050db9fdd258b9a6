"""A scene as SVG for a page: of a fixed width, or as wide as its place in the page.

Nothing in it runs, and all text is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape

from .dress import css
from .scene import Box, Line, Scene, Shape, Sign, Text, Thing, signs

MANY = 40
"""Shapes of a thing from which on its boxes are drawn as one path."""

_ANCHORS = {"start": "", "middle": ' text-anchor="middle"', "end": ' text-anchor="end"'}
_NAME = "vidkit-timeline"
_FONT = "var(--jp-ui-font-family,Inter,system-ui,sans-serif)"


def drawn(scene: Scene) -> str:
    """The picture as one `<svg>`, told in words to who does not see it. Where there is less room
    than its width it is drawn smaller.
    """
    pen = _Pen()
    body = "".join(map(pen.thing, scene.things))
    width, height = scene.width, round(scene.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{_NAME}" role="img" '
        f'aria-label="{escape(scene.told)}" viewBox="0 0 {width} {height}" width="100%" '
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
        f'<div class="{_NAME}" role="img" aria-label="{escape(scene.told)}" style="{room}">'
        f'{_style()}<svg class="still" aria-hidden="true" width="{_n(left)}" height="{height}">'
        f'{still}</svg><svg aria-hidden="true" width="100%" height="{height}">{plot}</svg></div>'
    )


@lru_cache(maxsize=1)
def _style() -> str:
    plain = (
        f".{_NAME}{{font-family:{_FONT};display:block;position:relative}}"
        f".{_NAME} svg{{overflow:visible;display:block}}"
        f".{_NAME} .still{{position:absolute;left:0;top:0}}"
        f".{_NAME} text{{font-size:11px;font-variant-numeric:tabular-nums}}"
        f".{_NAME} .tiny{{font-size:10px}}.{_NAME} .strong{{font-weight:600}}"
        f".{_NAME} line{{shape-rendering:crispEdges}}"
    )
    return f"<style>{plain}{css(f'.{_NAME}')}</style>"


@dataclass(frozen=True, slots=True)
class _Pen:
    """Writes shapes as SVG. With `wide` it places them across in hundredths of that, from `left`
    on; without, in pixels.
    """

    left: float = 0.0
    wide: float = 0.0
    high: int = 0

    def thing(self, thing: Thing) -> str:
        many = len(thing.shapes) > MANY
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
