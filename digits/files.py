"""Writing files so that a reader never sees half of one."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


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


def display(folder: Path) -> str:
    """A folder as the seed writes it: `./mnist_data`, not `mnist_data`."""
    return str(folder) if folder.is_absolute() or str(folder).startswith(".") else f"./{folder}"
