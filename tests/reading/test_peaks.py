import numpy as np
import pytest

from digits.reading.peaks import MOST, distinct, grouped, peaks
from tests.reading.blobs import SCORE, maps_of

BOXES = [(10.0, 20.0, 30.0, 50.0), (80.5, 21.25, 14.0, 44.0), (3.0, 90.0, 100.0, 20.0)]


def test_boxes_come_back_as_they_were_drawn():
    boxes, scores, probabilities = peaks(maps_of(BOXES, (128, 160), digit=7), 0.5)
    order = [np.abs(boxes - box).sum(1).argmin() for box in BOXES]
    assert sorted(order) == [0, 1, 2]
    assert boxes[order] == pytest.approx(np.array(BOXES), abs=1e-3)
    assert scores == pytest.approx(np.full(3, SCORE), abs=1e-5)
    assert probabilities.sum(1) == pytest.approx(np.ones(3), abs=1e-5)
    assert probabilities.argmax(1).tolist() == [7, 7, 7]
    assert (boxes.dtype, scores.dtype, probabilities.dtype) == (np.float32,) * 3


def test_nothing_is_found_where_nothing_is():
    boxes, scores, probabilities = peaks(maps_of([], (64, 64)), 0.1)
    assert (boxes.shape, scores.shape, probabilities.shape) == ((0, 4), (0,), (0, 10))


def test_only_the_top_of_a_hill_is_a_peak_and_the_highest_comes_first():
    maps = maps_of([], (64, 96))
    maps[3, 4:7, 4:7] = [[0, 1, 0], [1, 2, 1], [0, 1, 0]]
    maps[8, 5, 6] = 1.5  # another digit on the slope of a higher one is none
    maps[1, 12, 20] = 3
    boxes, scores, probabilities = peaks(maps, 0.5)
    assert probabilities.argmax(1).tolist() == [1, 3]
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    assert (boxes[:, 0] + boxes[:, 2] / 2).tolist() == [80, 20]


@pytest.mark.parametrize(("least", "found"), [(SCORE - 0.01, 3), (SCORE + 0.01, 0)])
def test_what_scores_less_is_none(least, found):
    assert len(peaks(maps_of(BOXES, (128, 160)), least)[0]) == found


def test_a_peak_at_the_edge_is_one():
    maps = maps_of([], (32, 32))
    maps[0, 0, 0] = maps[5, 7, 7] = 2
    assert len(peaks(maps, 0.5)[0]) == 2


def test_wild_maps_give_finite_boxes_and_not_too_many():
    maps = np.random.default_rng(0).normal(0, 50, (14, 200, 200)).astype(np.float32)
    for part in peaks(maps, 0.1):
        assert np.isfinite(part).all()
        assert len(part) == MOST


def test_of_boxes_of_one_digit_the_best_stays():
    boxes = np.array([(0, 0, 20, 40), (1, 1, 20, 40), (4, 2, 6, 30), (18, 0, 20, 40), (100, 0, 20, 40)], np.float32)
    assert distinct(boxes, np.array([0.5, 0.9, 0.8, 0.7, 0.6])).tolist() == [1, 3, 4]
    assert distinct(boxes, np.array([0.9, 0.5, 0.95, 0.7, 0.6])).tolist() == [2, 3, 4]
    assert distinct(np.zeros((0, 4), np.float32), np.zeros(0)).tolist() == []


def test_boxes_alike_are_together_but_a_part_is_not_the_whole():
    boxes = np.array([(0, 0, 20, 40), (1, 1, 20, 40), (4, 2, 6, 30), (90, 0, 0, 0)], np.float32)
    groups = grouped(boxes, np.array([0.5, 0.9, 0.8, 0.2]), 0.5, union=True)
    assert [group.tolist() for group in groups] == [[1, 0], [2], [3]]
