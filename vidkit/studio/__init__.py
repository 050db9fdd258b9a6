"""Panels for notebooks: choose a lesson and its workers, make it, and watch it appear."""

from .studio import Studio

__all__ = ["Studio"]
