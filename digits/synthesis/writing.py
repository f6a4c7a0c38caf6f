"""Characters of any height as a hand, a press or a display makes them: what pages are composed of."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from digits.datasets import DIGITS, Split
from digits.synthesis import variants
from digits.synthesis.printed import FACES, cropped
from digits.synthesis.strokes import Variant

SIGNS = {  # that stand between digits, as `variants` has letters; in hundredths of a digit's height
    "-": "0,52 44,50",
    "/": "52,-6 0,106",  # as habits have it, see `_SLASHES`
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
    "£": "52,14 34,0 18,16 20,60 2,100 / 2,98 54,98 / 4,54 40,54",
    "~": "0,56 16,44 32,56 48,44",
    "[": "24,0 0,0 / 0,0 0,100 / 0,100 24,100",
    "]": "0,0 24,0 / 24,0 24,100 / 24,100 0,100",
    "√": "0,60 12,56 / 12,56 24,100 / 24,100 44,0 / 44,0 96,0",
}
GREEK = {
    "π": "0,42 60,38 / 18,42 14,100 / 44,40 46,100",
    "Σ": "54,0 0,0 / 0,0 32,50 / 32,50 0,100 / 0,100 56,100",
    "α": "54,42 30,84 6,98 4,62 26,42 44,76 58,98",
    "β": "0,130 4,20 24,0 44,14 36,40 14,46 / 14,46 48,58 44,92 4,90",
    "γ": "0,44 14,46 28,92 24,128 16,120 24,96 50,42",
    "Γ": "0,100 0,0 / 0,0 50,0",
    "Δ": "30,0 0,100 / 0,100 62,100 / 62,100 30,0",
    "λ": "4,0 18,10 48,100 / 26,44 0,100",
    "μ": "4,44 0,130 / 2,84 14,98 34,84 / 40,44 40,88 52,98",
    "χ": "0,42 14,44 40,124 54,126 / 50,44 4,126",
    "ω": "10,42 0,72 14,98 30,70 46,98 60,72 50,42",
    "Ω": "0,100 18,100 / 18,100 2,56 14,8 44,8 58,56 42,100 / 42,100 60,100",
    "ψ": "0,44 8,84 32,94 54,78 58,44 / 30,20 28,130",
}
_SLASHES = ("52,-6 0,106", "40,-14 0,114", "70,-4 0,104", "28,-18 0,118", "46,-24 0,112", "34,-8 14,50 0,122")
_LETTERS = {one.character: one for one in (*variants.LETTERS, *variants.LIKE_DIGITS)}
_WAYS = _LETTERS | {sign: variants.variant(sign, "sign", text) for sign, text in (SIGNS | GREEK).items()}

# Letters that stand alone or beside digits look like none; within a word any letter does.
WRITTEN_LETTERS = (*(one.character for one in variants.LETTERS if one.character.isalpha()), *GREEK)
PRINTED_LETTERS = tuple("ACDEFGHJKLMNPQRTUVWXYabcdefhkmnpqrtuvwxyäßéñжяλπΩ%&#*@?!+=-/()<>$€")
FOREIGN = tuple("БГДЖИЙЛПФЦШЩЫЮЯжийклмнптфцшщыэюяαβγεηκλμνπρτφχψωΓΔΛΞΠΣΦΨΩאבגהלמנצקשתتجحخسصعكمنيبء")
_BLOCKS = (
    *((0x2190, 0x2202), (0x2206, 0x2223), (0x2227, 0x222B), (0x222C, 0x2298), (0x229E, 0x2300), (0x25A0, 0x25AE)),
    *((0x25B0, 0x25CB), (0x2600, 0x269D), (0x2706, 0x270A), (0x270C, 0x2728), (0x2729, 0x274C), (0x1F600, 0x1F624)),
)
ICONS = tuple(chr(code) for block in _BLOCKS for code in range(*block))  # without those like a 0 or a 1

_SEGMENTS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
_BARS = {  # of a display: from and to, in its width and half its height
    **{"a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2)},
    **{"e": (0, 1, 0, 2), "f": (0, 0, 0, 1), "g": (0, 1, 1, 1)},
}
_FULL_FACE = "DejaVuSans"
_OWN_FACE = "Aileron"  # comes with Pillow; the others come with Matplotlib
_PLOTTED = (
    *(cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX),
    *(cv2.FONT_HERSHEY_COMPLEX | cv2.FONT_ITALIC, cv2.FONT_HERSHEY_TRIPLEX | cv2.FONT_ITALIC),
    *(cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX),
)
_CURSIVE = cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX, cv2.FONT_HERSHEY_SIMPLEX

Write = Callable[
    [str, float], NDArray[np.uint8]
]  # takes a character and a digit's height in pixels; its ink, see `Writer`


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
            style: "copied", "written", "printed", "plotted" or "segments".
        """
        self.rng, self.style, self.digits = rng, style, digits
        self.slant = rng.uniform(-0.25, 0.45)
        self.wide = float(np.exp(rng.uniform(-0.3, 0.3)))
        self.pen = float(np.exp(rng.uniform(np.log(0.02), np.log(0.19))))  # of a digit's height
        self.shake = rng.uniform(0.01, 0.045)
        self.face, self.bleed = (_OWN_FACE, *FACES)[rng.integers(len(FACES) + 1)], int(rng.integers(3))
        self.plotter = _PLOTTED[rng.integers(len(_PLOTTED))]
        self.leaning = float(rng.uniform(-0.1, 0.35)) if rng.random() < 0.4 else 0.0  # of what is copied or printed
        if style == "copied":  # signs lean as the digits do, which a slash is told from a 1 by
            self.slant = self.leaning + float(rng.uniform(0, 0.2))
        self.display = rng.uniform(0.4, 0.62), rng.uniform(0.08, 0.2), rng.uniform(0, 0.2)  # width, bar, lean
        self.habits = _habits(rng)
        # Ways of writing that MNIST lacks, a 1 with an upstroke above all, also beside digits that are copied from it;
        # and digits of which there is no image.
        self.own = [digit for digit in DIGITS if rng.random() < (0.3 if digit == "1" else 0.08)]
        self.own += [digit for digit in DIGITS if not len(_of_label(digits, int(digit)))]

    @property
    def by_hand(self) -> bool:
        """Whether characters differ in size."""
        return self.style in ("copied", "written")

    @property
    def overlap(self) -> float:
        """By how much boxes of digits overlap as they lean, in heights of a digit, where the digits just touch."""
        lean = {"copied": self.leaning, "written": self.slant}.get(self.style, 0.0)
        return 0.8 * max(0.0, lean)

    def __call__(self, character: str, height: float) -> NDArray[np.uint8]:
        """The ink of a character beside digits of this height."""
        if character in DIGITS:
            if self.style == "segments":
                return self._segments(int(character), height)
            if self.style == "copied" and character not in self.own:
                return self._copied(int(character), height)
        if self.style == "plotted" and character.isascii():
            return self._plotted(character, height, self.plotter)
        if self.style in ("printed", "segments", "plotted") or character not in (*_WAYS, *DIGITS):
            return self._printed(character, height)
        return self._written(character, height)

    def top(self, character: str) -> float:
        """How far below the top of a digit the character begins, in heights of a digit."""
        if character in DIGITS:
            return 0.0
        if self.style in ("printed", "segments", "plotted") or character not in _WAYS:
            face = _face(self._face_of(character), 100)
            return (face.getbbox(character)[1] - face.getbbox("0")[1]) / 73
        return float((self.habits.get(character) or _WAYS[character]).points[:, 1].min())

    def _written(self, character: str, height: float) -> NDArray[np.uint8]:
        return self.stroke(self.habits.get(character) or _WAYS[character], height)

    def stroke(self, way: Variant, height: float) -> NDArray[np.uint8]:
        """The ink of a way of writing."""
        points = way.points + self.rng.standard_normal(way.points.shape).astype(np.float32) * np.float32(self.shake)
        x, y = (way.spline @ points).T
        places = np.stack([x * self.wide - y * self.slant, y], axis=1) * height
        starts = np.flatnonzero(np.hypot(*np.diff(way.spline @ way.points, axis=0).T) > 0.07) + 1
        width = max(0.7, self.pen * height * self.rng.uniform(0.9, 1.1))
        return _drawn(np.split(places, starts), width)

    def scrawl(self, text: str, height: float) -> NDArray[np.uint8]:
        """The ink of a word (ASCII) in joined letters."""
        ink = self._plotted(text, height, _CURSIVE[self.rng.integers(len(_CURSIVE))])
        across = np.arange(ink.shape[1], dtype=np.float32)
        waves = height * 0.1 * np.sin(across / (height * self.rng.uniform(0.5, 3)) + self.rng.uniform(0, 6))
        x, y = np.meshgrid(across, np.arange(-2, len(ink) + 2, dtype=np.float32))
        return cropped(_leant(cv2.remap(ink, x, y + waves.astype(np.float32), cv2.INTER_LINEAR), self.slant * 0.6))

    def _copied(self, digit: int, height: float) -> NDArray[np.uint8]:
        those = _of_label(self.digits, digit)
        image = cropped(self.digits.images[those[self.rng.integers(len(those))]])
        factor = height / max(len(image), self.rng.uniform(12, 20)) * self.rng.uniform(0.9, 1.1)
        size = max(2, round(image.shape[1] * factor)), max(3, round(len(image) * factor))
        large = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA)
        sharp = 1 + min(3.0, factor) * 0.5  # enlarged strokes have soft edges, which pens have not
        pen = self.rng.choice([127, 127, 150, 175])  # above the middle the pen is thinner
        ink = ((large.astype(np.float32) - pen) * sharp + 127).clip(0, 255).astype(np.uint8)
        return _leant(ink, self.leaning)

    def _printed(self, character: str, height: float) -> NDArray[np.uint8]:
        font = _face(self._face_of(character), max(6, round(height / 0.73)))
        left, top, right, bottom = map(round, font.getbbox(character, stroke_width=self.bleed * height / 60))
        image = Image.new("L", (right - left + 2, bottom - top + 2))
        ImageDraw.Draw(image).text((1 - left, 1 - top), character, 255, font, stroke_width=self.bleed * height / 60)
        ink = cropped(np.asarray(image))
        wide = max(1, round(ink.shape[1] * (1 + (self.wide - 1) * 0.7)))
        return _leant(cv2.resize(ink, (wide, len(ink)), interpolation=cv2.INTER_AREA), self.leaning * 0.6)

    def _face_of(self, character: str) -> str:
        """The face in print: few have more than ASCII."""
        return self.face if character.isascii() else _FULL_FACE

    def _plotted(self, text: str, height: float, face: int) -> NDArray[np.uint8]:
        scale, pen = height / 21, max(1, round(min(self.pen, 0.12) * height))
        (wide, high), below = cv2.getTextSize(text, face, scale, pen)
        ink = np.zeros((high + below + 2 * pen + 8, wide + 2 * pen + 8), np.uint8)
        cv2.putText(ink, text, (pen + 4, high + pen + 2), face, scale, 255, pen, cv2.LINE_AA)
        return cropped(ink)

    def _segments(self, digit: int, height: float) -> NDArray[np.uint8]:
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


def _habits(rng: np.random.Generator) -> dict[str, Variant]:
    """A hand's way of writing each digit, and a slash: whose 1 has an upstroke, mostly crosses the 7."""
    ways = {digit: [one for one in variants.DIGITS if one.character == digit] for digit in DIGITS}
    ways["0"] = [one for one in ways["0"] if one.name != "segments"]  # by a hand, it is a box
    habits = {digit: those[rng.integers(len(those))] for digit, those in ways.items()}
    if any(word in habits["1"].name for word in ("upstroke", "slanted", "flag")) and rng.random() < 0.8:
        crossed = [one for one in ways["7"] if "cross" in one.name or "bar" in one.name]
        habits["7"] = crossed[rng.integers(len(crossed))]
    slash = _SLASHES[rng.integers(len(_SLASHES))]
    return habits | {"/": variants.variant("/", "sign", slash)}


def _drawn(strokes: Sequence[NDArray[np.floating]], width: float) -> NDArray[np.uint8]:
    """Strokes, each `(n, 2)` in pixels, with a pen of this width: their ink, cropped."""
    everything = np.concatenate(strokes)
    low, high = everything.min(0) - width, everything.max(0) + width
    size = np.ceil(high - low).astype(int) + 2
    finer = 2 if width < 4 else 1  # thin strokes are drawn twice as large, for their width is in whole pixels there
    canvas = np.zeros((size[1] * finer, size[0] * finer), np.uint8)
    lines = [np.round((stroke - low) * finer * 16).astype(np.int32) for stroke in strokes]
    cv2.polylines(canvas, lines, False, 255, max(1, round(width * finer)), cv2.LINE_AA, 4)
    return cropped(canvas if finer == 1 else cv2.resize(canvas, tuple(size.tolist()), interpolation=cv2.INTER_AREA))


def _leant(ink: NDArray[np.uint8], lean: float) -> NDArray[np.uint8]:
    """Ink sheared to the right by `lean` of its height."""
    if abs(lean) * len(ink) < 1:
        return ink
    more = abs(lean) * len(ink)
    matrix = np.array([[1, -lean, max(0.0, lean) * len(ink)], [0, 1, 0]])
    return cv2.warpAffine(ink, matrix, (int(np.ceil(ink.shape[1] + more)), len(ink)), flags=cv2.INTER_LINEAR)


@cache
def _face(name: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from digits.figures import matplotlib

    if name == _OWN_FACE:
        return ImageFont.load_default(size)
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf", size)


_INDEX: dict[str, tuple[NDArray[np.int64], list[NDArray[np.int64]]]] = {}  # of the split in use


def _of_label(digits: Split, digit: int) -> NDArray[np.int64]:
    """The indices of the images of a digit."""
    labels, index = _INDEX.get("in use", (None, []))
    if labels is not digits.labels:  # another thread may do the same at any time
        index = [np.flatnonzero(digits.labels == one) for one in range(10)]
        _INDEX["in use"] = digits.labels, index
    return index[digit]
