"""Recipes: every choice that decides a result, in one frozen record."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from digits.errors import DigitsError

SCHEDULES = ("constant", "one-cycle")
MAX_MEMBERS = 100  # of an ensemble
LIMITS = {
    "rotation": 30,
    "scale": 0.3,
    "shear": 30,
    "shift": 6,
    "elastic": 4,
    "thickness": 0.8,
    "contrast": 0.8,
    "blur": 1,
}


@dataclass(frozen=True)
class Augmentation:
    """How far a training image may be changed, so that its label stays true.

    Each number is the largest change; draws are uniform up to it.

    Attributes:
        rotation: degrees either way, 0 to 30: far from the 180 between a 6 and a 9.
        scale: share by which it grows or shrinks, 0 to 0.3, each direction on its own.
        shear: degrees either way that uprights lean, 0 to 30.
        shift: pixels along each axis, 0 to 6.
        elastic: pixels along each axis that a place moves against its surroundings, 0 to 4.
        thickness: share of the way to strokes two pixels thicker, or as much thinner, 0 to 0.8.
        contrast: share by which ink becomes brighter or fainter, 0 to 0.8.
        blur: share of the way to an image blurred by 3 × 3 pixels, 0 to 1.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    thickness: float = 0.0
    contrast: float = 0.0
    blur: float = 0.0

    def __post_init__(self) -> None:
        for name, most in LIMITS.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise DigitsError(f"{name} is {value}, but must be from 0 to {most}")

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return any(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class Recipe:
    """What is trained, and how.

    Attributes:
        name: what the recipe is called; changing a field by a flag does not change it.
        architecture: which network of the backends' `model.py`.
        optimizer: "adam", as Kingma and Ba (2014, arXiv:1412.6980) define it: epsilon after the bias correction.
        learning_rate: step size of the optimiser, above 0; the largest one, where a schedule changes it.
        schedule: "constant", or "one-cycle": straight up to `learning_rate`, then down to 0 along a cosine (after
            Smith and Topin, 2017, arXiv:1708.07120).
        warmup: share of the steps on which one-cycle goes up, in [0, 1).
        beta_1, beta_2: decay of Adam's first and second moment, in [0, 1).
        epsilon: added to the root of Adam's second moment, above 0.
        batch_size: images a step, at least 1.
        epochs: passes over the training images, at least 1.
        dropout: share of the hidden units that a training step ignores, in [0, 1).
        label_smoothing: share of the target that is spread over all classes, in [0, 1).
        averaging: the trained weights are a running average over the steps, of which each step keeps this share, in
            [0, 1); 0 takes the last step's weights.
        validation: share of the training images that is kept back, to stop early and to choose the best epoch's
            weights, in [0, 1).
        patience: epochs without a better validation loss before training stops, at least 1; 0 never stops early.
        ensemble: how many networks are trained, each with a seed of its own, to average their probabilities; 1 to 100.
        augmentation: how training images are changed, anew in each epoch.
        refinement: share of the epochs, the last ones, whose images are not changed, in [0, 1), rounded down to whole
            epochs: the network comes back to images as it will be asked about (after He et al., 2019,
            arXiv:1909.09148).
    """

    name: str
    architecture: str
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup: float = 0.0
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    batch_size: int = 64
    epochs: int = 3
    dropout: float = 0.25
    label_smoothing: float = 0.0
    averaging: float = 0.0
    validation: float = 0.0
    patience: int = 0
    ensemble: int = 1
    augmentation: Augmentation = field(default_factory=Augmentation)
    refinement: float = 0.0

    def __post_init__(self) -> None:
        _require(self.optimizer == "adam", "optimizer", self.optimizer, "adam")
        _require(self.schedule in SCHEDULES, "schedule", self.schedule, " or ".join(SCHEDULES))
        _require(self.epochs >= 1, "epochs", self.epochs, "a whole number, 1 or more")
        _require(self.batch_size >= 1, "batch size", self.batch_size, "a whole number, 1 or more")
        _require(0 < self.learning_rate < math.inf, "learning rate", self.learning_rate, "a number above 0, say 0.001")
        _require(0 < self.epsilon < math.inf, "epsilon", self.epsilon, "a number above 0, say 1e-8")
        shares = ("warmup", "beta_1", "beta_2", "dropout", "label_smoothing", "averaging", "validation", "refinement")
        for name in shares:
            value = getattr(self, name)
            _require(0 <= value < 1, name.replace("_", " "), value, "a share from 0 up to, but not including, 1")
        _require(
            1 <= self.ensemble <= MAX_MEMBERS, "ensemble", self.ensemble, f"a whole number from 1 to {MAX_MEMBERS}"
        )
        _require(self.patience >= 0, "patience", self.patience, "a whole number of epochs, or 0 for none")
        needs_validation = self.patience == 0 or self.validation > 0
        _require(needs_validation, "patience", self.patience, "0 without validation images, say --validation 0.1")

    def augmentation_in(self, epoch: int) -> Augmentation:
        """How images are changed in an epoch, counted from 0."""
        refining = math.floor(self.refinement * self.epochs + 1e-9)  # 0.29 of 100 epochs are 29, not 28.999...
        return self.augmentation if epoch < self.epochs - refining else Augmentation()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recipe":
        """The recipe that `dataclasses.asdict` made this of.

        Raises:
            DigitsError, TypeError: a field is unknown, or its value not allowed.
        """
        return cls(**{**values, "augmentation": Augmentation(**values.get("augmentation", {}))})


def _require(holds: bool, what: str, value: object, allowed: str) -> None:
    if not holds:
        raise DigitsError(f"{what} is {value}, but must be {allowed}")


RECIPES = {
    recipe.name: recipe
    for recipe in [
        Recipe(name="baseline", architecture="baseline"),
        Recipe(
            name="fast",
            architecture="fast",
            learning_rate=0.0125,
            schedule="one-cycle",
            warmup=0.3,
            beta_1=0.7,
            beta_2=0.9,
            batch_size=128,
            epochs=1,
            dropout=0.0,
            label_smoothing=0.1,
        ),
        Recipe(
            name="deep",
            architecture="deep",
            learning_rate=0.003,
            schedule="one-cycle",
            warmup=0.2,
            epochs=4,
            label_smoothing=0.1,
            averaging=0.999,
            ensemble=5,
            augmentation=Augmentation(rotation=12, scale=0.08, shear=10, shift=1, elastic=2.5, thickness=0.2),
            refinement=0.25,
        ),
    ]
}
