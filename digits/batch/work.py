"""What each process does: read some pictures, each of which ends in lines of JSON, whatever it is."""

import functools
import json
import platform
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits.batch.ledger import WHOLE, Entry, Picture
from digits.batch.sources import is_address, opened, stamp
from digits.datasets import Split, images_from, shown
from digits.errors import DigitsError
from digits.files import sha256
from digits.image_files import MAX_FILE, read_stream
from digits.processes import first_line

if TYPE_CHECKING:
    from digits.reading import Reader

_FAR = 1000  # rows of a Parquet file: where the next one wanted is farther on, the file is opened anew
_NOWHERE = 1 << 62  # a row that no file has


@dataclass(frozen=True)
class Job:
    """What all processes are told.

    Attributes:
        model: an exported model; None for the one that comes with the package.
        settings: what decides readings, pairs of a name and a value, as it is where the command runs.
        hand: somebody's own digits, which vote.
    """

    model: Path | None
    settings: tuple[tuple[str, str], ...]
    hand: Split | None = field(default=None, compare=False)  # of which the settings tell


def settings_of(model: Path | None, hand: Split | None) -> tuple[tuple[str, str], ...]:
    """What decides readings, pairs of a name and a value: what is read with, by its SHA-256.

    Raises:
        DigitsError: one of them is not there, or OpenCV is not installed.
    """
    from digits.reading.confidence import WEIGHTS
    from digits.reading.finder import FINDER
    from digits.reading.form import FORM
    from digits.reading.reader import SHIPPED

    files = {"model": model or SHIPPED, "finder": FINDER, "form": FORM, "weights": WEIGHTS}
    try:
        digests = {name: sha256(path.read_bytes())[:16] for name, path in files.items()}
    except OSError as error:
        raise DigitsError(f"{error.filename} cannot be read on {platform.node()}: {error.strerror}") from error
    digests["hand"] = sha256(hand.images.tobytes() + hand.labels.tobytes())[:16] if hand else "none"
    return tuple(digests.items())


def read_pictures(job: Job, pictures: Sequence[Picture]) -> list[Entry]:
    """What came of each picture.

    Raises:
        DigitsError: the model is another here than where the command runs, or none of ours.
    """
    reader = _reader(job)
    return [_read(reader, picture, source) for picture, source in _with_sources(pictures)]


def not_read(picture: Picture, reason: object) -> Entry:
    """What comes of a picture that cannot be read."""
    return Entry(picture.id, _line(picture, {"error": f"{_where(picture)} cannot be read: {reason}"}), failed=True)


@functools.cache
def _reader(job: Job) -> "Reader":
    """The reader, loaded once in each process."""
    from digits.reading import Reader

    for (name, there), (_, here) in zip(job.settings, settings_of(job.model, job.hand), strict=True):
        if here != there:
            raise DigitsError(f"the {name} on {platform.node()} is another ({here}) than here ({there})")
    return Reader(job.model, job.hand)


Source = Path | bytes | Exception


def _read(reader: "Reader", picture: Picture, source: Source) -> Entry:
    """What came of a picture, of which its `source` is known, or why there is none."""
    lines, failed = [], True
    try:
        if isinstance(source, Exception):
            raise source
        for trace in reader.traces(source, _where(picture)):
            lines.append(_line(picture, trace.to_dict()))
        if _has_changed(picture):
            lines.clear()
            raise DigitsError(f"{_where(picture)} has changed since it was listed. It is read anew with --resume")
        failed = False
    except DigitsError as error:
        lines.append(_line(picture, {"error": str(error)}))
    except Exception as error:  # of a million pictures one may show a mistake of ours; the others are read
        what = f"{_where(picture)} cannot be read ({type(error).__name__}: {first_line(error)})"
        lines.append(_line(picture, {"error": what}))
    return Entry(picture.id, "\n".join(lines), failed)


def _line(picture: Picture, what: dict[str, Any]) -> str:
    row = {} if picture.row == WHOLE else {"row": picture.row}
    return json.dumps({"source": shown(picture.name), **row, **what})


def _where(picture: Picture) -> str:
    return shown(picture.name) + ("" if picture.row == WHOLE else f", row {picture.row:,}")


def _has_changed(picture: Picture) -> bool:
    """Whether a file of this machine is another than was listed; what lies elsewhere is replaced as a whole."""
    return not is_address(picture.name) and stamp(Path(picture.name)) != picture[:1] + picture[2:4]


# What the reader is given


def _with_sources(pictures: Sequence[Picture]) -> Iterator[tuple[Picture, Source]]:
    """Each picture with its path, its bytes, or why it has none."""
    for (is_row, is_elsewhere), group in groupby(pictures, lambda one: (one.row != WHOLE, is_address(one.name))):
        together = list(group)
        if is_row:
            yield from ((one, _row(one)) for one in together)
        elif is_elsewhere:
            with ThreadPoolExecutor(len(together)) as pool:  # all wait for their answers at the same time
                yield from zip(together, pool.map(_fetched, together), strict=True)
        else:
            yield from ((one, Path(one.name)) for one in together)


def source_of(name: str, row: int | None) -> Path | bytes:
    """What a reader is given of the picture of this path or address, or in this row of it.

    Raises:
        DigitsError: it is not there, is no file, or cannot be read.
    """
    size, time = (0, 0) if is_address(name) else stamp(Path(name))[1:]
    picture = Picture(name, WHOLE if row is None else row, size, time)
    [(_, source)] = _with_sources([picture])
    if isinstance(source, DigitsError):
        raise source
    if isinstance(source, Exception):
        raise DigitsError(f"{_where(picture)} cannot be read: {first_line(source)}") from source
    return source


def _fetched(picture: Picture) -> Source:
    try:
        with opened(picture.name) as file:
            return read_stream(file, shown(picture.name))
    except Exception as error:
        return error


def _row(picture: Picture) -> Source:
    try:
        return _images(picture.name, picture.size, picture.time).of(picture)
    except Exception as error:
        return error


class _Images:
    """The images of a Parquet file. Rows are mostly asked for in their order, and so the file is read on."""

    def __init__(self, name: str):
        self.name, self.next = name, _NOWHERE
        self.rest: Iterator[Any] = iter(())

    def of(self, picture: Picture) -> bytes:
        """The bytes of a picture.

        Raises:
            DigitsError: the file or the row is damaged, or has none.
        """
        if not self.next <= picture.row < self.next + _FAR:
            self.rest, self.next = images_from(opened(self.name), shown(self.name), picture.row), picture.row
        known, self.next = self.next, _NOWHERE
        for row, data in enumerate(self.rest, known):
            if row == picture.row:
                self.next = row + 1
                if data is None or data.size > MAX_FILE:
                    what = "has no image" if data is None else f"is too large; allowed: up to {MAX_FILE >> 20} MiB"
                    raise DigitsError(f"{_where(picture)} {what}")
                return bytes(data)
        raise DigitsError(f"{_where(picture)} is not there: the file is damaged or has changed")


@functools.lru_cache(maxsize=1)
def _images(name: str, size: int, time: int) -> _Images:
    return _Images(name)
