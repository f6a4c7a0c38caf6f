"""Pages on which a hand wrote digits: alone, in rows, with signs, crossed out, in boxes, on cheques, beside words."""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.synthesis.pages.sheet import Sheet
from digits.synthesis.writing import PRINTED_LETTERS, SIGNS, WRITTEN_LETTERS, Writer


def single(sheet: Sheet) -> None:
    """One digit, from small to filling the picture."""
    height = sheet.size(0.1, 0.6)
    x, y = sheet.start(0.6 * height, height)
    sheet.write(sheet.digits(1, 1), x, y, height, 0)


def drawn(sheet: Sheet) -> None:
    """One digit that nearly fills the picture, as in programs that ask for one."""
    height = sheet.size(0.25, 0.6)
    x, y = sheet.start(0.6 * height, height)
    sheet.write(sheet.digits(1, 1), x, y, height, 0)


def huge(sheet: Sheet) -> None:
    """A digit or two that hardly fit into the picture, or not at all: their parts are no digits."""
    height = sheet.size(0.5, 2.5)
    x, y = sheet.rng.uniform(-0.2, 0.6) * sheet.side, (sheet.side - height) * sheet.rng.uniform(0.1, 0.9)
    sheet.write(sheet.digits(1, 3), x, y, height, sheet.rng.uniform(0, 0.3))


def plate(sheet: Sheet) -> None:
    """A number on a label, a note or a plate that is stuck on something, with letters beside it or not."""
    rng, height = sheet.rng, sheet.size(0.08, 0.25)
    x, y = sheet.start(height * 2.5, height * 1.5)
    text = sheet.digits(1, 5)
    if rng.random() < 0.4:
        text = sheet.word(PRINTED_LETTERS if sheet.writer.style == "printed" else WRITTEN_LETTERS, 3) + " " + text
    left, top, right, bottom = sheet.write(text, x, y, height, rng.uniform(0.03, 0.25), 0.02)
    room = height * rng.uniform(0.15, 1, 2)
    sheet.patches.append((left - room[0], top - room[1], right + room[0], bottom + room[1]))
    if rng.random() < 0.5:
        label(sheet, left, bottom + room[1] + 0.3 * height)


def rows(sheet: Sheet) -> None:
    """Numbers in rows, close or apart, level or not."""
    rng, height = sheet.rng, sheet.size()
    gap, pitch = rng.choice([rng.uniform(-0.12, 0.12), rng.uniform(0.1, 0.9)]), height * rng.uniform(1.15, 2.2)
    count = min(int(rng.integers(1, 6)), max(1, int(sheet.side * 0.7 / pitch)))
    x, y = sheet.start(height * 3, pitch * count)
    slope, wander = rng.normal(0, 0.03), rng.uniform(0, 0.08)
    gap -= sheet.writer.overlap * rng.uniform(0, 1)
    for number in range(count):
        blanks = " ".join(sheet.digits(1, 5) for _ in range(rng.integers(1, 3)))
        sheet.write(blanks, x + rng.normal(0, 0.3) * height, y + number * pitch, height, gap, wander, slope)


def column(sheet: Sheet) -> None:
    """Short numbers below each other: lists, scores."""
    rng, height = sheet.rng, sheet.size(0.06, 0.16)
    pitch, longest = height * rng.uniform(1.15, 1.8), int(rng.integers(1, 4))
    x, y = sheet.start(height * longest, pitch * 6)
    for number in range(int(rng.integers(4, 12))):
        text = sheet.digits(1, longest)
        end = str(rng.choice(["", "", "", ".", ")", "-", " " + sheet.word(WRITTEN_LETTERS, 4)]))
        sheet.write(text + end, x + rng.normal(0, 0.1) * height, y + number * pitch, height, rng.uniform(0, 0.3), 0.04)


def signs(sheet: Sheet) -> None:
    """Equations, dates, times, amounts, fractions: digits with signs and a few letters between them."""
    rng, height = sheet.rng, sheet.size()
    pitch, style = height * rng.uniform(1.3, 2.4), rng.random()
    x, y = sheet.start(height * 4, pitch)
    between = [*SIGNS, *"+=-.,:/#*%+-=./", *"+=-/+=/"]
    if style < 0.3:  # of one kind: a date, a time, a telephone number
        between = [str(rng.choice(["-", "/", ".", ":", ",", "+", "="]))]
    for number in range(int(rng.integers(1, 4))):
        parts = [sheet.digits(1, 4)]
        for _ in range(rng.integers(1, 4)):
            parts += [str(rng.choice(between)), sheet.digits(0 if style > 0.3 else 1, 4)]
            if style > 0.75:
                parts.insert(-1, sheet.word((*"xynmkaABC", "π", "α"), 1))
        ends = (
            str(rng.choice(["", "", "$", "€", "£", "(", "=", "-"])),
            str(rng.choice(["", "", "€", ")", "=", "-", "?"])),
        )
        text = (ends[0] + (" " if rng.random() < 0.25 else "").join(parts) + ends[1]).strip()
        sheet.write(text, x, y + number * pitch, height, rng.uniform(0.03, 0.35), rng.uniform(0, 0.05))


def dates(sheet: Sheet) -> None:
    """Dates, times, fractions, numbers of telephones: a few digits, and the same sign between them."""
    rng, height = sheet.rng, sheet.size(0.06, 0.24)
    sign = str(rng.choice(list("////.-:")))
    sizes = ((2, 2, 4), (2, 2, 2), (1, 1, 2), (1, 2, 4), (4, 2, 2), (2, 2), (1, 1), (3, 4), (3, 2, 3), (1, 2))
    pitch = height * rng.uniform(1.5, 2.2)
    x, y = sheet.start(height * 4, pitch)
    gap, apart = rng.uniform(-0.05, 0.3), " " if rng.random() < 0.1 else ""
    for number in range(int(rng.choice([1, 1, 2, 3]))):
        text = (apart + sign + apart).join(sheet.digits(size, size) for size in sizes[rng.integers(len(sizes))])
        sheet.write(text, x, y + number * pitch, height, gap, rng.uniform(0, 0.06), rng.normal(0, 0.02))


def sums(sheet: Sheet) -> None:
    """Numbers below each other, right-aligned, with a sign, a bar, and what they come to; fractions."""
    rng, height = sheet.rng, sheet.size(0.08, 0.2)
    pitch, count, gap = height * rng.uniform(1.2, 1.7), int(rng.integers(1, 4)), rng.uniform(0.08, 0.4)
    x, y = sheet.start(height * 3, pitch * (count + 1))
    wide = height * (0.6 + gap) * 3
    for number in range(count + 1):
        text = sheet.digits(1, 4)
        top = y + number * pitch + (0.35 * height if number == count else 0)
        sheet.write(text, x + wide - len(text) * height * (0.6 + gap), top, height, gap, 0.03)
        if number == count - 1 and rng.random() < 0.6:
            sign = sheet.writer(str(rng.choice(["+", "-", "×", "÷"])), height)
            sheet.put(sign, x - height * 1.4, top + height * 0.2)
    below = y + count * pitch + height * rng.uniform(-0.02, 0.2)
    sheet.line((x - height, below), (x + wide, below + rng.normal(0, 2)), rng.uniform(1, 4), printed=False)


def underlined(sheet: Sheet) -> None:
    """A number with a line or two under it, in a ring, or with a frame."""
    rng, height = sheet.rng, sheet.size(0.08, 0.3)
    x, y = sheet.start(height * 2, height * 1.3)
    left, top, right, bottom = sheet.write(sheet.digits(1, 5), x, y, height, rng.uniform(0, 0.3), 0.03)
    pen, how = max(1.0, sheet.writer.pen * height * rng.uniform(0.5, 1.2)), rng.random()
    if how < 0.6:
        for number in range(int(rng.integers(1, 3))):
            below = bottom + height * (rng.uniform(-0.02, 0.25) + 0.15 * number)
            ends = (left - height * rng.uniform(0, 0.4), below), (right + height * rng.uniform(0, 0.4), below)
            sheet.line(
                ends[0], (ends[1][0], below + rng.normal(0, 0.05) * height), pen, printed=bool(rng.random() < 0.4)
            )
    elif how < 0.8:
        centre = round((left + right) / 2), round((top + bottom) / 2)
        axes = round((right - left) * 0.5 + height * 0.4), round((bottom - top) * 0.5 + height * 0.35)
        cv2.ellipse(sheet.ink, centre, axes, rng.uniform(-8, 8), 0, 360, 255, max(1, round(pen)), cv2.LINE_AA)
    else:
        room = height * rng.uniform(0.15, 0.5)
        corners = (round(left - room), round(top - room)), (round(right + room), round(bottom + room))
        cv2.rectangle(sheet.ink, *corners, 255, max(1, round(pen)), cv2.LINE_AA)


def crossed_out(sheet: Sheet) -> None:
    """Numbers of which some digits, or a whole one, were crossed out: those are none any more."""
    rng, height = sheet.rng, sheet.size(0.08, 0.22)
    x, y = sheet.start(height * 3, height * 1.3)
    sheet.write(sheet.digits(2, 6), x, y, height, rng.uniform(0.05, 0.4), 0.03)
    if rng.random() < 0.4:
        sheet.write(sheet.digits(1, 5), x, y + height * rng.choice([-1.4, 1.4]), height, rng.uniform(0.05, 0.4), 0.03)
    pen = max(1.0, sheet.writer.pen * height)
    if rng.random() < 0.3:  # some that stand side by side, with one stroke or more through all of them
        first = int(rng.integers(len(sheet.marks)))
        struck = set(range(first, min(len(sheet.marks), first + int(rng.integers(1, 5)))))
        places = np.concatenate([sheet.marks[number][1] for number in struck])
        _strike(sheet, places, height, pen, across=True)
    else:
        count = rng.integers(1, max(2, len(sheet.marks) // 2))
        struck = set(rng.choice(len(sheet.marks), size=count, replace=False).tolist())
        for number in struck:
            _strike(sheet, sheet.marks[number][1], height, pen, across=False)
    for number in struck:
        places = sheet.marks[number][1]
        sheet.note(*places.min(axis=0), *places.max(axis=0))
    sheet.marks = [mark for number, mark in enumerate(sheet.marks) if number not in struck]


def _strike(sheet: Sheet, places: NDArray[np.float32], height: float, pen: float, across: bool) -> None:
    """A cross, or strokes to and fro, over what covers these places."""
    rng, (left, top), (right, bottom) = sheet.rng, places.min(0), places.max(0)
    reach = height * rng.uniform(0, 0.15)
    if not across and rng.random() < 0.6:
        sheet.line((left - reach, top - reach), (right + reach, bottom + reach), pen, printed=False)
        sheet.line((right + reach, top - reach), (left - reach, bottom + reach), pen, printed=False)
        return
    for _ in range(int(rng.integers(2 if across else 3, 7))):
        heights = rng.uniform(top + 0.2 * height, bottom - 0.2 * height, 2) if across else rng.uniform(top, bottom, 2)
        sheet.line((left - reach, heights[0]), (right + reach, heights[1]), pen, printed=False)


def cheque(sheet: Sheet) -> None:
    """An amount on a cheque: digits close, slanted, joined, with points and dashes, and rules above and below."""
    rng, height = sheet.rng, sheet.size(0.1, 0.27)
    sheet.writer.leaning = sheet.writer.slant = float(rng.uniform(-0.1, 0.6))
    thousands = [sheet.digits(1, 3), *(sheet.digits(3, 3) for _ in range(rng.choice([0, 1, 1, 2])))]
    if rng.random() < 0.4:
        thousands[-1] = "000"[: len(thousands[-1])]
    text = str(rng.choice([".", ".", "", ",", " "])).join(thousands)
    text = str(rng.choice(["", "", "", "$", "#", "="])) + text + str(rng.choice(["", "", ".-", "-", "=", ".", "--"]))
    x, y = sheet.start(height * 3, height)
    before, sheet.uneven = len(sheet.marks), rng.uniform(0.03, 0.25)
    slope, gap = rng.normal(0, 0.04), rng.uniform(-0.16, 0.2) - sheet.writer.overlap * rng.uniform(0, 1)
    _, top, _, bottom = sheet.write(text, x, y, height, gap, rng.uniform(0.01, 0.1), slope)
    if rng.random() < 0.3:
        _join(sheet, sheet.marks[before:], sheet.writer.pen * height)
    for at in (top - rng.uniform(0, 0.4) * height, bottom + rng.uniform(-0.15, 0.3) * height):
        if rng.random() < 0.5:
            sheet.line((0, at), (sheet.side, at + rng.normal(0, 2)), rng.uniform(1, 3))


def _join(sheet: Sheet, marks: list[tuple[int, NDArray[np.float32]]], pen: float) -> None:
    """The pen is not lifted between some of the digits."""
    for (_, places), (_, following) in pairwise(marks):
        if sheet.rng.random() < 0.6:
            start, end = places[places[:, 0].argmax()], following[following[:, 0].argmin()]
            if abs(end[0] - start[0]) < 0.5 * np.ptp(places[:, 1]):
                sheet.line(tuple(start), tuple(end), pen, printed=False)


def boxes(sheet: Sheet) -> None:
    """Boxes or a comb, a digit in each: as forms have them, in a row or two."""
    rng, cell = sheet.rng, sheet.size(0.09, 0.26)
    count, lines = int(rng.integers(2, 10)), int(rng.integers(1, 3))
    high, apart = cell * rng.uniform(1.0, 1.5), cell * rng.choice([0.0, 0.0, rng.uniform(0.1, 0.4)])
    comb, pen = rng.random() < 0.3, rng.uniform(1, 3.5)
    x, y = sheet.start(cell * min(count, 5), high * lines)
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
                in_cell(sheet, left, top, cell, high)
    if rng.random() < 0.3:
        label(sheet, x, y - high * rng.uniform(0.5, 0.9))


def in_cell(sheet: Sheet, left: float, top: float, wide: float, high: float, size: float = 0.7) -> None:
    """A digit about the middle of a cell."""
    rng, digit = sheet.rng, sheet.digits(1, 1)
    height = min(high, wide * 1.2) * size * rng.uniform(0.85, 1.2)
    ink = sheet.writer(digit, height)
    x, y = (left + (wide - ink.shape[1]) / 2, top + (high - len(ink)) / 2)
    sheet.put(ink, x + rng.normal(0, 0.06) * wide, y + rng.normal(0, 0.06) * high, int(digit))


def label(sheet: Sheet, left: float, top: float, height: float | None = None) -> float:
    """Printed words, such as forms have: returns where they end."""
    hand, sheet.writer = sheet.writer, Writer(sheet.writer.digits, sheet.rng, "printed")
    words = " ".join(sheet.word(PRINTED_LETTERS, 7) for _ in range(sheet.rng.integers(1, 4)))
    size = height or sheet.side * sheet.rng.uniform(0.03, 0.07)
    _, _, right, _ = sheet.write(words, left, top, size, 0.08, are_digits=False, printed=True)
    sheet.writer = hand
    return right


def form(sheet: Sheet) -> None:
    """Printed words, each with a number by hand beside it, on a line or not."""
    rng, height = sheet.rng, sheet.size(0.06, 0.14)
    pitch, left, _ = height * rng.uniform(1.5, 2.4), *sheet.start(sheet.side * 0.6, 0)
    y = sheet.side * rng.uniform(0.12, 0.3)
    for number in range(int(rng.integers(2, 6))):
        top = y + number * pitch
        end = label(sheet, left, top + height * 0.2, height * rng.uniform(0.5, 0.9)) + height * 0.5
        text = sheet.digits(1, 5) if rng.random() < 0.8 else sheet.word(WRITTEN_LETTERS, 5)
        point = int(rng.integers(len(text) + 1))
        text = text[:point] + str(rng.choice(["", "", ".", ","])) + text[point:]
        sheet.write(text, end, top, height, rng.uniform(0.05, 0.3), 0.04)
        if rng.random() < 0.4:
            below = top + height * rng.uniform(1.0, 1.2)
            sheet.line((end - height * 0.3, below), (end + height * 4, below), rng.uniform(1, 2.5))


def scattered(sheet: Sheet) -> None:
    """Digits of any size anywhere, none on another."""
    taken: list[tuple[float, float, float]] = []
    rng = sheet.rng
    for _ in range(int(rng.integers(2, 12))):
        height = sheet.size()
        x, y = rng.uniform(0.1, 0.85, 2) * sheet.side
        if all(abs(x - left) + abs(y - top) > 1.3 * (height + other) / 2 for left, top, other in taken):
            taken.append((x, y, height))
            sheet.write(sheet.digits(1, 1), x, y, height, 0)


def mixed(sheet: Sheet) -> None:
    """Letters beside digits: plates, part numbers, units, names with numbers."""
    rng, height = sheet.rng, sheet.size()
    pitch = height * rng.uniform(1.3, 2.2)
    x, y = sheet.start(height * 4, pitch * 2)
    letters = PRINTED_LETTERS if sheet.writer.style in ("printed", "plotted") else WRITTEN_LETTERS
    for number in range(int(rng.integers(1, 4))):
        parts = [
            sheet.digits(1, 4) if rng.random() < 0.6 else sheet.word(letters, 4) for _ in range(rng.integers(2, 5))
        ]
        text = (" " if rng.random() < 0.5 else "").join(parts)
        sheet.write(text, x, y + number * pitch, height, rng.uniform(0.02, 0.3), 0.03)


def sketched(sheet: Sheet) -> None:
    """Numbers beside words in joined letters, drawings and arrows."""
    rng, height = sheet.rng, sheet.size(0.08, 0.2)
    x, y = sheet.start(height * 2.5, height)
    _, top, _, bottom = sheet.write(sheet.digits(1, 4), x, y, height, rng.uniform(0, 0.3), 0.04)
    for _ in range(int(rng.integers(1, 4))):
        word = sheet.writer.scrawl(sheet.word(tuple("aeimnrstuvwxkdpchl"), 8), height * rng.uniform(0.4, 1))
        above = rng.random() < 0.5
        at = top - len(word) - rng.uniform(0.1, 1.5) * height if above else bottom + rng.uniform(0.1, 1.5) * height
        sheet.put(word, rng.uniform(0.05, 0.6) * sheet.side, at)
