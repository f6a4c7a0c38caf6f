"""Printed grids, such as a sudoku's: where their cells are, row by row, whatever way the paper bends."""

from dataclasses import dataclass

import cv2
import numpy as np

from digits.reading.lines import Line, Lines
from digits.reading.rows import in_rows

_FEWEST = 3  # rows, and columns, of a grid


@dataclass(frozen=True, eq=False)
class Grid:
    """A printed grid.

    Attributes:
        middles: float, `(rows, columns, 2)`: x and y of the middle of each cell, in pixels.
        side: of a cell, in pixels, from the middle of one line to the next: half of its width and height together.
        for_one: whether its cells are so narrow that each is for one digit, as in a sudoku, unlike in a table.
    """

    middles: np.ndarray
    side: float
    for_one: bool

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the cell that a place lies in; None outside of the grid."""
        away = np.abs(self.middles - (x, y)).max(2)
        row, column = np.unravel_index(int(away.argmin()), away.shape)
        return (int(row), int(column)) if away[row, column] < 0.65 * self.side else None


def find_grid(lines: Lines) -> Grid | None:
    """The grid with most cells that the lines make, at least 3 × 3; None where there is none.

    Cells are what the lines enclose. Where a line is interrupted, two cells are one area, which is left out; all cells
    of the grid are then found from those that are there, as their rows and columns lie on smooth curves.
    """
    if min(len(lines.level), len(lines.upright)) <= _FEWEST:
        return None
    lines = Lines(lines.shape, _long(lines.level), _long(lines.upright))
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - lines.drawn(), connectivity=4)
    left, top, wide, high, area = stats.T
    like_cell = (
        (left > 0) & (top > 0) & (left + wide < lines.shape[1]) & (top + high < lines.shape[0])
        & (area > 0.6 * wide * high) & (wide < 2.5 * high) & (high < 2.5 * wide) & (np.minimum(wide, high) > 8)
    )  # fmt: skip
    numbers = np.flatnonzero(like_cell[1:]) + 1  # 0 is the lines
    if len(numbers) < _FEWEST**2:
        return None
    boxes = np.column_stack([left, top, wide, high])[numbers]
    sizes = boxes[:, 2:] / np.median(boxes[:, 2:], axis=0)
    boxes = boxes[((sizes > 0.65) & (sizes < 1.5)).all(1)]
    if len(boxes) < _FEWEST**2:
        return None
    thickest = max(line.thickness for line in [*lines.level, *lines.upright])
    boxes = boxes[_hang_together(boxes, thickest)]
    rows, columns = in_rows(boxes), in_rows(boxes[:, [1, 0, 3, 2]])
    if min(len(rows), len(columns)) < _FEWEST or len(boxes) < 0.6 * len(rows) * len(columns):
        return None
    return _lattice(boxes, rows, columns)


def _long(lines: list[Line]) -> list[Line]:
    """The lines that, with what continues them, go through a grid; others may be digits of some cells that touch."""
    usual = float(np.median([line.length for line in lines]))
    lengths = [sum(other.length for other in lines if _in_line(line, other)) for line in lines]
    return [line for line, length in zip(lines, lengths, strict=True) if length > usual / 2]


def _in_line(line: Line, other: Line) -> bool:
    (x, y), (other_x, other_y) = line.middles.mean(0).tolist(), other.middles.mean(0).tolist()
    away = abs(other_y - y - line.slope * (other_x - x))
    return away < 2 + line.thickness + 0.02 * abs(other_x - x)


def _hang_together(boxes: np.ndarray, thickest: float) -> np.ndarray:
    """Which of the cells (left, top, width, height) belong to the largest group whose cells lie side by side.

    Between them are lines of at most `thickest` pixels.
    """
    height, width = (int(boxes[:, which].max() + boxes[:, which + 2].max()) + 2 for which in (1, 0))
    reach = round(0.55 * thickest + 0.1 * float(np.median(boxes[:, 2:])))
    image = np.zeros((height + reach, width + reach), np.uint8)
    for left, top, wide, high in boxes.tolist():
        image[max(0, top - reach) : top + high + reach, max(0, left - reach) : left + wide + reach] = 1
    _, labels = cv2.connectedComponents(image)
    group = labels[boxes[:, 1] + boxes[:, 3] // 2, boxes[:, 0] + boxes[:, 2] // 2]
    return group == np.bincount(group).argmax()


def _lattice(boxes: np.ndarray, rows: list[list[int]], columns: list[list[int]]) -> Grid:
    """All cells of a grid, from those in `boxes`: smooth functions of row and column tell where each is."""
    place = np.empty((len(boxes), 2))
    for number, row in enumerate(rows):
        place[row, 0] = number
    for number, column in enumerate(columns):
        place[column, 1] = number
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    fit, *_ = np.linalg.lstsq(_terms(place[:, 0], place[:, 1]), middles, rcond=None)
    row, column = np.mgrid[: len(rows), : len(columns)]
    everywhere = (_terms(row.ravel(), column.ravel()) @ fit).reshape(len(rows), len(columns), 2)
    known = place.astype(int)
    everywhere[known[:, 0], known[:, 1]] = middles
    wide, high = (float(np.abs(np.diff(everywhere[..., axis], axis=1 - axis)).mean()) for axis in (0, 1))
    return Grid(everywhere, (wide + high) / 2, wide < 1.3 * high)


def _terms(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    r, c = row / 9 - 0.5, column / 9 - 0.5
    return np.column_stack([np.ones(len(r)), r, c, r * r, r * c, c * c, r * r * c, r * c * c])
