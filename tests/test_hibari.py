"""hibari: a natural voice in a warm process of its own."""
