"""The first step: whatever holds a picture, decoded safely, upright, and not larger than the other steps need.

A photograph of 12 megapixels shows a digit of a line of handwriting about 60 pixels high. Half of that is plenty for
a network that sees 20, so pictures are reduced to about two megapixels, most of it while a JPEG is decoded.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from digits.errors import DigitsError, not_installed
from digits.image_files import FORMATS, check_page, check_pages, check_size, decoded, guarded, lay_on_ground, read_file

ENOUGH = 2_000_000  # pixels that the other steps work on, at most
MOST_PAGES = 1000  # of a file, or frames of an animation
SMALL = 112  # pixels; a picture with a shorter side is enlarged, so that strokes are some pixels wide
STRIP = 20 * SMALL  # pixels of the longer side: such a strip stays as it is

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"heif")

Source = str | Path | bytes | Image.Image | NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """A picture to read.

    Attributes:
        pixels: uint8, `(height, width, 3)`: red, green, blue, upright, on a ground that shows the ink.
        scale: pixels of the upright original for one of these, along either side.
        page: which of the pictures in its file it is, from 1.
        pages: how many the file holds.
    """

    pixels: NDArray[np.uint8]
    scale: float
    page: int = 1
    pages: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the original, upright, in its pixels."""
        height, width = self.pixels.shape[:2]
        return round(width * self.scale), round(height * self.scale)

    def original(self, bounds: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
        """A box (left, top, width, height) in these pixels as one in the original's."""
        left, top, width, height = (round(value * self.scale) for value in bounds)
        return left, top, max(1, width), max(1, height)


def open_picture(source: Source, name: str = "the image") -> Picture:
    """The picture in a file, in a file's bytes, in a PIL image or in an array.

    Args:
        source: an array is uint8, `(height, width)` or `(height, width, 3 or 4)`, red first.
        name: what it is called in an error, where it is no path.

    Raises:
        DigitsError: it is no picture, has too many pixels, or holds several.
    """
    return next(_pages(source, name, most=1))


def open_pages(source: Source, name: str = "the image") -> Iterator[Picture]:
    """As `open_picture`, each of the pictures that a file of several pages or an animation holds, in their order.

    Raises:
        DigitsError: it is no picture, has too many pixels or pages, or one of the pages is damaged.
    """
    return _pages(source, name, MOST_PAGES)


def _pages(source: Source, name: str, most: int) -> Iterator[Picture]:
    if isinstance(source, str | Path):
        name = str(source) if str(source).isprintable() else ascii(str(source))
        source = read_file(Path(source), name)
    if isinstance(source, np.ndarray):
        yield _fit(_in_colour(_checked(source, name)), source.shape[1])
        return
    if isinstance(source, bytes):
        source = _opened(source, name)
    if isinstance(source, Image.Image):
        with guarded(name):
            check_page(source, name)
            pages = check_pages(source, name, most)
        for page in range(1, pages + 1):
            called = f"{name}, page {page}" if pages > 1 else name
            with guarded(called):
                if pages > 1:
                    source.seek(page - 1)
                picture = _from_pil(source, called)
            yield replace(picture, page=page, pages=pages)
        return
    raise DigitsError(f"{name} is of type {type(source).__name__}; allowed: a path, bytes, a PIL image or an array")


def _opened(data: bytes, name: str) -> Image.Image:
    formats: tuple[str, ...] = FORMATS
    brands = data[8 : min(int.from_bytes(data[:4]), 64)]  # of what is in the file, the first the most important
    if data[4:8] == b"ftyp" and brands[:4] in _HEIC_BRANDS and b"avif" not in brands:
        formats = (*formats, _support_heic(name))
    with guarded(name):
        return Image.open(io.BytesIO(data), formats=formats)


def _support_heic(name: str) -> str:
    try:
        import pillow_heif
    except ModuleNotFoundError as error:
        raise not_installed(f"what reads HEIC files such as {name}", "heic") from error
    pillow_heif.register_heif_opener(thumbnails=False)
    return "HEIF"


def _from_pil(image: Image.Image, name: str) -> Picture:
    check_page(image, name)
    width = image.width
    reduction = (image.width * image.height / ENOUGH) ** 0.5
    if reduction > 1:  # a JPEG can be decoded at a half, a quarter or an eighth of its size, and that is quick
        image.draft(None, (int(image.width / reduction), int(image.height / reduction)))
    reduced = width / image.width
    turned = ImageOps.exif_transpose(image)
    picture = _fit(_in_colour(decoded(turned)), turned.width)
    return Picture(picture.pixels, picture.scale * reduced)


def _checked(array: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or channels not in (1, 3, 4) or not array.size:
        allowed = "uint8 of shape (height, width) or (height, width, 3 or 4)"
        raise DigitsError(f"{name} is an array of {array.dtype} of shape {array.shape}; allowed: {allowed}")
    check_size(array.shape[1], array.shape[0], name)
    return array[:, :, 0] if array.ndim == 3 and channels == 1 else array


def _in_colour(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey, coloured or transparent pixels as red, green and blue, `(height, width, 3)`."""
    if image.ndim == 2:
        return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_GRAY2RGB)
    return lay_on_ground(image) if image.shape[2] == 4 else np.ascontiguousarray(image)


def _fit(pixels: NDArray[np.uint8], original_width: int) -> Picture:
    """Reduced to `ENOUGH` pixels, or enlarged until the shorter side has `SMALL`."""
    height, width = pixels.shape[:2]
    scale = max(1.0, (height * width / ENOUGH) ** 0.5)
    if min(height, width) < SMALL and scale == 1 and max(height, width) < STRIP:
        scale = 1 / -(-SMALL // min(height, width))
    if scale != 1:
        size = max(1, round(width / scale)), max(1, round(height / scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC)
    return Picture(pixels, original_width / pixels.shape[1])
