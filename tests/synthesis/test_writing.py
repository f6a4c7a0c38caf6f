import numpy as np
import pytest

from digits.datasets import Split
from digits.synthesis.writing import FOREIGN, GREEK, ICONS, PRINTED_LETTERS, SIGNS, WRITTEN_LETTERS, Writer

STYLES = pytest.mark.parametrize("style", ["copied", "written", "printed", "plotted", "segments"])


@STYLES
def test_digits_have_the_height_that_was_asked_for(style, mnist):
    for seed in range(10):
        write = Writer(mnist.train, np.random.default_rng(seed), style)
        for digit in "0123456789":
            ink = write(digit, 50)
            assert ink.dtype == np.uint8
            assert ink.max() > 100
            assert 30 <= len(ink) <= 75  # of a 0 or a 1 by hand the pen's width is a part


@STYLES
def test_all_signs_and_letters_leave_ink(style, mnist):
    write = Writer(mnist.train, np.random.default_rng(0), style)
    for character in (*SIGNS, *GREEK, *WRITTEN_LETTERS, *PRINTED_LETTERS):
        assert write(character, 30).any()
        assert -0.5 < write.top(character) < 1.2


def test_letters_and_icons_of_other_scripts_have_a_glyph(mnist):
    write = Writer(mnist.train, np.random.default_rng(0), "printed")
    missing = write("\uffff", 40)
    for character in (*FOREIGN, *ICONS):
        assert not np.array_equal(write(character, 40), missing), hex(ord(character))


def test_copies_come_from_the_split_that_was_given():
    labels = np.arange(10)
    for wide in (3, 12):
        images = np.zeros((10, 28, 28), np.uint8)
        images[:, 4:24, :wide] = 255
        ink = Writer(Split(images, labels.copy()), np.random.default_rng(5), "copied")("7", 40)
        assert abs(ink.shape[1] / len(ink) - wide / 20) < 0.35


def test_digits_of_which_there_is_no_image_are_written():
    write = Writer(Split(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64)), np.random.default_rng(0), "copied")
    assert all(write(digit, 40).any() for digit in "0123456789")


def test_joined_letters_make_a_wide_word(mnist):
    write = Writer(mnist.train, np.random.default_rng(1), "written")
    ink = write.scrawl("minuten", 30)
    assert ink.shape[1] > 2 * len(ink)
    assert ink.max() > 200
