"""From a mask of ink to pieces: its connected parts, without specks, and what belongs together of a broken stroke."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

MOST = 600  # parts of a picture, the largest ones: a full page of handwriting has less
_THINNEST = 0.25  # half of a part's width, in widths of strokes: what is thinner all over is the rest of a line
SMALLEST = 10  # pixels: of what is smaller nobody could say which digit it is
FRAGMENT = 0.45  # of a digit's usual height: what is smaller is a part of a digit, or none


@dataclass(frozen=True)
class Box:
    """A place in a picture, in pixels: `bottom` and `right` are just outside of it."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def around(cls, boxes: "Sequence[Box]") -> "Box":
        """The smallest box that holds all of these, at least one."""
        return cls(
            min(box.top for box in boxes),
            min(box.left for box in boxes),
            max(box.bottom for box in boxes),
            max(box.right for box in boxes),
        )

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Left, top, width and height."""
        return self.left, self.top, self.width, self.height

    @property
    def side(self) -> int:
        """The longer one."""
        return max(self.height, self.width)

    def gap(self, other: "Box") -> int:
        """Pixels between them, along the axis where they are further apart; negative where they overlap."""
        return max(self.left - other.right, other.left - self.right, self.top - other.bottom, other.top - self.bottom)


@dataclass(frozen=True, eq=False)
class Piece(Box):
    """Some ink: a digit, a part of one, or several; `mask` (bool, `(height, width)`) is where it is in its box."""

    mask: np.ndarray

    @classmethod
    def at(cls, top: int, left: int, mask: np.ndarray) -> "Piece":
        """The piece with this mask, whose upper left corner is there."""
        return cls(top, left, top + mask.shape[0], left + mask.shape[1], mask)


def joined(pieces: Sequence[Piece]) -> Piece:
    """The ink of several pieces as one."""
    if len(pieces) == 1:
        return pieces[0]
    box = Box.around(pieces)
    mask = np.zeros((box.height, box.width), bool)
    for piece in pieces:
        mask[piece.top - box.top : piece.bottom - box.top, piece.left - box.left : piece.right - box.left] |= piece.mask
    return Piece.at(box.top, box.left, mask)


def connected_parts(mask: np.ndarray, width: float) -> list[Piece]:
    """The connected parts of a mask (bool, `(height, width)`) that are more than specks, at most `MOST`.

    Args:
        mask: where ink is, without lines.
        width: of strokes, in pixels.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0  # the paper
    large = np.flatnonzero(area > max(8, 0.7 * width**2))
    depth = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, 3)  # half of a stroke's width, in its middle
    parts = []
    for label in large[np.argsort(-area[large], kind="stable")][:MOST].tolist():
        left, top, wide, high = stats[label, :4].tolist()
        box = slice(top, top + high), slice(left, left + wide)
        part = labels[box] == label
        if depth[box][part].max() > _THINNEST * width:
            parts.append(Piece.at(top, left, part))
    return parts


def grouped(parts: Sequence[Piece], mask: np.ndarray, faint: np.ndarray, width: float) -> list[list[Piece]]:
    """The parts of each piece: those that a worn stroke's faint ink links, small ones that nearly touch, and those that
    stand above each other as a 5 and its bar. What the picture's edge cuts off is left out.

    Args:
        parts: of `mask`.
        mask: where ink is, bool, `(height, width)`, without lines.
        faint: likewise, with fainter ink.
        width: of strokes, in pixels.
    """
    usual = usual_side(parts)
    groups = [[part] for part in parts if part.side >= 0.12 * usual and not _is_cut_off(part, mask.shape, usual)]
    if len(groups) > 1:
        groups = _joined_where(groups, lambda a, b: a.gap(b) <= 2.5 * width, _numbers(faint))
        usual = usual_side([joined(group) for group in groups])
        near = cv2.distanceTransform(1 - mask.view(np.uint8), cv2.DIST_L2, 3) < 0.75 * width  # from both sides
        groups = _joined_where(groups, lambda a, b: Box.around([a, b]).side < 1.9 * usual, _numbers(near))
        groups = _joined_where(groups, lambda a, b: _are_stacked(a, b, usual, width))
    return [group for group in groups if Box.around(group).side >= SMALLEST]


def usual_side(pieces: Sequence[Piece]) -> float:
    """How high digits are, in pixels: the median of the pieces' longer sides, where large and long ones count more.

    What is far wider than high may be several digits: there the height tells.
    """
    if not pieces:
        return 0.0
    sides = np.array([min(piece.side, 1.4 * piece.height) for piece in pieces])
    weights = sides * np.array([np.count_nonzero(piece.mask) for piece in pieces])
    order = np.argsort(sides)
    below = np.cumsum(weights[order])
    return float(sides[order][np.searchsorted(below, below[-1] / 2)])


def _numbers(mask: np.ndarray) -> np.ndarray:
    """The number of the connected part that each pixel of a mask lies in: int, `(height, width)`."""
    return cv2.connectedComponents(mask.view(np.uint8), connectivity=8)[1]


def _joined_where(
    groups: list[list[Piece]], belong: Callable[[Box, Box], bool], numbers: np.ndarray | None = None
) -> list[list[Piece]]:
    """Groups joined where their boxes `belong` together and, if `numbers` are given, they share a connected part."""
    boxes = [Box.around(group) for group in groups]
    shared = [frozenset(_number(part, numbers) for part in group) for group in groups]
    open_ = list(range(len(groups)))
    merged: list[list[Piece]] = []
    while open_:
        first = open_.pop()
        group, box, common = list(groups[first]), boxes[first], shared[first]
        while found := [i for i in open_ if common & shared[i] and belong(box, boxes[i])]:
            for i in found:
                open_.remove(i)
                group += groups[i]
                common |= shared[i]
            box = Box.around(group)
        merged.append(group)
    return merged


def _number(part: Piece, numbers: np.ndarray | None) -> int:
    """The number that most pixels of a part have; 0 for all where there are no numbers."""
    if numbers is None:
        return 0
    return int(np.bincount(numbers[part.top : part.bottom, part.left : part.right][part.mask]).argmax())


def is_above(a: Box, b: Box, share: float) -> bool:
    """Whether one stands above the other: they overlap in `share` of the narrower one's width, hardly in height."""
    beside = min(a.right, b.right) - max(a.left, b.left)
    above = min(a.bottom, b.bottom) - max(a.top, b.top)
    return beside > share * min(a.width, b.width) and above < 0.5 * min(a.height, b.height)


def _are_stacked(a: Box, b: Box, usual: float, width: float) -> bool:
    """Whether one stands above the other, near, and both together are as high as a digit, as a 5 and its bar.

    Where they nearly touch, they may be higher together: halves of a digit may be all that there is to tell its height.
    """
    height = max(a.bottom, b.bottom) - min(a.top, b.top)
    gap = height - a.height - b.height
    near = gap < 0.35 * usual and height < 1.5 * usual
    return is_above(a, b, 0.4) and (near or (gap < 2.5 * width and height < 1.9 * usual))


def _is_cut_off(piece: Box, shape: tuple[int, ...], usual: float) -> bool:
    """Whether it is the rest of something that the picture's edge cuts off."""
    beside = piece.left <= 1 or piece.right >= shape[1] - 1
    above = piece.top <= 1 or piece.bottom >= shape[0] - 1
    if not (beside or above):
        return False
    if piece.width == shape[1] and piece.height < 0.25 * piece.width:
        return True
    depth = min([piece.width] * beside + [piece.height] * above)  # how far it comes into the picture
    return depth < 0.35 * usual and (piece.side < 0.8 * usual or depth < 0.15 * piece.side)
