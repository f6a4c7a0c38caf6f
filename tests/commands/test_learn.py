import re

import numpy as np
import pytest
from PIL import Image

from digits.reading.network import Network
from digits.reading.reader import SHIPPED
from tests.conftest import run
from tests.inside import refused
from tests.reading.compose.hands import ODD, OneHand, a_hand, written


@pytest.fixture(scope="module")
def my_digits(tmp_path_factory):
    """Sevens with a second bar at their foot that are misread."""
    folder = tmp_path_factory.mktemp("mine")
    hand = OneHand({**a_hand(0).ways, "7": ODD["7"][0]}, 0.1, 1.0, 0.09, 0.03)
    images, labels = written(hand, 300, np.random.default_rng(0))
    images = images[labels == 7]
    (folder / "7").mkdir()
    for index, image in enumerate(images[Network(SHIPPED)(images).digits != 7][:6]):
        Image.fromarray(image).save(folder / "7" / f"{index}.png")
    return folder


def learn(*arguments):
    return run("-m", "digits", "learn", *arguments)


def test_it_says_what_was_gained_and_lost_and_the_model_reads(my_digits, data_dir, tmp_path):
    done = learn(my_digits, "--output", tmp_path / "mine.onnx", "--data-dir", data_dir)
    assert (done.returncode, done.stderr) == (0, "")
    _, own, mnist, nothing, saved = done.stdout.splitlines()
    assert re.match(r"your digits, each while it was left out +6 +0\.00% +\d+\.\d\d% +\d", own)
    assert re.match(r"MNIST's validation images +[\d,]+ +\d\d", mnist)
    assert re.match(r"what is no digit +[\d,]+ +\d\d", nothing)
    assert (
        saved == f"Saved {tmp_path / 'mine.onnx'}. Read with it: digits read --model {tmp_path / 'mine.onnx'} photo.jpg"
    )
    read = run("-m", "digits", "read", "--model", tmp_path / "mine.onnx", my_digits / "7")
    assert read.stdout.count("\n    7\n") >= 4


@pytest.mark.slow
def test_where_nothing_is_gained_nothing_is_written(data_dir, mnist, tmp_path):
    for label, image in zip(mnist.train.labels[:3], mnist.train.images[:3], strict=True):
        (tmp_path / "own" / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "own" / str(label) / "a.png")
    flags = ("--output", tmp_path / "mine.onnx", "--data-dir", data_dir)
    said = refused("learn", tmp_path / "own", *flags)
    assert said.startswith(f"nothing is gained on your digits: {tmp_path / 'mine.onnx'} was not written")
    assert not (tmp_path / "mine.onnx").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "nowhere is no folder; allowed: one that has a folder of images for each class"),
        (
            ["nowhere", "--output", "mine.bin"],
            "mine.bin is no exported model's name; allowed: names that end in",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, says):
    assert refused("learn", *arguments).startswith(says)
