"""Digits, letters and what else stands on composed pages, cut out as a reader of pictures does."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.datasets import Split
from digits.datasets.dataset import SIDE
from digits.errors import not_installed
from digits.ink import ink_of, stroke_width
from digits.synthesis.non_digits import NONE, SEVERAL
from digits.synthesis.printed import to_form
from digits.synthesis.strokes import BOX

try:
    import skimage  # noqa: F401  # whose photographs are among the grounds
except ModuleNotFoundError as error:
    raise not_installed("scikit-image", "finder") from error

from digits.synthesis.pages import page

PAGE = 192  # pixels of a side
OTHERS = 6  # cut out of a page at most: words have many letters
THINNEST = 2.0  # pixels of a stroke in MNIST's form, as MNIST's pens hardly are thinner


def draw(count: int, digits: Split, rng: np.random.Generator) -> Split:
    """So many of what stands on composed pages: uint8, `(n, 28, 28)`; labels of digits, `NONE` or `SEVERAL`.

    Args:
        digits: whose hands write on the pages.
    """
    images, labels = np.zeros((count, SIDE, SIDE), np.uint8), np.zeros(count, np.int64)
    done = 0
    while done < count:
        one = page(digits, rng, PAGE)
        for box, label in _boxes(one.boxes, one.labels, one.others, rng)[: count - done]:
            images[done], labels[done] = in_form(one.pixels, box.tolist()), label
            done += 1
    return Split(images, labels)


def in_form(pixels: NDArray[np.uint8], box: Sequence[float]) -> NDArray[np.uint8]:
    """The ink in a box as `to_form` has it, with strokes that are not too thin."""
    mask = ink_of(pixels, box)
    ink = mask * np.uint8(255)
    missing = round(THINNEST * max(mask.shape) / BOX - stroke_width(mask))
    if missing > 0:
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (missing + 1, missing + 1))
        ink = cv2.dilate(np.pad(ink, missing), brush)
    return to_form(ink)


def _boxes(
    boxes: NDArray[np.float32], labels: NDArray[np.int64], others: NDArray[np.float32], rng: np.random.Generator
) -> list[tuple[NDArray[np.float64], int]]:
    """Boxes, about as well as a finder finds them, and what is in each."""
    found = list(zip(boxes, labels.tolist(), strict=True))
    middles = others[:, :2] + others[:, 2:] / 2
    inside = (middles[:, np.newaxis] > boxes[:, :2]) & (middles[:, np.newaxis] < boxes[:, :2] + boxes[:, 2:])
    free = others[~np.any(inside.all(axis=2), axis=1)]
    found += [(box, NONE) for box in free[rng.permutation(len(free))[:OTHERS]]]
    for one, other in pairwise(boxes):  # as they were written
        beside = np.abs(one[1] - other[1]) < one[3] / 4 and 0 < other[0] - one[0] < 2 * one[2]
        if beside and rng.random() < 0.15:
            first, last = np.minimum(one[:2], other[:2]), np.maximum(one[:2] + one[2:], other[:2] + other[2:])
            found.append((np.concatenate([first, last - first]), SEVERAL))
    return [(_loosely(box, rng), label) for box, label in found]


def _loosely(box: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float64]:
    size = box[2:] * np.exp(rng.normal(0, 0.06, 2))
    middle = box[:2] + box[2:] / 2 + rng.normal(0, 0.04, 2) * box[2:].max()
    return np.concatenate([middle - size / 2, size])
