import cv2
import numpy as np
import pytest

from digits.reading.grids import find_grid
from digits.reading.lines import find_lines


def grid_mask(rows: int, columns: int, side: int = 60, bend: float = 0.0, margin: int = 80) -> np.ndarray:
    """A printed grid, thick outside, on paper that bends by `bend` pixels."""
    height, width = rows * side + 2 * margin, columns * side + 2 * margin
    image = np.zeros((height, width), np.uint8)
    x = np.arange(columns * side + 1)
    for row in range(rows + 1):
        y = margin + row * side + bend * np.sin(np.pi * x / x[-1])
        points = np.column_stack([x + margin, y]).round().astype(np.int32)
        cv2.polylines(image, [points], False, 1, 6 if row in (0, rows) else 2)
    y = np.arange(rows * side + 1)
    for column in range(columns + 1):
        along = column * side / (columns * side)
        points = np.column_stack([np.full(len(y), margin + column * side), y + margin + bend * np.sin(np.pi * along)])
        cv2.polylines(image, [points.round().astype(np.int32)], False, 1, 6 if column in (0, columns) else 2)
    return image.astype(bool)


def found(mask: np.ndarray):
    return find_grid(find_lines(mask, 6))


def test_the_cells_of_a_grid_are_found_row_by_row():
    grid = found(grid_mask(9, 9))
    assert grid.middles.shape == (9, 9, 2)
    assert np.abs(grid.middles[2, 4] - (80 + 4.5 * 60, 80 + 2.5 * 60)).max() < 4
    assert grid.for_one
    assert grid.cell(80 + 8.4 * 60, 80 + 0.6 * 60) == (0, 8)
    assert grid.cell(20, 20) is None


def test_paper_may_bend():
    grid = found(grid_mask(9, 9, bend=25))
    assert grid.middles.shape == (9, 9, 2)
    assert np.abs(grid.middles[4, 4] - (80 + 4.5 * 60, 80 + 4.5 * 60 + 25)).max() < 6


def test_a_line_that_is_interrupted_costs_no_cell():
    mask = grid_mask(9, 9)
    mask[80 + 60 * 4 - 4 : 80 + 60 * 4 + 4, 80 + 125 : 80 + 295] = False  # cells of the rows 3 and 4 run together
    grid = found(mask)
    assert grid.middles.shape == (9, 9, 2)
    assert np.abs(grid.middles[4, 2] - (80 + 2.5 * 60, 80 + 4.5 * 60)).max() < 6


def test_thick_lines_between_its_blocks_do_not_part_a_grid():
    mask = grid_mask(9, 9).astype(np.uint8)
    for place in (80, 80 + 180, 80 + 360, 620):
        cv2.line(mask, (80, place), (620, place), 1, 15)
        cv2.line(mask, (place, 80), (place, 620), 1, 15)
    grid = found(mask.astype(bool))
    assert grid.middles.shape == (9, 9, 2)
    assert grid.side == pytest.approx(60, abs=1)  # not what the lines leave of it


def test_digits_that_touch_the_lines_are_no_lines():
    mask = grid_mask(9, 9).astype(np.uint8)
    for row in (1, 2, 3, 6, 7):  # nearly from line to line, one below the other
        cv2.line(mask, (80 + 150, 84 + 60 * row), (80 + 150, 124 + 60 * row), 1, 6)
    grid = found(mask.astype(bool))
    assert grid.middles.shape == (9, 9, 2)
    assert np.abs(grid.middles[4, 2] - (80 + 2.5 * 60, 80 + 4.5 * 60)).max() < 4


def test_fewer_than_three_rows_are_no_grid():
    assert found(grid_mask(2, 9)) is None
    assert found(np.zeros((400, 400), bool)) is None
