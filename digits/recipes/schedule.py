"""How the learning rate changes over a training.

A schedule is a function from the progress of the training, above 0 and below 1, and the share of it that is warm-up, to
a share of the recipe's learning rate. A new one is written here and named in `SCHEDULES`.
"""

import math
from collections.abc import Callable


def constant(progress: float, warmup: float) -> float:
    """The same rate at each step; there is no warm-up."""
    return 1.0


def one_cycle(progress: float, warmup: float) -> float:
    """Straight up during warm-up, then down to 0 along a cosine (after Smith and Topin, 2017, arXiv:1708.07120)."""
    if progress < warmup:
        return progress / warmup
    return 0.5 + 0.5 * math.cos(math.pi * (progress - warmup) / (1 - warmup))


SCHEDULES: dict[str, Callable[[float, float], float]] = {"constant": constant, "one-cycle": one_cycle}
