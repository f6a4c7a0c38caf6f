"""MNIST's form: how the pixels of a digit in a picture become an image as those that networks were trained on.

As the makers of MNIST did (LeCun et al. 1998): black and white scaled into 20 × 20 pixels, keeping its proportions,
grey where a pixel is partly covered, and laid into 28 × 28 with the centre of its mass in the middle. Strokes that
would be thinner there than two pixels are made as wide as that, as MNIST's pens hardly are thinner. The computation
itself is the graph `form.onnx` (`form_graph.py` writes it), which the page runs in the browser, too.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.datasets import SIDE
from digits.exchange.predictor import open_session

FORM = Path(__file__).with_name("form.onnx")
LARGE = 240  # pixels: twice as large as the graph needs; a larger digit is first reduced, by a whole number
TOGETHER = 16  # digits in the graph at once


def to_mnist(masks: Sequence[NDArray[np.bool]], width: float | Sequence[float]) -> NDArray[np.uint8]:
    """Digits' pixels as images of 28 × 28, uint8, `(n, 28, 28)`, ink bright on dark.

    Args:
        masks: of each digit where its ink is, bool, `(height, width)`.
        width: of their strokes, in pixels of the masks; one for all, or of each.
    """
    each = np.broadcast_to(width, len(masks)).tolist()
    reduced = [_reduced(mask, one) for mask, one in zip(masks, each, strict=True)]
    images = np.zeros((len(masks), SIDE, SIDE), np.uint8)
    order = sorted(range(len(masks)), key=lambda index: max(masks[index].shape))  # of like sizes: little is padded
    for start in range(0, len(order), TOGETHER):
        chosen = order[start : start + TOGETHER]
        inks, widths = zip(*(reduced[index] for index in chosen), strict=True)
        images[chosen] = _graph().run(None, {"ink": _padded(inks), "width": np.array(widths, np.float32)})[0]
    return images


def _reduced(mask: NDArray[np.bool], width: float) -> tuple[NDArray[np.uint8], float]:
    """A mask as ink, uint8, and strokes' width in it, reduced if it is large."""
    ink = mask.view(np.uint8) * np.uint8(255)
    step = max(ink.shape) // LARGE
    if step < 2:
        return ink, width
    size = max(1, ink.shape[1] // step), max(1, ink.shape[0] // step)
    return cv2.resize(ink, size, interpolation=cv2.INTER_AREA), width / step


def _padded(inks: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Arrays of several sizes as one, uint8, `(n, height, width)`, the rest of each empty."""
    height, width = max(len(ink) for ink in inks), max(ink.shape[1] for ink in inks)
    together = np.zeros((len(inks), height, width), np.uint8)
    for place, ink in zip(together, inks, strict=True):
        place[: len(ink), : ink.shape[1]] = ink
    return together


@cache
def _graph() -> Any:
    return open_session(FORM.read_bytes(), FORM)
