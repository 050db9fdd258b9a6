"""A scene as an SVG element for a page. Nothing in it runs, and all text is escaped."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from .dress import css
from .scene import Box, Line, Scene, Shape, Sign, Text, signs

MANY = 40
_ANCHORS = {"start": "", "middle": ' text-anchor="middle"', "end": ' text-anchor="end"'}


def drawn(scene: Scene) -> str:
    """The picture as one `<svg>`, told in words to who does not see it."""
    body = "".join(_group(thing.shapes, thing.title) for thing in scene.things)
    width, height = scene.width, round(scene.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="vidkit-timeline" role="img" '
        f'aria-label="{escape(scene.told)}" viewBox="0 0 {width} {height}" width="100%" '
        f'style="max-width:{width}px">{_style()}{body}</svg>'
    )


@lru_cache(maxsize=1)
def _style() -> str:
    font = "var(--jp-ui-font-family,Inter,system-ui,sans-serif)"
    plain = (
        f".vidkit-timeline{{font-family:{font};display:block}}"
        ".vidkit-timeline text{font-size:11px;font-variant-numeric:tabular-nums}"
        ".vidkit-timeline .tiny{font-size:10px}.vidkit-timeline .strong{font-weight:600}"
        ".vidkit-timeline line{shape-rendering:crispEdges}"
    )
    return f"<style>{plain}{css('.vidkit-timeline')}</style>"


def _group(shapes: tuple[Shape, ...], title: str | None) -> str:
    inside = _boxes(shapes) if len(shapes) > MANY else "".join(map(_shape, shapes))
    return f"<g><title>{escape(title, quote=False)}</title>{inside}</g>" if title else inside


def _boxes(shapes: tuple[Shape, ...]) -> str:
    """Very many shapes: all boxes of a colour as one path, the rest before them."""
    paths: dict[str, list[str]] = {}
    others = []
    for shape in shapes:
        if isinstance(shape, Box):
            w, h = _n(shape.width), _n(shape.height)
            here = f"M{_n(shape.x)} {_n(shape.y)}h{w}v{h}h-{w}z"
            paths.setdefault(shape.fill, []).append(here)
        else:
            others.append(_shape(shape))
    drawn = [f'<path class="f-{fill}" d="{"".join(path)}"/>' for fill, path in paths.items()]
    return "".join(drawn + others)


def _shape(shape: Shape) -> str:
    match shape:
        case Box(x, y, width, height, fill, radius):
            round_ = f' rx="{_n(radius)}"' if radius else ""
            return (
                f'<rect class="f-{fill}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" '
                f'height="{_n(height)}"{round_}/>'
            )
        case Line(x, y, to_x, to_y, colour, dashed):
            dash = ' stroke-dasharray="2 3"' if dashed else ""
            return (
                f'<line class="s-{colour}" x1="{_n(x)}" y1="{_n(y)}" x2="{_n(to_x)}" '
                f'y2="{_n(to_y)}"{dash}/>'
            )
        case Text(x, y, text, colour, size, anchor, strong):
            tiny = " tiny" if size < 11 else ""
            bold = " strong" if strong else ""
            return (
                f'<text class="f-{colour}{tiny}{bold}" x="{_n(x)}" y="{_n(y + size * 0.36)}"'
                f"{_ANCHORS[anchor]}>{escape(text, quote=False)}</text>"
            )
        case Sign(x, y, kind, colour, size):
            if kind == "dot":
                return (
                    f'<circle class="f-{colour}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(size * 0.6)}"/>'
                )
            path = "".join(
                "M" + "L".join(f"{_n(px)} {_n(py)}" for px, py in points) + "z"
                for points in signs(kind, x, y, size)
            )
            return f'<path class="f-{colour}" d="{path}"/>'


def _n(number: float) -> str:
    """A number of pixels with at most one decimal."""
    return f"{number:.1f}".removesuffix(".0")
