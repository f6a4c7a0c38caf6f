"""Image files and arrays of any size, brought into the one form that networks here see: grey, 28 × 28 pixels."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from digits.datasets.dataset import SIDE
from digits.image_files import FAINT, FORMATS, check_image, decoded, guarded


def read_grey(data: bytes, name: str) -> NDArray[np.uint8]:
    """The image in the bytes of a file as uint8, `(height, width)`, upright as its EXIF data say.

    What is transparent lies on the ground that shows the ink, as in a picture to read.

    Raises:
        DigitsError: it is no image, too large, or more than one; `name` is what it is called in the error.
    """
    with guarded(name), Image.open(io.BytesIO(data), formats=FORMATS) as image:
        check_image(image, name)
        return _grey(ImageOps.exif_transpose(image))


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    pixels = decoded(image)
    return pixels if pixels.ndim == 2 else np.asarray(Image.fromarray(pixels).convert("L"))


@dataclass(frozen=True)
class Canvas:
    """Images scaled to fit into 28 × 28 pixels, in the middle, while what is to lie around them is not known yet.

    Attributes:
        images: uint8, `(n, 28, 28)`.
        sizes: int, `(n, 2)`: height and width of the part that each image takes.
        resized: bool, `(n,)`: whether each was of another size than 28 × 28.
    """

    images: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    resized: NDArray[np.bool]

    def take(self, chosen: NDArray[np.bool]) -> "Canvas":
        """Those of the images that are chosen (bool, `(n,)`)."""
        return Canvas(self.images[chosen], self.sizes[chosen], self.resized[chosen])

    def _groups(self) -> Iterator[tuple[NDArray[np.int64], slice, slice]]:
        """For each size: which images have it, and the rows and columns that they take."""
        sizes, group = np.unique(self.sizes, axis=0, return_inverse=True)
        for number, (height, width) in enumerate(sizes.tolist()):
            yield np.flatnonzero(group.ravel() == number), *_middle(height, width)

    def background(self) -> float:
        """The median of all pixels on the edge of an image, 0 to 255."""
        counts = np.zeros(256, np.int64)
        for which, rows, columns in self._groups():
            inside = self.images[which, rows, columns]
            for edge in (inside[:, 0], inside[:, -1], inside[:, 1:-1, 0], inside[:, 1:-1, -1]):
                counts += np.bincount(edge.ravel(), minlength=256)
        below = counts.cumsum()
        middle = np.searchsorted(below, [(below[-1] - 1) // 2, below[-1] // 2], side="right")
        return float(middle.mean())

    def blank(self) -> NDArray[np.bool]:
        """Bool, `(n,)`: whether each image shows nothing, or nearly so."""
        blank = np.empty(len(self.images), bool)
        for which, rows, columns in self._groups():
            blank[which] = np.ptp(self.images[which, rows, columns], axis=(1, 2)) < FAINT
        return blank

    def on(self, background: int) -> NDArray[np.uint8]:
        """The images, each with pixels of `background` around it: uint8, `(n, 28, 28)`."""
        if (self.sizes == SIDE).all():
            return self.images
        images = np.full_like(self.images, background)
        for which, rows, columns in self._groups():
            images[which, rows, columns] = self.images[which, rows, columns]
        return images


def canvas(greys: Iterable[NDArray[np.uint8]], count: int) -> Canvas:
    """`count` grey images (uint8, `(height, width)`, of any sizes) scaled to fit, keeping their proportions."""
    if isinstance(greys, np.ndarray) and greys.shape[1:] == (SIDE, SIDE):
        return Canvas(greys, np.full((count, 2), SIDE), np.zeros(count, bool))
    images, sizes, resized = (
        np.zeros((count, SIDE, SIDE), np.uint8),
        np.empty((count, 2), np.int64),
        np.zeros(count, bool),
    )
    for index, grey in enumerate(greys):
        fitted = _fit(grey)
        resized[index] = fitted is not grey
        rows, columns = _middle(*fitted.shape)
        images[index, rows, columns] = fitted
        sizes[index] = fitted.shape
    return Canvas(images, sizes, resized)


def _fit(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image with its longer side of 28 pixels; itself where it is 28 × 28 already."""
    if grey.shape == (SIDE, SIDE):
        return grey
    height, width = (max(1, round(length * SIDE / max(grey.shape))) for length in grey.shape)
    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0))


def _middle(height: int, width: int) -> tuple[slice, slice]:
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    return slice(top, top + height), slice(left, left + width)
