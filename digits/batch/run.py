"""Many pictures read, a ledger kept, and a table written: by processes here, or on the nodes of a Ray cluster."""

import contextlib
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from digits.batch.ledger import WHOLE, Ledger, Picture
from digits.batch.sources import SourceFile, found, is_parquet
from digits.batch.sources import opened as opened_source
from digits.batch.table import checked, write_table
from digits.batch.work import Job, not_read, read_pictures, settings_of
from digits.datasets import count_images, require_pyarrow, shown
from digits.errors import DigitsError
from digits.hardware import cores_here
from digits.processes import Killed, Submit, processes, result
from digits.reading.hand import read_hand

TOGETHER = 8  # pictures that a process is given at a time
AHEAD = 2  # times as many calls are under way as there are cores
_PACKAGES = ("onnxruntime", "opencv-python-headless", "pillow")  # in which nodes must agree


@dataclass(frozen=True)
class Batch:
    """Many pictures to read.

    Attributes:
        sources: files, folders, patterns, Parquet, and addresses such as `s3://bucket/scans`.
        output: the path of the table to write: .parquet, .csv or .jsonl. The ledger lies beside it meanwhile.
        model: an exported model; None for the one that comes with the package.
        hand: a folder of somebody's own digits, which vote; None for nobody's.
        resume: whether to go on with a ledger that is there.
        address: of the Ray cluster to read on, `HOST:PORT`; None for this machine.
    """

    sources: Sequence[str]
    output: str
    model: Path | None = None
    hand: Path | None = None
    resume: bool = False
    address: str | None = None

    @property
    def ledger(self) -> Path:
        """Where the ledger lies."""
        return Path(f"{self.output}.ledger")


class Progress(NamedTuple):
    """How far reading has come.

    Attributes:
        kept: pictures that were read before, and have not changed.
        done: pictures that are done, these among them.
        total: pictures that there are.
        failed: those of `done` that could not be read.
    """

    kept: int
    done: int
    total: int
    failed: int


def read_all(batch: Batch) -> Generator[Progress, None, None]:
    """Read what there is to read, and say how far that has come; at the end the table is written.

    The ledger goes with that, but stays where pictures could not be read, which are then tried again by `resume`.

    Raises:
        DigitsError: there is nothing to read; output, model, hand or cluster cannot be used; or see `Ledger`.
        OSError: the table cannot be written.
    """
    output = checked(batch.output)
    hand = None if batch.hand is None else read_hand(batch.hand)
    job = Job(batch.model, settings_of(batch.model, hand), hand)
    if batch.resume and output.exists() and not batch.ledger.exists():
        raise DigitsError(f"{output} is whole: there is nothing to go on with. Without --resume it is made anew")
    output.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(Ledger(batch.ledger, dict(job.settings), batch.resume)) as ledger:
        files = (file for file in found(batch.sources) if not _is_same(file, output))
        ledger.list(picture for file in files for picture in _pictures(file))
        total, kept, failed = ledger.count(), ledger.count("lines IS NOT NULL AND NOT failed"), 0
        done = kept
        yield Progress(kept, done, total, failed)
        if done < total:
            with _engine(batch, job) as (submit, cores):
                for read, of_them_failed in _read(ledger, submit, cores):
                    done, failed = done + read, failed + of_them_failed
                    yield Progress(kept, done, total, failed)
        write_table(output, ledger.lines())
        if not failed:
            ledger.forget()


def _is_same(file: SourceFile, output: Path) -> bool:
    """Whether a file to read is the table that was written before."""
    return is_parquet(file.name) and output.exists() and os.path.realpath(file.name) == os.path.realpath(output)


def _pictures(file: SourceFile) -> Iterator[Picture]:
    """The pictures in a file: it is one itself, or Parquet, of which each row is one."""
    if not is_parquet(file.name):
        yield Picture(file.name, WHOLE, file.size, file.time)
        return
    require_pyarrow()
    try:
        with opened_source(file.name) as stream:
            count = count_images(stream, shown(file.name))
    except (DigitsError, OSError):
        count = 1  # of which is said what is wrong with the file, when it is read
    yield from (Picture(file.name, row, file.size, file.time) for row in range(count))


@contextlib.contextmanager
def _engine(batch: Batch, job: Job) -> Iterator[tuple[Submit, Callable[[], int]]]:
    """What has a process read pictures, and how many cores work for it."""
    if batch.address:
        from digits.training.cluster import cluster, cores_of_cluster

        with cluster(batch.address, 1, _PACKAGES, job) as submit:
            yield submit, cores_of_cluster
    else:
        with processes(cores_here(), 1, job) as submit:
            yield submit, cores_here


def _read(ledger: Ledger, submit: Submit, cores: Callable[[], int]) -> Iterator[tuple[int, int]]:
    """Have all that is missing read; after each wave how many pictures were done, and how many of them failed.

    Pictures whose process was killed are read one at a time: the one of them that kills it is not read.
    """
    missing, alone = ledger.missing(), list[list[Picture]]()
    under_way: dict[Future[Any], list[Picture]] = {}
    while True:
        while len(under_way) < AHEAD * cores() and (some := alone.pop() if alone else list(islice(missing, TOGETHER))):
            under_way[submit(read_pictures, some)] = some
        if not under_way:
            return
        readings = []
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            pictures = under_way.pop(future)
            try:
                readings += result(future)
            except Killed as error:
                alone += [[one] for one in pictures]
                if len(pictures) == 1:
                    readings.append(not_read(alone.pop()[0], error))
        ledger.note(readings)
        yield len(readings), sum(one.failed for one in readings)
