"""Arrays as people save them, brought into uint8: where there is one way to read them, and refused where there are two.

What was done is told in words, for one line to the user.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digits.datasets.forms.parts import MAX_LABEL, check_names, in_natural_order, numbered, tell
from digits.errors import DigitsError
from digits.image_files import MAX_PIXELS

_DIM = 32  # brightest pixel of all images, under which they are hardly meant to go up to 255
_SMALLEST_SIDE = 8  # of an image that lies flat in a row
_SHAPES = "(n, 28, 28), (n, 28, 28, 1), (n, 1, 28, 28), the same with 3 channels, or (n, 784), of any size"


def to_greys(arrays: Mapping[str, NDArray[Any]]) -> tuple[list[NDArray[np.uint8]], list[str]]:
    """The images in `arrays`, which lie in one range: each uint8, `(n, height, width)`; and what was done to them.

    Args:
        arrays: by what they are called in errors.

    Raises:
        DigitsError: one is not of images, or could be read in two ways.
    """
    said: list[str] = []
    shaped = {where: _shaped(array, where, said) for where, array in arrays.items()}
    scale = _scale(shaped, said)
    return [_greys(_whole(array, scale), said) for array in shaped.values()], list(dict.fromkeys(said))


def to_labels(array: NDArray[Any], where: str) -> tuple[NDArray[np.int64], list[str]]:
    """The labels in an array of whole numbers, `(n,)` or `(n, 1)`, or of one-hot rows, `(n, classes)`.

    Returns:
        int64, `(n,)`, 0 or more; and what was done to get there.

    Raises:
        DigitsError: it holds something else.
    """
    said = []
    if array.dtype.kind not in "iufb" or (array.dtype.kind == "b" and array.ndim < 2):
        raise DigitsError(f"{where} is {array.dtype}; allowed: whole numbers, or one-hot rows")
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise DigitsError(f"{where} is of shape {array.shape}; allowed: (n,), (n, 1), or one-hot rows; not empty")
    if array.ndim == 2 and array.shape[1] > 1:
        if not (((array == 0) | (array == 1)).all() and (np.count_nonzero(array, axis=1) == 1).all()):
            raise DigitsError(
                f"{where} is of shape {array.shape} with rows that are not one-hot, a single 1 among zeros; "
                "allowed: whole numbers, (n,), or one-hot rows"
            )
        array = array.argmax(axis=1)
        said.append("labels were one-hot")
    array = array.reshape(-1)
    if array.dtype.kind == "f":
        if not (np.isfinite(array).all() and (array == np.rint(array)).all()):
            raise DigitsError(f"{where} is {array.dtype} with labels that are not whole; allowed: whole numbers")
        said.append(f"labels were {array.dtype}")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > MAX_LABEL:
        raise DigitsError(f"{where} holds the label {low if low < 0 else high}; allowed: 0 to {MAX_LABEL:,}")
    return array.astype(np.int64), said


def named(cells: list[str], where: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The labels and classes of a `Part` from the cells of a table: whole numbers, or words, which name the classes.

    Raises:
        DigitsError: one is empty, or is a word among numbers.
    """
    try:
        numbers = np.array(cells, np.float64)
    except ValueError:
        pass
    else:
        return numbered(to_labels(numbers, f"the label of {where}")[0])
    are_words = [not cell.isdecimal() for cell in cells]
    if max(map(len, cells)) == 1:  # letters and digits, as in EMNIST
        are_words = [True] * len(cells)
    for row, (cell, is_word) in enumerate(zip(cells, are_words, strict=True), 1):
        if not cell or (is_word and not all(are_words)):
            raise DigitsError(
                f"{where}, row {row:,}: the label is {cell[:40]!a}; allowed: whole numbers in all rows, or words in all"
            )
    classes = tuple(sorted(set(cells), key=in_natural_order))
    check_names(classes, where)
    places = {name: place for place, name in enumerate(classes)}
    return np.array([places[cell] for cell in cells], np.int64), classes


def upright(greys: NDArray[np.uint8], file: str) -> NDArray[np.uint8]:
    """The images, `(n, height, width)`, of the file of this name; those of EMNIST's own files lie on their side."""
    if not re.match(r"emnist-(balanced|byclass|bymerge|digits|letters|mnist)-", file.lower()):
        return greys
    tell(f"note: {file} has EMNIST's images, whose rows are columns; they are turned upright")
    return np.ascontiguousarray(greys.transpose(0, 2, 1))


def _shaped(array: NDArray[Any], where: str, said: list[str]) -> NDArray[Any]:
    """The array as `(n, height, width)` or `(n, height, width, 3)`."""
    if array.dtype.kind not in "iufb":
        raise DigitsError(f"{where} is {array.dtype}; allowed: numbers")
    if array.ndim not in (2, 3, 4) or 0 in array.shape:
        raise _odd_shape(array, where)
    shape = array.shape
    if array.ndim == 2:
        side = math.isqrt(shape[1])
        if side * side != shape[1] or side < _SMALLEST_SIDE:
            raise _odd_shape(array, where)
        array = array.reshape(-1, side, side)
    elif array.ndim == 3 and 1 in shape[1:]:
        raise _odd_shape(array, where)
    elif array.ndim == 4:
        first, last = shape[1] in (1, 3), shape[3] in (1, 3)
        if first and last:
            raise DigitsError(f"{where} is of shape {shape}, in which either end could be the channels; allowed: one")
        if not (first or last):
            raise _odd_shape(array, where)
        array = np.moveaxis(array, 1, 3) if first else array
        array = array[..., 0] if array.shape[3] == 1 else array
    if math.prod(array.shape[1:3]) > MAX_PIXELS:
        raise DigitsError(f"{where} has images of more than {MAX_PIXELS // 1_000_000} megapixels")
    if array.ndim != 3 or len(shape) != 3:
        each, made = ", ".join(map(str, shape[1:])), " × ".join(map(str, array.shape[1:3]))
        said.append(f"images of shape (n, {each}) are read as {made}")
    return array


def _odd_shape(array: NDArray[Any], where: str) -> DigitsError:
    return DigitsError(f"{where} is of shape {array.shape}; allowed: {_SHAPES}; not empty")


def _scale(arrays: Mapping[str, NDArray[Any]], said: list[str]) -> int:
    """What to multiply with, so that black and white are 0 and 255 in all of the arrays."""
    ranges = [_range(array, where) for where, array in arrays.items()]
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    where = next(where for where, (_, top) in zip(arrays, ranges, strict=True) if top == high)
    kinds = {array.dtype for array in arrays.values()}
    names = " and ".join(sorted(map(str, kinds)))
    if low < 0 or high > 255:
        odd = next(one for one, found in zip(arrays, ranges, strict=True) if found[0] == low or found[1] == high)
        raise DigitsError(
            f"{odd if low < 0 else where} holds values from {low:g} to {high:g}; allowed: 0 to 255, or in floats 0 to 1"
        )
    if kinds == {np.dtype(bool)}:
        said.append("images were bool, False is black and True is white")
        return 255
    floats = all(kind.kind == "f" for kind in kinds)
    if floats and 0 < high <= 1:
        if high < 1 and not all(map(_in_steps, arrays.values())):
            raise DigitsError(
                f"{where} is {names} with values up to {high:g}: is white 1, or 255 and all is almost black? "
                "Bring white to 1 or 255, and save it again"
            )
        said.append(f"images were {names} from 0 to 1, and are multiplied by 255")
        return 255
    if 0 < high < _DIM:
        raise DigitsError(
            f"{where} is {names} with values up to {high:g}: is that white, or is 255 and all is almost black? "
            "Bring white to 255 (or, in floats, to 1), and save it again"
        )
    if kinds != {np.dtype(np.uint8)}:
        said.append(f"images were {names} from 0 to 255")
    return 1


def _range(array: NDArray[Any], where: str) -> tuple[float, float]:
    low, high = float(array.min()), float(array.max())
    if not math.isfinite(low + high):
        raise DigitsError(f"{where} holds values that are not finite; allowed: 0 to 255, or 0 to 1 in floats")
    return low, high


def _in_steps(array: NDArray[Any]) -> bool:
    """Whether all values are whole multiples of 1/255, as bytes become that were divided by 255."""
    tolerance = max(1e-4, 255 * float(np.finfo(array.dtype).eps))
    levels = (part.astype(np.float64) * 255 for part in _portions(array))
    return all(float(np.abs(level - np.rint(level)).max()) <= tolerance for level in levels)


def _whole(array: NDArray[Any], scale: int) -> NDArray[np.uint8]:
    """The array times `scale`, rounded, as uint8; in portions, so that no second copy of wide numbers is made."""
    if array.dtype == np.uint8 and scale == 1:
        return np.ascontiguousarray(array)
    whole = np.empty(array.shape, np.uint8)
    done = 0
    for part in _portions(array):
        whole[done : done + len(part)] = np.rint(part.astype(np.float32) * scale)
        done += len(part)
    return whole


def _portions(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    step = max(1, (1 << 22) // math.prod(array.shape[1:]))
    return (array[start : start + step] for start in range(0, len(array), step))


def _greys(images: NDArray[np.uint8], said: list[str]) -> NDArray[np.uint8]:
    """The images (uint8, `(n, h, w)` or `(n, h, w, 3)`) in grey, as the eye weighs colours."""
    if images.ndim == 3:
        return images
    said.append("colours become grey")
    return np.stack(list(_in_grey(images)))


def _in_grey(images: NDArray[np.uint8]) -> Iterable[NDArray[np.uint8]]:
    return (np.asarray(Image.fromarray(image).convert("L")) for image in images)
