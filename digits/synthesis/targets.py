"""What a finder is to say of a page, as Zhou et al. (2019, *Objects as Points*, arXiv:1904.07850) put it.

A page is seen in cells of 4 × 4 pixels. For each cell a finder says which digit has its centre there, where in the cell
the centre is, and how large the digit is.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digits.datasets import DIGITS

CELL = 4  # pixels
USUAL = 16  # pixels of a side; logarithms of sides are counted from it
SPREAD = 0.16  # of a side of a digit: the deviation of the bell around its centre
NARROWEST = 0.6  # cells of that deviation
RARE = -4.6  # the logit of 1 in 100: what is said at first of every digit in every cell
WEIGHTS = (1.0, 0.5, 0.7)  # of the losses of centres, of places within the cell, and of sizes


class Targets(NamedTuple):
    """What is to be said of a page of `height` × `width` cells, or of several, with `n` before all shapes.

    Attributes:
        heat: float32, `(10, height, width)`: 1 where the centre of this digit is, less around it, 0 elsewhere.
        boxes: float32, `(4, height, width)`: where there is a centre, its place in the cell, across and down, from 0 to
            1, and the logarithms of the digit's width and height, in units of 16 pixels; 0 elsewhere.
        mask: float32, `(1, height, width)`: 1 where there is a centre, 0 elsewhere.
    """

    heat: NDArray[np.float32]
    boxes: NDArray[np.float32]
    mask: NDArray[np.float32]


def targets(boxes: NDArray[np.float32], labels: NDArray[np.int64], height: int, width: int) -> Targets:
    """What to say of a page.

    Args:
        boxes: float32, `(n, 4)`: left, top, width and height of each digit, in pixels, within the page.
        labels: int64, `(n,)`: which digit each is.
        height, width: of the page, in pixels.
    """
    rows, columns = np.arange(height // CELL), np.arange(width // CELL)
    heat, found, mask = (np.zeros((maps, len(rows), len(columns)), np.float32) for maps in (len(DIGITS), 4, 1))
    sizes = boxes[:, 2:]
    centres = (boxes[:, :2] + sizes / 2) / CELL  # (n, 2), in cells
    cells = centres.astype(np.int64)
    spreads = np.maximum(sizes / CELL * SPREAD, NARROWEST)
    for label, size, centre, (x, y), (across, down) in zip(labels, sizes, centres, cells, spreads, strict=True):
        bell = np.exp(-(((rows - y) / down) ** 2)[:, np.newaxis] / 2 - ((columns - x) / across) ** 2 / 2)
        np.maximum(heat[label], bell, out=heat[label], casting="same_kind")
        found[:, y, x] = [*(centre - (x, y)), *np.log(size / USUAL)]
        mask[:, y, x] = 1
    return Targets(heat, found, mask)
