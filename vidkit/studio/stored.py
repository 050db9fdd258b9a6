"""What a notebook shows of a panel when it is opened again without its kernel."""

from __future__ import annotations

import re
import uuid
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from .look import STYLE


class Stored:
    """What a saved notebook shows of a panel: HTML that needs no kernel.

    It stands under the panel, out of sight as long as the panel is there. A notebook that is
    opened without its kernel has no panel, and shows this in its place.
    """

    def __init__(self) -> None:
        self.name = f"vidkit-stored-{uuid.uuid4().hex[:12]}"
        self._page = ""
        self._shown: Any = None

    @property
    def hidden(self) -> str:
        """The style by which a panel that is there hides this."""
        return f"<style>#{self.name} {{ display: none; }}</style>"

    def show(self, page: str) -> None:
        """Display it, in a cell; later, put another page in its place, from any thread. Nothing
        where there is no notebook.
        """
        if page == self._page or not hasattr(get_ipython(), "kernel"):
            return
        self._page = page
        bundle = {"text/html": self._html(), "text/plain": ""}
        if self._shown is None:
            self._shown = display(bundle, raw=True, display_id=self.name)
        else:
            self._shown.update(bundle, raw=True)

    def _html(self) -> str:
        # where the panel should be, a notebook without its kernel tells of an error
        gone = (
            ".jp-OutputArea-child:not(:has(.vidkit))"
            f":has(+ .jp-OutputArea-child #{self.name}) {{ display: none; }}"
        )
        style = re.sub(r"\.vidkit(?![\w-])", ".vidkit-stored", STYLE)
        page = f'<div class="vidkit-stored" id="{self.name}">{self._page}</div>'
        return f"{style}<style>{gone}</style>{page}"
