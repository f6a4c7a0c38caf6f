"""All randomness of a run comes from its seed: the weights from it alone, an epoch's draws from it and the epoch.

So an epoch can be run again without the ones before it, and both frameworks see the same batches in the same order.
"""

import numpy as np
from numpy.typing import NDArray

# New ones go to the end: its place in this list is what tells one purpose's numbers from another's.
PURPOSES = (
    "weights",
    "order",
    "dropout",
    "augmentation",
    "validation",
    "drawing",
    "search",
    "pages",
    "unseen pages",
    "folds",
    "among",
    "copies",
)


def derive(seed: int, purpose: str, index: int = 0) -> int:
    """A seed below 2**31 for a generator, a function of these three alone: `index` counts layers or epochs from 0."""
    sequence = np.random.SeedSequence(seed, spawn_key=(PURPOSES.index(purpose), index))
    return int(sequence.generate_state(1)[0] >> 1)


def epoch_order(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order in which epoch `epoch` (from 0) shows `count` images: a permutation, int64, `(count,)`."""
    return np.random.default_rng(derive(seed, "order", epoch)).permutation(count)
