import numpy as np
import pytest
from PIL import ImageFont

from digits.synthesis import non_digits, printed, strokes, variants
from digits.synthesis.low_resolution import coarse
from digits.synthesis.strokes import PLAIN, Hand, Variant

DIGITS = pytest.mark.parametrize("variant", variants.DIGITS, ids=lambda one: f"{one.character} {one.name}")
LINE = Variant("1", "line", (((0.0, 0.0), (0.0, 1.0)),))


@DIGITS
def test_strokes_pass_through_their_control_points(variant):
    places = variant.spline @ variant.points
    distances = np.linalg.norm(variant.points[:, np.newaxis] - places, axis=2).min(axis=1)
    assert distances.max() < 0.05  # of the digit's height: between two places


@DIGITS
def test_places_along_strokes_are_less_than_a_pixel_apart(variant):
    places = variant.spline @ variant.points * 20
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert len(steps) == strokes.PLACES - 1
    assert (steps > 1).sum() < len(variant.curves)  # but for where the pen is lifted


@DIGITS
def test_weights_of_control_points_add_up_to_one(variant):
    assert np.allclose(variant.spline.sum(axis=1), 1, atol=1e-5)


def test_a_closed_curve_has_no_corner():
    oval = next(one for one in variants.DIGITS if one.name == "oval")
    places = oval.spline @ oval.points
    assert np.allclose(places[0], places[-1], atol=1e-6)
    before, after = places[-1] - places[-3], places[2] - places[0]
    assert before @ after / np.linalg.norm(before) / np.linalg.norm(after) > 0.75


def test_strokes_that_meet_still_meet_when_the_hand_shakes():
    corner = next(one for one in variants.DIGITS if one.character == "7" and one.name == "plain")
    assert len(corner.points) == 3
    shaken = corner.points + np.random.default_rng(0).normal(0, 0.3, corner.points.shape)
    ends = np.flatnonzero(np.linalg.norm(corner.spline @ shaken - shaken[1], axis=1) < 1e-5)
    assert len(ends) == 2  # the end of the first stroke, and the beginning of the second


@pytest.mark.parametrize("hand", [PLAIN, Hand()], ids=["plain", "by hand"])
def test_digits_are_in_mnists_form(hand, rng):
    images = strokes.draw(variants.DIGITS, hand, rng)
    assert images.shape == (len(variants.DIGITS), 28, 28)
    assert images.dtype == np.uint8
    centres = []
    for image in images:
        rows, columns = np.flatnonzero(image.max(axis=1) > 100), np.flatnonzero(image.max(axis=0) > 100)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in range(17, 23)
        centres.append([image.sum(axis=axis) @ np.arange(28) / image.sum() for axis in (0, 1)])
    away = np.array(centres) - 14
    assert np.abs(away).max() < 2.2
    assert np.abs(away.mean(axis=0)).max() < 0.2


@pytest.mark.parametrize("pen", [1.6, 2.5, 4.4])
def test_the_pen_is_as_wide_as_it_says(pen, rng):
    image = strokes.draw([LINE], Hand(0, 0, 1, 0, 0, (pen, pen), 0, 0, (1, 1)), rng)[0]
    assert image[10:18].sum(axis=1) / 255 == pytest.approx([pen] * 8, abs=0.15)


def test_a_seed_decides_all(mnist):
    def everything(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return np.concatenate(
            [strokes.draw(variants.DIGITS, Hand(), rng), non_digits.draw(200, mnist.train, rng).images]
        )

    assert np.array_equal(everything(1), everything(1))
    assert not np.array_equal(everything(1), everything(2))


def test_each_digit_is_drawn_for_itself(rng):
    twice = strokes.draw([variants.DIGITS[5]] * 2, Hand(), rng)
    assert not np.array_equal(*twice)


@pytest.mark.parametrize("count", [0, 1, 7, 100])
def test_there_is_as_much_of_what_is_no_digit_as_was_asked_for(count, mnist, rng):
    drawn = non_digits.draw(count, mnist.train, rng)
    assert (drawn.images.shape, drawn.images.dtype) == ((count, 28, 28), np.uint8)
    assert len(drawn) == count
    assert set(drawn.labels) <= {non_digits.NONE, non_digits.SEVERAL}


def test_several_digits_are_told_from_none(mnist, rng):
    drawn = non_digits.draw(1000, mnist.train, rng)
    assert (drawn.labels == non_digits.SEVERAL).mean() == pytest.approx(non_digits.KINDS[non_digits.several], abs=0.01)
    rows = drawn.images[drawn.labels == non_digits.SEVERAL]
    wide = (rows.max(axis=1) > 0).sum(axis=1) - (rows.max(axis=2) > 0).sum(axis=1)
    assert (wide > 0).mean() > 0.9


def test_digits_in_few_pixels_keep_mnists_form(mnist, rng):
    few = coarse(mnist.train.images[:200], rng)
    assert (few.shape, few.dtype) == ((200, 28, 28), np.uint8)
    assert not (few == mnist.train.images[:200]).all(axis=(1, 2)).any()
    for image in few:
        rows, columns = np.flatnonzero(image.max(axis=1)), np.flatnonzero(image.max(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in range(17, 21)


def test_some_digits_in_few_pixels_are_wider_than_they_were(rng):
    upright = np.zeros((400, 28, 28), np.uint8)
    upright[:, 4:24, 10:18] = 255
    wide = (coarse(upright, rng).max(axis=1) > 64).sum(axis=1)
    assert 0.2 < (wide > 11).mean() < 0.5
    assert wide.max() <= 20


@pytest.mark.parametrize("kind", non_digits.KINDS, ids=lambda kind: kind.__name__)
def test_what_is_no_digit_is_seldom_empty(kind, mnist, rng):
    images = kind(200, mnist.train, rng)
    assert (images.shape, images.dtype) == ((200, 28, 28), np.uint8)
    assert (images.max(axis=(1, 2)) > 127).mean() > (0.5 if kind is non_digits.blank else 0.8)


def test_no_piece_of_a_digit_is_as_narrow_as_a_1(mnist, rng):
    for image in non_digits.pieces(300, mnist.train, rng):
        rows, columns = np.flatnonzero(image.max(axis=1)), np.flatnonzero(image.max(axis=0))
        assert not len(rows) or len(columns) > 0.5 * len(rows)


def test_shares_of_what_is_no_digit_add_up_to_one():
    assert sum(non_digits.KINDS.values()) == pytest.approx(1)


@pytest.mark.parametrize("face", printed.FACES)
def test_every_face_has_all_digits(face):
    import matplotlib

    font = ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/{face}.ttf", 40)
    images = {font.getmask(digit).getbbox() and bytes(font.getmask(digit)) for digit in "0123456789"}
    assert len(images) == 10  # a font shows one box for all that it lacks


def test_ink_of_bold_print_spreads():
    inked = printed._bank(("8",)).mean(axis=(2, 3))[0].reshape(len(printed.FACES), len(printed._BLEED), -1)
    assert (np.diff(inked, axis=1) > 0).mean() > 0.9
