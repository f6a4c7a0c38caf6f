import numpy as np
import pytest

from digits.reading.finder import SIZES
from tests.reading.blobs import SCORE, finder


def page(height: int, width: int, *boxes: tuple[int, int, int, int]) -> np.ndarray:
    pixels = np.full((height, width, 3), 230, np.uint8)
    for left, top, wide, high in boxes:
        pixels[top : top + high, left : left + wide] = 20
    return pixels


@pytest.mark.parametrize("scale", [0.25, 1, 3])
def test_boxes_are_in_pixels_of_the_picture_whatever_size_that_has(scale):
    boxes = [tuple(round(scale * value) for value in box) for box in [(40, 40, 60, 120), (160, 48, 64, 100)]]
    found = finder()(page(round(300 * scale), round(400 * scale), *boxes))
    assert len(found.boxes) == len(boxes)
    assert found.boxes[np.argsort(found.boxes[:, 0])] == pytest.approx(np.array(boxes), abs=6 * scale)


def test_large_and_small_digits_are_found_at_once():
    boxes = [(40, 40, 400, 600), (600, 100, 12, 18), (640, 100, 14, 18)]
    found = finder()(page(800, 1000, *boxes))
    for box in boxes:
        assert np.abs(found.boxes - box).max(1).min() < 12, box


def test_a_size_finds_only_digits_that_it_is_meant_for():
    pixels = page(320, 320, (20, 20, 200, 250), (280, 40, 6, 7))
    assert len(finder()(pixels, sizes=(320,)).boxes) == 0
    assert len(finder()(pixels, sizes=(80,)).boxes) == 1


def test_a_picture_is_asked_about_at_few_sizes():
    asked = finder()
    asked(page(28, 28, (10, 5, 8, 18)))
    assert [max(shape) for shape in asked.session.shapes] == [96, 128, 160]
    asked.session.shapes.clear()
    asked(page(3000, 4000))
    assert len(asked.session.shapes) <= len(SIZES)


def test_what_several_sizes_show_is_likelier():
    pixels = page(300, 400, (40, 40, 60, 120), (160, 48, 64, 100))
    once, twice, often = (finder()(pixels, sizes=sizes) for sizes in ((160, 1120), (160, 226, 1120), SIZES))
    assert once.scores == pytest.approx(np.full(2, SCORE / 2), abs=1e-3)
    assert twice.scores == pytest.approx(np.full(2, 1 - (1 - SCORE / 2) ** 2), abs=1e-3)
    assert (often.scores > twice.scores).all()
    assert twice.means == pytest.approx(np.full(2, SCORE), abs=1e-3)  # each of them is as sure
    assert once.boxes.shape == twice.boxes.shape == often.boxes.shape == (2, 4)
    assert often.probabilities.sum(1) == pytest.approx(np.ones(2), abs=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 10_000), (10_000, 1), (33, 31)])
def test_any_shape_of_picture_can_be_asked_about(shape):
    found = finder()(page(*shape))
    assert found.boxes.shape == (0, 4)
    assert all(heat.size for heat in found.heat.values())


def test_it_looks_closely_only_where_ink_is_left():
    asked = finder()
    pixels = page(900, 1200, (300, 200, 150, 300), (600, 220, 160, 280))  # two large digits, and nothing else
    assert len(asked(pixels).boxes) == 2
    assert max(max(shape) for shape in asked.session.shapes) <= 320
    asked.session.shapes.clear()
    pixels[700:718, 500:512] = 20  # a small one
    found = asked(pixels)
    assert len(found.boxes) == 3
    largest = max(asked.session.shapes, key=lambda shape: shape[1] * shape[2])
    assert largest[1] * largest[2] < 320 * 320
    assert {heat.shape[1] * 4 // size for size, heat in found.heat.items()} == {1}
    for size, heat in found.heat.items():
        y, x = np.unravel_index(heat.argmax(), heat.shape)
        if size > 320:
            assert (4 * x / size * 1200, 4 * y / size * 1200) == pytest.approx((506, 709), abs=12)
