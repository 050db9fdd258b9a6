"""What a slide shows, chosen from a section's own words; `vidkit.providers.slides` draws it."""

from __future__ import annotations
