"""Panels for notebooks: choose a lesson and its workers, make it, and watch it appear."""

from .lessons import Lessons
from .studio import Studio
from .workers import Workers

__all__ = ["Lessons", "Studio", "Workers"]
