"""The steps of a run, the same for both frameworks: load, build, train, evaluate. Nothing here prints."""

import math
import platform
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import fsum
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digits.backends import BACKENDS, load_backend
from digits.backends.interface import Backend, MakeNetwork
from digits.datasets import DIGITS, Dataset, load_dataset
from digits.errors import DigitsError
from digits.files import require_writable
from digits.hardware import cores_here
from digits.models import Epoch, ModelInfo
from digits.processes import processes
from digits.recipes import NO_DRAWING, Recipe, refuse
from digits.training.checkpoints import Checkpoint, RunState
from digits.training.cluster import cluster
from digits.training.custom import build_custom
from digits.training.ensembles import Reports, one_after_another, side_by_side
from digits.training.events import Events
from digits.training.loop import Report, Training, best_epoch, finished
from digits.training.settings import Settings
from digits.training.validation import fit_temperature, guessing, hold_out, training_count, validate


@dataclass
class Model:
    """A network of one backend, what it is, the device that it is on, and the precision of its training.

    Training changes it: the network's weights, the temperature in what it is, and whether it has learned.
    """

    backend: Backend
    network: Any
    info: ModelInfo
    device: str
    precision: str
    has_learned: bool = True


@dataclass(frozen=True)
class History:
    """How a training went.

    Attributes:
        members: the epochs of each network: one list, or as many as an ensemble has networks.
        seconds: that training took.
        validation: loss and accuracy of the trained model, of all its networks together, on the validation images;
            empty without any.
    """

    members: list[list[Epoch]]
    seconds: float
    validation: Epoch

    @property
    def epochs(self) -> list[Epoch]:
        """The means over the networks that trained so long, and of the seconds the sums."""
        longest = max(map(len, self.members))
        columns = [[epochs[number] for epochs in self.members if len(epochs) > number] for number in range(longest)]
        return [
            {name: (fsum if name == "seconds" else fmean)(epoch[name] for epoch in column) for name in column[0]}
            for column in columns
        ]

    @property
    def worst(self) -> float:
        """The highest loss of a network's weights that are kept, on validation images if there are any."""
        kept = (history[best_epoch(history)] for history in self.members)
        return max(
            best.get("validation_loss", history[-1]["loss"]) for best, history in zip(kept, self.members, strict=True)
        )


@dataclass(frozen=True)
class Result:
    """What the network says of the test images.

    Probabilities are float32, `(n, classes)`; predictions int64, `(n,)`; accuracy is the share of right ones.
    """

    probabilities: NDArray[np.float32]
    predictions: NDArray[np.int64]
    accuracy: float
    seconds: float


def load(settings: Settings) -> Dataset:
    """The dataset, checked; and nothing else may stand in the way of the run, so that no training is in vain.

    Raises:
        DigitsError: the data are missing or damaged, or the output folder cannot be written; or see `check_data`.
    """
    dataset = load_dataset(settings.dataset, settings.data_dir)
    if settings.address is not None:
        _check_for_cluster(settings)
    check_data(settings.recipe, dataset)
    require_writable(settings.output_dir)
    return dataset


def check_data(recipe: Recipe, dataset: Dataset) -> None:
    """Make sure that this recipe can be trained on these data.

    Raises:
        DigitsError: there are too few for a batch, or a field of the recipe has no effect with them.
    """
    if (recipe.draws or recipe.finds) and dataset.classes != DIGITS:
        name = next(name for name in ("pages", *NO_DRAWING) if getattr(recipe, name))
        refuse(name, getattr(recipe, name), f"0 for {dataset.name}, whose classes are not the ten digits")
    if recipe.patience and not (recipe.validation or dataset.validation):
        refuse("patience", recipe.patience, "0 without validation images, say --validation 0.1")
    if recipe.validation and dataset.validation:
        refuse("validation", recipe.validation, f"0, as {dataset.name} brings validation images of its own")
    images, batch = training_count(len(dataset.train), recipe.validation), recipe.batch_size
    if batch > images:
        raise DigitsError(
            f"batch size is {batch:,}, but there are only {images:,} training images. Run with --batch-size {images}"
        )


def _check_for_cluster(settings: Settings) -> None:
    """Make sure that the run is one that a cluster can be of use for."""
    what = f"address is {settings.address}"
    if settings.recipe.ensemble == 1:
        raise DigitsError(f"{what}, but a cluster trains networks side by side, and this is one. Run with --ensemble 5")
    if settings.device not in ("auto", "cpu"):
        raise DigitsError(f"{what}, where networks are trained on cpu; allowed for the device: auto or cpu")


def build(settings: Settings, dataset: Dataset, make: MakeNetwork | None = None) -> Model:
    """A network with the random weights of the seed.

    Args:
        make: makes the network, from filters, hidden units, dropout and the number of classes; or None for the
            package's own of the recipe's architecture.

    Raises:
        DigitsError: the framework is not installed, the device or the precision is not to be had here, or `make` makes
            no network that takes the images and gives a score for each class.
    """
    backend = load_backend(settings.backend)
    device = backend.select_device(settings.device)
    precision = backend.select_precision(settings.precision, device)
    info = ModelInfo(settings.recipe, dataset.name, dataset.classes, backend.PIXEL_RANGE)
    if make is None:
        network = backend.build(info, settings.seed, device)
    else:
        network, info = build_custom(backend, info, settings.seed, device, make)
    return Model(backend, network, info, backend.device_name(device), precision)


class Update(NamedTuple):
    """What the training of a run tells: a report of one of its networks, by its place."""

    place: int
    report: Report


class TrainingRun:
    """The training of a model, network by network or side by side: iterate over it once, then ask for its `history`.

    A checkpoint is kept after each epoch. The same seed gives the same bits, whichever way and however often it was
    interrupted. With validation images the temperature of the model's probabilities is fitted on them.

    Attributes:
        state: where training stands.
        side_by_side: whether networks are trained at the same time.
        cores_each: how many cores each has then on this machine; None elsewhere.
        workers: how many are trained at a time on this machine.
    """

    def __init__(self, settings: Settings, model: Model, dataset: Dataset):
        """Prepare to train `model` in place.

        Raises:
            DigitsError: the checkpoint to go on from is damaged, or of another run.
        """
        self.settings, self.model = settings, model
        training, validation = hold_out(dataset.train, settings.recipe.validation, settings.seed)
        self.validation = dataset.validation or validation
        self.training = Training(
            settings.backend, model.info, training, self.validation, settings.seed, model.precision
        )
        self.cores_each = cores_each(settings, model)
        self.checkpoint = checkpoint(settings, model, dataset)
        self.state = self.checkpoint.load() if settings.resume else RunState.at_beginning(settings.recipe)
        self.side_by_side = bool(self.cores_each or (settings.address and not model.info.network))
        self.workers = min(cores_here() // self.cores_each, len(self.left)) if self.cores_each else 1
        self._take_over()

    @property
    def left(self) -> list[int]:
        """The places of the networks that are not trained to the end."""
        networks = enumerate(self.state.networks)
        return [place for place, progress in networks if not finished(self.settings.recipe, progress.history)]

    def __iter__(self) -> Iterator[Update]:
        """Train, and tell it.

        Raises:
            DigitsError: the loss is no longer a number, or a worker failed.
        """
        recipe, before = self.settings.recipe, 0.0  # when the last epoch ended, where networks are side by side
        with ExitStack() as stack:
            events = stack.enter_context(Events(self.settings))
            for place, report in self._reports(stack):
                events.write(place, report)
                if report.progress:
                    now, seconds = time.perf_counter(), report.progress.history[-1]["seconds"]
                    self.state = self.state.after(place, report.progress, now - before if before else seconds)
                    before = now if self.side_by_side else 0.0
                    if not self.state.is_complete(recipe):
                        self.checkpoint.save(self.state)
                yield Update(place, report)
        self._take_over()
        self.history = self._ended()

    def _reports(self, stack: ExitStack) -> Reports:
        starts, origin = self.state.networks, str(self.checkpoint)
        if not self.side_by_side:
            networks = self.model.backend.members(self.model.network)
            return one_after_another(self.training, networks, starts, origin)
        if self.settings.address:
            engine = cluster(self.settings.address, None, BACKENDS[self.settings.backend].modules, self.training)
        else:
            engine = processes(self.workers, self.cores_each, self.training)
        return side_by_side(stack.enter_context(engine), self.training, starts, origin)

    def _take_over(self) -> None:
        """Give the networks that are trained to the end their weights."""
        backend = self.model.backend
        for network, progress in zip(backend.members(self.model.network), self.state.networks, strict=True):
            if finished(self.settings.recipe, progress.history):
                backend.set_weights(network, progress.best, name=str(self.checkpoint))

    def _ended(self) -> History:
        """How it went, and the model with its temperature."""
        model, validated = self.model, {}
        if self.validation:
            validated = validate(model.backend, model.network, self.validation, self.settings.recipe.label_smoothing)
            logits = model.backend.predict(model.network, self.validation.images)[:, : len(model.info.classes)]
            model.info = replace(model.info, temperature=fit_temperature(logits, self.validation.labels))
        history = History([progress.history for progress in self.state.networks], self.state.seconds, validated)
        model.has_learned = history.worst < self.guess
        return history

    @property
    def guess(self) -> float:
        """The loss of a guess, which a network that has learned is better than; see `validation.guessing`.

        A finder's is not known: each is said to have learned.
        """
        if self.settings.recipe.finds:
            return math.inf
        labels, smoothing = self.training.training.labels, self.settings.recipe.label_smoothing
        return guessing(labels, self.model.info.outputs, smoothing)


def cores_each(settings: Settings, model: Model) -> int | None:
    """How many cores each network of an ensemble has where they are trained side by side on this machine, or None.

    A worker makes a network of the package; it knows nothing of one that a script shows.
    """
    cores = cores_here()
    suits = settings.recipe.ensemble > 1 and settings.address is None and not model.info.network
    return max(1, cores // settings.recipe.ensemble) if suits and model.device == "cpu" and cores > 1 else None


def identity(settings: Settings, model: Model, dataset: Dataset) -> dict[str, Any]:
    """All that decides the weights of a run beside its recipe."""
    each = cores_each(settings, model)
    return {
        "backend": settings.backend,
        "dataset": model.info.dataset,
        "dataset_sha256": dataset.sha256,
        "seed": settings.seed,
        "device": model.device,
        "precision": model.precision,
        **({"network": model.info.network} if model.info.network else {}),
        **({"cores_each": each} if each else {}),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, **model.backend.VERSIONS},
    }


def checkpoint(settings: Settings, model: Model, dataset: Dataset) -> Checkpoint:
    """The checkpoint of the run, in its output folder."""
    return Checkpoint(settings.output_dir, settings.backend, settings.recipe, identity(settings, model, dataset))


def evaluate(model: Model, dataset: Dataset) -> Result:
    """What the network makes of the test images, which it has not seen before."""
    start = time.perf_counter()
    logits = model.backend.predict(model.network, dataset.test.images)
    probabilities = model.info.probabilities(logits)
    predictions = probabilities.argmax(axis=1)
    seconds = time.perf_counter() - start
    accuracy = float((predictions == dataset.test.labels).mean())
    return Result(probabilities, predictions, accuracy, seconds)
