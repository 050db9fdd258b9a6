"""Notebooks for the tests that open one in a real JupyterLab."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook


def notebook(folder: Path, *cells: str, name: str = "notebook") -> Path:
    """A notebook on disk with these cells of code, none of them run."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = new_notebook(
        cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
    )
    path = folder / f"{name}.ipynb"
    nbformat.write(made, path)
    return path
