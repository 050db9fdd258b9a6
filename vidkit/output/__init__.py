"""The folder a lesson is written to.

`manifest`  which files in it are ours, with the digest of each
`folder`    what is written there: whole files, and none over somebody else's
"""

from .folder import LOCK, POSTER, SHEET, SRT, VIDEO, VTT, Output, part_name
from .manifest import REPORT

__all__ = ["LOCK", "POSTER", "REPORT", "SHEET", "SRT", "VIDEO", "VTT", "Output", "part_name"]
