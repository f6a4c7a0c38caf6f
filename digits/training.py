"""The steps of a run, the same for both frameworks: load, build, train, evaluate, save."""

import math
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax
from tqdm import tqdm

from digits.backends import Backend, load_backend
from digits.datasets import Dataset, load_dataset
from digits.errors import DigitsError
from digits.files import display
from digits.recipes import Recipe
from digits.runs import Run, require_writable, save_run


@dataclass(frozen=True)
class Settings:
    """All that a user can choose for a run.

    Attributes:
        backend: "pytorch" or "tensorflow".
        recipe: what is trained, and how.
        seed: of all randomness; a whole number, 0 or more.
        device: "auto", "cpu", "cuda" or "mps".
        precision: of the arithmetic of training: "auto", "float32" or "bfloat16".
        data_dir: folder of the dataset.
        output_dir: folder of the run.
        dataset: a name of `datasets.registry`.
    """

    backend: str
    recipe: Recipe
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    data_dir: Path = Path("mnist_data")
    output_dir: Path = Path("outputs")
    dataset: str = "mnist"

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise DigitsError(f"seed is {self.seed}, but must be a whole number, 0 or more")


@dataclass(frozen=True)
class Model:
    """A network of one backend, the device that it is on, and the precision of its training."""

    backend: Backend
    network: Any
    device: str
    precision: str


@dataclass(frozen=True)
class History:
    """One `{"loss": mean training loss, "seconds": …}` for each epoch, and the seconds of them all."""

    epochs: list[dict[str, float]]
    seconds: float


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
    if settings.recipe.batch_size > len(dataset.train):
        raise DigitsError(
            f"batch size is {settings.recipe.batch_size:,}, but there are only {len(dataset.train):,} training images"
        )
    require_writable(settings.output_dir)
    return dataset


def build(settings: Settings, dataset: Dataset) -> Model:
    """A network with the random weights of the seed.

    Raises:
        DigitsError: the framework is not installed, or the device is not there.
    """
    backend = load_backend(settings.backend)
    device = backend.select_device(settings.device)
    precision = backend.select_precision(settings.precision, device)
    print(f"Using device: {backend.device_name(device)}")
    network = backend.build(settings.recipe, len(dataset.classes), settings.seed, device)
    return Model(backend, network, backend.device_name(device), precision)


def train(settings: Settings, model: Model, dataset: Dataset) -> History:
    """Train the network, in place, with one line for each epoch, and a progress bar where somebody watches.

    Raises:
        DigitsError: the loss is no longer a number.
    """
    print("Starting training...")
    images, labels, recipe = dataset.train.images, dataset.train.labels, settings.recipe
    epochs: list[dict[str, float]] = []
    with tqdm(total=len(labels), unit=" images", leave=False, disable=not sys.stderr.isatty()) as bar:
        start = epoch_start = time.perf_counter()
        report = _report_to(bar)
        for loss in model.backend.train(model.network, images, labels, recipe, settings.seed, model.precision, report):
            now = time.perf_counter()
            epochs.append({"loss": loss, "seconds": now - epoch_start})
            epoch_start = now
            bar.clear()
            print(f"Epoch {len(epochs)}/{recipe.epochs}, Loss: {loss:.4f}", flush=True)
            bar.reset()
    return History(epochs, time.perf_counter() - start)


def _report_to(bar: tqdm) -> Callable[[int, float], None]:
    def report(images: int, loss: float) -> None:
        if not math.isfinite(loss):
            raise DigitsError(
                f"the loss became {loss}: training diverged, nothing was saved. Try a lower --learning-rate"
            )
        bar.update(images)

    return report


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
    """Write predictions, labels, probabilities and the run's record into the output folder, all or nothing.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    record = {
        "backend": settings.backend,
        "dataset": dataset.name,
        "class_names": dataset.classes,
        "recipe": asdict(settings.recipe),
        "seed": settings.seed,
        "device": model.device,
        "precision": model.precision,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, **model.backend.VERSIONS},
        "epochs": history.epochs,
        "train_seconds": history.seconds,
        "evaluate_seconds": result.seconds,
        "test_accuracy": result.accuracy,
    }
    run = Run(settings.backend, result.predictions, dataset.test.labels, result.probabilities, record)
    save_run(settings.output_dir, run)
    print(f"Predictions and labels saved to {display(settings.output_dir)}")
