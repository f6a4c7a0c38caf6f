"""Recipes: every choice that decides a result, in one frozen record."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from digits.recipes.fields import check, choice, positive, refuse, share, up_to, whole, wholes
from digits.recipes.schedule import SCHEDULES


@dataclass(frozen=True)
class Augmentation:
    """How far a training image may be changed, so that its label stays true.

    Each number is the largest change, within a limit at which it alone leaves every digit what it is: a rotation by 30
    degrees is far from the 180 between a 6 and a 9. Changes are drawn uniformly up to it.

    Attributes:
        rotation: degrees either way.
        scale: share by which it grows or shrinks, each direction on its own.
        shear: degrees either way that uprights lean.
        shift: pixels along each axis.
        elastic: pixels along each axis that a place moves against its surroundings.
        thickness: share of the way to strokes two pixels thicker, or as much thinner.
        contrast: share by which ink becomes brighter or fainter.
        blur: share of the way to an image blurred by 3 × 3 pixels.
    """

    rotation: float = up_to(30, "augmentation: degrees either way")
    scale: float = up_to(0.3, "augmentation: share by which a digit grows or shrinks")
    shear: float = up_to(30, "augmentation: degrees by which it leans")
    shift: float = up_to(6, "augmentation: pixels along each axis")
    elastic: float = up_to(4, "augmentation: pixels by which it is bent")
    thickness: float = up_to(0.8, "augmentation: share of the way to strokes two pixels thicker, or thinner")
    contrast: float = up_to(0.8, "augmentation: share by which ink becomes brighter or fainter")
    blur: float = up_to(1, "augmentation: share of the way to a blurred image")

    def __post_init__(self) -> None:
        check(self)

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return any(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True)
class Architecture:
    """The numbers of a network of both backends' `networks.py`, where a recipe does not name others.

    Attributes:
        filters: of its convolutions, in order.
        hidden_units: of its hidden dense layer; 0 where it has none.
        finds: whether it finds the digits of a page, instead of telling of which class an image is.
    """

    filters: tuple[int, ...]
    hidden_units: int
    finds: bool = False


ARCHITECTURES = {
    "baseline": Architecture(filters=(16, 32), hidden_units=128),
    "fast": Architecture(filters=(16, 32), hidden_units=128),
    "deep": Architecture(filters=(32, 32, 64, 64, 64, 128, 128), hidden_units=0),
    "finder": Architecture(filters=(16, 32, 64, 128, 192, 48), hidden_units=0, finds=True),
}


@dataclass(frozen=True)
class Recipe:
    """What is trained, and how. The optimiser is Adam, as Kingma and Ba (2014, arXiv:1412.6980) define it.

    Attributes:
        name: what the recipe is called; changing a field by a flag does not change it.
        architecture: which network of the backends' `networks.py`.
        filters: of its convolutions, one number for each; None stands for the architecture's own.
        hidden_units: of its hidden dense layer, 0 where it has none; None stands for the architecture's own.
        learning_rate: step size of the optimiser; the largest one, where a schedule changes it.
        schedule: how it changes, a name of `schedule.SCHEDULES`.
        warmup: share of the steps during which the rate of one-cycle rises.
        beta_1, beta_2: decay of Adam's first and second moment.
        epsilon: added to the root of Adam's second moment, after the bias correction.
        batch_size: images a step.
        epochs: passes over the training images.
        dropout: share of the units before the last layer that a training step ignores.
        label_smoothing: share of the target that is spread over all classes.
        ema_decay: the trained weights are an exponential moving average over the steps, of which each step keeps this
            share; 0 takes the last step's weights.
        augmentation: how training images are changed, anew in each epoch.
        strokes: digits that a pen draws in the many ways of writing them, as a share of the training images; they are
            shown beside those, drawn anew in each epoch.
        printed: digits in print, as a share of the training images.
        coarse: some of all these digits again, in low resolution, as a share of the training images.
        nothing: images of no digit or of several, as a share of the training images. Adds two outputs.
        cut_out: digits, and what is none, cut out of composed pages as a reader of pictures does, as a share of the
            training images. Adds the same two outputs.
        pages: composed pages that a finder learns from in each epoch, drawn anew; the training images are the hands
            that write on them.
        unaugmented_share: share of the epochs, the last ones, whose images are not changed, rounded down to whole
            epochs: the network comes back to images as it will be asked about (He et al., 2019, arXiv:1909.09148).
        validation: share of the training images that is kept back, to stop early and to choose the best epoch's
            weights.
        patience: epochs without a better validation loss before training stops; 0 never stops early. It takes
            validation images, held out or the dataset's own.
        ensemble: how many networks are trained, each with a seed of its own, to average their probabilities.

    Raises:
        DigitsError: a field has a value that it may not have, or one that would have no effect beside the others.
    """

    name: str
    architecture: str = choice("baseline", "which network", ARCHITECTURES)
    filters: tuple[int, ...] = wholes(None, "filters of each convolution, say 16,32", 1, 1024)
    hidden_units: int = whole(None, "units of the hidden dense layer", 0, 8192)
    learning_rate: float = positive(1e-3, "step size of Adam, the largest one where a schedule changes it", "0.001")
    schedule: str = choice("constant", "how the learning rate changes over the training", SCHEDULES)
    warmup: float = share(0.0, "share of the steps during which the rate of one-cycle rises")
    beta_1: float = share(0.9, "decay of Adam's first moment")
    beta_2: float = share(0.999, "decay of Adam's second moment")
    epsilon: float = positive(1e-8, "added to the root of Adam's second moment", "1e-8")
    batch_size: int = whole(64, "images a step", 1)
    epochs: int = whole(3, "passes over the training images", 1)
    dropout: float = share(0.25, "share of hidden units that a step ignores")
    label_smoothing: float = share(0.0, "share of the target that is spread over all classes")
    ema_decay: float = share(0.0, "average the weights over the steps, each of which keeps this share")
    augmentation: Augmentation = field(default_factory=Augmentation)
    strokes: float = share(0.0, "digits that a pen draws anew for each epoch, as a share of the training images")
    printed: float = share(0.0, "printed digits, as a share of the training images")
    coarse: float = share(0.0, "low-resolution digits, as a share of the training images")
    nothing: float = share(0.0, "images of no digit or several, as a share of the training images; adds two outputs")
    cut_out: float = share(0.0, "cutouts of composed pages, as a share of the training images; adds these outputs")
    pages: int = whole(0, "composed pages an epoch, where the network finds digits", 0)
    unaugmented_share: float = share(0.0, "share of the epochs, the last ones, without augmentation")
    validation: float = share(0.0, "share of the training images kept back to choose the best epoch by")
    patience: int = whole(0, "stop after so many epochs without a better validation loss", 0)
    ensemble: int = whole(1, "how many networks to train and to average", 1, 100)

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:  # before its numbers are asked for
            refuse("architecture", self.architecture, " or ".join(ARCHITECTURES))
        usual = ARCHITECTURES[self.architecture]
        for name in ("filters", "hidden_units"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, getattr(usual, name))
        check(self)
        if len(self.filters) != len(usual.filters):
            count = len(usual.filters)
            refuse("filters", self.filters, f"{count} numbers for {self.architecture}, one for each convolution")
        if bool(self.hidden_units) != bool(usual.hidden_units):
            what = "1 or more" if usual.hidden_units else "0, as it has no hidden dense layer"
            refuse("hidden_units", self.hidden_units, f"{what}, for {self.architecture}")
        if self.finds != bool(self.pages):
            what = "1 or more for {}, which finds" if self.finds else "0 for {}, which does not find"
            refuse("pages", self.pages, f"{what.format(self.architecture)} digits on pages")
        for name, off in NO_CLASSIFYING.items() if self.finds else ():
            value = getattr(self.augmentation if hasattr(NONE, name) else self, name)
            if value != off:
                refuse(name, value, f"{off} for {self.architecture}, which finds digits on pages")
        for name in DEPENDENT:
            value = getattr(self, name)
            if value and (obstacle := _no_effect(self, name, value)):
                refuse(name, value, f"0 {obstacle}")

    @property
    def finds(self) -> bool:
        """Whether its network finds the digits of a page, instead of telling of which class an image is."""
        return ARCHITECTURES[self.architecture].finds

    @property
    def draws(self) -> bool:
        """Whether an epoch shows images that are drawn for it."""
        return any(getattr(self, name) for name in NO_DRAWING)

    def augmentation_in(self, epoch: int) -> Augmentation:
        """How images are changed in an epoch, counted from 0."""
        return self.augmentation if epoch < self.epochs - _whole_epochs(self.unaugmented_share, self) else NONE

    def learning_rates(self, steps: int) -> list[float]:
        """The learning rate of each of the training's steps."""
        schedule = SCHEDULES[self.schedule]
        # Asked in the middle of each step, so that neither the first nor the last is of size 0.
        return [self.learning_rate * schedule((step + 0.5) / steps, self.warmup) for step in range(steps)]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recipe":
        """The recipe that `dataclasses.asdict` made this of.

        Raises:
            DigitsError, TypeError, ValueError: a field is unknown, or its value not allowed.
        """
        lists = {"filters": tuple(values["filters"])} if "filters" in values else {}  # JSON has no tuples
        return cls(**{**values, **lists, "augmentation": Augmentation(**values.get("augmentation", {}))})


NONE = Augmentation()
NO_DRAWING = {"strokes": 0.0, "printed": 0.0, "coarse": 0.0, "nothing": 0.0, "cut_out": 0.0}

# Fields of what tells of which class an image is, and how they are switched off.
NO_CLASSIFYING = {
    **{"dropout": 0.0, "label_smoothing": 0.0, **vars(NONE), **NO_DRAWING},
    **{"validation": 0.0, "patience": 0, "ensemble": 1},
}

# Fields that change nothing beside some values of others, see `_no_effect`, and how they are switched off.
DEPENDENT = {"warmup": 0.0, "unaugmented_share": 0.0}


def check_seed(seed: object) -> None:
    """Make sure that this can be the seed of a run.

    Raises:
        DigitsError: it cannot.
    """
    if type(seed) is not int or seed < 0:
        refuse("seed", seed, "a whole number, 0 or more")


def adjusted(recipe: Recipe, changes: Mapping[str, Any], lenient: bool = False) -> Recipe:
    """The recipe with other values in some fields.

    What was not asked for and would have no effect beside the changes falls back to its default: with another
    architecture the filters, with a constant schedule the warm-up. A change without effect is an error, or falls back
    as well where `lenient`.

    Raises:
        DigitsError: see `Recipe`.
    """
    if "architecture" in changes:
        changes = {"filters": None, "hidden_units": None, **changes}
    may_fall = [name for name in DEPENDENT if lenient or name not in changes]
    found = replace(recipe, **{**changes, **{name: DEPENDENT[name] for name in may_fall}})
    wanted = {name: changes.get(name, getattr(recipe, name)) for name in may_fall}
    return replace(found, **{name: value for name, value in wanted.items() if not _no_effect(found, name, value)})


def _no_effect(recipe: Recipe, name: str, value: float) -> str:
    """Why this value of the field changes nothing beside the other fields; empty where it does."""
    if name == "warmup" and recipe.schedule == "constant":
        return "where the schedule is constant"
    if name == "unaugmented_share" and not recipe.augmentation:
        return "without augmentation, say --rotation 10"
    if name == "unaugmented_share" and not _whole_epochs(value, recipe):
        return f"where it is less than one of {recipe.epochs:,} epochs"
    return ""


def _whole_epochs(share: float, recipe: Recipe) -> int:
    """So many epochs are this share of all, rounded down."""
    return math.floor(share * recipe.epochs + 1e-9)  # 0.29 of 100 are 29, not 28.999...


RECIPES = {
    recipe.name: recipe
    for recipe in [
        Recipe(name="baseline"),
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
            ema_decay=0.999,
            augmentation=Augmentation(rotation=12, scale=0.08, shear=10, shift=1, elastic=2.5, thickness=0.2),
            unaugmented_share=0.25,
            ensemble=5,
        ),
        Recipe(
            name="reader",
            architecture="deep",
            learning_rate=0.003,
            schedule="one-cycle",
            warmup=0.2,
            epochs=15,
            label_smoothing=0.1,
            ema_decay=0.999,
            augmentation=Augmentation(
                rotation=12, scale=0.12, shear=12, shift=1.5, elastic=2.5, thickness=0.3, contrast=0.2, blur=0.7
            ),
            strokes=0.5,
            printed=0.15,
            coarse=0.2,
            nothing=0.3,
            cut_out=0.12,
            unaugmented_share=0.17,
            validation=0.1,
        ),
        Recipe(
            name="finder",
            architecture="finder",
            learning_rate=0.002,
            schedule="one-cycle",
            warmup=0.05,
            beta_2=0.99,
            batch_size=32,
            epochs=60,
            dropout=0.0,
            ema_decay=0.998,
            pages=3000,
        ),
    ]
}
