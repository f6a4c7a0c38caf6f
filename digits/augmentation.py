"""Augmentation: the draws that decide what happens to a training image.

NumPy draws, a batch at a time, so that both frameworks bend the same images in the same way; the bending itself is in
the backends' `augment.py`. An image is warped by one matrix product: where each pixel of the new image looks in the
old one is a sum of `BASIS` fields, three for the affine map and the others, smooth bumps, for the elastic one.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline

from digits.recipes import Augmentation

SIDE, CENTER = 28, 13.5  # pixels
KNOTS = 6  # bumps along each side of the elastic field: about 9 pixels from one to the next


@dataclass(frozen=True)
class Draws:
    """What happens to each image of a batch.

    Attributes:
        warps: float32, `(n, 2, len(BASIS))`: a weight for each basis field, rows for x and y.
        tones: float32, `(n, 3)`: thickness (below 0: thinner), contrast (a factor), and blur.
    """

    warps: np.ndarray
    tones: np.ndarray


def _along() -> np.ndarray:
    """Cubic B-splines along a side, float32, `(28, KNOTS)`: never negative, and at each pixel they add up to 1."""
    knots = np.arange(-3, KNOTS + 1) * (SIDE - 1) / (KNOTS - 3)
    return BSpline.design_matrix(np.linspace(0, SIDE - 1, SIDE), knots, 3).toarray().astype(np.float32)


def _basis() -> np.ndarray:
    """The basis fields, float32, `(3 + KNOTS², 784)`: x, y and 1 in pixels from the centre, then the bumps."""
    x, y = np.meshgrid(np.arange(SIDE) - CENTER, np.arange(SIDE) - CENTER)
    bumps = np.einsum("yi,xj->ijyx", ALONG, ALONG)
    fields = [x, y, np.ones((SIDE, SIDE)), *bumps.reshape(-1, SIDE, SIDE)]
    return np.stack(fields).reshape(-1, SIDE * SIDE).astype(np.float32)


ALONG = _along()
BASIS = _basis()


def draw(policy: Augmentation, rooms: np.ndarray, rng: np.random.Generator) -> Draws:
    """What happens to the images of a batch, with these `rooms` around their ink."""
    count = len(rooms)

    def uniform(most: float, *shape: int) -> np.ndarray:
        return np.float32(most) * (2 * rng.random((count, *shape), np.float32) - 1)

    bumps = uniform(policy.elastic, 2, KNOTS * KNOTS)
    thickness, contrast, blur = uniform(policy.thickness), 1 + uniform(policy.contrast), np.abs(uniform(policy.blur))
    forward = _affine(uniform(policy.rotation), uniform(policy.shear), uniform(policy.scale, 2))
    shift = uniform(policy.shift, 2)
    # Elastic fields, thicker strokes and blur need room at the edge as well.
    # Small products, one after another: a large one would wake the threads of NumPy's BLAS, whose waiting takes a core.
    fields = ALONG @ bumps.reshape(count, 2, KNOTS, KNOTS) @ ALONG.T  # (n, 2, 28, 28)
    reach = np.abs(fields).max(axis=(2, 3))
    reach = np.einsum("nij,nj->ni", np.abs(forward), reach) + (policy.thickness > 0) + (policy.blur > 0)
    forward, shift = _fit(forward, shift, reach, rooms)
    inverse = np.linalg.inv(forward)
    offset = -np.einsum("nij,nj->ni", inverse, shift)
    warps = np.concatenate([inverse, offset[:, :, np.newaxis], bumps], axis=2)
    return Draws(warps.astype(np.float32), np.stack([thickness, contrast, blur], axis=1).astype(np.float32))


def _affine(degrees: np.ndarray, lean: np.ndarray, growth: np.ndarray) -> np.ndarray:
    """Maps from the old image to the new, `(n, 2, 2)`, from `(n,)`, `(n,)` and `(n, 2)`: grow, then lean, then turn."""
    cos, sin, tan = np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), np.tan(np.radians(lean))
    turn = np.stack([cos, -sin, sin, cos], axis=1).reshape(-1, 2, 2)
    one, none = np.ones_like(tan), np.zeros_like(tan)
    shear = np.stack([one, tan, none, one], axis=1).reshape(-1, 2, 2)
    return turn @ shear * (1 + growth)[:, np.newaxis]


def _fit(forward: np.ndarray, shift: np.ndarray, reach: np.ndarray, rooms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shrink maps, `(n, 2, 2)`, and limit shifts, `(n, 2)`, so that no ink leaves the frame, `reach` pixels included.

    Ink that was nearer to the edge than `reach` may stay as near.
    """
    low, high = rooms[:, :2] - CENTER, CENTER - rooms[:, 2:]  # (n, 2): the ink's box, from the centre
    corners = np.stack([np.stack([x[:, 0], y[:, 1]], axis=1) for x in (low, high) for y in (low, high)], axis=2)
    moved = forward @ corners  # (n, 2, 4)
    room_low, room_high = np.minimum(reach, rooms[:, :2]), np.minimum(reach, rooms[:, 2:])
    size = np.ptp(moved, axis=2)  # (n, 2)
    shrink = np.minimum(1, (SIDE - 1 - room_low - room_high) / np.maximum(size, 1)).min(axis=1)
    moved = moved * shrink[:, np.newaxis, np.newaxis]
    least, most = room_low - CENTER - moved.min(axis=2), CENTER - room_high - moved.max(axis=2)
    return forward * shrink[:, np.newaxis, np.newaxis], np.clip(shift, least, most)


def rooms(images: np.ndarray) -> np.ndarray:
    """Empty pixels left, above, right and below the ink of each image, int64, `(n, 4)`; 0 where there is no ink."""
    ink = images > 0
    columns, rows = np.any(ink, axis=1), np.any(ink, axis=2)  # (n, 28)
    sides = [columns, rows, columns[:, ::-1], rows[:, ::-1]]
    return np.stack([side.argmax(axis=1) for side in sides], axis=1)
