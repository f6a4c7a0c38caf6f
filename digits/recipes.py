"""Recipes: every choice that decides a result, in one frozen record."""

import math
from dataclasses import dataclass

from digits.errors import DigitsError


@dataclass(frozen=True)
class Recipe:
    """What is trained, and how.

    Attributes:
        name: what the recipe is called; changing a field by a flag does not change it.
        architecture: which network of the backends' `model.py`.
        optimizer: "adam", as Kingma and Ba (2014, arXiv:1412.6980) define it: epsilon after the bias correction.
        learning_rate: step size of the optimiser, above 0.
        beta_1, beta_2: decay of Adam's first and second moment, in [0, 1).
        epsilon: added to the root of Adam's second moment, above 0.
        batch_size: images a step, at least 1.
        epochs: passes over the training images, at least 1.
        dropout: share of the hidden units that a training step ignores, in [0, 1).
    """

    name: str
    architecture: str
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    batch_size: int = 64
    epochs: int = 3
    dropout: float = 0.25

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, "epochs", self.epochs, "a whole number, 1 or more")
        _require(self.batch_size >= 1, "batch size", self.batch_size, "a whole number, 1 or more")
        _require(0 < self.learning_rate < math.inf, "learning rate", self.learning_rate, "a number above 0, say 0.001")
        _require(0 <= self.dropout < 1, "dropout", self.dropout, "a share from 0 up to, but not including, 1")


def _require(holds: bool, what: str, value: object, allowed: str) -> None:
    if not holds:
        raise DigitsError(f"{what} is {value}, but must be {allowed}")


RECIPES = {recipe.name: recipe for recipe in [Recipe(name="baseline", architecture="baseline")]}
