"""What workers do for trainings that do not depend on each other: a network of an ensemble, or a whole run."""

import contextlib
import io
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from digits.backends import load_backend
from digits.backends.interface import Arrays
from digits.datasets import Dataset, Split
from digits.errors import DigitsError
from digits.jobs import Cluster, side_by_side
from digits.models import ModelInfo
from digits.training.epochs import Progress, Training

if TYPE_CHECKING:
    from digits.training.steps import Settings


@dataclass(frozen=True)
class Ensemble:
    """What the trainings of an ensemble's networks share."""

    backend: str
    precision: str
    info: ModelInfo
    training: Split
    validation: Split | None


class Member(NamedTuple):
    """One of an ensemble's networks: its place, its seed, and where its training stands."""

    place: int
    seed: int
    start: Progress


def train_member(ensemble: Ensemble, member: Member) -> Generator[tuple[Progress, Arrays], None, None]:
    """Train one network, and yield its progress and its weights after each epoch."""
    backend = load_backend(ensemble.backend)
    network = backend.build(ensemble.info.single, member.seed, backend.select_device("cpu"))
    recipe = ensemble.info.recipe
    one = Training(backend, network, ensemble.training, ensemble.validation, recipe, member.seed, ensemble.precision)
    for progress in one.run(member.start, "the checkpoint", lambda tag, value, step: None):
        yield progress, backend.weights(network)


def train_members(address: str, ensemble: Ensemble, members: list[Member]) -> Iterator[tuple[Member, Progress, Arrays]]:
    """Train networks on a cluster, each on all cores of a node, and yield each one's progress after each epoch.

    Raises:
        DigitsError: there is no such cluster, or a training failed.
    """
    with Cluster(address, None, ensemble.backend, ensemble) as engine:
        for step in side_by_side(engine, train_member, members):
            if step.reason:
                raise DigitsError(f"network {step.job.place + 1} failed: {step.reason}. Go on with --resume")
            if not step.ended:
                yield step.job, *step.value


class Reached(NamedTuple):
    """What a whole run reached: accuracies from 0 to 1, None without validation images, and seconds."""

    test_accuracy: float
    validation_accuracy: float | None
    seconds: float


def whole_run(dataset: Dataset, settings: "Settings") -> Generator[Reached, None, None]:
    """Build, train and evaluate as `digits train` does, without a word and without a file that stays."""
    from digits.training.steps import build, evaluate, train

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        settings = replace(settings, output_dir=Path(folder))
        model = build(settings, dataset)
        history = train(settings, model, dataset)
        result = evaluate(model, dataset)
    yield Reached(result.accuracy, history.validation.get("validation_accuracy"), history.seconds + result.seconds)
