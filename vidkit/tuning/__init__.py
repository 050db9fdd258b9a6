"""Worker counts that follow from what is measured: `section_workers="auto"`.

`policy`    measurements in, a change out
`steering`  takes the measurements from a batch, and changes its workers
"""

from .policy import Change, Measured, Tuning
from .steering import Steering

__all__ = ["Change", "Measured", "Steering", "Tuning"]
