"""A scene as a PNG, at two pixels for each one that it is shown at."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from ..lettering import font_for
from .dress import DARK, LIGHT, Role
from .scene import Box, Line, Scene, Shape, Sign, Text, signs

SCALE = 2
_ANCHORS = {"start": "lm", "middle": "mm", "end": "rm"}


def drawn(scene: Scene, dark: bool = False) -> bytes:
    """The picture as a PNG."""
    return saved(painted(scene, dark))


def painted(scene: Scene, dark: bool = False) -> Image.Image:
    """The picture as an image of twice the scene's width and height."""
    colours = DARK if dark else LIGHT
    size = (scene.width * SCALE, max(1, round(scene.height)) * SCALE)
    image = Image.new("RGB", size, colours["paper"])
    pen = ImageDraw.Draw(image)
    for thing in scene.things:
        for shape in thing.shapes:
            _draw(pen, shape, colours)
    return image


def saved(image: Image.Image, pictured: bool = False) -> bytes:
    """The image as a PNG with a palette, in half the bytes. A drawing loses nothing, however
    little there is of a colour; one that is `pictured` as little as can be.
    """
    how, colours = Image.Quantize.FASTOCTREE, 128
    if pictured:
        how, colours = Image.Quantize.MEDIANCUT, 256
    few = image.quantize(colours, how, dither=Image.Dither.NONE)
    about = PngInfo()
    about.add_text("Software", "vidkit")
    file = BytesIO()
    few.save(file, "PNG", optimize=True, pnginfo=about)
    return file.getvalue()


def _draw(pen: ImageDraw.ImageDraw, shape: Shape, colours: dict[Role, str]) -> None:
    match shape:
        case Box(x, y, width, height, fill, radius):
            box = [_p(x), _p(y), max(_p(x + width), _p(x) + 1) - 1, _p(y + height) - 1]
            room = min(box[2] - box[0], box[3] - box[1]) / 2
            pen.rounded_rectangle(box, min(radius * SCALE, max(room, 0)), fill=colours[fill])
        case Line(x, y, to_x, to_y, colour, dashed):
            _line(pen, (_p(x), _p(y), _p(to_x), _p(to_y)), colours[colour], dashed)
        case Text(x, y, text, colour, size, anchor, strong):
            font = font_for(text, size * SCALE, "SemiBold" if strong else "Regular")
            at = (x * SCALE, y * SCALE)
            pen.text(at, text, fill=colours[colour], font=font, anchor=_ANCHORS[anchor])
        case Sign(x, y, kind, colour, size):
            if kind == "dot":
                r = size * 0.6
                pen.ellipse([_p(x - r), _p(y - r), _p(x + r), _p(y + r)], fill=colours[colour])
            for points in signs(kind, x * SCALE, y * SCALE, size * SCALE):
                pen.polygon(points, fill=colours[colour])


def _line(
    pen: ImageDraw.ImageDraw, ends: tuple[int, int, int, int], colour: str, dashed: bool
) -> None:
    x, y, to_x, to_y = ends
    if not dashed:
        pen.line(ends, fill=colour, width=SCALE)
        return
    for at in range(y, to_y, 5 * SCALE):
        pen.line((x, at, to_x, min(at + 2 * SCALE, to_y)), fill=colour, width=SCALE)


def _p(pixels: float) -> int:
    return round(pixels * SCALE)
