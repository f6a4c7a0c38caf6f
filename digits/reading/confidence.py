"""How sure a reading is: what the finder and the reader say of each box, weighed as composed pictures taught.

`benchmarks/reading_confidence.py` fits the weights, on pictures from which neither network learned.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.reading.network import Predictions

WEIGHTS = Path(__file__).with_name("confidence.json")
MOST = 0.99  # nobody is surer
BESIDE_INK = 0.95  # nor that there is no digit, where ink is seen
LITTLE = 1e-3  # probability: what is less is as good as this


@dataclass(frozen=True)
class Weights:
    """What was fitted; where there is a constant, it comes last.

    Attributes:
        digit: whether a box is one digit, of `evidence`.
        which: which digit it is: powers of the finder's and of the reader's probabilities.
        text: whether a text is right as a whole, of `doubts`.
        none: whether there is no digit, where none was read, of `doubts`.
    """

    digit: tuple[float, ...]
    which: tuple[float, float]
    text: tuple[float, ...]
    none: tuple[float, ...]


@cache
def fitted() -> Weights:
    """The weights that come with the package."""
    return Weights(**{name: tuple(values) for name, values in json.loads(WEIGHTS.read_text()).items()})


def evidence(scores: NDArray[np.float32], means: NDArray[np.float32], predictions: Predictions) -> NDArray[np.float64]:
    """What speaks for each of `n` boxes being one digit: float64, `(n, 3)`.

    Args:
        scores, means: the finder's, `(n,)`, 0 to 1.
        predictions: the reader's, of the same boxes.
    """
    return np.stack([_logit(scores), _logit(means), _logit(1 - predictions.doubts)], 1)


def are_digits(seen: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """The probability (`(n,)`) that each box is one digit, of its `evidence`."""
    return _logistic(seen @ weights.digit[:-1] + weights.digit[-1])


def which_digits(probabilities: NDArray[np.float32], predictions: Predictions, weights: Weights) -> NDArray[np.float32]:
    """The probability of each digit (float32, `(n, 10)`), if it is one, of what both networks say."""
    finder, reader = weights.which
    both = finder * np.log(probabilities + LITTLE) + reader * np.log(predictions.probabilities + LITTLE)
    odds = np.exp(both - both.max(1, keepdims=True))
    return (odds / odds.sum(1, keepdims=True)).astype(np.float32)


def doubts(digits: NDArray[np.floating], refused: NDArray[np.floating], ink: int) -> NDArray[np.float64]:
    """What speaks against a reading as a whole: float64, `(4,)`.

    Args:
        digits: the confidence of each digit that was read.
        refused: the probability that what was not read is a digit all the same, of each.
        ink: how many boxes were left out.
    """
    unseen = np.log1p(-np.clip(refused, 0, 1 - LITTLE))
    return np.array([np.log(digits).sum(), np.log(digits).min(initial=0), unseen.sum(), np.log1p(ink)])


def of_text(against: NDArray[np.float64], weights: Weights) -> float:
    """The probability that a text is right as a whole, of the `doubts` about it."""
    return min(MOST, float(_logistic(against @ weights.text[:-1] + weights.text[-1])))


def of_none(against: NDArray[np.float64], weights: Weights) -> float:
    """The probability that there is no digit, where none was read."""
    most = BESIDE_INK if against[-1] else MOST
    return min(most, float(_logistic(against @ weights.none[:-1] + weights.none[-1])))


def _logit(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    clipped = np.clip(probabilities.astype(np.float64), LITTLE, 1 - LITTLE)
    return np.log(clipped / (1 - clipped))


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(values, -50, 50)))
