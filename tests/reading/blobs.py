"""A stand-in for the finder's network: it calls each connected blob of ink a digit, and cannot tell which."""

import cv2
import numpy as np

from digits.reading.finder import Finder

SCORE = 0.9


class Blobs:
    """What `Finder.session` does, for plain pictures; `shapes` are those of the pictures that it was asked about."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, _: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        images = inputs["images"]
        assert images.dtype == np.uint8
        assert images.shape[0] == 1
        assert images.shape[1] % 32 == images.shape[2] % 32 == 0
        self.shapes.append(images.shape)
        return [maps_of(blobs(images[0]), images.shape[1:3])[np.newaxis]]


def blobs(pixels: np.ndarray) -> list[tuple[float, ...]]:
    """Boxes of connected ink: left, top, width, height."""
    far = np.abs(pixels.astype(int) - np.median(pixels, axis=(0, 1))).max(2) > 70
    parts = cv2.connectedComponentsWithStats(far.astype(np.uint8), connectivity=8)[2]
    return [tuple(map(float, part[:4])) for part in parts[1:] if part[2:4].max() > 4]


def maps_of(boxes: list[tuple[float, ...]], size: tuple[int, int], digit: int | None = None) -> np.ndarray:
    """Maps that say that there are digits in boxes, and nowhere else: float32, `(14, height / 4, width / 4)`.

    Args:
        boxes: left, top, width, height, in pixels.
        size: height and width of the picture, in pixels.
        digit: that all are; None where each may be any.
    """
    maps = np.full((14, size[0] // 4, size[1] // 4), -9, np.float32)
    maps[10:] = 0
    for left, top, width, height in boxes:
        x, y = (left + width / 2) / 4, (top + height / 2) / 4
        column, row = min(int(x), maps.shape[2] - 1), min(int(y), maps.shape[1] - 1)
        maps[slice(0, 10) if digit is None else digit, row, column] = np.log(SCORE / (1 - SCORE))
        maps[10:, row, column] = x - column, y - row, np.log(width / 16), np.log(height / 16)
    return maps


def finder() -> Finder:
    made = Finder.__new__(Finder)
    made.session = Blobs()
    return made
