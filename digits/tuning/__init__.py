"""The search for a better recipe: Optuna chooses what to try, here or on a Ray cluster. Nothing here prints."""

from digits.tuning.run import PAGE, TUNED, Tuning, opened
from digits.tuning.search import Search
from digits.tuning.space import default_space, parse_space

__all__ = ["PAGE", "TUNED", "Search", "Tuning", "default_space", "opened", "parse_space"]
