"""The third step: which pixels are ink, half as dark as the darkest ink nearby and darker than the paper's grain."""

from collections.abc import Sequence

import cv2
import numpy as np

FAINTEST = 30  # of 255: what is fainter than this is no pen on any paper
_FAINTEST_LINE = 20  # nor, where fainter things are asked for, a printed line
_PEN = 1.8  # times the square of its share, of the strength of the pen: what is fainter is printed on the paper
_BLOCK = 4  # pixels: the side of blocks whose mean ink is looked at
_ABOVE = 3.0  # ink is darker than so many times what is usual around it: grain of paper, a printed tint, show-through


def threshold(ink: np.ndarray, width: float = 0.0) -> np.ndarray:
    """Whether each pixel is ink (bool, `(height, width)`), of ink as `find_ink` returns it; see `thresholds`."""
    return thresholds(ink, width, [0.5])[0]


def thresholds(
    ink: np.ndarray, width: float, shares: Sequence[float], nearby: np.ndarray | None = None
) -> list[np.ndarray]:
    """Where ink is as strong as each share of the strongest ink nearby (bool, `(height, width)`).

    A pen has one strength within a few strokes, a page may have several: the usual threshold is half of the strongest
    ink nearby (Bernsen's, 1986, where paper is known to be 0). Faint ruled lines beside a pen stroke thus vanish, and a
    pencil alone stays. It is never below thrice what is usual around, nor, for half, below 0.45 of the pen's strength
    in the whole picture; for lower shares that part is lower by their square, so that printed lines are still found.

    Args:
        ink: uint8, `(height, width)`.
        width: of strokes, in pixels, or 0 if it is not known yet: what is much finer is smoothed away.
        shares: 0.5, or lower for fainter things, printed lines for instance.
        nearby: the strongest ink nearby (uint8, `(height, width)`), where that is known better than `strongest` tells.
    """
    smooth = smoothed(ink, width)
    around = usual(ink, 12 * width or max(ink.shape))
    nearby = strongest(smooth) if nearby is None else nearby
    masks = []
    for share in shares:
        floor = cv2.max(cv2.multiply(around, 2 * share * _ABOVE), FAINTEST if share >= 0.5 else _FAINTEST_LINE)
        strong = smooth[smooth > floor]
        if strong.size:
            floor = cv2.max(floor, _PEN * share**2 * _strength(strong))
        masks.append(smooth > cv2.max(floor, cv2.multiply(nearby, share)))
    return masks


def _strength(ink: np.ndarray) -> float:
    """How strong the pen's ink is among all ink, strong or faint: its mean, where each pixel counts by its square."""
    some = ink[:: 1 + ink.size // 10_000].astype(np.float32)
    return float((some**3).sum() / (some**2).sum())


def smoothed(ink: np.ndarray, width: float) -> np.ndarray:
    """Ink without what is much finer than strokes of `width` pixels: uint8, `(height, width)`."""
    return cv2.GaussianBlur(ink, (0, 0), max(0.8, width / 6))


def strongest(ink: np.ndarray) -> np.ndarray:
    """The strongest ink near each pixel, within a twentieth of the picture: uint8, `(height, width)`."""
    size = max(15, min(ink.shape) // 20) | 1
    return cv2.blur(cv2.dilate(ink, np.ones((size, size), np.uint8)), (size, size))


def usual(ink: np.ndarray, size: float) -> np.ndarray:
    """How dark most of a square of `size` pixels around each pixel is: uint8, `(height, width)`. Strokes do not count.

    Nor does what is narrower than the square, such as a bar along the picture's edge, where squares are cut.
    """
    step = max(_BLOCK, max(ink.shape) / 128)
    blocks = round(ink.shape[1] / step) or 1, round(ink.shape[0] / step) or 1
    few = cv2.resize(ink, blocks, interpolation=cv2.INTER_AREA)  # means, in which grain counts by its strength
    side = min(round(size / step), 127) | 1
    median = cv2.morphologyEx(cv2.medianBlur(few, side), cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    return cv2.resize(median, ink.shape[::-1])


def stroke_width(mask: np.ndarray) -> float:
    """The usual width of strokes in pixels, 0 where there is no ink: twice the distance of strokes' middles to paper.

    Each middle counts by its width, so that grains, however many, do not decide.
    """
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    middles = np.sort(distance[(distance == cv2.dilate(distance, np.ones((3, 3), np.uint8))) & mask])
    if not middles.size:
        return 0.0
    below = np.cumsum(middles)
    return 2 * float(middles[np.searchsorted(below, below[-1] / 2)]) - 1
