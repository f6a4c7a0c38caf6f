"""A hint for predictions hardly better than guesses, as they are where images are not as a network knows them."""

import numpy as np
from numpy.typing import NDArray

_NEAR = 0.4  # of the way from guessing to no mistake; a network of upright digits stays below it on turned ones


def hint(predictions: NDArray[np.int64], labels: NDArray[np.int64]) -> str:
    """What may be wrong where predictions are hardly better than guesses: images that are turned, say. Else empty.

    Args:
        predictions, labels: int64, `(n,)`, not empty.
    """
    accuracy = float((predictions == labels).mean())
    chance = float(np.bincount(labels).max()) / len(labels)  # of always saying what is commonest
    near = chance + _NEAR * (1 - chance)
    if chance == 1 or accuracy + 2 * (near * (1 - near) / len(labels)) ** 0.5 >= near:
        return ""
    return (
        f"{accuracy:.1%} right is hardly better than guessing ({chance:.1%}): the test images may be turned, mirrored "
        "or inverted, or their labels may be others'. Look at some of them"
    )
