"""Rows of writing: which boxes stand side by side, in reading order."""

import numpy as np
from numpy.typing import NDArray

BESIDE = 0.2  # share of the lower box's height by which boxes of a row overlap
RECENT = 4  # boxes at the end of a row that tell how it goes on
STEEPEST = 0.3  # slope of a row
LEVEL = 4  # heights of a box from the middle of a row's end: beyond it the row goes on level
ALONG = 0.05  # what a pixel to the side weighs, where one up or down weighs 1
SPACE = 0.45  # of the usual height, that is free between two groups, at least
APART = 1.6  # times as far as neighbours usually are, or a height if that is less, do middles stand at a gap


def in_rows(boxes: NDArray[np.float32]) -> list[list[int]]:
    """The indices of boxes, row by row from above, each row from the left.

    From left to right, each box continues the row that leads to it best, however the row slants or bends; a box that no
    row leads to begins one.

    Args:
        boxes: `(n, 4)`: left, top, width, height.
    """
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    left, top, width, height = boxes.T
    x, y = left + width / 2, top + height / 2
    rows: list[list[int]] = []
    for index in np.argsort(x, kind="stable").tolist():
        best, least = None, np.inf
        for row in rows:
            last = row[-1]
            expected = _continued(x[row[-RECENT:]], y[row[-RECENT:]], x[index], LEVEL * height[last])
            overlap = (height[last] + height[index]) / 2 - abs(expected - y[index])
            distance = abs(expected - y[index]) + ALONG * (left[index] - left[last] - width[last])
            if overlap > BESIDE * min(height[last], height[index]) and distance < least:
                best, least = row, distance
        if best is None:
            rows.append([index])
        else:
            best.append(index)
    return sorted(rows, key=lambda row: float(np.mean(y[row])))


def _continued(x: NDArray[np.float64], y: NDArray[np.float64], to: float, furthest: float) -> float:
    """The y at which a line through points comes to x = `to`, level beyond `furthest` pixels from their middle."""
    middle = x.mean()
    if len(x) < 3:
        return float(y.mean())
    slope = float(((x - middle) * (y - y.mean())).sum() / max(1.0, np.square(x - middle).sum()))
    return float(y.mean()) + min(max(slope, -STEEPEST), STEEPEST) * min(to - middle, furthest)


def in_groups(boxes: NDArray[np.float32]) -> list[int]:
    """Which group of its row each box belongs to, from 0, where a wide gap parts groups.

    Args:
        boxes: of one row, `(n, 4)`: left, top, width, height, from the left.
    """
    left, _, width, height = np.asarray(boxes, float).reshape(-1, 4).T
    if len(left) < 2:
        return [0] * len(left)
    middles = left + width / 2
    apart = np.diff(middles)
    usual = min(float(np.median(apart)), float(np.median(height)))
    wide = (apart > APART * usual) & (left[1:] - left[:-1] - width[:-1] > SPACE * np.median(height))
    return [0, *np.cumsum(wide).tolist()]
