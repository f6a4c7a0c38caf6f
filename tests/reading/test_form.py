import cv2
import numpy as np
import pytest

from digits.reading.form import FORM, to_mnist
from digits.reading.form_graph import form_graph
from digits.synthesis import strokes, variants
from digits.synthesis.printed import cropped, to_form


def form_of(mask: np.ndarray, width: float) -> np.ndarray:
    return to_mnist([mask], width)[0]


def middle(image: np.ndarray) -> tuple[float, float]:
    y, x = np.mgrid[:28, :28]
    return float((image * x).sum() / image.sum()), float((image * y).sum() / image.sum())


def test_mnist_in_mnists_form_is_itself(mnist):
    likeness = []
    for image in mnist.test.images[:200]:
        large = cv2.resize(image, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC) > 127
        rows, columns = np.flatnonzero(large.any(1)), np.flatnonzero(large.any(0))
        again = form_of(large[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 16)
        likeness.append(np.corrcoef(again.ravel().astype(float), image.ravel().astype(float))[0, 1])
    assert np.mean(likeness) > 0.93


@pytest.mark.parametrize(("height", "width"), [(200, 80), (30, 90), (5, 5), (400, 12), (1, 1), (2000, 3000)])
def test_it_fits_twenty_pixels_in_proportion_around_its_middle(height, width):
    image = form_of(np.ones((height, width), bool), max(height, width))
    assert (image.shape, image.dtype) == ((28, 28), np.uint8)
    high, wide = (image > 127).any(1).sum(), (image > 127).any(0).sum()
    assert max(high, wide) == 20
    assert min(high, wide) == pytest.approx(max(1, 20 * min(height, width) / max(height, width)), abs=1)
    assert middle(image) == pytest.approx((14, 14), abs=0.51)


def test_the_centre_of_mass_is_in_the_middle_not_that_of_the_box():
    mask = np.zeros((100, 60), bool)
    mask[:30] = True
    mask[:, :25] = True
    assert middle(form_of(mask, 10)) == pytest.approx((14, 14), abs=0.51)


def test_what_a_network_learns_from_has_the_form_of_what_it_is_asked_about(rng):
    """Digits drawn by the project itself; their outlines as training has them, and as reading has them."""
    drawn = strokes.draw(variants.DIGITS * 3, strokes.Hand(broken=0, pen=(2.2, 4.4)), rng)
    inks = [cropped(cv2.resize(one, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)) > 127 for one in drawn]
    learned = np.stack([to_form(ink.view(np.uint8) * np.uint8(255)) for ink in inks]).astype(float)
    asked = to_mnist(inks, 1000).astype(float)
    likeness = [np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in zip(learned, asked, strict=True)]
    apart = [np.abs(np.subtract(middle(one), middle(other))).max() for one, other in zip(learned, asked, strict=True)]
    assert np.mean(likeness) > 0.99
    assert np.max(apart) < 1.05
    assert np.mean(np.array(apart) > 0.5) < 0.08  # where the middle is halfway between two pixels
    off = [np.abs(np.subtract(middle(image.astype(float)), 14)).max() for image in drawn]
    assert np.mean(off) < 0.75  # those of strokes lie a little beside it: crossing strokes count once


@pytest.mark.parametrize("side", [100, 1500])
def test_thin_strokes_are_drawn_as_thick_as_a_pens(side):
    mask = np.zeros((side, side // 2), np.uint8)
    cv2.ellipse(mask, (side // 4, side // 2), (side // 4 - 2, side // 2 - 2), 0, 0, 360, 1, max(1, side // 150))
    image = form_of(mask.astype(bool), max(1, side // 150))
    assert image[14].max() > 180


def test_a_digit_looks_the_same_whatever_goes_through_with_it(rng):
    masks = [rng.random((high, wide)) < 0.5 for high, wide in rng.integers(1, 700, (40, 2))]
    together = to_mnist(masks, 5)
    assert all(np.array_equal(one, form_of(mask, 5)) for one, mask in zip(together, masks, strict=True))


def test_no_ink_is_an_empty_image_and_no_digits_are_none():
    assert not form_of(np.zeros((30, 20), bool), 3).any()
    assert to_mnist([], 3).shape == (0, 28, 28)


def test_the_graph_is_what_its_source_makes():
    assert form_graph() == FORM.read_bytes(), "run: python -m digits.reading.form_graph"
