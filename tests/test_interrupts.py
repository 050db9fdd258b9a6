"""Ctrl-C while the command line is being imported."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

SLOW = """
import runpy, sys
sys.argv = ["/somewhere/bin/vidkit", "plan", "lesson.json"]
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            {what}
sys.meta_path.insert(0, Finder())
runpy.run_module("vidkit", run_name="__main__")
"""
IN_A_CLASS = "type('Odd', (), {'x': type('Field', (), {'__set_name__': interrupted})()})"
AT_FIRST, IN_A_COMMAND = "vidkit.models.settings", "vidkit.api"
"""What the command line imports before it reads its arguments, and what only some commands do."""


def told(what: str, module: str = AT_FIRST) -> subprocess.CompletedProcess[str]:
    code = "def interrupted(*_): raise KeyboardInterrupt\n"
    code += SLOW.format(what=what, module=module)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", [AT_FIRST, IN_A_COMMAND])
def test_an_interrupt_during_the_imports_is_quiet(module: str) -> None:
    """The process ends as interrupted ones do, with no traceback."""
    run = told("interrupted()", module)
    assert run.returncode in (-signal.SIGINT, 130)
    assert "Traceback" not in run.stderr
    assert len(run.stderr.splitlines()) <= 2


@pytest.mark.parametrize("module", [AT_FIRST, IN_A_COMMAND])
def test_an_interrupt_while_a_class_is_made_is_quiet(module: str) -> None:
    """Python 3.11 wraps an interrupt that comes there in an error of its own."""
    run = told(IN_A_CLASS, module)
    assert run.returncode in (-signal.SIGINT, 130)
    assert "Traceback" not in run.stderr
    assert len(run.stderr.splitlines()) <= 2


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
