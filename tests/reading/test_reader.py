"""Reading with a stand-in for the finder, which calls every blob of ink a digit: the reader tells what it is."""

import time
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import digits
from digits.reading import Reader
from digits.reading import reader as module
from digits.reading.confidence import BESIDE_INK, MOST, Weights
from digits.reading.draw import explain, show
from digits.reading.finder import Found
from digits.reading.network import Predictions
from digits.reading.picture import Picture
from digits.reading.reader import SHIPPED, Seen, Trace, _original, judged
from tests.conftest import run
from tests.reading.blobs import finder, maps_of
from tests.reading.compose import BLUE, Layout, Paper

PLAIN = Paper(ground=(255, 255, 255), pen=(0, 0, 0))


WEIGHTS = Weights(digit=(1, 1, 0.5, -2), which=(1, 1), text=(1, 0, 1, -0.1, 2), none=(0, 0, 1, -0.5, 4))


@pytest.fixture(autouse=True)
def weights(monkeypatch):
    """Weights that hear the reader as much as the finder, whatever was fitted to the finder that ships."""
    monkeypatch.setattr("digits.reading.reader.fitted", lambda: WEIGHTS)


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The shipped reader, which is asked about every blob."""
    made = Reader(SHIPPED)
    made.finder = finder()
    return made


@pytest.mark.parametrize("text", ["7", "402\n17", "30472\n915586\n08"])
def test_rows_are_read_from_above_and_from_the_left(text, reader, writer):
    read = reader.read(writer.picture(text, PLAIN, Layout(height=90)))
    assert [len(row) for row in read.text.split("\n")] == [len(row) for row in text.split("\n")]
    right = [one == other for one, other in zip(read.text, text, strict=True)]
    assert np.mean(right) > 0.85
    assert 0 < read.confidence <= MOST


@pytest.mark.parametrize("paper", [Paper(ground=(40, 60, 50), pen=(235, 235, 230)), Paper(pen=BLUE, noise=3, blur=1)])
def test_ink_and_paper_of_any_colour_will_do(paper, reader, writer):
    texts = ["275", "846", "103"]
    read = [reader.read(writer.picture(text, paper, Layout(height=100))).text for text in texts]
    assert sum(one == other for one, other in zip(read, texts, strict=True)) >= 2


def test_boxes_are_where_the_digits_are(reader, writer):
    picture = writer.picture("274", PLAIN, Layout(margin=80))
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


def test_a_space_is_printed_where_a_gap_is_wide_and_the_text_stays_without(reader, writer):
    one, other = (writer.picture(text, PLAIN, Layout(height=90, margin=60)) for text in ("12", "345"))
    high = max(len(one), len(other))
    parts = [np.pad(part, ((0, high - len(part)), (0, 0), (0, 0)), constant_values=255) for part in (one, other)]
    read = reader.read(np.hstack(parts))
    assert [len(group) for group in read.spaced.split(" ")] == [2, 3]
    assert read.text == read.spaced.replace(" ", "")
    assert [digit["group"] for digit in read.to_dict()["digits"]] == [0, 0, 1, 1, 1]


def test_what_is_no_digit_is_left_out(reader, writer):
    picture = np.pad(writer.picture("7", PLAIN, Layout(height=90)), ((0, 0), (0, 300), (0, 0)), constant_values=255)
    middle = picture.shape[1] - 150, picture.shape[0] // 2
    for turn in range(0, 180, 30):  # a star
        cv2.ellipse(picture, middle, (50, 3), turn, 0, 360, (0, 0, 0), -1)
    read = reader.read(picture)
    assert len(read.text) == 1
    left, top, width, height = read.left_out[0]
    assert left < middle[0] < left + width
    assert top < middle[1] < top + height
    assert read.to_dict()["left_out"] == [list(box) for box in read.left_out]
    grey = reader.trace(picture)
    shown = cv2.imdecode(np.frombuffer(show(grey), np.uint8), cv2.IMREAD_COLOR)
    assert ((shown == 150).all(2)).sum() > 100
    assert not ((picture == 150).all(2)).any()


class Blind:
    """A network that finds nothing, in place of the finder's."""

    def run(self, _: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        return [maps_of([], inputs["images"].shape[1:3])[np.newaxis]]


def test_what_a_picture_shows_alone_the_reader_decides(writer):
    reader = Reader(SHIPPED)
    reader.finder.session = Blind()
    read = [reader.read(writer.picture(digit, PLAIN, Layout(height=120))) for digit in "0123456789"]
    assert sum(one.text == digit for one, digit in zip(read, "0123456789", strict=True)) >= 8
    assert all(one.confidence > 0.5 for one in read if one.text)
    small = load_digits()
    images = np.rint(small.images[:50] * (255 / 16)).astype(np.uint8)
    assert sum(reader.read(image).text == str(label) for image, label in zip(images, small.target, strict=False)) > 45
    star = np.full((200, 200), 255, np.uint8)
    for turn in range(0, 180, 30):
        cv2.ellipse(star, (100, 100), (70, 4), turn, 0, 360, 0, -1)
    assert reader.read(star).text == ""
    assert reader.read(writer.picture("35", PLAIN, Layout(height=120))).text == ""


def test_over_a_page_full_of_ink_nobody_is_certain_that_there_is_no_digit(reader, rng):
    page = np.full((600, 800, 3), 240, np.uint8)
    for _ in range(40):
        start, end = rng.integers(0, 600, (2, 2))
        cv2.line(page, start.tolist(), end.tolist(), (30, 30, 30), 5)
    read = reader.read(page)
    assert read.left_out or read.text
    assert read.confidence <= BESIDE_INK


RUBBISH = {
    "a pixel": np.zeros((1, 1), np.uint8),
    "a row": np.zeros((1, 10_000), np.uint8),
    "a column": np.full((10_000, 1), 255, np.uint8),
    "white": np.full((280, 280), 255, np.uint8),
    "black": np.zeros((3000, 4000), np.uint8),
    "red": np.full((500, 700, 3), (255, 0, 0), np.uint8),
    "transparent": np.zeros((280, 280, 4), np.uint8),
    "noise": np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), dtype=np.uint8),
    "a noisy row": np.random.default_rng(0).integers(0, 256, (1, 10_000, 3), dtype=np.uint8),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_gets_a_plain_answer(name, reader):
    start = time.perf_counter()
    with warnings.catch_warnings(action="error"):
        read = reader.read(RUBBISH[name])
    assert time.perf_counter() - start < 10
    assert 0 <= read.confidence <= 1
    if "nois" not in name:
        assert (read.text, read.digits, read.left_out) == ("", (), ())


@pytest.mark.parametrize("turns", range(4))
def test_boxes_of_a_turned_picture_are_those_of_the_upright_one(turns):
    pixels = np.zeros((60, 100, 3), np.uint8)
    pixels[10:30, 70:80] = 255
    turned = np.rot90(pixels, turns)[:, :, 0] > 0
    rows, columns = np.flatnonzero(turned.any(1)), np.flatnonzero(turned.any(0))
    box = np.array([columns[0], rows[0], len(columns), len(rows)])
    assert _original(Picture(pixels, 2.0), box, turns) == (140, 20, 20, 40)


def test_boxes_do_not_stick_out_of_the_picture():
    picture = Picture(np.zeros((60, 100, 3), np.uint8), 1.0)
    assert _original(picture, np.array([-5.0, -5, 30, 300]), 0) == (0, 0, 25, 60)
    assert _original(picture, np.array([90.0, 10, 30, 20]), 0) == (90, 10, 10, 20)
    left, top, width, height = _original(picture, np.array([300.0, 300, 30, 30]), 0)
    assert (0 <= left < 100, 0 <= top < 60, width >= 1, height >= 1) == (True,) * 4


def test_a_reading_says_all_that_json_prints(reader, writer):
    read = reader.read(Image.fromarray(writer.picture("38\n5", PLAIN)))
    printed = read.to_dict()
    assert set(printed) == {"text", "confidence", "digits", "left_out"}
    assert printed["text"] == read.text == read.spaced
    assert [one.line for one in read.digits] == [0, 0, 1]
    for one, described in zip(read.digits, printed["digits"], strict=True):
        assert set(described) == {"digit", "confidence", "line", "group", "box"}
        assert (one.image.shape, one.probabilities.shape) == ((28, 28), (10,))
        assert one.probabilities.argmax() == one.digit
        assert 0 < one.confidence <= MOST


def test_steps_are_drawn_whatever_the_picture(reader, writer):
    for image in (writer.picture("38\n5", PLAIN), RUBBISH["a pixel"], RUBBISH["a row"]):
        trace = reader.trace(image)
        for draw, least in ((explain, 1000), (show, 0)):
            assert cv2.imdecode(np.frombuffer(draw(trace), np.uint8), cv2.IMREAD_COLOR).shape[1] > least


def test_the_package_is_its_door(model, writer, tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(writer.picture("7", Paper())).save(path)
    assert isinstance(digits.Reader(model), Reader)
    assert digits.read(path).digits is not None  # with the models of the package
    with pytest.raises(AttributeError, match="no attribute 'write'"):
        _ = digits.write
    assert run("-c", "import sys, digits; print('numpy' in sys.modules)").stdout == "False\n"


def seen(*sure: float, refused: tuple[float, ...] = ()) -> Seen:
    """Digits in a row, so sure, and boxes that are refused."""
    count = len(sure) + len(refused)
    boxes = np.array([(40 * index, 10, 30, 50) for index in range(count)], np.float32).reshape(-1, 4)
    predictions = Predictions(np.eye(10, dtype=np.float32)[[3] * count], *np.zeros((2, count), np.float32))
    likely = np.array([*sure, *refused])
    found = Found(boxes, likely, likely, predictions.probabilities, {})
    rows = [list(range(len(sure)))] if sure else []
    images = np.zeros((count, 28, 28), np.uint8)
    return Seen(found, images, predictions, likely, predictions.probabilities, rows, np.arange(len(sure), count))


def test_of_overlapping_boxes_the_likeliest_is_read():
    boxes = np.array([(0, 0, 40, 60), (20, 5, 8, 50), (60, 0, 40, 60)], np.float32)  # the second is a part of the first
    predictions = Predictions(np.eye(10, dtype=np.float32)[[4, 1, 7]], np.float32([0, 0.3, 0]), np.zeros(3, np.float32))
    scores = np.array([0.8, 0.9, 0.8])
    found = Found(boxes, scores, scores, predictions.probabilities, {})
    result = judged(found, np.zeros((3, 28, 28), np.uint8), predictions, WEIGHTS)
    assert result.text == "47"
    assert result.refused.tolist() == []


@pytest.mark.parametrize(
    ("upright", "turned", "left", "turns"),
    [
        (seen(0.6, 0.6, 0.6, 0.6), seen(0.95, 0.95, 0.95, 0.95), 0, 1),
        (seen(0.9, 0.9, 0.9, 0.9), seen(*[0.95] * 6), 0, 0),  # what is clear stays as it is
        (seen(0.9, 0.9, 0.9, 0.9), seen(*[0.95] * 6), 1, 1),  # but where ink is left
        (seen(0.6, 0.6), seen(0.99, 0.99, 0.99), 0, 0),  # too few: 669 or 699
        (seen(0.6, 0.6, 0.6), seen(0.7, 0.7, 0.7, 0.7), 0, 0),  # no clearer
        (seen(0.8, 0.8, 0.8, 0.8), seen(0.9, 0.9, 0.9, 0.9), 0, 0),  # hardly more
        (seen(0.9), seen(0.95, 0.95, 0.95, 0.95), 2, 0),  # too little ink for so many digits
        (seen(), seen(0.95, 0.95, 0.95, 0.95), 4, 1),
        (seen(), seen(0.95, 0.95, 0.95, 0.95), 0, 0),  # nothing there: nobody asks further
    ],
)
def test_a_page_on_its_side_is_read_turned(upright, turned, left, turns, reader, monkeypatch):
    page = np.full((200, 400, 3), 255, np.uint8)
    for patch in range(left):  # beside what is read
        page[120:180, 40 + 90 * patch : 60 + 90 * patch] = 0
    monkeypatch.setattr(reader, "_look", lambda pixels, scale: upright if len(pixels) == 200 else turned)
    monkeypatch.setattr(reader, "ask", lambda pixels, sizes: [upright if len(pixels) == 200 else turned])
    monkeypatch.setattr(module, "judged", lambda seen, *_: seen)
    trace = reader.trace(page)
    assert trace.turns == turns
    assert trace.seen is (turned if turns else upright)
    assert all(left + width <= 400 and top + height <= 200 for left, top, width, height in boxes_of(trace))


def boxes_of(trace: Trace) -> list[tuple[int, int, int, int]]:
    return [one.box for one in trace.reading.digits]
