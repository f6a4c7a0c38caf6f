"""The third step: which pixels are ink. Half as dark as the darkest ink nearby, and darker than the paper's own grain."""

import cv2
import numpy as np

FAINTEST = 20  # of 255: what is fainter than this is no ink on any paper
GRAIN = 6.0  # standard deviations of the paper's noise that ink has to stand out by


def threshold(ink: np.ndarray, width: float = 0.0, share: float = 0.5) -> np.ndarray:
    """Whether each pixel is ink (bool, `(height, width)`), of ink as `find_ink` returns it.

    A pen has one strength within a few strokes, a page may have several: the threshold is half of the strongest ink
    nearby (Bernsen's, 1986, where paper is known to be 0). Faint ruled lines beside a pen stroke thus vanish, and a
    pencil alone stays. It is never below what the grain of the paper, or a printed tint, reaches there, nor below a
    quarter of the picture's strongest ink.

    Args:
        ink: uint8, `(height, width)`.
        width: of strokes, in pixels, if it is known: what is much finer is smoothed away.
        share: of the strongest ink nearby; lower shows fainter things, printed lines for instance.
    """
    smooth = cv2.GaussianBlur(ink, (0, 0), max(0.8, width / 6))
    floor = np.maximum(FAINTEST, GRAIN * grain(ink))
    strong = smooth[smooth > floor]
    if not strong.size:
        return np.zeros(ink.shape, bool)
    size = max(15, min(ink.shape) // 20) | 1
    nearby = cv2.blur(cv2.dilate(smooth, np.ones((size, size), np.uint8)), (size, size))
    return smooth > np.maximum(np.maximum(floor, np.percentile(strong, 90) * share / 2), nearby * share)


def grain(ink: np.ndarray) -> np.ndarray:
    """The standard deviation of the paper's noise around each pixel: float32, `(height, width)`.

    It is told from what a pixel differs from its neighbours, where that is usual in a wide neighbourhood: the median is
    blind to strokes, which are few. Source: J. Immerkær, Fast noise variance estimation (1996), who takes the mean.
    """
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)  # blind to flat and to slanted ground
    size = ink.shape[1] // 2 + 1, ink.shape[0] // 2 + 1
    differences = cv2.convertScaleAbs(cv2.filter2D(ink, cv2.CV_16S, mask), alpha=1 / 2)
    reduced = cv2.resize(differences, size, interpolation=cv2.INTER_NEAREST)
    usual = cv2.medianBlur(reduced, min(max(size) // 6, 120) | 1)
    return cv2.resize(usual, ink.shape[::-1]).astype(np.float32) * (2 / (6 * 0.6745))


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
