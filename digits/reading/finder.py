"""Where digits stand in a picture, as a network says that is asked at several sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.exchange.predictor import open_session
from digits.ink import resized
from digits.reading.left_out import left_out
from digits.reading.peaks import DIGITS, STRIDE, grouped, peaks

FINDER = Path(__file__).with_name("finder.onnx")  # the recipe `finder`, as `make finder` trained it
SIZES = (80, 113, 160, 226, 320, 452, 640, 1120)  # pixels of the longer side at which a picture is asked about
LEAST = 0.1  # score of a peak that is worth a look
SMALL = 320  # pixels of the longer side up to which a picture is asked about as a whole
CLEAR = 24  # pixels of a box's longer side at which a digit is seen clearly
SURE = 0.5  # score of a digit that explains the ink in its box
SAME = 0.5  # share of their union that two boxes have in common, where they show the same at two sizes
MARGIN = 24  # pixels around ink that are asked about with it
ENLARGED = 2.0  # times, at most,
TINY = 160  # but to so many pixels of the longer side in any case
FITTING = (10, 120)  # pixels of a box's longer side at a size that is meant for it
MULTIPLE = 32  # the network halves five times


@dataclass(frozen=True, eq=False)
class Found:
    """What may be digits in a picture, the likeliest first.

    Attributes:
        boxes: float32, `(n, 4)`: left, top, width, height, in pixels of the picture.
        scores: float32, `(n,)`: 0 to 1, how likely each is a digit, by all sizes at which it was seen.
        means: float32, `(n,)`: 0 to 1, by one of these sizes, on average.
        probabilities: float32, `(n, 10)`: of each digit, if it is one.
        heat: the longer side at which the picture was asked about, and float32, `(height, width)`, 0 to 1: how likely
            a digit has its centre there.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    means: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    heat: dict[int, NDArray[np.float32]]


class Finder:
    """The network that finds digits.

    Raises:
        DigitsError: the file is damaged.
    """

    def __init__(self, path: Path = FINDER):
        self.session = open_session(path.read_bytes(), path)

    def maps(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the network says (float32, `(14, height / 4, width / 4)`) of a picture, uint8, `(height, width, 3)`."""
        height, width = pixels.shape[:2]
        below, beside = -height % MULTIPLE, -width % MULTIPLE
        padded = cv2.copyMakeBorder(pixels, 0, below, 0, beside, cv2.BORDER_REPLICATE)
        maps: NDArray[np.float32] = self.session.run(None, {"images": padded[np.newaxis]})[0][0]
        return maps[:, : -(-height // STRIDE), : -(-width // STRIDE)]

    def __call__(self, pixels: NDArray[np.uint8], sizes: Sequence[int] = SIZES) -> Found:
        """What may be digits in a picture, uint8, `(height, width, 3)`.

        It is asked about as a whole at small sizes, at larger ones where ink is left that no digit explains, and at the
        largest if the size before gives a glimpse of something small.
        """
        longer = max(pixels.shape[:2])
        heat: dict[int, NDArray[np.float32]] = {}
        parts = [(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 10), np.float32))]
        explained, glimpsed = np.zeros((0, 4), np.float32), True
        for size in [size for size in sizes if size <= max(ENLARGED * longer, TINY)] or sizes[:1]:
            factor = size / longer
            region = _region(pixels, explained, MARGIN / factor) if size > SMALL else (0, 0, *pixels.shape[1::-1])
            if region is None or (size == sizes[-1] and not glimpsed):
                break
            left, top, width, height = region
            asked = resized(pixels[top : top + height, left : left + width], factor)
            maps = self.maps(asked)
            hot = 1 / (1 + np.exp(-maps[:DIGITS].max(0).clip(-30, 30)))
            heat[size] = _in_place(hot, region, pixels, factor / STRIDE)
            found, likely, each = peaks(maps, LEAST)
            sides = found[:, 2:].max(1)
            fitting = (sides > FITTING[0]) & (sides < FITTING[1])
            ratio = np.array([width / asked.shape[1], height / asked.shape[0]] * 2, np.float32)
            place = found * ratio + np.array([left, top, 0, 0], np.float32)
            glimpsed = bool((sides < CLEAR).any())
            parts.append((place[fitting], likely[fitting], each[fitting]))
            clear = fitting & (sides > CLEAR) & (likely > SURE)
            explained = np.concatenate([explained, place[clear]])
        boxes, scores, probabilities = map(np.concatenate, zip(*parts, strict=True))
        return _agreed(boxes, scores, probabilities, heat)


def _agreed(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    heat: dict[int, NDArray[np.float32]],
) -> Found:
    """What was found at several sizes, as one.

    The more sizes show a digit, the likelier it is one, and the surer each of them is.
    """
    groups = grouped(boxes, scores, SAME, union=True)
    together = np.array([1 - np.prod(1 - scores[group] / 2) for group in groups], np.float32)
    means = np.array([scores[group].mean() for group in groups], np.float32)
    whose = [np.average(probabilities[group], axis=0, weights=scores[group]) for group in groups]
    order = np.argsort(-together, kind="stable")
    surest = np.array([group[0] for group in groups], np.int64)[order]
    each = np.array(whose, np.float32).reshape(-1, DIGITS)[order]
    return Found(boxes[surest], together[order], means[order], each, heat)


def _region(pixels: NDArray[np.uint8], digits: NDArray[np.float32], margin: float) -> tuple[int, int, int, int] | None:
    """Where ink is left that is in no digit's box: left, top, width and height, with a margin in pixels."""
    ink = left_out(pixels, digits)
    if not len(ink):
        return None
    height, width = pixels.shape[:2]
    left, top = (max(0, int(value - margin)) for value in ink[:, :2].min(0))
    right, bottom = (ink[:, :2] + ink[:, 2:]).max(0) + margin
    return left, top, min(width, round(right)) - left, min(height, round(bottom)) - top


def _in_place(
    heat: NDArray[np.float32], region: tuple[int, int, int, int], pixels: NDArray[np.uint8], factor: float
) -> NDArray[np.float32]:
    """The heat of a region as that of the whole picture, `factor` times as large as it; 0 elsewhere."""
    left, top = (round(value * factor) for value in region[:2])
    high, wide = (max(1, -int(-side * factor // 1)) for side in pixels.shape[:2])
    whole = np.zeros((max(high, top + len(heat)), max(wide, left + heat.shape[1])), np.float32)
    whole[top : top + len(heat), left : left + heat.shape[1]] = heat
    return whole[:high, :wide]
