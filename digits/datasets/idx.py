"""The IDX format of the published files: a header of four-byte big-endian numbers, then the bytes of the array."""

import math
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.errors import DigitsError

_UINT8 = 0x08  # the format's code for unsigned bytes, the only type that MNIST's files use
_TYPES: dict[int, np.dtype] = {
    _UINT8: np.dtype(np.uint8),
    0x0C: np.dtype(">i4"),
}  # and QMNIST's labels are of four bytes


def places(folder: Path, name: str) -> Iterator[Path]:
    """Where the published file `name` may lie in a folder: there or in a folder of such a name, gzipped or not.

    Kaggle has a dot in the name: `train-images.idx3-ubyte`.
    """
    names = [one + suffix for one in (name, name.replace("-idx", ".idx")) for suffix in ("", ".gz")]
    yield from (folder / file for file in names)
    yield from (folder / parent / file for parent in names for file in names)


def find(folder: Path, name: str) -> Path | None:
    """The first of `places` that is a file."""
    return next((path for path in places(folder, name) if path.is_file()), None)


def read_header(data: bytes | memoryview, name: str) -> tuple[tuple[int, ...], np.dtype, int]:
    """The shape and type that the header of an IDX file says, and where in `data`, its first bytes, the array begins.

    Raises:
        DigitsError: not an IDX file of unsigned bytes or int32; `name` is what it is called in the error.
    """
    if len(data) < 4 or bytes(data[:2]) != b"\0\0":
        raise DigitsError(f"{name} is not an IDX file: it begins with {bytes(data[:4])!r}, not with two zero bytes")
    code, dimensions = data[2], data[3]
    if code not in _TYPES or not 1 <= dimensions <= 4:
        raise DigitsError(f"{name} holds type {code:#04x} in {dimensions} dimensions; allowed: 0x08 or 0x0c in 1 to 4")
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise DigitsError(f"{name} is cut off within its header, after {len(data)} bytes")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    return shape, _TYPES[code], start


def decode(data: bytes | memoryview, name: str) -> NDArray[np.uint8 | np.int32]:
    """The array in the bytes of an IDX file.

    Args:
        data: the whole file, not compressed.
        name: what to call it in an error.

    Returns:
        uint8 or int32 (big-endian), of the shape in the header, sharing memory with `data` and so read-only.

    Raises:
        DigitsError: not an IDX file of unsigned bytes or int32, or its length is not what its header says.
    """
    shape, dtype, start = read_header(data, name)
    if len(data) - start != math.prod(shape) * dtype.itemsize or 0 in shape:
        raise DigitsError(f"{name} holds {len(data) - start:,} bytes of pixels or labels, its header says {shape}")
    return np.frombuffer(data, dtype, offset=start).reshape(shape)


def encode(array: NDArray[np.uint8]) -> bytes:
    """The bytes of the IDX file of a uint8 array, not empty, of 1 to 4 dimensions; `decode` gives the array back."""
    if array.dtype != np.uint8 or not 1 <= array.ndim <= 4 or not array.size:
        raise ValueError(
            f"array is {array.dtype} of shape {array.shape}; allowed: uint8 in 1 to 4 dimensions, not empty"
        )
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, _UINT8, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()
