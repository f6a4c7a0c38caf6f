"""Numbers about predictions, from scikit-learn and SciPy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, t
from sklearn import metrics

CALIBRATION_BINS = 15  # as in Guo et al. (2017)
SIGNIFICANT = 0.05  # p-values below it count as evidence


@dataclass(frozen=True)
class Accuracy:
    """The share of right predictions, and the Wilson interval that holds the true share with 95% confidence."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.value:.2%} (95% interval {self.interval})"

    @property
    def interval(self) -> str:
        """The interval in words, in percent: `98.85–99.21%`."""
        return f"{100 * self.low:.2f}–{100 * self.high:.2f}%"


def accuracy(labels: NDArray[np.integer], predictions: NDArray[np.integer]) -> Accuracy:
    """Accuracy of `predictions` (int, `(n,)`) against `labels` (int, `(n,)`), with its Wilson interval (1927)."""
    return accuracy_of(int(metrics.accuracy_score(labels, predictions, normalize=False)), len(labels))


def accuracy_of(right: int, count: int) -> Accuracy:
    """The accuracy of `right` right predictions of `count`, with its Wilson interval."""
    interval = binomtest(right, count).proportion_ci(confidence_level=0.95, method="wilson")
    return Accuracy(right / count, interval.low, interval.high, count)


def confusion(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> NDArray[np.int64]:
    """How often each label (row) was given each prediction (column): int64, `(classes, classes)`."""
    return metrics.confusion_matrix(labels, predictions, labels=range(classes))


class ClassScore(NamedTuple):
    """How well one class is told from the others; None where it cannot be said, such as the recall of no images.

    Precision is the share of right ones among the predictions of this class, recall among the images of it; F1 is
    their harmonic mean.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    images: int


def class_scores(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> list[ClassScore]:
    """Precision, recall and F1 for each of the classes, from labels and predictions (int, `(n,)`)."""
    scores = metrics.precision_recall_fscore_support(
        labels, predictions, labels=range(classes), average=None, zero_division=np.nan
    )
    shares = [[None if np.isnan(share) else float(share) for share in column] for column in scores[:3]]
    return [ClassScore(*row) for row in zip(*shares, scores[3].tolist(), strict=True)]


class Confusion(NamedTuple):
    """So many images of the class `true` were taken for the class `predicted`."""

    true: int
    predicted: int
    images: int


def commonest_confusions(counts: NDArray[np.int64], top: int = 10) -> list[Confusion]:
    """The mistakes that were made most often, commonest first; `counts` is what `confusion` returns."""
    mistakes = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    order = np.argsort(-mistakes, axis=None, kind="stable")[:top]
    rows, columns = np.unravel_index(order, mistakes.shape)
    cells = zip(rows.tolist(), columns.tolist(), mistakes[rows, columns].tolist(), strict=True)
    return [Confusion(*cell) for cell in cells if cell[2]]


def log_loss(labels: NDArray[np.integer], probabilities: NDArray[np.floating]) -> float:
    """Mean of -ln(probability of the true class), in nats; `probabilities` is float, `(n, classes)`."""
    exact = probabilities.astype(np.float64)  # float32 rows add up to 1 only nearly, which scikit-learn warns of
    exact /= exact.sum(axis=1, keepdims=True)
    return float(metrics.log_loss(labels, exact, labels=range(exact.shape[1])))


@dataclass(frozen=True)
class Calibration:
    """Confidence against accuracy, in bins of confidence of equal width.

    Attributes:
        edges: float, `(bins + 1,)`; bin i holds the confidences above `edges[i]`, up to and including `edges[i + 1]`.
        images: int, `(bins,)`, how many predictions each bin holds.
        confidence: float, `(bins,)`, their mean confidence; NaN in an empty bin.
        accuracy: float, `(bins,)`, the share of right ones among them; NaN in an empty bin.
    """

    edges: NDArray[np.float64]
    images: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def error(self) -> float:
        """The expected calibration error: mean of |accuracy - confidence| over the images, 0 to 1."""
        return float(np.nansum(self.images * np.abs(self.accuracy - self.confidence)) / self.images.sum())


def calibration(
    labels: NDArray[np.integer], probabilities: NDArray[np.floating], bins: int = CALIBRATION_BINS
) -> Calibration:
    """How far the confidence of predictions (their probability: the largest one) can be taken at its word.

    After Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017, equations 1 to 3.

    Args:
        labels: int, `(n,)`.
        probabilities: float, `(n, classes)`.
    """
    return calibration_of(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, bins)


def calibration_of(
    confidence: NDArray[np.floating], right: NDArray[np.bool], bins: int = CALIBRATION_BINS
) -> Calibration:
    """The same of any answers: how sure each is, float, `(n,)`, and whether it is right, bool, `(n,)`."""
    confidence = confidence.astype(np.float64)
    edges = np.linspace(0, 1, bins + 1)
    place = np.digitize(confidence, edges[1:-1], right=True)
    images = np.bincount(place, minlength=bins)
    at_least_one = np.where(images, images, np.nan)
    return Calibration(
        edges,
        images,
        np.bincount(place, confidence, minlength=bins) / at_least_one,
        np.bincount(place, right, minlength=bins) / at_least_one,
    )


@dataclass(frozen=True)
class Comparison:
    """Two sets of predictions, A and B, of the same images.

    Attributes:
        both_right, both_wrong, only_a_right, only_b_right: counts of images; together they are all.
        same_answer: how many images got the same prediction from both, right or wrong.
        p_value: of the exact McNemar test. If A and B were equally good, each image that only one of them got right
            would be A's or B's by the toss of a coin. This is the probability that the tosses come out as unevenly as
            these images did, or more so: small where chance alone hardly explains the difference.
    """

    both_right: int
    both_wrong: int
    only_a_right: int
    only_b_right: int
    same_answer: int
    p_value: float

    @property
    def images(self) -> int:
        """How many both predicted."""
        return self.both_right + self.both_wrong + self.only_a_right + self.only_b_right

    @property
    def agreement(self) -> float:
        """The share of images with the same prediction from both."""
        return self.same_answer / self.images

    @property
    def better(self) -> str | None:
        """Which one, `a` or `b`, or None where there is no evidence that one is better."""
        if self.p_value >= SIGNIFICANT:
            return None
        return "a" if self.only_a_right > self.only_b_right else "b"

    def sentence(self, a: str, b: str) -> str:
        """What can be said of the two, by their names."""
        p = "p < 0.0001" if self.p_value < 0.0001 else f"p = {self.p_value:.2g}"
        if self.better is None:
            return f"no evidence that one is better ({p})"
        return f"{a if self.better == 'a' else b} is better ({p})"


def compare(labels: NDArray[np.integer], a: NDArray[np.integer], b: NDArray[np.integer]) -> Comparison:
    """Predictions A against predictions B, all int, `(n,)`, of the same images.

    The test is the exact form of McNemar: Note on the sampling error of the difference between correlated proportions
    or percentages, Psychometrika 12, 1947: of the images that only one got right, each is A's or B's by a coin's toss.
    """
    a_right, b_right = a == labels, b == labels
    only_a, only_b = int((a_right & ~b_right).sum()), int((b_right & ~a_right).sum())
    return Comparison(
        both_right=int((a_right & b_right).sum()),
        both_wrong=int((~a_right & ~b_right).sum()),
        only_a_right=only_a,
        only_b_right=only_b,
        same_answer=int((a == b).sum()),
        p_value=float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0,
    )


@dataclass(frozen=True)
class Difference:
    """By how much A's accuracy is above B's, in the mean over seeds, and its 95% interval; all from -1 to 1."""

    mean: float
    low: float
    high: float
    seeds: int

    def sentence(self, a: str, b: str) -> str:
        """What can be said of the two, by their names."""
        points = f"{100 * self.mean:+.2f} points of test accuracy"
        known = f"{points}, 95% interval {100 * self.low:+.2f} to {100 * self.high:+.2f}, over {self.seeds} seeds"
        if self.low > 0:
            return f"{a} is better than {b}: {known}"
        if self.high < 0:
            return f"{a} is worse than {b}: {known}"
        return f"no evidence that {a} is better than {b}: {known}"


def difference(a: Sequence[float], b: Sequence[float]) -> Difference:
    """How accuracies A compare with accuracies B of the same seeds, three or more.

    The interval of their mean difference is Student's. Of differences that are all the same, it is that one alone.
    """
    gains = np.subtract(a, b)
    reach = float(t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / len(gains) ** 0.5)
    mean = float(gains.mean())
    return Difference(mean, mean - reach, mean + reach, len(gains))
