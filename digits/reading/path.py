"""Which pieces make up which digits: the best path through the alternatives, by what the network says of each.

Heuristic over-segmentation (LeCun et al. 1998, section VII): ink is cut wherever digits may touch, more often than
needed. A candidate for a digit is one of the atoms that come out, or some that follow each other. A path through a row
takes each atom into one candidate, or leaves it out; the path with the least cost is what the row says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from digits.reading.cuts import cut
from digits.reading.network import Answers
from digits.reading.pieces import FRAGMENT, Piece, joined, usual_side

_MOST = 5  # atoms of a digit
_GAP = 8.0  # cost of a gap in a digit, for each height of a digit
_CUT = 1.5  # cost of a cut between digits
_WIDE = 3.0  # cost of each height by which a digit is wider than usual
_ASPECT = 1.15  # width of a digit for its height, at most
_LEFT_OUT = 4.0  # cost of leaving out a fragment, for each height of a digit


@dataclass(frozen=True, eq=False)
class Candidate:
    """Atoms `first` to `last` of a row as one digit, and what speaks against it before the network is asked."""

    first: int
    last: int
    piece: Piece
    cost: float


@dataclass(frozen=True, eq=False)
class Row:
    """Atoms from left to right, and what digits they may be.

    Attributes:
        atoms: ink that is not divided further.
        skips: the cost of leaving out each atom.
        candidates: what may be a digit, whose atoms follow each other.
    """

    atoms: list[Piece]
    skips: list[float]
    candidates: list[Candidate]


def prepare(groups: Sequence[Sequence[Piece]], width: float) -> Row:
    """A row's candidates.

    Args:
        groups: the parts of each piece of the row, as `find_pieces` groups them.
        width: of strokes, in pixels.
    """
    usual = usual_side([joined(group) for group in groups])
    atoms: list[tuple[Piece, int]] = []
    for number, group in enumerate(groups):
        atoms += [(atom, number) for part in _side_by_side(group) for atom in cut(part, width)]
    atoms.sort(key=lambda atom: atom[0].left + atom[0].right)
    candidates = []
    for first in range(len(atoms)):
        for last in range(first, min(first + _MOST, len(atoms))):
            inside = atoms[first : last + 1]
            piece = joined([atom for atom, _ in inside])
            gaps = sum(
                max(0, b.left - max(part.right for part, _ in inside[: index + 1]))
                for index, ((_, one), (b, other)) in enumerate(pairwise(inside))
                if one != other
            )
            if last > first and (gaps > 0.3 * usual or piece.side > 1.8 * usual):
                break
            cuts = sum(
                atoms[place][1] == atoms[place + 1][1] for place in (first - 1, last) if 0 <= place < len(atoms) - 1
            )
            wide = max(0.0, piece.width / max(piece.height, 0.6 * usual) - _ASPECT)
            candidates.append(Candidate(first, last, piece, _GAP * gaps / usual + _WIDE * wide + _CUT / 2 * cuts))
    skips = [_LEFT_OUT * atom.side / usual if atom.side < FRAGMENT * usual else np.inf for atom, _ in atoms]
    return Row([atom for atom, _ in atoms], skips, candidates)


def _side_by_side(group: Sequence[Piece]) -> list[Piece]:
    """The parts of a piece, those that stand above each other joined."""
    columns: list[Piece] = []
    for part in sorted(group, key=lambda part: part.left):
        last = columns[-1] if columns else None
        if last and min(last.right, part.right) - part.left > 0.3 * min(last.width, part.width):
            columns[-1] = joined([last, part])
        else:
            columns.append(part)
    return columns


def best_path(row: Row, answers: Answers) -> list[int]:
    """The indices of the candidates on the path that costs least, from left to right.

    A candidate costs its own cost, and the surprise (the negative logarithm) that it is what the network says.
    """
    costs = -np.log(answers.confidences.clip(1e-6, 1)) + [candidate.cost for candidate in row.candidates]
    ending: dict[int, list[int]] = {}
    for index, candidate in enumerate(row.candidates):
        ending.setdefault(candidate.last, []).append(index)
    least, came_by = [0.0], [-1]
    for place, skip in enumerate(row.skips):
        ways = [(least[place] + skip, -1)]
        ways += [(least[row.candidates[index].first] + costs[index], index) for index in ending[place]]
        total, index = min(ways)
        least.append(total)
        came_by.append(index)
    path, end = [], len(row.atoms)
    while end > 0:
        index = came_by[end]
        if index >= 0:
            path.append(index)
        end = row.candidates[index].first if index >= 0 else end - 1
    return path[::-1]
