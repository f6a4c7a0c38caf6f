import numpy as np
import pytest

from digits.synthesis import cut_outs
from digits.synthesis.cut_outs import draw, in_form
from digits.synthesis.non_digits import NONE, SEVERAL
from digits.synthesis.pages import Page


def a_page(boxes, labels, others=()) -> Page:
    """A white page of 192 pixels with a black ring in each box."""
    pixels = np.full((192, 192, 3), 255, np.uint8)
    for left, top, width, height in np.array([*boxes, *others]).round().astype(int).tolist():
        pixels[top : top + height, left : left + width] = 0
        pixels[top + 6 : top + height - 6, left + 6 : left + width - 6] = 255
    as_boxes = [np.array(some, np.float32).reshape(-1, 4) for some in (boxes, others)]
    return Page(pixels, as_boxes[0], np.array(labels, np.int64), as_boxes[1])


@pytest.fixture
def of_pages(monkeypatch, rng):
    """What is cut out of one page, again and again, so many."""

    def cut(page: Page, count: int):
        monkeypatch.setattr(cut_outs, "page", lambda digits, rng, side: page)
        return draw(count, None, rng)

    return cut


def test_so_many_are_cut_out_of_composed_pages(mnist, rng):
    some = draw(120, mnist.train, rng)
    assert (some.images.shape, some.images.dtype) == ((120, 28, 28), np.uint8)
    assert (some.labels.shape, some.labels.dtype) == ((120,), np.int64)
    assert {*range(10), NONE} <= set(some.labels.tolist()) <= {*range(10), NONE, SEVERAL}
    assert (some.images.max(axis=(1, 2)) > 100).mean() > 0.9


def test_digits_and_what_is_none_are_told_apart(of_pages):
    some = of_pages(a_page([(20, 20, 40, 60)], [7], [(110, 30, 50, 50)]), 40)
    assert sorted(set(some.labels.tolist())) == [7, NONE]
    rows, columns = ((some.images > 100).any(axis=axis).sum(axis=1) for axis in (2, 1))
    assert (rows[some.labels == 7] > 1.2 * columns[some.labels == 7]).all()
    assert (np.abs(rows - columns)[some.labels == NONE] <= 2).all()


def test_a_digit_beside_another_is_at_times_cut_out_with_it(of_pages):
    some = of_pages(a_page([(20, 60, 30, 50), (60, 60, 30, 50)], [3, 4]), 200)
    assert 5 < (some.labels == SEVERAL).sum() < 40
    below = of_pages(a_page([(20, 20, 30, 50), (20, 110, 30, 50)], [3, 4]), 100)
    assert SEVERAL not in below.labels


def test_what_lies_on_a_digit_is_not_cut_out_as_none(of_pages):
    assert NONE not in of_pages(a_page([(20, 20, 60, 60)], [7], [(40, 40, 20, 20)]), 20).labels


def test_thin_strokes_become_as_wide_as_mnists(rng):
    pixels = np.full((192, 192, 3), 255, np.uint8)
    pixels[20:160, 60] = 0
    image = in_form(pixels, (50, 15, 20, 150))
    assert 1.2 <= image[10:18].sum(axis=1).mean() / 255 <= 3
