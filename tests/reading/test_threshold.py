import cv2
import numpy as np
import pytest

from digits.reading.ink import find_ink
from digits.reading.threshold import stroke_width, threshold
from tests.reading.compose import Paper, photographed


def found(drawn: np.ndarray, paper: Paper, rng: np.random.Generator) -> np.ndarray:
    ink, width = find_ink(photographed(drawn, paper, rng))
    return threshold(ink, width)


@pytest.mark.parametrize("paper", [Paper(), Paper(noise=3), Paper(noise=8, blur=1, shade=0.6), Paper(shadow=0.6)])
def test_an_empty_page_stays_empty(paper, rng):
    assert found(np.zeros((400, 600), np.float32), paper, rng).mean() < 0.001


def test_what_is_drawn_is_found(rng):
    drawn = cv2.circle(np.zeros((300, 400), np.float32), (200, 150), 80, 1, 9)
    mask = found(drawn, Paper(noise=4, shade=0.5), rng)
    both, either = (mask & (drawn > 0)).sum(), (mask | (drawn > 0)).sum()
    assert both / either > 0.9


def test_a_pencil_beside_a_pen_stays_and_a_faint_line_under_it_goes(rng):
    ink = np.zeros((200, 300), np.uint8)
    ink[50:150, 40:50] = 220  # a pen
    ink[50:150, 240:250] = 90  # a pencil
    ink[100:103, 20:70] = 60  # a ruled line, which the pen crosses
    mask = threshold(ink, 10)
    assert mask[100, 45]
    assert mask[100, 245]
    assert not mask[101, 30]


def test_what_is_far_fainter_than_the_pen_is_printed_on_the_paper():
    ink = np.zeros((300, 400), np.uint8)
    for place in range(2):
        ink[place::50, :] = ink[:, place::50] = 55  # squares, far more of them than of the pen
    ink[130:170, 196:202] = 220
    ink[60:100, 40:46] = 110  # where the pen pressed less
    mask = threshold(ink, 6)
    assert mask[130:170, 197:201].all()
    assert mask[62:98, 41:45].all()
    assert mask[200:].mean() < 0.005


def test_a_printed_tint_is_paper(rng):
    ink = np.zeros((200, 300), np.uint8)
    ink[::6, ::6] = ink[1::6, ::6] = ink[::6, 1::6] = ink[1::6, 1::6] = 255
    ink = cv2.GaussianBlur(ink, (0, 0), 1)
    ink[60:140, 140:152] = 250
    mask = threshold(ink, 12)
    assert mask[60:140, 142:150].mean() > 0.9
    assert mask[:, :120].mean() < 0.02


@pytest.mark.parametrize("width", [4, 9, 21])
def test_the_width_of_strokes_is_measured_in_spite_of_specks(width, rng):
    mask = np.zeros((300, 300), np.uint8)
    cv2.line(mask, (60, 60), (240, 200), 1, width)
    mask[rng.integers(0, 300, 200), rng.integers(0, 300, 200)] = 1
    assert abs(stroke_width(mask.astype(bool)) - width) <= 0.2 * width + 1
    assert stroke_width(np.zeros((30, 30), bool)) == 0
