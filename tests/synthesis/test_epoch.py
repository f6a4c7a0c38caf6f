import numpy as np

from digits.datasets import Split
from digits.recipes import RECIPES
from digits.synthesis.epoch import shown, shown_count
from tests.conftest import changed

RECIPE = changed(RECIPES["baseline"], strokes=0.3, printed=0.1, coarse=0.1, nothing=0.2, cut_out=0.1)


def few(mnist) -> Split:
    return Split(mnist.train.images[:100], mnist.train.labels[:100])


def test_an_epoch_shows_the_training_images_and_those_that_are_drawn(mnist):
    epoch = shown(RECIPE, few(mnist), 0, 0)
    assert len(epoch) == len(epoch.images) == shown_count(RECIPE, 100) == 180
    assert (epoch.images.dtype, epoch.labels.dtype) == (np.uint8, np.int64)
    assert np.array_equal(epoch.images[:100], mnist.train.images[:100])
    assert np.array_equal(epoch.labels[:100], mnist.train.labels[:100])
    assert (epoch.labels[100:150] < 10).all()
    assert set(epoch.labels[150:170]) == {10, 11}


def test_seed_and_epoch_decide_what_is_drawn(mnist):
    def drawn(seed: int, epoch: int) -> np.ndarray:
        return shown(RECIPE, few(mnist), seed, epoch).images[100:]

    assert np.array_equal(drawn(3, 2), drawn(3, 2))
    assert not np.array_equal(drawn(3, 2), drawn(3, 1))
    assert not np.array_equal(drawn(3, 2), drawn(2, 2))


def test_each_share_alone(mnist):
    digits, none = range(10), [10, 11]
    for name, labels in (
        *(("strokes", digits), ("printed", digits), ("coarse", digits)),
        *(("nothing", none), ("cut_out", [*digits, *none])),
    ):
        recipe = changed(RECIPES["baseline"], **{name: 0.5})
        epoch = shown(recipe, few(mnist), 0, 0)
        assert recipe.draws
        assert len(epoch) == 150
        assert set(epoch.labels[100:]) <= set(labels)
    assert not RECIPES["baseline"].draws
    assert shown_count(RECIPES["baseline"], 100) == 100
