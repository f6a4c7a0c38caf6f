"""Pictures without a digit, in which nothing may be read, by the model that ships."""

import pytest

from digits.reading import Reader
from tests.reading.compose import NO_DIGIT, composed

COUNT = 6


@pytest.fixture(scope="module")
def shipped() -> Reader:
    return Reader()


@pytest.mark.parametrize("kind", NO_DIGIT)
def test_nothing_is_read_where_there_is_no_digit(kind, shipped, mnist):
    read = [shipped.read(composed(kind, number, mnist.test).data).text for number in range(COUNT)]
    assert sum(text != "" for text in read) <= COUNT // 2, read  # of words, one in three is
