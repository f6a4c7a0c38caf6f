"""A user's own data as IDX files, named as MNIST's four or as EMNIST's and QMNIST's, of any size and many classes."""

import gzip
import math
import re
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.datasets import idx
from digits.datasets.forms.images import canvas
from digits.datasets.forms.parts import MAX_BYTES, TEST, TRAIN, Part, Parts, check_size, numbered, shown
from digits.datasets.forms.pixels import to_greys, to_labels, upright
from digits.errors import DigitsError

_HEADER = 4 + 4 * 4  # bytes; the longest that `idx.read_header` takes
_NAME = re.compile(r"(?P<of>.+-)?(train|t10k|test)-(images|labels)[-.]idx\d-(ubyte|int)(\.gz)?")
_SPLITS = {TRAIN: ("train",), TEST: ("t10k", "test")}
_IMAGES = ("images-idx3-ubyte",)
_LABELS = ("labels-idx1-ubyte", "labels-idx2-int")  # QMNIST's have eight columns, of which the first is the digit
_NEEDED = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte"


def has_idx(folder: Path) -> bool:
    """Whether the folder holds one of the four files, in one of the forms that `idx.find` knows."""
    return folder.is_dir() and bool(_datasets(folder))


def _datasets(folder: Path) -> list[str]:
    """What the names of the files begin with, in front of `train` and `test`: "" or, say, "emnist-letters-"."""
    return sorted({match["of"] or "" for entry in folder.iterdir() if (match := _NAME.fullmatch(entry.name))})


def read_idx(folder: Path) -> Parts:
    """The dataset in the four files, or in two of them: images and labels of one split.

    Raises:
        DigitsError: images or labels are missing, damaged, too large, or they do not belong together; or the files
            are of several datasets.
    """
    of, *others = _datasets(folder)
    if others:
        names = ", ".join(name.removesuffix("-") or "MNIST" for name in (of, *others))
        raise DigitsError(
            f"{shown(folder)} has the files of {names}; allowed: one. Put its files into a folder of their own"
        )
    parts, room = {}, MAX_BYTES
    for split, words in _SPLITS.items():
        paths = [_find(folder, of, words, kinds) for kinds in (_IMAGES, _LABELS)]
        if not any(paths):
            continue
        arrays = []
        for path, kinds in zip(paths, (_IMAGES, _LABELS), strict=True):
            if path is None:
                raise DigitsError(f"{folder} has no {of}{words[0]}-{kinds[0]}; needed, gzipped (.gz) or not: {_NEEDED}")
            arrays.append(_read(path, room, kinds))
            room -= arrays[-1].nbytes
        images, labels = arrays
        if len(images) != len(labels):
            raise DigitsError(f"{paths[0]} has {len(images):,} images, but {paths[1]} has {len(labels):,} labels")
        (greys,), _ = to_greys({str(paths[0]): images})
        numbers, _ = to_labels(labels, f"{paths[1]}")
        parts[split] = Part(canvas(upright(greys, f"{of}{words[0]}"), len(greys)), *numbered(numbers))
    return parts


def _find(folder: Path, of: str, words: tuple[str, ...], kinds: tuple[str, ...]) -> Path | None:
    """The file of a split's images or labels."""
    found = (idx.find(folder, f"{of}{word}-{kind}") for word in words for kind in kinds)
    return next((path for path in found if path), None)


def _read(path: Path, room: int, kinds: tuple[str, ...]) -> NDArray[np.uint8 | np.int32]:
    """The array of an IDX file; not a byte is unpacked beyond what its header says, nor where that is too much."""
    kind = "images" if kinds is _IMAGES else "labels"
    allowed = 3 if kind == "images" else 2 if "-int" in path.name else 1
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as stream:
            header = stream.read(_HEADER)
            shape, dtype, start = idx.read_header(header, str(path))
            if len(shape) != allowed:
                raise DigitsError(f"{path} holds an array of {len(shape)} dimensions; allowed for {kind}: {allowed}")
            size = math.prod(shape) * dtype.itemsize
            check_size(shape[0], size + MAX_BYTES - room, path)
            rest = max(0, start + size + 1 - len(header))  # one more, to see that nothing follows
            array = idx.decode(header + stream.read(rest), str(path))
            return array[:, 0] if allowed == 2 else array.copy()  # PyTorch wants to be able to write
    except (OSError, EOFError, zlib.error) as error:
        raise DigitsError(f"{path} is damaged or cut off ({error})") from error
