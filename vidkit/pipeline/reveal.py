"""A section's picture that follows its voice: what there is to follow, its key, and its packets."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..models.lesson import Section
from ..models.settings import Settings
from ..providers.base import Picture
from ..slides.figures import Item
from ..slides.follow import (
    VERSION,
    Moment,
    Reveal,
    between,
    moments,
    spoken_times,
)
from ..slides.mentions import Narrated
from ..slides.slide import Region, Spot
from ..text.captions import Word
from ..text.timing import estimated_words

if TYPE_CHECKING:
    from PIL import Image

    from ..media.follow import State
    from ..media.frame import Frame


def regions_kept(picture: Picture) -> dict[str, Any]:
    """What is to be kept beside a picture, as JSON values: its headline, regions, pages
    and smallest text."""
    kept: dict[str, Any] = {}
    if picture.regions:
        kept["regions"] = [asdict(region) for region in picture.regions]
    if picture.headline:
        kept["headline"] = picture.headline
    if picture.smallest is not None:
        kept["smallest"] = picture.smallest
    if picture.pages:
        kept["pages"] = [base64.b64encode(page).decode() for page in picture.pages]
    return kept


def picture_kept(data: bytes, about: Mapping[str, Any]) -> Picture:
    """A picture by what was kept beside it, without its pages."""
    regions = tuple(_region(each) for each in about.get("regions", ()))
    return Picture(data, regions=regions, smallest=about.get("smallest"))


def spoken_words(about: Mapping[str, Any], section: Section, language: str) -> tuple[Word, ...]:
    """When the words of a narration are spoken, by what is kept with it (`about`): what its voice
    says, or else what its pauses tell, where somebody listened to it.
    """
    if (words := about.get("words")) or "pauses" not in about:
        return tuple(Word(*word) for word in words or ())
    heard, pauses = tuple(about["heard"]), [(start, end) for start, end in about["pauses"]]
    pieces = [Word(*each) for each in about.get("pieces", ())]
    return estimated_words(section.content, heard, pauses, language, section.say, pieces)


def reveal_of(
    about: Mapping[str, Any],
    words: Sequence[Word],
    section: Section,
    language: str,
    settings: Settings,
    picture: Path | bytes = b"",
) -> Following | None:
    """How the section's picture follows its voice; None where it stands still.

    about: what is kept with the picture.
    """
    kept = about.get("regions", ())
    if settings.motion == "zoom" or (settings.reveal == "still" and not about.get("pages")):
        return None
    if not (kept or about.get("pages") or section.focus):
        return None
    regions = tuple(_region(each) for each in kept) + tuple(
        Region(Item(f"focus.{i}", each["words"]), ()) for i, each in enumerate(section.focus)
    )
    lights = tuple(tuple(each["at"]) for each in section.focus)
    pages = tuple(about.get("pages", ()))
    say = tuple(sorted(section.say.items()))
    words, text = tuple(words), section.content
    return Following(settings.reveal, regions, pages, lights, words, text, language, say, picture)


def _values(each: Any) -> dict[str, Any]:
    """The fields of a dataclass, without a copy of all that is in them."""
    return {one.name: getattr(each, one.name) for one in fields(each)}


@dataclass(frozen=True)
class Following:
    """A picture's regions, and the narration that they follow."""

    reveal: Reveal
    regions: tuple[Region, ...]
    pages: tuple[str, ...]
    lights: tuple[tuple[float, ...], ...]
    words: tuple[Word, ...]
    text: str
    language: str
    say: tuple[tuple[str, str], ...]
    picture: Path | bytes = field(default=b"", repr=False)

    def digest(self) -> str:
        """What tells one from another, as part of a clip's key."""
        values = _values(self)
        del values["picture"]  # the clip's key has its digest
        written = json.dumps([VERSION, values], sort_keys=True, default=_values)
        return hashlib.sha256(written.encode()).hexdigest()

    def states(self, seconds: float, speech: tuple[float, float]) -> list[State]:
        """What is painted when, over a section of `seconds`, in which there is speech from and to
        the seconds of `speech`.
        """
        from ..media.follow import State

        items = [region.item for region in self.regions]
        narrated = Narrated(self.text, self.words, self.language, dict(self.say), speech)
        found = between(items, spoken_times(items, narrated), narrated, speech[1])
        pages = {region.item.key: region.page for region in self.regions}
        shown = moments(items, found, seconds, self.reveal, pages)
        lights = [self._light(moment) for moment in shown]
        if len(shown) > 1:
            lights[-1] = None
        return [
            State(m.start, tuple(_patches(self.regions, m)), m.page, light)
            for m, light in zip(shown, lights, strict=True)
        ]

    def _light(self, moment: Moment) -> tuple[float, float, float, float] | None:
        """The region of the picture that is spoken of, None where it is none."""
        lit = [i for i in range(len(self.lights)) if moment.levels.get(f"focus.{i}") == 1]
        if len(lit) != 1:
            return None
        x, y, width, height = self.lights[lit[0]]
        return x, y, width, height

    def __call__(
        self,
        image: Image.Image,
        seconds: float,
        speech: tuple[float, float],
        frames: int,
        frame: Frame,
    ) -> Iterator[list[bytes]]:
        """The packets of the section, as `media.clips.make_clip` asks for them."""
        from PIL import Image

        from ..media.follow import following
        from ..media.images import open_picture

        images = [image]
        for page in self.pages:
            with Image.open(io.BytesIO(base64.b64decode(page))) as opened:
                images.append(opened.convert("RGB"))
        size = open_picture(self.picture).size if self.lights else None
        return following(images, self.states(seconds, speech), frames, frame, size)


def _patches(regions: Sequence[Region], moment: Moment) -> Iterator[Any]:
    """What is to be painted, panels before what stands on them, the faintest line first."""
    from ..media.follow import Patch

    pale = [
        (moment.levels[region.item.key], region)
        for region in regions
        if region.page == moment.page and moment.levels.get(region.item.key, 1.0) < 1
    ]
    paled = {region.item.key for _, region in pale}
    for level, region in sorted(pale, key=lambda each: (_inner(each[1].item), each[0])):
        panel = _panel(region.item)
        if panel in paled:
            # its panel is pale already: only what is fainter than that is painted once more
            above = moment.levels[panel]
            if level >= above:
                continue
            level = level / above if above else 1.0
        for spot in region.spots:
            yield Patch(spot.box, level, spot.path, spot.width, spot.ink)


def _inner(item: Item) -> bool:
    return item.kind == "sidepoint"


def _panel(item: Item) -> str:
    """The key of the panel that an item stands on, "" for none."""
    return f"side.{item.key.split('.')[1]}" if _inner(item) else ""


def _region(kept: Mapping[str, Any]) -> Region:
    item = kept["item"]
    spots = tuple(
        Spot(
            tuple(spot["box"]),
            tuple((x, y) for x, y in spot["path"]),
            spot["width"],
            spot["ink"],
        )
        for spot in kept["spots"]
    )
    return Region(Item(**{**item, "after": tuple(item["after"])}), spots, kept["page"])
