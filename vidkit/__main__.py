"""`python -m vidkit`, and the command `vidkit`."""

import sys

from .cli import main

# isort: off - interrupts first: it makes Ctrl-C quiet while the rest is being imported
from .core import interrupts  # noqa: F401

# isort: on

if __name__ == "__main__":
    sys.exit(main())
