"""What the reader learns from somebody's own digits."""

import numpy as np
import pytest

from digits import learning
from digits.datasets import Split
from digits.errors import DigitsError
from digits.learning import Known, Weights, fitted, learn, weighed
from digits.reading.network import Network
from digits.reading.reader import SHIPPED
from tests.reading.compose.hands import ODD, OneHand, a_hand, written


@pytest.fixture(scope="module")
def hand() -> Split:
    """Sevens with a second bar at their foot, and nines with a loop for a tail."""
    images, labels = written(
        OneHand({**a_hand(0).ways, "7": ODD["7"][0], "9": ODD["9"][0]}, 0.1, 1.0, 0.09, 0.03),
        600,
        np.random.default_rng(0),
    )
    return Split(images, labels).take(np.isin(labels, [7, 9]))


@pytest.fixture(scope="module")
def few(mnist) -> Split:
    """The first tenth of MNIST's training images."""
    return mnist.train.take(slice(6000))


def right(network: Network, split: Split) -> np.ndarray:
    answers = network(split.images)
    return (answers.digits == split.labels) & (answers.doubts < 0.5)


@pytest.mark.slow
def test_it_reads_more_of_yours_and_forgets_little(hand, mnist, tmp_path):
    wrong = hand.take(~right(Network(SHIPPED), hand))
    corrected, rest = wrong.take(slice(10)), wrong.take(slice(10, None))
    steps = []
    learned = learn(corrected, mnist.train, told=lambda done, total: steps.append((done, total)))
    (tmp_path / "mine.onnx").write_bytes(learned.model)
    mine = Network(tmp_path / "mine.onnx")
    assert right(mine, rest).mean() > 0.7  # none before
    assert learned.is_better
    assert learned.own.before.value == 0
    assert abs(learned.own.after.value - right(mine, rest).mean()) < 0.35  # it was honest about it
    test = mnist.test.take(slice(1500))
    assert right(mine, test).mean() >= right(Network(SHIPPED), test).mean() - 0.002
    assert learned.mnist.after.value >= learned.mnist.before.value - learning.ALLOWED_LOSS
    assert learned.nothing.after.value > 0.95
    assert mine.predictor.info.origin["learned_from"] == 10
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1]
    assert steps == sorted(steps)


@pytest.mark.slow
def test_a_digit_is_judged_by_what_did_not_learn_from_it(hand, few):
    """Labels at random can be learned by heart, and nothing can be learned from them."""
    own = Split(hand.images[:10], np.random.default_rng(0).permutation(10))
    learned = learn(own, few)
    assert learned.own.after.value <= 0.4


def test_what_gains_nothing_is_no_better(few):
    own = few.take(slice(4))  # which it reads already
    assert not learn(own, few).is_better


def test_one_digit_alone_is_refused(mnist):
    with pytest.raises(DigitsError, match="there is one digit to learn from; allowed: 2 or more"):
        learn(Split(mnist.train.images[:1], mnist.train.labels[:1]), mnist.train)


def test_weights_stay_near_those_that_were():
    """Where nothing new is shown, and all that is known is said right, little moves."""
    rng = np.random.default_rng(0)
    start = Weights(rng.normal(0, 1, (12, 30)).astype(np.float32), np.zeros(12, np.float32))
    features = rng.normal(0, 1, (200, 30)).astype(np.float32)
    labels = (features @ start.matrix.T).argmax(1)
    base = Known(None, start, (features, labels), (), (), (), 0.1)
    after = fitted(base, features[np.newaxis, :5], labels[:5], 0.08)
    assert (after.said(features) == start.said(features)).mean() > 0.95


def test_yours_count_less_where_much_of_mnist_would_be_forgotten(monkeypatch):
    """Labels of yours that contradict all that is known: a small weight is chosen; that agree: a large one."""
    monkeypatch.setattr(learning, "WEIGHTS", (20.0, 0.01))
    rng = np.random.default_rng(0)
    start = Weights(rng.normal(0, 1, (12, 30)).astype(np.float32), np.zeros(12, np.float32))
    labels = rng.integers(0, 10, 400)
    features = (start.matrix[labels] + rng.normal(0, 0.3, (400, 30))).astype(np.float32)
    base = Known(None, start, (features[:200], labels[:200]), (features[200:], labels[200:]), (), (), 0.1)
    own = features[np.newaxis, 200:300]
    chosen = [weighed(base, own, of)[1] for of in (labels[200:300], (labels[200:300] + 1) % 10)]
    assert chosen == [20.0, 0.01]
