"""Arrays as people save them: one reading becomes uint8 and is said, two are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits.datasets.forms.pixels import to_greys, to_labels
from digits.errors import DigitsError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
IMAGES[0, 0, :2] = 0, 255

FORMS = {
    "uint8": (IMAGES, []),
    "float64 from 0 to 1": (IMAGES / 255, ["images were float64 from 0 to 1, and are multiplied by 255"]),
    "float32 from 0 to 1": (np.float32(IMAGES) / 255, ["images were float32 from 0 to 1, and are multiplied by 255"]),
    "float16 from 0 to 1": (np.float16(IMAGES / 255), ["images were float16 from 0 to 1, and are multiplied by 255"]),
    "float64 from 0 to 255": (IMAGES.astype(float), ["images were float64 from 0 to 255"]),
    "big-endian": (IMAGES.astype(">f4"), ["images were >f4 from 0 to 255"]),
    "int64": (IMAGES.astype(np.int64), ["images were int64 from 0 to 255"]),
    "int16": (IMAGES.astype(np.int16), ["images were int16 from 0 to 255"]),
    "flat": (IMAGES.reshape(5, 784), ["images of shape (n, 784) are read as 28 × 28"]),
    "a channel": (IMAGES[..., np.newaxis], ["images of shape (n, 28, 28, 1) are read as 28 × 28"]),
    "a channel first": (IMAGES[:, np.newaxis], ["images of shape (n, 1, 28, 28) are read as 28 × 28"]),
    "Fortran's order": (np.asfortranarray(IMAGES), []),
    "flat floats": (
        IMAGES.reshape(5, 784) / 255,
        ["images of shape (n, 784) are read as 28 × 28", "images were float64 from 0 to 1, and are multiplied by 255"],
    ),
}


@pytest.mark.parametrize(("array", "said"), FORMS.values(), ids=FORMS)
def test_what_has_one_reading_is_converted_and_said(array: np.ndarray, said: list[str]) -> None:
    (greys,), words = to_greys({"x": array})
    assert (greys.dtype, greys.flags.c_contiguous) == (np.uint8, True)
    np.testing.assert_array_equal(greys, IMAGES)
    assert words == said


@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (0, 3, 1, 2)])
def test_colours_at_either_end_become_grey_as_the_eye_weighs_them(axes: tuple[int, ...]) -> None:
    colours = np.zeros((2, 9, 8, 3))
    colours[0, 5, 5:8] = np.eye(3)
    (greys,), said = to_greys({"x": colours.transpose(axes)})
    assert greys.shape == (2, 9, 8)
    assert greys[0, 5, 5:8].tolist() == [76, 150, 29]
    assert said[-1] == "colours become grey"


def test_bool_is_black_and_white() -> None:
    (greys,), said = to_greys({"x": IMAGES > 127})
    np.testing.assert_array_equal(greys, np.where(IMAGES > 127, 255, 0))
    assert said == ["images were bool, False is black and True is white"]


TWO_READINGS = {
    "floats under 1": (IMAGES / 256.3, "values up to 0.994928: is white 1, or 255 and all is almost black?"),
    "0 and 1": ((IMAGES > 127).astype(int), "is int64 with values up to 1: is that white, or is 255"),
    "0 and 1 in uint8": ((IMAGES > 127).astype(np.uint8), "is uint8 with values up to 1: is that white, or is 255"),
    "0 to 16": (IMAGES // 16 / 1.0, "is float64 with values up to 15: is that white, or is 255"),
    "a little over 1": (IMAGES / 250, "is float64 with values up to 1.02: is that white, or is 255"),
}


@pytest.mark.parametrize(("array", "reason"), TWO_READINGS.values(), ids=TWO_READINGS)
def test_what_has_two_readings_is_refused_with_the_reason(array: np.ndarray, reason: str) -> None:
    with pytest.raises(DigitsError) as caught:
        to_greys({"x": array})
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_splits_lie_in_one_range() -> None:
    """What is white in one of them says what is in the others."""
    dim = IMAGES[1:] / 300.0
    both, _ = to_greys({"train": IMAGES / 255, "test": dim})
    np.testing.assert_array_equal(both[1], np.rint(dim * 255))
    with pytest.raises(DigitsError, match="almost black"):
        to_greys({"test": dim})
    wide, _ = to_greys({"train": IMAGES.astype(float), "test": (IMAGES[1:] > 127).astype(float)})
    assert wide[1].max() == 1


@given(st.sampled_from(["f4", "f8", "i2", "i8", "u1"]), st.integers(32, 255), st.integers(0, 10**6))
def test_whole_numbers_are_never_scaled(dtype: str, brightest: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, brightest, (3, 28, 28), np.uint8)
    pixels[0, 0, 0] = brightest
    (greys,), _ = to_greys({"x": pixels.astype(dtype)})
    np.testing.assert_array_equal(greys, pixels)


@given(st.integers(0, 10**6), st.sampled_from(["f4", "f8"]), st.integers(1, 255))
def test_bytes_divided_by_255_come_back(seed: int, dtype: str, brightest: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, brightest + 1, (3, 28, 28)).astype(np.uint8)
    (greys,), _ = to_greys({"x": pixels.astype(dtype) / np.dtype(dtype).type(255)})
    np.testing.assert_array_equal(greys, pixels)


LABELS = np.array([3, 0, 2, 3, 1])


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (LABELS.astype(np.uint8), []),
        (LABELS.reshape(-1, 1), []),
        (np.eye(4)[LABELS], ["labels were one-hot"]),
        (np.eye(4, dtype=bool)[LABELS], ["labels were one-hot"]),
        (np.eye(7, dtype=np.float32)[LABELS], ["labels were one-hot"]),
        (LABELS.astype(float), ["labels were float64"]),
    ],
)
def test_labels_of_every_kind_become_numbers(array: np.ndarray, said: list[str]) -> None:
    labels, words = to_labels(array, "y")
    assert labels.dtype == np.int64
    assert (labels.tolist(), words) == (LABELS.tolist(), said)
