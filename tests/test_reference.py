"""The reference notebook says what the tables say."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from reference import WHOLE, cells

from vidkit.models.lesson import Lesson, Section, keys
from vidkit.models.settings import TABLE
from vidkit.slides.override import EXAMPLES


@pytest.fixture(scope="module")
def book() -> Any:
    """The notebook as it is in the checkout."""
    return nbformat.read(WHOLE, as_version=4)


def test_the_reference_is_as_the_tables_are(book: Any) -> None:
    """Where a field, a layout or a setting changed: `python tests/reference.py` writes it anew."""
    told = [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in book.cells]
    assert told == [(c.cell_type, c.source, c.metadata.get("tags", [])) for c in cells()]


def test_the_reference_leaves_nothing_out(book: Any) -> None:
    """Every field, every layout and every setting with its option is in it."""
    text = "\n".join(cell.source for cell in book.cells)
    for name in (*keys(Lesson), *keys(Section), *TABLE):
        assert f"`{name}`" in text or f"`{name}:" in text, name
    for row in TABLE.values():
        assert not row.option or row.option in text, row.option
    for layout in EXAMPLES:
        assert f"### `{layout}`" in text


def test_the_reference_is_small_and_has_its_pictures(book: Any) -> None:
    """Each layout is seen, and the notebook is light enough for a code host."""
    pictures = [
        output.data["image/png"]
        for cell in book.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == len(EXAMPLES) - 1 + 3
    assert WHOLE.stat().st_size < 700_000
    assert not [
        o for cell in book.cells for o in cell.get("outputs", ()) if o.output_type == "error"
    ]
