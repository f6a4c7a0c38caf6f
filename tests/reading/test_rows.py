import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits.reading.rows import in_groups, in_rows


def boxes(*rows: list[tuple[float, float]], size: int = 40) -> np.ndarray:
    return np.array([(x, y, size * 0.6, size) for row in rows for x, y in row])


def test_no_boxes_no_rows():
    assert in_rows(np.zeros((0, 4))) == []


@pytest.mark.parametrize("slope", [-0.2, 0, 0.15])
def test_rows_that_slant(slope):
    rows = [[(60 * column, 100 * row + slope * 60 * column) for column in range(8)] for row in range(3)]
    assert in_rows(boxes(*rows)) == [list(range(start, start + 8)) for start in (0, 8, 16)]


def test_a_wide_gap_is_still_one_row():
    assert in_rows(boxes([(0, 0), (60, 4), (120, 0), (700, 8), (760, 4)])) == [[0, 1, 2, 3, 4]]


def test_a_row_that_slants_goes_on_after_a_gap():
    assert in_rows(boxes([(x, 0.17 * x) for x in (0, 60, 120, 180, 300)])) == [[0, 1, 2, 3, 4]]


def test_digits_of_different_size_stand_in_one_row():
    assert in_rows(np.array([(0, 0, 40, 80), (60, 30, 20, 40), (100, 10, 30, 60), (150, 50, 15, 30)])) == [[0, 1, 2, 3]]


def test_a_column_is_rows_of_one():
    assert in_rows(boxes([(5, 120)], [(0, 60)], [(8, 0)])) == [[2], [1], [0]]


@given(st.permutations(range(12)))
def test_the_order_in_which_boxes_come_does_not_matter(order):
    rows = [[(60 * column, 90 * row + 5 * column) for column in range(4)] for row in range(3)]
    found = in_rows(boxes(*rows)[list(order)])
    assert [[order[index] for index in row] for row in found] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


@pytest.mark.parametrize(
    ("lefts", "groups"),
    [
        ([0, 30, 60, 90], [0, 0, 0, 0]),
        ([0, 30, 60, 140, 170], [0, 0, 0, 1, 1]),
        ([0, 30, 130, 160, 260], [0, 0, 1, 1, 2]),
        ([0, 44, 88, 132], [0, 0, 0, 0]),  # written wide
        ([0, 90], [0, 1]),
        ([7], [0]),
        ([], []),
    ],
)
def test_a_wide_gap_parts_groups(lefts, groups):
    assert in_groups(boxes([(left, 0) for left in lefts])) == groups


def test_wide_digits_that_stand_close_are_one_group():
    assert in_groups(np.array([(0, 0, 20, 40), (30, 0, 20, 40), (60, 0, 70, 40), (140, 0, 70, 40)])) == [0, 0, 0, 0]
