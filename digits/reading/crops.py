"""The ink of digits within their boxes: what the reader is asked about."""

import numpy as np
from numpy.typing import NDArray

from digits.datasets import SIDE
from digits.ink import ink_of, stroke_width
from digits.reading.form import to_mnist


def cut_out(pixels: NDArray[np.uint8], boxes: NDArray[np.floating | np.integer]) -> NDArray[np.uint8]:
    """Digits in MNIST's form: uint8, `(n, 28, 28)`, ink bright on dark, whatever ink and ground are in the picture.

    Args:
        pixels: uint8, `(height, width, 3)`.
        boxes: `(n, 4)`: left, top, width, height, in pixels.
    """
    masks = [ink_of(pixels, box) for box in boxes]
    if not masks:
        return np.zeros((0, SIDE, SIDE), np.uint8)
    return to_mnist(masks, [stroke_width(mask) for mask in masks])
