import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digits.reading.cuts import cut
from digits.reading.pieces import Piece, joined
from digits.reading.threshold import stroke_width


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


def test_a_long_piece_is_cut_as_often_as_it_may_hold_digits():
    chain = rings(50, 104, 158, 212, 266, 320)
    atoms = cut(chain, 8)
    assert len(atoms) >= 6
    assert joined(atoms).mask.sum() == chain.mask.sum()


def test_a_slim_digit_is_left_alone():
    assert len(cut(Piece.at(0, 0, np.ones((60, 9), bool)), 8)) == 1


def touching(images: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two digits, the ink of each as a mask, bool, where the second is pushed to the left until it runs into the first.

    Args:
        images: uint8, `(2, 28, 28)`.
    """
    first, second = (cv2.resize(image, (84, 84), interpolation=cv2.INTER_CUBIC) > 128 for image in images)
    first, second = np.pad(first, ((10, 10), (0, 84))), np.pad(second, ((10, 10), (0, 84)))
    second = np.roll(second, int(rng.integers(-10, 11)), axis=0)
    for shift in range(84, 0, -1):
        moved = np.roll(second, shift, axis=1)
        if np.count_nonzero(first & moved) > 12:
            return first, moved
    return first, second


def cropped(mask: np.ndarray) -> Piece:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return Piece.at(rows[0], columns[0], mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def test_cuts_part_touching_digits_nearly_as_they_were_written(mnist, rng):
    """Of the ink of each atom most is of one digit. A cut may lie askew, but not stray: else it is 0.867 or less."""
    shares = []
    for images in mnist.test.images[:400].reshape(-1, 2, 28, 28):
        digits = touching(images, rng)
        piece = cropped(digits[0] | digits[1])
        atoms = cut(piece, stroke_width(piece.mask))
        right = 0
        for atom in atoms:
            inside = [one[atom.top : atom.bottom, atom.left : atom.right][atom.mask].sum() for one in digits]
            right += max(inside)
        shares.append(right / piece.mask.sum())
    assert np.mean(shares) > 0.87


@given(st.lists(st.integers(20, 70), min_size=1, max_size=4), st.integers(3, 14))
def test_whatever_is_cut_is_all_still_there(steps, width):
    piece = rings(*(30 + np.cumsum(steps)).tolist(), width=width)
    whole = joined(cut(piece, width))
    box = piece.mask[whole.top - piece.top :, whole.left - piece.left :][: whole.height, : whole.width]
    assert np.array_equal(whole.mask, box)
    assert whole.mask.sum() == piece.mask.sum()
