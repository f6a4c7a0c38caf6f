"""Digits that somebody corrected, and how they vote."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digits
from digits.datasets import Split
from digits.errors import DigitsError
from digits.reading.hand import CLASSES, Hand, read_hand, voted
from digits.reading.network import Network
from digits.reading.reader import SHIPPED
from tests.reading.compose.hands import ODD, OneHand, a_hand, written


@pytest.fixture(scope="module")
def odd() -> Split:
    """Sevens with a second bar at their foot, which the reader takes for threes, ones and twos."""
    hand = OneHand({**a_hand(0).ways, "7": ODD["7"][0]}, 0.1, 1.0, 0.09, 0.03)
    images, labels = written(hand, 400, np.random.default_rng(0))
    return Split(images, labels).take(labels == 7)


def saved(folder: Path, images: np.ndarray, name: str) -> Path:
    (folder / name).mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images):
        Image.fromarray(image).save(folder / name / f"{index}.png")
    return folder


def said(images: np.ndarray) -> np.ndarray:
    """What the reader says, as `Hand.vote` takes it."""
    predictions = Network(SHIPPED)(images)
    return np.column_stack([predictions.probabilities * (1 - predictions.doubts)[:, np.newaxis], predictions.doubts])


def test_what_is_near_a_correction_is_read_as_that(odd):
    alone = said(odd.images).argmax(1) == odd.labels
    hand = Hand(odd.take(np.flatnonzero(~alone)[:3]), SHIPPED)
    voted = hand.vote(odd.images, said(odd.images)).argmax(1) == odd.labels
    assert alone.mean() < 0.7
    assert 1 - voted.mean() < 0.5 * (1 - alone.mean())
    assert voted[alone].all()


def test_what_is_far_from_all_corrections_stays_as_it_was(odd, mnist):
    hand = Hand(odd.take(slice(5)), SHIPPED)
    images = mnist.test.images[:500]
    before, after = said(images), hand.vote(images, said(images))
    assert (before.argmax(1) != after.argmax(1)).sum() <= 1
    assert after.sum(1) == pytest.approx(np.ones(len(images)), abs=1e-5)


@pytest.mark.parametrize(("near", "votes"), [(0.85, False), (0.95, True)])
def test_a_correction_votes_where_it_is_nearer_than_what_the_digit_usually_looks_like(near, votes):
    directions = np.eye(12, dtype=np.float32)
    image = 0.9 * directions[7] + np.sqrt(1 - 0.9**2) * directions[10]  # taken for a 7, and much like one
    correction = near * image + np.sqrt(1 - near**2) * directions[11]
    before = np.full((1, 11), 0.02)
    before[0, 7] = 0.8
    after = voted(image[np.newaxis], before, correction[np.newaxis], np.array([3]), directions[:10])
    assert (after[0, 3] > 2 * before[0, 3]) == votes
    assert votes or np.allclose(after, before, atol=1e-5)


def test_what_is_corrected_as_no_digit_is_none(mnist):
    images = mnist.test.images[:3]
    hand = Hand(Split(images, np.full(3, CLASSES.index("nothing"))), SHIPPED)
    assert (hand.vote(images, said(images)).argmax(1) == CLASSES.index("nothing")).all()


def test_a_folder_gives_back_the_images_that_were_saved_in_it(mnist, tmp_path):
    saved(tmp_path, mnist.test.images[:2], "7")
    saved(tmp_path, mnist.test.images[2:3], "nothing")
    hand = read_hand(tmp_path)
    assert hand.labels.tolist() == [7, 7, 10]
    assert np.array_equal(hand.images, mnist.test.images[:3])


def test_another_picture_is_brought_into_mnists_form(mnist, tmp_path):
    image = mnist.test.images[0]  # a seven
    dark = 255 - np.pad(np.asarray(Image.fromarray(image).resize((140, 140))), ((200, 30), (60, 300)))
    saved(tmp_path, [dark], "7")
    (found,) = read_hand(tmp_path).images
    assert np.corrcoef(found.ravel(), image.ravel())[0, 1] > 0.8


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ("x/a.png", "has the class 'x'; allowed: 0, 1"),
        ("10/a.png", "has the class '10'; allowed: 0, 1"),
        ("a.png", r"a\.png is in no class; allowed: images in a folder for each class"),
        ("7/a.txt", r"a\.txt is no image; allowed in a class: \.png"),
        ("7/.hidden.png", "has 0 images in classes; allowed: 1 to 10,000"),
    ],
)
def test_what_is_no_hand_is_refused(made, says, mnist, tmp_path):
    (tmp_path / made).parent.mkdir(exist_ok=True)
    Image.fromarray(mnist.test.images[0]).save(tmp_path / made, format="PNG")
    with pytest.raises(DigitsError, match=says):
        read_hand(tmp_path)


def test_a_damaged_image_is_named(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "a.png").write_bytes(b"nothing")
    with pytest.raises(DigitsError, match=r"a\.png is not a readable image"):
        read_hand(tmp_path)


def test_a_reader_is_told_of_a_hand(odd, tmp_path):
    wrong = odd.images[said(odd.images).argmax(1) != 7]
    large = 255 - np.pad(np.asarray(Image.fromarray(wrong[0]).resize((140, 140))), 70)
    first = digits.Reader().read(large)
    assert first.text != "7"
    corrected = saved(tmp_path, np.stack([one.image for one in first.digits]), "7")
    trace = digits.Reader(hand=corrected).trace(large)
    assert trace.reading.text == "7"
    assert trace.seen.found.scores.dtype == np.float32
    assert trace.reading.digits[0].probabilities.sum() == pytest.approx(1, abs=1e-5)
