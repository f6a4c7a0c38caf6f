"""From what a finder says of a picture to digits: where its maps peak."""

import numpy as np
from scipy.ndimage import maximum_filter
from scipy.special import expit

from digits.datasets import DIGITS
from digits.synthesis.targets import CELL, USUAL


def peaks(maps: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places where a digit is likelier than in the eight cells around.

    Args:
        maps: float32, `(14, height, width)`: what a finder says of one picture; see `synthesis.targets`.
        least: probability that a digit must have, from 0 to 1.

    Returns:
        Boxes, float32, `(n, 4)`: left, top, width and height, in pixels of the picture; scores, float32, `(n,)`: of the
        likeliest digit; and probabilities, float32, `(n, 10)`: of each digit, which need not add up to 1.
    """
    heat, (across, down, *sizes) = expit(maps[: len(DIGITS)]), maps[len(DIGITS) :]
    best = heat.max(axis=0)
    rows, columns = np.nonzero((best == maximum_filter(best, 3, mode="nearest")) & (best >= least))
    centres = np.stack([columns + across[rows, columns], rows + down[rows, columns]], axis=1) * CELL
    wide = USUAL * np.exp(np.stack(sizes)[:, rows, columns].clip(-3, 3)).T  # (n, 2)
    boxes = np.concatenate([centres - wide / 2, wide], axis=1).astype(np.float32)
    return boxes, best[rows, columns], heat[:, rows, columns].T
