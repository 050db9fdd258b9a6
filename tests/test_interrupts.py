"""Ctrl-C while the command line is being imported."""

from __future__ import annotations

import signal
import subprocess
import sys

SLOW = """
import sys
sys.argv = ["/somewhere/bin/vidkit"]
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "vidkit.api":
            {what}
sys.meta_path.insert(0, Finder())
import vidkit.__main__
"""
IN_A_CLASS = "type('Odd', (), {'x': type('Field', (), {'__set_name__': interrupted})()})"


def told(what: str) -> subprocess.CompletedProcess[str]:
    code = "def interrupted(*_): raise KeyboardInterrupt\n" + SLOW.format(what=what)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_an_interrupt_during_the_imports_is_quiet() -> None:
    """The process ends as interrupted ones do, with no traceback."""
    run = told("interrupted()")
    assert run.returncode in (-signal.SIGINT, 130)
    assert run.stderr == "\n"


def test_an_interrupt_while_a_class_is_made_is_quiet() -> None:
    """Python 3.11 wraps an interrupt that comes there in an error of its own."""
    run = told(IN_A_CLASS)
    assert run.returncode in (-signal.SIGINT, 130)
    assert run.stderr.strip() == ""


def test_other_errors_are_shown() -> None:
    """What is broken in the installation is told in full."""
    run = told("raise ImportError('broken')")
    assert run.returncode == 1
    assert "ImportError: broken" in run.stderr


def test_a_program_that_imports_the_command_line_keeps_its_own_hook() -> None:
    """Only the command line's own process is made quiet."""
    code = "import sys; before = sys.excepthook; import vidkit.__main__; "
    code += "assert sys.excepthook is before"
    subprocess.run([sys.executable, "-c", code], check=True)
