import numpy as np
import pytest

from digits.reading.confidence import (
    BESIDE_INK,
    MOST,
    Weights,
    are_digits,
    doubts,
    evidence,
    fitted,
    of_none,
    of_text,
    which_digits,
)
from digits.reading.network import Predictions

EYE = np.eye(10, dtype=np.float32)


def predictions(probabilities: np.ndarray, nothing: float = 0.0) -> Predictions:
    count = len(probabilities)
    return Predictions(probabilities, np.full(count, nothing, np.float32), np.zeros(count, np.float32))


def test_what_ships_has_all_that_is_weighed():
    weights = fitted()
    assert (len(weights.digit), len(weights.which), len(weights.text), len(weights.none)) == (4, 2, 5, 5)
    assert weights.digit[0] > 0
    assert min(weights.which) > 0


def test_a_box_is_likelier_a_digit_the_more_speaks_for_it():
    scores, means = np.array([0.2, 0.9, 0.9, 0.9]), np.array([0.6, 0.6, 0.3, 0.6])
    said = Predictions(EYE[[3, 3, 3, 3]], np.float32([0, 0, 0, 0.9]), np.zeros(4, np.float32))
    seen = evidence(scores, means, said)
    assert seen.shape == (4, 3)
    assert (seen[1] >= seen[[0, 2, 3]]).all()
    low, most, unsteady, nothing = are_digits(seen, Weights((1.0, 1.0, 1.0, 0.0), (1, 1), (), ()))
    assert most > max(low, unsteady, nothing)
    extremes = np.array([0.0, 1.0])
    assert np.isfinite(evidence(extremes, extremes, predictions(EYE[:2], 1.0))).all()


def test_which_digit_it_is_both_networks_say():
    finder = np.float32([[0.6, 0.4, *[0] * 8], [0.6, 0.4, *[0] * 8]])
    reader = np.float32([[0.1, 0.9, *[0] * 8], [0.5, 0.5, *[0] * 8]])
    both = which_digits(finder, predictions(reader), Weights((), (1, 1), (), ()))
    assert both.argmax(1).tolist() == [1, 0]
    assert both.sum(1) == pytest.approx(np.ones(2), abs=1e-6)
    alone = which_digits(finder, predictions(reader), Weights((), (1, 0), (), ()))
    assert alone.argmax(1).tolist() == [0, 0]


WEIGHTS = Weights((), (1, 1), (1, 0, 1, -1, 0), (0, 0, 1, -0.1, 6))


def test_a_text_is_less_sure_than_its_digits_and_than_what_was_refused():
    surest = of_text(doubts(np.full(3, 0.99), np.zeros(0), 0), WEIGHTS)
    assert of_text(doubts(np.array([0.99, 0.6, 0.99]), np.zeros(0), 0), WEIGHTS) < surest
    assert of_text(doubts(np.full(3, 0.99), np.array([0.4]), 0), WEIGHTS) < surest
    assert of_text(doubts(np.full(3, 0.99), np.zeros(0), 9), WEIGHTS) < surest


def test_that_there_is_no_digit_is_never_as_good_as_certain_over_ink():
    nothing = np.zeros(0)
    assert of_none(doubts(nothing, nothing, 0), WEIGHTS) > BESIDE_INK
    assert of_none(doubts(nothing, nothing, 1), WEIGHTS) <= BESIDE_INK
    assert of_none(doubts(nothing, np.full(8, 0.45), 1), WEIGHTS) < of_none(doubts(nothing, nothing, 1), WEIGHTS)


def test_no_certainty_breaks_it():
    for sure in (0.0, 1.0):
        against = doubts(np.full(200, max(sure, 1e-9)), np.full(200, sure), 10_000)
        assert 0 <= of_text(against, fitted()) <= MOST
        assert 0 <= of_none(against, fitted()) <= MOST
