import math

import numpy as np
import pytest

from digits.synthesis.targets import targets

BOXES = np.array([(3, 5, 20, 40), (80, 30, 9, 33), (100.5, 60.25, 4, 3), (0, 92, 30, 4)], np.float32)
LABELS = np.array([7, 1, 7, 0])


def plainly(boxes, labels, height, width):
    """The same, cell by cell, as the paper and the issue say it."""
    heat, found, mask = np.zeros((10, height // 4, width // 4)), np.zeros((4, height // 4, width // 4)), {}
    for (left, top, wide, high), label in zip(boxes.astype(float).tolist(), labels.tolist(), strict=True):
        x, y = (left + wide / 2) / 4, (top + high / 2) / 4
        column, row = min(math.floor(x), width // 4 - 1), min(math.floor(y), height // 4 - 1)
        for r in range(height // 4):
            for c in range(width // 4):
                across = max(0.16 * wide / 4, 0.6)
                down = max(0.16 * high / 4, 0.6)
                bell = math.exp(-(((c - column) / across) ** 2 + ((r - row) / down) ** 2) / 2)
                heat[label, r, c] = max(heat[label, r, c], bell)
        found[:, row, column] = x - column, y - row, math.log(wide / 16), math.log(high / 16)
        mask[row, column] = 1
    return heat, found, mask


def test_targets_are_those_of_a_slow_plain_computation():
    found, (heat, boxes, mask) = targets(BOXES, LABELS, 96, 128), plainly(BOXES, LABELS, 96, 128)
    assert [one.dtype for one in found] == [np.float32] * 3
    assert [one.shape for one in found] == [(10, 24, 32), (4, 24, 32), (1, 24, 32)]
    assert np.allclose(found.heat, heat, atol=1e-6)
    assert np.allclose(found.boxes, boxes, atol=1e-5)
    assert set(zip(*np.nonzero(found.mask[0]), strict=True)) == set(mask)


def test_the_heat_is_1_at_each_centre_and_nowhere_else():
    heat = targets(BOXES, LABELS, 96, 128).heat
    assert sorted(map(tuple, np.argwhere(heat == 1).tolist())) == [(0, 23, 3), (1, 11, 21), (7, 6, 3), (7, 15, 25)]


def test_a_page_without_digits_has_nothing_to_find():
    assert not any(one.any() for one in targets(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), 32, 64))


@pytest.mark.parametrize("box", [(92, 92, 4, 4), (0, 0, 1, 1), (90, 90, 6, 6)])
def test_a_digit_at_the_edge_lies_in_a_cell_of_the_page(box):
    found = targets(np.array([box], np.float32), np.array([3]), 96, 96)
    assert found.mask.sum() == 1
    assert 0 <= found.boxes[:2].min() <= found.boxes[:2].max() <= 1
