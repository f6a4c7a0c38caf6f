"""What workers do for trainings that do not depend on each other: a network of an ensemble, or a whole run."""

import contextlib
import io
import tempfile
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from digits.backends import load_backend
from digits.datasets import Dataset, Split
from digits.errors import DigitsError
from digits.jobs import Engine, side_by_side
from digits.models import ModelInfo
from digits.recipes import Recipe
from digits.training.epochs import Progress, Training, finished
from digits.training.events import Event

if TYPE_CHECKING:
    from digits.training.steps import Settings


@dataclass(frozen=True)
class Material:
    """What the trainings of a run's networks share.

    Attributes:
        backend: a key of `BACKENDS`.
        precision: of the arithmetic of training.
        info: of all networks together.
        training: the images to learn from.
        validation: the images to choose the best epoch by, or None.
        origin: what a state to go on from is called in errors.
    """

    backend: str
    precision: str
    info: ModelInfo
    training: Split
    validation: Split | None
    origin: str


class Member(NamedTuple):
    """One of an ensemble's networks: its place, its seed, and where its training stands."""

    place: int
    seed: int
    progress: Progress

    @property
    def epochs(self) -> int:
        """How many it was trained for."""
        return len(self.progress.history)


def train_member(material: Material, member: Member) -> Generator[tuple[Progress, list[Event]], None, None]:
    """Train one network, and yield its progress after each epoch, and the epoch's events."""
    backend = load_backend(material.backend)
    network = backend.build(material.info.single, member.seed, backend.select_device("cpu"))
    recipe, events = material.info.recipe, deque[Event]()
    one = Training(backend, network, material.training, material.validation, recipe, member.seed, material.precision)
    for progress in one.run(member.progress, material.origin, lambda *event: events.append(event)):
        yield progress, list(events)
        events.clear()


def train_members(
    engine: Engine, recipe: Recipe, members: list[Member]
) -> Generator[tuple[Member, list[Event]], None, None]:
    """Train an ensemble's networks side by side, and yield where each stands after each of its epochs, with its events.

    A network keeps its worker, as preparing to train takes a while; unless one waits that has so much before it that it
    must begin now, or workers would be idle in the end. Then that one takes the worker, and this one waits.

    Raises:
        DigitsError: a training failed, or there is no worker left.
    """
    left = {member.place: recipe.epochs - member.epochs for member in members}  # epochs, of each
    waiting = sorted(members, key=_turn)
    due = deque[Member]()  # those for whom a worker is being freed

    def chosen() -> Iterator[Member]:
        while due or waiting:
            yield due.popleft() if due else waiting.pop(0)

    for step in side_by_side(engine, train_member, chosen()):
        if step.reason:
            raise DigitsError(f"network {step.job.place + 1} failed: {step.reason}. Go on with --resume")
        if step.ended:
            continue
        progress, events = step.value
        member = step.job._replace(progress=progress)
        yield member, events
        left[member.place] = 0 if finished(recipe, progress.history) else recipe.epochs - member.epochs
        busy = sum(map(bool, left.values())) - len(waiting)
        to_come = sum(left.values()) - (busy - 1)  # less the epochs that the others are in
        if waiting and 0 < left[member.place] < left[waiting[0].place] >= to_come / busy:
            step.stop = True
            due.append(waiting.pop(0))
            waiting.append(member)
            waiting.sort(key=_turn)


def _turn(member: Member) -> tuple[int, int]:
    """By which those that wait are trained: first those that have the most before them."""
    return member.epochs, member.place


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
