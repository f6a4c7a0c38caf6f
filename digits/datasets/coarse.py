"""Digits in few pixels, as small pictures and old scans have them."""

import numpy as np
from PIL import Image

from digits.datasets.printed import cropped, to_form

LEAST, MOST = 7, 16  # pixels along a digit's longer side
BLACK_AND_WHITE = 0.4  # share of those without greys


def coarse(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """These images (uint8, `(n, 28, 28)`), each seen in few pixels and scaled up to MNIST's form again."""
    found = np.empty_like(images)
    for index, image in enumerate(images):
        ink = cropped(image)
        factor = rng.integers(LEAST, MOST + 1) / max(ink.shape)
        size = max(1, round(ink.shape[1] * factor)), max(1, round(ink.shape[0] * factor))
        small = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BOX))
        if rng.random() < BLACK_AND_WHITE:
            small = np.where(small > 0.4 * small.max(), np.uint8(255), np.uint8(0))
        found[index] = to_form(small)
    return found
