"""A slide as the template takes it: plain JSON values, every text cut into runs."""

from __future__ import annotations

import base64
import colorsys
import io
import json
import lzma
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..core.errors import Refused, SettingsError
from ..core.paths import open_unlinked
from ..text.languages import primary
from ..text.latex import UP, Node, read
from ..text.maths import measures_kept, segments
from .analysis import grammar, tokens
from .figures import Course, LabelledPicture, Run, plain_colours, together
from .slide import Region, Slide, Spot

SHORT_SIDE = 1080
"""Points of the design on the shorter side of a frame; the template's sizes are meant for it."""

_RUN = re.compile(
    r"\*\*(?P<strong>[^*\n]{1,80})\*\*|(?<![\w*])\*(?P<em>[^*\s][^*\n]{0,80}?)\*(?![\w*])"
    r"|`(?P<code>[^`\n]{1,80})`"
)
_COMPOUND = re.compile(
    r"\b(?:CO2|H2O2?|O[23]|N2O?|H2|CH4|NH3|[NS]O2|SiO2|Si3N4|C6H12O6|H2SO4|H2CO3|HNO3|CaCO3|"
    r"NaHCO3|Fe2O3|Al2O3|TiO2)\b"
)
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_TIED = {ord(" "): "\u00a0", ord("/"): "/\u2060"}
_RTL = ("ar", "he", "fa", "ur", "yi")


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of `size` pixels in points of the design.

    `scale` is pixels per point, `page` (width, height), `area` (left, top, width, height) of the
    room inside the margins; very long frames keep their content together in the middle.
    """

    form: str
    scale: float
    page: tuple[float, float]
    area: tuple[float, float, float, float]

    @classmethod
    def of(cls, size: tuple[int, int]) -> Frame:
        """The frame for `size`, (width, height) in pixels."""
        scale = min(size) / SHORT_SIDE
        width, height = size[0] / scale, size[1] / scale
        ratio = width / height
        form = "wide" if ratio >= 1.25 else "square" if ratio > 0.8 else "tall"
        side, top, bottom = {"wide": (124, 92, 84), "square": (92, 92, 84), "tall": (84, 150, 150)}[
            form
        ]
        room = min(width - 2 * side, 2 * SHORT_SIDE), min(height - top - bottom, 2 * SHORT_SIDE)
        left = (width - room[0]) / 2
        above = top + (height - top - bottom - room[1]) / 2
        return cls(form, scale, (width, height), (left, above, *room))


def spec(slide: Slide, frame: Frame) -> dict[str, Any]:
    """What the template needs to set `slide` into `frame`."""
    language = primary(slide.language)
    terms = () if slide.layout == "statement" else slide.terms
    found: dict[str, Any] = {
        "layout": slide.layout,
        "headline": runs(slide.headline),
        "points": [runs(point, terms) for point in slide.points],
        "entries": [entry.spec(runs) for entry in slide.entries],
        "before": slide.before,
        "sides": [
            {"name": runs(side.name), "points": [runs(point) for point in side.points]}
            for side in slide.sides
        ],
        "arrow": slide.arrow,
        "loop": slide.loop
        and {
            "from": slide.loop.start,
            "to": slide.loop.end,
            "label": runs(slide.loop.label),
        },
        "equations": _equations(slide.equations),
        "code": slide.code,
        "code_language": slide.code_language,
        "output": slide.output,
        "curve": {
            "x": runs(slide.axes[0]),
            "y": runs(slide.axes[1]),
            "curves": [
                {"name": runs(curve.name), "points": points}
                for curve, points in zip(slide.curves, _paths(slide), strict=True)
            ],
            "caption": grammar(slide.language).sketch,
        },
        "chips": [runs(label) for label in slide.labels],
        "figure": slide.figure.spec(runs) if slide.figure else None,
        "lang": language if re.fullmatch(r"[a-z]{2,3}", language) else "en",
        "dir": "rtl" if language in _RTL else "ltr",
        "form": frame.form,
        "page": list(frame.page),
        "area": list(frame.area),
    }
    if isinstance(slide.figure, LabelledPicture):
        found["figure"] |= picture_of(slide.figure)
    icons: dict[str, str] = {}
    coded: dict[str, Any] = _coded(found, icons)
    return coded | {"icons": icons}


def regions(slide: Slide, places: Sequence[Mapping[str, Any]], frame: Frame) -> tuple[Region, ...]:
    """Where the items of `slide` stand in a picture of `frame`, from the marks of the template."""
    spots: dict[str, list[Spot]] = {}
    corners: dict[str, tuple[float, float]] = {}
    for place in places:
        key, x, y = place["key"], place["x"], place["y"]
        if "path" in place:
            path = tuple((x + px, y + py) for px, py in place["path"])
            spots.setdefault(key, []).append(_line_spot(path, place["width"], place["ink"], frame))
            continue
        if place.get("corner") == 0:
            corners[key] = (x, y)
            continue
        left, top = corners[key] if place.get("corner") else (x, y)
        right, bottom = (x, y) if place.get("corner") else (x + place["w"], y + place["h"])
        # A line's box ends at the base line and at the height of its capitals: marks and descenders
        # stand out of it, by a quarter of 60 points at most, and a question's by one of 116.
        above, below = (9.0, 16.0) if key.startswith(_LINES) else (3.0, 3.0)
        if key.startswith("question"):
            above, below = 14.0, 30.0
        box = (left - 3, top - above, right + 3, bottom + below)
        spots.setdefault(key, []).append(Spot(_pixels(box, frame)))
    return tuple(
        Region(item, tuple(spots[item.key])) for item in slide.items() if item.key in spots
    )


_LINES = ("point", "sidepoint", "quote", "by", "question", "line", "code")
"""Items that are lines of text without a box of their own."""


def _line_spot(path: Sequence[tuple[float, float]], width: float, ink: str, frame: Frame) -> Spot:
    across, upward = [x for x, _ in path], [y for _, y in path]
    half = width / 2 + 2
    box = (min(across) - half, min(upward) - half, max(across) + half, max(upward) + half)
    points = tuple((round(x * frame.scale, 1), round(y * frame.scale, 1)) for x, y in path)
    return Spot(_pixels(box, frame), points, round(width * frame.scale, 1), ink)


def _pixels(box: tuple[float, float, float, float], frame: Frame) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(value * frame.scale) for value in box)
    return max(0, left), max(0, top), right, bottom


def picture_of(figure: LabelledPicture) -> dict[str, Any]:
    """The picture of `figure` inside an SVG, as the template takes it, with its size, and whether
    it is a dark drawing that one sees through.

    Raises `Refused` for a file that cannot be read.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with open_unlinked(figure.file) as file, Image.open(file, formats=_FORMATS) as opened:
            opened.draft(None, (_LONGEST_SIDE, _LONGEST_SIDE))
            image = plain_colours(ImageOps.exif_transpose(opened))
            image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    except UnidentifiedImageError:  # whose words name a Python object
        raise Refused(f"{figure.file} is no picture that can be read; save it as PNG") from None
    except Exception as error:  # of many kinds, depending on where a file is damaged
        raise Refused(f"{figure.file} cannot be shown: {error}; save it anew as PNG") from error
    data = io.BytesIO()
    image.save(data, "PNG", compress_level=1)
    width, height = image.size
    dark = False
    if image.mode == "RGBA":
        seen = image.convert("L").histogram(image.getchannel("A").point(lambda a: 255 * (a > 127)))
        dark = sum(seen[:_DARK]) > 0.02 * sum(seen)
    body = base64.b64encode(data.getvalue()).decode()
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{body}"/></svg>'
    )
    return {"data": svg, "width": width, "height": height, "dark": dark}


_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "TIFF", "BMP")
"""What is read; of what else Pillow knows, some formats start other programs."""

_LONGEST_SIDE = 1_920
"""Pixels of a picture that a slide shows."""

_DARK = 60
"""Grey levels that are not seen on a dark slide: what is drawn in them, for paper and with nothing
behind it, stands on white there."""


def _coded(values: Any, icons: dict[str, str]) -> Any:
    """`values` with a name in letters for each emoji that is a drawing, so that nobody looks for a
    font that has it; `icons` gets the drawings by these names.
    """
    if isinstance(values, list | tuple):
        return [_coded(value, icons) for value in values]
    if not isinstance(values, dict):
        return values
    found = {key: _coded(value, icons) for key, value in values.items()}
    for key in ("icon", "t") if values.get("k") == "icon" else ("icon",):
        if isinstance(sign := values.get(key), str) and (drawing := svg(sign)):
            found[key] = name = "-".join(f"{ord(part):x}" for part in sign)
            icons[name] = drawing
    return found


def _paths(slide: Slide) -> list[Course]:
    return together([(curve.shape, curve.height) for curve in slide.curves])


def typographic(text: str) -> str:
    """`text` with curly quotation marks, tied where no line should end, long words breakable."""
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    text = re.sub(r"(?:(?<=^)|(?<=[\s(\[—–]))'(?=\S)", "‘", text).replace("'", "’")
    text = re.sub(r"(?:(?<=^)|(?<=[\s(\[—–]))\"(?=\S)", "“", text).replace('"', "”")
    text = re.sub(r"(?<=\S)\s*—\s*(?=\S)", "\u200a\u2060—\u200a", text).replace("...", "…")
    text = re.sub(r" (?=[?!:;»])|(?<=«) |(?<=\d) (?=[%°])", "\u00a0", text)
    if text.count(" ") > 4:  # a short name has too few places to break as it is
        text = re.sub(r"(?<=\d) (?=[^\W\d_]{1,8}\b)", "\u00a0", text)
    text = re.sub(r"(?<![\w-])(\w{1,2})-(?=\w)", "\\1-\u2060", text)  # "P-type" stays whole
    text = re.sub(r"\([^()]{2,18}\)", lambda m: m[0].translate(_TIED), text)
    text = _COMPOUND.sub(lambda match: match[0].translate(_LOWERED), text)
    return measures_kept(_bound(re.sub(r"[^\s-]{25,}", _breakable, text)))


def runs(text: str, terms: Sequence[str] = ()) -> list[Run]:
    """`text` as runs {"t": words, "k": kind}; the first mention of each term is emboldened."""
    found: list[Run] = []
    start = 0
    for match in EMOJI.finditer(text):
        if is_drawn(match[0]):
            found += _words(text[start : match.start()], terms)
            found.append({"t": match[0], "k": "icon"})
            start = match.end()
    return found + _words(text[start:], terms)


def _words(text: str, terms: Sequence[str]) -> list[Run]:
    """The runs of a text without drawings."""
    found: list[Run] = []
    start = 0
    for match in _RUN.finditer(text):
        found += _with_maths(text[start : match.start()], terms)
        start = match.end()
        if match["strong"]:
            found.append({"t": typographic(match["strong"]), "k": "b"})
        elif match["em"]:
            found.append({"t": typographic(match["em"]), "k": "em"})
        else:
            found.append({"t": match["code"], "k": "code"})
    return found + _with_maths(text[start:], terms)


def _with_maths(text: str, terms: Sequence[str]) -> list[Run]:
    """The runs of a text without marks: its equations typeset, the rest in words."""
    if not _MAY_BE_MATHS.search(text):
        return _with_terms(typographic(text), terms)
    found: list[Run] = []
    for part in segments(text):
        if part.node is not None:
            found.append({"k": "math", "t": part.text, "n": _node(part.node)})
        else:
            found += _with_terms(typographic(part.text), terms)
    return found


_MAY_BE_MATHS = re.compile(r"[\\$_^=<>&≤≥≠≈√²³¹⁰⁴-ⁿ₀-₉∑∫±]|/")


def _node(node: Node) -> dict[str, Any]:
    """The tree of an equation as the template takes it."""
    parts = [_node(part) for part in node.parts]
    if node.kind == "unit":  # "m/s^2" as LaTeX writes it
        parts = [part | {"t": _POWER.sub(_raise, part["t"])} for part in parts]
    return {"k": node.kind, "t": node.text, "p": parts}


_POWER = re.compile(r"\^\{?([-−]?\d+)\}?")


def _raise(match: re.Match[str]) -> str:
    return "".join(UP.get(sign, sign) for sign in match[1].replace("-", "−"))


def _equations(texts: Sequence[str]) -> list[list[dict[str, Any]]]:
    """The lines of an equation slide, each in the parts that the template sets."""
    return [_tokens(text) if "\\" not in text else _in_parts(text) for text in texts]


_WIDE_SPACE = re.compile(r"\\(q?)quad(?![A-Za-z])|(?<!\\)\\( )")
_OPEN = re.compile(r"(?<!\\)\{|\\(?:begin|left)\b")
_CLOSED = re.compile(r"(?<!\\)\}|\\(?:end|right)\b")


def _in_parts(text: str) -> list[dict[str, Any]]:
    """The parts of a line in LaTeX; a space between two of them that is written stays one."""
    found: list[dict[str, Any]] = []
    start = 0
    for space in [*_WIDE_SPACE.finditer(text), None]:
        end = space.start() if space else len(text)
        part = text[start:end]
        if space and len(_OPEN.findall(part)) != len(_CLOSED.findall(part)):
            continue  # inside of a group
        found += [_part(node) for node in read(part.strip("$ ")).parts]
        if space:
            found.append({"kind": "space", "n": 2 if space[1] else 0.3 if space[2] else 1})
            start = space.end()
    return found


def _part(node: Node) -> dict[str, Any]:
    if node.kind == "sign":
        return {"kind": "sign", "t": node.text}
    return {"kind": "node", "n": _node(node)}


def _tokens(text: str) -> list[dict[str, str]]:
    """An equation as the template takes it."""
    return [
        {"t": token.text, "index": token.index, "power": token.power, "kind": token.kind}
        for token in tokens(text)
    ]


def _with_terms(text: str, terms: Sequence[str]) -> list[Run]:
    names = sorted({term for term in terms if len(term) > 2}, key=lambda term: (-len(term), term))
    if not text or not names:
        return [{"t": text, "k": ""}] if text else []
    any_case = "|".join(
        re.escape(typographic(name)) if name.isupper() else f"(?i:{re.escape(typographic(name))})"
        for name in names
    )
    found: list[Run] = []
    start = 0
    for match in list(re.finditer(rf"(?<![\w-])(?:{any_case})s?(?![\w⁺⁻-])", text))[:2]:
        if match.start() > start:
            found.append({"t": text[start : match.start()], "k": ""})
        found.append({"t": match[0], "k": "b"})
        start = match.end()
    if start < len(text):
        found.append({"t": text[start:], "k": ""})
    return found


def _bound(text: str) -> str:
    """`text` with its last two words tied together where they are short."""
    head, space, last = text.rpartition(" ")
    short = len(last) <= 6 and len(head.rpartition(" ")[2]) + len(last) <= 14
    return f"{head}\u00a0{last}" if space and short and head.count(" ") >= 4 else text


def _breakable(match: re.Match[str]) -> str:
    word = match[0]
    mark = "\u00ad" if word.strip(".,;:!?…‘’“”„()").isalpha() else "\u200b"
    return mark.join(word[i : i + 10] for i in range(0, len(word), 10))


# Drawings of emoji that come with the package: a slide has them whatever fonts there are.


_DRAWINGS = Path(__file__).parent / "emoji" / "fluent.json.xz"
_VARIATION = "\ufe0f"
_ONE = (
    "[\U0001f000-\U0001f0ff\U0001f10d-\U0001f1ff\U0001f200-\U0001faff\u203c\u2049\u2122\u2139"
    "\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\u3030"
    "\u303d\u3297\u3299\u00a9\u00ae]"
)
EMOJI = re.compile(
    rf"(?:{_ONE}|[0-9#*](?=\ufe0f?\u20e3))[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*(?:\u200d{_ONE}[\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)
"""An emoji with all that belongs to it: variation, skin tone, what a joiner adds."""

_COLOURED = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
"""Signs below U+1F000 that are drawings by themselves; others become one by U+FE0F."""

_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")


def svg(sign: str) -> str | None:
    """The drawing of an emoji as an SVG, without its skin tone; None where there is none."""
    body = _drawings().get(_TONES.sub("", sign).replace(_VARIATION, ""))
    if body is None:
        return None
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{body}</svg>'


def is_drawn(sign: str) -> bool:
    """Whether an emoji inside a text is meant as a drawing, and there is one: "☀️", not "©"."""
    meant = _VARIATION in sign or ord(sign[0]) >= 0x1F000 or sign[0] in _COLOURED
    return meant and svg(sign) is not None


def without_emoji(text: str) -> str:
    """`text` without the emoji that are drawn."""
    return EMOJI.sub(lambda match: "" if svg(match[0]) else match[0], text)


def leading_emoji(text: str) -> tuple[str, str]:
    """The emoji that `text` opens with, "" where there is no drawing of one, and the rest."""
    found = EMOJI.match(text.lstrip())
    if not found or svg(found[0]) is None:
        return "", text
    return found[0], text.lstrip()[found.end() :].lstrip()


@cache
def _drawings() -> dict[str, str]:
    """The inside of each drawing, 32 by 32, by its emoji without U+FE0F."""
    found: dict[str, str] = json.loads(lzma.decompress(_DRAWINGS.read_bytes()))
    return found


# The colours of a slide, from a theme and an accent, each text readable on its ground.


ACCENT = "#2b5f8f"
CONTRAST = 4.5
"""The least contrast of text and its ground, of WCAG 2 (level AA)."""

Colour = tuple[float, float, float]
_WHITE: Colour = (1.0, 1.0, 1.0)
_BLACK: Colour = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as "#rrggbb". `ink`, `mute`, `accent` and `other` are for text on `paper` and `card`;
    `accent` and `other` also on their `_soft` grounds, and `on_fill` on `fill`. `hair` is for thin
    lines, `edge` for outlines of boxes, `series` for the lines of a chart after the second, `bands`
    are grounds for `ink`, from the strongest to the palest.
    """

    paper: str
    card: str
    ink: str
    mute: str
    hair: str
    edge: str
    accent: str
    accent_soft: str
    other: str
    other_soft: str
    fill: str
    on_fill: str
    bands: tuple[str, ...]
    series: tuple[str, ...]


def palette(theme: str = "light", accent: str = ACCENT) -> Palette:
    """The colours for `theme` ("light" or "dark") and `accent` ("#rrggbb" or "#rgb").

    The accent is made darker or lighter where text in it could not be read; as a ground (`fill`) it
    stays what it is. Raises `SettingsError` for a theme or a colour that is none.
    """
    if theme not in ("light", "dark"):
        raise SettingsError(f"theme is {theme!r}; choose 'light' or 'dark'")
    own = parsed(accent)
    dark = theme == "dark"
    paper, card = (_rgb("#14181f"), _rgb("#1d232c")) if dark else (_rgb("#fbf9f5"), _rgb("#ffffff"))
    ink = _rgb("#eef0f3") if dark else _rgb("#1d2430")
    other = _opposite(own)
    tint, end = (0.20, _WHITE) if dark else (0.12, _BLACK)
    accent_soft, other_soft = (_rgb(_hex(_mix(c, card, tint))) for c in (own, other))
    grounds = (paper, card, accent_soft, other_soft)
    return Palette(
        paper=_hex(paper),
        card=_hex(card),
        ink=_hex(ink),
        mute=_hex(_readable(_mix(ink, paper, 0.64), grounds, end)),
        hair=_hex(_mix(ink, paper, 0.16)),
        edge=_hex(_mix(ink, paper, 0.26)),
        accent=_hex(_readable(own, grounds, end)),
        accent_soft=_hex(accent_soft),
        other=_hex(_readable(other, grounds, end)),
        other_soft=_hex(other_soft),
        fill=_hex(own),
        on_fill=_hex(max((_WHITE, _rgb("#14181f"), _BLACK), key=lambda c: _contrast(c, own))),
        bands=tuple(
            _hex(_ground_for(ink, _mix(own, card, share), card))
            for share in ((0.8, 0.62, 0.46, 0.32, 0.2) if dark else (0.44, 0.34, 0.26, 0.18, 0.12))
        ),
        series=tuple(
            _hex(_readable(_rgb(colour), grounds, end))
            for colour in ("#b8741a", "#3d8361", "#7a5ea8")
        ),
    )


def parsed(colour: str) -> Colour:
    """Red, green and blue, 0 to 1, of "#rrggbb" or "#rgb". Raises `SettingsError`."""
    found = re.fullmatch(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})", colour.strip())
    if not found:
        raise SettingsError(f"accent is {colour!r}; write a colour such as '#2b5f8f'")
    digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
    return _rgb("#" + digits)


def _contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, from 1 to 21, of WCAG 2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _readable(colour: Colour, grounds: tuple[Colour, ...], towards: Colour) -> Colour:
    """`colour`, as much lighter or darker as it takes to be read on all `grounds`; the hue stays as
    long as it can.
    """
    hue, light, strength = colorsys.rgb_to_hls(*colour)
    end = _luminance(towards)
    for step in range(51):
        moved = light + (end - light) * step / 50
        tried = _rgb(_hex(colorsys.hls_to_rgb(hue, moved, strength)))
        if all(_contrast(tried, ground) >= CONTRAST for ground in grounds):
            return tried
    return towards


def _ground_for(ink: Colour, ground: Colour, towards: Colour) -> Colour:
    """`ground`, moved `towards` another as far as `ink` needs to be read on it."""
    for step in range(51):
        tried = _rgb(_hex(_mix(towards, ground, step / 50)))
        if _contrast(ink, tried) >= CONTRAST + 1:
            return tried
    return towards


def _opposite(colour: Colour) -> Colour:
    """A companion for `colour`: warm for a cold one, cold for a warm one, as strong."""
    hue, light, strength = colorsys.rgb_to_hls(*colour)
    return colorsys.hls_to_rgb((hue + 0.45) % 1, min(max(light, 0.3), 0.5), max(strength, 0.45))


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of `one`, the rest `other`."""
    red, green, blue = (share * a + (1 - share) * b for a, b in zip(one, other, strict=True))
    return red, green, blue


def _rgb(colour: str) -> Colour:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * min(max(part, 0), 1)):02x}" for part in colour)
