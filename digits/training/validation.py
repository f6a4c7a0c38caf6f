"""Training images that are kept back, to see what the network makes of images that it does not learn from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import entr, log_softmax

from digits.backends.interface import Backend
from digits.datasets import Split
from digits.errors import DigitsError
from digits.models import Epoch
from digits.recipes.randomness import derive


def training_count(images: int, share: float) -> int:
    """How many of so many training images are trained on, where a `share` of them is held out for validation.

    Raises:
        DigitsError: one of the two parts would be empty.
    """
    count = round(share * images)
    if share and not 0 < count < images:
        raise DigitsError(
            f"validation is {share}, which is {count:,} of {images:,} training images; both parts need some"
        )
    return images - count


def hold_out(images: Split, share: float, seed: int) -> tuple[Split, Split | None]:
    """Training images to train on, and the `share` of them to validate on, drawn by the seed; None for a share of 0.

    Each class has its share, to the nearest image or two, and at least one of its images is left to train on.

    Raises:
        DigitsError: one of the two would be empty.
    """
    count = len(images) - training_count(len(images), share)
    if not count:
        return images, None
    order = np.random.default_rng(derive(seed, "validation")).permutation(len(images))
    by_class = order[np.argsort(images.labels[order], kind="stable")]
    chosen = np.zeros(len(images), bool)
    chosen[by_class[np.arange(count) * len(images) // count]] = True  # as far apart as can be
    _leave_some(chosen, images.labels)
    return Split(images.images[~chosen], images.labels[~chosen]), Split(images.images[chosen], images.labels[chosen])


def _leave_some(chosen: NDArray[np.bool], labels: NDArray[np.int64]) -> None:
    """Where all images of a small class are chosen, take one of another class in place of one of them."""
    sizes = np.bincount(labels)
    for label in np.flatnonzero((np.bincount(labels[chosen], minlength=len(sizes)) == sizes) & (sizes > 1)):
        left = sizes - np.bincount(labels[chosen], minlength=len(sizes))
        if left.max() > 1:
            chosen[np.flatnonzero(labels == label)[0]] = False
            chosen[np.flatnonzero((labels == left.argmax()) & ~chosen)[0]] = True


def validate(backend: Backend, network: Any, validation: Split, smoothing: float) -> Epoch:
    """Loss and accuracy on images that training does not see. Targets are smoothed as in training.

    A network that was taught with smoothed targets is less sure on purpose; against plain ones it would seem to get
    worse while it gets better.
    """
    logits = backend.predict(network, validation.images)
    logarithms = log_softmax(logits, axis=1)
    right = logarithms[np.arange(len(validation)), validation.labels]
    loss = -(1 - smoothing) * right.mean() - smoothing * logarithms.mean()
    accuracy = (logits.argmax(axis=1) == validation.labels).mean()
    return {"validation_loss": float(loss), "validation_accuracy": float(accuracy)}


def guessing(labels: NDArray[np.integer], classes: int, smoothing: float) -> float:
    """The least loss that can be had without looking at the images, in nats: by how often each class comes.

    It is ln(`classes`) where they come equally often. Labels are int, `(n,)`; targets are smoothed as in training.
    """
    shares = np.bincount(labels, minlength=classes) / len(labels)
    targets = (1 - smoothing) * shares + smoothing / classes
    return float(entr(targets).sum())


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """By which to divide logits, `(n, classes)`, so that probabilities are as high as the share of right predictions.

    It is the one that gives the right labels, `(n,)`, the highest likelihood (Guo et al., 2017, arXiv:1706.04599).
    Which answer is the most likely stays as it is.
    """

    def surprise(logarithm: float) -> float:
        return -float(log_softmax(logits / np.exp(logarithm), axis=1)[np.arange(len(labels)), labels].mean())

    return float(np.exp(minimize_scalar(surprise, bounds=np.log((0.05, 20)), method="bounded").x))
