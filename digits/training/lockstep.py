"""Both frameworks side by side, step by step: the proof that the twins are one network, trained in one way."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digits.backends import BACKENDS
from digits.datasets import Dataset, Split
from digits.errors import DigitsError
from digits.models import ModelInfo
from digits.recipes import NO_DRAWING, Augmentation, Recipe, adjusted
from digits.training.loop import Training


@dataclass(frozen=True)
class Pair:
    """After a step: its loss in each framework, and the largest difference of any weight between the two."""

    number: int
    pytorch: float
    tensorflow: float
    difference: float


def lockstep(dataset: Dataset, recipe: Recipe, steps: int, seed: int, precision: str) -> Iterator[Pair]:
    """Train in both frameworks from the same weights, on the same batches in the same order, with dropout off.

    Args:
        dataset: its first `steps` batches of training images are used, in the order of the seed.
        steps: how many, at most an epoch.
        precision: "float64", where only the order of additions differs, or "float32", where rounding shows. Weights and
            arithmetic are in it.

    Raises:
        DigitsError: `steps` is out of range, or a framework is not installed.
    """
    most = len(dataset.train) // recipe.batch_size
    if not 1 <= steps <= most:
        raise DigitsError(f"steps is {steps}, but must be from 1 to {most}, an epoch")
    recipe = adjusted(recipe, {"dropout": 0.0, "augmentation": Augmentation(), "ensemble": 1, **NO_DRAWING})
    info = ModelInfo(recipe, dataset.name, dataset.classes, pixel_range=(0.0, 1.0))
    count = steps * recipe.batch_size
    images = Split(dataset.train.images[:count], dataset.train.labels[:count])
    return _steps(info, images, seed, precision)


def _steps(info: ModelInfo, images: Split, seed: int, precision: str) -> Iterator[Pair]:
    """The lockstep itself, on one epoch of these images."""
    trainings = [Training(name, info, images, None, seed, precision) for name in BACKENDS]
    (first, one), (second, other) = (training.build() for training in trainings)
    second.set_weights(other, first.weights(one))
    runs = [training.run(network, report_steps=1) for training, network in zip(trainings, (one, other), strict=True)]
    for number, pytorch, tensorflow in zip(range(1, 1 + len(images) // info.recipe.batch_size), *runs, strict=False):
        theirs = second.weights(other)
        difference = max(float(np.abs(array - theirs[name]).max()) for name, array in first.weights(one).items())
        yield Pair(number, pytorch.loss, tensorflow.loss, difference)
