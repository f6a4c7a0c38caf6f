"""The table that `digits read --output` wrote, read back: whatever else a file holds is one line."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from digits.batch import is_address
from digits.datasets import rows_of, shown
from digits.errors import DigitsError
from digits.files import sha256

TEXT = re.compile(r"([0-9]+(\n[0-9]+)*)?")  # of a picture
_COLUMNS = ("source", "row", "page", "text", "confidence", "digits", "error")
_PARSED = ("row", "page", "confidence", "digits")  # of CSV
_LINE = 16 << 20  # bytes of a line or a cell, at most; a digit takes some 100


class Key(NamedTuple):
    """Which picture it is: the path or address of its file, the row in that, from 0, and the page, from 1."""

    source: str
    row: int | None
    page: int | None

    @property
    def may_be_there(self) -> bool:
        """Whether its file is on this machine, or elsewhere, which is not asked."""
        return is_address(self.source) or Path(self.source).is_file()

    @property
    def name(self) -> str:
        """What it is called for people."""
        row = "" if self.row is None else f", row {self.row:,}"
        return shown(self.source) + row + ("" if self.page is None else f", page {self.page:,}")


class Row(NamedTuple):
    """A picture, and what was read in it.

    Attributes:
        key: which picture.
        text: as it was read.
        confidence: 0 to 1, that the text is right.
        digest: of what was read, with its boxes; another reading has another.
    """

    key: Key
    text: str
    confidence: float
    digest: str


class Readings(NamedTuple):
    """A table.

    Attributes:
        rows: of the pictures that were read, in the order of the table.
        failed: how many could not be read.
        digest: of all that was read.
    """

    rows: list[Row]
    failed: int
    digest: str


def read_readings(path: Path) -> Readings:
    """The readings in a `.parquet`, `.csv` or `.jsonl`.

    Raises:
        DigitsError: it is not there, has another ending, is damaged or no such table, or holds no readings.
    """
    if path.suffix not in _FORMS:
        raise DigitsError(f"{shown(path)} is no table of readings; allowed: names that end in {', '.join(_FORMS)}")
    if not path.is_file():
        raise DigitsError(f"{shown(path)} is not there. Make it: digits read PICTURES --output {shown(path)}")
    rows: list[Row] = []
    failed = 0
    seen = set[Key]()
    with path.open("rb") as file:
        for number, cells in enumerate(_cells(file, path), 1):
            try:
                row = _row(cells)
                if row is None:
                    failed += 1
                    continue
                if row.key in seen:
                    raise ValueError(f"{row.key.name} was there before")
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                allowed = "what digits read --output writes"
                raise DigitsError(
                    f"{shown(path)}, row {number:,} is no reading ({error}); allowed: {allowed}"
                ) from error
            seen.add(row.key)
            rows.append(row)
    if not rows:
        raise DigitsError(f"{shown(path)} holds no picture that could be read: there is nothing to review")
    return Readings(rows, failed, _digest([[*row.key, row.digest] for row in rows]))


def _cells(file: IO[bytes], path: Path) -> Iterator[dict[str, Any]]:
    """The rows, each a cell a column."""
    try:
        yield from _FORMS[path.suffix](file, shown(path))
    except (ValueError, RecursionError, csv.Error) as error:
        reason = " ".join(str(error).split())[:200]
        raise DigitsError(f"{shown(path)} is damaged or no table of readings ({reason})") from error


def _row(cells: dict[str, Any]) -> Row | None:
    """A row, checked; None where the picture could not be read.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    source, row, page = cells["source"], cells.get("row"), cells.get("page")
    if not isinstance(source, str) or not source or "\0" in source:
        raise ValueError("no source")
    if not (row is None or (type(row) is int and row >= 0)) or not (page is None or (type(page) is int and page >= 1)):
        raise ValueError(f"row {row!r}, page {page!r}")
    if cells.get("error") is not None:
        return None
    text, confidence, digits = cells["text"], cells["confidence"], cells["digits"]
    if not isinstance(text, str) or not TEXT.fullmatch(text):
        raise ValueError("text is no rows of digits")
    if not isinstance(confidence, float | int) or not 0 <= confidence <= 1 or not isinstance(digits, list):
        raise ValueError("no confidence or no digits")
    return Row(Key(source, row, page), text, float(confidence), _digest([text, float(confidence), digits]))


def _digest(what: Any) -> str:
    return sha256(json.dumps(what, sort_keys=True).encode())[:16]


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file.

    Raises:
        ValueError: one is too long.
    """
    while line := file.readline(_LINE + 1):
        if len(line) > _LINE:
            raise ValueError(f"a line is longer than {_LINE >> 20} MiB")
        yield line


def _from_jsonl(file: IO[bytes], name: str) -> Iterator[dict[str, Any]]:
    for line in lines_of(file):
        cells = json.loads(line)
        if not isinstance(cells, dict):
            raise ValueError("a line is no object of JSON")
        yield cells


def _from_csv(file: IO[bytes], name: str) -> Iterator[dict[str, Any]]:
    before = csv.field_size_limit(_LINE)
    try:
        rows = csv.DictReader((line.decode() for line in lines_of(file)), strict=True)
        if absent := set(_COLUMNS) - set(rows.fieldnames or ()):
            raise ValueError(f"it has no column {min(absent)}")
        for cells in rows:
            parsed = {name: json.loads(cells[name]) if cells[name] else None for name in _PARSED}
            yield {**cells, **parsed, "error": cells["error"] or None}
    finally:
        csv.field_size_limit(before)


def _from_parquet(file: IO[bytes], name: str) -> Iterator[dict[str, Any]]:
    return rows_of(file, name, _COLUMNS)


_FORMS: dict[str, Callable[[IO[bytes], str], Iterator[dict[str, Any]]]] = {
    ".parquet": _from_parquet,
    ".csv": _from_csv,
    ".jsonl": _from_jsonl,
}
