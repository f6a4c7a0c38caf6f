"""The reader goes on learning from somebody's own digits, among its own images, so that it forgets nothing.

Only its last layer learns: what the layers before it found in an image is computed once, and the twelve sums over that
are fitted in seconds (L-BFGS, by SciPy), with neither framework. What it gains is measured on digits that it did not
learn from: in turn a part of yours is left out (cross-validation). What it loses is measured on what the reader that
ships did not learn from either: a tenth of MNIST's training images, and drawn images of what is no digit.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from digits.datasets import DIGITS, Split
from digits.errors import DigitsError
from digits.evaluation.metrics import Accuracy, accuracy_of
from digits.exchange.predictor import Predictor
from digits.exchange.weights import read_weights, with_weights
from digits.reading.hand import Layer
from digits.reading.reader import SHIPPED
from digits.recipes.randomness import derive
from digits.synthesis.epoch import shown
from digits.training.validation import hold_out

FOLDS = 5  # parts of your digits, each of which is left out once; each digit by itself where there are fewer
AMONG = 2000  # of MNIST's images that it learns from again, with what the recipe draws beside them
WEIGHTS = (0.08, 0.03, 0.01)  # of all of yours together, beside all of these: the first by which little is forgotten
STIFFNESS = 1e-3  # of the weights: how much a square of their change costs
STEPS = 40  # of L-BFGS at most
COPIES = 8  # of each of yours, turned, scaled, leaning and moved at random
ALLOWED_LOSS = 0.001  # of the accuracy on MNIST's validation images
_NOTHING = len(DIGITS)  # the class of what is no digit; of several at once the network has another, 11

Told = Callable[[int, int], None]  # how many steps of how many are done


class Change(NamedTuple):
    """An accuracy before and after."""

    before: Accuracy
    after: Accuracy


@dataclass(frozen=True)
class Learned:
    """What came of it.

    Attributes:
        model: the reader that learned from all of your digits, as an exported model's bytes.
        own: accuracy on your digits, each said by a reader that did not learn from it.
        mnist: on MNIST's validation images.
        nothing: on drawn images of what is no digit.
    """

    model: bytes
    own: Change
    mnist: Change
    nothing: Change

    @property
    def is_better(self) -> bool:
        """Whether it reads more of yours, and hardly fewer of MNIST's."""
        gained = self.own.after.value > self.own.before.value
        return gained and self.mnist.after.value >= self.mnist.before.value - ALLOWED_LOSS


class Weights(NamedTuple):
    """Of the last layer: float32, `(12, d)`, and `(12,)`."""

    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]

    def said(self, features: NDArray[np.float32]) -> NDArray[np.int64]:
        """Which classes images are, of their features: int64, `(n,)`, 10 for what is no digit, or several."""
        best: NDArray[np.int64] = (features @ self.matrix.T + self.bias).argmax(axis=1)
        return np.minimum(best, _NOTHING)


class Known(NamedTuple):
    """What the reader is not to forget, and what tells whether it did.

    Attributes:
        layer: the last one before the outputs, whose values are the features of images.
        start: the weights of the reader that ships.
        among: features, float32, `(n, d)`, and labels of images that it learns from again.
        guard: the same of half of MNIST's validation images, by which the weight of yours is chosen.
        mnist: of the other half.
        nothing: the same of drawn images of what is no digit.
        smoothing: how far the targets of its training were smoothed.
    """

    layer: Layer
    start: Weights
    among: tuple[NDArray[np.float32], NDArray[np.int64]]
    guard: tuple[NDArray[np.float32], NDArray[np.int64]]
    mnist: tuple[NDArray[np.float32], NDArray[np.int64]]
    nothing: tuple[NDArray[np.float32], NDArray[np.int64]]
    smoothing: float


def known(mnist: Split, seed: int = 0) -> Known:
    """What the reader that ships knows, from MNIST's training images and what is drawn by the seed.

    Raises:
        DigitsError: the package onnx is not installed.
    """
    layer, stored, info = Layer(SHIPPED), read_weights(SHIPPED), Predictor(SHIPPED).info
    training, validation = hold_out(mnist, info.recipe.validation, info.origin["seed"])
    assert validation is not None  # noqa: S101  # the reader's recipe holds some out
    recipe = replace(info.recipe, cut_out=0.0)  # which takes an extra
    rng = np.random.default_rng(derive(seed, "among"))
    among = shown(recipe, training.take(rng.choice(len(training), AMONG, replace=False)), seed, 0)
    drawn = shown(recipe, validation.take(slice(AMONG)), seed, 1)
    nothing = drawn.images[drawn.labels >= _NOTHING]
    held, labels = layer.values(validation.images), validation.labels
    return Known(
        layer,
        Weights(stored["dense1.weight"], stored["dense1.bias"]),
        (layer.values(among.images), among.labels),
        (held[::2], labels[::2]),
        (held[1::2], labels[1::2]),
        (layer.values(nothing), np.full(len(nothing), _NOTHING)),
        info.recipe.label_smoothing,
    )


def learn(own: Split, mnist: Split, seed: int = 0, told: Told = lambda done, total: None) -> Learned:
    """Have the reader that ships learn from `own`, and judge what came of it.

    Args:
        own: your digits, as `read_hand` gives them.
        mnist: its training images.
        seed: of what is drawn.
        told: called as the work goes on.

    Raises:
        DigitsError: there is one digit alone, or the package onnx is not installed.
    """
    if len(own) < 2:
        raise DigitsError("there is one digit to learn from; allowed: 2 or more, as each is left out once to judge by")
    parts = _parts(len(own), seed)
    told(0, len(parts) + 1)
    base = known(mnist, seed)
    features = copied(base.layer, own.images, seed)
    after, weight = weighed(base, features, own.labels)
    said = np.zeros(len(own), np.int64)
    for number, left_out in enumerate(parts, 1):
        told(number, len(parts) + 1)
        rest = np.delete(np.arange(len(own)), left_out)
        said[left_out] = fitted(base, features[:, rest], own.labels[rest], weight).said(features[0, left_out])
    told(len(parts) + 1, len(parts) + 1)
    weights = {**read_weights(SHIPPED), "dense1.weight": after.matrix, "dense1.bias": after.bias}
    return Learned(
        with_weights(SHIPPED, weights, {**Predictor(SHIPPED).info.origin, "learned_from": len(own)}),
        Change(_accuracy(base.start.said(features[0]), own.labels), _accuracy(said, own.labels)),
        *(
            Change(*(_accuracy(one.said(of), labels) for one in (base.start, after)))
            for of, labels in (base.mnist, base.nothing)
        ),
    )


def weighed(base: Known, own: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[Weights, float]:
    """The last layer after it learned, and the weight of yours: the largest by which little of MNIST is forgotten."""
    before = _accuracy(base.start.said(base.guard[0]), base.guard[1]).value
    for weight in WEIGHTS:
        after = fitted(base, own, labels, weight)
        if _accuracy(after.said(base.guard[0]), base.guard[1]).value >= before - ALLOWED_LOSS:
            break
    return after, weight


def fitted(base: Known, own: NDArray[np.float32], labels: NDArray[np.int64], weight: float) -> Weights:
    """The last layer after it learned, with this weight of yours.

    Args:
        own: features of your digits, and of copies of them: float32, `(COPIES + 1, n, d)`.
        labels: of the digits, `(n,)`.
    """
    start = base.start
    features = np.concatenate([base.among[0], own.reshape(-1, own.shape[-1])])
    classes = np.concatenate([base.among[1], np.tile(labels, len(own))])
    outputs, width = start.matrix.shape
    targets = np.full((len(classes), outputs), base.smoothing / outputs, np.float32)
    targets[np.arange(len(classes)), classes] += 1 - base.smoothing
    theirs, yours = len(base.among[1]), own.shape[0] * own.shape[1]
    counts = np.concatenate([np.full(theirs, 1 / theirs), np.full(yours, weight / yours)])
    counts = (counts / counts.sum()).astype(np.float32)[:, np.newaxis]

    def loss(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The loss and its gradient, of all weights in one row."""
        matrix, bias = (
            vector[:-outputs].reshape(outputs, width).astype(np.float32),
            vector[-outputs:].astype(np.float32),
        )
        change = matrix - start.matrix
        logarithms = log_softmax(features @ matrix.T + bias, axis=1)
        errors = counts * (np.exp(logarithms) - targets)
        value = -float((counts * targets * logarithms).sum()) + STIFFNESS * float(np.square(change).sum())
        gradient = errors.T @ features + 2 * STIFFNESS * change
        return value, np.concatenate([gradient.ravel(), errors.sum(axis=0)]).astype(np.float64)

    first = np.concatenate([start.matrix.ravel(), start.bias]).astype(np.float64)
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x.astype(np.float32)
    return Weights(found[:-outputs].reshape(outputs, width), found[-outputs:])


def _parts(count: int, seed: int) -> list[NDArray[np.int64]]:
    """The indices of so many digits in parts of about the same size."""
    order = np.random.default_rng(derive(seed, "folds")).permutation(count)
    return [order[fold::FOLDS] for fold in range(min(FOLDS, count))]


def copied(layer: Layer, images: NDArray[np.uint8], seed: int) -> NDArray[np.float32]:
    """Features of images, uint8, `(n, 28, 28)`, and of copies that are changed a little: `(COPIES + 1, n, d)`."""
    rng = np.random.default_rng(derive(seed, "copies"))
    copies = [images]
    for image in np.tile(images, (COPIES, 1, 1)):
        degrees, scale, lean = rng.uniform(-10, 10), rng.uniform(0.9, 1.1), rng.uniform(-0.15, 0.15)
        centre = image.shape[1] / 2, image.shape[0] / 2
        warp = cv2.getRotationMatrix2D(centre, degrees, scale) @ [[1, lean, -lean * centre[1]], [0, 1, 0], [0, 0, 1]]
        warp[:, 2] += rng.uniform(-1, 1, 2)
        copies.append(cv2.warpAffine(image, warp, image.shape[::-1])[np.newaxis])
    return layer.values(np.concatenate(copies)).reshape(COPIES + 1, len(images), -1)


def _accuracy(said: NDArray[np.int64], labels: NDArray[np.int64]) -> Accuracy:
    return accuracy_of(int((said == labels).sum()), len(labels))
