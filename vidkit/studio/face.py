"""What a card shows of its section, as HTML. Every text is escaped."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ..events import Step
from ..lesson import Section
from ..report import took
from .look import Tone, mark, media, words
from .so_far import STEPS, SoFar

NAMES: dict[Step, str] = {"image": "image", "audio": "narration", "clip": "clip"}
_DOING: dict[Step, str] = {"image": "drawing", "audio": "speaking", "clip": "cutting"}

LONGEST_ERROR = 600
"""Characters: a provider may answer with a whole page."""


@dataclass(frozen=True)
class Standing:
    """How a section stands beside its runs. in_line: it will be made when the run that goes on
    is over. due: a run that goes on will make it. edited: its texts are not those it was made of.
    """

    in_line: bool = False
    due: bool = False
    edited: bool = False


def head(number: int, section: Section, so_far: SoFar, standing: Standing) -> str:
    """The number, the title and the state."""
    title = section.title or f"Section {number}"
    return (
        f'<div class="vidkit-head"><span class="vidkit-number">{number}</span>'
        f'<div class="vidkit-title" role="heading" aria-level="4" dir="auto">{escape(title)}</div>'
        f"{mark(*state(so_far, standing))}</div>"
    )


def state(so_far: SoFar, standing: Standing) -> tuple[str, Tone]:
    """How it is with a section, in a word or two and a colour."""
    if standing.in_line:
        return "in line", "waiting"
    match so_far.state:
        case None if any(so_far.at_work.values()):
            return "at work", "working"
        case None:
            return ("waiting" if standing.due or so_far.begun else "not made yet"), "waiting"
        case "made" if standing.edited:
            return "edited", "paid"
        case "made":
            return ("kept", "kept") if so_far.kept else ("made", "ok")
        case "cancelled":
            return "cancelled", "waiting"
        case other:
            return other, "failed"


def body(
    number: int,
    section: Section,
    so_far: SoFar,
    size: tuple[int, int],
    *,
    embed: bool = False,
    lazy: bool = False,
) -> str:
    """The clip over its image, or until there is one what it is to show; the narration, to hear
    and to read. `embed`, `lazy`: as for `media`.
    """
    image, audio, clip = (so_far.files.get(step) for step in STEPS)
    wish = section.image_description or "A picture of your own."
    layers = [media(image, f"Section {number}: {wish}", lazy=lazy)] if image else []
    if clip:
        layers.append(media(clip, f"Clip of section {number}", embed=embed, lazy=lazy))
    if not layers:
        layers = [f'<div class="vidkit-wish" dir="auto">{escape(wish)}</div>']
    called = f"Narration of section {number}"
    sound = media(audio, called, embed=embed, lazy=lazy) if audio else ""
    told = escape(section.content)
    said = f'<details class="vidkit-caption"><summary dir="auto">{told}</summary></details>'
    return (
        f'<div class="vidkit-stage" style="aspect-ratio: {size[0]} / {size[1]}">'
        f'{"".join(layers)}</div><div class="vidkit-sound">{sound}</div>{said if told else ""}'
    )


def foot(so_far: SoFar, trouble: str = "") -> str:
    """The steps with who does them and how long they took, the money, and what went wrong."""
    rows = "".join(_row(step, so_far) for step in STEPS)
    wrong = (words(cut(each), "wrong") for each in (so_far.error, trouble) if each)
    return f'<div class="vidkit-steps">{rows}</div>{_money(so_far)}{"".join(wrong)}'


def _row(step: Step, so_far: SoFar) -> str:
    tone, by, how = _step(step, so_far)
    by = "" if by == "vidkit" else by
    told = f"vidkit-{tone}" if tone in ("working", "failed") else "vidkit-state"
    return (
        f'<span class="vidkit-mark vidkit-{tone}"><span>{NAMES[step]}</span></span>'
        f"<span>{escape(by)}</span>"
        f'<span class="{told}">{escape(how)}</span>'
    )


def _step(step: Step, so_far: SoFar) -> tuple[Tone, str, str]:
    """The colour of a step, who does it, and how it is."""
    if step in so_far.begun:
        by = so_far.begun[step]
        return (
            ("working", by, _DOING[step]) if so_far.at_work.get(step) else ("waiting", by, "waits")
        )
    ended = so_far.ended.get(step)
    if ended is None:
        return "waiting", "", ""
    match ended.outcome:
        case "made":
            return "ok", ended.by, took(ended.seconds)
        case "failed":
            return "failed", ended.by, "failed"
        case "cancelled":
            return "waiting", ended.by, "cancelled"
    return "kept", ended.by, "kept"


def _money(so_far: SoFar) -> str:
    told = []
    if so_far.dollars:
        told.append(f"paid {dollars(so_far.dollars)}")
    if so_far.unsure:
        told.append(f"perhaps {dollars(so_far.unsure)} {'more' if told else 'paid'}")
    return words(", ".join(told), "paid") if told else ""


def dollars(amount: float) -> str:
    """Money as people write it, with a third digit where there is less than ten cents."""
    return f"${amount:.2f}" if amount >= 0.0995 else f"${amount:.3f}"


def cut(text: str) -> str:
    """The beginning of a text that is too long to be read on a card."""
    return text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]}…"
