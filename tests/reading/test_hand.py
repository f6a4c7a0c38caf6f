"""Digits that somebody corrected, and how they vote."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digits
from digits.errors import DigitsError
from digits.reading.hand import CLASSES, Hand
from digits.reading.network import Network
from digits.reading.reader import SHIPPED
from tests.reading.compose.hands import ODD, OneHand, a_hand, written


@pytest.fixture(scope="module")
def odd() -> tuple[np.ndarray, np.ndarray]:
    """Sevens with a second bar at their foot, which the reader takes for threes, ones and twos."""
    hand = OneHand({**a_hand(0).ways, "7": ODD["7"][0]}, 0.1, 1.0, 0.09, 0.03)
    images, labels = written(hand, 400, np.random.default_rng(0))
    return images[labels == 7], labels[labels == 7]


def saved(folder: Path, images: np.ndarray, name: str) -> Path:
    (folder / name).mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images):
        Image.fromarray(image).save(folder / name / f"{index}.png")
    return folder


def said(images: np.ndarray) -> np.ndarray:
    """What the reader says, as `Hand.vote` takes it."""
    answers = Network(SHIPPED)(images)
    return np.column_stack([answers.probabilities * (1 - answers.doubts)[:, np.newaxis], answers.doubts])


def test_what_is_near_a_correction_is_read_as_that(odd, tmp_path):
    images, labels = odd
    alone = said(images).argmax(1) == labels
    wrong = np.flatnonzero(~alone)[:3]
    hand = Hand(saved(tmp_path, images[wrong], "7"), SHIPPED)
    voted = hand.vote(images, said(images)).argmax(1) == labels
    assert alone.mean() < 0.7
    assert 1 - voted.mean() < 0.5 * (1 - alone.mean())
    assert (voted[alone]).all()


def test_what_is_far_from_all_corrections_stays_as_it_was(odd, tmp_path, mnist):
    hand = Hand(saved(tmp_path, odd[0][:5], "7"), SHIPPED)
    images = mnist.test.images[:2000]
    before, after = said(images), hand.vote(images, said(images))
    assert (before.argmax(1) != after.argmax(1)).mean() <= 0.001
    assert after.sum(1) == pytest.approx(np.ones(len(images)), abs=1e-5)


def test_what_is_corrected_as_no_digit_is_none(mnist, tmp_path):
    images = mnist.test.images[:3]
    hand = Hand(saved(tmp_path, images, "nothing"), SHIPPED)
    assert (hand.vote(images, said(images)).argmax(1) == CLASSES.index("nothing")).all()


@pytest.mark.parametrize("names", [["7", "x"], ["10"]])
def test_other_classes_are_refused(names, tmp_path, mnist):
    for name in names:
        saved(tmp_path, mnist.test.images[:1], name)
    with pytest.raises(DigitsError, match="has the class '(x|10)'; allowed: 0, 1"):
        Hand(tmp_path, SHIPPED)


def test_a_reader_is_told_of_a_hand(odd, tmp_path):
    large = 255 - np.pad(np.asarray(Image.fromarray(odd[0][0]).resize((140, 140))), 70)
    first = digits.Reader().read(large)
    corrected = saved(tmp_path, np.stack([one.image for one in first.digits]), "7")
    assert digits.Reader(hand=corrected).read(large).text == "7"
