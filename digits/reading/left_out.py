"""What is left out: ink that is seen in a picture, and is no digit."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.ink import resized

SIDE = 512  # pixels of the longer side at which ink is looked for
GROUND = 128  # pixels of the longer side at which the ground is: what most of a neighbourhood shows
AROUND = 17  # of these pixels, the side of a neighbourhood
FAINTEST = 32  # levels of 255 by which ink differs from its ground
GRAIN = 5  # times the usual difference: what is less is the ground's own grain
SMALLEST = 6  # pixels of the longer side, of ink that counts
CLOSE = 5  # pixels within which ink belongs together
GROWN = 0.1  # of a digit's box that its ink may stand out of it
MOST = 100  # boxes
TINY = 32  # pixels of the longer side of an original that shows one thing


def left_out(pixels: NDArray[np.uint8], digits: NDArray[np.floating]) -> NDArray[np.int64]:
    """Boxes (int64, `(k, 4)`: left, top, width, height) of connected ink that is in no digit's box, the largest first.

    Args:
        pixels: uint8, `(height, width, 3)`.
        digits: `(n, 4)`: their boxes.
    """
    height, width = pixels.shape[:2]
    factor = min(1.0, SIDE / max(height, width))
    small = resized(pixels, factor)
    mask = _ink(small)
    for left, top, wide, high in np.asarray(digits, float).reshape(-1, 4) * factor:
        grown = GROWN * max(wide, high) + 1
        rows = slice(max(0, int(top - grown)), max(0, round(top + high + grown)))
        mask[rows, max(0, int(left - grown)) : max(0, round(left + wide + grown))] = 0
    reach = CLOSE // 2
    together = cv2.dilate(mask, np.ones((CLOSE, CLOSE), np.uint8))
    parts = cv2.connectedComponentsWithStats(together, connectivity=8)[2][1:, :4].astype(float)
    parts += [reach, reach, -2 * reach, -2 * reach]
    parts = parts[parts[:, 2:].max(1) >= SMALLEST]
    parts = parts[np.argsort(-parts[:, 2:].prod(1), kind="stable")][:MOST]
    return np.round(parts.clip(0) / factor).astype(np.int64).clip([0, 0, 1, 1])


def alone(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.int64] | None:
    """The box (left, top, width, height) of the one thing in a picture; None where there is more than one, or none.

    Args:
        pixels: uint8, `(height, width, 3)`.
        scale: pixels of the original for one of these. An original of 28 × 28 has room for one thing.
    """
    height, width = pixels.shape[:2]
    if scale * max(height, width) <= TINY:
        return np.array([0, 0, width, height])
    boxes = left_out(pixels, np.zeros((0, 4)))
    return boxes[0] if len(boxes) == 1 else None


def _ink(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where pixels differ from the ground around them: uint8, `(height, width)`, 0 or 1."""
    height, width = pixels.shape[:2]
    factor = min(1.0, GROUND / max(height, width))
    few = resized(pixels, factor)
    ground = cv2.medianBlur(few, AROUND)
    difference = cv2.absdiff(pixels, cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR)).max(2)
    return (difference > max(FAINTEST, GRAIN * float(np.median(difference)))).astype(np.uint8)
