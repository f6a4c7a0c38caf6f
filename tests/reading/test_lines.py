import cv2
import numpy as np
import pytest

from digits.reading.lines import find_lines, without_lines

WIDTH = 8


def page(height: int = 400, width: int = 600) -> np.ndarray:
    return np.zeros((height, width), np.uint8)


def written(image: np.ndarray) -> np.ndarray:
    """An 8 and a 1: curves and a straight upright stroke."""
    cv2.circle(image, (200, 170), 30, 1, WIDTH)
    cv2.circle(image, (200, 230), 30, 1, WIDTH)
    cv2.line(image, (330, 135), (322, 265), 1, WIDTH)
    return image


def cleaned(image: np.ndarray) -> np.ndarray:
    mask = image.astype(bool)
    return without_lines(mask, find_lines(mask, WIDTH), WIDTH)


def test_writing_alone_is_no_line():
    mask = written(page()).astype(bool)
    lines = find_lines(mask, WIDTH)
    assert not lines.level
    assert not lines.upright
    assert np.array_equal(cleaned(mask), mask)


@pytest.mark.parametrize("climb", [0, 15, -25])
@pytest.mark.parametrize("thick", [2, 5])
def test_ruled_lines_are_taken_out_and_strokes_that_cross_them_stay(climb, thick):
    alone, ruled = written(page()).astype(bool), written(page())
    for y in (75, 175, 290):
        cv2.line(ruled, (0, y), (600, y + climb), 1, thick)
    left = cleaned(ruled)
    assert (left & ~alone).sum() < 0.04 * (ruled.astype(bool) & ~alone).sum()
    assert (left & alone).sum() > 0.93 * alone.sum()


def test_squares_and_a_frame_are_taken_out():
    alone, squared = written(page()).astype(bool), written(page())
    for y in range(25, 400, 50):
        cv2.line(squared, (0, y), (600, y), 1, 3)
    for x in range(25, 600, 50):
        cv2.line(squared, (x, 0), (x, 400), 1, 3)
    assert (cleaned(squared) & ~alone).sum() < 0.02 * (squared.astype(bool) & ~alone).sum()
    framed = written(page())
    cv2.rectangle(framed, (80, 60), (500, 340), 1, 6)
    left = cleaned(framed)
    assert (left & ~alone).sum() < 0.02 * (framed.astype(bool) & ~alone).sum()
    assert (left & alone).sum() > 0.97 * alone.sum()


def test_strokes_below_each_other_are_no_line():
    image = page()
    for y in (60, 160, 260, 360):  # of digits in four rows of a table, whose lines they touch
        cv2.line(image, (0, y), (600, y), 1, 3)
        cv2.line(image, (300, y - 62), (300, y), 1, WIDTH)
    left = cleaned(image)
    assert left[:, 300].mean() > 0.5


def test_a_corner_of_a_box_is_taken_out():
    alone, cut = written(page()).astype(bool), written(page())
    cv2.line(cut, (90, 0), (90, 350), 1, 9)
    cv2.line(cut, (90, 350), (600, 350), 1, 9)
    assert (cleaned(cut) & ~alone).sum() < 0.05 * (cut.astype(bool) & ~alone).sum()


def test_a_stroke_from_line_to_line_that_slants_is_writing():
    image = page()
    for y in (100, 300):
        cv2.line(image, (0, y), (600, y), 1, 3)
    cv2.line(image, (330, 100), (300, 300), 1, 4)
    assert cleaned(image)[120:280].sum() > 0.95 * image[120:280].sum()


def test_a_stroke_across_the_picture_that_slants_is_writing():
    image = page()
    cv2.line(image, (0, 350), (600, 50), 1, WIDTH)
    assert np.array_equal(cleaned(image), image.astype(bool))
