"""Every choice that decides a result. This door loads nothing heavy; modules that compute stand behind it."""

from digits.recipes.recipe import LIMITS, MAX_MEMBERS, RECIPES, SCHEDULES, Augmentation, Recipe

__all__ = ["LIMITS", "MAX_MEMBERS", "RECIPES", "SCHEDULES", "Augmentation", "Recipe"]
