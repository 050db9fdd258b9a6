"""The package's own virtual clock, by the name that tests know."""

from vidkit.virtual import VirtualLoop, virtually

__all__ = ["VirtualLoop", "virtually"]
