import numpy as np

from digits.recipes.randomness import PURPOSES, derive, epoch_order


def test_an_epoch_shows_every_image_once():
    assert np.array_equal(np.sort(epoch_order(1000, seed=3, epoch=1)), np.arange(1000))
    assert epoch_order(1000, seed=3, epoch=1).dtype == np.int64


def test_an_epoch_is_a_function_of_seed_and_epoch_alone():
    np.random.default_rng(9).random()
    assert np.array_equal(epoch_order(1000, 3, 1), epoch_order(1000, 3, 1))
    assert not np.array_equal(epoch_order(1000, 3, 1), epoch_order(1000, 3, 2))
    assert not np.array_equal(epoch_order(1000, 3, 1), epoch_order(1000, 4, 1))


def test_the_numbers_of_earlier_versions_stay():
    assert [derive(0, purpose) for purpose in ("weights", "order", "dropout")] == [2044266242, 1976665982, 980756183]


def test_derived_seeds_differ_and_fit_every_generator():
    seeds = {derive(seed, purpose, index) for seed in range(50) for purpose in PURPOSES for index in range(4)}
    assert len(seeds) == 50 * 4 * len(PURPOSES)
    assert all(0 <= seed < 2**31 for seed in seeds)
