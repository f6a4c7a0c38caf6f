"""Workers that are processes of this machine."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from digits.errors import DigitsError
from digits.jobs.worker import Reply, Worker

MAX_STILLBORN = 3  # workers one after another that end before they have come up


def cores_here() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Processes:
    """So many processes of this machine. Leaving it ends them, and they end by themselves where this one is killed.

    Args:
        count: how many.
        cores: how many each may compute on; None stands for all.
        shared: what all jobs are given.
    """

    def __init__(self, count: int, cores: int | None, shared: Any = None):
        self._options = (shared, cores)
        self._processes: dict[Connection, multiprocessing.process.BaseProcess] = {}
        self._coming_up: set[Connection] = set()
        self._idle: deque[Connection] = deque()
        self._stillborn = 0
        self._count = count

    def __enter__(self) -> "Processes":
        try:
            for _ in range(self._count):
                self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.join()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # forked, a framework's threads would be lost
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, *self._options), daemon=True)
        with _without_ctrl_c():
            process.start()
            self._processes[ours] = process
        theirs.close()
        self._coming_up.add(ours)
        self.call(ours, "ready")

    def idle(self) -> Connection | None:
        return self._idle.popleft() if self._idle else None

    def call(self, worker: Connection, method: str, *arguments: Any) -> None:
        with contextlib.suppress(OSError):  # it was killed; `wait` will find that out
            worker.send((method, arguments))

    def wait(self) -> list[tuple[Connection, Reply]]:
        replies = []
        for worker in wait(self._processes):
            assert isinstance(worker, Connection)  # noqa: S101  # for the types
            try:
                reply = worker.recv()
            except (EOFError, OSError):
                reply = self._bury(worker)
            if worker not in self._coming_up:
                replies.append((worker, reply))
                continue
            self._coming_up.discard(worker)
            if worker in self._processes:
                self._stillborn = 0
                self._idle.append(worker)
        return replies

    def _bury(self, worker: Connection) -> Reply:
        """Start another in the place of a worker that has ended by itself, and say why it has."""
        process = self._processes.pop(worker)
        process.join()
        self._stillborn += worker in self._coming_up
        if worker in self._idle:
            self._idle.remove(worker)
        code = process.exitcode or 0
        killed = f"killed by {signal.Signals(-code).name}" if code < 0 else f"its process ended with status {code}"
        reason = f"{killed}, as where memory runs out" if code == -signal.SIGKILL else killed
        if self._stillborn >= MAX_STILLBORN:
            raise DigitsError(f"processes for the jobs end before they have begun: {reason}")
        self._start()
        return Reply(ended=True, reason=reason)

    def free(self, worker: Connection) -> None:
        if worker in self._processes:
            self._idle.append(worker)

    def place(self, worker: Connection) -> str:
        return "here"


@contextlib.contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Have Ctrl-C wait; a process that is started meanwhile never heeds it, not even before it can say so itself."""
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():  # to which alone it comes
        yield
        return
    pressed: list[bool] = []
    heed = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    resource_tracker.ensure_running()  # which `start` would do, and undo the next line
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what is started inherits that
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, heed)
        if pressed:
            signal.raise_signal(signal.SIGINT)


def _serve(connection: Connection, shared: Any, cores: int | None) -> None:
    """What the processes do: whatever they are called for, until they are killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started them, and ends them
    threading.Thread(target=_end_with_parent, daemon=True).start()
    worker = Worker(shared, cores)
    with contextlib.suppress(EOFError, ConnectionError):  # there is nobody any more to work for
        while True:
            method, arguments = connection.recv()
            connection.send(getattr(worker, method)(*arguments))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  # for the types
    parent.join()
    os._exit(1)
