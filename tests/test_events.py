"""The stream of events: everybody hears, and nobody disturbs."""

from __future__ import annotations

import logging

import pytest

from vidkit.events import Event, Events, RunEnded, RunStarted


def test_listeners_hear_in_order_until_they_leave() -> None:
    """A listener hears every event from its subscription to its end."""
    events, heard = Events(), []
    leave = events.subscribe(heard.append)
    events.emit(RunStarted(0, 1))
    events.emit(RunEnded(1))
    leave()
    leave()
    events.emit(RunEnded(2))
    assert heard == [RunStarted(0, 1), RunEnded(1)]


def test_a_listener_that_fails_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """The neighbour still hears, and the fault is logged under vidkit's name."""
    events, heard = Events(), []

    def broken(event: Event) -> None:
        raise RuntimeError("broken panel")

    events.subscribe(broken)
    events.subscribe(heard.append)
    with caplog.at_level(logging.ERROR, logger="vidkit"):
        events.emit(RunEnded(1))
    assert heard == [RunEnded(1)]
    assert "broken panel" in caplog.text


def test_a_listener_that_goes_on_failing_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """A fault that comes with every event is told once for each listener."""

    def broken(event: Event) -> None:
        raise RuntimeError("broken panel")

    events = Events()
    events.subscribe(broken)
    events.subscribe(lambda event: broken(event))
    with caplog.at_level(logging.ERROR, logger="vidkit"):
        for at in range(100):
            events.emit(RunEnded(at))
    assert len(caplog.records) == 2
