"""Pictures without a digit, in which nothing may be read, by the model that ships."""

import pytest

from digits.reading import Reader
from digits.reading.find import find
from tests.reading.compose import NO_DIGIT, Layout, Paper, composed
from tests.reading.compose.no_digit import textures

COUNT = 25


@pytest.fixture(scope="module")
def shipped() -> Reader:
    return Reader()


@pytest.mark.parametrize("kind", NO_DIGIT)
def test_nothing_is_read_where_there_is_no_digit(kind, shipped, mnist):
    read = [shipped.read(composed(kind, number, mnist.test).data).text for number in range(COUNT)]
    assert sum(text != "" for text in read) <= COUNT // 3, read  # icons and blank pages come near it


def test_cloth_and_wood_hold_no_pieces(rng):
    assert sum(not find(textures(rng)).rows for _ in range(20)) >= 16


def test_writing_is_no_surface(writer):
    page = writer.picture("31415\n92653\n58979", Paper(noise=5, blur=1.5, shade=0.4, squared=40), Layout(height=60))
    assert len(find(page).rows) == 3
