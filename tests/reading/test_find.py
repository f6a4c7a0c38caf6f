import cv2
import numpy as np
import pytest

from digits.reading.find import find, in_own_cell, is_filled_in
from digits.reading.grids import Grid, find_grid
from digits.reading.lines import find_lines, width_beside
from digits.reading.pieces import Piece
from tests.reading.compose import Layout, Paper
from tests.reading.test_grids import grid_mask


def sudoku(print_: int, pencil: int) -> np.ndarray:
    """A grid of thick lines, a printed 8 in every other cell, in the others a 7 by pencil, each as dark as is said."""
    mask = grid_mask(9, 9, side=50, margin=60).astype(np.uint8)
    for place in (60, 60 + 150, 60 + 300, 510):
        cv2.line(mask, (60, place), (510, place), 1, 13)
        cv2.line(mask, (place, 60), (place, 510), 1, 13)
    ink = mask * np.float32(print_)
    for cell in range(81):
        x, y = 60 + 25 + 50 * (cell % 9), 60 + 25 + 50 * (cell // 9)
        if cell % 2:
            cv2.polylines(ink, [np.int32([(x - 8, y - 11), (x + 8, y - 11), (x - 3, y + 12)])], False, pencil, 2)
        else:
            cv2.ellipse(ink, (x, y - 7), (7, 6), 0, 0, 360, print_, 4)
            cv2.ellipse(ink, (x, y + 7), (8, 7), 0, 0, 360, print_, 4)
    image = 255 - cv2.GaussianBlur(ink, (0, 0), 1.2)
    return np.repeat(image[:, :, np.newaxis], 3, axis=2).astype(np.uint8)


def test_a_pencil_in_a_printed_grid_is_found_whole():
    found = find(sudoku(235, 90))
    assert found.grid.middles.shape == (9, 9, 2)
    assert [len(row.atoms) for row in found.rows] == [9] * 9
    heights = [[atom.height for atom in row.atoms] for row in found.rows]
    assert min(map(min, heights)) > 20


def test_strokes_are_as_wide_as_the_digits_are_not_the_lines():
    assert 2 < find(sudoku(235, 90)).width < 8


def test_a_cell_without_ink_stays_empty(rng):
    grid = find_grid(find_lines(grid_mask(3, 3), 6))
    ink = rng.integers(0, 25, (340, 340)).astype(np.uint8)
    assert not in_own_cell(ink, grid).any()
    ink[100:120, 100:104] = 60
    assert in_own_cell(ink, grid).sum() == 80


def test_digits_as_large_as_their_cells_fill_a_grid_in():
    found = find(sudoku(235, 200))
    large = [atom for row in found.rows for atom in row.atoms]
    assert is_filled_in(found.grid, large)


def test_digits_across_the_squares_are_on_squared_paper_not_in_a_grid():
    middles = np.stack(np.meshgrid(np.arange(5) * 40 + 20, np.arange(5) * 40 + 20), axis=2).astype(float)
    grid = Grid(middles, 40, True)
    inside = [Piece.at(40 * row + 6, 40 * row + 8, np.ones((28, 20), bool)) for row in range(4)]
    across = [Piece.at(40 * row + 16, 40 * row + 24, np.ones((60, 34), bool)) for row in range(3)]
    assert is_filled_in(grid, inside)
    assert not is_filled_in(grid, across)


def test_squared_paper_is_no_grid_for_what_is_written_across_it(writer):
    paper = Paper(noise=3, blur=1, squared=48, rule=(110, 110, 110))
    for text in ("4096", "57", "31"):
        found = find(writer.picture(text, paper, Layout(height=100)))
        assert len(found.lines.level) > 3
        assert len(found.lines.upright) > 3
        assert found.grid is None


@pytest.mark.parametrize("seed", range(6))
def test_faint_squares_are_no_surface_and_no_ink(seed, writer):
    rng = np.random.default_rng(seed)
    paper = Paper(pen=(200, 40, 40), squared=int(rng.integers(30, 50)), turn=2, blur=1.2, noise=6, shade=0.4)
    found = find(writer.picture("5127\n8360", paper, Layout(height=70)))
    large = [atom for row in found.rows for atom in row.atoms if atom.side > 30]
    assert 7 <= len(large) <= 11  # of eight digits


def test_a_marker_on_ruled_paper_is_not_hollow():
    page = np.full((900, 1200, 3), 245, np.uint8)
    page[40::50] = page[41::50] = page[42::50] = (130, 145, 165)
    cv2.putText(page, "286", (390, 600), cv2.FONT_HERSHEY_SIMPLEX, 7, (60, 60, 70), 34)
    found = find(page)
    assert found.width > 15
    assert found.strokes[(page == (60, 60, 70)).all(axis=2)].mean() > 0.95
    assert found.strokes[:, :300].mean() < 0.01


def test_the_width_of_strokes_is_measured_beside_lines():
    mask = grid_mask(4, 4, side=80, margin=10)
    cv2.circle(mask.view(np.uint8), (130, 130), 24, 1, 15)
    lines = find_lines(mask, 5)
    assert 11 < width_beside(lines, mask) < 17
    assert width_beside(find_lines(np.zeros((99, 99), bool), 5), np.zeros((99, 99), bool)) == 0


def test_paper_on_a_dark_table_is_no_0():
    page = np.full((400, 600, 3), 70, np.float32)
    cv2.fillPoly(page, [np.int32([(120, 70), (490, 60), (500, 330), (110, 340)])], (225, 222, 215))
    light = 1 - 0.4 * np.linspace(0, 1, 600, dtype=np.float32)
    assert find((cv2.GaussianBlur(page, (0, 0), 1.5) * light[:, np.newaxis]).astype(np.uint8)).rows == []


@pytest.mark.parametrize("height", [20, 40, 90])
def test_strokes_of_a_single_pixel_are_strokes(height):
    page = np.full((300, 900, 3), 255, np.uint8)
    size = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, height)
    cv2.putText(page, "8 3 0 5 2", (20, 200), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 1)
    found = find(page)
    (row,) = found.rows
    inside = sum(int(atom.mask.sum()) for atom in row.atoms)
    assert inside > 0.95 * found.strokes.sum() > 0
    assert abs(max(atom.height for atom in row.atoms) - height) <= 3
