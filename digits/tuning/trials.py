"""What workers do for a search: train a recipe, and judge it on held-out images or, at the end, on the test."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import log_softmax

from digits.backends import load_backend
from digits.backends.interface import Backend
from digits.datasets import Dataset, Split
from digits.models import ModelInfo
from digits.recipes import Recipe
from digits.training.epochs import Progress, Training
from digits.training.validation import fit_temperature, hold_out


@dataclass(frozen=True)
class Material:
    """What all trainings of a search share.

    Attributes:
        backend: a key of `BACKENDS`.
        precision: of the arithmetic of training, or "auto".
        dataset: with validation images of its own, or None where they are held out.
        held_out: the share of its training images that trials are judged on, where it brings no validation images.
        seed: by which those are drawn.
    """

    backend: str
    precision: str
    dataset: Dataset
    held_out: float
    seed: int


class Job(NamedTuple):
    """A recipe to train with a seed. `number` is the trial's, or the row's of the comparison."""

    number: int
    recipe: Recipe
    seed: int


class Judged(NamedTuple):
    """What a network is worth on images that it was not trained on.

    Attributes:
        loss: mean of -ln(probability of the true class), in nats, at the temperature that fits these images best. So
            recipes that make networks less sure on purpose can be compared with others.
        accuracy: the share of right answers.
    """

    loss: float
    accuracy: float


def trial(material: Material, job: Job) -> Generator[Judged, None, None]:
    """Train a recipe on all but the held-out images, and judge it on these after each epoch."""
    dataset = material.dataset
    training, held_out = hold_out(dataset.train, material.held_out, material.seed)
    judges = dataset.validation or held_out
    assert judges is not None  # noqa: S101  # for the types: one of the two is there
    chooses = judges if job.recipe.validation or dataset.validation else None
    for backend, network in _trained(material, job, training, chooses):
        yield judge(backend, network, judges, len(dataset.classes))


def test(material: Material, job: Job) -> Generator[int, None, None]:
    """Train a recipe as `digits train` does, and count its right answers on the test images."""
    dataset, recipe = material.dataset, job.recipe
    training, validation = hold_out(dataset.train, recipe.validation, job.seed)
    for backend, network in _trained(material, job, training, dataset.validation or validation):
        last = backend, network
    backend, network = last
    logits = backend.predict(network, dataset.test.images)[:, : len(dataset.classes)]
    yield int((logits.argmax(axis=1) == dataset.test.labels).sum())


def _trained(
    material: Material, job: Job, training: Split, validation: Split | None
) -> Generator[tuple[Backend, Any], None, None]:
    """The network after each epoch of its training."""
    backend = load_backend(material.backend)
    device = backend.select_device("cpu")
    precision = backend.select_precision(material.precision, device)
    dataset = material.dataset
    info = ModelInfo(job.recipe, dataset.name, dataset.classes, backend.PIXEL_RANGE)
    network = backend.build(info, job.seed, device)
    one = Training(backend, network, training, validation, job.recipe, job.seed, precision)
    for _ in one.run(Progress(), "", lambda tag, value, step: None):
        yield backend, network


def judge(backend: Backend, network: Any, images: Split, classes: int) -> Judged:
    """What the network is worth on these images; outputs beyond the classes, for what is none, are left out."""
    logits = backend.predict(network, images.images)[:, :classes]
    logarithms = log_softmax(logits / fit_temperature(logits, images.labels), axis=1)
    loss = -float(logarithms[np.arange(len(images)), images.labels].mean())
    return Judged(loss, float((logits.argmax(axis=1) == images.labels).mean()))
