"""All randomness of a run comes from its seed: the weights from (seed), each epoch's draws from (seed, epoch) alone.

So an epoch can be run again without the ones before it, and both frameworks see the same batches in the same order.
"""

import numpy as np


def derive(seed: int, *path: int) -> int:
    """A seed below 2**31 for a framework's own generator, a function of `seed` and `path` alone."""
    return int(np.random.SeedSequence((seed, *path)).generate_state(1)[0] >> 1)


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """The order in which epoch `epoch` (from 0) shows `count` images: a permutation, int64, `(count,)`."""
    return np.random.default_rng((seed, epoch)).permutation(count)
