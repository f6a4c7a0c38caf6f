"""On which cores PyTorch's threads compute."""

import contextlib
import ctypes
import os
import threading
from collections.abc import Iterator, Sequence
from itertools import cycle

import torch


@contextlib.contextmanager
def each_on_its_core(threads: Sequence[int]) -> Iterator[None]:
    """Keep each of these threads, as `threads_in_want` gives them, on a core of its own in here."""
    cores = sorted(os.sched_getaffinity(0)) if threads else []
    _place(threads, [{core} for core in cores])
    try:
        yield
    finally:
        _place(threads, [set(cores)])


def threads_in_want() -> list[int]:
    """The threads that compute for this one, by the system's numbers, where they need a core each and there is no more.

    They wait for each other after each operation, and in the middle of some of oneDNN's: awake. Beside another busy
    program Linux leaves one core to that and puts two threads on another, where each is awake to wait for what the
    other could do meanwhile: a step takes seven times as long as alone. On a core each it takes twice as long.

    None where a core is left over, which Linux finds by itself, on other systems, and with another OpenMP than GNU's.
    """
    with contextlib.suppress(OSError, AttributeError):  # AttributeError: Windows knows nothing of this
        openmp = ctypes.CDLL("libgomp.so.1", mode=os.RTLD_NOLOAD | os.RTLD_NOW)  # the one that PyTorch has loaded
        if 1 < len(os.sched_getaffinity(0)) <= torch.get_num_threads():
            found: list[int] = []
            note = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: found.append(threading.get_native_id()))
            openmp.GOMP_parallel(note, None, 0, 0)  # a call in each
            return found
    return []


def _place(threads: Sequence[int], cores: Sequence[set[int]]) -> None:
    """Let the threads run on these cores, each on the next."""
    for thread, those in zip(threads, cycle(cores), strict=False):
        with contextlib.suppress(OSError):  # a system may forbid it, and the thread may have ended
            os.sched_setaffinity(thread, those)
