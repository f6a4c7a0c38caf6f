import cv2
import numpy as np
import pytest

from digits.reading.left_out import alone, left_out

NONE = np.zeros((0, 4))


def page(height: int = 400, width: int = 600) -> np.ndarray:
    return np.full((height, width, 3), (235, 230, 220), np.uint8)


def test_ink_in_no_digits_box_is_left_out():
    pixels = page()
    pixels[100:180, 60:100] = pixels[110:170, 400:480] = 30
    (box,) = left_out(pixels, np.array([(60, 100, 40, 80)]))
    assert box == pytest.approx([400, 110, 80, 60], abs=4)
    assert len(left_out(pixels, NONE)) == 2
    assert len(left_out(pixels, np.array([(60, 100, 40, 80), (400, 110, 80, 60)]))) == 0


@pytest.mark.parametrize("scale", [1, 4])
def test_boxes_are_in_pixels_of_the_picture(scale):
    pixels = page(300 * scale, 400 * scale)
    pixels[90 * scale : 150 * scale, 200 * scale : 240 * scale] = (40, 60, 160)
    assert left_out(pixels, NONE)[0] == pytest.approx(np.array([200, 90, 40, 60]) * scale, abs=5 * scale)


def test_chalk_on_a_board_is_ink_too():
    pixels = 255 - page()
    cv2.putText(pixels, "abc", (100, 200), cv2.FONT_HERSHEY_SIMPLEX, 3, (240, 240, 240), 8)
    assert len(left_out(pixels, NONE)) >= 1


@pytest.mark.parametrize("noise", [0, 6])
def test_paper_is_no_ink_whatever_light_falls_on_it(noise, rng):
    light = np.linspace(250, 120, 600)[np.newaxis, :, np.newaxis] + rng.normal(0, noise, (400, 600, 3))
    assert len(left_out(light.clip(0, 255).astype(np.uint8), NONE)) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 10_000), (700, 3)])
def test_any_shape_of_picture_will_do(shape, rng):
    assert left_out(rng.integers(0, 256, (*shape, 3), dtype=np.uint8), NONE).shape[1] == 4


def test_one_thing_is_alone_and_two_are_not():
    pixels = np.full((200, 300, 3), 240, np.uint8)
    assert alone(pixels, 1.0) is None
    pixels[60:120, 80:100] = 20
    assert alone(pixels, 1.0) == pytest.approx([80, 60, 20, 60], abs=3)
    pixels[60:120, 200:220] = 20
    assert alone(pixels, 1.0) is None
    assert alone(pixels, 0.1).tolist() == [0, 0, 300, 200]  # an original of 30 × 20
