"""Fit what `digits read` makes of the finder's and the reader's answers: digits/reading/confidence.json.

Pages are composed of seeds that nothing else is, with the hands that were kept back as the reader was trained. On them,
logistic regressions learn which boxes are digits, which digit each is, and which texts are right as a whole.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from digits.datasets import load_dataset
from digits.files import write_together
from digits.progress import Bar
from digits.reading import Reader
from digits.reading.confidence import WEIGHTS, Weights, doubts, evidence
from digits.reading.finder import Found
from digits.reading.left_out import left_out
from digits.reading.network import Answers
from digits.reading.reader import judged
from digits.reading.rows import in_rows
from digits.synthesis import pages
from digits.training.validation import hold_out

SEED = 26
SIDES = (192, 256, 320)
MATCH = 0.5  # of the union of two boxes that they have in common, where they show one digit


@dataclass(frozen=True, eq=False)
class Asked:
    """A page, and what both networks say of it."""

    page: pages.Page
    found: Found
    images: np.ndarray
    answers: Answers

    @property
    def text(self) -> str:
        """The digits of the page, row by row."""
        return "\n".join("".join(map(str, self.page.labels[row])) for row in in_rows(self.page.boxes))

    @property
    def labels(self) -> np.ndarray:
        """Which digit each box is, -1 for none: int64, `(n,)`."""
        if not len(self.page.boxes) or not len(self.found.boxes):
            return np.full(len(self.found.boxes), -1)
        common = _common(self.found.boxes, self.page.boxes)
        return np.where(common.max(1) > MATCH, self.page.labels[common.argmax(1)], -1)


def _common(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which share of their union boxes `(n, 4)` and `(m, 4)` have in common: `(n, m)`."""
    one, other = one[:, np.newaxis], other[np.newaxis]
    start = np.maximum(one[..., :2], other[..., :2])
    end = np.minimum(one[..., :2] + one[..., 2:], other[..., :2] + other[..., 2:])
    common = (end - start).clip(0).prod(-1)
    return common / (one[..., 2:].prod(-1) + other[..., 2:].prod(-1) - common)


def ask(count: int) -> Iterator[Asked]:
    reader, hands = Reader(), hold_out(load_dataset("mnist").train, 0.1, 0)[1]
    assert hands
    with Bar("pages") as bar:
        for number in range(count):
            bar.show("Asking", number, count, "")
            rng = np.random.default_rng([SEED, number])
            page = pages.page(hands, rng, int(rng.choice(SIDES)))
            yield Asked(page, *reader.ask(page.pixels))


def fit(asked: list[Asked]) -> Weights:
    """The weights of what composed pages teach."""
    labels = np.concatenate([one.labels for one in asked])
    seen = np.concatenate([evidence(one.found.scores, one.found.probabilities, one.answers) for one in asked])
    finder = np.log(np.concatenate([one.found.probabilities for one in asked])[labels >= 0] + 1e-3)
    reader = np.log(np.concatenate([one.answers.probabilities for one in asked])[labels >= 0] + 1e-3)
    right = labels[labels >= 0, np.newaxis]

    def surprise(powers: np.ndarray) -> float:
        both = powers[0] * finder + powers[1] * reader
        return float(np.mean(np.logaddexp.reduce(both, 1) - np.take_along_axis(both, right, 1)[:, 0]))

    which = tuple(np.round(minimize(surprise, [1, 1], method="Nelder-Mead").x, 3).tolist())
    weights = Weights(_logistic(seen, labels >= 0), which, (), ())
    against, whole, read = [], [], []
    for one in asked:
        result = judged(one.found, one.images, one.answers, weights)
        left = left_out(one.page.pixels, one.found.boxes[result.read])
        against.append(doubts(result.sure, result.likely[result.refused], len(left)))
        whole.append(result.text == one.text)
        read.append(bool(result.text))
    against, whole, read = map(np.array, (against, whole, read))
    print(f"read whole: {whole.mean():.1%} of {len(asked)}; of those where nothing is read: {whole[~read].mean():.1%}")
    return Weights(weights.digit, which, _logistic(against[read], whole[read]), _logistic(against[~read], whole[~read]))


def _logistic(values: np.ndarray, truth: np.ndarray) -> tuple[float, ...]:
    fitted = LogisticRegression(max_iter=1000).fit(values, truth)
    return tuple(np.round([*fitted.coef_[0], fitted.intercept_[0]], 3).tolist())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000)
    weights = fit(list(ask(parser.parse_args().count)))
    text = json.dumps(weights.__dict__).replace("], ", "],\n ")
    write_together(WEIGHTS.parent, {WEIGHTS.name: f"{text}\n".encode()})
    print(text)


if __name__ == "__main__":
    main()
