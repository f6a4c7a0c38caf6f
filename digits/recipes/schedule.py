"""How the learning rate goes over a training.

A schedule is a function from the progress of the training, above 0 and below 1, and the share of it that is warm-up, to
a share of the recipe's learning rate. A new one is written here and named in `SCHEDULES`.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digits.recipes.recipe import Recipe


def constant(progress: float, warmup: float) -> float:
    """The same rate at each step; there is no warm-up."""
    return 1.0


def one_cycle(progress: float, warmup: float) -> float:
    """Straight up during warm-up, then down to 0 along a cosine (after Smith and Topin, 2017, arXiv:1708.07120)."""
    if progress < warmup:
        return progress / warmup
    return 0.5 + 0.5 * math.cos(math.pi * (progress - warmup) / (1 - warmup))


SCHEDULES: dict[str, Callable[[float, float], float]] = {"constant": constant, "one-cycle": one_cycle}


def learning_rates(recipe: "Recipe", steps: int) -> list[float]:
    """The learning rate of each of the training's steps."""
    schedule = SCHEDULES[recipe.schedule]
    # Asked in the middle of each step, so that neither the first nor the last is of size 0.
    return [recipe.learning_rate * schedule((step + 0.5) / steps, recipe.warmup) for step in range(steps)]
