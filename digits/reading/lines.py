"""Lines that nobody wrote: ruled and squared paper, frames, grids, page edges. They are found and taken out of the ink.

A line is longer than any stroke of a digit, and nearly level or upright. Photographs bend and turn it, so it is looked
for as a chain of straight runs. Where a stroke crosses a line, the stroke stays whole.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from digits.reading.threshold import stroke_width

_RUN = 24  # pixels: straight runs of at least this length make up a line
_HIGHER = 0.4  # stroke widths by which ink is higher than a line where a stroke crosses
_BEYOND = 32  # pixels that a line is drawn on for at either end, where runs were too short to be found
_VISIBLE = 0.25  # share of a line that is to be seen in the mask where nothing is written, or it is a faint one
_STEEPEST = 0.2  # slope of a line: paper is turned less
_SEEN = 0.85  # share of a printed line that is seen; of a chain of digits in neighbouring cells it is less
HALO = 4  # pixels by which lines are blurred
_MOST = 300  # lines either way that are looked at, the longest ones


@dataclass(frozen=True, eq=False)
class Line:
    """Level runs that continue each other. An upright line is one of the picture's transpose.

    Attributes:
        left, top: where its box begins, in pixels.
        mask: bool, `(height, length)`: its pixels in that box.
    """

    left: int
    top: int
    mask: np.ndarray

    @property
    def length(self) -> int:
        """In pixels, from its left end to its right one."""
        return self.mask.shape[1]

    @property
    def right(self) -> int:
        return self.left + self.length

    @property
    def bottom(self) -> int:
        return self.top + self.mask.shape[0]

    @cached_property
    def thickness(self) -> float:
        """In pixels."""
        return float(np.median(self.mask.sum(0)))

    @property
    def seen(self) -> float:
        """Share of its length where it is to be seen, but for its longest gap: print may be interrupted once."""
        where = np.flatnonzero(self.mask.any(0))
        return len(where) / (self.length - int(np.diff(where).max(initial=1)) + 1)

    @cached_property
    def middles(self) -> np.ndarray:
        """float, `(n, 2)`: x and y, in the picture, of the middle of each column of it that has pixels."""
        counts = self.mask.sum(0)
        along = np.flatnonzero(counts)
        across = (np.arange(self.mask.shape[0]) @ self.mask)[along] / counts[along]
        return np.column_stack([along + self.left, across + self.top])

    @cached_property
    def slope(self) -> float:
        """How far it goes down for each pixel to the right."""
        x, y = self.middles.T
        return float(np.polyfit(x - x.mean(), y, 1)[0])

    @cached_property
    def curve(self) -> np.ndarray:
        """float, `(n, 2)`: points from left to right of the smooth curve (a cubic) that it follows, as paper bends."""
        x, y = self.middles.T
        middle, along = x.mean(), (x - x.mean()) / max(1, self.length)
        near = np.ones(len(x), bool)
        for _ in range(3):  # strokes that run into the line pull its middles away: they are left out
            fit = np.polynomial.Polynomial.fit(along[near], y[near], min(3, int(near.sum()) // 8))
            near = np.abs(y - fit(along)) <= max(1.0, np.percentile(np.abs(y - fit(along)), 75))
        places = np.linspace(self.left - _BEYOND, self.right + _BEYOND, 2 + self.length // 10)
        inside = places.clip(x[0], x[-1])
        return np.column_stack([places, fit((inside - middle) / max(1, self.length)) + self.slope * (places - inside)])

    @cached_property
    def is_straight(self) -> bool:
        """Whether it is thin, nearly level, and bends no more than paper does: by a thirtieth of its length."""
        if self.thickness > self.length / 8 or abs(self.slope) > _STEEPEST:
            return False
        x, y = self.middles.T
        bend = np.abs(y - y.mean() - self.slope * (x - x.mean()))
        return float(np.percentile(bend, 95)) <= self.length / 30 + 1

    def drawn(self, shape: tuple[int, ...], thickness: int, corner: tuple[int, int] = (0, 0)) -> np.ndarray:
        """Its curve, without gaps and a little longer than it was found: uint8, of `shape`, 1 on the line.

        The part of the picture that is drawn has its upper left corner, x and y, at `corner`.
        """
        image = np.zeros(shape, np.uint8)
        return cv2.polylines(image, [np.rint(self.curve - corner).astype(np.int32)], False, 1, max(1, thickness))


@dataclass(frozen=True)
class Lines:
    """The lines in a picture of `shape`, height and width."""

    shape: tuple[int, int]
    level: list[Line]
    upright: list[Line]

    def drawn(self, wider: float = 0.0) -> np.ndarray:
        """All of them, `wider` pixels thicker than they are, at least two: uint8, of `shape`, 1 on a line."""
        image, turned = np.zeros(self.shape, np.uint8), np.zeros(self.shape[::-1], np.uint8)
        for lines, drawn in ((self.level, image), (self.upright, turned)):
            for line in lines:
                drawn |= line.drawn(drawn.shape, max(2, round(line.thickness + wider)))
        return image | turned.T


def find_lines(mask: np.ndarray, width: float) -> Lines:
    """The lines in a mask of ink (bool, `(height, width)`) whose strokes are `width` pixels wide.

    A line reaches from edge to edge of the picture, or two others meet or cross it, as in a grid or a frame.
    """
    height, length = mask.shape
    run = max(_RUN, min(max(mask.shape) // 5, 32), round(2 * width))
    level, upright = _chains(mask, run), _chains(np.ascontiguousarray(mask.T), run)
    far_level = [line for line in level if _goes_far(line, length, upright)]
    far_upright = [line for line in upright if _goes_far(line, height, level)]
    return Lines(
        (height, length),
        [line for line in level if line in far_level or _is_cut(line, mask.shape, far_upright, upright)],
        [line for line in upright if line in far_upright or _is_cut(line, mask.shape[::-1], far_level, level)],
    )


def _chains(mask: np.ndarray, run: int) -> list[Line]:
    """Level runs of at least `run` pixels, where they continue each other as one line.

    Runs may climb a little, by a tenth where a line is three pixels thick.
    """
    thicker = cv2.dilate(mask.astype(np.uint8), np.ones((3, 1), np.uint8))
    runs = _opened(thicker, (1, run)) & mask.view(np.uint8)
    if not runs.any():
        return []
    linked = cv2.dilate(runs, np.ones((3, run // 2 | 1), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(linked)
    longest = 1 + np.argsort(-stats[1:, cv2.CC_STAT_WIDTH], kind="stable")[:_MOST]
    parts = []
    for label in longest[stats[longest, cv2.CC_STAT_WIDTH] > 3 * run].tolist():
        left, top, wide, high = stats[label, :4].tolist()
        box = slice(top, top + high), slice(left, left + wide)
        part = (labels[box] == label) & runs[box].astype(bool)
        columns = np.flatnonzero(part.any(0))
        if columns.size:
            parts.append(Line(left + int(columns[0]), top, part[:, columns[0] : columns[-1] + 1]))
    return _linked(parts, run)


def _opened(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """What is left of a mask (uint8) where a bar of `shape` fits in; nothing is known beyond the edges."""
    return cv2.morphologyEx(
        mask, cv2.MORPH_OPEN, np.ones(shape, np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )


def _linked(parts: list[Line], run: int) -> list[Line]:
    """Lines that end where another one goes on, in the same direction and as thick, as one."""
    lines: list[Line] = []
    for part in sorted(parts, key=lambda part: part.left):
        for index, line in enumerate(lines):
            gap = part.left - line.right
            slope = (line.slope + part.slope) / 2
            climb = part.middles[:run, 1].mean() - line.middles[-run:, 1].mean() - slope * (gap + run)
            thick = max(line.thickness, part.thickness)
            if -run < gap < 4 * run and abs(climb) < 2 + thick and thick < 3 * min(line.thickness, part.thickness):
                lines[index] = _both(line, part)
                break
        else:
            lines.append(part)
    return lines


def _both(a: Line, b: Line) -> Line:
    left, top = min(a.left, b.left), min(a.top, b.top)
    right, bottom = max(a.right, b.right), max(a.bottom, b.bottom)
    mask = np.zeros((bottom - top, right - left), bool)
    for line in (a, b):
        mask[line.top - top : line.bottom - top, line.left - left : line.right - left] |= line.mask
    return Line(left, top, mask)


def _goes_far(line: Line, side: int, across: list[Line]) -> bool:
    """Whether a line goes from edge to edge of the picture (`side` pixels), or far: from line to line, across four."""
    if not line.is_straight:
        return False
    if any(_at_edges(line, side)) and line.length > 0.92 * side:
        return True
    ends = [
        other
        for other in across
        if other.is_straight and other.length > side / 6 and _are_square(line, other)
        if other.thickness > line.thickness / 1.5
    ]
    if line.length < side / 6 or line.seen < _SEEN:
        return False
    return len(_crossed(line, ends)) >= 4 or (_meets(line.left, line, ends) and _meets(line.right, line, ends))


def _is_cut(line: Line, shape: tuple[int, ...], lines: list[Line], across: list[Line]) -> bool:
    """Whether a line goes from an edge of the picture to a line across, or to where another one such ends: a corner.

    Args:
        line: a level one.
        shape: height and width of the picture.
        lines: upright ones that are known to be lines.
        across: all that may be upright lines.
    """
    height, side = shape
    if not line.is_straight or not any(_at_edges(line, side)):
        return False
    beside = min(line.top, height - line.bottom) < height / 4 and line.length > side / 2
    corners = [
        other
        for other in across
        if beside and other.is_straight and any(_at_edges(other, height)) and other.length > height / 2
        if min(other.top, side - other.bottom) < side / 4
    ]
    end = line.right if _at_edges(line, side)[0] else line.left
    return _meets(end, line, [other for other in [*lines, *corners] if _are_square(line, other)])


def _at_edges(line: Line, side: int) -> tuple[bool, bool]:
    """Whether either end of a line is at an edge of the picture, which is `side` pixels long."""
    near = 0.01 * side + 2
    return line.left <= near, line.right >= side - near


def _are_square(line: Line, across: Line) -> bool:
    return abs(line.slope + across.slope) < 0.08


def _crossed(line: Line, across: list[Line]) -> list[Line]:
    """The lines across that a line crosses or nearly touches."""
    slack = 0.03 * line.length + 3
    y = (line.top + line.bottom) / 2
    return [
        other
        for other in across
        if line.left - slack <= (other.top + other.bottom) / 2 <= line.right + slack
        and other.left - slack <= y <= other.right + slack
    ]


def _meets(end: int, line: Line, across: list[Line]) -> bool:
    """Whether one of the lines across goes through an end of a line."""
    slack = 0.03 * line.length + 3
    return any(other.top - slack <= end <= other.bottom + slack for other in _crossed(line, across))


def width_beside(lines: Lines, mask: np.ndarray) -> float:
    """The usual width of strokes of a mask (bool, `(height, width)`), in pixels, where no lines are; 0 without any."""
    if lines.level or lines.upright:
        mask = mask & (lines.drawn(HALO) == 0)
    return stroke_width(mask)


def without_lines(mask: np.ndarray, lines: Lines, width: float) -> np.ndarray:
    """The ink (bool, `(height, width)`) without lines, but with the strokes of `width` pixels that cross them."""
    cleaned = mask.copy()
    for line in lines.level:
        _take_out(cleaned, line, width)
    for line in lines.upright:
        _take_out(cleaned.T, line, width)
    return cleaned


def _take_out(mask: np.ndarray, line: Line, width: float) -> None:
    """Clears a level line, but not where ink is clearly higher than the line is thick: there a stroke crosses.

    Of a line so faint that the mask shows little of it, only rests are cleared, which no stroke touches: near the pen's
    strokes the threshold has left the line out already, and what lies along it there is a stroke.
    """
    thick = round(line.thickness)
    reach = max(1, thick // 4)  # edges that are less dark than the line
    height = thick + reach + max(2, round(_HIGHER * width))
    top, left = max(0, line.top - height), max(0, line.left - _BEYOND)
    box = slice(top, line.bottom + height), slice(left, line.right + _BEYOND)
    inside = np.ascontiguousarray(mask[box]).view(np.uint8)
    band = line.drawn(inside.shape, thick + 2 * reach, (left, top))
    on_line, beside = inside & band, inside & ~band
    alone = ~beside.any(0)  # columns with nothing else
    if np.count_nonzero(on_line[:, alone].any(0)) > _VISIBLE * np.count_nonzero(alone):
        mask[box] = (inside & ~(on_line & ~_opened(inside, (height, 1)))).view(bool)
    else:
        _, parts = cv2.connectedComponents(inside)
        mask[box] = np.isin(parts, np.unique(parts[beside.view(bool)]))
