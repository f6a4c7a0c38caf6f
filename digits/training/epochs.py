"""The training of one network, epoch by epoch."""

import math
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import parent_process
from typing import Any

import numpy as np
from tqdm import tqdm

from digits.backends.interface import Arrays, Backend, Trainer
from digits.datasets import Split
from digits.errors import DigitsError
from digits.models import Epoch, check_weights
from digits.recipes import Recipe
from digits.synthesis.epoch import shown_count
from digits.training.events import Write
from digits.training.validation import validate

tqdm.set_lock(threading.RLock())  # its own is for several processes; one that is killed would leave it in the system


@dataclass(frozen=True)
class Progress:
    """Where the training of a network stands after an epoch, and all that it needs to go on from there.

    Attributes:
        history: all epochs so far.
        trainer: what the trainer's `state` says; empty where training has ended.
        best: the weights to keep: where training has ended those of the network, before of the best epoch so far, which
            without validation images is not known.
    """

    history: list[Epoch] = field(default_factory=list)
    trainer: Arrays = field(default_factory=dict)
    best: Arrays = field(default_factory=dict)


@dataclass(frozen=True)
class Training:
    """The training of one network.

    Attributes:
        backend: whose `network` it is, which is trained in place.
        training: the images to learn from.
        validation: the images to choose the best epoch by, or None.
        recipe: how.
        seed: of its randomness.
        precision: of the arithmetic, "float32" or "bfloat16".
    """

    backend: Backend
    network: Any
    training: Split
    validation: Split | None
    recipe: Recipe
    seed: int
    precision: str

    def run(self, start: Progress, origin: str, write: Write) -> Iterator[Progress]:
        """Train from `start` on, and yield the progress after each epoch.

        With validation images the network ends with the weights of the epoch that had the lowest validation loss.

        Args:
            start: where an earlier training stopped, or `Progress()`.
            origin: what `start` is called in errors.
            write: takes the tag and value of each loss and accuracy, and the number of images seen so far.

        Raises:
            DigitsError: the loss is no longer a number, or `start` is not of such a training.
        """
        began = time.perf_counter()
        trainer = self.backend.trainer(
            self.network, self.training.images, self.training.labels, self.recipe, self.seed, self.precision
        )
        preparation = time.perf_counter() - began  # counts for the first epoch
        history, best = list(start.history), start.best
        if history:
            self._go_on(trainer, start, origin)
        while not finished(self.recipe, history):
            began = time.perf_counter()
            epoch = {"loss": self._epoch(trainer, len(history), write)}
            if self.validation:
                epoch |= validate(self.backend, self.network, self.validation, self.recipe.label_smoothing)
            history.append(epoch | {"seconds": time.perf_counter() - began + preparation})
            preparation = 0.0
            for name in sorted(epoch):
                write(name, epoch[name], len(history) * shown_count(self.recipe, len(self.training)))
            if self.validation and best_epoch(history) == len(history) - 1:
                best = self.backend.weights(self.network)
            if not finished(self.recipe, history):
                yield Progress(list(history), trainer.state(), best)
                continue
            if self.validation:
                self.backend.set_weights(self.network, best)
            yield Progress(history, {}, self.backend.weights(self.network))

    def _go_on(self, trainer: Trainer, start: Progress, origin: str) -> None:
        """Bring the trainer to where an earlier one stopped, whose arrays may be damaged."""
        weights = self.backend.weights(self.network) if self.validation else {}
        check_weights(start.trainer, _shapes(trainer.state()), origin)
        check_weights(start.best, _shapes(weights), origin)
        trainer.restore(start.trainer)

    def _epoch(self, trainer: Trainer, epoch: int, write: Write) -> float:
        """Train for one epoch, counted from 0, and return its mean loss."""
        total, seen, images = 0.0, 0, shown_count(self.recipe, len(self.training))
        label = f"Epoch {epoch + 1}/{self.recipe.epochs}"
        on_terminal = sys.stderr.isatty() and parent_process() is None  # or bars of several workers would overlap
        with tqdm(desc=label, total=images, unit=" images", leave=False, disable=not on_terminal) as bar:
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


def best_epoch(history: Sequence[Epoch]) -> int:
    """The epoch, from 0, with the lowest validation loss."""
    return int(np.argmin([epoch.get("validation_loss", math.inf) for epoch in history]))


def finished(recipe: Recipe, history: Sequence[Epoch]) -> bool:
    """Whether training ends after these epochs: all are done, or none of the last `patience` was better."""
    if len(history) >= recipe.epochs:
        return True
    return bool(recipe.patience and history) and len(history) - 1 - best_epoch(history) >= recipe.patience
