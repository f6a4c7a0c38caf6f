"""The steps of a run, the same for both frameworks: load, build, train, evaluate, save."""

import math
import platform
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax
from tqdm import tqdm

from digits.backends import Backend, Trainer, load_backend
from digits.checkpoints import Checkpoint
from digits.datasets import Dataset, load_dataset
from digits.errors import DigitsError
from digits.files import display
from digits.models import ModelInfo, check_weights
from digits.recipes import Recipe
from digits.runs import Run, model_name, require_writable, save_run


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
        resume: whether to go on from the checkpoint in `output_dir`, if there is one.
        dataset: a name of `datasets.registry`.
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
    """One `{"loss": mean training loss, "seconds": …}` for each epoch, and the seconds of the whole training."""

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
    info = ModelInfo(settings.recipe, dataset.name, dataset.classes, backend.PIXEL_RANGE)
    network = backend.build(info, settings.seed, device)
    return Model(backend, network, info, backend.device_name(device), precision)


def train(settings: Settings, model: Model, dataset: Dataset) -> History:
    """Train the network, in place, with a line and a checkpoint for each epoch, and a progress bar on a terminal.

    Raises:
        DigitsError: the loss is no longer a number, or the checkpoint to go on from is of another run.
    """
    recipe, seed = settings.recipe, settings.seed
    checkpoint = Checkpoint(settings.output_dir, settings.backend, identity(settings, model))
    epochs: list[dict[str, float]] = []
    start = time.perf_counter()
    trainer = model.backend.trainer(
        model.network, dataset.train.images, dataset.train.labels, recipe, seed, model.precision
    )
    seconds = time.perf_counter() - start
    saved = checkpoint.load() if settings.resume else None
    if saved:
        epochs = saved.epochs
        shapes = {name: array.shape for name, array in trainer.state().items()}
        check_weights(saved.state, shapes, f"the checkpoint in {display(settings.output_dir)}")
        trainer.restore(saved.state)
        print(f"Resuming after epoch {len(epochs)} of {recipe.epochs}...")
    else:
        print("Starting training...")
    while len(epochs) < recipe.epochs:
        start = time.perf_counter()
        loss = _epoch(trainer, len(epochs), recipe.epochs, len(dataset.train))
        epochs.append({"loss": loss, "seconds": time.perf_counter() - start + seconds})
        seconds = 0.0  # of preparation, which count for the first epoch
        print(f"Epoch {len(epochs)}/{recipe.epochs}, Loss: {loss:.4f}")
        if len(epochs) < recipe.epochs:
            checkpoint.save(epochs, trainer.state())
    return History(epochs, sum(epoch["seconds"] for epoch in epochs))


def _epoch(trainer: Trainer, epoch: int, epochs: int, images: int) -> float:
    """Train for one of the epochs and return its mean loss."""
    total = 0.0
    label, watched = f"Epoch {epoch + 1}/{epochs}", sys.stderr.isatty()
    with tqdm(desc=label, total=images, unit=" images", leave=False, disable=not watched) as bar:
        for count, loss in trainer.epoch(epoch):
            if not math.isfinite(loss):
                raise DigitsError(
                    f"the loss became {loss}: training diverged, nothing was saved. Try a lower --learning-rate"
                )
            total += count * loss
            bar.update(count)
    return total / images


def identity(settings: Settings, model: Model) -> dict[str, Any]:
    """All that decides the weights of a run: what a checkpoint must share with the run that goes on from it."""
    return {
        "backend": settings.backend,
        "dataset": settings.dataset,
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
        **identity(settings, model),
        "class_names": dataset.classes,
        "epochs": history.epochs,
        "train_seconds": history.seconds,
        "evaluate_seconds": result.seconds,
        "test_accuracy": result.accuracy,
    }
    run = Run(settings.backend, result.predictions, dataset.test.labels, result.probabilities, record)
    encoded = model.backend.encode(model.network, model.info)
    save_run(settings.output_dir, run, {model_name(settings.backend): encoded})
    Checkpoint(settings.output_dir, settings.backend, identity(settings, model)).delete()
    print(f"Predictions and labels saved to {display(settings.output_dir)}")
