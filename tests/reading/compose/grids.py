"""Printed grids such as a sudoku, with printed and handwritten digits in their cells, and print around them."""

from dataclasses import replace

import cv2
import numpy as np

from tests.reading.compose.lettering import any_face, lettered
from tests.reading.compose.paper import BLACK, BLUE, GROUNDS, PENCIL, any_paper, seen
from tests.reading.compose.writing import Layout, Writer, grown

_FULL, _SOME = (0.9, 1.0), (0.3, 0.7)  # shares of the cells that hold a digit


def printed(writer: Writer) -> tuple[str, np.ndarray]:
    """As in a newspaper: printed digits, and many empty cells."""
    return _sudoku(writer, by_hand=0, filled=_SOME)


def handwritten(writer: Writer) -> tuple[str, np.ndarray]:
    """Digits by hand in a printed grid, and empty cells."""
    return _sudoku(writer, by_hand=1, filled=_SOME)


def solved(writer: Writer) -> tuple[str, np.ndarray]:
    """Printed digits, and by hand nearly all others."""
    return _sudoku(writer, by_hand=0.6, filled=_FULL)


def _sudoku(writer: Writer, by_hand: float, filled: tuple[float, float]) -> tuple[str, np.ndarray]:
    """A grid of 9 × 9: its digits, row by row without the empty cells, and the picture.

    Args:
        writer: whose hands, and whose randomness.
        by_hand: share of the digits that is written, not printed.
        filled: least and largest share of the cells that hold a digit.
    """
    rng = writer.rng
    side, count = int(rng.integers(40, 62)), 9
    margin, thin = round(1.3 * side), int(rng.integers(1, 4))
    page = np.full((count * side + 2 * margin,) * 2 + (3,), GROUNDS[rng.integers(3)], np.float32)
    for number in range(count + 1):
        thick = thin * (3 if number % 3 == 0 else 1)
        place, start, end = margin + number * side, margin, margin + count * side
        cv2.line(page, (start, place), (end, place), BLACK, thick)
        cv2.line(page, (place, start), (place, end), BLACK, thick)
    face, pen = any_face(rng, scripts=False), [BLUE, BLACK, PENCIL][rng.integers(3)]
    share, rows = rng.uniform(*filled), []
    for row in range(count):
        rows.append("")
        for column in range(count):
            if rng.random() > share:
                continue
            digit = str(rng.integers(1, 10))
            rows[-1] += digit
            if rng.random() < by_hand:
                image = writer.images_of(digit)[0][0]
                ink, stray, colour = grown(image, Layout(height=round(rng.uniform(0.75, 1.05) * side)), rng), 0.1, pen
            else:
                ink, stray, colour = lettered([digit], face, 0.55 * side, max(2, round(side / 14))), 0.02, BLACK
            x, y = (margin + (place + 0.5 + rng.uniform(-stray, stray)) * side for place in (column, row))
            _lay(page, ink, round(x - ink.shape[1] / 2), round(y - ink.shape[0] / 2), colour)
    title = lettered([f"SUDOKU {rng.integers(100, 1000)}"], face, 0.35 * side, max(2, round(side / 20)))
    _lay(page, title, margin, round(0.4 * side), BLACK)
    paper = replace(any_paper(rng, printed=False), turn=rng.normal(0, 2), tilt=rng.uniform(0, 0.06))
    return "\n".join(filter(None, rows)), seen(page, paper, rng)


def _lay(page: np.ndarray, ink: np.ndarray, left: int, top: int, colour: tuple[int, int, int]) -> None:
    place = page[top : top + ink.shape[0], left : left + ink.shape[1]]
    place += ink[: place.shape[0], : place.shape[1], np.newaxis] * (np.float32(colour) - place)
