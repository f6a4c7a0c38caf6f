"""A hand that networks are told of: digits that somebody corrected, of which the nearest vote with the networks.

How near two images are is the cosine between the values of the network's last layer before its outputs. A correction
votes where an image is nearer to it than to the digit that it was taken for, as that digit usually looks, and near at
all; the nearer, the more. How near and how much was chosen on composed hands (`benchmarks/hands.py`).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.datasets import DIGITS, SIDE, Split, in_natural_order
from digits.datasets.forms.images import read_grey
from digits.errors import DigitsError
from digits.exchange.predictor import Predictor, open_session
from digits.image_files import SUFFIXES, read_file
from digits.models import BATCH, onnx_outputs
from digits.reading.crops import cut_out
from digits.reading.left_out import alone
from digits.reading.picture import open_picture

NOTHING = "nothing"  # the class of what is no digit
CLASSES = (*DIGITS, NOTHING)  # of corrections
NEAR = 0.7  # cosine from which on a correction may vote
VOTE = 80.0  # of what the cosine is higher than that, and than that of the digit it was taken for, is added to a logit
MOST_IMAGES = 10_000  # of a hand
LITTLE = 1e-6  # probability: what is less is as good as this


class Layer:
    """The last layer of an exported model before its outputs.

    Raises:
        DigitsError: the model is damaged.
    """

    def __init__(self, model: Path):
        self.name = last_layer(Predictor(model).info.layers)
        self.session = open_session(model.read_bytes() + onnx_outputs([self.name]), model)

    def values(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What it gives for images (uint8, `(n, 28, 28)`, at least one): float32, `(n, d)`."""
        parts = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        return np.concatenate(
            [self.session.run([self.name], {"images": part})[0].reshape(len(part), -1) for part in parts]
        )

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The same as vectors of length 1."""
        return _of_length_1(self.values(images))


def last_layer(layers: Sequence[str]) -> str:
    """The name of the last layer before the outputs."""
    return [name for name in layers if not name.startswith("dense")][-1]


class Hand:
    """Corrections, and how they vote.

    Args:
        corrections: images in MNIST's form, with labels that are places in `CLASSES`; see `read_hand`.
        model: an exported model, whose layers tell what is near.

    Raises:
        DigitsError: the model is damaged.
    """

    def __init__(self, corrections: Split, model: Path):
        self.layer = Layer(model)
        self.corrections, self.labels = self.layer.features(corrections.images), corrections.labels
        self.usual = usual(self.layer)

    def vote(self, images: NDArray[np.uint8], probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """What is said of images, with the corrections' votes: float64, `(n, 11)`.

        Args:
            images: uint8, `(n, 28, 28)`, at least one.
            probabilities: `(n, 11)`, without them: of each digit, and of no digit.
        """
        return voted(self.layer.features(images), probabilities, self.corrections, self.labels, self.usual)


def usual(layer: Layer) -> NDArray[np.float32]:
    """How each digit usually looks, over all ways of writing it, as features: float32, `(10, d)`."""
    from digits.synthesis import strokes, variants  # late: who has no hand waits for none of it

    images = strokes.draw(variants.DIGITS, strokes.Hand(), np.random.default_rng(0))
    found, labels = layer.features(images), np.array([int(way.character) for way in variants.DIGITS])
    return _of_length_1(np.stack([found[labels == digit].mean(axis=0) for digit in range(len(DIGITS))]))


def voted(
    features: NDArray[np.float32],
    probabilities: NDArray[np.floating],
    corrections: NDArray[np.float32],
    labels: NDArray[np.int64],
    usual: NDArray[np.float32],
) -> NDArray[np.float64]:
    """What is said of images, with the votes of corrections: float64, `(n, 11)`.

    Args:
        features: of the images, `(n, d)`.
        probabilities: `(n, 11)`, without the votes: of each digit, and of no digit.
        corrections: features of the corrections, `(k, d)`.
        labels: places of their classes, `(k,)`.
        usual: features of each digit as it usually looks, `(10, d)`.
    """
    near, typical = features @ corrections.T, features @ usual.T
    said = probabilities.argmax(axis=1)
    taken_for = np.where(said < len(DIGITS), typical[np.arange(len(said)), said % len(DIGITS)], typical.max(axis=1))
    logits = np.log(probabilities.astype(np.float64) + LITTLE)
    for label in np.unique(labels):
        nearest = near[:, labels == label].max(axis=1)
        logits[:, label] += VOTE * (nearest - np.maximum(taken_for, NEAR)).clip(0)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _of_length_1(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    length: NDArray[np.float32] = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(length, LITTLE)).astype(np.float32)


def read_hand(folder: Path) -> Split:
    """Somebody's own digits: a folder for each class that there is, `0` to `9` and `nothing`, with images in it.

    An image of 28 × 28 pixels is taken as it is, ink bright on dark, as the page saves it; of any other picture, which
    shows one digit, the ink is brought into that form.

    Returns:
        Images, uint8, `(n, 28, 28)`, and labels, places in `CLASSES`.

    Raises:
        DigitsError: there is no such folder, it holds none or too many, another class, or what is no image.
    """
    found = list(_files(folder))
    if not 0 < len(found) <= MOST_IMAGES:
        raise DigitsError(f"{folder} has {len(found):,} images in classes; allowed: 1 to {MOST_IMAGES:,}, as 7/a.png")
    labels = np.array([CLASSES.index(path.parent.name) for path in found])
    return Split(np.stack([_in_form(path) for path in found]), labels)


def _files(folder: Path) -> Iterator[Path]:
    """The images in the folders of classes, in natural order."""
    if not folder.is_dir():
        raise DigitsError(f"{folder} is no folder; allowed: one that has a folder of images for each class")
    for inside in _entries(folder):
        if inside.is_dir() and inside.name not in CLASSES:
            raise DigitsError(f"{folder} has the class {inside.name!r}; allowed: {', '.join(CLASSES)}")
        if inside.suffix.lower() in SUFFIXES:
            raise DigitsError(f"{inside} is in no class; allowed: images in a folder for each class, as 7/a.png")
        for path in _entries(inside) if inside.is_dir() else []:
            if path.suffix.lower() not in SUFFIXES:
                raise DigitsError(f"{path} is no image; allowed in a class: {', '.join(SUFFIXES)}")
            yield path


def _entries(folder: Path) -> list[Path]:
    inside = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(inside, key=lambda path: in_natural_order(path.name))


def _in_form(path: Path) -> NDArray[np.uint8]:
    grey = read_grey(read_file(path, str(path)), str(path))
    if grey.shape == (SIDE, SIDE):
        return grey
    picture = open_picture(path)
    height, width = picture.pixels.shape[:2]
    box = alone(picture.pixels, picture.scale)
    whole = np.array([0, 0, width, height])
    form: NDArray[np.uint8] = cut_out(picture.pixels, (whole if box is None else box)[np.newaxis])[0]
    return form
