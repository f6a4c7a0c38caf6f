import cv2
import numpy as np
import pytest

from digits.reading.form import to_mnist


def middle(image: np.ndarray) -> tuple[float, float]:
    y, x = np.mgrid[:28, :28]
    return float((image * x).sum() / image.sum()), float((image * y).sum() / image.sum())


def test_mnist_in_mnists_form_is_itself(mnist):
    likeness = []
    for image in mnist.test.images[:200]:
        large = cv2.resize(image, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC) > 127
        rows, columns = np.flatnonzero(large.any(1)), np.flatnonzero(large.any(0))
        again = to_mnist(large[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 16)
        likeness.append(np.corrcoef(again.ravel().astype(float), image.ravel().astype(float))[0, 1])
    assert np.mean(likeness) > 0.93


@pytest.mark.parametrize(("height", "width"), [(200, 80), (30, 90), (5, 5), (400, 12), (1, 1), (2000, 3000)])
def test_it_fits_twenty_pixels_in_proportion_around_its_middle(height, width):
    image = to_mnist(np.ones((height, width), bool), max(height, width))
    assert (image.shape, image.dtype) == ((28, 28), np.uint8)
    high, wide = (image > 127).any(1).sum(), (image > 127).any(0).sum()
    assert max(high, wide) == 20
    assert min(high, wide) == pytest.approx(max(1, 20 * min(height, width) / max(height, width)), abs=1)
    assert middle(image) == pytest.approx((14, 14), abs=0.51)


def test_the_centre_of_mass_is_in_the_middle_not_that_of_the_box():
    mask = np.zeros((100, 60), bool)
    mask[:30] = True
    mask[:, :25] = True
    assert middle(to_mnist(mask, 10)) == pytest.approx((14, 14), abs=0.51)


@pytest.mark.parametrize("side", [100, 1500])
def test_thin_strokes_are_drawn_as_thick_as_a_pens(side):
    mask = np.zeros((side, side // 2), np.uint8)
    cv2.ellipse(mask, (side // 4, side // 2), (side // 4 - 2, side // 2 - 2), 0, 0, 360, 1, max(1, side // 150))
    image = to_mnist(mask.astype(bool), max(1, side // 150))
    assert image[14].max() > 180
