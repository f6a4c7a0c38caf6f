"""TensorBoard's event files, the same for both frameworks."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from digits.errors import not_installed

Event = tuple[str, float, int]  # tag, value and step
Write = Callable[[str, float, int], None]  # takes an event


@contextmanager
def open_events(wanted: bool, folder: Path, first: int | None = None) -> Iterator[Write]:
    """A function that writes a number under a tag at a step, into an event file in `folder`, or does nothing.

    Args:
        wanted: whether to write at all.
        folder: made if missing. What an earlier run wrote there from step `first` on, TensorBoard no longer shows.

    Raises:
        DigitsError: tensorboardX is not installed.
        OSError: the folder cannot be written.
    """
    if not wanted:
        yield lambda tag, value, step: None
        return
    try:
        from tensorboardX import SummaryWriter
    except ModuleNotFoundError as error:
        raise not_installed("tensorboardX", "tensorboard") from error
    # By itself it names a file by the second, and so would write over the one that a quick run has just written.
    with SummaryWriter(str(folder), purge_step=first, filename_suffix=f".{time.time_ns()}") as writer:
        yield lambda tag, value, step: writer.add_scalar(tag, value, step)
