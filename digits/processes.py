"""Work side by side in other processes, on cores of this machine."""

import contextlib
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from digits.errors import DigitsError
from digits.hardware import tune_process

_KILLED = {"WorkerCrashedError", "OutOfMemoryError", "NodeDiedError", "ObjectLostError"}  # as Ray calls it
Submit = Callable[..., "Future[Any]"]  # takes a function that every process can import, and its further arguments


class Killed(DigitsError):
    """Says that the process of a call was killed, from outside or by what it did, and not what came of the call."""


def result(future: "Future[Any]") -> Any:
    """What a call returned.

    Raises:
        Killed: its process was killed.
        DigitsError: it failed, in one line.
    """
    try:
        return future.result()
    except MemoryError as error:
        raise DigitsError("out of memory") from error
    except Exception as error:
        if not type(error).__module__.startswith("ray."):
            raise
        if _KILLED & {kind.__name__ for kind in type(error).__mro__}:
            raise Killed(first_line(error)) from error
        raise DigitsError(first_line(getattr(error, "cause", None) or error)) from error


def first_line(error: Exception) -> str:
    """The beginning of what an error says, which can be pages; without a full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:300]


@contextlib.contextmanager
def processes(count: int, cores: int | None, shared: Any) -> Iterator[Submit]:
    """A function that has one of `count` processes call `function(shared, *arguments)`, and returns a future of it.

    Leaving this ends the processes, and they end by themselves where this one is killed. Where one of them is killed,
    its call fails, and another takes its place: each has a pipe of its own, of which no other holds an end.
    (`ProcessPoolExecutor` has one for all, and waits for ever for the rest of an answer whose process was killed.)

    Args:
        count: how many.
        cores: how many each may compute on; None stands for all.
        shared: what all calls are given; sent once to each process.
    """
    context = multiprocessing.get_context("spawn")  # forked, a framework's threads would be lost
    own, one_at_a_time, started, threads = threading.local(), threading.Lock(), [], ThreadPoolExecutor(count)
    ended = False

    def start() -> Connection:
        ours, theirs = context.Pipe()
        with one_at_a_time, theirs:
            if ended:
                raise EOFError
            process = context.Process(target=_serve, args=(theirs, shared, cores))
            process.start()
            started.append(process)
        return ours

    def ask(function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            if not hasattr(own, "pipe"):
                own.pipe = start()
            own.pipe.send((function, arguments))
            value, error = own.pipe.recv()
        except (EOFError, OSError) as gone:
            own.__dict__.pop("pipe", None)  # the next call starts another process
            raise Killed("a process was killed, as where memory runs out") from gone
        if error:
            raise error
        return value

    def submit(function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        with deaf_to_ctrl_c():  # as are the threads that start here, and the processes that those start
            return threads.submit(ask, function, *arguments)

    try:
        yield submit
    finally:
        with one_at_a_time:
            ended = True
        for process in started:
            process.kill()
            process.join()
        threads.shutdown(cancel_futures=True)


@contextlib.contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Have Ctrl-C wait; a process that is started meanwhile never heeds it: it is for the one who started it."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows, where each process is told
        yield
        return
    resource_tracker.ensure_running()  # which the start of a process would do, and undo the next line
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, shared: Any, cores: int | None) -> None:
    """What each process does: answer calls, each with what it returned and None, or with None and an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tune_process(cores)
    with contextlib.suppress(ImportError):  # used by PyTorch: its lock would outlive this process
        from tqdm import tqdm

        tqdm.set_lock(threading.RLock())
    with contextlib.suppress(EOFError):  # nobody is there to ask any more
        while True:
            function, arguments = pipe.recv()
            try:
                pipe.send((function(shared, *arguments), None))
            except Exception as error:
                if not isinstance(error, DigitsError):  # a mistake of ours is shown with where it is
                    error.add_note(traceback.format_exc())
                pipe.send((None, error))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  # for the types
    parent.join()
    os._exit(1)
