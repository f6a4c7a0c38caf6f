"""A user's own arrays, as MNIST's four IDX files or in Keras's `.npz`, of any size and any number of classes."""

import gzip
import math
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from digits.datasets import idx
from digits.datasets.images import MAX_PIXELS, Canvas, canvas
from digits.datasets.registry import MNIST
from digits.errors import DigitsError

MAX_IMAGES = 2_000_000
MAX_BYTES = 4 << 30  # of all images together
MIN_CLASSES, MAX_CLASSES = 2, 1000
_IDX_HEADER = 4 + 4 * 4  # bytes; the longest that `idx.read_header` takes


@dataclass(frozen=True)
class Parts:
    """What a dataset of a user holds, before its images have one background; labels are int64, `(n,)`."""

    classes: tuple[str, ...]
    train: Canvas
    train_labels: np.ndarray
    test: Canvas
    test_labels: np.ndarray


def has_idx(folder: Path) -> bool:
    """Whether the folder holds one of MNIST's four files, gzipped or not."""
    return any(_idx_file(folder, file.name) for file in MNIST.files)


def read_idx(folder: Path) -> Parts:
    """The dataset in the four files, which have MNIST's names and are gzipped or not.

    Raises:
        DigitsError: one is missing, damaged, too large, or they do not belong together.
    """
    paths = {file.array: _idx_file(folder, file.name) for file in MNIST.files}
    missing = [file.name for file in MNIST.files if paths[file.array] is None]
    if missing:
        raise DigitsError(f"{folder} has no {missing[0]}; needed, gzipped (.gz) or not: {_names()}")
    arrays, room = {}, MAX_BYTES
    for name, path in paths.items():
        arrays[name] = _read_idx_file(path, room, dimensions=3 if name.startswith("x") else 1)  # type: ignore[arg-type]
        room -= arrays[name].nbytes
    return _parts(arrays, {name: str(path) for name, path in paths.items()})


def read_npz(path: Path) -> Parts:
    """The dataset in a `.npz` of `x_train`, `y_train`, `x_test` and `y_test`. Nothing is ever unpickled.

    Raises:
        DigitsError: it is damaged, too large, or not of this form.
    """
    room = MAX_BYTES
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            arrays = {}
            for name in (file.array for file in MNIST.files):
                arrays[name] = _read_member(archive, name, path, room)
                room -= arrays[name].nbytes
    except DigitsError:
        raise
    except OSError as error:
        raise DigitsError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # a file that is something else, or partly something else, may raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DigitsError(f"{path} is damaged or not a .npz ({reason})") from error
    return _parts(arrays, {name: f"{name} in {path}" for name in arrays})


def check_classes(count: int, where: object) -> None:
    """Make sure that there are as many classes as a network may tell apart.

    Raises:
        DigitsError: there are not; `where` says where they were found.
    """
    if not MIN_CLASSES <= count <= MAX_CLASSES:
        found = "1 class" if count == 1 else f"{count:,} classes"
        raise DigitsError(f"{where} has {found}; allowed: {MIN_CLASSES} to {MAX_CLASSES:,}")


def check_size(images: int, size: int, where: object) -> None:
    """Make sure that so many images, of so many bytes together, fit into memory.

    Raises:
        DigitsError: there are too many; `where` says where they were found.
    """
    if images > MAX_IMAGES:
        raise DigitsError(f"{where} has {images:,} images; allowed: up to {MAX_IMAGES:,}")
    if size > MAX_BYTES:
        raise DigitsError(f"{where} is too large; allowed: up to {MAX_BYTES >> 30} GiB of images")


def _names() -> str:
    return ", ".join(file.name for file in MNIST.files)


def _idx_file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _read_idx_file(path: Path, room: int, dimensions: int) -> np.ndarray:
    """The array of an IDX file; not a byte is unpacked beyond what its header says, nor where that is too much."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as stream:  # type: ignore[attr-defined]
            header = stream.read(_IDX_HEADER)
            shape, start = idx.read_header(header, str(path))
            if len(shape) != dimensions:
                kind = "images" if dimensions == 3 else "labels"
                raise DigitsError(f"{path} holds an array of {len(shape)} dimensions; allowed for {kind}: {dimensions}")
            check_size(shape[0], math.prod(shape) + MAX_BYTES - room, path)
            rest = max(0, start + math.prod(shape) + 1 - len(header))  # one more, to see that nothing follows
            return idx.decode(header + stream.read(rest), str(path)).copy()  # PyTorch wants to be able to write
    except (OSError, EOFError, gzip.zlib.error) as error:  # type: ignore[attr-defined]
        raise DigitsError(f"{path} is damaged or cut off ({error})") from error


def _read_member(archive: zipfile.ZipFile, name: str, path: Path, room: int) -> np.ndarray:
    """One array of the archive; it is looked at before it is unpacked."""
    try:
        member = archive.getinfo(f"{name}.npy")
    except KeyError as error:
        found = ", ".join(one.removesuffix(".npy") for one in archive.namelist()[:6]) or "nothing"
        needed = ", ".join(file.array for file in MNIST.files)
        raise DigitsError(f"{path} has no {name}; needed: {needed}; found: {found!a}") from error
    with archive.open(member) as stream:
        dtype, shape = _npy_header(stream)
    where = f"{name} in {path}"
    _check_form(name, dtype, shape, where)
    check_size(shape[0], math.prod(shape) * dtype.itemsize + MAX_BYTES - room, where)
    if math.prod(shape) * dtype.itemsize > member.file_size:
        raise DigitsError(f"{where} is cut off: its header says {shape}")
    with archive.open(member) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def _npy_header(stream: IO[bytes]) -> tuple[np.dtype, tuple[int, ...]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    return dtype, shape


def _check_form(name: str, dtype: np.dtype, shape: tuple[int, ...], where: str) -> None:
    images = name.startswith("x")
    allowed = "uint8, 0 to 255" if images else "whole numbers"
    if dtype.hasobject:
        raise DigitsError(f"{where} holds Python objects, which are never unpickled; allowed: {allowed}")
    if dtype != np.uint8 if images else dtype.kind not in "iu":
        hint = ". Scale them from 0 to 255 and save them with .astype('uint8')" if dtype.kind == "f" and images else ""
        raise DigitsError(f"{where} is {dtype}; allowed: {allowed}{hint}")
    if images:
        fits = len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))
        allowed = "(n, height, width), or the same with 1 or 3 channels at the end"
    else:
        fits = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
        allowed = "(n,) or (n, 1)"
    if not fits or min(shape) < 1:
        raise DigitsError(f"{where} is of shape {shape}; allowed: {allowed}, not empty")


def _parts(arrays: Mapping[str, np.ndarray], where: Mapping[str, str]) -> Parts:
    """The dataset of the four arrays; `where` says of each what to call it in an error."""
    for images, labels in (("x_train", "y_train"), ("x_test", "y_test")):
        if len(arrays[images]) != len(arrays[labels]):
            raise DigitsError(
                f"{where[images]} has {len(arrays[images]):,} images, "
                f"but {where[labels]} has {len(arrays[labels]):,} labels"
            )
        if math.prod(arrays[images].shape[1:3]) > MAX_PIXELS:
            raise DigitsError(f"{where[images]} has images of more than {MAX_PIXELS // 1_000_000} megapixels")
    check_size(len(arrays["x_train"]) + len(arrays["x_test"]), 0, where["x_train"])
    count = _count_classes(arrays["y_train"], where["y_train"])
    _check_test_labels(arrays["y_test"], count, where["y_test"])
    train, test = (canvas(_greys(arrays[name]), len(arrays[name])) for name in ("x_train", "x_test"))
    train_labels, test_labels = [arrays[name].reshape(-1).astype(np.int64) for name in ("y_train", "y_test")]
    return Parts(tuple(map(str, range(count))), train, train_labels, test, test_labels)


def _count_classes(labels: np.ndarray, where: str) -> int:
    """How many classes the labels of the training images make, which are 0, 1, 2 and so on without a gap."""
    low, high = int(labels.min()), int(labels.max())
    if low < 0:
        raise DigitsError(f"{where} holds the label {low}; allowed: 0, 1, 2 and so on")
    check_classes(high + 1, f"with labels up to {high:,}, {where}")
    absent = np.flatnonzero(np.bincount(labels.reshape(-1).astype(np.int64)) == 0)
    if len(absent):
        raise DigitsError(f"{where} never has the label {absent[0]}; allowed: 0 to {high} without a gap")
    return high + 1


def _check_test_labels(labels: np.ndarray, count: int, where: str) -> None:
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= count:
        odd = low if low < 0 else high
        raise DigitsError(f"{where} holds the label {odd}, which no training image has; allowed: 0 to {count - 1}")
    absent = np.flatnonzero(np.bincount(labels.reshape(-1).astype(np.int64), minlength=count) == 0)
    if len(absent):
        raise DigitsError(f"{where} never has the label {absent[0]}, which training images have; each class needs both")


def _greys(images: np.ndarray) -> Iterable[np.ndarray]:
    """The images (uint8, `(n, h, w)`, with or without 1 or 3 channels) one by one, each `(h, w)`."""
    if images.ndim == 3:
        return images
    if images.shape[3] == 1:
        return images[..., 0]
    return (np.asarray(Image.fromarray(image).convert("L")) for image in images)
