"""The second step: from colours to ink, how much darker than the paper around it each pixel is.

Whatever paper, light and pen: afterwards paper is 0 and ink is bright, as in MNIST. Dividing by the paper's own
brightness takes uneven light out, as light multiplies. The darkest of the three channels counts, so that a red pen,
which is as bright as the paper in red, or a light blue one is as good as a black one.
"""

import cv2
import numpy as np

from digits.reading.lines import find_lines, width_beside
from digits.reading.threshold import stroke_width, threshold

_OVERVIEW = 256  # pixels of the longer side of the small picture in which paper is looked for closely
_FEW = 4  # pixels that a stroke is wide in it, at most
_GLIMPSE = 64  # and of the one that shows it roughly
_WIDE = 0.04  # of the picture's longer side: strokes of a marker, in a close picture
_FINE = 0.02  # likewise: strokes as they usually are
_STEEP = 0.5  # of a part's ink by which it rises within seven pixels of a place at its edge, where it was drawn
_SHARP = 0.75  # of its edge that is as steep
_BRIGHT = 180  # of 255: on a ground brighter than that, ink is dark


def find_ink(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """Ink (uint8, `(height, width)`, 0 is paper) in a picture (uint8, `(height, width, 3)`), and the width of strokes.

    The paper is found twice: first as what most of a wide neighbourhood shows, which needs no idea of the pen; then,
    once strokes' width is known, closely, as what a closing leaves that is just too wide for strokes to survive. So
    shadows and folds wider than a stroke become paper.
    """
    if is_bright_on_dark(pixels):
        pixels = 255 - pixels
    rough = darker_than(pixels, wide_ground(pixels))
    mask = threshold(rough)
    width = stroke_width(mask)
    if not is_wide(mask, width):
        width = width_beside(find_lines(mask, width), mask) or width
    if is_wide(mask, width):  # a marker, or a shadow
        width = stroke_width(mask & sharp(mask, rough)) or _FINE * max(rough.shape)
    return darker_than(pixels, close_ground(pixels, width)) if width else rough, width


def is_wide(mask: np.ndarray, width: float) -> bool:
    """Whether strokes of `width` pixels are wider than those of a pen are in a picture of this size."""
    return width > _WIDE * max(mask.shape)


def sharp(mask: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Where a mask's connected parts have sharp edges, as strokes have and shadows not: bool, `(height, width)`.

    So has paper that lies on something dark, but not on its inner side, where it goes over into the light.
    """
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    around = np.ones((7, 7), np.uint8)
    rise = cv2.subtract(cv2.dilate(ink, around), cv2.erode(ink, around))
    edge = mask & (cv2.erode(mask.view(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    inks = np.bincount(labels[mask], ink[mask], count) / np.maximum(1, np.bincount(labels[mask], minlength=count))
    steep = rise[edge] > _STEEP * inks[labels[edge]]
    share = np.bincount(labels[edge], steep, count) / np.maximum(1, np.bincount(labels[edge], minlength=count))
    return mask & (share > _SHARP)[labels]


def is_bright_on_dark(pixels: np.ndarray) -> bool:
    """Whether the ink, what differs from most of its neighbourhood, is brighter than the ground, as on a blackboard."""
    small = overview(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), _GLIMPSE)
    if np.median(small) > _BRIGHT:
        return False
    difference = small.astype(np.float32) - median(small, max(small.shape) // 2)
    bright, dark = np.square(difference.clip(min=0)).sum(), np.square(difference.clip(max=0)).sum()
    return bool(bright > 1.5 * dark)


def wide_ground(pixels: np.ndarray) -> np.ndarray:
    """The paper's colour at each pixel: the median of a neighbourhood half as wide as the picture."""
    small = overview(pixels, _GLIMPSE)
    return _like(median(small, max(small.shape) // 2), pixels)


def close_ground(pixels: np.ndarray, width: float) -> np.ndarray:
    """The paper's colour at each pixel, where strokes are `width` pixels wide: dark things of three times that vanish.

    A closing takes the brightest within reach and then the darkest of those: what is dark and narrow is gone, edges of
    what is wide stay where they were.
    """
    small = overview(pixels, min(_OVERVIEW, round(_FEW * max(pixels.shape) / width)))
    factor = max(pixels.shape) / max(small.shape)
    size = max(3, round(3 * width / factor)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(median(small, 3), cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    return _like(cv2.blur(closed, (size, size)), pixels)


def darker_than(pixels: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """How much darker than `ground`, of 255, in the channel where that is most: uint8, `(height, width)`."""
    shares = cv2.divide(pixels, cv2.max(ground, 1), scale=255)  # (height, width, 3); 255 is paper, or brighter
    red, green, blue = cv2.split(shares)
    return 255 - cv2.min(cv2.min(red, green), blue)


def overview(image: np.ndarray, side: int) -> np.ndarray:
    """The image with a longer side of `side` pixels, if it is larger."""
    factor = max(image.shape[:2]) / side
    if factor <= 1:
        return image
    size = max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def median(image: np.ndarray, size: int) -> np.ndarray:
    """The median of a square of `size` pixels around each pixel (at most 255), the edge repeated outwards."""
    size = min(size, 254) | 1
    return cv2.medianBlur(image, size)


def _like(small: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    return cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
