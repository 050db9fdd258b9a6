"""`python -m vidkit`, and the command `vidkit`."""

import sys

# `terminal` first: it makes Ctrl-C quiet while the rest is being imported
# isort: off
from .core import terminal  # noqa: F401
from .cli import main
# isort: on

if __name__ == "__main__":
    sys.exit(main())
