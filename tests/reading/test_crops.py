import cv2
import numpy as np
import pytest

from digits.ink import ink_of, stroke_width
from digits.reading.crops import cut_out

COLOURS = {
    "black on white": ((255, 255, 255), (0, 0, 0)),
    "red on cream": ((240, 232, 210), (200, 40, 40)),
    "blue on grey": ((150, 150, 155), (60, 80, 170)),
    "a pencil": ((225, 225, 220), (150, 150, 150)),
    "chalk": ((40, 60, 50), (225, 225, 220)),
    "red ink, as bright in red": ((250, 250, 250), (250, 60, 60)),
    "blue on red": ((190, 60, 50), (40, 50, 150)),
}


def drawn(image: np.ndarray, ground, ink, factor: float = 4) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """A picture with an MNIST image on it, larger, and the box of its ink."""
    large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC) / 255
    rows, columns = np.flatnonzero((large > 0.5).any(1)), np.flatnonzero((large > 0.5).any(0))
    share = np.pad(large, 60)[:, :, np.newaxis].clip(0, 1)
    picture = np.uint8(np.array(ground) * (1 - share) + np.array(ink) * share)
    return picture, (columns[0] + 60, rows[0] + 60, np.ptp(columns) + 1, np.ptp(rows) + 1)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


@pytest.mark.parametrize(("ground", "ink"), COLOURS.values(), ids=COLOURS)
def test_a_digit_is_cut_out_as_mnist_has_it_whatever_its_colours(ground, ink, mnist):
    likenesses = []
    for image in mnist.test.images[:60]:
        picture, box = drawn(image, ground, ink)
        (form,) = cut_out(picture, np.array([box]))
        likenesses.append(likeness(form, image))
    assert np.mean(likenesses) > 0.92


def test_what_stands_beside_a_digit_is_not_cut_out_with_it(mnist):
    likenesses = []
    for image in mnist.test.images[:20]:
        picture, box = drawn(image, (240, 240, 240), (20, 20, 20))
        (alone,) = cut_out(picture, np.array([box]))
        left, top, width, height = box
        picture[:, left - 8 : left - 4] = 20  # an upright stroke
        picture[top + height + 4 : top + height + 8] = 20  # a line
        loose = left - 6, top - 6, width + 12, height + 12  # which reaches into both
        (beside,) = cut_out(picture, np.array([loose]))
        likenesses.append(likeness(alone, beside))
    assert np.mean(likenesses) > 0.93
    assert min(likenesses) > 0.75  # as much as a pixel to the side takes away


def test_boxes_that_stick_out_of_the_picture_can_be_cut_out():
    pixels = np.full((50, 40, 3), 200, np.uint8)
    boxes = np.array([(-10, -10, 30, 30), (35, 45, 30, 30), (100, 100, 20, 20), (-90, 0, 20, 20), (5, 5, 0.1, 0.1)])
    assert cut_out(pixels, boxes).shape == (5, 28, 28)
    assert cut_out(pixels, np.zeros((0, 4))).shape == (0, 28, 28)


def test_ink_has_no_empty_edges():
    pixels = np.full((100, 100, 3), 250, np.uint8)
    pixels[30:70, 40:50] = 10
    mask = ink_of(pixels, (36, 24, 20, 52))
    assert mask.all()
    assert mask.shape[0] / mask.shape[1] == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize("width", [4, 9, 20])
def test_strokes_are_as_wide_as_they_were_drawn(width):
    mask = np.zeros((200, 200), np.uint8)
    cv2.line(mask, (20, 30), (180, 150), 1, width)
    cv2.line(mask, (20, 150), (180, 100), 1, width)
    assert stroke_width(mask.astype(bool)) == pytest.approx(width, abs=0.25 * width + 0.5)
    assert stroke_width(np.zeros((5, 5), bool)) == 0
