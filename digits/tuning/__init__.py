"""The search for a better recipe: Optuna chooses what to try, Ray runs it, here or on a cluster."""

from digits.tuning.search import Search, tune
from digits.tuning.space import default_space, parse_space

__all__ = ["Search", "default_space", "parse_space", "tune"]
