"""How PyTorch's threads compute, and on which cores. They are those of GNU's OpenMP; with another they are let be."""

import contextlib
import ctypes
import os
import threading
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

import torch


@contextlib.contextmanager
def each_on_its_core(threads: Sequence[int]) -> Iterator[None]:
    """Keep each of these threads, as `threads_on_all_cores` gives them, on a core of its own in here."""
    cores = sorted(os.sched_getaffinity(0)) if threads else []
    _place(threads, [{core} for core in cores])
    try:
        yield
    finally:
        _place(threads, [set(cores)])


def threads_on_all_cores() -> list[int]:
    """The threads that compute for this one, by the system's numbers, where they take all cores that there are.

    They wait for each other after each operation, and in the middle of some of oneDNN's: awake. Beside another busy
    program Linux leaves one core to that and puts two threads on another, where each is awake to wait for what the
    other could do meanwhile: a step takes seven times as long as alone. On a core each it takes twice as long.

    Empty where a core is left over, which Linux finds by itself, and on other systems.
    """
    found: list[int] = []
    if hasattr(os, "sched_getaffinity") and 1 < len(os.sched_getaffinity(0)) <= torch.get_num_threads():
        _call_in_each(ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: found.append(threading.get_native_id())))
    return found


def _place(threads: Sequence[int], cores: Sequence[set[int]]) -> None:
    """Let the threads run on these cores, each on the next."""
    for thread, those in zip(threads, cycle(cores), strict=False):
        with contextlib.suppress(OSError):  # a system may forbid it, and the thread may have ended
            os.sched_setaffinity(thread, those)


@contextlib.contextmanager
def flushing() -> Iterator[None]:
    """Let numbers below the smallest normal one, 1e-38, count as 0 in here.

    The processor takes long for each of them, and Adam comes to many: a moment that is multiplied by 0.9 at each step,
    and to which nothing is added, never gets to 0.
    """
    torch.set_flush_denormal(True)
    _have_each_compute_alike()
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        _have_each_compute_alike()


def _have_each_compute_alike() -> None:
    """Give the threads that compute for this one its rules of arithmetic, which PyTorch changes in this one alone."""
    with contextlib.suppress(OSError):  # another C library
        c = ctypes.CDLL("libm.so.6")
        rules = ctypes.create_string_buffer(256)  # more than C's fenv_t has anywhere
        c.fegetenv(rules)
        _call_in_each(c.fesetenv, rules)


def _call_in_each(function: Any, argument: Any = None) -> None:
    """Call C's `function` with `argument` in each of the threads that compute for this one, and in this one."""
    with contextlib.suppress(OSError, AttributeError):  # AttributeError: Windows has no such mode
        openmp = ctypes.CDLL("libgomp.so.1", mode=os.RTLD_NOLOAD | os.RTLD_NOW)  # the one that PyTorch has loaded
        openmp.GOMP_parallel(ctypes.cast(function, ctypes.c_void_p), argument, 0, 0)
