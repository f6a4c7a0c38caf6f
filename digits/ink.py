"""The ink of a character within its box in a picture."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

BESIDE = 0.15  # of a box's longer side that is looked at around it, to see the ground
HIGH = 80  # pixels of the longer side of what is looked at: a network sees 20 of them
INSIDE = 0.6  # share of connected ink that is inside the box, where it belongs to the character
SPECK = 0.03  # share of the ink: connected ink of less is none


def ink_of(pixels: NDArray[np.uint8], box: Sequence[float]) -> NDArray[np.bool]:
    """Where the ink of a character is, bool, `(height, width)`, without empty edges, at a size that suits a network."""
    left, top, width, height = map(float, box)
    around = BESIDE * max(width, height) + 1
    first = np.array([max(0, int(left - around)), max(0, int(top - around))])
    window = pixels[first[1] : round(top + height + around), first[0] : round(left + width + around)]
    if not window.size:
        return np.zeros((1, 1), bool)
    factor = HIGH / max(window.shape[:2])
    window = resized(window, factor)
    x, y = np.round((np.array([left, top]) - first) * factor).astype(int).clip(0)
    inside = np.zeros(window.shape[:2], bool)
    inside[y : max(y + 1, round(y + height * factor)), x : max(x + 1, round(x + width * factor))] = True
    ink = _contrast(window, inside)
    level, _ = cv2.threshold(ink, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    mask = _connected(ink > level, inside)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if rows.size else np.zeros((1, 1), bool)


def _contrast(window: NDArray[np.uint8], inside: NDArray[np.bool]) -> NDArray[np.uint8]:
    """How much each pixel differs from the ground (uint8), in the channel and the direction in which the ink does."""
    edge = np.concatenate([window[0], window[-1], window[:, 0], window[:, -1]])
    ground = np.broadcast_to(np.median(edge, axis=0).astype(np.uint8), window.shape)
    darker, brighter = cv2.subtract(ground, window).max(2), cv2.subtract(window, ground).max(2)
    dark, bright = (float(np.square(part[inside].astype(np.float32)).sum()) for part in (darker, brighter))
    return darker if dark >= bright else brighter


def _connected(mask: NDArray[np.bool], inside: NDArray[np.bool]) -> NDArray[np.bool]:
    """The connected ink that belongs to the character: most of it is inside the box."""
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    whole = np.bincount(labels.ravel(), minlength=count)
    within = np.bincount(labels[inside], minlength=count)
    kept = (within >= INSIDE * whole) & (within >= SPECK * within[1:].sum())
    kept[0] = False
    return kept[labels] if kept.any() else mask & inside


def stroke_width(mask: NDArray[np.bool]) -> float:
    """The usual width of strokes in pixels, 0 where there is no ink: twice the distance of strokes' middles to paper.

    Each middle counts by its width, so that grains, however many, do not decide.
    """
    distance = cv2.distanceTransform(np.pad(mask.view(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    middles = np.sort(distance[(distance == cv2.dilate(distance, np.ones((3, 3), np.uint8))) & mask])
    if not middles.size:
        return 0.0
    below = np.cumsum(middles)
    return 2 * float(middles[np.searchsorted(below, below[-1] / 2)]) - 1


def resized(pixels: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """A picture with sides `factor` times as long."""
    size = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
