"""Characters of any height as a hand, a press or a display makes them: what pages are composed of."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digits.datasets import DIGITS, Split
from digits.synthesis import variants
from digits.synthesis.printed import FACES, cropped
from digits.synthesis.strokes import Variant

SIGNS = {  # that stand between digits, as `variants` has letters; in hundredths of a digit's height
    "-": "0,52 44,50",
    "/": "40,0 0,100",
    "(": "26,-6 4,24 4,76 26,106",
    ")": "0,-6 22,24 22,76 0,106",
    "×": "4,28 44,72 / 44,28 4,72",
    "÷": "0,50 48,50 / 24,26 25,28 / 24,72 25,74",
    ".": "0,96 3,98",
    ",": "8,92 8,100 0,114",
    ":": "0,34 2,36 / 0,90 2,92",
    "!": "0,0 0,70 / 0,96 1,98",
    "?": "2,18 20,0 40,16 22,46 20,68 / 20,96 21,98",
    "<": "44,20 0,50 / 0,50 44,80",
    ">": "0,20 44,50 / 44,50 0,80",
    "$": "50,18 26,8 4,24 24,48 48,70 26,92 0,82 / 26,-6 24,106",
    "€": "58,12 34,2 10,50 34,98 58,88 / 0,40 40,40 / 0,60 40,60",
    "~": "0,56 16,44 32,56 48,44",
    "[": "24,0 0,0 / 0,0 0,100 / 0,100 24,100",
    "]": "0,0 24,0 / 24,0 24,100 / 24,100 0,100",
    "π": "0,42 60,38 / 18,42 14,100 / 44,40 46,100",
    "∑": "54,0 0,0 / 0,0 32,50 / 32,50 0,100 / 0,100 56,100",
    "√": "0,60 12,56 / 12,56 24,100 / 24,100 44,0 / 44,0 96,0",
    "α": "54,42 30,84 6,98 4,62 26,42 44,76 58,98",
}
_SIGNS = {sign: variants.variant(sign, "sign", text) for sign, text in SIGNS.items()}
_LETTERS = {one.character: one for one in variants.LETTERS}
WRITTEN_LETTERS = tuple(letter for letter in _LETTERS if len(letter) == 1)
PRINTED_LETTERS = tuple("ACDEFGHJKLMNPQRTUVWXYabcdefhkmnpqrtuvwxyäßéñжяλ%&#*@?!+=-/()<>$€")
_SEGMENTS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
_BARS = {  # of a display: from and to, in its width and half its height
    **{"a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2)},
    **{"e": (0, 1, 0, 2), "f": (0, 0, 0, 1), "g": (0, 1, 1, 1)},
}

Write = Callable[[str, float], np.ndarray]  # takes a character and a digit's height in pixels; its ink, see `Writer`


class Writer:
    """One hand, press or display, which makes all characters of a page alike.

    Calling it with a character and the height of a digit in pixels gives ink: uint8, `(height, width)`, 255 for full
    ink. A letter or a sign keeps its height beside digits; `top` says how far below a digit's top it begins.
    """

    def __init__(self, digits: Split, rng: np.random.Generator, style: str):
        """Draw a writer.

        Args:
            digits: whose images "copied" takes.
            rng: where all randomness comes from.
            style: "copied", "written", "printed" or "segments".
        """
        self.rng, self.style, self.digits = rng, style, digits
        self.slant = rng.uniform(-0.3, 0.3)
        self.wide = float(np.exp(rng.uniform(-0.3, 0.3)))
        self.pen = rng.uniform(0.035, 0.16)  # of a digit's height
        self.shake = rng.uniform(0.01, 0.045)
        self.face, self.bleed = FACES[rng.integers(len(FACES))], int(rng.integers(3))
        ways = {digit: [one for one in variants.DIGITS if one.character == digit] for digit in DIGITS}
        self.habits = {digit: those[rng.integers(len(those))] for digit, those in ways.items()}
        self.display = rng.uniform(0.4, 0.62), rng.uniform(0.08, 0.2), rng.uniform(0, 0.2)  # width, bar, lean

    def __call__(self, character: str, height: float) -> np.ndarray:
        if self.style == "segments" and character in DIGITS:
            return self._segments(int(character), height)
        if self.style == "copied" and character in DIGITS:
            return self._copied(int(character), height)
        if self.style in ("printed", "segments"):
            return self._printed(character, height)
        return self._written(character, height)

    def top(self, character: str) -> float:
        """How far below the top of a digit the character begins, in heights of a digit."""
        if self.style in ("printed", "segments"):
            box = _face(self.face, 100).getbbox(character)
            return (box[1] - _face(self.face, 100).getbbox("0")[1]) / 100 if character not in DIGITS else 0.0
        way = _SIGNS.get(character) or _LETTERS.get(character)
        return float(way.points[:, 1].min()) if way else 0.0

    def _written(self, character: str, height: float) -> np.ndarray:
        way = self.habits[character] if character in DIGITS else _SIGNS.get(character) or _LETTERS[character]
        return self.stroke(way, height)

    def stroke(self, way: Variant, height: float) -> np.ndarray:
        """The ink of a way of writing."""
        points = way.points + self.rng.standard_normal(way.points.shape).astype(np.float32) * np.float32(self.shake)
        places = way.spline @ points
        places = np.stack([places[:, 0] * self.wide - places[:, 1] * self.slant, places[:, 1]], axis=1) * height
        starts = np.flatnonzero(np.hypot(*np.diff(way.spline @ way.points, axis=0).T) > 0.07) + 1
        width = max(1.0, self.pen * height * self.rng.uniform(0.9, 1.1))
        return _drawn(np.split(places, starts), width)

    def _copied(self, digit: int, height: float) -> np.ndarray:
        those = _of_label(self.digits, digit)
        image = cropped(self.digits.images[those[self.rng.integers(len(those))]])
        factor = height / max(len(image), 12) * self.rng.uniform(0.9, 1.1)
        size = max(2, round(image.shape[1] * factor)), max(3, round(len(image) * factor))
        large = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA)
        sharp = 1 + min(3.0, factor) * 0.5  # enlarged strokes have soft edges, which pens have not
        return ((large.astype(np.float32) - 127) * sharp + 127).clip(0, 255).astype(np.uint8)

    def _printed(self, character: str, height: float) -> np.ndarray:
        font = _face(self.face, max(6, round(height / 0.73)))
        left, top, right, bottom = map(round, font.getbbox(character, stroke_width=self.bleed * height / 60))
        image = Image.new("L", (right - left + 2, bottom - top + 2))
        ImageDraw.Draw(image).text((1 - left, 1 - top), character, 255, font, stroke_width=self.bleed * height / 60)
        return cropped(np.asarray(image))

    def _segments(self, digit: int, height: float) -> np.ndarray:
        wide, bar, lean = self.display
        width, thick, half = wide * height, max(1.0, bar * height), height / 2
        gap = thick * 0.35
        strokes = []
        for one in _SEGMENTS[digit]:
            x0, y0, x1, y1 = _BARS[one]
            across, down = np.array([x0, x1]) * width, np.array([y0, y1]) * half
            along = (np.array([1.0, 0.0]) if y0 == y1 else np.array([0.0, 1.0])) * (thick / 2 + gap)
            ends = np.stack([across, down], axis=1) + np.stack([along, -along])
            ends[:, 0] += (height - ends[:, 1]) * lean
            strokes.append(ends)
        return _drawn(strokes, thick)


def _drawn(strokes: list[np.ndarray], width: float) -> np.ndarray:
    """Strokes, each `(n, 2)` in pixels, with a pen of this width: their ink, cropped."""
    everything = np.concatenate(strokes)
    low, high = everything.min(0) - width, everything.max(0) + width
    size = np.ceil(high - low).astype(int) + 2
    finer = 2 if width < 4 else 1  # thin strokes are drawn twice as large, for their width is in whole pixels there
    canvas = np.zeros((size[1] * finer, size[0] * finer), np.uint8)
    lines = [np.round((stroke - low) * finer * 16).astype(np.int32) for stroke in strokes]
    cv2.polylines(canvas, lines, False, 255, max(1, round(width * finer)), cv2.LINE_AA, 4)
    return cropped(canvas if finer == 1 else cv2.resize(canvas, tuple(size.tolist()), interpolation=cv2.INTER_AREA))


@cache
def _face(name: str, size: int) -> ImageFont.FreeTypeFont:
    from digits.figures import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf", size)


_INDEX: dict[int, list[np.ndarray]] = {}


def _of_label(digits: Split, digit: int) -> np.ndarray:
    """The indices of the images of a digit."""
    key = id(digits.labels)
    if key not in _INDEX:
        _INDEX.clear()
        _INDEX[key] = [np.flatnonzero(digits.labels == one) for one in range(10)]
    return _INDEX[key][digit]
