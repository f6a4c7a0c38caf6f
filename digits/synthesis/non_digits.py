"""What is no digit, so that a network learns to say so: letters, pieces of digits, several at once, shapes, textures.

Each function draws so many images in MNIST's form, uint8, `(n, 28, 28)`. What could be taken for a digit is left out: a
ring is a 0, and an upright line a 1.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from digits.datasets.dataset import SIDE, Split
from digits.datasets.registry import DIGITS
from digits.synthesis import printed, strokes, variants

HAND = strokes.Hand(shake=0.05, square=0.0)
_GRID = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).astype(np.float32) - strokes.CENTRE


def letters(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Letters and signs by hand."""
    which = rng.integers(len(variants.LETTERS), size=count)
    return strokes.draw([variants.LETTERS[index] for index in which], HAND, rng)


def printed_letters(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Letters and signs in print."""
    return printed.draw(printed.LETTERS, count, rng)[1]


def several(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Two to four digits side by side, apart or touching, as where a picture was not taken apart far enough."""
    return _rows(digits.images, count, rng)


def words(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Two to four letters by hand or in print: uint8, `(count, 28, 28)`."""
    some = [kind(max(count, 100), digits, rng) for kind in (letters, printed_letters)]
    half = count // 2
    return np.concatenate([_rows(some[0], half, rng), _rows(some[1], count - half, rng)])


def _rows(characters: NDArray[np.uint8], count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """So many rows of these characters."""
    images = np.empty((count, SIDE, SIDE), np.uint8)
    for index in range(count):
        some = rng.integers(len(characters), size=rng.choice([2, 2, 2, 3, 3, 4]))
        crops = [printed.cropped(characters[one]) for one in some]
        gap = rng.integers(-4, 4)
        canvas = np.zeros((SIDE, sum(crop.shape[1] for crop in crops) + len(crops) * 6), np.uint8)
        left = 0
        for crop in crops:
            top = rng.integers(SIDE - crop.shape[0] + 1)
            place = canvas[top : top + crop.shape[0], left : left + crop.shape[1]]
            np.maximum(place, crop, out=place)
            left = max(0, left + crop.shape[1] + gap)
        images[index] = printed.to_form(canvas)
    return images


def pieces(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Upper and lower halves of digits, of those whose halves are no digits: half an 8 is a 0."""
    those = np.flatnonzero(np.isin(digits.labels, [0, 2, 3, 4, 5]))
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    for index in range(count):
        crop = printed.cropped(digits.images[those[rng.integers(len(those))]])
        cut = round(len(crop) * rng.uniform(0.35, 0.65))
        half = printed.cropped(crop[:cut] if rng.random() < 0.5 else crop[cut:])
        if half.shape[1] >= 0.6 * half.shape[0]:  # what is narrow may be a 1
            images[index] = printed.to_form(half)
    return images


def scribbles(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A pen that goes to and fro."""
    found = np.empty((count, SIDE, SIDE), np.uint8)
    for those in np.array_split(np.arange(count), 8):
        corners = [tuple(point) for point in np.round(rng.random((rng.integers(7, 16), 2)), 3).tolist()]
        curve = strokes.Variant("scribble", "", (tuple(corners),))
        found[those] = strokes.draw([curve] * len(those), strokes.Hand(shake=0.3, square=0.0), rng)
    return found


def lines(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Dashes and arcs that lie, arcs that stand as sides of a ring do, and bundles of parallel lines."""
    found = np.empty((count, SIDE, SIDE), np.uint8)
    for those in np.array_split(np.arange(count), 100):
        angle, bow, kind = rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4), rng.random()
        if kind < 0.35:
            curves: tuple[strokes.Curve, ...] = (((0.0, 0.0), (0.5, bow), (1.0, angle)),)
        elif kind < 0.6:
            deep = rng.choice([-1, 1]) * rng.uniform(0.25, 0.5)  # a 1 bows less
            curves = (((0.0, 0.0), (0.8 * deep, 0.2), (deep, 0.5), (0.8 * deep, 0.8), (angle / 2, 1.0)),)
        else:
            steep = rng.uniform(-1.5, 1.5)
            step = rng.uniform(0.25, 0.5)
            curves = tuple(((0.0, step * line), (1.0, step * line + steep)) for line in range(rng.integers(3, 6)))
        found[those] = strokes.draw([strokes.Variant("line", "", curves)] * len(those), LINE, rng)
    return found


LINE = strokes.Hand(shake=0.01, square=0.0, squat=1.0, slant=0.0, turn=5.0, pressure=0.1)


def figures(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Rings, boxes, hearts and the like with two to four marks inside: faces, letters in envelopes, windows."""
    found = np.empty((count, SIDE, SIDE), np.uint8)
    for those in np.array_split(np.arange(count), 100):
        outer = _closed(rng)
        middle = np.mean(outer[:-1], axis=0)
        marks = [_mark(middle + rng.uniform(-0.28, 0.28, 2), rng) for _ in range(rng.integers(2, 5))]
        if rng.random() < 0.4:
            marks = _face(middle, rng)
        hand = HAND if rng.random() < 0.3 else THIN
        found[those] = strokes.draw([strokes.Variant("figure", "", (outer, *marks))] * len(those), hand, rng)
    return found


def _closed(rng: np.random.Generator) -> strokes.Curve:
    """A ring, a heart, or an outline with three to five corners, about as wide as high."""
    kind, wide = rng.random(), rng.uniform(0.8, 1.5)
    if kind < 0.5:
        turn = rng.uniform(0, 2 * np.pi)
        angle = turn + np.linspace(0, 2 * np.pi, 11)[:-1]
        places = np.stack([np.sin(angle), -np.cos(angle)], axis=1) / 2
    elif kind < 0.65:
        angle = np.linspace(0, 2 * np.pi, 15)[:-1]
        down = 13 * np.cos(angle) - 5 * np.cos(2 * angle) - 2 * np.cos(3 * angle) - np.cos(4 * angle)
        places = np.stack([16 * np.sin(angle) ** 3, -down], axis=1) / 32
    else:
        corners = int(rng.integers(3, 6))
        angle = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi, corners + 1)
        at = np.stack([np.sin(angle), -np.cos(angle)], axis=1) / 2
        steps = np.linspace(0, 1, 4)[:-1, np.newaxis]  # points along each side keep it straight
        places = np.concatenate([one + (other - one) * steps for one, other in pairwise(at)])
    points = [(round(x * wide, 3), round(y, 3)) for x, y in places.tolist()]
    return (*points, points[0])


def _mark(at: NDArray[np.float64], rng: np.random.Generator) -> strokes.Curve:
    """A dot, a short line or a short arc around a place, in heights of a digit."""
    half = rng.uniform(0.02, 0.22) * np.array([np.cos(turn := rng.uniform(0, np.pi)), np.sin(turn)])
    bow = rng.uniform(-0.15, 0.15, 2)
    places = np.round([at - half, at + bow * np.hypot(*half) / 0.2, at + half], 3)
    return tuple((x, y) for x, y in places.tolist())


def _face(middle: NDArray[np.float64], rng: np.random.Generator) -> list[strokes.Curve]:
    """Two eyes and a mouth."""
    across, down, smile = rng.uniform(0.12, 0.22), rng.uniform(0.08, 0.2), rng.uniform(-0.1, 0.15)
    left, right = across * rng.uniform(0.8, 1.3, 2)
    eyes = np.round(middle + np.array([(-across, -down), (across, -down)]), 3).tolist()
    mouth = np.round(middle + np.array([(-left, down), (0, down + smile), (right, down)]), 3).tolist()
    dots = [((x, y), (round(x + rng.uniform(0.01, 0.06), 3), y)) for x, y in eyes]
    return [*dots, tuple((x, y) for x, y in mouth)]


THIN = strokes.Hand(shake=0.01, square=0.0, squat=1.2, slant=0.2, pen=(1.4, 2.4))


def outlines(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Triangles, stars, hearts, flowers and the like, drawn with a pen; not rings, which are a 0."""
    angle = np.linspace(0, 2 * np.pi, strokes.PLACES, dtype=np.float32)
    lobes = rng.integers(3, 9, (count, 1)).astype(np.float32)
    turn = rng.uniform(0, 2 * np.pi, (count, 1)).astype(np.float32)
    sector = 2 * np.pi / lobes
    within = (angle + turn) % sector / sector  # 0 to 1 from a corner to the next
    star = 1 - rng.uniform(0.35, 0.6, (count, 1)) * (1 - np.abs(2 * within - 1))
    flower = 1 + rng.uniform(0.25, 0.5, (count, 1)) * np.cos(lobes * (angle + turn))
    triangle = 0.5 / np.cos((angle + turn) % (2 * np.pi / 3) - np.pi / 3)
    far = np.choose(rng.integers(3, size=(count, 1)), [star, flower, triangle]).astype(np.float32)
    places = np.stack([far * np.sin(angle), -far * np.cos(angle) * rng.uniform(0.7, 1.3, (count, 1))], axis=2)
    return strokes.written(places.astype(np.float32), HAND, rng)


def shapes(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Filled outlines: discs, boxes, triangles, stars, blots and clothes, plain or patterned."""
    angle = np.arctan2(_GRID[..., 0], -_GRID[..., 1])  # of each pixel from upwards, (28, 28)
    waves = np.arange(1, 9, dtype=np.float32)
    heights = rng.standard_normal((count, 8)).astype(np.float32) / waves * rng.uniform(0, 0.6, (count, 1))
    phase = rng.uniform(0, 2 * np.pi, (count, 8)) * (rng.random((count, 1)) < 0.5)  # without any, both sides are alike
    outline = 1 + np.einsum("nw,nwyx->nyx", heights, np.cos(waves[:, None, None] * angle + phase[..., None, None]))
    corners = rng.integers(3, 7, (count, 1, 1))
    sector = np.pi / corners
    turned = angle + rng.uniform(0, 2 * np.pi, (count, 1, 1))
    polygon = np.cos(sector) / np.cos((turned % (2 * sector)) - sector)
    outline = np.where(rng.random((count, 1, 1)) < 0.4, polygon, outline)
    squeeze = rng.uniform(0.55, 1, (count, 1, 1))  # narrower ones may be a 1
    wide = rng.random((count, 1, 1)) < 0.5
    distance = np.hypot(_GRID[..., 0] / np.where(wide, 1, squeeze), _GRID[..., 1] / np.where(wide, squeeze, 1))
    covered = (rng.uniform(7, 12, (count, 1, 1)) * outline.clip(0.2, 1.3) - distance + 0.5).clip(0, 1)
    pattern = np.where(rng.random((count, 1, 1)) < 0.5, 1, _waves(count, rng))
    return np.round(255 * covered * pattern).astype(np.uint8)


def textures(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Noise, coarse or fine, soft or in black and white, and stripes; all over the image or in its middle."""
    noise = rng.standard_normal((count, SIDE, SIDE)).astype(np.float32)
    for those in np.array_split(np.arange(count), 8):
        noise[those] = gaussian_filter(noise[those], (0, *rng.uniform(0.3, 3, 2)))
    noise /= np.maximum(noise.std(axis=(1, 2), keepdims=True), 1e-6)
    hard = rng.choice([0.5, 5.0], (count, 1, 1))
    found = (0.5 + hard * (noise - rng.uniform(-1, 1, (count, 1, 1)))).clip(0, 1)
    found = np.where(rng.random((count, 1, 1)) < 0.25, _waves(count, rng), found)
    inside = np.abs(_GRID).max(axis=-1) <= rng.integers(8, 16, (count, 1, 1))
    return np.round(255 * found * inside).astype(np.uint8)


def _waves(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Stripes of any direction, 0 to 1, `(n, 28, 28)`."""
    direction, length = rng.uniform(0, np.pi, (count, 1, 1)), rng.uniform(3, 12, (count, 1, 1))
    along = np.cos(direction) * _GRID[..., 0] + np.sin(direction) * _GRID[..., 1]
    return 0.5 + 0.5 * np.sin(2 * np.pi * along / length)


def blank(count: int, digits: Split, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Nothing at all, faint noise, or a few specks."""
    faint = rng.random((count, SIDE, SIDE)) * rng.uniform(0, 0.3, (count, 1, 1)) * (rng.random((count, 1, 1)) < 0.5)
    specks = (rng.random((count, SIDE, SIDE)) < 0.01) * (rng.random((count, 1, 1)) < 0.7)
    specks = gaussian_filter(specks.astype(np.float32), (0, 0.7, 0.7)) * 3
    return np.round(255 * (faint + specks).clip(0, 1)).astype(np.uint8)


# Each kind with its share.
KINDS: dict[Callable[[int, Split, np.random.Generator], NDArray[np.uint8]], float] = {
    letters: 0.13,
    printed_letters: 0.12,
    words: 0.13,
    several: 0.2,
    pieces: 0.08,
    scribbles: 0.08,
    figures: 0.06,
    outlines: 0.04,
    lines: 0.06,
    shapes: 0.06,
    textures: 0.03,
    blank: 0.01,
}
NONE, SEVERAL = len(DIGITS), len(DIGITS) + 1  # labels


def draw(count: int, digits: Split, rng: np.random.Generator) -> Split:
    """So many images of what is no digit, of all kinds, with the labels `NONE` and `SEVERAL`.

    Args:
        count: how many.
        digits: images to make rows and pieces of, such as those that train.
        rng: where all randomness comes from.
    """
    counts = np.diff(np.round(np.cumsum([0, *KINDS.values()]) * count).astype(int)).tolist()
    images = [kind(number, digits, rng) for kind, number in zip(KINDS, counts, strict=True)]
    return Split(np.concatenate(images), np.repeat([SEVERAL if kind is several else NONE for kind in KINDS], counts))
