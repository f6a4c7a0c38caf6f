"""Reading with the models that ship, on whatever paper, and of what is no writing at all."""

import time

import numpy as np
import pytest

from digits.reading import Reader
from digits.reading.confidence import MOST
from tests.reading.compose import BLUE, LIGHT_BLUE, PENCIL, RED, Layout, Paper, jpeg, photographed


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


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
    texts = ["6281\n0357", "40\n179365"]
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
    assert 0 <= read.confidence <= MOST
