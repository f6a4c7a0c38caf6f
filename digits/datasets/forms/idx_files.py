"""A user's own data as MNIST's four IDX files, of any size and any number of classes."""

import gzip
import math
from pathlib import Path

import numpy as np

from digits.datasets import idx
from digits.datasets.forms.images import canvas
from digits.datasets.forms.parts import MAX_BYTES, TEST, TRAIN, Part, Parts, check_size, numbered
from digits.datasets.forms.pixels import to_greys
from digits.datasets.registry import MNIST
from digits.errors import DigitsError

_HEADER = 4 + 4 * 4  # bytes; the longest that `idx.read_header` takes
_NAMES = {file.array: file.name for file in MNIST.files}


def has_idx(folder: Path) -> bool:
    """Whether the folder holds one of the four files, in one of the forms that `idx.find` knows."""
    return folder.is_dir() and any(idx.find(folder, name) for name in _NAMES.values())


def read_idx(folder: Path) -> Parts:
    """The dataset in the four files, or in two of them: images and labels of one split.

    Raises:
        DigitsError: images or labels are missing, damaged, too large, or they do not belong together.
    """
    parts, room = {}, MAX_BYTES
    for split, images_name, labels_name in [(TRAIN, "x_train", "y_train"), (TEST, "x_test", "y_test")]:
        paths = {name: idx.find(folder, _NAMES[name]) for name in (images_name, labels_name)}
        if not any(paths.values()):
            continue
        arrays = {}
        for name, path in paths.items():
            if path is None:
                needed = ", ".join(_NAMES.values())
                raise DigitsError(f"{folder} has no {_NAMES[name]}; needed, gzipped (.gz) or not: {needed}")
            arrays[name] = _read(path, room, dimensions=3 if name == images_name else 1)
            room -= arrays[name].nbytes
        images, labels = arrays[images_name], arrays[labels_name]
        if len(images) != len(labels):
            raise DigitsError(
                f"{paths[images_name]} has {len(images):,} images, but {paths[labels_name]} has {len(labels):,} labels"
            )
        (greys,), _ = to_greys({str(paths[images_name]): images})
        parts[split] = Part(canvas(greys, len(greys)), *numbered(labels.astype(np.int64)))
    return parts


def _read(path: Path, room: int, dimensions: int) -> np.ndarray:
    """The array of an IDX file; not a byte is unpacked beyond what its header says, nor where that is too much."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as stream:  # type: ignore[attr-defined]
            header = stream.read(_HEADER)
            shape, start = idx.read_header(header, str(path))
            if len(shape) != dimensions:
                kind = "images" if dimensions == 3 else "labels"
                raise DigitsError(f"{path} holds an array of {len(shape)} dimensions; allowed for {kind}: {dimensions}")
            check_size(shape[0], math.prod(shape) + MAX_BYTES - room, path)
            rest = max(0, start + math.prod(shape) + 1 - len(header))  # one more, to see that nothing follows
            return idx.decode(header + stream.read(rest), str(path)).copy()  # PyTorch wants to be able to write
    except (OSError, EOFError, gzip.zlib.error) as error:  # type: ignore[attr-defined]
        raise DigitsError(f"{path} is damaged or cut off ({error})") from error
