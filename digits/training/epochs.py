"""The epochs of one network's training, with images kept back to see when to stop and which epoch's weights to keep."""

import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import log_softmax
from tqdm import tqdm

from digits.backends import Arrays, Backend, Trainer
from digits.datasets import Split
from digits.errors import DigitsError
from digits.models import check_weights
from digits.recipes import Recipe
from digits.recipes.randomness import derive
from digits.training.events import Write

Epoch = dict[str, float]  # loss and seconds, and with validation images validation_loss and validation_accuracy


@dataclass(frozen=True)
class Progress:
    """Where a training stands after an epoch: all epochs so far, the trainer's state, and the best epoch's weights.

    `origin` says in errors where it comes from.
    """

    history: list[Epoch] = field(default_factory=list)
    state: Arrays = field(default_factory=dict)
    best: Arrays = field(default_factory=dict)
    origin: str = ""


def fit(
    backend: Backend,
    network: Any,
    training: Split,
    validation: Split | None,
    recipe: Recipe,
    seed: int,
    precision: str,
    begin: Progress,
    write: Write,
) -> Iterator[Progress]:
    """Train `network` in place, from `begin` on, and yield the progress after each epoch.

    With validation images the network ends with the weights of the epoch that had the lowest validation loss.

    Args:
        write: takes the tag and value of each loss and accuracy, and the number of images seen so far.

    Raises:
        DigitsError: the loss is no longer a number, or `begin` is not of such a training.
    """
    start = time.perf_counter()
    trainer = backend.trainer(network, training.images, training.labels, recipe, seed, precision)
    seconds = time.perf_counter() - start  # of preparation: they count for the first epoch
    history, best = list(begin.history), begin.best
    if history:
        check_weights(begin.state, _shapes(trainer.state()), begin.origin)
        check_weights(best, _shapes(backend.weights(network)) if validation else {}, begin.origin)
        trainer.restore(begin.state)
    while not finished(recipe, history):
        start = time.perf_counter()
        epoch = {"loss": _epoch(trainer, len(history), recipe.epochs, len(training), write)}
        if validation:
            epoch |= validate(backend, network, validation, recipe.label_smoothing)
        history.append(epoch | {"seconds": time.perf_counter() - start + seconds})
        seconds = 0.0
        for name in sorted(epoch):
            write(name, epoch[name], len(history) * len(training))
        if validation and best_epoch(history) == len(history) - 1:
            best = backend.weights(network)
        if validation and finished(recipe, history):
            backend.set_weights(network, best)
        yield Progress(list(history), trainer.state(), best)


def _epoch(trainer: Trainer, epoch: int, epochs: int, images: int, write: Write) -> float:
    """Train for one of the epochs and return its mean loss."""
    total, seen = 0.0, 0
    label, watched = f"Epoch {epoch + 1}/{epochs}", sys.stderr.isatty()
    with tqdm(desc=label, total=images, unit=" images", leave=False, disable=not watched) as bar:
        for count, loss in trainer.epoch(epoch):
            if not math.isfinite(loss):
                raise DigitsError(
                    f"the loss became {loss}: training diverged, nothing was saved. Try a lower --learning-rate"
                )
            total, seen = total + count * loss, seen + count
            write("loss_of_steps", loss, epoch * images + seen)
            bar.update(count)
    return total / images


def _shapes(arrays: Arrays) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in arrays.items()}


def validate(backend: Backend, network: Any, validation: Split, smoothing: float) -> Epoch:
    """Loss and accuracy on images that training does not see. Targets are smoothed as in training.

    Against plain targets a network that was taught to be less sure would seem to become worse.
    """
    logits = backend.predict(network, validation.images)
    logarithms = log_softmax(logits, axis=1)
    right = logarithms[np.arange(len(validation)), validation.labels]
    loss = -(1 - smoothing) * right.mean() - smoothing * logarithms.mean()
    accuracy = (logits.argmax(axis=1) == validation.labels).mean()
    return {"validation_loss": float(loss), "validation_accuracy": float(accuracy)}


def kept(images: int, share: float) -> int:
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

    Each class has its share, to the nearest image.

    Raises:
        DigitsError: one of the two would be empty.
    """
    count = len(images) - kept(len(images), share)
    if not count:
        return images, None
    order = np.random.default_rng(derive(seed, "validation")).permutation(len(images))
    by_class = order[np.argsort(images.labels[order], kind="stable")]
    chosen = np.zeros(len(images), bool)
    chosen[by_class[np.arange(count) * len(images) // count]] = True  # as far apart as can be
    return Split(images.images[~chosen], images.labels[~chosen]), Split(images.images[chosen], images.labels[chosen])


def best_epoch(history: Sequence[Epoch]) -> int:
    """The epoch, from 0, with the lowest validation loss."""
    return int(np.argmin([epoch.get("validation_loss", math.inf) for epoch in history]))


def finished(recipe: Recipe, history: Sequence[Epoch]) -> bool:
    """Whether training ends after these epochs: all are done, or none of the last `patience` was better."""
    if len(history) >= recipe.epochs:
        return True
    return bool(recipe.patience and history) and len(history) - 1 - best_epoch(history) >= recipe.patience
