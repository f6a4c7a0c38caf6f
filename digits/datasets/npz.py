"""Arrays in Keras's form: one `.npz` with `x_train`, `y_train`, `x_test` and `y_test`, all uint8."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.datasets.registry import DatasetSpec, IdxFile
from digits.errors import DigitsError
from digits.files import read_npy

_NPY_HEADER = 4096  # bytes; a real header takes 128


def encode(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """The bytes of a `.npz` of `arrays`. It is not compressed: that would make every later start slower."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # none is named like a flag of savez
    return buffer.getvalue()


def read(path: Path, spec: DatasetSpec) -> dict[str, NDArray[np.uint8]]:
    """The four uint8 arrays of `path`, by name, whoever wrote it; larger ones than the dataset's are not unpacked.

    Raises:
        DigitsError: not a `.npz` of these arrays.
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return {wanted.array: _array(archive, wanted) for wanted in spec.files}
        except Exception as error:  # a file that is something else, or partly something else, may raise anything
            raise DigitsError(f"{path} is damaged or not a .npz of {spec.title} ({_reason(error)})") from error


def _array(archive: zipfile.ZipFile, wanted: IdxFile) -> NDArray[np.uint8]:
    member = archive.getinfo(f"{wanted.array}.npy")
    if member.file_size > wanted.size + _NPY_HEADER:
        raise ValueError(f"{wanted.array} is too large")
    array = read_npy(lambda: archive.open(member), member.file_size, wanted.array)
    if array.dtype != np.uint8 or array.shape != wanted.shape:
        raise ValueError(f"{wanted.array} is {array.dtype} of shape {array.shape}, not uint8 of {wanted.shape}")
    return array


def _reason(error: Exception) -> str:
    return str(error).strip("'\"") or type(error).__name__
