from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from digits.backends import BACKENDS, load_backend
from digits.datasets import SIDE
from digits.exchange.predictor import Predictor
from digits.recipes import RECIPES, Augmentation, about
from digits.synthesis.augmentation import BASIS, CENTER, outlines, sample
from tests.conftest import ROOT

LIMITS = {name: known.most for name, known in about(Augmentation).items()}


def affine(draws):
    """The maps from the old image to the new, `(n, 2, 2)`, and their shifts, `(n, 2)`."""
    forward = np.linalg.inv(draws.warps[:, :, :2].astype(np.float64))
    return forward, -np.einsum("nij,nj->ni", forward, draws.warps[:, :, 2])


CENTRED = np.zeros((500, 2, 16))  # outlines of dots in the centre: nothing needs to be fitted in


def test_without_a_policy_nothing_changes():
    draws = sample(Augmentation(), CENTRED[:5], np.random.default_rng(0))
    assert np.array_equal(draws.warps[:, :, :3], np.tile(np.eye(2, 3, dtype=np.float32), (5, 1, 1)))
    assert not draws.warps[:, :, 3:].any()
    assert np.array_equal(draws.tones, np.tile(np.float32([0, 1, 0]), (5, 1)))


def test_the_draws_reach_their_limits_and_no_further():
    rng = np.random.default_rng(0)
    forward, _ = affine(sample(Augmentation(rotation=20), CENTRED, rng))
    degrees = np.degrees(np.arctan2(forward[:, 1, 0], forward[:, 0, 0]))
    assert (-20.01 < degrees.min() < -19) and (19 < degrees.max() < 20.01)
    assert np.allclose(np.linalg.det(forward), 1, atol=1e-5)
    forward, _ = affine(sample(Augmentation(scale=0.2), CENTRED, rng))
    growth = forward[:, [0, 1], [0, 1]]
    assert (0.799 < growth.min() < 0.81) and (1.19 < growth.max() < 1.201)
    assert np.abs(np.corrcoef(growth.T)[0, 1]) < 0.2
    forward, _ = affine(sample(Augmentation(shear=15), CENTRED, rng))
    assert 14 < np.degrees(np.arctan(forward[:, 0, 1])).max() < 15.01
    assert not forward[:, 1, 0].any()
    _, shift = affine(sample(Augmentation(shift=3), CENTRED, rng))
    assert (-3.001 < shift.min() < -2.9) and (2.9 < shift.max() < 3.001)
    draws = sample(Augmentation(elastic=2, thickness=0.5, contrast=0.3, blur=0.4), CENTRED, rng)
    assert np.abs(draws.warps[:, :, 3:] @ BASIS[3:]).max() <= 2
    assert np.abs(draws.warps[:, :, 3:]).max() == pytest.approx(2, rel=0.01)
    low, high = draws.tones.min(0), draws.tones.max(0)
    assert low == pytest.approx([-0.5, 0.7, 0], abs=0.01)
    assert high == pytest.approx([0.5, 1.3, 0.4], abs=0.01)


def test_the_same_generator_draws_the_same():
    policy = Augmentation(**LIMITS)
    first, again, other = (sample(policy, CENTRED, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.warps, again.warps)
    assert np.array_equal(first.tones, again.tones)
    assert not np.array_equal(first.warps, other.warps)


def test_bumps_add_up_to_one():
    assert np.allclose(BASIS[3:].sum(0), 1, atol=1e-6)
    assert BASIS[3:].min() >= 0


def test_an_outline_touches_the_ink_in_each_direction(mnist):
    images = mnist.train.images[:200]
    corners = outlines(images)
    for angle in np.arange(16) * np.pi / 8:
        direction = np.array([np.cos(angle), np.sin(angle)])
        for image, polygon in zip(images, corners, strict=True):
            y, x = np.nonzero(image)
            furthest = (direction @ (np.stack([x, y]) - CENTER)).max()
            assert (direction @ polygon).max() == pytest.approx(furthest, abs=1e-4)
    assert not outlines(np.zeros((1, SIDE, SIDE), np.uint8)).any()


def landing_places(image, warp):
    """Where the ink of an image comes to, `(2, pixels of ink)`, in pixels from the centre; NaN where not found."""
    ink = np.stack(np.nonzero(image)[::-1]) - CENTER  # x, y
    bends = (warp[:, 3:] @ BASIS[3:]).reshape(2, SIDE, SIDE)
    forward, shift = (each[0] for each in affine(SimpleNamespace(warps=warp[np.newaxis])))
    place = ink.copy()
    for _ in range(200):  # a pixel there looks back at the ink, nearer each time
        bend = np.stack([map_coordinates(axis, place[::-1] + CENTER, order=1, mode="nearest") for axis in bends])
        step = forward @ (ink - bend) + shift[:, np.newaxis] - place
        place += step / 2
        if np.abs(step).max() < 1e-3:
            break
    return np.where(np.abs(step).max(axis=0) < 1e-3, place, np.nan)


@pytest.mark.parametrize("policy", [RECIPES["deep"].augmentation, Augmentation(**LIMITS)])
def test_no_ink_leaves_the_frame(policy, mnist, rng):
    full = np.full((20, SIDE, SIDE), 255, np.uint8)
    corner = np.zeros((20, SIDE, SIDE), np.uint8)
    corner[:, 20:, :9] = 255
    images = np.concatenate([mnist.train.images[:80], full, corner])
    draws = sample(policy, outlines(images), rng)
    places = [landing_places(image, warp) for image, warp in zip(images, draws.warps, strict=True)]
    furthest = np.array([np.nanmax(np.abs(place)) for place in places])
    assert np.isfinite(np.concatenate(places, axis=1)).mean() > 0.99
    assert furthest.max() < CENTER + 0.05  # bends are read between pixels
    assert np.median(furthest[80:100]) > CENTER - 1  # and no further inside than need be
    _, shift = affine(draws)
    assert np.abs(shift).max() > policy.shift - 0.1  # which is not taken away either


@pytest.mark.parametrize("name", BACKENDS)
def test_labels_stay_true(name, mnist):
    """A network that has never seen an augmented image still reads nearly all of them as what they were."""
    backend, network = load_backend(name), Predictor(ROOT / "digits" / "page" / "baseline.onnx")
    images, labels = mnist.test.images[:500], mnist.test.labels[:500]
    draws = sample(RECIPES["deep"].augmentation, outlines(images), np.random.default_rng(0))
    answers = network.probabilities(backend.augmented(images, draws)).argmax(axis=1)
    assert (answers == labels).mean() > 0.9
    for field, most in LIMITS.items():
        if field != "shift":  # of which such a network knows nothing
            draws = sample(Augmentation(**{field: most}), outlines(images), np.random.default_rng(0))
            answers = network.probabilities(backend.augmented(images, draws)).argmax(axis=1)
            assert (answers == labels).mean() > 0.85, field
    quarter = np.rot90(images, axes=(1, 2)).copy()
    assert (network.probabilities(quarter).argmax(axis=1) == labels).mean() < 0.5  # which it would notice
