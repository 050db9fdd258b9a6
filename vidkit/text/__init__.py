"""Text as written, as spoken, as shown, and as captions."""
