"""The networks of an ensemble, trained one after another or side by side; the same seed gives the same bits."""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from typing import Any

from digits.errors import DigitsError
from digits.processes import Submit, result
from digits.training.loop import Progress, Report, Training, finished

Reports = Iterator[tuple[int, Report]]  # of networks by their place


def one_after_another(training: Training, networks: Sequence[Any], starts: Sequence[Progress], origin: str) -> Reports:
    """Train `networks` in place, each from where `starts` has it.

    Args:
        training: of the first network; each further one has the next seed.
        origin: what `starts` are called in errors.
    """
    for place, (network, start) in enumerate(zip(networks, starts, strict=True)):
        if not finished(training.info.recipe, start.history):
            for report in _of(training, place).run(network, start, origin):
                yield place, report


def side_by_side(submit: Submit, training: Training, starts: Sequence[Progress], origin: str) -> Reports:
    """The same in other processes, an epoch at a time, so that none is idle while another has two epochs before it.

    Args:
        submit: has a process call a function with `training`, which it was given before.

    Raises:
        DigitsError: a training failed, or a process was killed.
    """
    running: dict[Future[list[Report]], int] = {}

    def go_on(place: int, progress: Progress) -> None:
        if not finished(training.info.recipe, progress.history):
            running[submit(train_epoch, place, progress, origin)] = place

    for place, start in enumerate(starts):
        go_on(place, start)
    while running:
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            place = running.pop(future)
            try:
                reports = result(future)
            except DigitsError as error:
                raise DigitsError(f"network {place + 1} failed: {error}. Go on with --resume") from error
            yield from ((place, report) for report in reports)
            if progress := reports[-1].progress:
                go_on(place, progress)


def train_epoch(training: Training, place: int, start: Progress, origin: str) -> list[Report]:
    """Train the network of this place for one epoch more."""
    one, reports = _of(training, place), []
    _, network = one.build()
    for report in one.run(network, start, origin):
        reports.append(report)
        if report.progress:
            break
    return reports


def _of(training: Training, place: int) -> Training:
    return replace(training, seed=training.seed + place)
