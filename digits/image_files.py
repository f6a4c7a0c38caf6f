"""Image files of anybody's: which are taken, and how they are opened so that a damaged or hostile one does no harm.

Users' datasets and pictures to read are both opened in this way.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from digits.errors import DigitsError

_AVIF = ["AVIF"] if find_spec("PIL._avif") else []  # not every build of Pillow has it
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", *_AVIF)  # as Pillow calls them
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", *(f".{name.lower()}" for name in _AVIF))
PICTURES = (*SUFFIXES, ".heic", ".heif")  # of what is looked for in a folder of pictures to read
ALLOWED = " or ".join(", ".join(["PNG", "JPEG", "BMP", "GIF", "TIFF", "WebP", *_AVIF]).rsplit(", ", 1))

MAX_FILE = 256 << 20  # bytes
MAX_PIXELS = 50_000_000  # a photograph of a telephone has 12 to 50 millions
FAINT = 32  # levels of 255; an image whose pixels differ by less is nearly blank
MAX_SIDE = 65_500  # pixels: as long as a JPEG can be, and as OpenCV takes

# Formats in which telephones write one photograph, with previews and depths beside it, which are not looked at.
_OF_TELEPHONES = ("MPO", "HEIF")


def read_file(path: Path, name: str) -> bytes:
    """The bytes of an image file, or of what comes through a pipe.

    Raises:
        DigitsError: it cannot be read, or is too large; `name` is what it is called in the error.
    """
    try:
        if not path.is_file():  # nor does a pipe tell how much will come
            with path.open("rb") as stream:
                return read_stream(stream, name)
        if path.stat().st_size > MAX_FILE:
            raise _too_much(name)
        return path.read_bytes()
    except OSError as error:
        raise DigitsError(f"{name} cannot be read: {error.strerror}") from error


def read_stream(stream: IO[bytes], name: str) -> bytes:
    """All bytes of a stream of an image, however much comes.

    Raises:
        DigitsError: it is too much; `name` is what it is called in the error.
    """
    data = stream.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise _too_much(name)
    return data


def _too_much(name: str) -> DigitsError:
    return DigitsError(f"{name} is too large; allowed: files of up to {MAX_FILE >> 20} MiB")


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """For what opens and decodes an image: whatever Pillow raises meanwhile becomes one line, and its warnings nothing.

    Raises:
        DigitsError: the image is damaged, of another format, or a bomb; `name` is what it is called in the error.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except DigitsError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except Exception as error:  # a file that is something else, or partly something else, may raise anything
        reason = "" if isinstance(error, UnidentifiedImageError) else f" ({' '.join(str(error).split())})"
        raise DigitsError(f"{name} is not a readable image{reason}; allowed: {ALLOWED}") from error


def check_image(image: Image.Image, name: str) -> None:
    """Make sure, before its pixels are decoded, that an image is one that we take.

    Raises:
        DigitsError: it is too large, holds several images, or has pixels of 32 bits.
    """
    check_page(image, name)
    check_pages(image, name, most=1)


def check_pages(image: Image.Image, name: str, most: int) -> int:
    """How many images the file of an opened one holds: pages, or frames of an animation.

    Raises:
        DigitsError: they are more than `most`.
    """
    pages = 1 if image.format in _OF_TELEPHONES else getattr(image, "n_frames", 1)
    if pages > most:
        raise DigitsError(f"{name} holds {pages:,} images; allowed: {'one' if most == 1 else f'up to {most:,}'}")
    return pages


def check_page(image: Image.Image, name: str) -> None:
    """As `check_image`, of one of the images that a file holds.

    Raises:
        DigitsError: it is too large, or has pixels of 32 bits.
    """
    check_size(image.width, image.height, name)
    if image.mode in ("I", "F"):
        raise DigitsError(f"{name} has pixels of 32 bits; allowed: 8 or 16 bits")


def check_size(width: int, height: int, name: str) -> None:
    """Make sure that an image of so many pixels is not too large.

    Raises:
        DigitsError: it is.
    """
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise _too_large(name)


def _too_large(name: str) -> DigitsError:
    allowed = f"images of up to {MAX_PIXELS // 1_000_000} megapixels, {MAX_SIDE:,} pixels long or high"
    return DigitsError(f"{name} is too large; allowed: {allowed}")


def decoded(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels of an opened image: uint8, `(height, width)` or, in colours, `(height, width, 3)`.

    Transparent ones lie on the ground that `lay_on_ground` chooses; those of 16 bits are scaled by what they use.
    """
    if image.mode.startswith("I;16"):
        return _in_bytes(np.asarray(image))
    if image.has_transparency_data:
        return lay_on_ground(np.asarray(image.convert("RGBA")))
    return np.asarray(image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB"))


def is_blank(colours: NDArray[np.uint8]) -> bool:
    """Whether pixels (uint8, `(…, 3)`, not empty) show nothing, or nearly so: all have about one colour."""
    return bool(np.ptp(colours.reshape(-1, 3), axis=0).max() < FAINT)


def _in_bytes(deep: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Pixels of 16 bits as uint8. White is the largest number of 8, 12 or 16 bits, whichever holds all of them.

    A camera may use 12, a program that wrote bytes 8. What is taken wrongly for less than it is, is nearly blank.
    """
    white = next(white for white in (255, 4095, 65535) if deep.max() <= white)
    return ((deep.astype(np.uint32) * 255 + white // 2) // white).astype(np.uint8)


def lay_on_ground(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels with transparency (uint8, `(height, width, 4)`) as colours, `(height, width, 3)`, on a ground.

    The ground is white, but black where most of the ink on a transparent ground is bright: white ink on white would be
    blank. Where most of the image is opaque and not blank, that is a page, and its usual colour lies under the rest.
    """
    alpha = image[:, :, 3]
    if alpha.min() == 255:
        return np.ascontiguousarray(image[:, :, :3])
    opaque = image[alpha > 127][:, :3]
    if len(opaque) > alpha.size / 2 and not is_blank(opaque):
        ground = np.median(opaque, axis=0)
    else:
        ground = np.full(3, 0 if len(opaque) and opaque.mean() > 127 else 255)
    share = alpha[:, :, np.newaxis].astype(np.float32) / 255
    return np.rint(image[:, :, :3] * share + ground * (1 - share)).astype(np.uint8)
