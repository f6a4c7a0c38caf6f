"""The steps of a run, the same for both frameworks: load, build, train, evaluate, save."""

import math
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from scipy.special import softmax

from digits.backends import Arrays, Backend, load_backend
from digits.datasets import Dataset, load_dataset
from digits.errors import DigitsError
from digits.files import display
from digits.models import ModelInfo
from digits.recipes import Recipe
from digits.runs import Run, model_name, require_writable, save_run
from digits.training.checkpoints import Checkpoint, Saved
from digits.training.epochs import Epoch, Progress, best_epoch, finished, fit, hold_out, kept, validate
from digits.training.events import open_events


@dataclass(frozen=True)
class Settings:
    """All that a user can choose for a run.

    Attributes:
        backend: "pytorch" or "tensorflow".
        recipe: what is trained, and how.
        seed: of all randomness; a whole number, 0 or more. An ensemble's networks have this one and those after it.
        device: "auto", "cpu", "cuda" or "mps".
        precision: of the arithmetic of training: "auto", "float32" or "bfloat16".
        data_dir: folder of the dataset.
        output_dir: folder of the run.
        resume: whether to go on from the checkpoint in `output_dir`, if there is one.
        dataset: a name of `datasets.registry`, or the path of the user's own data.
        tensorboard: whether to write TensorBoard's event files into `output_dir`.
    """

    backend: str
    recipe: Recipe
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    data_dir: Path = Path("mnist_data")
    output_dir: Path = Path("outputs")
    resume: bool = False
    dataset: str = "mnist"
    tensorboard: bool = False

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise DigitsError(f"seed is {self.seed}, but must be a whole number, 0 or more")


@dataclass(frozen=True)
class Model:
    """A network of one backend, what it is, the device that it is on, and the precision of its training."""

    backend: Backend
    network: Any
    info: ModelInfo
    device: str
    precision: str


@dataclass(frozen=True)
class History:
    """What became of a training.

    Attributes:
        members: the epochs of each network: one list, or as many as an ensemble has networks.
        validation: loss and accuracy of the trained model, of all its networks together, on the validation images;
            empty without any.
    """

    members: list[list[Epoch]]
    validation: Epoch

    @property
    def epochs(self) -> list[Epoch]:
        """The means over the networks that trained so long, and of the seconds the sums."""
        longest = max(map(len, self.members))
        columns = [[epochs[number] for epochs in self.members if len(epochs) > number] for number in range(longest)]
        return [
            {name: (math.fsum if name == "seconds" else fmean)(epoch[name] for epoch in column) for name in column[0]}
            for column in columns
        ]

    @property
    def seconds(self) -> float:
        return math.fsum(epoch["seconds"] for epochs in self.members for epoch in epochs)


@dataclass(frozen=True)
class Result:
    """What the network says of the test images.

    Probabilities are float32, `(n, classes)`; predictions int64, `(n,)`; accuracy is the share of right ones.
    """

    probabilities: np.ndarray
    predictions: np.ndarray
    accuracy: float
    seconds: float


def run(settings: Settings) -> None:
    """A whole run, as the scripts spell it out."""
    dataset = load(settings)
    model = build(settings, dataset)
    history = train(settings, model, dataset)
    result = evaluate(model, dataset)
    save(settings, model, dataset, history, result)


def load(settings: Settings) -> Dataset:
    """The dataset, checked; and nothing else may stand in the way of the run, so that no training is in vain.

    Raises:
        DigitsError: the data are missing or damaged, too few for a batch, or the output folder cannot be written.
    """
    dataset = load_dataset(settings.dataset, settings.data_dir)
    images, batch = kept(len(dataset.train), held_out(settings, dataset)), settings.recipe.batch_size
    if batch > images:
        raise DigitsError(
            f"batch size is {batch:,}, but there are only {images:,} training images. Run with --batch-size {images}"
        )
    require_writable(settings.output_dir)
    return dataset


def held_out(settings: Settings, dataset: Dataset) -> float:
    """The share of the training images to hold out for validation: none of a dataset that brings validation images."""
    return 0.0 if dataset.validation else settings.recipe.validation


def build(settings: Settings, dataset: Dataset) -> Model:
    """A network with the random weights of the seed.

    Raises:
        DigitsError: the framework is not installed, or the device is not there.
    """
    backend = load_backend(settings.backend)
    device = backend.select_device(settings.device)
    precision = backend.select_precision(settings.precision, device)
    print(f"Using device: {backend.device_name(device)}")
    info = ModelInfo(settings.recipe, dataset.name, dataset.classes, backend.PIXEL_RANGE, settings.recipe.ensemble)
    network = backend.build(info, settings.seed, device)
    return Model(backend, network, info, backend.device_name(device), precision)


def train(settings: Settings, model: Model, dataset: Dataset) -> History:
    """Train the network, or each of an ensemble, in place, with a line and a checkpoint for each epoch.

    Raises:
        DigitsError: the loss is no longer a number, or the checkpoint to go on from is of another run.
    """
    recipe, backend, networks = settings.recipe, model.backend, model.backend.members(model.network)
    training, validation = hold_out(dataset.train, held_out(settings, dataset), settings.seed)
    validation = dataset.validation or validation
    checkpoint = Checkpoint(settings.output_dir, settings.backend, identity(settings, model, dataset))
    saved = (checkpoint.load() if settings.resume else None) or Saved([], {})
    histories = saved.histories
    origin = f"the checkpoint in {display(settings.output_dir)}"
    if len(histories) + (bool(histories) and finished(recipe, histories[-1])) > len(networks):
        raise DigitsError(f"{origin} is damaged: it goes on after the end. Delete it, or run without --resume")
    if len(networks) > 1 and histories:
        backend.set_weights(model.network, _part(saved.arrays, "network"), origin)
    for index, network in enumerate(networks):
        seed, begin = settings.seed + index, Progress()
        if len(networks) > 1:
            print(f"Network {index + 1} of {len(networks)}, seed {seed}")
        if index == len(histories):
            histories.append([])
            print("Starting training...")
        elif finished(recipe, histories[index]):
            print("Trained before")
            continue
        else:
            begin = Progress(histories[index], _part(saved.arrays, "trainer"), _part(saved.arrays, "best"), origin)
            print(f"Resuming after epoch {len(begin.history)} of {recipe.epochs}...")
        first = len(begin.history) * len(training) + 1  # image whose events are new
        with open_events(settings.tensorboard, _events(settings, f"seed_{seed}"), first) as write:
            course = fit(backend, network, training, validation, recipe, seed, model.precision, begin, write)
            for progress in course:
                histories[index] = progress.history
                print(_line(recipe, progress.history))
                if not (network is networks[-1] and finished(recipe, progress.history)):
                    whole = backend.weights(model.network) if len(networks) > 1 else {}
                    parts = {"trainer": progress.state, "best": progress.best, "network": whole}
                    checkpoint.save(Saved(histories, _join(parts)))
    reached = validate(backend, model.network, validation, recipe.label_smoothing) if validation else {}
    if reached and len(networks) > 1:
        print(f"All {len(networks)} networks together{_validated(reached)}")
    return History(histories, reached)


def _line(recipe: Recipe, history: list[Epoch]) -> str:
    """What to say of the last epoch."""
    last, line = history[-1], f"Epoch {len(history)}/{recipe.epochs}, Loss: {history[-1]['loss']:.4f}"
    if "validation_loss" in last:
        line += _validated(last)
        if finished(recipe, history):
            line += f"\nKeeping the weights of epoch {best_epoch(history) + 1}, which had the lowest validation loss"
    return line


def _validated(epoch: Epoch) -> str:
    return f", Validation Loss: {epoch['validation_loss']:.4f}, Accuracy: {epoch['validation_accuracy']:.2%}"


def _join(parts: Mapping[str, Arrays]) -> dict[str, np.ndarray]:
    """Arrays of several kinds under one name each; `_part` finds those of a kind again."""
    return {f"{kind}/{name}": array for kind, arrays in parts.items() for name, array in arrays.items()}


def _part(arrays: Arrays, kind: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(f"{kind}/"): array for name, array in arrays.items() if name.startswith(f"{kind}/")}


def _events(settings: Settings, what: str) -> Path:
    """The folder of TensorBoard's event files of a network, or of an ensemble."""
    return settings.output_dir / "tensorboard" / f"{settings.backend}_{what}"


def identity(settings: Settings, model: Model, dataset: Dataset) -> dict[str, Any]:
    """All that decides the weights of a run: what a checkpoint must share with the run that goes on from it."""
    return {
        "backend": settings.backend,
        "dataset": model.info.dataset,
        "dataset_sha256": dataset.sha256,
        "recipe": asdict(settings.recipe),
        "seed": settings.seed,
        "device": model.device,
        "precision": model.precision,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, **model.backend.VERSIONS},
    }


def evaluate(model: Model, dataset: Dataset) -> Result:
    """What the network makes of the test images, which it has not seen before."""
    start = time.perf_counter()
    logits = model.backend.predict(model.network, dataset.test.images)
    probabilities = softmax(logits, axis=1)
    predictions = probabilities.argmax(axis=1)
    seconds = time.perf_counter() - start
    accuracy = float((predictions == dataset.test.labels).mean())
    print(f"Test Accuracy: {accuracy:.2%}")
    return Result(probabilities, predictions, accuracy, seconds)


def save(settings: Settings, model: Model, dataset: Dataset, history: History, result: Result) -> None:
    """Write model, predictions, labels, probabilities and the run's record into the output folder, all or nothing.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    record = {
        **identity(settings, model, dataset),
        "class_names": dataset.classes,
        "epochs": history.epochs,
        **({"members": history.members} if settings.recipe.ensemble > 1 else {}),
        **history.validation,
        "train_seconds": history.seconds,
        "evaluate_seconds": result.seconds,
        "test_accuracy": result.accuracy,
    }
    run = Run(settings.backend, result.predictions, dataset.test.labels, result.probabilities, record)
    encoded = model.backend.encode(model.network, model.info)
    save_run(settings.output_dir, run, {model_name(settings.backend): encoded})
    what = "ensemble" if settings.recipe.ensemble > 1 else f"seed_{settings.seed}"
    with open_events(settings.tensorboard, _events(settings, what)) as write:
        images = kept(len(dataset.train), held_out(settings, dataset))
        write("test_accuracy", result.accuracy, len(history.epochs) * images)
    Checkpoint(settings.output_dir, settings.backend, identity(settings, model, dataset)).delete()
    print(f"Predictions and labels saved to {display(settings.output_dir)}")
