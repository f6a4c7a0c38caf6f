"""Pages with digits in print or on displays: sudokus, tables, stamps, meters, screenshots."""

import cv2
import numpy as np

from digits.synthesis.pages.numbers import in_cell, label
from digits.synthesis.pages.sheet import Sheet
from digits.synthesis.writing import ICONS, PRINTED_LETTERS, WRITTEN_LETTERS, Writer


def grid(sheet: Sheet) -> None:
    """A sudoku or a square of numbers, printed, solved by hand, or both; often with other print around it."""
    rng, cell = sheet.rng, sheet.side * sheet.rng.uniform(0.07, 0.2)
    count, filled = 9 if rng.random() < 0.6 else int(rng.integers(3, 8)), rng.uniform(0.2, 1.0)
    x, y = sheet.start(cell * min(count, 5), cell * min(count, 5))
    thin, thick = rng.uniform(1, 2), rng.uniform(1.5, 4)
    for number in range(count + 1):
        width = thick if number % 3 == 0 else thin
        sheet.line((x + number * cell, y), (x + number * cell, y + count * cell), width)
        sheet.line((x, y + number * cell), (x + count * cell, y + number * cell), width)
    press, hand, mixed = Writer(sheet.writer.digits, rng, "printed"), sheet.writer, rng.choice([1.0, rng.uniform(0, 1)])
    for row in range(count):
        for place in range(count):
            if rng.random() < filled:
                sheet.writer = press if rng.random() < mixed else hand
                in_cell(sheet, x + place * cell, y + row * cell, cell, cell, 0.62)
    sheet.writer = hand
    if rng.random() < 0.6:
        for line in range(int(rng.integers(1, 4))):
            label(sheet, rng.uniform(0, 0.4) * sheet.side, y - cell * (0.8 + line))
            label(sheet, rng.uniform(0, 0.4) * sheet.side, y + cell * (count + 0.3 + line))


def table(sheet: Sheet) -> None:
    """Rows and columns of numbers, with words at their heads, and some rules."""
    rng, height = sheet.rng, sheet.size(0.045, 0.11)
    press = Writer(sheet.writer.digits, rng, "printed")
    hand, wide, pitch = sheet.writer, height * rng.uniform(2.2, 5), height * rng.uniform(1.4, 2.2)
    columns, lines, gap = int(rng.integers(2, 6)), int(rng.integers(3, 9)), rng.uniform(0.05, 0.2)
    x, y = sheet.start(wide * min(columns, 3), pitch * min(lines, 5))
    sheet.writer = press if rng.random() < 0.5 else hand
    letters = PRINTED_LETTERS if sheet.writer is press else WRITTEN_LETTERS
    most = max(1, int(wide / height / (0.65 + gap)))
    for line in range(lines):
        for place in range(columns):
            if rng.random() < 0.15 or (line == 0 and rng.random() < 0.7) or (place == 0 and rng.random() < 0.4):
                text = sheet.word(letters, max(1, most - 1))
            else:
                text = sheet.digits(1, most)
            sheet.write(text, x + place * wide, y + line * pitch, height, gap, 0.02)
        if rng.random() < 0.8:
            below = y + (line + 0.85) * pitch - 0.15 * height
            sheet.line((x - 0.3 * height, below), (x + columns * wide, below), rng.uniform(1, 2))
    if rng.random() < 0.5:
        for place in range(columns + 1):
            at = x + place * wide - 0.25 * height
            sheet.line((at, y - 0.3 * pitch), (at, y + lines * pitch), rng.uniform(1, 2))
    sheet.writer = hand


def stamp(sheet: Sheet) -> None:
    """A date or a number in a ring or a frame with words, as rubber stamps leave it."""
    rng, height = sheet.rng, sheet.size(0.06, 0.13)
    x, y = sheet.start(height * 4, height * 3)
    sign = str(rng.choice([".", "-", " ", "/"]))
    text = sign.join(sheet.digits(2, 2) for _ in range(rng.integers(1, 4)))
    left, top, right, bottom = sheet.write(text, x, y, height, 0.12, 0.01)
    label(sheet, left, top - height * 1.3, height * 0.7)
    label(sheet, left, bottom + height * 0.5, height * 0.7)
    centre, pen = (round((left + right) / 2), round((top + bottom) / 2)), int(rng.integers(1, 4))
    if rng.random() < 0.5:
        for far in (1.0, 1.25):
            radius = round(((right - left) / 2 + 0.6 * height) * far)
            cv2.circle(sheet.ink, centre, radius, 255, pen, cv2.LINE_AA)
    else:
        corners = (round(left - height), round(top - 1.8 * height)), (round(right + height), round(bottom + 1.8 * height))
        cv2.rectangle(sheet.ink, *corners, 255, pen, cv2.LINE_AA)


def display(sheet: Sheet) -> None:
    """Seven segments, as clocks, scales and meters have them."""
    rng, height = sheet.rng, sheet.size(0.1, 0.45)
    x, y = sheet.start(height * 2, height)
    text = sheet.digits(1, 8)
    if rng.random() < 0.4 and len(text) > 2:
        text = text[:2] + str(rng.choice([":", ".", "-"])) + text[2:]
    sheet.write(text, x, y, height, rng.uniform(0.12, 0.4))
    if rng.random() < 0.3:
        label(sheet, x, y + height * 1.3, height * 0.3)


def meter(sheet: Sheet) -> None:
    """Wheels of a meter: a printed digit in each window, between two of which a wheel may stand."""
    rng, cell = sheet.rng, sheet.size(0.09, 0.24)
    count, high, apart = int(rng.integers(3, 9)), cell * rng.uniform(1.2, 1.7), rng.uniform(1.02, 1.3)
    x, y = sheet.start(cell * min(count, 5), high)
    for place in range(count):
        left = x + place * cell * apart
        in_cell(sheet, left, y, cell, high, 0.75)
        for at in (left - 0.06 * cell, left + 1.06 * cell):
            sheet.line((at, y), (at, y + high), rng.uniform(1, 3))
    for at in (y, y + high):
        if rng.random() < 0.6:
            sheet.line((x, at), (x + count * cell * apart, at), rng.uniform(1, 4))
    if rng.random() < 0.3:
        label(sheet, x, y + high * 1.2, cell * 0.5)


def screen(sheet: Sheet) -> None:
    """A screenshot: numbers, words and icons, small and sharp."""
    rng, height = sheet.rng, sheet.size(0.035, 0.12)
    pitch = height * rng.uniform(1.4, 2.4)
    x, y = sheet.start(height * 6, pitch * 2)
    for number in range(int(rng.integers(1, 6))):
        parts = [sheet.digits(1, 8) if rng.random() < 0.65 else sheet.word(PRINTED_LETTERS, 7) for _ in range(2)]
        if rng.random() < 0.2:
            parts.insert(0, str(rng.choice(ICONS)))
        sheet.write(" ".join(parts), x, y + number * pitch, height, rng.uniform(0.08, 0.16))
    if rng.random() < 0.4:
        corner = np.round([x - height, y - 0.6 * pitch]).astype(int).tolist()
        far = np.round([x + height * rng.uniform(4, 12), y + pitch * rng.uniform(0.7, 5)]).astype(int).tolist()
        cv2.rectangle(sheet.print, tuple(corner), tuple(far), int(rng.integers(40, 255)), 1)
