"""What a slide shows, chosen from a section's own words; `vidkit.providers.slides` draws it."""
