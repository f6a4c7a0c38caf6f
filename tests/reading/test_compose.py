import cv2
import numpy as np
import pytest

from tests.reading.compose import DIGITS, GRIDS, NO_DIGIT, Layout, Paper, composed, photographed
from tests.reading.compose.lettering import LETTERS, LOOK_ALIKES, WORDS, lettered
from tests.reading.compose.no_digit import ICONS
from tests.reading.compose.writing import grown, thinned


def pixels(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("kind", [*DIGITS, *GRIDS, *NO_DIGIT])
def test_a_picture_is_the_same_for_a_seed_and_another_for_another(kind, mnist):
    first, again = composed(kind, 0, mnist.test), composed(kind, 0, mnist.test)
    assert first == again
    others = composed(kind, 1, mnist.test), composed(kind, 0, mnist.test, seed=1)
    assert len({first.data, *(one.data for one in others)}) == 3
    assert min(pixels(first.data).shape[:2]) > 40
    assert (first.text == "") == (kind in NO_DIGIT)


def test_the_rows_of_a_text_are_those_of_the_picture(mnist):
    for number in range(6):
        one = composed("rows", number, mnist.test)
        assert 2 <= len(one.text.split("\n")) <= 5
        for kind, least in (("grid, printed", 10), ("grid, solved", 70)):
            rows = composed(kind, number, mnist.test).text.split("\n")
            assert 5 <= len(rows) <= 9
            assert all(set(row) <= set("123456789") for row in rows)
            assert sum(map(len, rows)) >= least


def test_no_word_could_be_a_number():
    assert not set(LETTERS) & LOOK_ALIKES
    assert all(len(set(word) - LOOK_ALIKES) >= 2 for word in WORDS)
    assert len(set(WORDS)) == len(WORDS)


def test_letters_have_the_height_that_was_asked_for():
    for height in (30, 80):
        assert len(lettered(["H"], cv2.FONT_HERSHEY_SIMPLEX, height, 2)) == pytest.approx(height, abs=4)
    assert len(lettered(["H", "H"], cv2.FONT_HERSHEY_SIMPLEX, 30, 2)) == pytest.approx(1.9 * 30 + 30, abs=6)


def test_icons_fill_their_place():
    for name, curves in ICONS.items():
        points = np.concatenate([np.array(curve) for curve in curves])
        assert np.abs(points).max() == pytest.approx(1, abs=0.1), name


def test_a_thin_pen_draws_the_same_strokes(mnist, rng):
    for image in mnist.test.images[:20]:
        thick, thin = (grown(image, Layout(height=140, uneven=0, pen=pen), rng) for pen in (0, 3))
        assert np.abs(np.subtract(thick.shape, thin.shape)).max() < 30
        assert thin.sum() < 0.6 * thick.sum()
        parts = [cv2.connectedComponents(np.uint8(ink > 0.5))[0] for ink in (thick, thin)]
        assert parts[0] == parts[1]


def test_thinned_strokes_are_one_pixel_wide():
    bar = np.zeros((40, 60), bool)
    bar[12:25, 8:50] = True
    thin = thinned(bar)
    assert 25 < thin.sum() < 60
    assert (thin.sum(0) <= 2).mean() > 0.95


def test_a_camera_turns_and_tilts_the_page(rng):
    ink = np.zeros((200, 300), np.float32)
    ink[:, 40:44] = ink[:, 256:260] = 1
    left, right = (
        np.flatnonzero(row.min(1) < 128)[[0, -1]] for row in photographed(ink, Paper(tilt=0.2), rng)[[5, -5]]
    )
    assert left[0] - right[0] == pytest.approx(0.1 * 260 * 0.73, abs=5)
    assert left[1] < right[1] - 10
    turned = photographed(ink, Paper(turn=5), rng)
    upper, lower = (np.flatnonzero(row.min(1) < 128)[0] for row in turned[[20, -20]])
    assert upper - lower == pytest.approx(160 * np.tan(np.radians(5)), abs=3)
