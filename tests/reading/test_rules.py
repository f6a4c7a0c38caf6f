import time

import cv2
import numpy as np
import pytest
from PIL import Image

import digits
from digits.reading import Reader, Reading
from digits.reading.network import Answers
from digits.reading.path import prepare
from digits.reading.pieces import Piece
from digits.reading.rules import FOUND, ReadRow, _but_words, _judged
from tests.conftest import run
from tests.reading.compose import BLUE, LIGHT_BLUE, PENCIL, RED, Layout, Paper, jpeg, photographed
from tests.reading.test_grids import grid_mask

PAPERS = {
    "a drawing": (Paper(ground=(255, 255, 255), pen=(0, 0, 0)), Layout()),
    "white on black": (Paper(ground=(0, 0, 0), pen=(255, 255, 255)), Layout()),
    "uneven light": (Paper(noise=4, blur=1, shade=0.6), Layout()),
    "a shadow": (Paper(noise=4, blur=1, shadow=0.5), Layout()),
    "ruled": (Paper(noise=4, blur=1, ruled=60), Layout()),
    "squared": (Paper(noise=4, blur=1, squared=40), Layout()),
    "red": (Paper(noise=4, blur=1, pen=RED), Layout()),
    "light blue": (Paper(noise=4, blur=1, pen=LIGHT_BLUE), Layout()),
    "a pencil": (Paper(noise=5, blur=1, pen=PENCIL), Layout()),
    "a blackboard": (Paper(ground=(40, 60, 50), pen=(225, 225, 220), noise=4, blur=1), Layout()),
    "turned": (Paper(turn=7, noise=3, pen=BLUE), Layout(margin=110)),
    "blurred": (Paper(blur=3, noise=2), Layout()),
    "noisy": (Paper(noise=16, blur=0.8), Layout()),
    "close": (Paper(noise=3, blur=0.7), Layout(gap=4, line_gap=12)),
    "small": (Paper(noise=3), Layout(height=38, gap=8, line_gap=14, margin=30)),
    "uneven writing": (Paper(noise=3), Layout(uneven=0.18)),
    "far away": (Paper(noise=4, blur=1, shade=0.4), Layout(margin=500)),
}


def likeness(wanted: str, read: str) -> float:
    """Share of the rows that have as many digits as they should, and in them of the digits that are right."""
    rows, found = wanted.split("\n"), read.split("\n")
    if [len(row) for row in rows] != [len(row) for row in found]:
        return 0.0
    return float(np.mean([a == b for a, b in zip("".join(rows), "".join(found), strict=True)]))


@pytest.mark.parametrize(("paper", "layout"), PAPERS.values(), ids=PAPERS)
def test_rows_are_read_on_whatever_paper(paper, layout, reader, writer):
    texts = ["30472\n915586", "6281\n0357", "40\n179365"]
    pictures = [jpeg(writer.picture(text, paper, layout), 80) for text in texts]
    assert np.mean([likeness(text, reader.read(one).text) for text, one in zip(texts, pictures, strict=True)]) > 0.62


def test_most_touching_pairs_are_told_apart(reader, writer):
    texts = ["12", "34", "56", "78", "90", "17", "25", "36", "48", "69"]
    read = [reader.read(writer.picture(text, Paper(noise=3), Layout(gap=-3))).text for text in texts]
    assert sum(len(one) == 2 for one in read) >= 6


def test_one_digit_large_small_and_off_centre(reader, writer):
    for margin, height in [(4, 150), (300, 90), (60, 60)]:
        picture = writer.picture("5", Paper(noise=3, blur=1), Layout(height=height, margin=margin))
        read = [reader.read(np.pad(picture, ((0, 90), (140, 0), (0, 0)), mode="edge")).text for _ in range(1)]
        assert [len(text) for text in read] == [1]


def test_boxes_are_where_the_digits_are(reader, writer):
    layout = Layout(margin=80)
    picture = writer.picture("274", Paper(), layout)
    large = cv2.resize(picture, None, fx=5, fy=5)
    for image, scale in ((picture, 1), (large, 5)):
        read = reader.read(image)
        assert len(read.digits) == 3
        for one in read.digits:
            left, top, width, height = (value // scale for value in one.box)
            inside = picture[top : top + height, left : left + width].min(2) < 128
            assert inside.any(0).mean() > 0.85
            assert inside.any(1).mean() > 0.85
        lefts = [one.box[0] for one in read.digits]
        assert lefts == sorted(lefts)


def test_of_a_page_with_a_printed_grid_its_rows_are_read(reader, writer):
    mask = grid_mask(5, 5, side=80, bend=12)
    picture = np.full((*mask.shape, 3), 240, np.uint8)
    picture[mask] = 40
    truth = []
    for row in range(5):
        truth.append(str(73510 + 1111 * row)[:5])
        for column, digit in enumerate(truth[-1]):
            (image,) = writer.images_of(digit)[0]
            top, left = 80 + 80 * row + 26 + (8 if 0 < column < 4 else 0), 80 + 80 * column + 18
            place = picture[top : top + 44, left : left + 44]
            np.minimum(place, 255 - cv2.resize(image, (44, 44))[:, :, None], out=place)
    cv2.putText(picture, "SUDOKU 1234", (90, 50), cv2.FONT_HERSHEY_SIMPLEX, 1, (30, 30, 30), 3)
    read = reader.read(picture).text
    assert [len(row) for row in read.split("\n")] == [5] * 5
    assert likeness("\n".join(truth), read) > 0.8


EMPTY = {
    "white": np.full((280, 280), 255, np.uint8),
    "black": np.zeros((280, 280), np.uint8),
    "transparent": np.zeros((280, 280, 4), np.uint8),
    "a pixel": np.zeros((1, 1), np.uint8),
    "a long pixel row": np.zeros((1, 20_000), np.uint8),
    "a long pixel column": np.full((20_000, 1), 255, np.uint8),
}


@pytest.mark.parametrize("image", EMPTY.values(), ids=EMPTY)
def test_where_nothing_is_nothing_is_read(image, reader):
    assert reader.read(image) == Reading("", FOUND, ())


EMPTY_PAPERS = [
    Paper(noise=3),
    Paper(noise=8, blur=1, shade=0.5),
    Paper(noise=4, blur=1, ruled=40),
    Paper(ground=(40, 60, 50), noise=5, shade=0.3),
]


@pytest.mark.parametrize("paper", EMPTY_PAPERS)
def test_an_empty_photographed_page_stays_empty(paper, reader, rng):
    page = photographed(np.zeros((600, 900), np.float32), paper, rng)
    assert reader.read(jpeg(page, 80)).text == ""


def test_a_row_of_doubtful_shapes_is_none_but_in_a_grid_all_is_read():
    row = prepare([[Piece.at(0, 60 * index, np.ones((60, 30), bool))] for index in range(3)], 10)
    images = np.zeros((len(row.candidates), 28, 28), np.uint8)
    for sure, accepted, in_grid in [(0.4, 0, False), (0.4, 3, True), (0.2, 0, True), (0.9, 3, False)]:
        probabilities = np.full((len(images), 10), 0.01, np.float32)
        probabilities[:, 5] = sure
        answers = Answers(probabilities, *np.zeros((2, len(images)), np.float32))
        assert len(_judged(row, images, answers, in_grid).accepted) == accepted


@pytest.mark.parametrize(("in_grid", "confidence"), [(False, 0.45), (True, 0.9)])
def test_in_a_cell_of_a_grid_doubt_whether_it_is_a_digit_at_all_does_not_count(in_grid, confidence):
    row = prepare([[Piece.at(0, 0, np.ones((60, 30), bool))]], 10)
    answers = Answers(np.full((1, 10), 0.9, np.float32), np.array([0.5], np.float32), np.zeros(1, np.float32))
    judged = _judged(row, np.zeros((1, 28, 28), np.uint8), answers, in_grid)
    assert judged.confidences.tolist() == [pytest.approx(confidence)]


def test_what_looks_a_little_like_a_digit_and_is_refused_is_seldom_one(reader, writer, monkeypatch):
    def answers(images: np.ndarray) -> Answers:
        return Answers(np.full((len(images), 10), 0.4, np.float32), *np.zeros((2, len(images)), np.float32))

    monkeypatch.setattr(reader, "network", answers)
    assert reader.read(writer.picture("3", Paper())).confidence == pytest.approx(FOUND * (1 - 0.4**3))


@pytest.mark.parametrize(("accepted", "kept"), [(2, 0), (5, 5)])
def test_a_few_digits_in_a_page_of_words_are_none(accepted, kept):
    answers = Answers(np.zeros((15, 10), np.float32), *np.zeros((2, 15), np.float32))
    images = np.zeros((15, 28, 28), np.uint8)
    some = images, answers, answers.confidences
    rows = [ReadRow(*some, list(range(9)), list(range(accepted))), ReadRow(*some, [0, 1, 2], [])]
    assert sum(len(row.accepted) for row in _but_words(rows)) == kept


def hostile() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    dots = np.full((1700, 1700), 255, np.uint8)
    dots[::5, ::5] = dots[1::5, ::5] = dots[::5, 1::5] = dots[1::5, 1::5] = 0
    bars = np.full((1600, 1600), 255, np.uint8)
    for y in range(9):
        for x in range(4):
            bars[y::16, x::16] = 0
    return {
        "100,000 specks": dots,
        "10,000 bars": bars,
        "noise": rng.integers(0, 256, (1200, 1200, 3), dtype=np.uint8),
        "a checkerboard": ((np.indices((1200, 1200)).sum(0) // 8 % 2) * 255).astype(np.uint8),
        "stripes": np.tile(((np.arange(1200) // 6 % 2) * 255).astype(np.uint8), (1200, 1)),
        "a noisy row": rng.integers(0, 256, (3, 9000), dtype=np.uint8),
    }


@pytest.mark.parametrize("name", hostile())
def test_hostile_pictures_take_seconds_at_most(name, reader):
    start = time.perf_counter()
    read = reader.read(hostile()[name])
    assert time.perf_counter() - start < 30
    assert 0 <= read.confidence <= 1


def test_no_digit_is_surer_than_that_it_was_found_as_it_is(reader, writer):
    assert all(0.5 < one.confidence <= FOUND for one in reader.read(writer.picture("147", Paper())).digits)


def test_a_reading_says_all_that_json_prints(reader, writer):
    read = reader.read(Image.fromarray(writer.picture("38\n5", Paper())))
    assert read.to_dict()["text"] == read.text
    assert read.confidence == pytest.approx(np.prod([one.confidence for one in read.digits]))
    assert [one.line for one in read.digits] == [0, 0, 1]
    for one, printed in zip(read.digits, read.to_dict()["digits"], strict=True):
        assert set(printed) == {"digit", "confidence", "line", "group", "box"}
        assert (one.image.shape, one.probabilities.shape) == ((28, 28), (10,))
        assert one.probabilities.argmax() == one.digit


def test_the_package_is_its_door(model, writer, tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(writer.picture("7", Paper())).save(path)
    assert len(digits.read(path, model).text) == 1
    assert isinstance(digits.Reader(model), Reader)
    assert digits.read(path).text == "7"  # with the model of the package
    with pytest.raises(AttributeError, match="no attribute 'write'"):
        _ = digits.write
    assert run("-c", "import sys, digits; print('numpy' in sys.modules)").stdout == "False\n"
