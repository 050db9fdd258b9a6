"""Run the notebooks from the top and store what their cells print:
`python tests/run_notebooks.py`, or with the file names of some of them.

Each runs in a copy of the folder, with a store of its own, so that what is stored is what a
newcomer sees. Widgets are stored as the text that stands for them: their state would be a
megabyte that no code host shows.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def run(name: str) -> None:
    """Run one notebook and write it back with its outputs."""
    book = nbformat.read(NOTEBOOKS / name, as_version=4)
    with tempfile.TemporaryDirectory() as empty:
        folder = Path(empty) / "notebooks"
        shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns("output_*", ".ipynb*"))
        os.environ["VIDKIT_CACHE"] = str(Path(empty) / "store")
        client = NotebookClient(
            book,
            timeout=120,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            store_widget_state=False,
        )
        client.execute()
    for number, cell in enumerate(book.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags"}
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if not _of_a_panel(each)]
        for output in cell.get("outputs", ()):
            output.pop("execution_count", None) if output.output_type == "stream" else None
    book.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    nbformat.write(book, NOTEBOOKS / name)


def _of_a_panel(output: nbformat.NotebookNode) -> bool:
    """Whether an output is what a panel leaves for a notebook that is opened without its kernel:
    it shows files that a run made, and a code host has none of them.
    """
    return "vidkit-stored" in output.get("data", {}).get("text/html", "")


def main() -> None:
    """All notebooks, or those that are named."""
    names = sys.argv[1:] or sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
    for name in names:
        print(name, flush=True)
        run(name)


if __name__ == "__main__":
    main()
