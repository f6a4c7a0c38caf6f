"""Pages without a digit: letters, words, icons, drawings, scribbles, things, photographs, nothing at all."""

from functools import cache

import cv2
import numpy as np

from digits.datasets import Split
from digits.synthesis import non_digits
from digits.synthesis.pages.sheet import Sheet
from digits.synthesis.printed import cropped
from digits.synthesis.strokes import Variant
from digits.synthesis.writing import FOREIGN, GREEK, ICONS, PRINTED_LETTERS, SIGNS, WRITTEN_LETTERS

SYLLABLES = "an er on in the re en al es st or ar ing ion ed to it le ma ri ca ne de ro li ta no se na la ter mo pa di so".split()
_DRAWN = non_digits.figures, non_digits.outlines, non_digits.lines, non_digits.shapes, non_digits.textures, non_digits.scribbles


def word(sheet: Sheet) -> str:
    """A word of at least three letters: in it, o, l and S are no digits."""
    rng = sheet.rng
    text = "".join(rng.choice(SYLLABLES, size=rng.integers(2, 5)).tolist())
    return str(rng.choice([text, text, text.upper(), text.capitalize()]))


def letter(sheet: Sheet) -> None:
    """One letter or sign, or a few far apart, large: by hand or in print, greek and foreign ones, too."""
    rng, height = sheet.rng, sheet.size(0.1, 0.55)
    kinds = (WRITTEN_LETTERS, WRITTEN_LETTERS, PRINTED_LETTERS, tuple(GREEK), FOREIGN)
    letters = kinds[rng.integers(len(kinds))]
    x, y = sheet.start(0.6 * height, height)
    text = " ".join(rng.choice(letters, size=rng.choice([1, 1, 1, 2, 4])).tolist())
    for line in range(1 if height > 0.2 * sheet.side else int(rng.integers(1, 4))):
        sheet.write(text, x, y + line * 1.4 * height, height, 0.1, 0.03, are_digits=False)


def words(sheet: Sheet) -> None:
    """Words and signs, by hand or in print."""
    rng, height = sheet.rng, sheet.size(0.05, 0.35)
    pitch = height * rng.uniform(1.3, 2.2)
    x, y = sheet.start(height * 3, pitch * 2)
    letters = PRINTED_LETTERS if sheet.writer.style == "printed" else (*WRITTEN_LETTERS, *SIGNS)
    for number in range(int(rng.integers(1, 6))):
        some = [sheet.word(letters, 6) if rng.random() < 0.3 else word(sheet) for _ in range(rng.integers(1, 4))]
        sheet.write(" ".join(some), x, y + number * pitch, height, rng.uniform(-0.05, 0.3), 0.04, are_digits=False)


def text(sheet: Sheet) -> None:
    """A page of small text, in joined letters or in print."""
    rng, height = sheet.rng, sheet.size(0.025, 0.08)
    pitch, joined = height * rng.uniform(1.4, 2.6), rng.random() < 0.6
    x, y = rng.uniform(0, 0.4) * sheet.side, rng.uniform(0.05, 0.4) * sheet.side
    for number in range(int(rng.integers(2, 10))):
        some = " ".join(word(sheet) for _ in range(rng.integers(2, 7)))
        if joined:
            sheet.put(sheet.writer.scrawl(some, height), x, y + number * pitch)
        else:
            sheet.write(some, x, y + number * pitch, height, 0.08, 0.01, are_digits=False)


def icons(sheet: Sheet) -> None:
    """Arrows, signs, faces, dingbats: one large, or many."""
    rng = sheet.rng
    height = sheet.size(0.08, 0.6)
    count = 1 if height > 0.25 * sheet.side else int(rng.integers(1, 12))
    for _ in range(count):
        ink = sheet.writer(str(rng.choice(ICONS)), height)
        x, y = sheet.start(ink.shape[1], len(ink)) if count == 1 else rng.uniform(0.05, 0.85, 2) * sheet.side
        sheet.put(ink, x, y)


@cache
def _drawings() -> np.ndarray:
    """Figures, outlines, lines, shapes and textures of `non_digits`, the same at any time: uint8, `(n, 28, 28)`."""
    rng, none = np.random.default_rng(0), Split(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64))
    return np.concatenate([draw(400, none, rng) for draw in _DRAWN])


def drawing(sheet: Sheet) -> None:
    """Faces, hearts, stars, windows, clothes and other shapes, small or large."""
    rng = sheet.rng
    height = sheet.size(0.08, 0.7)
    for _ in range(1 if height > 0.3 * sheet.side else int(rng.integers(1, 6))):
        image = cropped(_drawings()[rng.integers(len(_drawings()))])
        size = max(3, round(height * image.shape[1] / 24)), max(3, round(height * len(image) / 24))
        large = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
        x, y = sheet.start(size[0], size[1])
        sheet.put(((large - 127) * rng.uniform(1, 3) + 127).clip(0, 255).astype(np.uint8), x, y)


def scribbles(sheet: Sheet) -> None:
    """Lines, crosses, loops, arrows and blots."""
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 9))):
        corners = [tuple(point) for point in np.round(rng.random((rng.integers(4, 14), 2)), 3).tolist()]
        way = Variant("scribble", "", (tuple(corners),))
        x, y = rng.uniform(0.05, 0.8, 2) * sheet.side
        sheet.put(sheet.writer.stroke(way, sheet.size(0.05, 0.5)), x, y)
    for _ in range(int(rng.integers(0, 4))):
        sheet.line(tuple(rng.random(2) * sheet.side), tuple(rng.random(2) * sheet.side), rng.uniform(1, 6))


def nothing(sheet: Sheet) -> None:
    """No ink: the ground alone, or what lies on it."""
