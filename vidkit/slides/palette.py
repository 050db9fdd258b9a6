"""The colours of a slide, from a theme and an accent, each text readable on its ground."""

from __future__ import annotations

import colorsys
import re
from dataclasses import asdict, dataclass

from ..errors import SettingsError

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
    lines, `bands` are grounds for `ink`, from the strongest to the palest.
    """

    paper: str
    card: str
    ink: str
    mute: str
    hair: str
    accent: str
    accent_soft: str
    other: str
    other_soft: str
    fill: str
    on_fill: str
    bands: tuple[str, ...]

    def texts(self) -> list[tuple[str, str]]:
        """Every (text, ground) that the template sets."""
        grounds = (self.paper, self.card)
        plain = [(text, ground) for text in (self.ink, self.mute) for ground in grounds]
        coloured = [(self.accent, ground) for ground in (*grounds, self.accent_soft)]
        coloured += [(self.other, ground) for ground in (*grounds, self.other_soft)]
        soft = [(self.ink, ground) for ground in (self.accent_soft, self.other_soft, *self.bands)]
        muted = [(self.mute, ground) for ground in (self.accent_soft, self.other_soft)]
        return [*plain, *coloured, *soft, *muted, (self.on_fill, self.fill)]

    def as_dict(self) -> dict[str, object]:
        """The colours by name, as JSON values."""
        return asdict(self)


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
    tint = 0.20 if dark else 0.12
    accent_soft, other_soft = (_rgb(_hex(_mix(c, card, tint))) for c in (own, other))
    grounds = (paper, card, accent_soft, other_soft)
    return Palette(
        paper=_hex(paper),
        card=_hex(card),
        ink=_hex(ink),
        mute=_hex(_readable(_mix(ink, paper, 0.64), grounds, _WHITE if dark else _BLACK)),
        hair=_hex(_mix(ink, paper, 0.16)),
        accent=_hex(_readable(own, grounds, _WHITE if dark else _BLACK)),
        accent_soft=_hex(accent_soft),
        other=_hex(_readable(other, grounds, _WHITE if dark else _BLACK)),
        other_soft=_hex(other_soft),
        fill=_hex(own),
        on_fill=_hex(max((_WHITE, _rgb("#14181f"), _BLACK), key=lambda c: _contrast(c, own))),
        bands=tuple(
            _hex(_ground_for(ink, _mix(own, card, share), card))
            for share in ((0.8, 0.62, 0.46, 0.32, 0.2) if dark else (0.44, 0.34, 0.26, 0.18, 0.12))
        ),
    )


def parsed(colour: str) -> Colour:
    """Red, green and blue, 0 to 1, of "#rrggbb" or "#rgb". Raises `SettingsError`."""
    found = re.fullmatch(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})", colour.strip())
    if not found:
        raise SettingsError(f"accent is {colour!r}; write a colour such as '#2b5f8f'")
    digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
    return _rgb("#" + digits)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours "#rrggbb", from 1 to 21, of WCAG 2."""
    return _contrast(_rgb(one), _rgb(other))


def _contrast(one: Colour, other: Colour) -> float:
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
