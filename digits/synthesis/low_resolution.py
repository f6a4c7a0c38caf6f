"""Digits in few pixels, as small pictures and old scans have them, which are often stretched to fill a square."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digits.synthesis.printed import cropped, to_form

LEAST, MOST = 7, 16  # pixels along a digit's longer side
BLACK_AND_WHITE = 0.4  # share of those without greys
STRETCHED = 0.4  # share of those that are made wider than they were written
_WIDEST = 2.2  # times, and no wider than high


def coarse(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """These images (uint8, `(n, 28, 28)`), each seen in few pixels and scaled up to MNIST's form again."""
    found = np.empty_like(images)
    for index, image in enumerate(images):
        ink = cropped(image)
        factor = rng.integers(LEAST, MOST + 1) / max(ink.shape)
        wide = rng.uniform(1, max(1, min(_WIDEST, ink.shape[0] / ink.shape[1]))) if rng.random() < STRETCHED else 1
        size = max(1, round(ink.shape[1] * factor * wide)), max(1, round(ink.shape[0] * factor))
        small = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BOX))
        if rng.random() < BLACK_AND_WHITE:
            small = np.where(small > 0.4 * small.max(), np.uint8(255), np.uint8(0))
        found[index] = to_form(small)
    return found
