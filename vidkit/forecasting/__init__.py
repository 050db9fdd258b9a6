"""What would four workers do, or six, or two videos at a time? Answered before anything is spent.

`forecast` and `sweep` run the pipeline and the gate of every run, with stand-ins that take the
time that is said, on a virtual clock.

    `load`       what there is to do: seconds, requests and dollars of each piece
    `reading`    the same from lessons and settings
    `seconds`    how long each takes: as is said, or as in an earlier run
    `pretence`   the stand-ins
    `rehearsal`  a run with them, in virtual time
    `bound`      what no run can beat, and why
    `picture`    a sweep as columns
"""

from __future__ import annotations

from ..pipeline.workload import Kind
from .forecast import Forecast, forecast, forecast_of, prepared
from .simulation import Rehearsal
from .sweep import Sweep, curve, sweep
from .workload import Given, PerMinute, Seconds

__all__ = [
    "Forecast",
    "Given",
    "Kind",
    "PerMinute",
    "Rehearsal",
    "Seconds",
    "Sweep",
    "curve",
    "forecast",
    "forecast_of",
    "prepared",
    "sweep",
]
