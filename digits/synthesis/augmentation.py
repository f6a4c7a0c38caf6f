"""Augmentation: the random numbers that decide how each training image is changed.

NumPy draws them, a batch at a time, so that both frameworks change the same images in the same way. The changing itself
is in the backends' `augment.py`. Each pixel of the new image takes its value from some place in the old one. Where that
place lies is a weighted sum of `BASIS` fields: three of them turn, stretch and move the image as a whole, the others
are smooth bumps that bend it. So one matrix product, weights times fields, warps a whole batch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from digits.datasets import SIDE
from digits.recipes.recipe import Augmentation

CENTER = (SIDE - 1) / 2  # pixels
KNOTS = 6  # bumps along each side of the elastic field: about 9 pixels from one to the next


@dataclass(frozen=True)
class Transforms:
    """How each image of a batch is changed.

    Attributes:
        warps: float32, `(n, 2, len(BASIS))`: a weight for each basis field, rows for x and y.
        tones: float32, `(n, 3)`: thickness (below 0: thinner), contrast (a factor), and blur.
    """

    warps: NDArray[np.float32]
    tones: NDArray[np.float32]


def _along() -> NDArray[np.float32]:
    """Cubic B-splines along a side, float32, `(28, KNOTS)`: never negative, and at each pixel they add up to 1."""
    knots = np.arange(-3, KNOTS + 1) * (SIDE - 1) / (KNOTS - 3)
    return BSpline.design_matrix(np.linspace(0, SIDE - 1, SIDE), knots, 3).toarray().astype(np.float32)


def _basis() -> NDArray[np.float32]:
    """The basis fields, float32, `(3 + KNOTS², 784)`: x, y and 1 in pixels from the centre, then the bumps."""
    x, y = np.meshgrid(np.arange(SIDE) - CENTER, np.arange(SIDE) - CENTER)
    bumps = np.einsum("yi,xj->ijyx", ALONG, ALONG)
    fields = [x, y, np.ones((SIDE, SIDE)), *bumps.reshape(-1, SIDE, SIDE)]
    return np.stack(fields).reshape(-1, SIDE * SIDE).astype(np.float32)


ALONG = _along()
BASIS = _basis()


def sample(policy: Augmentation, outlines: NDArray[np.float32], rng: np.random.Generator) -> Transforms:
    """Draw how the images of a batch are changed.

    Args:
        policy: how far they may be.
        outlines: float32, `(n, 2, 16)`, of their ink, which stays in the frame; see the function `outlines`.
        rng: where all randomness comes from.
    """
    count = len(outlines)

    def uniform(most: float, *shape: int) -> NDArray[np.float32]:
        return np.float32(most) * (2 * rng.random((count, *shape), np.float32) - 1)

    bumps = uniform(policy.elastic, 2, KNOTS * KNOTS)
    thickness, contrast, blur = uniform(policy.thickness), 1 + uniform(policy.contrast), np.abs(uniform(policy.blur))
    forward = _affine(uniform(policy.rotation), uniform(policy.shear), uniform(policy.scale, 2))
    shift = uniform(policy.shift, 2)
    # Small products, one after another: a large one would wake the threads of NumPy's BLAS, whose waiting takes a core.
    bends = (ALONG @ bumps.reshape(count, 2, KNOTS, KNOTS) @ ALONG.T).reshape(count, 2, SIDE * SIDE)
    pen = int(policy.thickness > 0) + int(policy.blur > 0)  # pixels by which these widen a stroke
    forward, shift = _keep_in_frame(forward, shift, bends, outlines, pen)
    inverse = np.linalg.inv(forward)
    offset = -np.einsum("nij,nj->ni", inverse, shift)
    warps = np.concatenate([inverse, offset[:, :, np.newaxis], bumps], axis=2)
    return Transforms(warps.astype(np.float32), np.stack([thickness, contrast, blur], axis=1).astype(np.float32))


def _affine(
    degrees: NDArray[np.float32], lean: NDArray[np.float32], growth: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Maps from the old image to the new, `(n, 2, 2)`, from `(n,)`, `(n,)` and `(n, 2)`: grow, then lean, then turn."""
    cos, sin, tan = np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), np.tan(np.radians(lean))
    turn = np.stack([cos, -sin, sin, cos], axis=1).reshape(-1, 2, 2)
    one, none = np.ones_like(tan), np.zeros_like(tan)
    shear = np.stack([one, tan, none, one], axis=1).reshape(-1, 2, 2)
    return turn @ shear * (1 + growth)[:, np.newaxis]


def _keep_in_frame(
    forward: NDArray[np.float32],
    shift: NDArray[np.float32],
    bends: NDArray[np.floating],
    outlines: NDArray[np.float32],
    pen: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Shrink maps, `(n, 2, 2)`, and limit shifts, `(n, 2)`, so that no ink leaves the frame.

    A pixel at p looks in the old image at inverse (p - shift) + bend, so that ink at q comes to
    forward q - forward bend + shift. Ink keeps `pen` pixels from the edge, or as many as it had.
    """
    room_low = np.minimum(pen, outlines.min(axis=2) + CENTER)  # (n, 2)
    room_high = np.minimum(pen, CENTER - outlines.max(axis=2))
    moved, bent = forward @ outlines, forward @ bends  # (n, 2, corners) and (n, 2, 784)
    low, high = moved.min(axis=2) - bent.max(axis=2), moved.max(axis=2) - bent.min(axis=2)  # (n, 2)
    shrink = np.minimum(1, (SIDE - 1 - room_low - room_high) / np.maximum(high - low, 1)).min(axis=1)[:, np.newaxis]
    least, most = room_low - CENTER - low * shrink, CENTER - room_high - high * shrink
    return forward * shrink[:, np.newaxis], np.clip(shift, least, most)


def outlines(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Corners of a polygon around the ink of each image, float32, `(n, 2, 16)`: x and y in pixels from the centre.

    Its sides touch the ink in 16 directions. Without ink, all corners are the centre.
    """
    ink = images > 0
    has_ink = np.repeat(ink.any(axis=2), 2, axis=1)  # (n, 56): the first and the last ink of each row
    x = np.stack([ink.argmax(axis=2), SIDE - 1 - ink[:, :, ::-1].argmax(axis=2)], axis=2).reshape(-1, 2 * SIDE) - CENTER
    y = np.repeat(np.arange(SIDE) - CENTER, 2)
    angles = np.arange(16) * np.pi / 8
    normals = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (16, 2)
    furthest = [np.where(has_ink, x * across + y * down, -np.inf).max(axis=1) for across, down in normals]
    reach = np.where(has_ink.any(axis=1), np.stack(furthest), 0)  # (16, n): how far the ink goes in each direction
    sides = np.stack([normals, np.roll(normals, -1, axis=0)], axis=1)  # (16, 2, 2): two that meet in a corner
    corners = np.linalg.solve(sides, np.stack([reach, np.roll(reach, -1, axis=0)], axis=1))  # (16, 2, n)
    return corners.transpose(2, 1, 0).astype(np.float32)
