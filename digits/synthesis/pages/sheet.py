"""A sheet that is being written on, and the page that becomes of it."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.datasets import DIGITS
from digits.synthesis.writing import Writer

LIKE_DIGITS = (*DIGITS, *"oOQDlIiSsZzbgqB|/()!")  # by themselves


@dataclass(frozen=True)
class Page:
    """A picture and its digits.

    Attributes:
        pixels: uint8, `(height, width, 3)`, red first.
        boxes: float32, `(n, 4)`: left, top, width and height of each digit, in pixels.
        labels: int64, `(n,)`: which digit each is.
        others: float32, `(m, 4)`: boxes of letters, signs and what else is no digit, where they are known.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    others: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 4), np.float32))


@dataclass
class Sheet:
    """Ink on a sheet that is not seen yet.

    Attributes:
        ink: uint8, `(side, side)`: of what a hand wrote, 255 for full ink.
        print: uint8, `(side, side)`: of what was there before: lines, boxes and letters of a form.
        marks: the digits: label, and places of its ink, `(k, 2)`, in pixels.
        others: corners, `(4, 2)`, in pixels, of what is no digit.
        patches: left, top, right and bottom of what is of another colour under the ink: windows, labels, plates.
        uneven: by how much sizes of characters differ, as a share.
    """

    writer: Writer
    side: int
    rng: np.random.Generator
    ink: NDArray[np.uint8] = field(init=False)
    print: NDArray[np.uint8] = field(init=False)
    marks: list[tuple[int, NDArray[np.float32]]] = field(default_factory=list)
    others: list[NDArray[np.float32]] = field(default_factory=list)
    patches: list[tuple[float, float, float, float]] = field(default_factory=list)
    uneven: float = field(init=False)

    def __post_init__(self) -> None:
        self.ink, self.print = (np.zeros((self.side, self.side), np.uint8) for _ in range(2))
        self.uneven = float(self.rng.choice([0.04, self.rng.uniform(0.02, 0.2)]))

    def put(
        self,
        ink: NDArray[np.uint8],
        left: float,
        top: float,
        label: int | None = None,
        printed: bool = False,
        ambiguous: bool = False,
    ) -> None:
        """Lay ink on the sheet; `label` says which digit it is, None for what is none, though it may look like one."""
        x, y = round(left), round(top)
        height, width = ink.shape
        x0, y0, x1, y1 = max(0, x), max(0, y), min(self.side, x + width), min(self.side, y + height)
        if x0 < x1 and y0 < y1:
            target = self.print if printed else self.ink
            place = target[y0:y1, x0:x1]
            np.maximum(place, ink[y0 - y : y1 - y, x0 - x : x1 - x], out=place)
        if label is None and not ambiguous:
            self.note(x, y, x + width, y + height)
        elif label is not None:
            down, across = np.nonzero(ink > min(100, ink.max() / 2))
            self.marks.append((label, np.stack([across + x, down + y], axis=1).astype(np.float32)))

    def note(self, left: float, top: float, right: float, bottom: float) -> None:
        """Remember that what covers this is no digit."""
        self.others.append(np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32))

    def line(self, start: tuple[float, float], end: tuple[float, float], width: float, printed: bool = True) -> None:
        """A straight line between two places, in pixels."""
        (x0, y0), (x1, y1) = np.round(np.array([start, end]) * 16).astype(int).tolist()
        target = self.print if printed else self.ink
        cv2.line(target, (x0, y0), (x1, y1), 255, max(1, round(width)), cv2.LINE_AA, 4)

    def write(
        self,
        text: str,
        left: float,
        top: float,
        height: float,
        gap: float,
        wander: float = 0.0,
        slope: float = 0.0,
        are_digits: bool = True,
        printed: bool = False,
    ) -> tuple[float, float, float, float]:
        """Write characters side by side from a place on.

        Args:
            text: digits, letters and signs; a blank is a wide gap.
            height: of a digit, in pixels.
            gap: between characters, in heights of a digit; below 0 they touch, but for a digit and what is none.
            wander: by which characters leave the line, in heights of a digit.
            slope: of the line.
            are_digits: False where what looks like a digit is none.
            printed: whether it was there before a hand wrote.

        Returns:
            What the text covers: left, top, right and bottom.
        """
        x, low, high = left, top, top + height
        for character in text:
            if character == " ":
                x += height * self.rng.uniform(0.5, 1.1)
                continue
            if x > self.side:
                break
            own = height * float(np.exp(self.rng.normal(0, self.uneven if self.writer.by_hand else 0.01)))
            ink = self.writer(character, own)
            y = (
                top
                + height
                - own
                + self.writer.top(character) * own
                + (x - left) * slope
                + self.rng.normal(0, wander) * height
            )
            label = int(character) if are_digits and character in DIGITS else None
            self.put(ink, x, y, label, printed, character in LIKE_DIGITS)
            low, high = min(low, y), max(high, y + len(ink))
            x += ink.shape[1] + (gap if character in DIGITS or not are_digits else max(gap, 0.08)) * height
        return left, low, x - gap * height, high

    def size(self, least: float = 0.07, most: float = 0.28) -> float:
        """A digit's height, in pixels, from shares of the side: small ones are as likely as large ones, by factors."""
        return float(np.exp(self.rng.uniform(np.log(least), np.log(most)))) * self.side

    def start(self, wide: float, high: float) -> tuple[float, float]:
        """Where to begin what is so wide and high, so that the picture is likely to hold it."""
        edge = self.side / 6
        room = self.side - 2 * edge
        x, y = (edge + self.rng.uniform(min(0, room - size), max(0, room - size)) for size in (wide, high))
        return float(x), float(y)

    def digits(self, least: int, most: int) -> str:
        """So many digits, from `least` to `most`; now and then only two of the ten, so that some stand side by side."""
        count = self.rng.integers(least, most + 1)
        some = self.rng.integers(10, size=2 if self.rng.random() < 0.12 else 10)
        return "".join(
            map(str, self.rng.choice(some, size=count) if len(some) == 2 else self.rng.integers(10, size=count))
        )

    def word(self, letters: tuple[str, ...], most: int) -> str:
        """Some of these letters."""
        return "".join(self.rng.choice(letters, size=self.rng.integers(1, most + 1)).tolist())
