import numpy as np
import pytest
from scipy.stats import ttest_rel

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
    assert str(accuracy) == "97.85% (95% interval 97.55–98.12%)"


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


def test_scores_of_each_class_by_hand():
    labels, predictions = np.array([0, 0, 0, 1, 1, 3]), np.array([0, 0, 1, 1, 1, 1])
    zero, one, two, three = metrics.class_scores(labels, predictions, classes=4)
    assert zero == (1.0, pytest.approx(2 / 3), pytest.approx(0.8), 3)
    assert one == (0.5, 1.0, pytest.approx(2 / 3), 2)
    assert two == (None, None, None, 0)  # nobody is a 2 or was taken for one: nothing can be said
    assert three == (None, 0.0, 0.0, 1)


def test_commonest_confusions_are_true_then_predicted_and_most_often_first():
    counts = np.array([[50, 2, 0], [7, 60, 0], [1, 3, 70]])
    assert metrics.commonest_confusions(counts) == [(1, 0, 7), (2, 1, 3), (0, 1, 2), (2, 0, 1)]
    assert metrics.commonest_confusions(counts, top=1) == [(1, 0, 7)]
    assert metrics.commonest_confusions(np.diag([5, 5])) == []


def test_log_loss_by_hand():
    probabilities = np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]], np.float32)
    expected = -(np.log(0.25) + np.log(0.8)) / 2
    assert metrics.log_loss(np.array([2, 1]), probabilities) == pytest.approx(expected, abs=1e-6)


def test_log_loss_of_a_tiny_probability_is_neither_infinite_nor_cut_short():
    probabilities = np.array([[1, 1e-12]], np.float32)
    assert metrics.log_loss(np.array([1]), probabilities) == pytest.approx(12 * np.log(10), rel=1e-5)


def test_calibration_bins_include_their_upper_edge_as_in_the_paper():
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75], [1, 0], [0.49, 0.51]])
    calibration = metrics.calibration(np.array([0, 0, 0, 1]), probabilities, bins=4)
    assert calibration.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert calibration.images.tolist() == [0, 1, 2, 1]
    assert calibration.accuracy[1:].tolist() == [1, 0.5, 1]
    assert calibration.confidence[1:] == pytest.approx([0.5, 0.63, 1])
    assert np.isnan(calibration.accuracy[0])
    assert np.isnan(calibration.confidence[0])
    assert calibration.error == pytest.approx((1 * 0.5 + 2 * 0.13 + 1 * 0) / 4)


def test_calibration_error_is_what_a_loop_over_the_papers_bins_finds(rng):
    probabilities = rng.dirichlet(np.full(10, 0.1), 2000).astype(np.float32)
    labels = rng.integers(0, 10, 2000)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    expected = 0.0
    for m in range(15):
        inside = (confidence > m / 15) & (confidence <= (m + 1) / 15)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert metrics.calibration(labels, probabilities).error == pytest.approx(expected, abs=1e-6)
    assert expected > 0.3


def answers(both: int, only_a: int, only_b: int, neither: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, A's and B's predictions with so many of each outcome; where neither is right, they differ."""
    a = np.repeat([0, 0, 1, 1], [both, only_a, only_b, neither])
    b = np.repeat([0, 1, 0, 2], [both, only_a, only_b, neither])
    return np.zeros(len(a), int), a, b


def test_comparison_by_hand():
    comparison = metrics.compare(*answers(80, 9, 1, 10))
    assert (comparison.both_right, comparison.only_a_right, comparison.only_b_right) == (80, 9, 1)
    assert (comparison.both_wrong, comparison.same_answer, comparison.agreement) == (10, 80, 0.8)
    assert comparison.p_value == pytest.approx(2 * (1 + 10) / 2**10)  # 9 or 10 of 10 tosses alike, either side
    assert comparison.better == "a"
    assert comparison.sentence("Ann", "Bob") == "Ann is better (p = 0.021)"


@pytest.mark.parametrize(
    ("only_a", "only_b", "sentence"),
    [
        (0, 0, "no evidence that one is better (p = 1)"),
        (8, 5, "no evidence that one is better (p = 0.58)"),
        (1, 9, "Bob is better (p = 0.021)"),
        (8, 2, "no evidence that one is better (p = 0.11)"),
        (90, 10, "Ann is better (p < 0.0001)"),
    ],
)
def test_the_sentence_says_what_the_evidence_allows(only_a, only_b, sentence):
    assert metrics.compare(*answers(50, only_a, only_b, 3)).sentence("Ann", "Bob") == sentence


def test_the_same_wrong_answer_is_agreement():
    comparison = metrics.compare(np.array([0, 0, 0]), np.array([1, 1, 0]), np.array([1, 2, 0]))
    assert (comparison.both_wrong, comparison.same_answer, comparison.images) == (2, 2, 3)


def test_a_difference_of_accuracies_is_that_of_a_paired_t_test():
    a, b = [0.991, 0.992, 0.9905, 0.9915], [0.988, 0.9895, 0.989, 0.9885]
    known = ttest_rel(a, b).confidence_interval(0.95)
    found = metrics.difference(a, b)
    assert (found.low, found.high, found.seeds) == (pytest.approx(known.low), pytest.approx(known.high), 4)
    assert found.sentence("A", "B").startswith("A is better than B: +0.25 points of test accuracy, 95% interval +0.1")
    assert metrics.difference(b, a).sentence("B", "A").startswith("B is worse than A: -0.25 points")
    unsure = metrics.difference([0.99, 0.98, 0.97], [0.98, 0.99, 0.97])
    assert unsure.sentence("A", "B").startswith("no evidence that A is better than B: +0.00 points")
    assert metrics.difference([0.5] * 3, [0.25] * 3) == metrics.Difference(0.25, 0.25, 0.25, 3)
