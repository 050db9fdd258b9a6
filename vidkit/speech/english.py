"""Rules of speech for English."""

from __future__ import annotations

from ..plain import Rule

ENGLISH: tuple[Rule, ...] = ()
