"""A user's own data as CSV, an image a row, as Kaggle's Digit Recognizer has it: `label,pixel0,…,pixel783`."""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.datasets.forms.csv_layout import ALLOWED, Layout, find_layout
from digits.datasets.forms.images import canvas
from digits.datasets.forms.parts import (
    MAX_BYTES,
    MAX_IMAGES,
    TRAIN,
    Part,
    Parts,
    files_by_split,
    is_file_or_folder_of,
    shown,
    tell,
)
from digits.datasets.forms.pixels import named, to_greys, upright
from digits.errors import DigitsError

_MAX_LINE = 1 << 20  # bytes; a row of 784 numbers takes 2 to 20 thousand
_SUFFIXES = (".csv", ".csv.gz")


def has_csv(path: Path) -> bool:
    """Whether it is a `.csv`, gzipped or not, or a folder with `train.csv` or the like."""
    return is_file_or_folder_of(path, *_SUFFIXES)


def read_csv(path: Path, label_column: str | None = None) -> Parts:
    """The dataset in a `.csv` or in a folder of them. A test file without labels, as Kaggle's, is left out with a note.

    Args:
        path: of a file, gzipped or not, or a folder.
        label_column: which column has the labels, where that is not to be found out: `first`, `last` or its name.

    Raises:
        DigitsError: one is not of this form, or too large.
    """
    parts = {}
    for split, files in files_by_split(path, *_SUFFIXES).items():
        if len(files) > 1:
            raise DigitsError(f"{path} has {files[0].name} and {files[1].name}; allowed: one file for each split")
        greys, labels = _table(files[0], label_column)
        if labels is None:
            if split == TRAIN:
                raise DigitsError(f"{shown(files[0])} has no column with the name label; allowed: {ALLOWED}")
            tell(f"note: {shown(files[0])} has no labels, and is not read")
            continue
        parts[split] = Part(canvas(greys, len(greys)), *named(labels, shown(files[0])))
    return parts


def read_unlabelled_csv(path: Path) -> NDArray[np.uint8]:
    """The images of a `.csv`, uint8, `(n, height, width)`. Labels in it are left out, with a note.

    Raises:
        DigitsError: it is not of this form, or too large.
    """
    greys, labels = _table(path, None)
    if labels is not None:
        tell(f"note: the labels in {shown(path)} are not read")
    return greys


def _table(path: Path, label_column: str | None) -> tuple[NDArray[np.uint8], list[str] | None]:
    """The images in a table, uint8, `(n, height, width)`, and the labels as they stand there, or None."""
    layout = find_layout(partial(_lines, path), path, label_column)
    rows = _Rows(path, layout)
    start = next(iter(_Rows(path, layout)), None)
    if start is None:
        raise DigitsError(f"{shown(path)} has no rows")
    dtype = np.dtype(np.float32 if b"." in start else np.uint8)
    most = min(MAX_IMAGES, MAX_BYTES // (layout.pixels * dtype.itemsize))
    try:
        pixels = np.loadtxt(
            rows,
            dtype,
            comments=None,
            delimiter=layout.separator.decode(),
            encoding="latin-1",
            ndmin=2,
            max_rows=most + 1,
        )
    except ValueError as error:
        raise DigitsError(_why(str(error), rows, path, dtype)) from error
    if pixels.shape[1] != layout.pixels:
        found, named_ = pixels.shape[1] + layout.others, layout.columns
        raise DigitsError(f"{shown(path)} has {found:,} columns, its header has {named_:,}")
    if len(pixels) > most:
        raise DigitsError(f"{shown(path)} has too many rows; allowed: up to {most:,}")
    (greys,), said = to_greys({shown(path): pixels})
    if said := [words for words in said if "shape" not in words]:  # that rows are flat goes without saying
        tell(f"note: in {shown(path)} {'; '.join(said)}")
    return upright(greys, path.name), rows.labels if layout.labels else None


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, gzipped or not, up to its end or its empty end.

    Raises:
        DigitsError: one is longer than any that we take or empty, or what was gzipped is damaged.
    """
    try:
        with path.open("rb") as file:
            is_packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_packed else path.open("rb") as stream:
            for number in count(1):
                if not (line := stream.readline(_MAX_LINE + 1)):
                    return
                if len(line) > _MAX_LINE:
                    raise DigitsError(
                        f"{shown(path)} is no CSV file of images: line {number:,} has more than {_MAX_LINE:,} bytes"
                    )
                if not line.strip():
                    rest = stream.read(_MAX_LINE)
                    if rest.strip() or len(rest) == _MAX_LINE:  # an empty end is no mistake
                        raise DigitsError(f"{shown(path)} is empty in line {number:,}; allowed: an image a line")
                    return
                yield line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DigitsError(f"{shown(path)} is damaged or cut off ({error})") from error


class _Rows:
    """The pixels of the rows one by one, for NumPy; `labels` grows meanwhile, and `number` is the line's."""

    def __init__(self, path: Path, layout: Layout):
        self.path, self.layout, self.number = path, layout, 0
        self.labels: list[str] = []

    def __iter__(self) -> Iterator[bytes]:
        for line in _lines(self.path):
            self.number += 1
            if self.number == 1 and self.layout.has_header:
                continue
            cells = self.layout.split(line)
            if cells is None:
                raise DigitsError(f"{shown(self.path)}, line {self.number:,}: there are too few columns")
            pixels, label = cells
            self.labels.append(label.decode("utf-8", "replace"))
            yield pixels


def _why(reason: str, rows: _Rows, path: Path, dtype: np.dtype) -> str:
    """What is wrong in the last line that was read, which NumPy tells in its own way."""
    allowed = "whole numbers from 0 to 255" if dtype == np.uint8 else "numbers"
    where = f"{shown(path)}, line {rows.number:,}"
    if found := re.search(r"could not convert string '(.*)' to ", reason, re.DOTALL):
        return f"{where}: {found[1][:40]!a} is in the place of a number; allowed: {allowed}"
    if found := re.search(r"changed from (\d+) to (\d+)", reason):
        before, now = (int(count) + rows.layout.others for count in found.groups())
        return f"{where}: there are {now} columns, and {before} in the lines before; allowed: as many in each"
    return f"{where}: it cannot be read as {allowed} ({' '.join(reason.split())[:100]})"
