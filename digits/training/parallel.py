"""Processes of this machine that work side by side, each on cores of its own."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import resource_tracker
from typing import Any

from digits.backends.hardware import limit_threads

Submit = Callable[..., "Future[Any]"]  # takes a function that every process can import, and its further arguments

_shared: Any = None  # in a worker: what all calls are given


def cores_here() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def processes(count: int, cores: int | None, shared: Any) -> Iterator[Submit]:
    """A function that has one of `count` processes call `function(shared, *arguments)`, and returns a future of it.

    Leaving this ends the processes, and they end by themselves where this one is killed. Where one of them is killed,
    all futures raise `concurrent.futures.process.BrokenProcessPool`.

    Args:
        count: how many.
        cores: how many each may compute on; None stands for all.
        shared: what all calls are given; sent once to each process.
    """
    context = multiprocessing.get_context("spawn")  # forked, a framework's threads would be lost
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(count, context, _start, (shared, cores))

    def submit(function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        with _deaf_to_ctrl_c():
            return executor.submit(_call, function, *arguments)

    try:
        yield submit
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.kill()
            process.join()


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
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


def _start(shared: Any, cores: int | None) -> None:
    """What each process does first."""
    global _shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_threads(cores)
    _shared = shared


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  # for the types
    parent.join()
    os._exit(1)


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(_shared, *arguments)
