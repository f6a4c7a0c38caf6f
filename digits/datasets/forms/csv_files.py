"""A user's own data as CSV, an image a row, as Kaggle's Digit Recognizer has it: `label,pixel0,…,pixel783`."""

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from digits.datasets.forms.images import canvas
from digits.datasets.forms.parts import (
    MAX_BYTES,
    MAX_IMAGES,
    TRAIN,
    Part,
    Parts,
    files_by_split,
    in_natural_order,
    is_file_or_folder_of,
    numbered,
    shown,
    tell,
)
from digits.datasets.forms.pixels import to_greys, to_labels
from digits.errors import DigitsError

_MAX_LINE = 1 << 20  # bytes; a row of 784 numbers takes 2 to 20 thousand
_LABELS = ("label", "labels", "class", "target", "y")
_SMALLEST = 64  # pixels of an image
_ALLOWED = "a column of labels and 784 of pixels (or another square number)"


def has_csv(path: Path) -> bool:
    """Whether it is a `.csv`, or a folder with `train.csv` or the like."""
    return is_file_or_folder_of(path, ".csv")


def read_csv(path: Path) -> Parts:
    """The dataset in a `.csv` or in a folder of them. A test file without labels, as Kaggle's, is left out with a note.

    Raises:
        DigitsError: one is not of this form, or too large.
    """
    parts = {}
    for split, files in files_by_split(path, ".csv").items():
        if len(files) > 1:
            raise DigitsError(f"{path} has {files[0].name} and {files[1].name}; allowed: one file for each split")
        numbers, labels = _table(files[0])
        if labels is None:
            if split == TRAIN:
                raise DigitsError(f"{shown(files[0])} has no column with the name label; allowed: {_ALLOWED}")
            tell(f"note: {shown(files[0])} has no labels, and is not read")
            continue
        where = shown(files[0])
        (greys,), said = to_greys({where: numbers})
        values, converted = to_labels(labels, f"the label of {where}")
        if said := [
            words for words in said + converted if "shape" not in words
        ]:  # that rows are flat goes without saying
            tell(f"note: in {where} {'; '.join(said)}")
        parts[split] = Part(canvas(greys, len(greys)), *numbered(values))
    return parts


def read_unlabelled_csv(path: Path) -> np.ndarray:
    """The images of a `.csv`, uint8, `(n, height, width)`. Labels in it are left out, with a note.

    Raises:
        DigitsError: it is not of this form, or too large.
    """
    numbers, labels = _table(path)
    if labels is not None:
        tell(f"note: the labels in {shown(path)} are not read")
    return to_greys({shown(path): numbers})[0][0]


def _table(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """The pixels of each row, `(n, pixels)`, and the labels, `(n,)`, or None.

    Both are uint8, or float32 where the first row has a decimal point.
    """
    with path.open("rb") as stream:
        first = _line(stream, path, 1)
        cells = _cells(first, path)
        has_header = not all(map(_is_number, cells))
        label = _label_column(cells, has_header, path)
        rows = _Rows(stream, path, [] if has_header else [first])
        start = rows.peek()
        if not start:
            raise DigitsError(f"{shown(path)} has no rows")
        dtype = np.dtype(np.float32 if b"." in start else np.uint8)
        most = min(MAX_IMAGES, MAX_BYTES // (len(cells) * dtype.itemsize))
        try:
            table = np.loadtxt(
                rows, dtype, comments=None, delimiter=",", encoding="latin-1", ndmin=2, max_rows=most + 1
            )
        except ValueError as error:
            raise DigitsError(_why(str(error), rows, path, dtype)) from error
    if table.shape[1] != len(cells):
        raise DigitsError(f"{shown(path)} has {table.shape[1]:,} columns, its header has {len(cells):,}")
    if len(table) > most:
        raise DigitsError(f"{shown(path)} has too many rows; allowed: up to {most:,}")
    if label is None:
        return table, None
    return table[:, 1:] if label == 0 else table[:, :-1], table[:, label]


def _cells(line: bytes, path: Path) -> list[str]:
    try:
        (cells,) = csv.reader([line.decode("utf-8-sig")], strict=True)
    except (ValueError, csv.Error) as error:
        raise DigitsError(f"{shown(path)} is not a CSV file of numbers: its first line is not text") from error
    return [cell.strip() for cell in cells]


def _label_column(cells: list[str], has_header: bool, path: Path) -> int | None:
    """Which column holds the labels, if one does; the others are the pixels, row after row of an image."""
    names = [cell.lower() for cell in cells] if has_header else []
    labels = [index for index, name in enumerate(names) if name in _LABELS]
    if len(labels) > 1:
        found = " and ".join(cells[index] for index in labels)
        raise DigitsError(f"{shown(path)} has the columns {found}; allowed: one of labels")
    if not has_header and _is_square(len(cells) - 1):
        tell(f"note: {shown(path)} has no header; its first column is read as the label")
        labels = [0]
    if labels and labels[0] not in (0, len(cells) - 1):
        raise DigitsError(f"{shown(path)} has its labels in column {labels[0] + 1:,}; allowed: the first or the last")
    pixels = len(cells) - len(labels)
    if not _is_square(pixels):
        raise DigitsError(f"{shown(path)} has {pixels:,} columns of pixels; allowed: {_ALLOWED}")
    names = [name for index, name in enumerate(names) if index not in labels]
    if names != sorted(names, key=in_natural_order):
        raise DigitsError(f"{shown(path)} has columns of pixels out of order; allowed: pixel0, pixel1 and so on")
    return labels[0] if labels else None


def _is_square(count: int) -> bool:
    return count >= _SMALLEST and math.isqrt(count) ** 2 == count


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _line(stream: IO[bytes], path: Path, number: int) -> bytes:
    """The next line of the file, if it is not longer than any that we take."""
    line = stream.readline(_MAX_LINE + 1)
    if len(line) > _MAX_LINE:
        raise DigitsError(f"{shown(path)} is no CSV file of images: line {number:,} has more than {_MAX_LINE:,} bytes")
    return line


class _Rows:
    """The rows of a file one by one, for NumPy; `number` counts the lines, and so says where an error is."""

    def __init__(self, stream: IO[bytes], path: Path, begin: list[bytes]):
        self.stream, self.path, self.begin = stream, path, begin
        self.number = 1 - len(begin)

    def peek(self) -> bytes:
        """The first row, which stays; empty if there is none."""
        self.begin = self.begin or [_line(self.stream, self.path, 2)]
        return self.begin[0]

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines():
            self.number += 1
            if not line.strip():
                rest = self.stream.read(_MAX_LINE)
                if rest.strip() or len(rest) == _MAX_LINE:  # an empty end is no mistake
                    raise DigitsError(f"{shown(self.path)} is empty in line {self.number:,}; allowed: an image a line")
                return
            yield line

    def _lines(self) -> Iterator[bytes]:
        yield from self.begin
        while line := _line(self.stream, self.path, self.number + 1):
            yield line


def _why(reason: str, rows: _Rows, path: Path, dtype: np.dtype) -> str:
    """What is wrong in the last line that was read, which NumPy tells in its own way."""
    allowed = "whole numbers from 0 to 255" if dtype == np.uint8 else "numbers"
    where = f"{shown(path)}, line {rows.number:,}"
    if found := re.search(r"could not convert string '(.*)' to ", reason, re.DOTALL):
        return f"{where}: {found[1][:40]!a} is in the place of a number; allowed: {allowed}"
    if found := re.search(r"changed from (\d+) to (\d+)", reason):
        return f"{where}: there are {found[2]} columns, and {found[1]} in the lines before; allowed: as many in each"
    return f"{where}: it cannot be read as {allowed} ({' '.join(reason.split())[:100]})"
