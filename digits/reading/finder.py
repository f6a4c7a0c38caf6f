"""Where digits stand in a picture, as a network says that is asked at several sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digits.exchange.predictor import open_session
from digits.reading.peaks import DIGITS, STRIDE, distinct, peaks
from digits.reading.picture import resized

FINDER = Path(__file__).with_name("finder.onnx")  # the recipe `finder`, as `make finder` trained it
SIZES = (80, 160, 320, 640, 1120)  # pixels of the longer side at which a picture is asked about
LEAST = 0.1  # score of a peak that is worth a look
_ENLARGED = 2.0  # times, at most
_FITTING = (10, 120)  # pixels of a box's longer side at a size that is meant for it
_MULTIPLE = 32  # the network halves five times


@dataclass(frozen=True, eq=False)
class Found:
    """What may be digits in a picture, the likeliest first.

    Attributes:
        boxes: float32, `(n, 4)`: left, top, width, height, in pixels of the picture.
        scores: float32, `(n,)`: 0 to 1, how likely each is a digit.
        probabilities: float32, `(n, 10)`: of each digit, if it is one.
        heat: the longer side at which the picture was asked about, and float32, `(height, width)`, 0 to 1: how likely
            a digit has its centre there.
    """

    boxes: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray
    heat: dict[int, np.ndarray]


class Finder:
    """The network that finds digits.

    Raises:
        DigitsError: the file is damaged.
    """

    def __init__(self, path: Path = FINDER):
        self.session = open_session(path.read_bytes(), path)

    def maps(self, pixels: np.ndarray) -> np.ndarray:
        """What the network says (float32, `(14, height / 4, width / 4)`) of a picture, uint8, `(height, width, 3)`."""
        height, width = pixels.shape[:2]
        below, beside = -height % _MULTIPLE, -width % _MULTIPLE
        padded = cv2.copyMakeBorder(pixels, 0, below, 0, beside, cv2.BORDER_REPLICATE)
        maps: np.ndarray = self.session.run(None, {"images": padded[np.newaxis]})[0][0]
        return maps[:, : -(-height // STRIDE), : -(-width // STRIDE)]

    def __call__(self, pixels: np.ndarray, sizes: Sequence[int] = SIZES) -> Found:
        """What may be digits in a picture, uint8, `(height, width, 3)`."""
        height, width = pixels.shape[:2]
        longer = max(height, width)
        heat: dict[int, np.ndarray] = {}
        parts = []
        for size in [size for size in sizes if size <= _ENLARGED * longer] or sizes[:1]:
            asked = resized(pixels, size / longer)
            maps = self.maps(asked)
            boxes, scores, probabilities = peaks(maps, LEAST)
            sides = boxes[:, 2:].max(1)
            fitting = (sides > _FITTING[0]) & (sides < _FITTING[1])
            ratio = np.array([width / asked.shape[1], height / asked.shape[0]] * 2, np.float32)
            parts.append((boxes[fitting] * ratio, scores[fitting], probabilities[fitting]))
            heat[size] = 1 / (1 + np.exp(-maps[:DIGITS].max(0).clip(-30, 30)))
        boxes, scores, probabilities = map(np.concatenate, zip(*parts, strict=True))
        kept = distinct(boxes, scores, 0.5, union=True)
        return Found(boxes[kept], scores[kept], probabilities[kept], heat)
