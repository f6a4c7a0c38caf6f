import cv2
import numpy as np
import pytest

from digits.reading.ink import find_ink, is_bright_on_dark, sharp
from tests.reading.compose import BLACK, BLUE, LIGHT_BLUE, PENCIL, RED, Paper, photographed


def ring(height: int = 300, width: int = 400, thick: int = 8) -> np.ndarray:
    return cv2.circle(np.zeros((height, width), np.float32), (width // 2, height // 2), 70, 1, thick)


@pytest.mark.parametrize("pen", [BLACK, BLUE, RED, LIGHT_BLUE, PENCIL])
def test_every_pen_is_dark_and_paper_is_nothing(pen, rng):
    drawn = ring()
    ink, width = find_ink(photographed(drawn, Paper(pen=pen, noise=2), rng))
    assert np.median(ink[drawn == 1]) > 100
    assert np.median(ink[drawn == 0]) < 8
    assert 5 < width < 11


def test_uneven_light_and_shadows_are_taken_out(rng):
    drawn = ring()
    ink, width = find_ink(photographed(drawn, Paper(shade=0.6, shadow=0.5), rng))
    assert 5 < width < 12
    assert np.percentile(ink[drawn == 0], 99) < 25
    assert np.percentile(ink[drawn == 1], 20) > 150


@pytest.mark.parametrize("thick", [3, 20, 50])
def test_chalk_on_a_board_is_ink_too(thick, rng):
    drawn = ring(thick=thick)
    board = photographed(drawn, Paper(ground=(40, 60, 50), pen=(230, 230, 225), noise=3), rng)
    assert is_bright_on_dark(board)
    assert not is_bright_on_dark(photographed(drawn, Paper(noise=3), rng))
    ink, _ = find_ink(board)
    assert np.median(ink[drawn == 1]) > 100 > 5 * np.median(ink[drawn == 0])


@pytest.mark.parametrize(("strength", "soft"), [(0.4, 15), (0.6, 25)])
def test_a_shadow_wider_than_any_stroke_is_paper(strength, soft, rng):
    drawn = np.zeros((500, 700), np.float32)
    for x in (150, 350, 550):
        cv2.circle(drawn, (x, 250), 60, 1, 8)
    shadow = cv2.ellipse(np.zeros((500, 700), np.float32), (350, 420), (60, 120), 10, 0, 360, 1, -1)
    page = (
        photographed(drawn, Paper(noise=2), rng)
        * (1 - strength * cv2.GaussianBlur(shadow, (0, 0), soft))[:, :, np.newaxis]
    )
    ink, width = find_ink(page.astype(np.uint8))
    assert 5 < width < 12
    assert np.percentile(ink[drawn == 0], 99) < 60
    assert np.percentile(ink[drawn == 1], 20) > 130


@pytest.mark.parametrize(("thick", "blur"), [(24, 1), (40, 1), (60, 1), (60, 4)])
def test_a_marker_is_wider_than_strokes_usually_are_and_ink_all_the_same(thick, blur, rng):
    drawn = ring(thick=thick)
    ink, width = find_ink(photographed(drawn, Paper(noise=2, blur=blur), rng))
    assert abs(width - thick) < 0.25 * thick
    assert np.percentile(ink[drawn == 1], 20) > 150


def test_shadows_have_no_sharp_edges_and_strokes_have(rng):
    shadow = np.zeros((300, 400), np.float32)
    shadow[:, 60:160] = 120
    ink = cv2.GaussianBlur(shadow, (0, 0), 25)
    cv2.circle(ink, (300, 150), 60, 200, 12)
    mask = ink > 40
    kept = sharp(mask, ink.astype(np.uint8))
    assert kept[mask & (np.arange(400) > 220)].all()
    assert not kept[:, :200].any()
