"""A lesson: read from JSON with everything that is wrong with it, edited, and saved.

`jsontext`  text → values, or the place, the problem and the mend
`schema`    one table of the fields, behind the checks and the JSON Schema
`reading`   values → `Lesson`, and the lessons of a folder in the order in which people count
`editing`   other texts in a lesson, and in its file
"""

from .editing import TEXTS, edited, save_lesson
from .reading import (
    Lesson,
    Section,
    is_lesson_name,
    lesson_files,
    lesson_order,
    load_lesson,
    read_lesson,
)
from .schema import IMAGES, SOUNDS, json_schema

__all__ = [
    "IMAGES",
    "SOUNDS",
    "TEXTS",
    "Lesson",
    "Section",
    "edited",
    "is_lesson_name",
    "json_schema",
    "lesson_files",
    "lesson_order",
    "load_lesson",
    "read_lesson",
    "save_lesson",
]
