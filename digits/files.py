"""Where files lie, writing them so that a reader never sees half of one, and reading arrays without unpickling."""

import glob
import hashlib
import io
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tokenize import TokenError
from typing import IO, TYPE_CHECKING, Any

from digits.errors import DigitsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_HEADER = 4096  # bytes of a .npy file before its numbers; NumPy writes 128

# What a file that is something else, or partly something else, may raise.
_DAMAGE = (ValueError, EOFError, TypeError, SyntaxError, OverflowError, MemoryError, TokenError)

DATA_DIR, OUTPUT_DIR = Path("mnist_data"), Path("outputs")  # unless a command is told others


def sha256(data: bytes | memoryview) -> str:
    """The SHA-256 of `data`, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_together(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into `folder` (made if missing), none of them visible before all of them are on the disk.

    They appear in the order of `contents`, each in one step, so the last one can vouch for the others.
    If anything fails, or Ctrl-C comes, before the first appears, the folder is as it was.

    Raises:
        OSError: the folder cannot be made or written, or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as staging:
        for name, data in contents.items():
            with (Path(staging) / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for name in contents:
            (Path(staging) / name).replace(folder / name)


@contextmanager
def appearing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, as large as it may be: it appears as `path` in one step, when it is whole, or not at all.

    Raises:
        OSError: it cannot be written, or the disk is full.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as staging:
        with (Path(staging) / path.name).open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        (Path(staging) / path.name).replace(path)


@contextmanager
def locked(path: Path, otherwise: str) -> Iterator[None]:
    """Holds the lock file `path`, which the system lets go of with the process; it is gone afterwards.

    Raises:
        DigitsError: another process holds it, as `otherwise` says.
        OSError: it cannot be made.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise DigitsError(otherwise) from error
    try:
        yield
    finally:
        with suppress(OSError):  # on Windows, where the next line does it
            path.unlink()
        lock.release()


def require_writable(folder: Path) -> None:
    """Find out before a training, and not after it, that its outputs cannot be written.

    Raises:
        DigitsError: `folder` cannot be made, or no file can be written into it.
    """
    try:
        write_together(folder, {})
    except OSError as error:
        raise DigitsError(
            f"cannot write to the output folder {display(folder)}: {error.strerror}. Name another with --output-dir"
        ) from error


def read_npy(
    opened: Callable[[], IO[bytes]],
    size: int,
    name: object,
    check: "Callable[[tuple[int, ...], np.dtype], None]" = lambda shape, dtype: None,
) -> "NDArray[Any]":
    """The array of a `.npy` file, the one way in which this project reads such files. Never unpickles.

    Args:
        opened: opens the file, which is looked at before it is read.
        size: how many bytes it has.
        name: what it is called in errors.
        check: takes the shape and type that the file says it has, and raises where that is too much.

    Raises:
        DigitsError: it is no such file, is cut off or too long, or holds Python objects.
    """
    import numpy as np

    try:
        with opened() as stream:
            shape, dtype, start = _npy_header(io.BytesIO(stream.read(_MAX_HEADER)))
        if dtype.hasobject:
            raise DigitsError(f"{name} holds Python objects, which are never unpickled; allowed: numbers")
        if min(shape, default=0) < 0:
            raise DigitsError(f"{name} is damaged: its header says {shape}")
        check(shape, dtype)
        if start + math.prod(shape) * dtype.itemsize != size:
            raise DigitsError(
                f"{name} is cut off or too long: it holds {size - start:,} bytes, its header says {shape}"
            )
        with opened() as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)
    except _DAMAGE as error:
        raise DigitsError(f"{name} is not an array of numbers in NumPy's format") from error


def _npy_header(stream: IO[bytes]) -> "tuple[tuple[int, ...], np.dtype, int]":
    """The shape and the type that a `.npy` file says it has, and where in it the numbers begin."""
    from numpy.lib import format as npy

    old = npy.read_magic(stream) == (1, 0)
    shape, _, dtype = (npy.read_array_header_1_0 if old else npy.read_array_header_2_0)(stream)
    return shape, dtype, stream.tell()


def expanded(paths: Iterable[Path]) -> Iterator[Path]:
    """The paths, and for a pattern such as `*.png` the files that it fits: Windows' shell leaves patterns to programs.

    A pattern that fits nothing stays as it is.
    """
    for path in paths:
        is_pattern = glob.has_magic(str(path)) and not path.exists()
        fitting = glob.glob(str(path)) if is_pattern else []  # noqa: PTH207  # Path.glob takes no whole paths
        yield from sorted(map(Path, fitting)) or [path]


def display(folder: Path) -> str:
    """A folder as messages name it: `./mnist_data`, not `mnist_data`, so that it is seen to be a folder."""
    return str(folder) if folder.is_absolute() or str(folder).startswith(".") else f"./{folder}"
