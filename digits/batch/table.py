"""The table that comes of it: a row a picture, in a file that is whole or not there."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import IO, Any

from digits.batch.sources import is_address
from digits.datasets import require_pyarrow
from digits.errors import DigitsError
from digits.files import appearing

_COLUMNS = ("source", "row", "page", "text", "confidence", "digits", "left_out", "error")
_ROWS = 2_000  # of Parquet, written at a time


def checked(output: str) -> Path:
    """The path of a table that can be written, as is made sure before the pictures are read.

    Raises:
        DigitsError: its name has another ending, it is a folder, or what writes it is not installed.
    """
    if is_address(output):
        raise DigitsError(f"output is {output}; allowed: a path on this machine, from which it can be copied there")
    path = Path(output)
    if path.suffix not in _FORMS:
        raise DigitsError(f"output is {path}; allowed: a name that ends in {', '.join(_FORMS)}")
    if path.is_dir():
        raise DigitsError(f"output is {path}, which is a folder; allowed: a file in it, say {path / 'readings.csv'}")
    if path.suffix == ".parquet":
        require_pyarrow()
    return path


def write_table(path: Path, lines: Iterable[str]) -> None:
    """Write readings (JSON objects, a line each) as `path` says by its ending, or nothing.

    Raises:
        OSError: it cannot be written, or the disk is full.
    """
    with appearing(path) as file:
        _FORMS[path.suffix](file, lines)


def _write_jsonl(file: IO[bytes], lines: Iterable[str]) -> None:
    file.writelines(f"{line}\n".encode() for line in lines)


def _write_csv(file: IO[bytes], lines: Iterable[str]) -> None:
    """Lists as JSON, in a cell each."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    rows = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    rows.writeheader()
    for line in lines:
        cells = json.loads(line)
        rows.writerow({name: json.dumps(one) if isinstance(one, list) else one for name, one in cells.items()})
    text.detach()


def _write_parquet(file: IO[bytes], lines: Iterable[str]) -> None:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    box = pyarrow.list_(pyarrow.int32())
    digit = pyarrow.struct(
        {
            "digit": pyarrow.int8(),
            "confidence": pyarrow.float64(),
            "line": pyarrow.int32(),
            "group": pyarrow.int32(),
            "box": box,
        }
    )
    kinds = [pyarrow.string(), pyarrow.int64(), pyarrow.int32(), pyarrow.string(), pyarrow.float64()]
    kinds += [pyarrow.list_(digit), pyarrow.list_(box), pyarrow.string()]
    schema = pyarrow.schema(list(zip(_COLUMNS, kinds, strict=True)))
    rows = map(json.loads, lines)
    with ParquetWriter(file, schema, compression="zstd") as writer:
        while some := list(islice(rows, _ROWS)):
            writer.write_table(pyarrow.Table.from_pylist(some, schema))


_FORMS: dict[str, Callable[[IO[bytes], Iterable[str]], Any]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
}
