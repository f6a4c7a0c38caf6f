"""Numbers about predictions, from scikit-learn and SciPy."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest
from sklearn import metrics


@dataclass(frozen=True)
class Accuracy:
    """The share of right predictions, and the Wilson interval that holds the true share with 95 % confidence."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.value:.2%} (95 % interval {self.interval})"

    @property
    def interval(self) -> str:
        return f"{100 * self.low:.2f}–{100 * self.high:.2f} %"


def accuracy(labels: np.ndarray, predictions: np.ndarray) -> Accuracy:
    """Accuracy of `predictions` (int, `(n,)`) against `labels` (int, `(n,)`), with its Wilson interval (1927)."""
    right = int(metrics.accuracy_score(labels, predictions, normalize=False))
    interval = binomtest(right, len(labels)).proportion_ci(confidence_level=0.95, method="wilson")
    return Accuracy(right / len(labels), interval.low, interval.high, len(labels))


def confusion(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """How often each label (row) was given each prediction (column): int64, `(classes, classes)`."""
    return metrics.confusion_matrix(labels, predictions, labels=range(classes))
