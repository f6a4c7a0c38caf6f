"""The training of one network: the one loop that runs, ensembles, searches and the lockstep all consume."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from digits.backends import load_backend
from digits.backends.interface import Arrays, Backend, Trainer
from digits.datasets import Split
from digits.errors import DigitsError
from digits.models import Epoch, ModelInfo, check_weights
from digits.recipes import Recipe
from digits.synthesis.epoch import shown_count
from digits.training.validation import validate


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


class Report(NamedTuple):
    """What a training tells several times an epoch.

    Attributes:
        epoch: from 0.
        seen: images of the epoch so far.
        images: of the whole epoch.
        loss: the mean over the images since the report before.
        progress: where training stands at the end of the epoch; None before.
    """

    epoch: int
    seen: int
    images: int
    loss: float
    progress: Progress | None


@dataclass(frozen=True)
class Training:
    """The training of one network; it can be sent to another process.

    Attributes:
        backend: a key of `BACKENDS`.
        info: what is trained, and how: one network.
        training: the images to learn from.
        validation: the images to choose the best epoch by, or None.
        seed: of all its randomness.
        precision: of the arithmetic, "float32" or "bfloat16"; "float64" computes and keeps weights in it.
    """

    backend: str
    info: ModelInfo
    training: Split
    validation: Split | None
    seed: int
    precision: str

    def build(self) -> tuple[Backend, Any]:
        """The backend, and the network with its random weights, on the CPU."""
        backend = load_backend(self.backend)
        dtype = "float64" if self.precision == "float64" else "float32"
        return backend, backend.build(self.info.single, self.seed, backend.select_device("cpu"), dtype=dtype)

    def run(
        self, network: Any, start: Progress | None = None, origin: str = "", report_steps: int = 100
    ) -> Iterator[Report]:
        """Train `network` in place, from `start` on, and report every `report_steps` steps and after each epoch.

        With validation images the network ends with the weights of the epoch that had the lowest validation loss.

        Args:
            network: of the backend, one network.
            start: where an earlier training stopped, or None.
            origin: what `start` is called in errors.

        Raises:
            DigitsError: the loss is no longer a number, or `start` is not of such a training.
        """
        backend, recipe = load_backend(self.backend), self.info.recipe
        start = start or Progress()
        began = time.perf_counter()
        images, labels = self.training.images, self.training.labels
        trainer = backend.trainer(network, images, labels, recipe, self.seed, self.precision)
        preparation = time.perf_counter() - began  # counts for the first epoch
        count = shown_count(recipe, len(self.training))
        history, best = list(start.history), start.best
        if history:
            self._go_on(backend, network, trainer, start, origin)
        while not finished(recipe, history):
            began = time.perf_counter()
            total, seen = 0.0, 0
            for some, loss in trainer.epoch(len(history), report_steps):
                if not math.isfinite(loss):
                    raise DigitsError(
                        f"the loss became {loss}: training diverged, nothing was saved. Try a lower --learning-rate"
                    )
                total, seen = total + some * loss, seen + some
                if seen < count:
                    yield Report(len(history), seen, count, loss, None)
            epoch = {"loss": total / count}
            if self.validation:
                epoch |= validate(backend, network, self.validation, recipe.label_smoothing)
            history = [*history, epoch | {"seconds": time.perf_counter() - began + preparation}]
            preparation = 0.0
            if self.validation and best_epoch(history) == len(history) - 1:
                best = backend.weights(network)
            if finished(recipe, history):
                if self.validation:
                    backend.set_weights(network, best)
                progress = Progress(history, {}, backend.weights(network))
            else:
                progress = Progress(history, trainer.state(), best)
            yield Report(len(history) - 1, seen, count, loss, progress)

    def _go_on(self, backend: Backend, network: Any, trainer: Trainer, start: Progress, origin: str) -> None:
        """Bring the trainer to where an earlier one stopped, whose arrays may be damaged."""
        weights = backend.weights(network) if self.validation else {}
        check_weights(start.trainer, _shapes(trainer.state()), origin)
        check_weights(start.best, _shapes(weights), origin)
        trainer.restore(start.trainer)


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
