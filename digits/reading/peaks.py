"""Peaks of the finder's maps: where digits have their centres, and which overlapping boxes are one digit.

Source: X. Zhou, D. Wang and P. Krähenbühl, Objects as points (2019).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDE = 4  # pixels of the picture for one of the maps
UNIT = 16.0  # pixels: the side of a box whose logarithm is 0
EXTREME = 3.0  # the logarithm of a side, either way, at most
DIGITS = 10
MOST = 1000  # peaks of one picture at one size; a page of figures has fewer
SAME = 0.45  # share of the smaller of two boxes that they have in common, where both show one digit


def peaks(
    maps: NDArray[np.float32], least: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The digits in what the finder says of a picture.

    Args:
        maps: float32, `(14, height / 4, width / 4)`: logits of the ten digits, offset of the centre within its cell (x,
            y, in cells), logarithms of width and height.
        least: 0 to 1: what has a lower score is none.

    Returns:
        Boxes, float32, `(n, 4)`: left, top, width and height in pixels of the picture, the highest score first.
        Scores, float32, `(n,)`: 0 to 1, how likely some digit has its centre there.
        Probabilities, float32, `(n, 10)`: of each digit, if it is one.
    """
    best = maps[:DIGITS].max(0)
    highest = cv2.dilate(best, np.ones((3, 3), np.uint8), borderValue=-np.inf)
    y, x = np.nonzero((best == highest) & (best > np.log(least / (1 - least))))
    order = np.argsort(-best[y, x], kind="stable")[:MOST]
    y, x = y[order], x[order]
    at = maps[:, y, x]  # (14, n)
    each = 1 / (1 + np.exp(-at[:DIGITS].clip(-30, 30)))
    centres = STRIDE * (np.stack([x, y]) + at[10:12])
    sizes = UNIT * np.exp(at[12:].clip(-EXTREME, EXTREME))
    boxes = np.concatenate([centres - sizes / 2, sizes]).T
    return boxes.astype(np.float32), each.max(0), (each / each.sum(0)).T


def distinct(boxes: NDArray[np.float32], scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """The indices (int64, `(k,)`) of boxes that no box of a higher score covers, the highest score first.

    Args:
        boxes: `(n, 4)`: left, top, width, height.
        scores: `(n,)`.
    """
    return np.array([group[0] for group in grouped(boxes, scores, SAME)], np.int64)


def grouped(
    boxes: NDArray[np.float32], scores: NDArray[np.floating], same: float, union: bool = False
) -> list[NDArray[np.int64]]:
    """The indices of boxes, those together that show the same: a box of a high score, first, and all that overlap it.

    Args:
        boxes: `(n, 4)`: left, top, width, height.
        scores: `(n,)`.
        same: share of the smaller of two boxes, or of their `union`, that they have in common where they show the same.
    """
    left, top, width, height = np.asarray(boxes, np.float32).reshape(-1, 4).T
    right, bottom, area = left + width, top + height, width * height
    waiting, groups = np.argsort(-scores, kind="stable"), []
    while waiting.size:
        first = waiting[0]
        across = np.minimum(right[first], right[waiting]) - np.maximum(left[first], left[waiting])
        down = np.minimum(bottom[first], bottom[waiting]) - np.maximum(top[first], top[waiting])
        common = across.clip(0) * down.clip(0)
        whole = area[first] + area[waiting] - common if union else np.minimum(area[first], area[waiting])
        together = common > same * whole
        together[0] = True  # however small it is
        groups.append(waiting[together])
        waiting = waiting[~together]
    return groups
