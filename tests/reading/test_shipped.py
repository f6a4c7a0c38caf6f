"""The model that comes with the package: what its header says of it, and whether that is so."""

import re

import numpy as np
import pytest
from sklearn.datasets import load_digits

from digits.reading import Reader
from digits.reading.network import Network
from digits.reading.picture import open_picture
from digits.reading.reader import SHIPPED
from digits.recipes import RECIPES
from digits.synthesis import non_digits
from digits.synthesis.printed import to_form
from tests.conftest import ROOT
from tests.reading.compose import composed


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(SHIPPED)


def test_it_is_small():
    assert SHIPPED.stat().st_size <= 1_500_000


def test_its_header_says_how_it_was_made(network, mnist):
    info = network.predictor.info
    assert info.recipe == RECIPES["reader"]
    assert info.origin["dataset"] == "mnist"
    assert info.origin["dataset_sha256"] == mnist.sha256
    assert info.origin["seed"] == 0
    assert info.layers[:4] == ("conv1", "relu1", "conv2", "pool1")  # the page shows their maps
    assert {"python", "numpy", "torch"} <= info.origin["versions"].keys()


def test_it_reads_mnist(network, mnist):
    assert (network(mnist.test.images[:1000]).digits == mnist.test.labels[:1000]).mean() >= 0.99


@pytest.mark.slow
def test_its_accuracy_on_mnist_is_as_its_header_says(network, mnist):
    predictions = network(mnist.test.images)
    right = (predictions.digits == mnist.test.labels).mean()
    assert right >= 0.995
    assert right == pytest.approx(network.predictor.info.origin["test_accuracy"], abs=2e-4)
    assert (predictions.doubts > 0.5).mean() < 0.005


def test_it_reads_the_small_digits_of_scikit_learn_as_the_docs_say(network):
    digits = load_digits()
    images = np.stack([to_form(np.uint8(np.round(image * 255 / 16))) for image in digits.images])
    right = (network(images).digits == digits.target).mean()
    claimed = re.search(r"scikit-learn's .* \| ([\d.]+)%", (ROOT / "docs" / "reading.md").read_text())
    assert claimed
    assert 100 * right == pytest.approx(float(claimed[1]), abs=0.06)


@pytest.mark.parametrize("page", ["README.md", "docs/reading.md"])
def test_the_example_is_read_as_the_docs_say(page):
    read = Reader().read(ROOT / "digits" / "page" / "static" / "photographs" / "1.jpg")
    said = re.search(r"^photo.jpg \((.*)%\)\n((?:    \d+\n)+)", (ROOT / page).read_text(), re.MULTILINE)
    assert said
    assert said[2].split() == read.text.split("\n")
    assert float(said[1]) == pytest.approx(100 * read.confidence, abs=1)  # processors differ a little


def test_it_says_what_is_no_digit(network, mnist, rng):
    assert (network(non_digits.draw(1000, mnist.train, rng).images).doubts > 0.5).mean() > 0.95


def test_rows_are_read_however_a_page_lies(mnist):
    reader = Reader()
    pages = [composed("rows", number, mnist.test, 7) for number in range(2)]
    for page in pages:
        pixels = open_picture(page.data, "a page").pixels
        read = [reader.read(np.ascontiguousarray(np.rot90(pixels, turns))) for turns in range(4)]
        wanted = len(page.text.replace("\n", ""))
        assert min(len(one.digits) for one in read) >= 0.8 * wanted
        assert len({one.text.count("\n") for one in read}) == 1
