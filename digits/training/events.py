"""TensorBoard's event files, the same for both frameworks."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from digits.errors import not_installed
from digits.training.loop import Report
from digits.training.settings import Settings

Write = Callable[[str, float, int], None]  # takes a tag, a value and how many images were seen so far


class Events(ExitStack):
    """The event files of a run's networks, one for each; none where they are not wanted."""

    def __init__(self, settings: Settings):
        super().__init__()
        self.settings = settings
        self.open: dict[int, Write] = {}  # by the place of the network

    def write(self, place: int, report: Report) -> None:
        """Write the losses and accuracies of a report.

        Raises:
            DigitsError: tensorboardX is not installed.
            OSError: the folder cannot be written.
        """
        before = report.epoch * report.images
        if place not in self.open:
            what = f"seed_{self.settings.seed + place}"
            self.open[place] = self.enter_context(open_events(self.settings, what, before + 1))
        self.open[place]("loss_of_steps", report.loss, before + report.seen)
        if report.progress:
            for name, value in sorted(report.progress.history[-1].items()):
                if name != "seconds":
                    self.open[place](name, value, before + report.images)


@contextmanager
def open_events(settings: Settings, what: str, first: int | None = None) -> Iterator[Write]:
    """A function that writes a number into an event file of the run, or does nothing where none is wanted.

    Args:
        what: the file is about: a network or an ensemble.
        first: what an earlier run wrote there from this number of images on, TensorBoard no longer shows.

    Raises:
        DigitsError: tensorboardX is not installed.
        OSError: the folder cannot be written.
    """
    if not settings.tensorboard:
        yield lambda tag, value, step: None
        return
    try:
        from tensorboardX import SummaryWriter
    except ModuleNotFoundError as error:
        raise not_installed("tensorboardX", "tensorboard") from error
    folder = settings.output_dir / "tensorboard" / f"{settings.backend}_{what}"
    # By itself it names a file by the second, and so would write over the one that a quick run has just written.
    with SummaryWriter(str(folder), purge_step=first, filename_suffix=f".{time.time_ns()}") as writer:
        yield lambda tag, value, step: writer.add_scalar(tag, value, step)
