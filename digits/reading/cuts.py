"""Where digits that touch may be cut: along ways from top to bottom that cross little ink.

Source: J. Wang and J. Jean, Segmentation of merged characters by neural networks and shortest path (1994).
"""

import cv2
import numpy as np

from digits.reading.pieces import Piece

_ROWS = 40  # height in pixels of the small picture in which ways are looked for
_OFTEN = 2  # cuts of a piece for each of its heights in its width, at most, but at least three
_STEP = 0.35  # cost of a step to the side, where a pixel of ink costs 1


def cut(piece: Piece, width: float) -> list[Piece]:
    """A piece in two or more from left to right, where it may be several digits; else itself alone.

    Args:
        width: of strokes, in pixels; a way that crosses more than two and a half times as much is no cut.
    """
    if piece.width < 0.6 * piece.height or piece.width < 4 * width:
        return [piece]
    factor = min(1.0, _ROWS / piece.height)
    size = max(3, round(piece.width * factor)), max(3, round(piece.height * factor))
    ink = cv2.resize(piece.mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    ways, costs = _ways(ink)
    limit = 2.5 * width * factor + 2
    chosen: list[np.ndarray] = []
    apart, most = 0.25 * size[1], max(3, round(_OFTEN * piece.width / piece.height))
    for end in np.argsort(costs, kind="stable").tolist():
        way = ways[:, end]
        if costs[end] > limit or len(chosen) == most:
            break
        middle = way.mean()
        if not apart < middle < size[0] - apart:
            continue
        if all(abs(middle - other.mean()) > apart for other in chosen):
            chosen.append(way)
    if not chosen:
        return [piece]
    chosen.sort(key=lambda way: way.mean())
    rows = np.minimum((np.arange(piece.height) * factor).astype(int), size[1] - 1)
    side = np.zeros(piece.mask.shape, int)
    for way in chosen:
        side += np.arange(piece.width) >= (way[rows, np.newaxis] + 0.5) / factor
    parts = [_cropped(piece, piece.mask & (side == number)) for number in range(len(chosen) + 1)]
    return [part for part in parts if part is not None]


def _ways(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cheapest way from the top row to each place of the bottom row: columns `(height, width)`, and costs."""
    height, width = ink.shape
    came = np.zeros((height, width), int)
    here = np.arange(width)
    padded = np.full(width + 2, np.inf, np.float32)  # no way comes from outside
    above = np.lib.stride_tricks.sliding_window_view(padded, width)  # (3, width): from the left, straight, the right
    sideways = np.array([[_STEP], [0], [_STEP]], np.float32)
    cost = ink[0]
    for row in range(1, height):
        padded[1:-1] = cost
        steps = above + sideways
        best = steps.argmin(0)
        came[row] = here + best - 1
        cost = steps[best, here] + ink[row]
    ways = np.empty((height, width), int)
    ways[-1] = here
    for row in range(height - 1, 0, -1):
        ways[row - 1] = came[row][ways[row]]
    return ways, cost


def _cropped(piece: Piece, mask: np.ndarray) -> Piece | None:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    inside = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Piece.at(piece.top + int(rows[0]), piece.left + int(columns[0]), inside)
