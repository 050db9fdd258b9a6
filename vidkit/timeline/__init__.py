"""A run as a picture: every call a bar on its lane, waiting apart from working.

`bar`       what is drawn: bars, marks, and the tally of waiting and working
`timeline`  events → lanes and bars, bounded however long the run is
`folding`   many bars as fewer, when there are too many to draw
`telling`   the same in words
`axis`      where the time axis has its ticks
`layout`    groups of lanes under each other, an axis below, a legend above
`bars`      one bar as shapes
`scene`     the shapes: boxes, lines, texts and signs at their places
`dress`     the colours of each, in light and dark
`svg`, `png` the two ways a scene is drawn; both are loaded when they are used
"""

from .bar import Bar, Kind, Mark, Stretch, Tally, Workers
from .timeline import Timeline

__all__ = ["Bar", "Kind", "Mark", "Stretch", "Tally", "Timeline", "Workers"]
