"""What workers do for a search: train a recipe, and judge it on held-out images or, at the end, on the test."""

import gc
import hashlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import log_softmax

from digits.backends import load_backend
from digits.backends.interface import Backend
from digits.datasets import Dataset, Split
from digits.models import ModelInfo
from digits.processes import first_line
from digits.recipes import Recipe
from digits.recipes.randomness import derive
from digits.training import Training
from digits.training.validation import fit_temperature, hold_out
from digits.tuning.search import Search
from digits.tuning.space import recipe_of
from digits.tuning.storage import STUDY, import_optuna, try_again

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.storages import BaseStorage

HELD_OUT = 0.1  # share of the training images that trials are judged on, where neither recipe nor dataset name others


class Material(NamedTuple):
    """What all trials share: the search, what it trains on, and which of Optuna's samplers chooses."""

    search: Search
    dataset: Dataset
    sampler: str

    @property
    def held_out(self) -> float:
        """The share of the training images that trials are judged on; 0 where the dataset brings images for that."""
        return 0.0 if self.dataset.validation else self.search.recipe.validation or HELD_OUT


def trial(material: Material, storage: "BaseStorage", task: int, until: float) -> None:
    """Choose a recipe by what came of earlier ones, try it, and write into the storage what comes of it.

    Args:
        task: the number of this call. Where its process or its node is killed it may be made again.
        until: the time, in seconds since 1970, after which no trial is begun.
    """
    search, optuna = material.search, import_optuna()
    sampler = getattr(optuna.samplers, material.sampler)(seed=derive(search.seed, "search", task))
    # ASHA (Li et al., 2018, arXiv:1810.05934): after 1, 3, 9 … epochs only the better third goes on.
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    study = optuna.load_study(study_name=STUDY, storage=storage, sampler=sampler, pruner=pruner)
    for before in study.get_trials(deepcopy=False):
        if before.user_attrs.get("task") == task:
            if before.state.is_finished() and before.state.name != "FAIL":
                return
            if not before.state.is_finished():
                try_again(study, before)
    if time.time() < until:
        one = study.ask()
        loss = _try(material, one, task)
        study.tell(one, loss, None if loss is not None else optuna.trial.TrialState.PRUNED)
        gc.collect()  # networks lie in circles, which would otherwise pile up


def _try(material: Material, one: "Trial", task: int) -> float | None:
    """Train a trial's recipe and judge it after each epoch: its loss, or None where it was stopped early or failed."""
    search = material.search
    one.set_user_attr("task", task)
    one.set_user_attr("where", socket.gethostname())
    recipe = recipe_of(search.start, search.space, {dimension.name: dimension.draw(one) for dimension in search.space})
    try:
        for epoch, (loss, accuracy) in enumerate(judged(material, recipe), 1):
            one.report(loss, epoch)
            one.set_user_attr("accuracy", accuracy)
            if epoch < recipe.epochs and recipe != search.start and one.should_prune():
                return None
    except Exception as error:  # a row of its own; it teaches the search what not to try
        kind = type(error).__name__
        known = {"DigitsError": first_line(error), "MemoryError": "out of memory"}
        one.set_user_attr("reason", known.get(kind, f"{kind}: {first_line(error)}"))
        return None
    return loss


def judged(material: Material, recipe: Recipe) -> Iterator[tuple[float, float]]:
    """What the network of a trial is worth on the held-out images after each epoch: see `judge`."""
    dataset = material.dataset
    training, held_out = hold_out(dataset.train, material.held_out, material.search.seed)
    judges = dataset.validation or held_out
    assert judges is not None  # noqa: S101  # for the types: one of the two is there
    chooses = judges if recipe.validation or dataset.validation else None
    for backend, network in _trained(material, recipe, material.search.seed, training, chooses):
        yield judge(backend, network, judges, len(dataset.classes))


def look(material: Material, storage: "BaseStorage", recipe: Recipe, seed: int) -> None:
    """Train a recipe as `digits train` does, and note in the study how many test images are right, but not twice."""
    study = import_optuna().load_study(study_name=STUDY, storage=storage)
    if key(recipe, seed) in study.user_attrs:
        return
    dataset = material.dataset
    training, validation = hold_out(dataset.train, recipe.validation, seed)
    for trained in _trained(material, recipe, seed, training, dataset.validation or validation):
        backend, network = trained
    logits = backend.predict(network, dataset.test.images)[:, : len(dataset.classes)]
    study.set_user_attr(key(recipe, seed), int((logits.argmax(axis=1) == dataset.test.labels).sum()))


def key(recipe: Recipe, seed: int) -> str:
    """What the study calls the right answers of a recipe with a seed."""
    fields = {**asdict(recipe), "name": ""}
    return f"test {hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]} {seed}"


def _trained(
    material: Material, recipe: Recipe, seed: int, training: Split, validation: Split | None
) -> Iterator[tuple[Backend, Any]]:
    """The network after each epoch of its training."""
    search, dataset = material.search, material.dataset
    backend = load_backend(search.backend)
    precision = backend.select_precision("auto", backend.select_device("cpu"))
    info = ModelInfo(recipe, dataset.name, dataset.classes, backend.PIXEL_RANGE)
    one = Training(search.backend, info, training, validation, seed, precision)
    _, network = one.build()
    for report in one.run(network):
        if report.progress:
            yield backend, network


def judge(backend: Backend, network: Any, images: Split, classes: int) -> tuple[float, float]:
    """Loss and accuracy of the network on these images; outputs beyond the classes, for what is none, are left out.

    The loss is the mean of -ln(probability of the true class), in nats, at the temperature that fits these images
    best. So recipes that make networks less sure on purpose can be compared with others.
    """
    logits = backend.predict(network, images.images)[:, :classes]
    logarithms = log_softmax(logits / fit_temperature(logits, images.labels), axis=1)
    loss = -float(logarithms[np.arange(len(images)), images.labels].mean())
    return loss, float((logits.argmax(axis=1) == images.labels).mean())
