"""The texts of a section in fields, to be edited."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from ..errors import Fault, LessonError
from ..lesson import Section

_FIELDS = (
    ("title", "Title", 1),
    ("content", "Narration", 9),
    ("image_description", "What the image shows", 7),
)
"""The key, the label, and the lines of each field."""


class Editor:
    """Fields with the texts of a section, made when somebody wants to edit them, and closed
    after: sixty sections would have 180 of them.
    """

    def __init__(self, section: Section) -> None:
        self._before = {key: getattr(section, key) or "" for key, _, _ in _FIELDS}
        self._fields = {key: _field(self._before[key], label, rows) for key, label, rows in _FIELDS}
        self._faults = widgets.HTML()
        self.widget = widgets.VBox([*self._fields.values(), self._faults])
        self.widget.add_class("vidkit-editor")

    def texts(self) -> dict[str, str]:
        """The texts that were changed, by their keys."""
        now = {key: field.value for key, field in self._fields.items()}
        return {key: text for key, text in now.items() if text != self._before[key]}

    def write(self, **texts: str) -> None:
        """Write into the fields, as a person does."""
        for key, text in texts.items():
            self._fields[key].value = text

    def refuse(self, error: LessonError) -> None:
        """Say what is wrong with the texts, and how to mend it."""
        told = "".join(f"<li>{escape(_in_words(fault))}</li>" for fault in error.faults)
        self._faults.value = f'<div role="alert"><ul class="vidkit-wrong">{told}</ul></div>'

    def close(self) -> None:
        """Let go of the fields."""
        for each in (*self._fields.values(), self._faults, self.widget):
            each.close()


def _in_words(fault: Fault) -> str:
    """A fault with the label of the field in the place of its key."""
    told = f"{fault.problem}; {fault.mend}"
    for key, label, _ in _FIELDS:
        told = told.replace(f"`{key}`", f"“{label}”")
    return told


def _field(text: str, label: str, rows: int) -> widgets.Text | widgets.Textarea:
    kind = widgets.Text if rows == 1 else widgets.Textarea
    field = kind(text, description=label, continuous_update=False)
    if rows > 1:
        field.rows = rows
    field.add_class("vidkit-field")
    return field
