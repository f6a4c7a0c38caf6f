"""Image files of anybody's: which are taken, and how they are opened so that a damaged or hostile one does no harm.

Users' datasets and pictures to read are both opened in this way.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image, UnidentifiedImageError

from digits.errors import DigitsError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")  # as Pillow calls them
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
ALLOWED = "PNG, JPEG, BMP, GIF, TIFF or WebP"

MAX_FILE = 256 << 20  # bytes
MAX_PIXELS = 50_000_000  # a photograph of a telephone has 12 to 50 millions
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
    check_size(image.width, image.height, name)
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format not in _OF_TELEPHONES:
        raise DigitsError(f"{name} holds {frames} images; allowed: one")
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
