"""Measure what a hand's corrections bring: its errors after 0, 1, 3, 5 and 10 digits that were misread are corrected.

Hands are composed by the tests' code (`tests/reading/compose/hands.py`): each has its own slant, pen and habits, and
ways of writing that the reader never saw. The votes' two numbers (`digits/reading/hand.py`) were chosen on hands 100 to
119 with `--choose`; hands 0 to 19 are reported, and drawn into docs/hands.png.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.ticker import PercentFormatter

from digits.commands.tables import table
from digits.datasets import Split, load_dataset
from digits.evaluation.plots import MUTED, WRONG, png
from digits.figures import Figure
from digits.learning import Known, copied, known, weighed
from digits.reading import hand as module
from digits.reading.hand import Hand
from digits.reading.network import Network
from digits.reading.reader import SHIPPED
from digits.training.validation import hold_out

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' hands
from tests.reading.compose.hands import a_hand, written

CORRECTED = (0, 1, 3, 5, 10)
STREAM, ASKED = 500, 500  # digits that are read until enough are misread, and others that are asked about afterwards
REPORTED, CHOSEN_ON = range(20), range(100, 120)
FIGURE = Path("docs/hands.png")

Ask = Callable[[np.ndarray], np.ndarray]  # from images to places in `hand.CLASSES`


@cache
def _network() -> Network:
    return Network(SHIPPED)


def alone(images: np.ndarray) -> np.ndarray:
    """What the reader that ships says: `(n, 11)`, of each digit and of no digit."""
    answers = _network()(images)
    return np.column_stack([answers.probabilities * (1 - answers.doubts)[:, np.newaxis], answers.doubts])


def voting(corrections: Split) -> Ask:
    """The reader that ships, with the votes of corrections."""
    hand = Hand(corrections, SHIPPED) if len(corrections) else None
    return lambda images: (hand.vote(images, alone(images)) if hand else alone(images)).argmax(1)


@cache
def _known() -> Known:
    return known(load_dataset("mnist").train)


def learning(corrections: Split) -> Ask:
    """What `digits learn` makes of them."""
    base = _known()
    features = copied(base.layer, corrections.images, 0) if len(corrections) else None
    weights = base.start if features is None else weighed(base, features, corrections.labels)[0]
    return lambda images: weights.said(base.layer.values(images))


def measure(told: Callable[[Split], Ask], seeds: Iterable[int], mnist: Split) -> tuple[np.ndarray, ...]:
    """Of each hand and number of corrections: errors, digits that were right before and are no more, MNIST's loss."""
    right = told(mnist.take(slice(0)))(mnist.images) == mnist.labels
    measured = []
    for seed in seeds:
        images, labels = written(a_hand(seed), STREAM + ASKED, np.random.default_rng([seed, 1]))
        stream, rest = Split(images[:STREAM], labels[:STREAM]), Split(images[STREAM:], labels[STREAM:])
        wrong = np.flatnonzero(alone(stream.images).argmax(1) != stream.labels)
        before = alone(rest.images).argmax(1) == rest.labels
        for count in CORRECTED:
            ask = told(stream.take(wrong[:count]))
            now = ask(rest.images) == rest.labels
            measured.append(
                (1 - now.mean(), (before & ~now).mean(), right.mean() - (ask(mnist.images) == mnist.labels).mean())
            )
    return tuple(np.array(measured).reshape(-1, len(CORRECTED), 3).transpose(2, 0, 1))


def rows(errors: np.ndarray, lost: np.ndarray, harm: np.ndarray) -> list[list[str]]:
    return [
        [
            str(count),
            f"{errors[:, place].mean():.2%}",
            f"{np.median(errors[:, place]):.2%}",
            f"{lost[:, place].mean():.2%}",
            f"{100 * harm[:, place].mean():.3f}",
        ]
        for place, count in enumerate(CORRECTED)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--choose", action="store_true", help="try other numbers of the rule, on other hands")
    flags = parser.parse_args()
    train = load_dataset("mnist").train
    mnist = hold_out(train, 0.1, 0)[1]  # of which the reader that ships learned nothing
    rules = [(near, vote) for near in (0.5, 0.6, 0.7, 0.8) for vote in (60.0, 80.0, 120.0)] if flags.choose else []
    seeds = CHOSEN_ON if flags.choose else REPORTED
    for near, vote in rules or [(module.NEAR, module.VOTE)]:
        module.NEAR, module.VOTE = near, vote
        votes = measure(voting, seeds, mnist)
        show(f"Votes of corrections, from {near} on, times {vote}", votes)
    learned = measure(learning, seeds, mnist)
    show("digits learn", learned)
    if not flags.choose:
        errors = {"They vote (--hand)": votes[0], "The reader learns (digits learn)": learned[0]}
        FIGURE.write_bytes(png(curves(errors)))
        print(f"Saved {FIGURE}")


def curves(errors: dict[str, np.ndarray]) -> Figure:
    """The errors of each hand, `(hands, counts)`, and their mean, over how many digits were corrected."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    for axes, (title, of_hands) in zip(figure.subplots(1, len(errors), sharey=True), errors.items(), strict=True):
        axes.plot(CORRECTED, of_hands.T, color=MUTED, lw=0.8, alpha=0.5)
        axes.plot(CORRECTED, of_hands.mean(axis=0), color=WRONG, lw=2.5, marker="o", label="mean of 20 hands")
        axes.set(title=title, xlabel="misread digits that were corrected", xticks=CORRECTED, ylim=(0, None))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(axis="y", color="#e5e7eb")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.axes[0].set_ylabel("errors on other digits of the hand")
    return figure


def show(what: str, measured: tuple[np.ndarray, ...]) -> None:
    names = ("corrections", "errors", "median", "right before, lost", "points of MNIST, lost")
    print(f"\n{what}\n{table(rows(*measured), names)}", flush=True)


if __name__ == "__main__":
    main()
