"""The options of the commands: what they are called, and what may stand behind them."""

from __future__ import annotations

import argparse
import math
import re
from datetime import timedelta
from typing import Any, get_args

from .paths import shortened
from .providers import Kind, names, specs
from .settings import Fit, Force, Motion, Settings

DEFAULTS = Settings()

KINDS: tuple[Kind, ...] = ("images", "voice")
EXAMPLES = {"images": "openai,slides", "voice": "gtts,espeak"}


def how(parser: argparse.ArgumentParser) -> None:
    """The options that say how videos are made."""
    add = parser.add_argument
    add(
        "--workers",
        type=workers,
        dest="section_workers",
        metavar="N",
        help=f"sections of a lesson made at once (default {DEFAULTS.section_workers}); auto, or "
        "auto:12, follows from what is measured",
    )
    add(
        "--videos",
        type=workers,
        dest="video_workers",
        metavar="N",
        help=f"lessons made at once (default {DEFAULTS.video_workers}); auto as there",
    )
    for kind in KINDS:
        add(
            f"--{kind}",
            metavar="NAME",
            help=f"one of {', '.join(names(kind))}, or NAME:ARGUMENT; of several, as "
            f"{EXAMPLES[kind]}, each takes the place of those before it",
        )
    providers(parser)
    add("--size", type=size, metavar="WxH", help="the video's frame (default 1280x720)")
    add("--rate", type=int, metavar="WPM", help="speed of speech in words a minute")
    add(
        "--on-failure",
        choices=("skip", "placeholder", "stop"),
        help="leave a failed section out (default), put a card in its place, or stop",
    )
    add("--fit", choices=get_args(Fit), help="show other shapes whole, or fill the frame")
    add("--motion", choices=get_args(Motion), help="stand, zoom slowly, or fade into each other")
    add("--force", choices=get_args(Force), help="make this anew, although the store has it")
    add("--budget", type=float, metavar="DOLLARS", help="spend no more than this in the run")
    add("--pace", type=float, metavar="N", help="ask an online provider N times a minute at most")
    add("--no-cache", action="store_false", dest="cache", default=None, help="keep nothing")
    add("--cache-dir", metavar="DIR", help="the folder of the store of what was made")
    add("--quiet", action="store_false", dest="progress", default=None, help="no progress bars")


def workers(text: str) -> int | str:
    """A number of workers, or "auto" and its ceiling, which the settings read."""
    return text if text.startswith("auto") else int(text)


def providers(parser: argparse.ArgumentParser) -> None:
    """The options that reach a provider. There is none for a key: a terminal remembers what is
    typed.
    """
    add = parser.add_argument
    add("--base-url", metavar="URL", help="openai: another server that speaks as it does")
    add("--image-style", metavar="TEXT", help="openai: what is asked for before a section's words")
    add("--image-quality", metavar="WORD", help="openai: low, medium, high, xhigh, max or auto")
    add("--voice-manner", metavar="TEXT", help="openai: how to speak")
    add("--voice-tld", metavar="TLD", help="gtts: the accent, as the end of an address: co.uk")
    add("--voice-slow", action="store_true", default=None, help="gtts: speak slowly")


def settings(given: argparse.Namespace) -> Settings:
    """The settings that were named on the command line, and no others."""
    changes: dict[str, Any] = {
        name: value
        for name in (
            "images",
            "voice",
            "base_url",
            "image_style",
            "image_quality",
            "voice_manner",
            "voice_tld",
            "voice_slow",
            "rate",
            "section_workers",
            "video_workers",
            "size",
            "on_failure",
            "only",
            "force",
            "budget",
            "pace",
            "cache",
            "cache_dir",
            "fit",
            "motion",
            "progress",
        )
        if (value := getattr(given, name, None)) is not None
    }
    for kind in KINDS:
        if kind in changes:
            several = specs(kind, changes[kind])
            changes[kind] = several if len(several) > 1 else several[0]
    return DEFAULTS.with_(**changes)


def size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT."""
    width, _, height = text.lower().partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write WIDTHxHEIGHT, such as 1280x720"
        ) from None


def days(text: str) -> timedelta:
    """A time such as 30d."""
    units = {"h": "hours", "d": "days", "w": "weeks"}
    number, unit = text[:-1], text[-1:].lower()
    try:
        if unit in units and number.isdecimal():
            return timedelta(**{units[unit]: int(number)})
    except (OverflowError, ValueError):
        pass  # longer than there has been time
    raise argparse.ArgumentTypeError(f"{shortened(text)}: write a time such as 12h, 30d or 8w")


def data_size(text: str) -> int:
    """Bytes, from a size such as 5GB."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().lower())
    size = float(found[1]) * 1000 ** " kmgt".index(found[2] or " ") if found else math.inf
    if math.isinf(size):
        raise argparse.ArgumentTypeError(f"{shortened(text)}: write a size such as 500MB or 5GB")
    return int(size)


def numbers(text: str) -> list[int]:
    """Section numbers such as 3,5."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write section numbers, such as 3,5") from None
