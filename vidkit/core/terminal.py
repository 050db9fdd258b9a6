"""The terminal: what is said to it, and what happens when it is closed or interrupted.

Importing this makes Ctrl-C quiet, with the right exit code, where this process is the command line
and not a program that calls it. It is the first thing that the command line imports, and so
imports little itself.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType

from .format import printable

FAILED, INTERRUPTED, READER_GONE = 1, 130, 141
"""Exit codes: the last is that of a program whose reader has gone, as in `… | head -1`."""

PROGRAM = os.path.basename(sys.argv[0]) in ("vidkit", "__main__.py", "-m")  # noqa: PTH119
"""Whether this process is the command line."""

STOPPED = "Stopped. What was finished is kept; the same command goes on."


def _quiet(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if kind is KeyboardInterrupt:
        sys.stderr.write("\n")
    elif isinstance(error.__cause__, KeyboardInterrupt):  # came while a class was being made
        os._exit(INTERRUPTED)
    else:
        sys.__excepthook__(kind, error, where)


if PROGRAM:
    sys.excepthook = _quiet


def say(what: object = "", *, trouble: bool = False) -> None:
    """Print a text, with what a terminal would obey instead of showing made visible. trouble:
    to standard error.
    """
    if not trouble and (listener := _listener.get()) is not None:
        listener(what)
        return
    with _writing():
        print(printable(str(what)), file=sys.stderr if trouble else sys.stdout)


@contextmanager
def redirected(listener: Callable[[object], None]) -> Iterator[None]:
    """Hand what is said, but for what is trouble, to `listener` instead: a notebook shows more
    than text.
    """
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


_listener: ContextVar[Callable[[object], None] | None] = ContextVar("listener", default=None)


def confirmed(question: str) -> bool | None:
    """Whether somebody says yes; None where nobody can answer."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    try:
        return input(printable(question)).strip().lower() in ("y", "yes")
    except EOFError:
        say()
        return False


def run_command(command: Callable[[], int]) -> int:
    """The exit code of `command`, with a terminal that is whole before it and left quietly
    after it.
    """
    _open_streams()
    code = FAILED
    try:
        try:
            code = command()
        except KeyboardInterrupt:
            code = INTERRUPTED
            say(f"\n{STOPPED}", trouble=True)
        except SystemExit:
            _flush()
            raise
        _flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        _close_streams()
        code = READER_GONE
    except _CannotWrite as error:
        with suppress(OSError, _CannotWrite):
            say(f"vidkit: the output cannot be written: {error}", trouble=True)
        _close_streams()
        code = code or FAILED
    if PROGRAM:  # one more Ctrl-C ends the process at once, without a word
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return code


class _CannotWrite(Exception):
    """The output could not be written: a full disk behind it, and the like."""


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _CannotWrite(error.strerror or error) from None


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with _writing():
            stream.flush()


def _open_streams() -> None:
    """Have three streams, where the one who started us closed some (`>&-`): the next file to be
    opened would take their place, and get what is printed. A terminal that lacks a letter
    still gets the rest.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nothing = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  for good
            setattr(sys, name, nothing)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _close_streams() -> None:
    """Say nothing more, not even what is still to be written."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            try:
                stream.flush()
            except OSError:
                os.dup2(nothing, stream.fileno())
    os.close(nothing)
