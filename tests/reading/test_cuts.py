import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digits.reading.cuts import cut
from digits.reading.pieces import Piece, joined


def rings(*middles: int, width: int = 8) -> Piece:
    image = np.zeros((100, max(middles) + 50), np.uint8)
    for x in middles:
        cv2.ellipse(image, (x, 50), (28, 44), 0, 0, 360, 1, width)
    return Piece.at(7, 11, image.astype(bool))


def test_rings_that_touch_are_cut_between():
    image = np.zeros((100, 140), np.uint8)
    cv2.line(image, (20, 20), (50, 80), 1, 8)
    cv2.line(image, (50, 80), (80, 20), 1, 8)
    cv2.line(image, (80, 20), (110, 80), 1, 8)  # three strokes, which meet below and above
    atoms = cut(Piece.at(0, 0, image.astype(bool)), 8)
    assert len(atoms) > 1
    assert all(abs(atom.left - 50) < 12 or abs(atom.left - 80) < 12 for atom in atoms[1:])


def test_a_slim_digit_is_left_alone():
    assert len(cut(Piece.at(0, 0, np.ones((60, 9), bool)), 8)) == 1


@given(st.lists(st.integers(20, 70), min_size=1, max_size=4), st.integers(3, 14))
def test_whatever_is_cut_is_all_still_there(steps, width):
    piece = rings(*(30 + np.cumsum(steps)).tolist(), width=width)
    whole = joined(cut(piece, width))
    box = piece.mask[whole.top - piece.top :, whole.left - piece.left :][: whole.height, : whole.width]
    assert np.array_equal(whole.mask, box)
    assert whole.mask.sum() == piece.mask.sum()
