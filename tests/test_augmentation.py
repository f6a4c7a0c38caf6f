import numpy as np
import pytest

from digits.augmentation import BASIS, CENTER, SIDE, draw, rooms
from digits.convert import open_model
from digits.recipes import LIMITS, RECIPES, Augmentation
from digits.runs import BACKENDS, model_name


def affine(draws):
    """The maps from the old image to the new, `(n, 2, 2)`, and their shifts, `(n, 2)`."""
    forward = np.linalg.inv(draws.warps[:, :, :2].astype(np.float64))
    return forward, -np.einsum("nij,nj->ni", forward, draws.warps[:, :, 2])


CENTRED = np.full((500, 4), 12)  # room enough that nothing needs to be fitted in


def test_without_a_policy_nothing_changes():
    draws = draw(Augmentation(), np.full((5, 4), 4), np.random.default_rng(0))
    assert np.array_equal(draws.warps[:, :, :3], np.tile(np.eye(2, 3, dtype=np.float32), (5, 1, 1)))
    assert not draws.warps[:, :, 3:].any()
    assert np.array_equal(draws.tones, np.tile(np.float32([0, 1, 0]), (5, 1)))


def test_the_draws_reach_their_limits_and_no_further():
    rng = np.random.default_rng(0)
    forward, _ = affine(draw(Augmentation(rotation=20), CENTRED, rng))
    degrees = np.degrees(np.arctan2(forward[:, 1, 0], forward[:, 0, 0]))
    assert (-20.01 < degrees.min() < -19) and (19 < degrees.max() < 20.01)
    assert np.allclose(np.linalg.det(forward), 1, atol=1e-5)
    forward, _ = affine(draw(Augmentation(scale=0.2), CENTRED, rng))
    growth = forward[:, [0, 1], [0, 1]]
    assert (0.799 < growth.min() < 0.81) and (1.19 < growth.max() < 1.201)
    assert np.abs(np.corrcoef(growth.T)[0, 1]) < 0.2
    forward, _ = affine(draw(Augmentation(shear=15), CENTRED, rng))
    assert 14 < np.degrees(np.arctan(forward[:, 0, 1])).max() < 15.01
    assert not forward[:, 1, 0].any()
    _, shift = affine(draw(Augmentation(shift=3), CENTRED, rng))
    assert (-3.001 < shift.min() < -2.9) and (2.9 < shift.max() < 3.001)
    draws = draw(Augmentation(elastic=2, thickness=0.5, contrast=0.3, blur=0.4), CENTRED, rng)
    assert np.abs(draws.warps[:, :, 3:] @ BASIS[3:]).max() <= 2
    assert np.abs(draws.warps[:, :, 3:]).max() == pytest.approx(2, rel=0.01)
    low, high = draws.tones.min(0), draws.tones.max(0)
    assert low == pytest.approx([-0.5, 0.7, 0], abs=0.01)
    assert high == pytest.approx([0.5, 1.3, 0.4], abs=0.01)


def test_the_same_generator_draws_the_same():
    policy = Augmentation(**LIMITS)
    first, again, other = (draw(policy, CENTRED, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.warps, again.warps)
    assert np.array_equal(first.tones, again.tones)
    assert not np.array_equal(first.warps, other.warps)


def test_bumps_add_up_to_one():
    assert np.allclose(BASIS[3:].sum(0), 1, atol=1e-6)
    assert BASIS[3:].min() >= 0


def test_rooms_are_counted_from_each_side():
    images = np.zeros((2, SIDE, SIDE), np.uint8)
    images[0, 5:20, 3:26] = 1
    assert rooms(images).tolist() == [[3, 5, 2, 8], [0, 0, 0, 0]]


def test_the_box_of_the_ink_stays_in_the_frame(mnist):
    images = mnist.train.images[:2000]
    space = rooms(images)
    draws = draw(Augmentation(rotation=30, scale=0.3, shear=30, shift=6), space, np.random.default_rng(0))
    forward, shift = affine(draws)
    low, high = space[:, :2] - CENTER, CENTER - space[:, 2:]
    for x in (low, high):
        for y in (low, high):
            corner = np.stack([x[:, 0], y[:, 1]], axis=1)
            moved = np.einsum("nij,nj->ni", forward, corner) + shift
            assert np.abs(moved).max() <= CENTER + 1e-3
    assert np.abs(shift).max() > 5


@pytest.mark.parametrize("name", BACKENDS)
def test_labels_stay_true(name, finished_runs, mnist):
    """A network that has never seen an augmented image still reads nearly all of them as what they were."""
    backend, network, _ = open_model(finished_runs / model_name(name))
    images, labels = mnist.test.images[:2000], mnist.test.labels[:2000]
    draws = draw(RECIPES["deep"].augmentation, rooms(images), np.random.default_rng(0))
    answers = backend.predict(network, backend.augmented(images, draws)).argmax(axis=1)
    assert (answers == labels).mean() > 0.9
    quarter = np.rot90(images, axes=(1, 2)).copy()
    assert (backend.predict(network, quarter).argmax(axis=1) == labels).mean() < 0.5  # which it would notice
