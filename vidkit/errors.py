"""What others import by this name: see `vidkit.core.errors`."""

from .core.errors import *  # noqa: F403
