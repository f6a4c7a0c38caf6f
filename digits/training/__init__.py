"""A run's training, in silence: load, build, train, evaluate; the same for both frameworks."""

from digits.training.loop import Training
from digits.training.run import History, Model, Result, TrainingRun, build, checkpoint, evaluate, identity, load
from digits.training.settings import Settings

__all__ = [
    "History",
    "Model",
    "Result",
    "Settings",
    "Training",
    "TrainingRun",
    "build",
    "checkpoint",
    "evaluate",
    "identity",
    "load",
]
