"""Learning rates over a training."""

import numpy as np

from digits.recipes import Recipe


def learning_rates(recipe: Recipe, steps: int) -> np.ndarray:
    """The learning rate of each of the training's steps, float32, `(steps,)`."""
    if recipe.schedule == "constant":
        return np.full(steps, recipe.learning_rate, np.float32)
    done = (np.arange(steps) + 0.5) / steps  # in the middle of each step: neither the first nor the last is of size 0
    up = done / recipe.warmup if recipe.warmup else np.ones(steps)
    down = 0.5 + 0.5 * np.cos(np.pi * (done - recipe.warmup) / (1 - recipe.warmup))
    return (recipe.learning_rate * np.where(done < recipe.warmup, up, down)).astype(np.float32)
