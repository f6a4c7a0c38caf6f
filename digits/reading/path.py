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


@dataclass(frozen=True)
class Weights:
    """What speaks against a candidate, in units of the surprise that the network is wrong.

    Attributes:
        surprise: of the negative logarithm of the network's confidence.
        gap: of the gaps in it, in heights of a digit.
        wide: of the heights by which it is wider than a digit usually is.
        cut: of each of its ends that is a cut through ink.
        part: of each of its ends that is between parts of what seems to be one piece.
        left_out: of the height of a fragment that is left out, in heights of a digit.
    """

    surprise: float = 1.0
    gap: float = 8.0
    wide: float = 3.0
    cut: float = 0.75
    part: float = 0.75
    left_out: float = 4.0


WEIGHTS = Weights()
_ASPECT = 1.15  # width of a digit for its height, at most


@dataclass(frozen=True, eq=False)
class Candidate:
    """Atoms `first` to `last` of a row as one digit, and what speaks against it before the network is asked.

    Attributes:
        gap: between its atoms, in heights of a digit.
        wide: by how many of its heights it is too wide.
        cuts, parts: how many of its ends are cuts through ink, and between parts of one piece.
    """

    first: int
    last: int
    piece: Piece
    gap: float
    wide: float
    cuts: int
    parts: int

    def cost(self, weights: Weights) -> float:
        return (
            weights.gap * self.gap + weights.wide * self.wide + weights.cut * self.cuts + weights.part * self.parts
        )


@dataclass(frozen=True, eq=False)
class Row:
    """Atoms from left to right, and what digits they may be.

    Attributes:
        atoms: ink that is not divided further.
        sizes: of each atom, in heights of a digit.
        candidates: what may be a digit, whose atoms follow each other.
    """

    atoms: list[Piece]
    sizes: list[float]
    candidates: list[Candidate]


def prepare(groups: Sequence[Sequence[Piece]], width: float) -> Row:
    """A row's candidates.

    Args:
        groups: the parts of each piece of the row, as `pieces.grouped` gives them.
        width: of strokes, in pixels.
    """
    usual = usual_side([joined(group) for group in groups])
    atoms: list[tuple[Piece, int, int]] = []  # each with the numbers of its piece and of its part
    for number, group in enumerate(groups):
        for part_number, part in enumerate(_side_by_side(group)):
            atoms += [(atom, number, part_number) for atom in cut(part, width)]
    atoms.sort(key=lambda atom: atom[0].left + atom[0].right)
    candidates = []
    for first in range(len(atoms)):
        for last in range(first, min(first + _MOST, len(atoms))):
            inside = atoms[first : last + 1]
            piece = joined([atom for atom, _, _ in inside])
            gap = _gaps(inside) / usual
            if last > first and (gap > 0.3 or piece.side > 1.8 * usual):
                break
            ends = [pair for pair in (atoms[max(0, first - 1) : first + 1], atoms[last : last + 2]) if len(pair) == 2]
            cuts = sum(one[1:] == other[1:] for one, other in ends)
            parts = sum(one[1] == other[1] for one, other in ends) - cuts
            wide = max(0.0, piece.width / max(piece.height, 0.6 * usual) - _ASPECT)
            candidates.append(Candidate(first, last, piece, gap, wide, cuts, parts))
    return Row([atom for atom, _, _ in atoms], [atom.side / usual for atom, _, _ in atoms], candidates)


def _gaps(atoms: Sequence[tuple[Piece, int, int]]) -> int:
    """The gaps between atoms of different pieces, in pixels."""
    gaps, right = 0, atoms[0][0].right
    for (_, one, _), (atom, other, _) in pairwise(atoms):
        gaps += max(0, atom.left - right) if one != other else 0
        right = max(right, atom.right)
    return gaps


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


def best_path(row: Row, answers: Answers, weights: Weights = WEIGHTS) -> list[int]:
    """The indices of the candidates on the path that costs least, from left to right."""
    surprise = -np.log(answers.confidences.clip(1e-6, 1)) * weights.surprise
    costs = surprise + [candidate.cost(weights) for candidate in row.candidates]
    ending: dict[int, list[int]] = {}
    for index, candidate in enumerate(row.candidates):
        ending.setdefault(candidate.last, []).append(index)
    least, came_by = [0.0], [-1]
    for place, size in enumerate(row.sizes):
        skip = weights.left_out * size if size < FRAGMENT else np.inf
        ways = [(least[place] + skip, -1)]
        ways += [(least[row.candidates[index].first] + float(costs[index]), index) for index in ending[place]]
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
