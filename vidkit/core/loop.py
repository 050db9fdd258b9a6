"""vidkit's own event loop: one loop, in one daemon thread, for the whole process.

Every run lives here, and so do gates and API clients, which belong to a loop. A
notebook cell, a script, a callback and another program's event loop all reach a run
the same way, and none of them is blocked or disturbed by it: `run` waits for it from
ordinary code, `await_on_loop` from a coroutine of any loop, `submit` not at all.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import selectors
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Generic, ParamSpec, TypeVar

from .errors import Cancelled, VidkitError
from .system import in_forked_child

P = ParamSpec("P")
T = TypeVar("T")

HEARTBEAT = 0.1
"""Seconds between two looks of a waiting caller, so that an interrupt gets through:
a lock that waits without a time-out cannot be interrupted on every system."""

THREADS = 8 + (os.cpu_count() or 1)
"""For what blocks: an encode on each core, and besides them what waits for a disk. Each thread
keeps some megabytes of memory for the next encode."""

EXIT_TIMEOUT = 60.0
"""Seconds that what is under way has to come to its end when the program ends: it is cancelled,
and takes no longer than its disk takes for the reports."""

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_pid = 0
_under_way: weakref.WeakSet[Work[Any]] = weakref.WeakSet()


def event_loop() -> asyncio.AbstractEventLoop:
    """vidkit's loop, started at the first call; a forked child gets one of its own."""
    global _loop, _thread, _pid
    with _lock:
        if _loop is None or _pid != os.getpid() or _thread is None or not _thread.is_alive():
            loop = asyncio.new_event_loop()
            loop.set_default_executor(ThreadPoolExecutor(THREADS, "vidkit-aside"))
            _thread = threading.Thread(target=_run_loop, args=(loop,), name="vidkit", daemon=True)
            _thread.start()
            _loop, _pid = loop, os.getpid()
        return _loop


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    while True:
        try:
            return loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            # asyncio stops for these two, which whoever waits for the task gets too; they mean
            # the program's own thread, and not the one that others depend on
            continue


def _end_all() -> None:
    """Let what is under way end before the program does: cancelled, and with its reports written.
    Later its threads would find that nothing may be begun any more, and say so at length.
    """
    if _pid != os.getpid():
        return
    works = list(_under_way)
    for work in works:
        work.cancel()
    with suppress(KeyboardInterrupt):
        concurrent.futures.wait([work.future for work in works], timeout=EXIT_TIMEOUT)


@in_forked_child
def _forget() -> None:
    """In a forked child: the loop is the parent's, and a lock that was held stays so for ever."""
    global _lock, _loop, _line, _turn
    _lock, _line, _turn, _loop = threading.Lock(), threading.Lock(), threading.Lock(), None
    _under_way.clear()


# before the threads of asyncio's pool are waited for, which atexit comes after; that is why the
# pool's module is imported above
getattr(threading, "_register_atexit", atexit.register)(_end_all)


def inside() -> bool:
    """True in vidkit's own thread, where nothing may wait for the loop."""
    return threading.current_thread() is _thread


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, when what it cancelled has come to its end. A notebook shows its message alone."""

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self}"]


class Work(Generic[T]):
    """A coroutine under way on vidkit's loop, seen from any thread.

    `future` ends when the coroutine has really ended, also after `cancel`.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self.future: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._coroutine = coroutine
        self._task: asyncio.Task[T] | None = None
        self._loop = event_loop()
        _under_way.add(self)
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._coroutine)
        self._task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[T]) -> None:
        _under_way.discard(self)
        if task.cancelled():
            self.future.set_exception(Cancelled("cancelled; what was finished is kept"))
        elif isinstance(error := task.exception(), SystemExit | KeyboardInterrupt):
            self.future.set_exception(VidkitError(ended_all(error)))
        elif error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(task.result())

    def done(self) -> bool:
        """True when the coroutine has ended, however it did."""
        return self.future.done()

    def __await__(self) -> Generator[Any, None, T]:
        return self.watch().__await__()

    def cancel(self) -> None:
        """Ask the coroutine to end; from any thread, as often as one likes."""
        self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())

    def wait(self, ease: Callable[[], None] | None = None) -> T:
        """Wait for the result.

        Raises `VidkitError` in vidkit's own thread, which it would stop for ever. An interrupt
        (Ctrl-C) calls `ease`, which asks the work to come to an end, and goes on
        up when it has; a second one, or one without `ease`, cancels.
        """
        if inside() and not self.future.done():
            raise VidkitError(_NOT_HERE)
        interrupted: KeyboardInterrupt | None = None
        while not self.future.done():
            try:
                concurrent.futures.wait([self.future], timeout=HEARTBEAT)
            except KeyboardInterrupt as error:
                if interrupted is None and ease is not None:
                    ease()
                else:
                    self.cancel()
                interrupted = error
        if interrupted is not None:
            raise Interrupted("cancelled; what was finished is kept") from None
        return self.future.result()

    async def watch(self) -> T:
        """Await the result on any other loop; a cancelled wait cancels the work and sees it end.

        It wakes every tenth of a second: a kernel that is asked to interrupt a cell
        can do so only when the cell's loop turns.
        """
        ended = asyncio.wrap_future(self.future)
        try:
            while not ended.done():
                await asyncio.wait([ended], timeout=HEARTBEAT)
        except asyncio.CancelledError:
            self.cancel()
            await asyncio.wait([ended])
            ended.exception()  # looked at, or asyncio complains that nobody did
            raise
        return ended.result()


_NOT_HERE = (
    "a call that waits was made from vidkit's own loop (a listener or a provider); "
    "await the coroutine instead: generate_video or process_videos"
)


def ended_all(error: BaseException) -> str:
    """What to say of code of somebody's own that tried to end the program, and did not."""
    return (
        f"it tried to end the whole program ({type(error).__name__} {error}".rstrip()
        + "); let it raise an error of another kind"
    )


def submit(coroutine: Coroutine[Any, Any, T]) -> Work[T]:
    """Start a coroutine on vidkit's loop and return at once."""
    return Work(coroutine)


def run(coroutine: Coroutine[Any, Any, T], ease: Callable[[], None] | None = None) -> T:
    """Run a coroutine on vidkit's loop and wait for its result, from ordinary code.

    ease: what an interrupt does first, as in `Work.wait`.

    Works in a script, in a notebook cell and inside another program's running loop.
    Raises `VidkitError` when called from vidkit's own loop, which it would stop for ever.
    """
    if inside():
        coroutine.close()
        raise VidkitError(_NOT_HERE)
    return Work(coroutine).wait(ease)


async def await_on_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine that runs on vidkit's loop, from a coroutine of any loop."""
    if inside():
        return await coroutine
    return await Work(coroutine)


PATIENCE = 0.002
"""Seconds that a blocking call waits for the one before it: more than most take, and less than a
disk takes to make sure of a file."""
_line, _turn = threading.Lock(), threading.Lock()


async def run_in_thread(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking function in a thread of the running loop's pool, and wait for it. A wait that
    is cancelled leaves the call to itself: it goes on to its end.

    Short calls are made one after the other. Threads that read and write small files let go of the
    interpreter's lock at each of them, and spend more time taking it from each other than with the
    files (the convoy of D. Beazley, "Understanding the Python GIL", 2010).
    """
    return await asyncio.to_thread(_in_turn, call, *args, **kwargs)


def _in_turn(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    global _turn
    with _line:  # so that of all who wait only the first loses its patience
        turn = _turn
        if not turn.acquire(timeout=PATIENCE):  # that call takes long: the others line up behind us
            turn = _turn = threading.Lock()
            turn.acquire()
    try:
        return call(*args, **kwargs)
    finally:
        turn.release()


async def run_to_end(work: Awaitable[T]) -> T:
    """Await something that is not to be cut short: a cancelled wait lets it come to its end, and
    is cancelled then. A second cancel does not wait.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at, or asyncio complains that nobody did
        raise


# `asyncio.run(...)` in notebook cells of one's own, for those who want it.
#
# vidkit's calls never need this: they run on vidkit's loop. A cell that calls
# `asyncio.run` itself finds the kernel's loop running and fails, unless that loop is
# patched to nest. Importing vidkit never patches anything; `allow_nested` does.


def allow_nested() -> str:
    """Let `asyncio.run` be called in this notebook's cells. Gives the name of what did it.

    `nest-asyncio` is archived, and on ipykernel 7 "Run All" hangs under it; its successor
    `nest-asyncio2` serves on 6 and 7, and comes with ipykernel 7.4. So the successor is
    taken where it is there, the old one on ipykernel 6 alone.
    Raises `VidkitError` where neither is safe, or no loop is running.
    """
    module = _safe()
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise VidkitError(
            "there is no running loop to nest in: asyncio.run works here as it is"
        ) from None
    import_module(module).apply()
    return module


def _safe() -> str:
    if find_spec("nest_asyncio2"):
        return "nest_asyncio2"
    try:
        kernel = int(version("ipykernel").partition(".")[0])
    except PackageNotFoundError:
        kernel = 0
    if kernel < 7 and find_spec("nest_asyncio"):
        return "nest_asyncio"
    raise VidkitError(
        f"nest-asyncio hangs on ipykernel {kernel}: pip install nest-asyncio2, "
        "or use await in the cell instead of asyncio.run"
    )


# An event loop whose clock is virtual: hours of waiting pass at once.
#
# A forecast runs the pipeline on one. Nothing on such a loop may wait for the world outside, a
# thread, a process or the network: the clock would run away meanwhile.


class _NoWait(selectors.SelectSelector):
    """Where a loop would sleep, its clock jumps ahead instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return []  # there is something to do now; asking the system takes as long as doing it
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing is scheduled, and nothing ever will be")
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which hours of waiting pass at once; `now` is its time in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _NoWait()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.now


def run_virtually(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine under a virtual clock. Only where no loop is running in this thread."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


def run_virtually_in_thread(coroutine: Coroutine[Any, Any, T]) -> T:
    """The same from anywhere, also from a notebook's cell, whose loop is running: in a thread
    of its own, which is waited for.
    """
    # at the end of a program no thread takes it any more, and nobody would await it
    with closing(coroutine), ThreadPoolExecutor(1, "vidkit-forecast") as thread:
        return thread.submit(run_virtually, coroutine).result()
