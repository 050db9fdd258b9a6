"""Takes the measurements from a batch, and changes its workers."""

from __future__ import annotations

from collections.abc import Callable

from ..events import Event, Sampled, WorkersChanged
from ..gate import Gate
from ..machine import memory_left
from ..pipeline import Batch
from ..settings import Settings
from .policy import Measured, Tuning


class Steering:
    """Steers a batch at each sample, as far as its settings say "auto". What a person changes
    by hand is the person's from then on.

    memory_left: bytes that are free. Only for the batch's loop.
    """

    def __init__(
        self, batch: Batch, settings: Settings, memory_left: Callable[[], int] = memory_left
    ) -> None:
        self._batch = batch
        self._memory_left = memory_left
        self._tuning = Tuning(settings.section_ceiling, settings.video_ceiling)
        self._set = (settings.section_workers, settings.video_workers)
        self._steering = False

    def hear(self, event: Event) -> None:
        """Leave alone what somebody else changes."""
        if isinstance(event, WorkersChanged):
            if not self._steering:
                if event.sections != self._set[0]:
                    self._tuning.sections = None
                if event.videos != self._set[1]:
                    self._tuning.videos = None
            self._set = (event.sections, event.videos)

    def steer(self, sampled: Sampled) -> None:
        """Change the workers where the policy says so."""
        if self._tuning.sections is None and self._tuning.videos is None:
            return
        change = self._tuning.decide(self._measured(sampled))
        if change is not None:
            self._steering = True
            try:
                self._batch.resize(change.sections, change.videos, change.reason)
            finally:
                self._steering = False

    def _measured(self, sampled: Sampled) -> Measured:
        sections, lessons = self._batch.waiting
        tools = self._batch.tools
        first = (tools.images[0], tools.voice[0])
        return Measured(
            sections=self._set[0],
            videos=self._set[1],
            waiting_sections=sections,
            waiting_lessons=lessons,
            idle=all(_idle(source.gate) for source in first),
            cores=sampled.cores,
            usable_cores=sampled.usable_cores,
            memory_left=self._memory_left(),
            memory_limit=sampled.memory_limit,
            local=all(getattr(source.maker, "local", False) for source in first),
        )


def _idle(gate: object) -> bool:
    """Whether a provider would bear more calls than it has."""
    if not isinstance(gate, Gate):
        return True
    now = gate.snapshot()
    waits = now.waiting or now.held or now.closed or now.pause
    return not waits and now.under_way < now.places
