"""What others import by this name: see `vidkit.core.events`."""

from .core.events import *  # noqa: F403
