"""What other processes are asked to do, who import it from here."""

import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

from digits.batch.ledger import Entry, Picture
from digits.batch.work import Job, read_pictures
from digits.errors import DigitsError


def add(shared: int, number: int) -> int:
    return shared + number


def misbehave(shared: int, how: str) -> None:
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "killed while it answers":
        Connection._send = _half
    if how == "diverged":
        raise DigitsError("the loss became nan")
    if how == "memory":
        raise MemoryError
    if how == "bug":
        raise ValueError("two\nlines")


def _half(self: Connection, answer: bytes) -> None:
    os.write(self.fileno(), answer[: len(answer) // 2])
    os.kill(os.getpid(), signal.SIGKILL)


def meet(folder: Path, name: str) -> str:
    """Ends when the other of two calls is at work as well."""
    (folder / name).touch()
    other = folder / {"a": "b", "b": "a"}[name]
    for _ in range(1200):
        if other.exists():
            return f"{name} met the other, with {os.environ['OMP_NUM_THREADS']} threads"
        time.sleep(0.05)
    return f"{name} met nobody"


def note_pid(folder: Path, name: str) -> None:
    """Never ends by itself."""
    (folder / name).write_text(str(os.getpid()))
    time.sleep(600)


def read_or_die(job: Job, pictures: list[Picture]) -> list[Entry]:
    """Read pictures; but 3.png kills the process."""
    if any(one.name.endswith("3.png") for one in pictures):
        os.kill(os.getpid(), signal.SIGKILL)
    return read_pictures(job, pictures)
