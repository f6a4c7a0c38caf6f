"""A user's own data as Parquet, as Hugging Face has MNIST: `image`, a struct of `bytes` and `path`, and `label`."""

import json
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digits.datasets.forms.images import canvas, read_grey
from digits.datasets.forms.parts import (
    MAX_CLASSES,
    Part,
    Parts,
    check_names,
    check_size,
    files_by_split,
    is_file_or_folder_of,
    numbered,
    shown,
)
from digits.datasets.forms.pixels import to_labels
from digits.errors import DigitsError, not_installed
from digits.image_files import MAX_FILE

if TYPE_CHECKING:
    from pyarrow import Array, Buffer, RecordBatch
    from pyarrow.parquet import ParquetFile

METADATA = b"huggingface"  # the key under which Hugging Face's library says what the columns are
_IMAGES = ("image.bytes", "img.bytes", "image", "img")  # columns, the best one first
_LABELS = ("label", "labels", "target")
_ALLOWED = "image, the bytes of a file or a struct with them under bytes"
_ROWS = 16  # read at a time: a large image may stand in a file once and be unpacked for each of them
_SMALL_ROWS = 1_000  # read at a time where rows have no images
_MEMORY = 2 << 30  # bytes that reading so many rows may take


def has_parquet(path: Path) -> bool:
    """Whether it is a `.parquet`, or a folder with `train-….parquet` or the like."""
    return is_file_or_folder_of(path, ".parquet")


def read_parquet(path: Path) -> Parts:
    """The dataset in a `.parquet` or in a folder of them; a split may lie in several.

    Raises:
        DigitsError: one is damaged, not of this form, or too large; or pyarrow is missing.
    """
    return {split: _part(files, path) for split, files in files_by_split(path, ".parquet").items()}


def require_pyarrow() -> None:
    """Make sure that pyarrow is there, which only this form needs.

    Raises:
        DigitsError: it is not.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ModuleNotFoundError as error:
        raise not_installed("pyarrow, which reads and writes Parquet,", "parquet") from error


def count_images(file: IO[bytes], name: str) -> int:
    """How many images a Parquet file holds, in a column such as datasets have them in, with or without labels.

    Raises:
        DigitsError: it is damaged, has no such column or too many rows, or pyarrow is missing; `name` is what it is
            called in the error.
    """
    rows, _ = _images_of(file, name)
    return int(rows.metadata.num_rows)


def images_from(file: IO[bytes], name: str, first: int) -> "Iterator[Buffer]":
    """The bytes of each image from a row on, not copied; where a row has none, None.

    Raises:
        DigitsError: as `count_images`, or it is damaged from some row on.
    """
    rows, column = _images_of(file, name)
    with _refusing(name):
        groups = range(rows.metadata.num_row_groups)
        ends = list(accumulate(rows.metadata.row_group(index).num_rows for index in groups))
        start = bisect_right(ends, first)
        skipped = first - (ends[start - 1] if start else 0)
    kinds = {"columns": [column], "use_threads": False}
    each = (rows.iter_batches(_ROWS, row_groups=[group], **kinds) for group in groups[start:])  # one may be damaged
    for batch in _each(chain.from_iterable(each), name):
        images = batch.column(0).flatten()[0] if "." in column else batch.column(0)
        yield from _bytes(images[skipped:])
        skipped = max(0, skipped - len(images))


def rows_of(file: IO[bytes], name: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a Parquet file, with some of its columns.

    Raises:
        DigitsError: it is damaged, lacks one of them, has too many rows, or pyarrow is missing; `name` is what it is
            called in the error.
    """
    require_pyarrow()
    from pyarrow.parquet import ParquetFile

    with _refusing(name), _bounded_memory():
        rows = ParquetFile(file, pre_buffer=False, arrow_extensions_enabled=False)
        check_size(rows.metadata.num_rows, 0, name)
        if absent := set(columns) - set(rows.schema_arrow.names):
            raise DigitsError(f"{name} has no column {min(absent)}; allowed: {', '.join(columns)}")
        batches = rows.iter_batches(_SMALL_ROWS, columns=list(columns), use_threads=False)
    for batch in _each(batches, name):
        yield from batch.to_pylist()


def _images_of(file: IO[bytes], name: str) -> "tuple[ParquetFile, str]":
    """A Parquet file, and its column of images."""
    require_pyarrow()
    from pyarrow.parquet import ParquetFile

    with _refusing(name), _bounded_memory():
        rows = ParquetFile(file, pre_buffer=False, arrow_extensions_enabled=False)
        check_size(rows.metadata.num_rows, 0, name)
        plain = _plain(rows)
        column = _image_column(plain)
        if column is None:
            raise DigitsError(f"{name} has the columns {_listed(plain)}; allowed: {_ALLOWED}")
        return rows, column


@dataclass(frozen=True)
class _Table:
    """A file, opened, and the columns in it of images (`image.bytes`, where they are in a struct) and of labels."""

    path: Path
    file: "ParquetFile"
    image: str
    label: str


def _part(files: list[Path], root: Path) -> Part:
    """The split that lies in the files."""
    require_pyarrow()
    tables = [_open(file) for file in files]
    where, count = shown(files[0]), sum(table.file.metadata.num_rows for table in tables)
    check_size(count, 0, shown(root))
    if not count:
        raise DigitsError(f"{where} has no rows")
    names = {_class_names(table) for table in tables}
    if len(names) > 1:
        raise DigitsError(f"{where} and {shown(files[1])} are of one split, but their classes have different names")
    (classes,) = names
    labels: list[NDArray[np.integer]] = []
    images = canvas(_greys(tables, count, labels), count)
    numbers, _ = to_labels(np.concatenate(labels), f"the label of {where}")
    if len(numbers) != count:
        raise DigitsError(f"{where} is damaged: it says that it has {count:,} rows, and has {len(numbers):,}")
    if classes and numbers.max() >= len(classes):
        raise DigitsError(f"{where} holds the label {numbers.max()}, but names for only {len(classes)} classes")
    return Part(images, *numbered(numbers, classes))


def _open(path: Path) -> _Table:
    from pyarrow.parquet import ParquetFile

    with _refusing(path), _bounded_memory():
        file = ParquetFile(path, pre_buffer=False, arrow_extensions_enabled=False)
        groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
        check_size(file.metadata.num_rows, sum(group.total_byte_size for group in groups), shown(path))
        return _Table(path, file, *_columns(file, path))


def _columns(file: "ParquetFile", path: Path) -> tuple[str, str]:
    """The columns of images and of labels, which are plain: not lists, and so on."""
    found = _plain(file)
    image = _image_column(found)
    label = next((name for name in _LABELS if found.get(name) in ("INT32", "INT64")), None)
    if image is None or label is None:
        raise DigitsError(
            f"{shown(path)} has the columns {_listed(found)}; allowed: {_ALLOWED}, and label, whole numbers"
        )
    return image, label


def _plain(file: "ParquetFile") -> dict[str, str]:
    """The kind of each column that is no list and in none, by its name."""
    columns = [file.schema.column(index) for index in range(len(file.schema))]
    return {column.path: column.physical_type for column in columns if column.max_repetition_level == 0}


def _image_column(plain: dict[str, str]) -> str | None:
    return next((name for name in _IMAGES if plain.get(name) == "BYTE_ARRAY"), None)


def _listed(plain: dict[str, str]) -> str:
    return ascii(", ".join(f"{name[:40]} ({kind})" for name, kind in list(plain.items())[:6]) or "none")


def _class_names(table: _Table) -> tuple[str, ...]:
    """The names of the classes, which Hugging Face's library keeps beside the schema; empty if it has not."""
    text = (table.file.schema_arrow.metadata or {}).get(METADATA)
    try:
        names = json.loads(text)["info"]["features"][table.label]["names"] if text else []
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()
    if not isinstance(names, list) or len(names) > MAX_CLASSES:
        raise DigitsError(f"{shown(table.path)} has names of classes that are no list of up to {MAX_CLASSES:,}")
    check_names(map(str, names), shown(table.path))
    return tuple(map(str, names))


def _greys(tables: list[_Table], count: int, labels: list[NDArray[np.integer]]) -> Iterator[NDArray[np.uint8]]:
    """The images one by one (uint8, `(height, width)`), at most `count`; their labels are put into `labels`."""
    for table in tables:
        row, where = 0, shown(table.path)
        for batch in _batches(table):
            numbers = batch.column(batch.schema.get_field_index(table.label))
            images = batch.column(batch.schema.get_field_index(table.image.split(".")[0]))
            absent = images.null_count
            if "." in table.image:
                images = images.field("bytes")
            if absent or images.null_count or numbers.null_count:
                raise DigitsError(f"{where} has a row without image or label, from row {row:,} on")
            labels.append(numbers.to_numpy(zero_copy_only=False))
            if sum(map(len, labels)) > count:
                raise DigitsError(f"{where} is damaged: it has more rows than it says")
            for data in _bytes(images):
                if data.size > MAX_FILE:
                    raise DigitsError(f"{where}, row {row:,} is too large; allowed: up to {MAX_FILE >> 20} MiB")
                yield read_grey(data, f"{where}, row {row:,}")
                row += 1


def _bytes(images: "Array") -> "Iterator[Buffer]":
    """The bytes of each image, not copied; where there are none, None."""
    if hasattr(images, "dictionary"):
        places = images.indices.to_pylist()
        return (None if place is None else images.dictionary[place].as_buffer() for place in places)
    return (image.as_buffer() for image in images)


def _batches(table: _Table) -> "Iterator[RecordBatch]":
    with _refusing(table.path):
        batches = table.file.iter_batches(_ROWS, columns=[table.image, table.label], use_threads=False)
    yield from _each(batches, table.path)


def _each(batches: "Iterator[RecordBatch]", path: object) -> "Iterator[RecordBatch]":
    while True:
        with _refusing(path), _bounded_memory():
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


@contextmanager
def _refusing(path: object) -> Iterator[None]:
    """Makes one line of whatever pyarrow raises for a file that is damaged or made to harm."""
    try:
        yield
    except DigitsError:
        raise
    except MemoryError as error:
        raise DigitsError(f"{shown(path)} unpacks to more than memory may hold; allowed: rows of images") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise DigitsError(f"{shown(path)} is damaged or not Parquet ({reason})") from error


@contextmanager
def _bounded_memory() -> Iterator[None]:
    """Lets this process take `_MEMORY` bytes more, and no more, where the system (Linux) can see to that.

    A page of a few kilobytes may unpack to two gigabytes, and what a file says of its pages may be a lie.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits: list[Any] = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([taken + _MEMORY, *limits]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
