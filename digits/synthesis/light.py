"""How a sheet is inked and lit, and what a camera or a scanner makes of it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.synthesis.grounds import a_colour, gradient, noise

_PENS = np.array([[20, 40, 150], [160, 20, 30], [20, 100, 40], [90, 30, 110], [30, 90, 170], [200, 40, 40]], np.float32)
_LAMPS = np.array([[255, 60, 40], [80, 255, 120], [90, 200, 255], [255, 190, 60], [240, 240, 240]], np.float32)


def ink_colour(paper: NDArray[np.float32], rng: np.random.Generator, surface: str) -> NDArray[np.float32]:
    """A colour that can be told from the paper, float32, `(3,)`: a pen on bright, chalk on dark, mostly."""
    base = np.median(paper.reshape(-1, 3)[::53], axis=0)
    bright = base.mean() > 110
    if surface == "display":
        return _LAMPS[rng.integers(len(_LAMPS))] if not bright else a_colour(10, 50, 8, rng)
    if surface in ("canvas", "screen") and rng.random() < 0.6:
        return np.full(3, 0 if bright else 255, np.float32)
    colour: NDArray[np.floating]
    for _ in range(20):
        how = rng.random()
        if how < 0.55:
            colour = a_colour(0, 70, 16, rng) if bright else a_colour(180, 255, 20, rng)
        elif how < 0.8:
            colour = _PENS[rng.integers(len(_PENS))] + rng.normal(0, 15, 3) + (0 if bright else 90)
        elif how < 0.95:  # a pencil, a pen that runs dry
            colour = base + (1 if base.mean() < 128 else -1) * rng.uniform(40, 110) * rng.uniform(0.6, 1.0, 3)
        else:  # a marker
            colour = a_colour(40, 220, 130, rng)
        found = np.asarray(colour, np.float32).clip(0, 255)
        if np.abs(found - base).max() > 36:
            return found
    return np.full(3, 0 if bright else 255, np.float32)


def inked(
    paper: NDArray[np.float32],
    inks: list[NDArray[np.uint8]],
    colours: list[NDArray[np.float32]],
    rng: np.random.Generator,
    plain: bool,
) -> NDArray[np.float32]:
    """A sheet with its inks (uint8, `(side, side)`) in their colours, the last on top: float32, `(side, side, 3)`."""
    side, picture = len(paper), paper.copy()
    for ink, colour in zip(inks, colours, strict=True):
        if not ink.any():
            continue
        cover = ink.astype(np.float32) * np.float32(1 / 255)
        if not plain:
            how = rng.random()
            if how < 0.25:  # pencil, chalk, a worn pen: not everywhere
                cells = side / rng.uniform(1.5, 8)
                cover *= 1 - np.float32(rng.uniform(0.2, 0.8)) * np.maximum(0, noise(side, rng, cells))
            elif how < 0.3:  # broken strokes
                cover *= noise(side, rng, side / rng.uniform(3, 10)) > -0.75
            cover *= np.float32(rng.uniform(0.75, 1.0))
        picture += cover[..., np.newaxis] * (colour - picture)
    return picture


def light(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Day, lamps, the shadow of a phone or a hand: float32, `(side, side, 3)`, by which colours are multiplied."""
    found: NDArray[np.float32] = 1 + np.float32(rng.uniform(0, 0.3)) * gradient(side, rng)
    if rng.random() < 0.35:
        found = found + np.float32(rng.uniform(0, 0.25)) * noise(side, rng, rng.uniform(1, 4))
    if rng.random() < 0.2:  # a lamp: bright about a place, a halo, dark far from it
        along = np.linspace(-1, 1, side, dtype=np.float32)
        x, y = rng.uniform(-0.8, 0.8, 2).astype(np.float32)
        far = np.square(along - x)[np.newaxis] + np.square(along - y)[:, np.newaxis]
        found = found * (
            np.float32(rng.uniform(0.3, 1.0)) + np.exp(far * np.float32(-rng.uniform(0.4, 6))) * rng.uniform(0.2, 0.8)
        )
    if rng.random() < 0.2:  # a shadow with an edge
        edge = gradient(side, rng) + np.float32(rng.uniform(-0.8, 0.8))
        if rng.random() < 0.5:
            edge = edge + noise(side, rng, rng.uniform(1, 3))
        soft = np.exp((edge * np.float32(-rng.uniform(6, 60))).clip(-30, 30))
        found = found * (1 - np.float32(rng.uniform(0.15, 0.5)) / (1 + soft))
    cast = rng.uniform(0.85, 1.1, 3) if rng.random() < 0.25 else np.ones(3)
    return np.asarray(np.maximum(found, 0.05)[..., np.newaxis] * cast.astype(np.float32), np.float32)


def photographed(
    pixels: NDArray[np.float32], rng: np.random.Generator, plain: bool, detail: float
) -> NDArray[np.uint8]:
    """What a camera and its files make of a picture (float32, `(height, width, 3)`): uint8.

    Args:
        plain: a screenshot or a drawing, which no camera saw; it may still be small, and stored badly.
        detail: the smallest digit's height in pixels, so that it stays legible.
    """
    if not plain:
        if rng.random() < 0.5:
            pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, float(np.clip(0.07 * detail, 0.5, 2))))
        if rng.random() < 0.1:
            length = int(rng.integers(2, 6))
            kernel = np.zeros((length, length), np.float32)
            cv2.line(kernel, (0, int(rng.integers(length))), (length - 1, int(rng.integers(length))), 1)
            pixels = cv2.filter2D(pixels, -1, kernel / kernel.sum())
        pixels = (pixels - 128) * np.float32(rng.uniform(0.7, 1.1)) + 128 + np.float32(rng.uniform(-25, 15))
    if rng.random() < 0.25 and detail > 11:
        pixels = _coarse(pixels, rng, rng.uniform(1.2, min(6, detail / 9)))
    if not plain:
        strength = np.float32(rng.choice([0, rng.uniform(0, 9)]))
        pixels = pixels + rng.standard_normal(pixels.shape, np.float32) * strength
    found = pixels.clip(0, 255).astype(np.uint8)
    if rng.random() < (0.2 if plain else 0.5):
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 96))]
        stored = cv2.imencode(".jpg", found[:, :, ::-1], quality)[1]
        found = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR))[:, :, ::-1]
    if rng.random() < 0.25:  # a grey scan
        found = np.repeat(cv2.cvtColor(np.ascontiguousarray(found), cv2.COLOR_RGB2GRAY)[..., np.newaxis], 3, axis=2)
    return np.ascontiguousarray(found)


def _coarse(pixels: NDArray[np.float32], rng: np.random.Generator, factor: float) -> NDArray[np.float32]:
    """As from few pixels, enlarged: small scans, thumbnails, drawings of 28 pixels."""
    size = (max(8, round(pixels.shape[1] / factor)), max(8, round(pixels.shape[0] / factor)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    how = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_CUBIC)[rng.integers(4)]
    return cv2.resize(small, pixels.shape[1::-1], interpolation=how)
