"""A section's picture that follows its voice: what there is to follow, its key, and its packets."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..models.lesson import Section
from ..models.settings import Settings
from ..providers.base import Picture
from ..slides.follow import VERSION, Narrated, Reveal, between, moments, spoken_times
from ..slides.slide import Item, Region, Spot
from ..text.captions import Word

if TYPE_CHECKING:
    from PIL import Image

    from ..media.follow import State
    from ..media.frame import Frame


def regions_kept(picture: Picture) -> dict[str, Any]:
    """What is to be kept beside a picture, so that it can follow the voice, as JSON values."""
    kept: dict[str, Any] = {}
    if picture.regions:
        kept["regions"] = [asdict(region) for region in picture.regions]
    if picture.pages:
        kept["pages"] = [base64.b64encode(page).decode() for page in picture.pages]
    return kept


def reveal_of(
    about: Mapping[str, Any],
    words: Sequence[Word],
    section: Section,
    language: str,
    settings: Settings,
) -> Following | None:
    """How the section's picture follows its voice; None where it stands still.

    about: what is kept with the picture.
    """
    kept = about.get("regions", ())
    if settings.reveal == "still" or settings.motion == "zoom" or not (kept or about.get("pages")):
        return None
    regions = tuple(_region(each) for each in kept)
    pages = tuple(about.get("pages", ()))
    say = tuple(sorted(section.say.items()))
    return Following(settings.reveal, regions, pages, tuple(words), section.content, language, say)


@dataclass(frozen=True)
class Following:
    """A picture's regions, and the narration that they follow."""

    reveal: Reveal
    regions: tuple[Region, ...]
    pages: tuple[str, ...]
    words: tuple[Word, ...]
    text: str
    language: str
    say: tuple[tuple[str, str], ...]

    def digest(self) -> str:
        """What tells one from another, as part of a clip's key."""
        values = [VERSION, asdict(self)]
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

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
        return [State(m.start, tuple(_patches(self.regions, m)), m.page) for m in shown]

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

        images = [image]
        for page in self.pages:
            with Image.open(io.BytesIO(base64.b64decode(page))) as opened:
                images.append(opened.convert("RGB"))
        return following(images, self.states(seconds, speech), frames, frame)


def _patches(regions: Sequence[Region], moment: Any) -> Iterator[Any]:
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
