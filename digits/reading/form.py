"""MNIST's form: how the pixels of a digit in a picture become an image as those that networks were trained on.

As the makers of MNIST did (LeCun et al. 1998): black and white scaled into 20 × 20 pixels, keeping its proportions,
grey where a pixel is partly covered, and laid into 28 × 28 with the centre of its mass in the middle.
"""

import cv2
import numpy as np

SIDE, BOX = 28, 20
_FINE = 6  # times as large as in the end a digit is while its strokes are made thicker
_THINNEST = 2.0  # pixels of the 20: thinner strokes are drawn as wide as this, as MNIST's pens hardly are thinner


def to_mnist(mask: np.ndarray, width: float) -> np.ndarray:
    """A digit's pixels (bool, `(height, width)`, cropped to it) as an image of 28 × 28, uint8, ink bright on dark.

    Args:
        mask: where its ink is.
        width: of its strokes, in pixels of the mask.
    """
    ink = mask.view(np.uint8) * np.uint8(255)
    shrink = _FINE * BOX / max(ink.shape)
    if shrink < 1:
        size = max(1, round(ink.shape[1] * shrink)), max(1, round(ink.shape[0] * shrink))
        ink, width = cv2.resize(ink, size, interpolation=cv2.INTER_AREA), width * shrink
    missing = _THINNEST * max(ink.shape) / BOX - width  # pixels by which strokes are too thin
    if missing >= 1:
        radius = max(1, round(missing / 2))
        ink = cv2.copyMakeBorder(ink, radius, radius, radius, radius, cv2.BORDER_CONSTANT)
        ink = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
    factor = BOX / max(ink.shape)
    size = max(1, round(ink.shape[1] * factor)), max(1, round(ink.shape[0] * factor))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    return centred(small)


def centred(small: np.ndarray) -> np.ndarray:
    """An image of up to 20 × 20 pixels in one of 28 × 28, the centre of its mass where MNIST has it, at 14, 14."""
    height, width = small.shape
    mass = max(1, int(small.sum(dtype=np.int64)))
    y = float(small.sum(1, dtype=np.int64) @ np.arange(height)) / mass
    x = float(small.sum(0, dtype=np.int64) @ np.arange(width)) / mass
    top = min(max(round(SIDE / 2 - y), 0), SIDE - height)
    left = min(max(round(SIDE / 2 - x), 0), SIDE - width)
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[top : top + height, left : left + width] = small
    return image
