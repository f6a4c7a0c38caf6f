"""Augmentation in both frameworks: what is known of it beforehand, and that the twins bend images alike."""

from itertools import pairwise

import numpy as np
import pytest

from digits.backends import BACKENDS, load_backend
from digits.recipes import Augmentation, about
from digits.synthesis.augmentation import BASIS, CENTER, Transforms, outlines, sample

LIMITS = {name: known.most for name, known in about(Augmentation).items()}

FAR = Augmentation(**LIMITS)


def augmented(name: str, images: np.ndarray, warps: np.ndarray, tones: np.ndarray) -> np.ndarray:
    changed = load_backend(name).augmented(images, Transforms(warps, tones))
    assert (changed.dtype, changed.shape) == (np.uint8, images.shape)
    return changed


def warp_of(matrix, offset=(0, 0), count=1) -> np.ndarray:
    """The affine warp in which each pixel looks at `matrix` times its place, plus `offset`."""
    warps = np.zeros((count, 2, len(BASIS)), np.float32)
    warps[:, :, :2], warps[:, :, 2] = matrix, offset
    return warps


def tones_of(thickness=0.0, contrast=1.0, blur=0.0, count=1) -> np.ndarray:
    return np.tile(np.float32([thickness, contrast, blur]), (count, 1))


def dot(x: int, y: int, size: int = 1) -> np.ndarray:
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, y : y + size, x : x + size] = 200
    return image


def centre(image: np.ndarray) -> np.ndarray:
    """x and y of the middle of the ink, in pixels from the centre."""
    y, x = np.indices(image.shape)
    return np.array([(axis * image).sum() / image.sum() - CENTER for axis in (x, y)])


@pytest.fixture
def some(mnist) -> np.ndarray:
    return mnist.train.images[:400]


@pytest.mark.parametrize("policy", [Augmentation(), Augmentation(rotation=12, elastic=2, thickness=0.3), FAR])
def test_both_frameworks_bend_the_same_images_in_the_same_way(policy, some, rng):
    draws = sample(policy, outlines(some), rng)
    first, second = (augmented(name, some, draws.warps, draws.tones).astype(int) for name in BACKENDS)
    assert np.abs(first - second).max() <= 1  # where rounding is a tie
    assert (first != second).mean() < 1e-4
    assert np.array_equal(first, some) == (not policy)


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("move", [(3, 0), (0, 3), (-4, 2)])
def test_a_shift_moves_a_dot(name, move):
    changed = augmented(name, dot(10, 15), warp_of(np.eye(2), -np.array(move)), tones_of())
    assert np.array_equal(changed, dot(10 + move[0], 15 + move[1]))


@pytest.mark.parametrize("name", BACKENDS)
def test_a_quarter_turn_moves_a_dot_to_its_place(name):
    # The dot at the right of the centre turns to below it: clockwise, as y grows downwards. New looks at old by -90°.
    changed = augmented(name, dot(20, 13), warp_of([[0, 1], [-1, 0]]), tones_of())
    assert np.array_equal(changed, dot(14, 20))


@pytest.mark.parametrize("name", BACKENDS)
def test_drawn_rotations_turn_ink_by_their_angle(name):
    rng = np.random.default_rng(1)
    images = np.repeat(dot(19, 12, size=3), 200, axis=0)
    draws = sample(Augmentation(rotation=30), outlines(images), rng)
    moved = np.array([centre(image) for image in augmented(name, images, draws.warps, draws.tones)])
    x, y = centre(images[0])
    angles = np.degrees(np.arctan2(moved[:, 1], moved[:, 0]) - np.arctan2(y, x))
    expected = -np.degrees(np.arctan2(draws.warps[:, 1, 0], draws.warps[:, 0, 0]))
    assert np.abs(angles - expected).max() < 0.5
    assert (angles.min() < -25) and (angles.max() > 25)
    assert np.abs(np.hypot(*moved.T) - np.hypot(x, y)).max() < 0.1


@pytest.mark.parametrize("name", BACKENDS)
def test_from_outside_the_frame_comes_no_ink(name):
    full = np.full((1, 28, 28), 255, np.uint8)
    changed = augmented(name, full, warp_of(np.eye(2), (5.5, 0)), tones_of())
    row = np.repeat(np.uint8([255, 128, 0]), [22, 1, 5])  # half of a pixel's ink at the edge
    assert np.array_equal(changed[0], np.tile(row, (28, 1)))
    assert not augmented(name, full, warp_of(np.eye(2), (1e9, -1e9)), tones_of()).any()


@pytest.mark.parametrize("name", BACKENDS)
def test_a_point_between_pixels_is_their_weighted_mean(name, rng):
    images = rng.integers(0, 256, (1, 28, 28), np.uint8)
    changed = augmented(name, images, warp_of(np.eye(2), (0.25, 0.5)), tones_of())[0].astype(float)
    x = images[0].astype(float)
    across = 0.75 * x[:, :-1] + 0.25 * x[:, 1:]
    expected = (across[:-1] + across[1:]) / 2
    assert np.abs(changed[:-1, :-1] - expected).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("name", BACKENDS)
def test_thicker_strokes_hold_more_ink_and_thinner_ones_less(name, some):
    warps = warp_of(np.eye(2), count=len(some))
    ink = [
        augmented(name, some, warps, tones_of(share, count=len(some))).sum((1, 2), dtype=int)
        for share in (-0.8, -0.3, 0, 0.3, 0.8)
    ]
    assert all((less < more).all() for less, more in pairwise(ink))
    # Wholly thicker, a dot is 3 × 3; wholly thinner, it is gone, and a square at the very edge loses its border.
    assert np.array_equal(augmented(name, dot(10, 15), warps[:1], tones_of(1)), dot(9, 14, size=3))
    assert not augmented(name, dot(10, 15), warps[:1], tones_of(-1)).any()
    assert np.array_equal(augmented(name, dot(0, 0, size=4), warps[:1], tones_of(-1)), dot(1, 1, size=2))


@pytest.mark.parametrize("name", BACKENDS)
def test_blur_keeps_ink_and_contrast_scales_it(name):
    blur = augmented(name, dot(10, 15), warp_of(np.eye(2)), tones_of(blur=1))[0]
    assert blur[14:17, 9:12].tolist() == [[12, 25, 12], [25, 50, 25], [12, 25, 12]]  # 12.5 rounds to even
    assert blur.sum() == 198
    fainter = augmented(name, dot(10, 15), warp_of(np.eye(2)), tones_of(contrast=0.5))
    assert fainter.max() == 100
    assert augmented(name, dot(10, 15), warp_of(np.eye(2)), tones_of(contrast=1.8)).max() == 255


@pytest.mark.parametrize("name", BACKENDS)
def test_no_ink_leaves_the_frame(name, some, rng):
    # Each image is bent twice: as it is, and in pieces of a frame three times as wide, where what would leave shows.
    policy = Augmentation(rotation=30, scale=0.3, shear=30, shift=6, elastic=4)
    draws = sample(policy, outlines(some), rng)
    beyond = 0
    for x, y in [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]:
        # A piece of the frame beyond the edge: its pixels look where the affine map, without bumps, continues.
        warps = np.where(np.arange(len(BASIS)) < 3, draws.warps, 0).astype(np.float32)
        warps[:, :, 2] += np.einsum("nij,j->ni", draws.warps[:, :, :2], [28 * x, 28 * y])
        beyond += augmented(name, some, warps, draws.tones).sum(dtype=int)
    assert beyond < 0.002 * some.sum(dtype=int)
    kept = augmented(name, some, draws.warps, draws.tones)
    inverse = np.abs(np.linalg.det(draws.warps[:, :, :2]))
    ratio = kept.sum((1, 2)) * inverse / some.sum((1, 2))
    assert np.median(ratio) == pytest.approx(1, abs=0.05)
    assert ratio.min() > 0.5
