"""A run: load, build, train, evaluate, save; the same for both frameworks."""

from digits.training.steps import Settings, build, evaluate, load, run, save, train

__all__ = ["Settings", "build", "evaluate", "load", "run", "save", "train"]
