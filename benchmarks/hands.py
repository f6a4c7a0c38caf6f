"""Measure what a hand's corrections bring: its errors after 0, 1, 3, 5 and 10 digits that were misread are corrected.

Hands are composed by the tests' code (`tests/reading/compose/hands.py`): each has its own slant, pen and habits, and
ways of writing that the reader never saw. The votes' two numbers (`digits/reading/hand.py`) were chosen on hands 100 to
119 with `--choose`; hands 0 to 19 are reported.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from digits.commands.tables import table
from digits.datasets import Split, load_dataset
from digits.reading import hand as module
from digits.reading.hand import CLASSES, Hand
from digits.reading.network import Network
from digits.reading.reader import SHIPPED

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' hands
from tests.reading.compose.hands import a_hand, written

CORRECTED = (0, 1, 3, 5, 10)
STREAM, ASKED = 500, 500  # digits that are read until enough are misread, and others that are asked about afterwards
REPORTED, CHOSEN_ON = range(20), range(100, 120)


class Ask:
    """What the shipped reader says of images, with corrections or without: the class of each, an index of `CLASSES`."""

    def __init__(self) -> None:
        self.network = Network(SHIPPED)

    def __call__(self, images: np.ndarray, corrections: Split | None = None) -> np.ndarray:
        answers = self.network(images)
        said = np.column_stack([answers.probabilities * (1 - answers.doubts)[:, np.newaxis], answers.doubts])
        if corrections is not None and len(corrections):
            said = a_hand_of(corrections).vote(images, said)
        best: np.ndarray = said.argmax(1)
        return best


def a_hand_of(corrections: Split) -> Hand:
    """As `digits read --hand` has it, by way of a folder."""
    with tempfile.TemporaryDirectory() as folder:
        for index, (image, label) in enumerate(zip(corrections.images, corrections.labels, strict=True)):
            place = Path(folder) / CLASSES[label]
            place.mkdir(exist_ok=True)
            Image.fromarray(image).save(place / f"{index}.png")
        return Hand(folder, SHIPPED)


def measure(ask: Ask, seeds: Iterable[int], mnist: Split) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each hand and number of corrections: errors, digits that were right before and are no more, MNIST's loss."""
    errors, lost, harm = [], [], []
    right_before = ask(mnist.images) == mnist.labels
    for seed in seeds:
        images, labels = written(a_hand(seed), STREAM + ASKED, np.random.default_rng([seed, 1]))
        wrong = np.flatnonzero(ask(images[:STREAM]) != labels[:STREAM])
        rest, truth = images[STREAM:], labels[STREAM:]
        before = ask(rest) == truth
        rows = []
        for count in CORRECTED:
            corrections = Split(images[wrong[:count]], labels[wrong[:count]])
            now = ask(rest, corrections) == truth
            rows.append(((~now).mean(), (before & ~now).mean()))
        harm.append(right_before.mean() - (ask(mnist.images, corrections) == mnist.labels).mean())
        errors.append([row[0] for row in rows])
        lost.append([row[1] for row in rows])
    return np.array(errors), np.array(lost), np.array(harm)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--choose", action="store_true", help="try other numbers of the rule, on other hands")
    flags = parser.parse_args()
    ask, train = Ask(), load_dataset("mnist").train
    mnist = Split(train.images[-4000:], train.labels[-4000:])
    rules = [(near, most) for near in (0.4, 0.5, 0.6, 0.7) for most in (6.0, 8.0, 12.0)] if flags.choose else []
    for near, most in rules or [(module.NEAR, module.MOST)]:
        module.NEAR, module.MOST = near, most
        errors, lost, harm = measure(ask, CHOSEN_ON if flags.choose else REPORTED, mnist)
        print(
            f"\nnear {near}, most {most}; MNIST loses {100 * harm.mean():.3f} points on average, "
            f"{100 * harm.max():.3f} at most"
        )
        rows = [
            [
                str(count),
                f"{errors[:, index].mean():.2%}",
                f"{np.median(errors[:, index]):.2%}",
                f"{lost[:, index].mean():.2%}",
            ]
            for index, count in enumerate(CORRECTED)
        ]
        print(table(rows, ("corrections", "errors, mean", "errors, median", "were right before")))


if __name__ == "__main__":
    main()
