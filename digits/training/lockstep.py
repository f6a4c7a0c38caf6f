"""Both frameworks side by side, step by step: the proof that the twins are one network, trained in one way."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digits.backends import BACKENDS, load_backend
from digits.datasets import Dataset, load_dataset
from digits.errors import DigitsError
from digits.evaluation import plots
from digits.files import display, write_together
from digits.models import ModelInfo
from digits.recipes import NO_DRAWING, Augmentation, Recipe, adjusted


@dataclass(frozen=True)
class Step:
    """After a step: its loss in each framework, and the largest difference of any weight between the two."""

    number: int
    pytorch: float
    tensorflow: float
    difference: float


def lockstep(dataset: Dataset, recipe: Recipe, steps: int, seed: int, precision: str) -> Iterator[Step]:
    """Train in both frameworks from the same weights, on the same batches in the same order, with dropout off.

    Args:
        dataset: its first `steps` batches of training images are used, in the order of the seed.
        steps: how many, at most an epoch.
        precision: "float64", where only the order of additions differs, or "float32", where rounding shows. Weights and
            arithmetic are in it.

    Raises:
        DigitsError: `steps` is out of range, or a framework is not installed.
    """
    most = len(dataset.train) // recipe.batch_size
    if not 1 <= steps <= most:
        raise DigitsError(f"steps is {steps}, but must be from 1 to {most}, an epoch")
    recipe = adjusted(recipe, {"dropout": 0.0, "augmentation": Augmentation(), "ensemble": 1, **NO_DRAWING})
    info = ModelInfo(recipe, dataset.name, dataset.classes, pixel_range=(0.0, 1.0))
    count = steps * recipe.batch_size
    images, labels = dataset.train.images[:count], dataset.train.labels[:count]
    return _steps(info, images, labels, seed, precision)


def _steps(info: ModelInfo, images: np.ndarray, labels: np.ndarray, seed: int, precision: str) -> Iterator[Step]:
    """The lockstep itself, on one epoch of these images."""
    backends = [load_backend(name) for name in BACKENDS]
    networks = [backend.build(info, seed, backend.select_device("cpu"), precision) for backend in backends]
    backends[1].set_weights(networks[1], backends[0].weights(networks[0]))
    trainers = [
        backend.trainer(network, images, labels, info.recipe, seed, precision)
        for backend, network in zip(backends, networks, strict=True)
    ]
    epochs = [trainer.epoch(0, report_steps=1) for trainer in trainers]
    for number, ((_, pytorch), (_, tensorflow)) in enumerate(zip(*epochs, strict=True), start=1):
        first, second = (backend.weights(network) for backend, network in zip(backends, networks, strict=True))
        difference = max(float(np.abs(first[name] - second[name]).max()) for name in first)
        yield Step(number, pytorch, tensorflow, difference)


def show(recipe: Recipe, steps: int, seed: int, data_dir: Path, output_dir: Path) -> None:
    """Run the lockstep in float64 and in float32, print each step, and draw both into `output_dir`.

    Raises:
        DigitsError: see `lockstep`; or the data are missing or damaged.
        OSError: the picture cannot be written.
    """
    dataset = load_dataset("mnist", data_dir)
    runs: dict[str, list[Step]] = {}
    for precision in ("float64", "float32"):
        coming = lockstep(dataset, recipe, steps, seed, precision)
        print(f"\n{precision}: the same weights, the same batches in the same order, dropout off\n")
        print(f"{'step':>5}  {'loss in PyTorch':<20}{'loss in TensorFlow':<20}largest difference of a weight")
        runs[precision] = []
        for step in coming:
            runs[precision].append(step)
            print(f"{step.number:>5}  {step.pytorch:<20.15f}{step.tensorflow:<20.15f}{step.difference:.1e}")
    print()
    for precision, taken in runs.items():
        print(f"{precision}: after {steps} steps no weight differs by more than {taken[-1].difference:.1e}")
    losses = [step.pytorch for step in runs["float64"]], [step.tensorflow for step in runs["float64"]]
    differences = {precision: [step.difference for step in taken] for precision, taken in runs.items()}
    write_together(output_dir, {"lockstep.png": plots.png(plots.lockstep(*losses, differences))})
    print(f"Saved {display(output_dir)}/lockstep.png")
