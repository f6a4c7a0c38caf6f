"""Which pieces make up which digits: the best path through the alternatives, by what the network says of each.

Heuristic over-segmentation (LeCun et al. 1998, section VII): ink is cut wherever digits may touch, more often than
needed. A candidate for a digit is one of the atoms that come out, or some that follow each other. A path through a row
takes each atom into one candidate, or leaves it out; the path with the least cost is what the row says.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from digits.reading.cuts import cut
from digits.reading.network import Answers
from digits.reading.pieces import FRAGMENT, Piece, is_above, joined, usual_side

_MOST = 5  # atoms of a digit


@dataclass(frozen=True)
class Weights:
    """What speaks against a candidate.

    They were chosen, by search, on rows composed of MNIST's training digits: one to five of them, apart, close and
    touching. All that counts is how they stand to each other.

    Attributes:
        surprise: of the negative logarithm of the network's confidence.
        gap: of the gaps in it, in heights of a digit.
        join: of each neighbour in it that is a part of its own and as high as a digit.
        wide: of how much wider it is than a digit usually is, in its heights.
        low: of how much lower it is than a digit at least is, in heights of a digit.
        cut: of each of its ends that is a cut through ink.
        left_out: of a fragment that is left out, for its size in heights of a digit.
    """

    surprise: float = 3.0
    gap: float = 5.0
    join: float = 0.9
    wide: float = 3.0
    low: float = 0.5
    cut: float = 0.15
    left_out: float = 6.0


WEIGHTS = Weights()
_ASPECT = 1.15  # width of a digit for its height, at most
_LOWEST = 0.65  # height of a digit for that of the others in its row, at least


@dataclass(frozen=True, eq=False)
class Candidate:
    """Atoms `first` to `last` of a row as one digit, and what speaks against it before the network is asked.

    Attributes:
        gap: between its atoms, in heights of a digit.
        joins: how many of its neighbouring atoms are parts of their own and as high as a digit.
        wide: by how many of its heights it is too wide.
        low: by how many heights of a digit it is too low.
        cuts: how many of its ends are cuts through ink.
        within: the numbers of the row's parts that it is cut out of.
    """

    first: int
    last: int
    piece: Piece
    gap: float
    joins: int
    wide: float
    low: float
    cuts: int
    within: tuple[int, ...] = ()

    def cost(self, weights: Weights) -> float:
        """What speaks against it, as one number; 0 is nothing."""
        return (
            weights.gap * self.gap
            + weights.join * self.joins
            + weights.wide * self.wide
            + weights.low * self.low
            + weights.cut * self.cuts
        )


@dataclass(frozen=True, eq=False)
class Row:
    """Atoms from left to right, and what digits they may be.

    Attributes:
        atoms: ink that is not divided further.
        sizes: of each atom, in heights of a digit.
        candidates: what may be a digit, whose atoms follow each other.
        parts: ink that was cut into atoms, as it was before.
    """

    atoms: list[Piece]
    sizes: list[float]
    candidates: list[Candidate]
    parts: list[Piece]


def prepare(groups: Sequence[Sequence[Piece]], width: float, may_touch: bool = True) -> Row:
    """Cut a row's pieces into atoms, and make every candidate for a digit of them.

    Args:
        groups: the parts of each piece of the row, as `pieces.grouped` gives them.
        width: of strokes, in pixels.
        may_touch: whether one part may be several digits.
    """
    columns = [_side_by_side(group) for group in groups]
    usual = usual_side([part for parts in columns for part in parts])
    atoms: list[tuple[Piece, int, int]] = []  # each with the numbers of its piece and of its part
    for number, parts in enumerate(columns):
        for part_number, part in enumerate(parts):
            atoms += [(atom, number, part_number) for atom in (cut(part, width) if may_touch else [part])]
    atoms.sort(key=lambda atom: atom[0].left + atom[0].right)
    pieces_of = Counter(atom[1:] for atom in atoms)
    divided = [part for part, count in pieces_of.items() if count > 1]
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
            joins = sum(
                one[1:] != other[1:] and min(one[0].height, other[0].height) > _LOWEST * usual
                for one, other in pairwise(inside)
            )
            wide = max(0.0, piece.width / max(piece.height, 0.6 * usual) - _ASPECT)
            low = max(0.0, _LOWEST - piece.height / usual)
            held = Counter(atom[1:] for atom in inside)
            within = tuple(index for index, part in enumerate(divided) if 0 < held[part] < pieces_of[part])
            candidates.append(Candidate(first, last, piece, gap, joins, wide, low, cuts, within))
    sizes = [atom.side / usual for atom, _, _ in atoms]
    return Row([atom for atom, _, _ in atoms], sizes, candidates, [columns[one][part] for one, part in divided])


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
        if last and (is_above(last, part, 0.3) or part.right <= last.right):
            columns[-1] = joined([last, part])
        else:
            columns.append(part)
    return columns


def cut_from(row: Row, candidates: Answers, parts: Answers) -> Answers:
    """What the network says of a row's candidates, where those cut out of what is no digit are none either.

    Digits that touch are several to the network; a letter is nothing, and then no stroke of it is a 1.
    """
    is_ink = np.array([np.prod(1 - parts.nothing[list(one.within)]) for one in row.candidates], np.float32)
    return Answers(candidates.probabilities, 1 - (1 - candidates.nothing) * is_ink, candidates.several * is_ink)


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
