"""Numbers in the hands of MNIST's test set."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from tests.reading.compose.paper import Paper, photographed


@dataclass(frozen=True)
class Layout:
    """How digits stand on paper.

    Attributes:
        height: of an MNIST image's 28 pixels, in pixels of the picture; digits are about 20 / 28 of it.
        gap: pixels between the ink of neighbours in a row; negative where they touch.
        line_gap: pixels between rows.
        margin: pixels around.
        uneven: share of the height by which digits differ, and stand higher or lower.
        pen: width of the strokes in pixels, however thick they were; 0 leaves them as they were.
    """

    height: int = 84
    gap: int = 16
    line_gap: int = 30
    margin: int = 60
    uneven: float = 0.1
    pen: int = 0


def ink_of(rows: Sequence[np.ndarray], layout: Layout, rng: np.random.Generator) -> np.ndarray:
    """Rows of MNIST images (each uint8, `(n, 28, 28)`) as ink: float32, `(height, width)`, 0 to 1."""
    strips = []
    for row in rows:
        digits = [grown(image, layout, rng) for image in row]
        high = max(digit.shape[0] for digit in digits) + round(2 * layout.uneven * layout.height)
        wide = sum(digit.shape[1] for digit in digits) + layout.gap * (len(digits) - 1)
        strip = np.zeros((high, wide + abs(layout.gap) * len(digits)), np.float32)
        left = 0
        for digit in digits:
            slack = high - digit.shape[0]
            top = slack // 2 + round(slack / 2 * rng.uniform(-1, 1) * min(1.0, layout.uneven * 4))
            place = strip[top : top + digit.shape[0], left : left + digit.shape[1]]
            np.maximum(place, digit, out=place)
            left += digit.shape[1] + layout.gap
        strips.append(strip)
    width = max(strip.shape[1] for strip in strips) + 2 * layout.margin
    height = sum(strip.shape[0] for strip in strips) + layout.line_gap * (len(strips) - 1) + 2 * layout.margin
    ink, top = np.zeros((height, width), np.float32), layout.margin
    for strip in strips:
        ink[top : top + strip.shape[0], layout.margin : layout.margin + strip.shape[1]] = strip
        top += strip.shape[0] + layout.line_gap
    return ink


def grown(image: np.ndarray, layout: Layout, rng: np.random.Generator) -> np.ndarray:
    """One MNIST image at the layout's size, cropped to its ink: float32, 0 to 1."""
    factor = layout.height / 28 * (1 + layout.uneven * rng.uniform(-1, 1))
    large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    sharp = ((large - 0.3) * 3).clip(0, 1)  # as a pen draws, without MNIST's soft edges
    if layout.pen:
        nib = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (layout.pen, layout.pen))
        sharp = cv2.dilate(thinned(sharp > 0.5), nib).astype(np.float32)
    rows, columns = np.flatnonzero(sharp.max(1) > 0.5), np.flatnonzero(sharp.max(0) > 0.5)
    return sharp[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def thinned(mask: np.ndarray) -> np.ndarray:
    """The strokes of a mask (bool) one pixel wide: uint8, 0 and 1. Pixels at the edges go, one direction after another.

    After C. J. Hilditch, Linear skeletons from square cupboards (1969), with hit-or-miss masks for each direction.
    """
    edge, corner = np.int8([[-1, -1, -1], [0, 1, 0], [1, 1, 1]]), np.int8([[0, -1, -1], [1, 1, -1], [0, 1, 0]])
    masks = [np.rot90(one, turn).astype(np.int32) for turn in range(4) for one in (edge, corner)]
    thin, before = mask.astype(np.uint8), -1
    while (left := int(thin.sum())) != before:
        before = left
        for one in masks:
            thin -= cv2.morphologyEx(thin, cv2.MORPH_HITMISS, one)
    return thin


@dataclass
class Writer:
    """Writes numbers in the hands of MNIST's test set."""

    images: np.ndarray
    labels: np.ndarray
    rng: np.random.Generator
    layout: Layout = field(default_factory=Layout)

    def images_of(self, text: str) -> list[np.ndarray]:
        """For each row of a text, images of its digits in random hands."""
        return [
            np.stack([self.images[self.rng.choice(np.flatnonzero(self.labels == int(digit)))] for digit in row])
            for row in text.split("\n")
        ]

    def picture(self, text: str, paper: Paper, layout: Layout | None = None) -> np.ndarray:
        """A text on paper: uint8, `(height, width, 3)`."""
        return photographed(ink_of(self.images_of(text), layout or self.layout, self.rng), paper, self.rng)
