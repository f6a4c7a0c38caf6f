"""Hands: each with its own slant, pen and habits, and with ways of writing that the project's own strokes lack."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import CubicSpline

from digits.ink import stroke_width
from digits.reading.form import to_mnist

Curve = tuple[tuple[float, float], ...]  # to the right and down, in heights of a digit
_RING = (
    (0.3, 0.0),
    (0.06, 0.22),
    (0.0, 0.5),
    (0.06, 0.78),
    (0.3, 1.0),
    (0.54, 0.78),
    (0.6, 0.5),
    (0.54, 0.22),
    (0.3, 0),
)
_HIGH = 100  # pixels of a digit

USUAL: dict[str, tuple[tuple[Curve, ...], ...]] = {
    "0": ((_RING,),),
    "1": ((((0.3, 0.0), (0.3, 1.0)),), (((0.05, 0.3), (0.3, 0.0)), ((0.3, 0.0), (0.3, 1.0)))),
    "2": ((((0.05, 0.2), (0.3, 0.0), (0.55, 0.25), (0.3, 0.65), (0.0, 1.0)), ((0.0, 1.0), (0.6, 1.0))),),
    "3": (
        (
            ((0.05, 0.1), (0.3, 0.0), (0.5, 0.2), (0.2, 0.45)),
            ((0.2, 0.45), (0.55, 0.7), (0.3, 1.0), (0.0, 0.9)),
        ),
    ),
    "4": ((((0.15, 0.0), (0.0, 0.6)), ((0.0, 0.6), (0.6, 0.58)), ((0.45, 0.15), (0.42, 1.0))),),
    "5": (
        (((0.5, 0.0), (0.1, 0.02)), ((0.1, 0.02), (0.08, 0.42)), ((0.08, 0.42), (0.5, 0.55), (0.4, 0.95), (0.0, 0.95))),
    ),
    "6": ((((0.5, 0.0), (0.15, 0.35), (0.05, 0.75), (0.3, 1.0), (0.52, 0.75), (0.3, 0.52), (0.08, 0.7)),),),
    "7": (
        (((0.0, 0.02), (0.55, 0.0)), ((0.55, 0.0), (0.2, 1.0))),
        (((0.0, 0.02), (0.55, 0.0)), ((0.55, 0.0), (0.2, 1.0)), ((0.1, 0.5), (0.5, 0.46))),
    ),
    "8": ((((0.5, 0.1), (0.25, 0.0), (0.08, 0.2), (0.3, 0.46), (0.52, 0.78), (0.28, 1.0), (0.04, 0.78), (0.5, 0.1)),),),
    "9": (
        (((0.52, 0.15), (0.28, 0.0), (0.05, 0.25), (0.28, 0.48), (0.52, 0.15)), ((0.52, 0.15), (0.5, 0.5), (0.4, 1.0))),
    ),
}
ODD: dict[str, tuple[tuple[Curve, ...], ...]] = {
    "0": ((_RING, ((0.0, 0.52), (0.6, 0.48))), (_RING, ((0.29, 0.45), (0.31, 0.55)))),  # like a theta; dotted
    "1": (
        (((0.0, 0.4), (0.12, 0.08), (0.26, 0.08), (0.33, 0.3), (0.3, 1.0)),),
        (((0.0, 0.95), (0.3, 0.0)), ((0.3, 0.0), (0.33, 1.0))),
    ),
    "2": (
        (
            (
                (0.2, 0.32),
                (0.05, 0.15),
                (0.3, 0.0),
                (0.55, 0.2),
                (0.3, 0.6),
                (0.0, 0.9),
                (0.15, 1.0),
                (0.3, 0.85),
                (0.65, 1.0),
            ),
        ),
    ),
    "3": (
        (
            ((0.0, 0.05), (0.5, 0.0), (0.5, 0.35), (0.15, 0.45)),
            ((0.15, 0.45), (0.6, 0.55), (0.55, 0.95), (0.2, 1.05), (-0.25, 0.8)),
        ),
    ),
    "5": (
        (
            ((0.1, 0.05), (0.05, 0.45)),
            ((0.05, 0.45), (0.45, 0.4), (0.55, 0.75), (0.3, 1.0), (-0.05, 0.9)),
            ((0.15, 0.0), (0.35, -0.12), (0.5, 0.02), (0.75, -0.1)),
        ),
    ),
    "7": (
        (((0.0, 0.0), (0.6, 0.0)), ((0.6, 0.0), (0.25, 1.0)), ((0.05, 0.48), (0.55, 0.42)), ((0.0, 1.0), (0.5, 1.0))),
    ),
    "8": ((((0.0, 0.0), (0.5, 0.85), (0.28, 1.0), (0.02, 0.85), (0.55, 0.0)),),),
    "9": (
        (
            ((0.55, 0.1), (0.25, 0.0), (0.05, 0.2), (0.25, 0.42), (0.55, 0.12)),
            ((0.55, 0.1), (0.55, 0.85), (0.3, 1.12), (0.1, 0.95), (0.75, 0.6)),
        ),
    ),
}


@dataclass(frozen=True)
class OneHand:
    """How somebody writes.

    Attributes:
        ways: of writing each digit.
        slant: tangent of the angle by which uprights lean.
        wide: width of digits, beside the usual.
        pen: width of strokes in heights of a digit.
        shake: standard deviation of each control point, in heights of a digit.
    """

    ways: dict[str, tuple[Curve, ...]]
    slant: float
    wide: float
    pen: float
    shake: float


def a_hand(seed: int) -> OneHand:
    """One hand of many: of the digits for which there are odd ways of writing, three in five are written so."""
    rng = np.random.default_rng([seed, 27])
    ways = {}
    for digit, usual in USUAL.items():
        choices = ODD[digit] if digit in ODD and rng.random() < 0.6 else usual
        ways[digit] = choices[rng.integers(len(choices))]
    return OneHand(
        ways, rng.uniform(-0.15, 0.35), rng.uniform(0.8, 1.25), rng.uniform(0.06, 0.14), rng.uniform(0.02, 0.035)
    )


def written(hand: OneHand, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Digits of a hand in MNIST's form, as the reader sees them: uint8, `(count, 28, 28)`, and int64, `(count,)`."""
    labels = rng.integers(0, 10, count)
    masks = [mask_of(hand, str(label), rng) for label in labels]
    return to_mnist(masks, [stroke_width(mask) for mask in masks]), labels


def mask_of(hand: OneHand, digit: str, rng: np.random.Generator) -> np.ndarray:
    """A digit's ink: bool, `(height, width)`, about 100 pixels high."""
    slant, wide = hand.slant + rng.normal(0, 0.03), hand.wide * np.exp(rng.normal(0, 0.05))
    moved = {}
    canvas = np.zeros((3 * _HIGH, 3 * _HIGH), np.uint8)
    for curve in hand.ways[digit]:
        points = []
        for x, y in curve:  # curves that meet go on meeting
            shaken = moved.setdefault((x, y), np.array([x, y]) + rng.normal(0, hand.shake, 2))
            points.append((wide * shaken[0] + slant * (0.5 - shaken[1]), shaken[1]))
        cv2.polylines(
            canvas,
            [np.round(_HIGH * (_smooth(np.array(points)) + 1)).astype(np.int32)],
            False,
            255,
            max(2, round(hand.pen * _HIGH * rng.uniform(0.9, 1.1))),
        )
    rows, columns = np.flatnonzero(canvas.any(1)), np.flatnonzero(canvas.any(0))
    return canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] > 0


def _smooth(points: np.ndarray) -> np.ndarray:
    """A smooth line through points, straight through two: `(60, 2)`."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T) + 1e-6)])
    at = np.linspace(0, along[-1], 60)
    return CubicSpline(along, points)(at) if len(points) > 2 else np.linspace(points[0], points[-1], 60)
