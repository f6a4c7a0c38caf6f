"""A hint for answers that are hardly better than guesses, as they are where images are not as a network knows them."""

import numpy as np

from digits.datasets.parts import tell

_NEAR = 0.4  # of the way from guessing to no mistake; a network of upright digits stays below it on turned ones


def tell_if_guessed(predictions: np.ndarray, labels: np.ndarray) -> None:
    """Say that images may be turned or inverted, where the predictions for them are hardly better than guesses.

    Args:
        predictions, labels: int64, `(n,)`, not empty.
    """
    accuracy = float((predictions == labels).mean())
    chance = float(np.bincount(labels).max()) / len(labels)  # of always saying what is commonest
    near = chance + _NEAR * (1 - chance)
    if chance < 1 and accuracy + 2 * (near * (1 - near) / len(labels)) ** 0.5 < near:
        tell(
            f"note: {accuracy:.1%} right is hardly better than guessing ({chance:.1%}): the test images may be turned, "
            "mirrored or inverted, or their labels may be others'. Look at some of them"
        )
