"""Jobs for workers, which import them from here."""

import os
import signal
import time
from collections.abc import Generator
from pathlib import Path

from digits.errors import DigitsError


def count(shared: int, until: int) -> Generator[int, None, None]:
    """Yields `until` numbers, from `shared` on."""
    yield from range(shared, shared + until)


def misbehave(shared: int, how: str) -> Generator[str, None, None]:
    yield "begun"
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "diverged":
        raise DigitsError("the loss became nan")
    if how == "memory":
        raise MemoryError
    if how == "bug":
        raise ValueError("two\nlines")
    yield f"well {how}"


def meet(folder: Path, name: str) -> Generator[str, None, None]:
    """Ends when the other of two jobs is at work as well."""
    (folder / name).touch()
    other = folder / {"a": "b", "b": "a"}[name]
    for _ in range(1200):
        if other.exists():
            yield f"{name} met the other, with {os.environ['OMP_NUM_THREADS']} threads"
            return
        time.sleep(0.05)


def say_pid(shared: None, seconds: float) -> Generator[int, None, None]:
    yield os.getpid()
    time.sleep(seconds)
    yield 0
