"""Arrays in Keras's form: one `.npz` with `x_train`, `y_train`, `x_test` and `y_test`, all uint8."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from digits.datasets.registry import DatasetSpec
from digits.errors import DigitsError

# What reading a file that is something else, or partly something else, may raise.
_DAMAGE = (KeyError, ValueError, TypeError, AttributeError, EOFError, NotImplementedError, RuntimeError, IndexError)
_NPY_HEADER = 4096  # bytes; a real header takes 128


def encode(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of a `.npz` of `arrays`. It is not compressed: that would make every later start slower."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def read(path: Path, spec: DatasetSpec) -> dict[str, np.ndarray]:
    """The four uint8 arrays of `path`, by name, whoever wrote it; larger ones than the dataset's are not unpacked.

    Raises:
        DigitsError: not a `.npz` of these arrays.
        OSError: it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            for file in spec.files:
                if archive.zip.getinfo(f"{file.array}.npy").file_size > file.size + _NPY_HEADER:
                    raise ValueError(f"{file.array} is too large")
            arrays = {file.array: archive[file.array] for file in spec.files}
    except (*_DAMAGE, zlib.error, zipfile.BadZipFile) as error:
        raise DigitsError(f"{path} is damaged or not a .npz of {spec.title} ({_reason(error)})") from error
    if any(array.dtype != np.uint8 for array in arrays.values()):
        raise DigitsError(f"{path} is not a .npz of {spec.title} (its arrays are not all uint8)")
    return arrays


def _reason(error: Exception) -> str:
    return str(error).strip("'\"") or type(error).__name__
