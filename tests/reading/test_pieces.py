import cv2
import numpy as np

from digits.reading.pieces import Box, Piece, connected_parts, grouped, joined, usual_side

WIDTH = 8


def pieces_of(image: np.ndarray, faint: np.ndarray | None = None) -> list[Piece]:
    mask = image.astype(bool)
    faint = mask if faint is None else faint.astype(bool)
    return [joined(group) for group in grouped(connected_parts(mask, WIDTH), mask, faint, WIDTH)]


def digits(count: int = 3) -> np.ndarray:
    image = np.zeros((240, 120 * count), np.uint8)
    for index in range(count):
        cv2.ellipse(image, (60 + 120 * index, 120), (32, 50), 0, 0, 360, 1, WIDTH)
    return image


def test_separate_digits_are_separate_and_specks_are_none(rng):
    image = digits()
    image[rng.integers(0, 60, 60), rng.integers(0, 360, 60)] = 1
    pieces = pieces_of(image)
    assert len(pieces) == 3
    assert all(abs(piece.height - 108) < 4 for piece in pieces)


def test_a_broken_stroke_is_one_piece():
    whole, broken = digits(1), digits(1)
    broken[116:124] = 0
    assert len(pieces_of(broken)) == 1
    broken = digits(1)
    broken[:, 50:68] = 0
    assert len(pieces_of(broken)) == 2
    assert len(pieces_of(broken, faint=whole)) == 1


def test_the_bar_of_a_five_belongs_to_it_but_not_the_row_below():
    image = np.zeros((400, 200), np.uint8)
    cv2.line(image, (80, 40), (130, 40), 1, WIDTH)
    cv2.ellipse(image, (100, 110), (35, 45), 0, -120, 150, 1, WIDTH)
    cv2.ellipse(image, (100, 300), (35, 55), 0, 0, 360, 1, WIDTH)
    assert len(connected_parts(image.astype(bool), WIDTH)) == 3
    assert len(pieces_of(image)) == 2


def test_what_the_edge_cuts_off_is_left_out_but_a_digit_that_touches_it_stays():
    image = digits()
    image[100:110, :12] = 1  # the end of a neighbour's stroke
    image[:, -3:] = 1  # the table beside the paper
    assert len(pieces_of(image)) == 3
    touching = digits()[:, 24:]
    assert len(pieces_of(touching)) == 3


def test_boxes():
    a, b = Box(0, 0, 10, 20), Box(5, 26, 30, 30)
    assert (a.height, a.width, a.side, a.gap(b)) == (10, 20, 20, 6)
    assert Box.around([a, b]) == Box(0, 0, 30, 30)
    assert b.bounds == (26, 5, 4, 25)
    one, other = Piece.at(0, 0, np.ones((2, 2), bool)), Piece.at(3, 1, np.ones((1, 4), bool))
    rows = [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 1, 1]]
    assert joined([one, other]).mask.astype(int).tolist() == rows


def test_digits_that_touch_do_not_count_as_one_large_digit():
    wide = Piece.at(0, 0, np.ones((50, 300), bool))
    assert usual_side([wide]) == 70
    assert usual_side([Piece.at(0, 0, np.ones((50, 30), bool))]) == 50
    assert usual_side([]) == 0


def test_rests_of_a_thin_line_are_no_parts_of_what_a_wide_pen_wrote():
    mask = np.zeros((200, 200), np.uint8)
    cv2.line(mask, (60, 40), (60, 120), 1, 8)
    mask[126:190, 60:62] = 1
    parts = connected_parts(mask.astype(bool), 8)
    assert [part.bottom < 130 for part in parts] == [True]
