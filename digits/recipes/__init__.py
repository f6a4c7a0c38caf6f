"""Every choice that decides a result. This door loads nothing heavy: what computes with NumPy stands behind it."""

from digits.recipes.fields import about, flag, refuse
from digits.recipes.recipe import (
    ARCHITECTURES,
    NO_DRAWING,
    RECIPES,
    Architecture,
    Augmentation,
    Recipe,
    adjusted,
    check_seed,
)
from digits.recipes.schedule import SCHEDULES

__all__ = [
    "ARCHITECTURES",
    "NO_DRAWING",
    "RECIPES",
    "SCHEDULES",
    "Architecture",
    "Augmentation",
    "Recipe",
    "about",
    "adjusted",
    "check_seed",
    "flag",
    "refuse",
]
