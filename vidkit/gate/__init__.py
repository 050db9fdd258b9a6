"""The way to a provider: as many requests at once, and as fast, as it can bear.

One gate stands before each provider, key and model. Providers send everything through it,
so a narration of 14 requests is limited by the request and not by the section.

    `gate`      what a request goes through: line, place, pace, pauses, retries
    `pace`      when the next request may start: pauses, a pace, what headers say is left
    `rate`      how many a minute a provider bears, learnt from its 429s
    `room`      how many may be under way at once, learnt from how long they take
    `at_once`   whether it is a number at once that the provider limits
    `silence`   what to do about a provider that does not answer
    `line`      who waits
    `limits`    what a provider says of its limits itself
"""

from .gate import Clock, Gate, GateState
from .limits import Answer, Limits, limits_in, retry_after, seconds_in

__all__ = [
    "Answer",
    "Clock",
    "Gate",
    "GateState",
    "Limits",
    "limits_in",
    "retry_after",
    "seconds_in",
]
