"""How a report shows itself: as lines in a terminal, as HTML in a notebook, as a PNG beside.

`page`   what is shown, as plain values, and the `Shown` that reports are
`html`   the page for a notebook, live or stored; it reads well where styles are taken away
`png`    the page as a picture, for what shows no HTML
`steps`  waiting and working by step and provider, as lines and as a table
"""

from .page import Page, Row, Shown, Table
from .steps import step_lines, step_table

__all__ = ["Page", "Row", "Shown", "Table", "step_lines", "step_table"]
