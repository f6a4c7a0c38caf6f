"""Digits and letters as strokes of a pen, in the ways that people around the world write them.

MNIST was written in one country: its ones have no upstroke, its sevens no bar, its nines no curl. Here every way of
writing a digit is a variant: curves through control points, as a hand makes them. `draw` writes variants anew each
time, with other proportions, slant, pen and a less steady hand, straight into MNIST's form. `digits visualize strokes`
shows all of them.

The curves are Catmull-Rom splines (Catmull and Rom 1974): they pass through their control points, and are linear in
them. So the places along all strokes of a variant are one matrix times its control points, for any number of hands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digits.datasets.dataset import SIDE

Point = tuple[float, float]  # to the right and down, in heights of a digit
Curve = tuple[Point, ...]  # smooth; two that meet make a corner; one that ends where it began is closed

PLACES = 96  # along all strokes of a variant: less than a pixel apart
BOX = 20  # pixels of the square that ink is fitted into
CENTRE = 14.0  # where the centre of its mass comes to lie, in pixels from the first one


@dataclass(frozen=True)
class Variant:
    """A way of writing a character.

    Attributes:
        character: which one.
        name: of the variant.
        curves: that the pen follows.
    """

    character: str
    name: str
    curves: tuple[Curve, ...]

    @cached_property
    def points(self) -> NDArray[np.float32]:
        """Control points, float32, `(k, 2)`: each one once, so that curves which meet still meet when a hand shakes."""
        return np.array(list(dict.fromkeys(point for curve in self.curves for point in curve)), np.float32)

    @cached_property
    def spline(self) -> NDArray[np.float32]:
        """float32, `(PLACES, k)`: times control points, the places along the curves, evenly spaced."""
        number = {tuple(point): index for index, point in enumerate(self.points.tolist())}
        fine = [_weights([number[_single(point)] for point in curve], len(number)) for curve in self.curves]
        places = [weights @ self.points for weights in fine]
        lengths = [np.concatenate([[0], np.hypot(*np.diff(each, axis=0).T).cumsum()]) for each in places]
        shares = np.cumsum([0, *(length[-1] for length in lengths)])
        counts = np.diff(np.round(shares / shares[-1] * PLACES).astype(int))
        rows = []
        for weights, length, count in zip(fine, lengths, counts, strict=True):
            at = np.linspace(0, length[-1], max(count, 1))
            rows += [np.stack([np.interp(at, length, column) for column in weights.T], axis=1)]
        return np.concatenate(rows)[:PLACES].astype(np.float32)


def _single(point: Point) -> tuple[float, float]:
    """The point as float32 has it."""
    return float(np.float32(point[0])), float(np.float32(point[1]))


def _weights(curve: Sequence[int], count: int, steps: int = 40) -> NDArray[np.float64]:
    """A Catmull-Rom spline through these of `count` points: `(steps a piece + 1, count)`, weights of each point."""
    closed = curve[0] == curve[-1] and len(curve) > 2
    before, after = (curve[-2], curve[1]) if closed else (curve[0], curve[-1])
    line = [before, *curve, after]
    t = np.linspace(0, 1, steps, endpoint=False)
    pieces = np.stack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]) / 2
    rows = np.zeros(((len(curve) - 1) * steps + 1, count))
    for start in range(len(curve) - 1):
        for index, weight in zip(line[start : start + 4], pieces, strict=True):
            rows[start * steps : (start + 1) * steps, index] += weight
    rows[-1, curve[-1]] = 1
    return rows


@dataclass(frozen=True)
class Hand:
    """How far writing differs from hand to hand, and from one time to the next.

    Attributes:
        shake: standard deviation of each control point, in heights of a digit.
        square: share of characters that are stretched until they are as wide as high, as forms with boxes teach.
        squat: by which factor a character is wider or narrower than its control points say, at most.
        slant: tangent of the angle by which uprights lean, either way, at most.
        turn: degrees either way, at most.
        pen: width of strokes in pixels of the image, thinnest and thickest.
        pressure: share of its width by which a stroke is thinner or thicker along its way, at most.
        broken: share of characters with a gap in a stroke, as thin pens and bad light leave.
        softness: pixels from full ink to none at the edge of a stroke, least and most.
    """

    shake: float = 0.03
    square: float = 0.15
    squat: float = 1.6
    slant: float = 0.35
    turn: float = 8.0
    pen: tuple[float, float] = (1.6, 4.4)
    pressure: float = 0.3
    broken: float = 0.15
    softness: tuple[float, float] = (0.8, 3.0)


_MOST_STRETCHED = 2.5  # times as wide: a plain 1 stays narrow
PLAIN = Hand(0, 0, 1, 0, 0, (2.5, 2.5), 0, 0, (1, 1))  # as the control points say, with an ordinary pen


def draw(variants: Sequence[Variant], hand: Hand, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Write each of these variants once, by a hand of its own.

    Returns:
        uint8, `(n, 28, 28)`, in MNIST's form: ink bright on dark, the larger side of the ink 20 pixels, and the centre
        of its mass in the middle.
    """
    places = np.empty((len(variants), PLACES, 2), np.float32)
    at: dict[Variant, list[int]] = {}
    for index, variant in enumerate(variants):
        at.setdefault(variant, []).append(index)
    for variant, those in at.items():
        shaken = rng.standard_normal((len(those), *variant.points.shape), np.float32) * np.float32(hand.shake)
        places[those] = variant.spline @ (variant.points + shaken)
    return written(places, hand, rng)


def written(places: NDArray[np.float32], hand: Hand, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The images of strokes that go through these places, float32, `(n, PLACES, 2)`, in heights of a digit."""
    places = _leaning(places, hand, rng)
    pen, softness = (_between(*most, len(places), rng) for most in (hand.pen, hand.softness))
    places = _broken(_fitted(places, pen), pen, hand.broken, rng)
    return ink(places, _pressed(pen, hand.pressure, rng), softness)


def _between(least: float, most: float, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """So many numbers, float32, `(count,)`."""
    return least + np.float32(most - least) * rng.random(count, np.float32)


def _leaning(places: NDArray[np.float32], hand: Hand, rng: np.random.Generator) -> NDArray[np.float32]:
    """Places along strokes, `(n, PLACES, 2)`, squat or tall, slanted and turned."""
    count = len(places)
    squat = np.exp(_between(-1, 1, count, rng) * np.log(np.float32(hand.squat)))
    low, high = places.min(axis=1), places.max(axis=1)
    width, height = np.maximum(high - low, 0.1).T
    square = np.minimum(height / width, _MOST_STRETCHED) * _between(0.8, 1.1, count, rng)
    wide = np.where(rng.random(count, np.float32) < hand.square, square, squat)
    lean = _between(-hand.slant, hand.slant, count, rng)
    angle = np.radians(_between(-hand.turn, hand.turn, count, rng))
    cos, sin, none, one = np.cos(angle), np.sin(angle), np.zeros_like(wide), np.ones_like(wide)
    turn = np.stack([cos, -sin, sin, cos], axis=1).reshape(-1, 2, 2)
    shape = np.stack([wide, -lean, none, one], axis=1).reshape(-1, 2, 2)
    return places @ (turn @ shape).transpose(0, 2, 1)


def _fitted(places: NDArray[np.float32], pen: NDArray[np.float32]) -> NDArray[np.float32]:
    """Places scaled and moved, in pixels: with a pen so wide around them they are 20 pixels high or wide."""
    low, high = places.min(axis=1), places.max(axis=1)
    size = np.maximum((high - low).max(axis=1), 1e-3)
    places = places * ((BOX - pen) / size)[:, np.newaxis, np.newaxis]
    low, high = places.min(axis=1), places.max(axis=1)
    middle = places.mean(axis=1)  # as they are evenly spaced, the centre of mass
    room = (pen / 2)[:, np.newaxis]
    shift = np.clip(CENTRE - middle, room - 0.5 - low, SIDE - 0.5 - room - high)
    return places + shift[:, np.newaxis]


def _broken(
    places: NDArray[np.float32], pen: NDArray[np.float32], share: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Places, where in this share of the characters some are gone: a gap up to about as long as the pen is wide."""
    count = len(places)
    lost = np.where(rng.random(count, np.float32) < share, pen * _between(2, 3, count, rng), 0)  # places
    at = rng.random(count, np.float32) * PLACES
    gap = np.abs(np.arange(PLACES) - at[:, np.newaxis]) < lost[:, np.newaxis] / 2
    return np.where(gap[..., np.newaxis], np.float32(_FAR), places)


def _pressed(pen: NDArray[np.float32], pressure: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Half the width of a stroke at each place, `(n, PLACES)`: it swells and thins out slowly."""
    waves, start = (_between(0, most, len(pen), rng)[:, np.newaxis] for most in (1.5, 1))
    depth = _between(0, pressure, len(pen), rng)[:, np.newaxis]
    along = np.linspace(0, 1, PLACES, dtype=np.float32)
    return pen[:, np.newaxis] / 2 * (1 + depth * np.sin(2 * np.pi * (waves * along + start), dtype=np.float32))


def ink(places: NDArray[np.float32], radius: NDArray[np.float32], softness: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Strokes as images: each pixel by how far it lies from the nearest place of a stroke.

    Args:
        places: float32, `(n, places, 2)`: x and y in pixels.
        radius: float32, `(n, places)`: half the width of the stroke there.
        softness: float32, `(n,)`: pixels from full ink to none.

    Returns:
        uint8, `(n, 28, 28)`.
    """
    grid = np.arange(SIDE, dtype=np.float32)
    images = np.empty((len(places), SIDE, SIDE), np.uint8)
    for first in range(0, len(places), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        x, y, r = places[part, :, 0].T, places[part, :, 1].T, radius[part].T  # (places, n)
        across, down = np.square(grid - x[..., np.newaxis]), np.square(grid - y[..., np.newaxis])
        down -= np.square(r)[..., np.newaxis]
        nearest = np.full((x.shape[1], SIDE, SIDE), np.inf, np.float32)  # squared distance less squared radius
        for one_across, one_down in zip(across, down, strict=True):  # (n, 28) each
            np.minimum(nearest, one_down[:, :, np.newaxis] + one_across[:, np.newaxis, :], out=nearest)
        mean = r.mean(axis=0)[:, np.newaxis, np.newaxis]
        outside = np.sqrt(np.maximum(nearest + mean**2, 0)) - mean  # pixels from the edge, below 0 within the stroke
        covered = 0.5 - outside / softness[part, np.newaxis, np.newaxis]
        images[part] = np.round(255 * covered.clip(0, 1))
    return images


_FAR = 1000  # pixels: out of sight
_AT_ONCE = 64  # images: what is computed in between stays in the processor's cache
