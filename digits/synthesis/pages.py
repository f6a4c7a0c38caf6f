"""Composed pages whose truth is known: digits and all that stands beside them where people photograph.

A page is written as ink on a sheet, larger than the picture; the sheet is laid on a ground, lit, and photographed. Where
each digit lies is followed through all of it. Everything is drawn from the generator that is given, so that the same
seed composes the same pages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from digits.datasets import DIGITS, Split
from digits.synthesis.grounds import ground, ink_colour, lit, photographed
from digits.synthesis.strokes import Variant
from digits.synthesis.writing import PRINTED_LETTERS, SIGNS, WRITTEN_LETTERS, Writer

VISIBLE = 0.6  # share of a digit that the picture must hold, or nobody is to find it
FAINTEST = 20  # levels of 255 between ink and paper
SYLLABLES = "an er on in the re en al es st or ar ing ion ed to it le ma ri ca ne de ro li ta no se na la ter mo pa di".split()


@dataclass(frozen=True)
class Page:
    """A picture and its digits.

    Attributes:
        pixels: uint8, `(height, width, 3)`, red first.
        boxes: float32, `(n, 4)`: left, top, width and height of each digit, in pixels.
        labels: int64, `(n,)`: which digit each is.
    """

    pixels: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray


@dataclass
class Sheet:
    """Ink on a sheet that is not seen yet.

    Attributes:
        ink: uint8, `(side, side)`: of what a hand wrote, 255 for full ink.
        print: likewise, of what was there before: lines, boxes and letters of a form.
        marks: the digits: label, and places of its ink, `(k, 2)`, in pixels.
    """

    writer: Writer
    side: int
    rng: np.random.Generator
    ink: np.ndarray = field(init=False)
    print: np.ndarray = field(init=False)
    marks: list[tuple[int, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ink, self.print = (np.zeros((self.side, self.side), np.uint8) for _ in range(2))

    def put(self, ink: np.ndarray, left: float, top: float, label: int | None = None, printed: bool = False) -> None:
        """Lay ink on the sheet; `label` says which digit it is, None for what is none."""
        x, y = round(left), round(top)
        height, width = ink.shape
        x0, y0, x1, y1 = max(0, x), max(0, y), min(self.side, x + width), min(self.side, y + height)
        if x0 < x1 and y0 < y1:
            target = self.print if printed else self.ink
            place = target[y0:y1, x0:x1]
            np.maximum(place, ink[y0 - y : y1 - y, x0 - x : x1 - x], out=place)
        if label is not None:
            down, across = np.nonzero(ink > 100)
            self.marks.append((label, np.stack([across + x, down + y], axis=1).astype(np.float32)))

    def line(self, start: tuple[float, float], end: tuple[float, float], width: float, printed: bool = True) -> None:
        """A straight line between two places, in pixels."""
        points = [tuple(np.round(np.array(one) * 16).astype(int).tolist()) for one in (start, end)]
        cv2.line(self.print if printed else self.ink, *points, 255, max(1, round(width)), cv2.LINE_AA, 4)

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
    ) -> tuple[float, float, float, float]:
        """Write characters side by side from a place on.

        Args:
            text: digits, letters and signs; a blank is a wide gap.
            height: of a digit, in pixels.
            gap: between characters, in heights of a digit; below 0 they touch.
            wander: by which characters leave the line, in heights of a digit.
            slope: of the line.
            are_digits: False where what looks like a digit is a letter of a word.

        Returns:
            What the text covers: left, top, right and bottom.
        """
        x, low, high = left, top, top + height
        for character in text:
            if character == " ":
                x += height * self.rng.uniform(0.5, 1.1)
                continue
            own = height * self.rng.uniform(0.92, 1.08)
            ink = self.writer(character, own)
            begins = 0.0 if character in DIGITS else self.writer.top(character)
            y = top + begins * own + (x - left) * slope + self.rng.normal(0, max(wander, 1e-6)) * height
            self.put(ink, x, y, int(character) if are_digits and character in DIGITS else None)
            low, high = min(low, y), max(high, y + len(ink))
            x += ink.shape[1] + max(gap, 0.02 if character in DIGITS else 0.1) * height
            x += (min(gap, 0) * height) if character in DIGITS else 0
        return left, low, x - gap * height, high


Compose = Callable[[Sheet], None]


def page(digits: Split, rng: np.random.Generator, side: int = 192) -> Page:
    """Compose a square picture.

    Args:
        digits: whose hands write some of the pages: MNIST's training images.
        side: pixels.
    """
    names, shares = zip(*((kind, share) for kind, (share, _) in KINDS.items()), strict=True)
    kind = names[rng.choice(len(names), p=np.array(shares) / sum(shares))]
    return compose(kind, digits, rng, side)


def compose(kind: str, digits: Split, rng: np.random.Generator, side: int = 192) -> Page:
    """A picture of a kind of `KINDS`; see `page`."""
    styles = {"display": ["segments"], "meter": ["printed"], "screen": ["printed"]}
    style = str(rng.choice(styles.get(kind, ["copied"] * 5 + ["written"] * 6 + ["printed"] * 2)))
    sheet = Sheet(Writer(digits, rng, style), round(side * 1.5), rng)
    KINDS[kind][1](sheet)
    surface = kind if kind in ("display", "meter", "screen", "photograph") else None
    paper = ground(sheet.side, rng, surface)
    colours = ink_colour(paper, rng, surface), ink_colour(paper, rng, surface)
    picture = lit(paper, (sheet.ink, sheet.print), colours, rng, plain=surface == "screen")
    return _seen(sheet, picture, side, rng, plain=surface == "screen")


def _seen(sheet: Sheet, picture: np.ndarray, side: int, rng: np.random.Generator, plain: bool) -> Page:
    """What a camera sees of a sheet, and where its digits are in it."""
    matrix = _view(sheet.side, side, rng, plain)
    pixels = cv2.warpPerspective(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    boxes, labels = [], []
    pixels = photographed(pixels, rng, plain)
    for label, places in sheet.marks:
        x, y = cv2.perspectiveTransform(places[np.newaxis], matrix)[0].T
        inside = (x > 0) & (x < side) & (y > 0) & (y < side)
        if inside.mean() >= VISIBLE:
            x0, x1, y0, y1 = x[inside].min(), x[inside].max() + 1, y[inside].min(), y[inside].max() + 1
            if _is_seen(pixels[int(y0) : int(np.ceil(y1)) + 1, int(x0) : int(np.ceil(x1)) + 1]):
                boxes.append((x0, y0, x1 - x0, y1 - y0))
                labels.append(label)
    return Page(
        pixels,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
    )


def _is_seen(pixels: np.ndarray) -> bool:
    """Whether there is ink to be seen: light and noise alone differ less."""
    grey = cv2.blur(pixels, (2, 2)).reshape(-1, 3)
    low, high = np.percentile(grey, (3, 97), axis=0)
    return bool((high - low).max() > FAINTEST)


def _view(from_side: int, to_side: int, rng: np.random.Generator, plain: bool) -> np.ndarray:
    """From places on the sheet to places in the picture: turned, tilted, and moved a little."""
    angle = 0.0 if plain else float(np.radians(rng.choice([rng.normal(0, 2), rng.uniform(-20, 20)], p=[0.75, 0.25])))
    cos, sin = np.cos(angle), np.sin(angle)
    middle, target = from_side / 2, to_side / 2
    dx, dy = rng.uniform(-0.05, 0.05, 2) * to_side
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    before = np.array([[1, 0, -middle], [0, 1, -middle], [0, 0, 1]])
    tilt = np.eye(3)
    if not plain and rng.random() < 0.4:
        tilt[2, :2] = rng.uniform(-0.2, 0.2, 2) / to_side
    after = np.array([[1, 0, target + dx], [0, 1, target + dy], [0, 0, 1]])
    return after @ tilt @ turn @ before


# What stands on a page


def _some(rng: np.random.Generator, least: int, most: int) -> str:
    """So many digits, from `least` to `most`."""
    return "".join(map(str, rng.integers(10, size=rng.integers(least, most + 1))))


def _height(sheet: Sheet, least: float = 0.07, most: float = 0.28) -> float:
    """Of a digit, in pixels: small ones are as likely as large ones, by factors."""
    return float(np.exp(sheet.rng.uniform(np.log(least), np.log(most)))) * sheet.side


def _start(sheet: Sheet, wide: float, high: float) -> tuple[float, float]:
    """Where to begin what is so wide and high, so that the picture is likely to hold it."""
    edge = sheet.side / 6
    room = sheet.side - 2 * edge
    x, y = (edge + sheet.rng.uniform(min(0, room - size), max(0, room - size)) for size in (wide, high))
    return float(x), float(y)


def single(sheet: Sheet) -> None:
    """One digit, from small to filling the picture."""
    height = _height(sheet, 0.1, 0.55)
    x, y = _start(sheet, 0.6 * height, height)
    sheet.write(_some(sheet.rng, 1, 1), x, y, height, 0)


def rows(sheet: Sheet) -> None:
    """Numbers in rows, close or apart, level or not."""
    rng, height = sheet.rng, _height(sheet)
    gap, pitch = rng.choice([rng.uniform(-0.12, 0.12), rng.uniform(0.1, 0.9)]), height * rng.uniform(1.15, 2.2)
    count = min(int(rng.integers(1, 6)), max(1, int(sheet.side * 0.7 / pitch)))
    x, y = _start(sheet, height * 3, pitch * count)
    slope, wander = rng.normal(0, 0.03), rng.uniform(0, 0.08)
    for number in range(count):
        blanks = " ".join(_some(rng, 1, 5) for _ in range(rng.integers(1, 3)))
        sheet.write(blanks, x + rng.normal(0, 0.3) * height, y + number * pitch, height, gap, wander, slope)


def signs(sheet: Sheet) -> None:
    """Equations, dates, times, amounts, fractions: digits with signs between them."""
    rng, height = sheet.rng, _height(sheet)
    pitch = height * rng.uniform(1.3, 2.4)
    x, y = _start(sheet, height * 4, pitch)
    for number in range(int(rng.integers(1, 4))):
        parts = [_some(rng, 1, 4)]
        for _ in range(rng.integers(1, 4)):
            parts += [str(rng.choice([*SIGNS, "+", "=", "-", ".", ",", ":", "/", "#", "*", "%"])), _some(rng, 0, 4)]
        ends = str(rng.choice(["", "", "$", "€", "(", "="])), str(rng.choice(["", "", "€", ")", "=", "-", "?"]))
        text = (ends[0] + (" " if rng.random() < 0.2 else "").join(parts) + ends[1]).strip()
        sheet.write(text, x, y + number * pitch, height, rng.uniform(0.05, 0.35), rng.uniform(0, 0.05))


def sums(sheet: Sheet) -> None:
    """Numbers below each other, right-aligned, with a sign, a bar, and what they come to."""
    rng, height = sheet.rng, _height(sheet, 0.08, 0.17)
    pitch, count, gap = height * rng.uniform(1.2, 1.7), int(rng.integers(2, 4)), rng.uniform(0.08, 0.4)
    x, y = _start(sheet, height * 3, pitch * (count + 1))
    wide = height * (0.6 + gap) * 3
    for number in range(count + 1):
        text = _some(rng, 1, 3)
        top = y + number * pitch + (0.35 * height if number == count else 0)
        sheet.write(text, x + wide - len(text) * height * (0.6 + gap), top, height, gap, 0.03)
        if number == count - 1 and rng.random() < 0.8:
            sign = sheet.writer(str(rng.choice(["+", "-", "×"])), height)
            sheet.put(sign, x - height * 0.9, top + height * 0.2)
    below = y + count * pitch + height * rng.uniform(-0.02, 0.2)
    sheet.line((x - height, below), (x + wide, below + rng.normal(0, 2)), rng.uniform(1, 4), printed=False)


def underlined(sheet: Sheet) -> None:
    """A number with a line or two under it, in a ring, or with a frame."""
    rng, height = sheet.rng, _height(sheet, 0.08, 0.3)
    x, y = _start(sheet, height * 2, height * 1.3)
    left, top, right, bottom = sheet.write(_some(rng, 1, 5), x, y, height, rng.uniform(0, 0.3), 0.03)
    pen, how = max(1.0, sheet.writer.pen * height * rng.uniform(0.5, 1.2)), rng.random()
    if how < 0.6:
        for number in range(int(rng.integers(1, 3))):
            below = bottom + height * (rng.uniform(-0.02, 0.25) + 0.15 * number)
            ends = (left - height * rng.uniform(0, 0.4), below), (right + height * rng.uniform(0, 0.4), below)
            sheet.line(ends[0], (ends[1][0], below + rng.normal(0, 0.05) * height), pen, printed=bool(rng.random() < 0.4))
    elif how < 0.8:
        centre = round((left + right) / 2), round((top + bottom) / 2)
        axes = round((right - left) * 0.5 + height * 0.4), round((bottom - top) * 0.5 + height * 0.35)
        cv2.ellipse(sheet.ink, centre, axes, rng.uniform(-8, 8), 0, 360, 255, max(1, round(pen)), cv2.LINE_AA)
    else:
        room = height * rng.uniform(0.15, 0.5)
        corners = (round(left - room), round(top - room)), (round(right + room), round(bottom + room))
        cv2.rectangle(sheet.ink, *corners, 255, max(1, round(pen)), cv2.LINE_AA)


def crossed_out(sheet: Sheet) -> None:
    """Numbers of which some digits, or all, were crossed out: those are none any more."""
    rng, height = sheet.rng, _height(sheet, 0.08, 0.22)
    x, y = _start(sheet, height * 3, height * 1.3)
    sheet.write(_some(rng, 2, 6), x, y, height, rng.uniform(0.05, 0.4), 0.03)
    pen = max(1.0, sheet.writer.pen * height)
    struck = set(rng.choice(len(sheet.marks), size=rng.integers(1, max(2, len(sheet.marks) // 2)), replace=False).tolist())
    for number in struck:
        (left, top), (right, bottom) = sheet.marks[number][1].min(0), sheet.marks[number][1].max(0)
        reach = height * rng.uniform(-0.05, 0.15)
        ends = [(left - reach, top - reach), (right + reach, bottom + reach), (right + reach, top - reach)]
        ends.append((left - reach, bottom + reach))
        if rng.random() < 0.6:
            sheet.line(ends[0], ends[1], pen, printed=False)
            sheet.line(ends[2], ends[3], pen, printed=False)
        else:
            for _ in range(int(rng.integers(3, 7))):
                heights = rng.uniform(top, bottom, 2)
                sheet.line((left - reach, heights[0]), (right + reach, heights[1]), pen, printed=False)
    sheet.marks = [mark for number, mark in enumerate(sheet.marks) if number not in struck]


def boxes(sheet: Sheet) -> None:
    """Boxes or a comb, a digit in each: as forms have them, in a row or two."""
    rng, cell = sheet.rng, _height(sheet, 0.09, 0.26)
    count, lines = int(rng.integers(2, 10)), int(rng.integers(1, 3))
    high, apart = cell * rng.uniform(1.0, 1.5), cell * rng.choice([0.0, 0.0, rng.uniform(0.1, 0.4)])
    comb, pen = rng.random() < 0.3, rng.uniform(1, 3.5)
    x, y = _start(sheet, cell * min(count, 5), high * lines)
    for number in range(lines):
        top = y + number * high * rng.uniform(1.05, 1.6)
        for place in range(count):
            left = x + place * (cell + apart)
            sides = [((left, top + high), (left + cell, top + high))]
            sides += [((at, top + high * (0.6 if comb else 0)), (at, top + high)) for at in (left, left + cell)]
            sides += [] if comb else [((left, top), (left + cell, top))]
            for side in sides:
                sheet.line(*side, pen)
            if rng.random() < 0.92:
                _in_cell(sheet, left, top, cell, high)


def _in_cell(sheet: Sheet, left: float, top: float, wide: float, high: float, size: float = 0.7) -> None:
    """A digit about the middle of a cell."""
    rng, digit = sheet.rng, _some(sheet.rng, 1, 1)
    height = min(high, wide * 1.2) * size * rng.uniform(0.85, 1.2)
    ink = sheet.writer(digit, height)
    x, y = (left + (wide - ink.shape[1]) / 2, top + (high - len(ink)) / 2)
    sheet.put(ink, x + rng.normal(0, 0.06) * wide, y + rng.normal(0, 0.06) * high, int(digit))


def grid(sheet: Sheet) -> None:
    """A sudoku or a table of numbers, printed, filled in, or both; often with other print around it."""
    rng, cell = sheet.rng, sheet.side * sheet.rng.uniform(0.075, 0.2)
    count, filled = 9 if rng.random() < 0.6 else int(rng.integers(3, 8)), rng.uniform(0.3, 1.0)
    x, y = _start(sheet, cell * min(count, 5), cell * min(count, 5))
    thin, thick = rng.uniform(1, 2), rng.uniform(1.5, 4)
    for number in range(count + 1):
        width = thick if number % 3 == 0 else thin
        sheet.line((x + number * cell, y), (x + number * cell, y + count * cell), width)
        sheet.line((x, y + number * cell), (x + count * cell, y + number * cell), width)
    press, hand, mixed = Writer(sheet.writer.digits, rng, "printed"), sheet.writer, rng.uniform(0, 1)
    for row in range(count):
        for column in range(count):
            if rng.random() < filled:
                sheet.writer = press if rng.random() < mixed else hand
                _in_cell(sheet, x + column * cell, y + row * cell, cell, cell, 0.62)
    sheet.writer = hand
    if rng.random() < 0.5:
        _print_around(sheet, y - cell * 0.8)


def _print_around(sheet: Sheet, top: float) -> None:
    """A line of printed words."""
    rng, press = sheet.rng, Writer(sheet.writer.digits, sheet.rng, "printed")
    hand, sheet.writer = sheet.writer, press
    text = _word(rng, PRINTED_LETTERS, 12)
    sheet.write(text, rng.uniform(0, 0.4) * sheet.side, top, sheet.side * rng.uniform(0.03, 0.07), 0.08)
    sheet.writer = hand


def scattered(sheet: Sheet) -> None:
    """Digits of any size anywhere, none on another."""
    taken: list[tuple[float, float, float]] = []
    rng = sheet.rng
    for _ in range(int(rng.integers(2, 12))):
        height = _height(sheet)
        x, y = rng.uniform(0.1, 0.85, 2) * sheet.side
        if all(abs(x - left) + abs(y - top) > 1.3 * (height + other) / 2 for left, top, other in taken):
            taken.append((x, y, height))
            sheet.write(_some(rng, 1, 1), x, y, height, 0)


def _word(rng: np.random.Generator, letters: Sequence[str], most: int) -> str:
    return "".join(rng.choice(letters, size=rng.integers(1, most + 1)).tolist())


def _spoken(rng: np.random.Generator, letters: Sequence[str]) -> str:
    """A word, in which letters may look like digits."""
    word = "".join(rng.choice(SYLLABLES, size=rng.integers(1, 5)).tolist())
    word = word.upper() if rng.random() < 0.3 else word.capitalize() if rng.random() < 0.3 else word
    like = {"o": "0", "O": "0", "i": "1", "l": "1", "I": "1", "S": "5", "s": "5", "g": "9", "B": "8", "b": "6"}
    found = [one if one in letters else like.get(one, "r") for one in word]
    return "".join(found) if any(one in letters for one in found) else "man"


def mixed(sheet: Sheet) -> None:
    """Letters beside digits: plates, part numbers, units, names with numbers."""
    rng, height = sheet.rng, _height(sheet)
    pitch = height * rng.uniform(1.3, 2.2)
    x, y = _start(sheet, height * 4, pitch * 2)
    letters = PRINTED_LETTERS if sheet.writer.style == "printed" else WRITTEN_LETTERS
    for number in range(int(rng.integers(1, 4))):
        parts = [_some(rng, 1, 4) if rng.random() < 0.55 else _word(rng, letters, 5) for _ in range(rng.integers(2, 5))]
        text = (" " if rng.random() < 0.5 else "").join(parts)
        sheet.write(text, x, y + number * pitch, height, rng.uniform(0.02, 0.3), 0.03)


def words(sheet: Sheet) -> None:
    """Letters, words and signs alone: no digit."""
    rng, height = sheet.rng, _height(sheet, 0.05, 0.35)
    pitch = height * rng.uniform(1.3, 2.2)
    x, y = _start(sheet, height * 3, pitch * 2)
    letters = PRINTED_LETTERS if sheet.writer.style == "printed" else (*WRITTEN_LETTERS, *SIGNS)
    for number in range(int(rng.integers(1, 6))):
        some = [_word(rng, letters, 6) if rng.random() < 0.4 else _spoken(rng, letters) for _ in range(rng.integers(1, 4))]
        sheet.write(" ".join(some), x, y + number * pitch, height, rng.uniform(-0.05, 0.3), 0.04, are_digits=False)


def scribbles(sheet: Sheet) -> None:
    """Lines, crosses, loops, arrows and blots: no digit."""
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 9))):
        corners = [tuple(point) for point in np.round(rng.random((rng.integers(3, 14), 2)), 3).tolist()]
        way = Variant("scribble", "", (tuple(corners),))
        x, y = rng.uniform(0.05, 0.8, 2) * sheet.side
        sheet.put(sheet.writer.stroke(way, _height(sheet, 0.05, 0.5)), x, y)
    for _ in range(int(rng.integers(0, 4))):
        sheet.line(tuple(rng.random(2) * sheet.side), tuple(rng.random(2) * sheet.side), rng.uniform(1, 6))


def things(sheet: Sheet) -> None:
    """Filled shapes, icons and outlines of things: no digit."""
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 8))):
        points = cv2.convexHull((rng.random((rng.integers(3, 9), 2)) * rng.uniform(0.1, 0.6) * sheet.side).astype(np.float32))
        points = (points + rng.uniform(0, 0.7, 2) * sheet.side).astype(np.int32)
        target = sheet.print if rng.random() < 0.5 else sheet.ink
        if rng.random() < 0.6:
            cv2.fillPoly(target, [points], int(rng.integers(60, 256)), cv2.LINE_AA)
        else:
            cv2.polylines(target, [points], True, 255, int(rng.integers(1, 6)), cv2.LINE_AA)


def blank(sheet: Sheet) -> None:
    """Nothing: paper, cloth, wood."""


def photograph(sheet: Sheet) -> None:
    """A photograph of things: no digit."""


def display(sheet: Sheet) -> None:
    """Seven segments, as clocks, scales and meters have them."""
    rng, height = sheet.rng, _height(sheet, 0.12, 0.45)
    x, y = _start(sheet, height * 2, height)
    text = _some(rng, 1, 6)
    if rng.random() < 0.3 and len(text) > 2:
        text = text[:2] + str(rng.choice([":", "."])) + text[2:]
    sheet.write(text, x, y, height, rng.uniform(0.15, 0.4))


def meter(sheet: Sheet) -> None:
    """Wheels of a meter: a printed digit in each window."""
    rng, cell = sheet.rng, _height(sheet, 0.1, 0.24)
    count, high = int(rng.integers(3, 9)), cell * rng.uniform(1.2, 1.7)
    x, y = _start(sheet, cell * min(count, 5), high)
    for place in range(count):
        left = x + place * cell * 1.12
        _in_cell(sheet, left, y, cell, high, 0.75)
        for at in (left - 0.06 * cell, left + 1.06 * cell):
            sheet.line((at, y), (at, y + high), rng.uniform(1, 3))


def screen(sheet: Sheet) -> None:
    """A screenshot: numbers and words, small and sharp."""
    rng, height = sheet.rng, _height(sheet, 0.035, 0.12)
    pitch = height * rng.uniform(1.4, 2.4)
    x, y = _start(sheet, height * 6, pitch * 2)
    for number in range(int(rng.integers(1, 6))):
        text = " ".join(_some(rng, 1, 8) if rng.random() < 0.7 else _word(rng, PRINTED_LETTERS, 7) for _ in range(2))
        sheet.write(text, x, y + number * pitch, height, rng.uniform(0.08, 0.16))


# How often each kind is drawn, and what draws it.
KINDS: dict[str, tuple[float, Compose]] = {
    "single": (2, single),
    "rows": (4, rows),
    "signs": (3, signs),
    "sums": (1.5, sums),
    "underlined": (1.5, underlined),
    "crossed out": (1, crossed_out),
    "boxes": (1.5, boxes),
    "grid": (2.5, grid),
    "scattered": (1, scattered),
    "mixed": (1.5, mixed),
    "words": (2, words),
    "scribbles": (1.2, scribbles),
    "things": (1, things),
    "blank": (0.8, blank),
    "photograph": (1.2, photograph),
    "display": (0.8, display),
    "meter": (0.6, meter),
    "screen": (0.8, screen),
}
