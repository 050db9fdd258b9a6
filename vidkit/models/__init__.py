"""What a person gives: lessons, and the settings of a run."""

from .editing import TEXTS, edited, save_lesson
from .files import lesson_files, lesson_order
from .lesson import Film, Lesson, Music, Section, json_schema
from .reading import load_lesson, read_lesson
from .settings import TABLE, Settings

__all__ = [
    "TABLE",
    "TEXTS",
    "Film",
    "Lesson",
    "Music",
    "Section",
    "Settings",
    "edited",
    "json_schema",
    "lesson_files",
    "lesson_order",
    "load_lesson",
    "read_lesson",
    "save_lesson",
]
