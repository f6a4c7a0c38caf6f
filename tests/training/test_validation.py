import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits.datasets import Split
from digits.errors import DigitsError
from digits.training.validation import fit_temperature, hold_out, training_count


@given(count=st.integers(2, 300), share=st.floats(0.01, 0.99), seed=st.integers(0, 10))
def test_each_image_is_for_training_or_for_validation(count, share, seed):
    everything = Split(np.arange(count, dtype=np.uint8).repeat(784).reshape(-1, 28, 28), np.arange(count))
    if not 0 < round(share * count) < count:
        with pytest.raises(DigitsError, match=f"validation is {share}, which is "):
            hold_out(everything, share, seed)
        return
    trained, held = hold_out(everything, share, seed)
    assert sorted([*trained.labels, *held.labels]) == list(range(count))
    assert len(held) == round(share * count)
    assert len(trained) == training_count(count, share)
    for part in (trained, held):
        assert (part.images[:, 0, 0] == part.labels % 256).all()
    assert np.array_equal(hold_out(everything, share, seed)[1].labels, held.labels)


@given(counts=st.lists(st.integers(2, 30), min_size=2, max_size=20), share=st.floats(0.05, 0.5))
def test_each_class_has_its_share_of_the_validation_images(counts, share):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    if not round(share * len(labels)):
        return
    trained, held = hold_out(Split(np.zeros((len(labels), 28, 28), np.uint8), labels), share, 0)
    share = len(held) / len(labels)
    for label, count in enumerate(counts):
        assert abs((held.labels == label).sum() - share * count) <= 2
        assert (trained.labels == label).any()


def test_a_small_class_is_not_held_out_whole():
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1], [2, 17]))
    trained, held = hold_out(Split(np.zeros((19, 28, 28), np.uint8), labels), 0.5, 0)
    assert (np.bincount(trained.labels).tolist(), np.bincount(held.labels).tolist()) == ([1, 8], [1, 9])


def test_another_seed_keeps_other_images_back(mnist):
    assert not np.array_equal(hold_out(mnist.train, 0.1, 0)[1].labels, hold_out(mnist.train, 0.1, 1)[1].labels)


def test_without_validation_all_images_are_for_training(mnist):
    assert hold_out(mnist.train, 0.0, 0) == (mnist.train, None)


@pytest.mark.parametrize("true", [0.3, 1.0, 4.0])
def test_the_temperature_is_the_one_by_which_logits_are_too_large(true, rng):
    honest = rng.normal(0, 2, (20_000, 10))
    labels = (honest + rng.gumbel(size=honest.shape)).argmax(axis=1)  # each as often as its softmax says
    assert fit_temperature(honest * true, labels) == pytest.approx(true, rel=0.03)


def test_the_temperature_of_a_network_that_is_always_right_is_bounded():
    logits = np.eye(10)[np.arange(100) % 10]
    assert 0.05 <= fit_temperature(logits, np.arange(100) % 10) <= 20
