"""What a person gives: lessons, and the settings of a run."""

from .editing import TEXTS, edited, save_lesson
from .files import is_lesson_name, lesson_files, lesson_order
from .lesson import FILMS, IMAGES, SOUNDS, Film, Lesson, Music, Section, json_schema
from .reading import load_lesson, read_lesson
from .settings import (
    LEAST_MOVING,
    MOST_WORKERS,
    RATES,
    SIZES,
    TABLE,
    Fit,
    Force,
    Motion,
    OnFailure,
    Settings,
    settings_page,
    settings_schema,
    settled,
    whole,
)
from .table import Row

__all__ = [
    "FILMS",
    "IMAGES",
    "LEAST_MOVING",
    "MOST_WORKERS",
    "RATES",
    "SIZES",
    "SOUNDS",
    "TABLE",
    "TEXTS",
    "Film",
    "Fit",
    "Force",
    "Lesson",
    "Motion",
    "Music",
    "OnFailure",
    "Row",
    "Section",
    "Settings",
    "edited",
    "is_lesson_name",
    "json_schema",
    "lesson_files",
    "lesson_order",
    "load_lesson",
    "read_lesson",
    "save_lesson",
    "settings_page",
    "settings_schema",
    "settled",
    "whole",
]
