import numpy as np
import pytest

from digits.evaluation import metrics


def test_accuracy_and_its_wilson_interval():
    labels = np.zeros(10_000, int)
    predictions = labels.copy()
    predictions[:215] = 1
    accuracy = metrics.accuracy(labels, predictions)
    assert accuracy.value == pytest.approx(0.9785)
    # Wilson (1927), worked out by hand: centre (p + z²/2n) / (1 + z²/n), and so on, with z = 1.959964.
    assert accuracy.low == pytest.approx(0.975468, abs=1e-6)
    assert accuracy.high == pytest.approx(0.981164, abs=1e-6)
    assert str(accuracy) == "97.85% (95 % interval 97.55–98.12 %)"


def test_the_interval_never_leaves_0_to_1():
    right = metrics.accuracy(np.ones(5, int), np.ones(5, int))
    wrong = metrics.accuracy(np.ones(5, int), np.zeros(5, int))
    assert right.high == 1
    assert 0.5 < right.low < 1
    assert wrong.low == 0
    assert 0 < wrong.high < 0.5


def test_confusion_has_labels_in_rows_and_every_class():
    counts = metrics.confusion(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), classes=4)
    assert counts.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
