"""Where files lie, writing them so that a reader never sees half of one, and reading arrays without unpickling."""

import hashlib
import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING

from digits.errors import DigitsError

if TYPE_CHECKING:
    import numpy as np

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


def read_npy(data: bytes, name: object) -> "np.ndarray":
    """The array in the bytes of a `.npy` file. Never unpickles.

    Raises:
        DigitsError: they are no such file, or hold Python objects; `name` is what it is called in the error.
    """
    import numpy as np

    try:
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, TypeError, SyntaxError, OverflowError, MemoryError, TokenError) as error:
        raise DigitsError(f"{name} is not an array of numbers in NumPy's format: {error}") from error


def display(folder: Path) -> str:
    """A folder as the seed writes it: `./mnist_data`, not `mnist_data`."""
    return str(folder) if folder.is_absolute() or str(folder).startswith(".") else f"./{folder}"
