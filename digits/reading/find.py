"""All steps from a picture to what may be digits in it, in their order. No network is asked yet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digits.reading.grids import Grid, find_grid
from digits.reading.ink import find_ink, is_wide, sharp
from digits.reading.lines import HALO, Lines, find_lines, width_beside, without_lines
from digits.reading.path import Row, prepare
from digits.reading.pieces import FRAGMENT, Piece, connected_parts, grouped, joined, usual_side
from digits.reading.rows import in_rows
from digits.reading.threshold import FAINTEST, smoothed, stroke_width, strongest, thresholds

_WITHIN = 0.6  # sides of a cell that a digit reaches from its middle, at most
_STRONG = 0.5  # share of the strongest ink nearby that pen strokes have everywhere
_MANY = 8  # parts
_SHADES = 1.5  # times as much ink if a little fainter one counts: writing has up to 1.45, textures mostly more
_SHARES = (_STRONG, 0.4, 0.2)  # likewise what is a little fainter, and what may be a printed line or a worn stroke


@dataclass(frozen=True, eq=False)
class Found:
    """What each step found in a picture of `height` times `width` pixels.

    Attributes:
        ink: uint8, `(height, width)`: how dark the ink is, 0 for paper.
        mask: bool, `(height, width)`: where ink is.
        width: of strokes, in pixels; 0 where there is no ink.
        lines: that nobody wrote.
        grid: that is printed, if there is one.
        strokes: bool, `(height, width)`: where ink is, without the lines.
        rows: what may be digits, row by row.
    """

    ink: np.ndarray
    mask: np.ndarray
    width: float
    lines: Lines
    grid: Grid | None
    strokes: np.ndarray
    rows: list[Row]


def find(pixels: np.ndarray) -> Found:
    """What may be digits in a picture (uint8, `(height, width, 3)`), and each step on the way there."""
    ink, width = find_ink(pixels)
    mask, shades, faint = thresholds(ink, width, _SHARES)
    width = stroke_width(mask)
    lines = find_lines(faint, width)
    grid = find_grid(lines)
    if lines.level or lines.upright:
        width = width_beside(lines, mask) or width
        written = np.where(lines.drawn(HALO), 0, smoothed(ink, width)).astype(np.uint8)
        mask, shades, faint = thresholds(ink, width, _SHARES, strongest(written))
        if grid:
            mask |= in_own_cell(written, grid)
    if is_wide(mask, width):
        mask &= sharp(mask, ink)
    strokes = without_lines(mask, lines, width)
    parts = connected_parts(strokes, width)
    if grid and not is_filled_in(grid, parts):
        grid = None
    faint = without_lines(faint, lines, width)
    if grid:
        rows = in_cells(parts, grid)
    elif is_surface(parts, strokes, without_lines(shades, lines, width)):
        rows = []
    else:
        rows = beside_each_other(grouped(parts, strokes, faint, width))
    return Found(
        ink,
        mask,
        width,
        lines,
        grid,
        strokes,
        [prepare(row, width, may_touch=not (grid and grid.for_one)) for row in rows],
    )


def in_own_cell(ink: np.ndarray, grid: Grid) -> np.ndarray:
    """Where ink is strong for the cell that it is in (bool, `(height, width)`): a pencil, where others hold print.

    Args:
        ink: uint8, `(height, width)`, without lines.
        grid: whose cells.
    """
    mask = np.zeros(ink.shape, bool)
    for x, y in grid.middles.reshape(-1, 2).tolist():
        left, right, top, bottom = (max(0, round(at + by * grid.side)) for at in (x, y) for by in (-0.5, 0.5))
        inside = ink[top:bottom, left:right]
        mask[top:bottom, left:right] |= inside > max(FAINTEST, _STRONG * inside.max(initial=0))
    return mask


def is_surface(parts: Sequence[Piece], strokes: np.ndarray, shades: np.ndarray) -> bool:
    """Whether what looks like ink is cloth, wood or stone: it has all shades, where writing is dark or is paper.

    Args:
        parts: of the ink.
        strokes: bool, `(height, width)`: where strong ink is.
        shades: likewise, where ink is that may be a little fainter: of writing the edges of its strokes.
    """
    return len(parts) > _MANY and int(shades.sum()) > _SHADES * int(strokes.sum())


def is_filled_in(grid: Grid, parts: Sequence[Piece]) -> bool:
    """Whether what stands in a grid stands in its cells: on squared paper digits go across the squares."""
    large = [part for part in parts if part.side > 0.3 * grid.side]
    places = [(part, grid.cell(part.left + part.width / 2, part.top + part.height / 2)) for part in large]
    inside = [(part, grid.middles[cell]) for part, cell in places if cell]
    fitting = sum(
        abs(x - part.left - part.width / 2) + part.width / 2 < _WITHIN * grid.side
        and abs(y - part.top - part.height / 2) + part.height / 2 < _WITHIN * grid.side
        for part, (x, y) in inside
    )
    return fitting > 0.7 * len(inside)


def in_cells(parts: Sequence[Piece], grid: Grid) -> list[list[list[Piece]]]:
    """The parts in each cell of a grid as one piece, row by row; what is no size for a digit there is left out.

    Where a cell is for one digit, all that is in it is one part.
    """
    cells: dict[tuple[int, int], list[Piece]] = {}
    for part in parts:
        cell = grid.cell(part.left + part.width / 2, part.top + part.height / 2)
        if cell and 0.15 * grid.side < part.side < 1.3 * grid.side:
            cells.setdefault(cell, []).append(part)
    filled = {cell: inside for cell, inside in cells.items() if joined(inside).side > 0.3 * grid.side}
    numbers = sorted({row for row, _ in filled})
    if grid.for_one:
        filled = {cell: [joined(inside)] for cell, inside in filled.items()}
    return [[filled[cell] for cell in sorted(filled) if cell[0] == number] for number in numbers]


def beside_each_other(pieces: Sequence[list[Piece]]) -> list[list[list[Piece]]]:
    """Pieces, each a list of its parts, row by row; fragments go with the piece that they are near, or are left out."""
    wholes = [joined(parts) for parts in pieces]
    usual = usual_side(wholes)
    main = [index for index, whole in enumerate(wholes) if whole.side >= FRAGMENT * usual]
    rows = [[main[place] for place in row] for row in in_rows(np.array([wholes[index].bounds for index in main]))]
    for index, whole in enumerate(wholes):
        if index not in main:
            nearest = min(main, key=lambda other: whole.gap(wholes[other]))
            if whole.gap(wholes[nearest]) < 0.25 * usual:
                next(row for row in rows if nearest in row).append(index)
    return [[pieces[index] for index in row] for row in rows]
