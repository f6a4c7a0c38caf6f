"""Printed digits and letters, in the faces that come with Matplotlib: DejaVu, STIX (like Times) and Computer Modern."""

from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from digits.datasets.dataset import SIDE
from digits.figures import matplotlib
from digits.synthesis.strokes import BOX, CENTRE

_STYLES = {
    "DejaVuSans": ("", "-Bold", "-Oblique", "-BoldOblique"),
    "DejaVuSansMono": ("", "-Bold", "-Oblique", "-BoldOblique"),
    "DejaVuSerif": ("", "-Bold", "-Italic", "-BoldItalic"),
    "STIXGeneral": ("", "Bol", "Italic", "BolIta"),
    "cm": ("r10", "b10", "ss10", "tt10", "ti10"),
}
FACES = tuple(f"{family}{style}" for family, styles in _STYLES.items() for style in styles)
LETTERS = tuple("ACEFHKLMNPRTUVWXacdefhkmnprtuvwx+=%#&*@")  # without those that look like digits
_SHAPES = (0.7, 0.85, 1.0, 1.2, 1.45)  # by which a character is made wider
_LARGE = 96  # pixels of a character before it is brought into MNIST's form
_BLEED = (0, 2, 4)  # of them, by which ink spreads on paper: in bold print a 6 and a 9 come near an 8


def draw(
    characters: tuple[str, ...], count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """So many of these characters, in random faces, widths and boldness: which (int64, `(n,)`), images as `to_form`."""
    which = rng.integers(len(characters), size=count)
    bank = _bank(characters)
    return which, bank[which, rng.integers(bank.shape[1], size=count)]


@cache
def _bank(characters: tuple[str, ...]) -> NDArray[np.uint8]:
    """Each character in each face, width and boldness: uint8, `(characters, faces · widths · bleeds, 28, 28)`."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fonts = [ImageFont.truetype(folder / f"{face}.ttf", _LARGE) for face in FACES]
    ways = list(product(fonts, _BLEED))
    inked = [[_character(one, font, bleed) for font, bleed in ways] for one in characters]
    return np.stack([[to_form(image, wide) for image in images for wide in _SHAPES] for images in inked])


def _character(character: str, font: ImageFont.FreeTypeFont, bleed: int) -> NDArray[np.uint8]:
    left, top, right, bottom = map(round, font.getbbox(character, stroke_width=bleed))
    image = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), character, 255, font, stroke_width=bleed)
    return np.asarray(image)


def cropped(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image without the empty rows and columns around its ink; as it is if it has none."""
    rows, columns = np.flatnonzero(image.max(axis=1)), np.flatnonzero(image.max(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else image


def to_form(ink: NDArray[np.uint8], wide: float = 1.0) -> NDArray[np.uint8]:
    """Ink (uint8, `(height, width)`, bright on dark) in MNIST's form: its larger side 20 pixels, its mass centred.

    Args:
        ink: what is drawn; without any, the image is empty.
        wide: by which factor it is made wider.
    """
    image = np.zeros((SIDE, SIDE), np.uint8)
    if not ink.any():
        return image
    inner = Image.fromarray(cropped(ink))
    width, height = inner.width * wide, inner.height
    factor = BOX / max(width, height)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = np.asarray(inner.resize(size, Image.Resampling.BOX if factor < 1 else Image.Resampling.BILINEAR))
    mass = small.sum(dtype=np.int64)
    down = small.sum(axis=1, dtype=np.int64) @ np.arange(len(small)) / mass
    across = small.sum(axis=0, dtype=np.int64) @ np.arange(small.shape[1]) / mass
    top = round(np.clip(CENTRE - down, 0, SIDE - small.shape[0]))
    left = round(np.clip(CENTRE - across, 0, SIDE - small.shape[1]))
    image[top : top + small.shape[0], left : left + small.shape[1]] = small
    return image
