"""Fit what `digits read` makes of the finder's and the reader's predictions: digits/reading/confidence.json.

Half of the pictures are composed pages, of seeds that nothing else is. The other half is composed by the tests' own
code, from which no network has learned. The hands are those that were kept back as the reader was trained. The weights
of the two networks are those that make the right texts likeliest; logistic regressions learn which texts are right.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from digits.datasets import Split, load_dataset
from digits.files import write_together
from digits.progress import Bar
from digits.reading import Reader
from digits.reading.confidence import WEIGHTS, Weights, are_digits, doubts, evidence, which_digits
from digits.reading.finder import Found
from digits.reading.left_out import left_out
from digits.reading.network import Predictions
from digits.reading.peaks import distinct
from digits.reading.picture import open_picture
from digits.reading.reader import judged
from digits.reading.rows import in_rows
from digits.synthesis import pages
from digits.training.validation import hold_out

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' composed pictures
from tests.reading.compose import DIGITS, GRIDS, NO_DIGIT, composed

SEED = 26
SIDES = (192, 256, 320)  # pixels, of composed pages
KINDS = (*DIGITS, *GRIDS, *NO_DIGIT)
FIRST = Weights((2.0, 2.0, 0.3, 0.0), (3.0, 0.5), (), ())  # a guess to begin with
UNLIKELY = 0.02  # a box that is no digit, by that guess
HOPELESS = 0.1  # share of the pictures that are misread whatever the weights
SMALL = 0.01  # weighs the squares of the weights: small ones suit pictures that are harder than composed ones, too


@dataclass(frozen=True, eq=False)
class Asked:
    """A picture, its text, and what both networks say of it."""

    text: str
    pixels: np.ndarray
    found: Found
    images: np.ndarray
    predictions: Predictions

    def of(self, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, Predictions]:
        """Of some boxes, by index: the `evidence`, the finder's probabilities, and the reader's predictions."""
        said = self.predictions
        predictions = Predictions(said.probabilities[boxes], said.nothing[boxes], said.several[boxes])
        seen = evidence(self.found.scores[boxes], self.found.means[boxes], predictions)
        return seen, self.found.probabilities[boxes], predictions


def pictures(count: int, hands: Split) -> Iterator[tuple[str, np.ndarray]]:
    """So many pictures, and the text of each: by turns a composed page and one of the tests'."""
    for number in range(count):
        rng = np.random.default_rng([SEED, number])
        if number % 2:
            one = composed(str(rng.choice(KINDS)), number, hands, SEED)
            yield one.text, open_picture(one.data, one.kind).pixels
        else:
            page = pages.page(hands, rng, int(rng.choice(SIDES)))
            yield "\n".join("".join(map(str, page.labels[row])) for row in in_rows(page.boxes)), page.pixels


def ask(count: int) -> Iterator[Asked]:
    reader, hands = Reader(), hold_out(load_dataset("mnist").train, 0.1, 0)[1]
    assert hands
    with Bar("pictures") as bar:
        for number, (text, pixels) in enumerate(pictures(count, hands)):
            bar.show("Asking", number, count, "")
            yield Asked(text, pixels, *reader.ask(pixels))


def in_order(one: Asked) -> np.ndarray:
    """The boxes that may be digits, by index, in the order of a text."""
    likely = are_digits(one.of(np.arange(len(one.images)))[0], FIRST)
    apart = distinct(one.found.boxes, likely)
    apart = apart[likely[apart] > UNLIKELY]
    return np.array([apart[index] for row in in_rows(one.found.boxes[apart]) for index in row], np.int64)


def likelihood(text: str, likely: np.ndarray, which: np.ndarray) -> float:
    """The probability that a text is read, by any of the boxes that it may stand in.

    Args:
        likely: `(n,)`: that each box, in the order of the text, is a digit.
        which: `(n, 10)`: the probability of each digit, if it is one.
    """
    digits = [int(character) for character in text if character != "\n"]
    read = np.zeros(len(digits) + 1)  # the probability that so many of the text's digits are read so far
    read[0] = 1
    for digit, each in zip(likely, which[:, digits], strict=True):
        read[1:] = read[1:] * (1 - digit) + read[:-1] * digit * each
        read[0] *= 1 - digit
    return float(read[-1])


def weighed(asked: list[Asked]) -> Weights:
    """The weights of both networks by which the texts are most likely."""
    cases = [(one.text, *one.of(in_order(one))) for one in asked]

    def surprise(values: np.ndarray) -> float:
        weights = Weights(tuple(values[:4]), tuple(values[4:]), (), ())
        each = [
            likelihood(text, are_digits(seen, weights), which_digits(probabilities, predictions, weights))
            for text, seen, probabilities, predictions in cases
        ]
        return float(-np.log(np.array(each) + HOPELESS).mean() + SMALL * np.square(values).sum())

    best = minimize(surprise, [*FIRST.digit, *FIRST.which], method="Nelder-Mead", options={"maxfev": 400})
    values = np.round(best.x, 3).tolist()
    return Weights(tuple(values[:4]), tuple(values[4:]), (), ())


def fit(asked: list[Asked]) -> Weights:
    """The weights of what composed pictures teach."""
    weights = weighed(asked)
    against, whole, read = [], [], []
    for one in asked:
        seen = judged(one.found, one.images, one.predictions, weights)
        left = left_out(one.pixels, one.found.boxes[seen.read])
        against.append(doubts(seen.sure, seen.likely[seen.refused], len(left)))
        whole.append(seen.text == one.text)
        read.append(bool(seen.text))
    against, whole, read = map(np.array, (against, whole, read))
    for name, which in {"composed pages": slice(0, None, 2), "the tests' pictures": slice(1, None, 2)}.items():
        print(f"{name}: {whole[which].mean():.1%} of {len(whole[which])} read whole")
    text, none = (_logistic(against[which], whole[which]) for which in (read, ~read))
    return replace(weights, text=text, none=none)


def _logistic(values: np.ndarray, truth: np.ndarray) -> tuple[float, ...]:
    fitted = LogisticRegression(max_iter=1000).fit(values, truth)
    return tuple(np.round([*fitted.coef_[0], fitted.intercept_[0]], 3).tolist())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="pictures (default: %(default)s)")
    weights = fit(list(ask(parser.parse_args().count)))
    text = json.dumps(weights.__dict__).replace("], ", "],\n ")
    write_together(WEIGHTS.parent, {WEIGHTS.name: f"{text}\n".encode()})
    print(text)


if __name__ == "__main__":
    main()
