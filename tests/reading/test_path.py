import numpy as np
import pytest

from digits.reading.network import Answers
from digits.reading.path import best_path, cut_from, prepare
from digits.reading.pieces import Piece


def bar(left: int, width: int = 30, height: int = 60, top: int = 0) -> Piece:
    return Piece.at(top, left, np.ones((height, width), bool))


def answers(confidences: list[float], doubts: list[float] | None = None) -> Answers:
    probabilities = np.full((len(confidences), 10), 0.01, np.float32)
    probabilities[:, 3] = confidences
    none = np.zeros(len(confidences), np.float32)
    return Answers(probabilities, none if doubts is None else np.array(doubts, np.float32), none)


def said(row, sure: dict[tuple[int, int], float], other: float = 0.3) -> Answers:
    return answers([sure.get((one.first, one.last), other) for one in row.candidates])


def taken(row, path: list[int]) -> list[tuple[int, int]]:
    return [(row.candidates[index].first, row.candidates[index].last) for index in path]


def test_separate_digits_are_read_one_by_one_whatever_they_look_like_together():
    row = prepare([[bar(0)], [bar(36)], [bar(100)]], 10)
    path = best_path(row, said(row, {(0, 0): 0.8, (1, 1): 0.8, (2, 2): 0.8, (0, 1): 0.99}))
    assert taken(row, path) == [(0, 0), (1, 1), (2, 2)]


def test_a_gap_is_hardly_within_a_digit():
    row = prepare([[bar(0)], [bar(45, height=40, width=20)]], 10)
    path = best_path(row, said(row, {(0, 0): 0.8, (1, 1): 0.8, (0, 1): 0.95}))
    assert taken(row, path) == [(0, 0), (1, 1)]


def test_parts_of_a_broken_digit_are_read_as_one_if_the_network_says_so():
    row = prepare([[bar(0), bar(34, height=30, width=20)]], 10)
    assert taken(row, best_path(row, said(row, {(0, 1): 0.95}))) == [(0, 1)]
    assert taken(row, best_path(row, said(row, {(0, 0): 0.95, (1, 1): 0.95}))) == [(0, 0), (1, 1)]


def test_a_cut_is_used_only_where_both_sides_are_digits():
    wide = Piece.at(0, 0, np.ones((60, 90), bool))
    wide.mask[4:56, 40:50] = False  # two that touch above and below
    row = prepare([[wide]], 4)
    assert len(row.atoms) == 2
    assert taken(row, best_path(row, said(row, {(0, 1): 0.95}))) == [(0, 1)]
    assert taken(row, best_path(row, said(row, {(0, 0): 0.95, (1, 1): 0.95}))) == [(0, 0), (1, 1)]
    assert len(prepare([[wide]], 4, may_touch=False).atoms) == 1


def test_a_speck_beside_a_digit_is_left_out_if_it_is_none():
    row = prepare([[bar(0)], [bar(50, width=9, height=9, top=20)]], 10)
    path = best_path(row, said(row, {(0, 0): 0.9}, other=0.1))
    assert taken(row, path) == [(0, 0)]


def test_doubt_counts_as_surprise():
    row = prepare([[bar(0), bar(34, height=30, width=20)]], 10)
    sure = answers([0.95] * len(row.candidates), [0.9 if one.first == one.last else 0.0 for one in row.candidates])
    assert taken(row, best_path(row, sure)) == [(0, 1)]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_every_path_takes_every_digit_once(count, rng):
    row = prepare([[bar(60 * index)] for index in range(count)], 10)
    path = best_path(row, answers(rng.uniform(0.1, 1, len(row.candidates)).tolist()))
    covered = [place for first, last in taken(row, path) for place in range(first, last + 1)]
    assert covered == list(range(count))


def test_what_is_cut_out_of_no_digit_is_none():
    wide = Piece.at(0, 0, np.ones((60, 90), bool))
    wide.mask[4:56, 40:50] = False
    row = prepare([[wide], [bar(150)]], 4)
    assert [part.bounds for part in row.parts] == [wide.bounds]
    candidates = said(row, {(0, 0): 0.95, (1, 1): 0.95, (2, 2): 0.95})
    for nothing, sure in ((0.0, 0.95), (0.9, 0.095), (1.0, 0.0)):
        known = cut_from(row, candidates, answers([0.1], [nothing]))
        by_atoms = dict(zip(((one.first, one.last) for one in row.candidates), known.confidences, strict=True))
        assert by_atoms[0, 0] == by_atoms[1, 1] == pytest.approx(sure, abs=1e-6)
        assert by_atoms[2, 2] == pytest.approx(0.95)  # not cut out of anything
        assert by_atoms[0, 1] == pytest.approx(0.3)  # the whole


def test_several_digits_may_be_cut_apart():
    wide = Piece.at(0, 0, np.ones((60, 90), bool))
    wide.mask[4:56, 40:50] = False
    row = prepare([[wide]], 4)
    candidates = said(row, {(0, 0): 0.95, (1, 1): 0.95})
    several = Answers(answers([0.1]).probabilities, np.float32([0.02]), np.float32([0.97]))
    assert taken(row, best_path(row, cut_from(row, candidates, several))) == [(0, 0), (1, 1)]
