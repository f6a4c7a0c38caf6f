"""How benchmarks/reading_quality.py scores what was read."""

import numpy as np
import pytest

from benchmarks.reading_quality import Answer, Labelled, calibrations, labelled_pictures, scores
from digits.reading import Digit, Reading


def answer(text: str, read: str, by_rows: bool = False, sure: float = 0.9) -> Answer:
    nothing = np.zeros((28, 28), np.uint8)
    digits = [
        Digit(int(one), sure, line, (0, 0, 1, 1), nothing, np.eye(10)[int(one)])
        for line, row in enumerate(read.split("\n"))
        for one in row
    ]
    return Answer(Labelled("a", "some", "here", text, by_rows, b""), Reading(read, sure, tuple(digits)))


@pytest.mark.parametrize(
    ("text", "read", "score"),
    [("123", "123", (1, 1)), ("123", "12\n3", (0, 1)), ("", "", (1, 1)), ("", "7", (0, 1)), ("7", "", (0, 1))],
)
def test_a_picture_counts_if_it_is_read_whole(text, read, score):
    assert answer(text, read).score == score


@pytest.mark.parametrize(
    ("read", "score"),
    [("12\n34\n56", (3, 3)), ("12\n3\n56", (2, 3)), ("12\n56", (2, 3)), ("9\n12\n34\n56", (3, 4)), ("", (0, 3))],
)
def test_of_a_grid_rows_count_and_rows_beyond_them_against_it(read, score):
    assert answer("12\n34\n56", read, by_rows=True).score == score


def test_digits_are_right_in_their_place():
    assert [right for _, right in answer("12\n34", "12\n54").digits] == [True, True, False, True]
    assert [right for _, right in answer("1234", "134").digits] == [True] * 3
    assert [right for _, right in answer("134", "1234").digits] == [True, False, True, True]
    assert [right for _, right in answer("", "8").digits] == [False]


def test_scores_are_summed_and_calibrations_made():
    answers = [answer("1", "1"), answer("2", "3", sure=0.6), answer("", "")]
    assert scores(answers)[:3] == ["3", "2 of 3", "66.7%"]
    found = calibrations("here", answers)
    assert found["single digits, here"].images.sum() == 2
    assert found["single digits, here"].error == pytest.approx((0.1 + 0.6) / 2)
    assert found["whole texts, here"].error == pytest.approx((0.2 + 0.6) / 3)
    assert "single digits, here" not in calibrations("here", [answer("", "")])


def test_labels_are_read_as_they_are_kept(tmp_path):
    (tmp_path / "labels.csv").write_text(
        "file,label,kind,source,note\na.png,none,photo,here,\nb.png,12/34,grid,here,x\nc.png,7,canvas,there,\n"
    )
    found = list(labelled_pictures(tmp_path))
    assert [one.text for one in found] == ["", "12\n34", "7"]
    assert [one.kind for one in found] == ["no digit", "grid, several", "canvas, one digit"]
    assert [one.by_rows for one in found] == [False, True, False]
    assert found[0].image == tmp_path / "images" / "a.png"
