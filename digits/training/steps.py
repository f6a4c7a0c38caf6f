"""The steps of a run, the same for both frameworks: load, build, train, evaluate, save."""

import platform
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass, replace
from math import fsum
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from tabulate import tabulate

from digits.backends import load_backend
from digits.backends.hardware import cores_allowed
from digits.backends.interface import Backend, MakeNetwork
from digits.datasets import DIGITS, Dataset, load_dataset
from digits.errors import DigitsError
from digits.exchange.export import to_onnx
from digits.files import DATA_DIR, OUTPUT_DIR, display, require_writable
from digits.jobs import Cluster, Processes, cores_here
from digits.models import Epoch, ModelInfo
from digits.recipes import NO_DRAWING, Recipe, check_seed, refuse
from digits.runs import Run, RunRecord, exported_name, model_name, save_run
from digits.synthesis.epoch import shown_count
from digits.training.checkpoints import Checkpoint, RunState
from digits.training.custom import build_custom
from digits.training.elsewhere import Material, Member, train_members
from digits.training.epochs import Training, best_epoch, finished
from digits.training.events import Write, open_events
from digits.training.validation import fit_temperature, hold_out, training_count, validate


@dataclass(frozen=True)
class Settings:
    """All that a user can choose for a run.

    Attributes:
        backend: "pytorch" or "tensorflow".
        recipe: what is trained, and how.
        seed: of all randomness; a whole number, 0 or more. An ensemble's networks have this one and those after it.
        device: "auto", "cpu", "cuda" or "mps".
        precision: of the arithmetic of training: "auto", "float32" or "bfloat16".
        data_dir: folder of the datasets that have a name.
        output_dir: folder of the run.
        resume: whether to go on from the checkpoint in `output_dir`, if there is one.
        dataset: a name of `datasets.registry`, or the path of the user's own data.
        tensorboard: whether to write TensorBoard's event files into `output_dir`.
        summary: whether to print a table of the network's layers.
        export: whether to save the trained model as an ONNX file, too.
        asked_for: the fields of the recipe that were chosen one by one, which must not be without effect.
        address: of a Ray cluster that trains the networks of an ensemble, or None for this machine.
    """

    backend: str
    recipe: Recipe
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    data_dir: Path = DATA_DIR
    output_dir: Path = OUTPUT_DIR
    resume: bool = False
    dataset: str = "mnist"
    tensorboard: bool = False
    summary: bool = False
    export: bool = False
    asked_for: frozenset[str] = frozenset()
    address: str | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)


@dataclass
class Model:
    """A network of one backend, what it is, the device that it is on, and the precision of its training.

    Training changes it: the network's weights, and the temperature in what it is.
    """

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
        DigitsError: the data are missing or damaged, too few for a batch, or the output folder cannot be written;
            or a field of the recipe has no effect with them.
    """
    dataset = load_dataset(settings.dataset, settings.data_dir)
    recipe = settings.recipe
    if settings.address is not None:
        _check_for_cluster(settings)
    if recipe.draws and dataset.classes != DIGITS:
        name = next(name for name in NO_DRAWING if getattr(recipe, name))
        refuse(name, getattr(recipe, name), f"0 for {dataset.name}, whose classes are not the ten digits")
    if recipe.patience and not (recipe.validation or dataset.validation):
        refuse("patience", recipe.patience, "0 without validation images, say --validation 0.1")
    if recipe.validation and dataset.validation:
        refuse("validation", recipe.validation, f"0, as {dataset.name} brings validation images of its own")
    images = training_count(len(dataset.train), recipe.validation)
    batch = settings.recipe.batch_size
    if batch > images:
        raise DigitsError(
            f"batch size is {batch:,}, but there are only {images:,} training images. Run with --batch-size {images}"
        )
    require_writable(settings.output_dir)
    return dataset


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
    print(f"Using device: {backend.device_name(device)}")
    info = ModelInfo(settings.recipe, dataset.name, dataset.classes, backend.PIXEL_RANGE)
    if make is None:
        network = backend.build(info, settings.seed, device)
    else:
        network, info = build_custom(backend, info, settings.seed, device, make, settings.asked_for)
    model = Model(backend, network, info, backend.device_name(device), precision)
    if settings.summary:
        print(summary(model))
    return model


def summary(model: Model) -> str:
    """A table of the layers of the network, each with the shape of what it returns and the number of its weights."""
    layers = model.backend.layers(model.backend.members(model.network)[0])
    rows = [(layer.name, " × ".join(map(str, layer.shape)), f"{layer.weights:,}") for layer in layers]
    rows.append(("in all", "", f"{sum(layer.weights for layer in layers):,}"))
    return tabulate(rows, ("layer", "returns", "weights"), "plain", colalign=("left", "left", "right"))


def train(settings: Settings, model: Model, dataset: Dataset) -> History:
    """Train the network, or each of an ensemble, in place, with a line and a checkpoint for each epoch.

    Those of an ensemble are trained side by side, on a cluster or where this machine's processor has several cores; the
    same seed gives the same bits then as well. With validation images the temperature of its probabilities is fitted on
    them.

    Raises:
        DigitsError: the loss is no longer a number, or the checkpoint to go on from is of another run.
    """
    recipe, backend = settings.recipe, model.backend
    training, validation = hold_out(dataset.train, settings.recipe.validation, settings.seed)
    validation = dataset.validation or validation
    checkpoint = _checkpoint(settings, model, dataset)
    state = checkpoint.load() if settings.resume else RunState.at_beginning(recipe)
    _take_over(model, state, str(checkpoint))
    material = Material(settings.backend, model.precision, model.info, training, validation, str(checkpoint))
    is_alone = settings.address is None and _cores_each(settings, model) is None
    train_networks = _one_after_another if is_alone else _side_by_side
    with closing(train_networks(settings, model, material, state)) as states:  # or workers could outlive an error
        for state in states:
            if not state.is_complete(recipe):
                checkpoint.save(state)
    reached = {}
    if validation:
        reached = validate(backend, model.network, validation, recipe.label_smoothing)
        logits = backend.predict(model.network, validation.images)[:, : len(dataset.classes)]
        model.info = replace(model.info, temperature=fit_temperature(logits, validation.labels))
    if reached and recipe.ensemble > 1:
        print(f"All {recipe.ensemble} networks together{_validated(reached)}")
    return History([progress.history for progress in state.networks], state.seconds, reached)


def _take_over(model: Model, state: RunState, origin: str) -> None:
    """Give the networks that are trained to the end their weights. `origin` is what errors call the state."""
    for network, progress in zip(model.backend.members(model.network), state.networks, strict=True):
        if finished(model.info.recipe, progress.history):
            model.backend.set_weights(network, progress.best, origin)


def _cores_each(settings: Settings, model: Model) -> int | None:
    """How many cores each network of an ensemble has where they are trained side by side on this machine, or None.

    A worker makes a network of the package; it knows nothing of one that a script shows.
    """
    cores = _cores()
    suits = settings.recipe.ensemble > 1 and settings.address is None and not model.info.network
    return max(1, cores // settings.recipe.ensemble) if suits and model.device == "cpu" and cores > 1 else None


def _cores() -> int:
    """How many cores this run may compute on."""
    return min(cores_here(), cores_allowed() or cores_here())


def _one_after_another(
    settings: Settings, model: Model, material: Material, state: RunState
) -> Generator[RunState, None, None]:
    """Train the networks from `state` on, and yield the state after each epoch."""
    recipe, backend = settings.recipe, model.backend
    for place, network in enumerate(backend.members(model.network)):
        seed, start = settings.seed + place, state.networks[place]
        if recipe.ensemble > 1:
            print(f"Network {place + 1} of {recipe.ensemble}, seed {seed}")
        if finished(recipe, start.history):
            print("Trained before")
            continue
        print(_beginning(recipe, start.history))
        one = Training(backend, network, material.training, material.validation, recipe, seed, model.precision)
        with _events_of_network(settings, seed, len(start.history), len(material.training)) as write:
            for progress in one.run(start, material.origin, write):
                print(_line(recipe, progress.history))
                state = state.after(place, progress, progress.history[-1]["seconds"])
                yield state


def _side_by_side(
    settings: Settings, model: Model, material: Material, state: RunState
) -> Generator[RunState, None, None]:
    """The same at once, on processes of this machine or on a cluster, in whichever order epochs end."""
    recipe, each = settings.recipe, _cores_each(settings, model)
    members = [Member(place, settings.seed + place, progress) for place, progress in enumerate(state.networks)]
    left = [member for member in members if not finished(recipe, member.progress.history)]
    engine: Cluster | Processes
    if each:
        workers = min(_cores() // each, len(left))
        engine = Processes(workers, each, material)
        where = f"{workers} at a time, each on {each} core{'s' * (each > 1)}"
    else:
        engine = Cluster(settings.address, None, settings.backend, material)
        where = f"on the cluster at {settings.address}"
    print(f"{'Resuming' if state.seconds else 'Training'} {len(left)} networks, {where}...")
    before = 0.0  # when the last epoch ended
    with engine, closing(train_members(engine, recipe, left)) as steps:
        for (place, seed, progress), events in steps:
            history = progress.history
            print(f"Network {place + 1}, seed {seed}: {_line(recipe, history)}")
            with _events_of_network(settings, seed, len(history) - 1, len(material.training)) as write:
                for event in events:
                    write(*event)
            now = time.perf_counter()
            state = state.after(place, progress, now - before if before else history[-1]["seconds"])  # less imports
            before = now
            yield state
    _take_over(model, state, material.origin)


def _beginning(recipe: Recipe, history: list[Epoch]) -> str:
    """What to say before a training that has come so far."""
    return f"Resuming after epoch {len(history)} of {recipe.epochs}..." if history else "Starting training..."


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


def _events(settings: Settings, what: str) -> Path:
    """The folder of TensorBoard's event files of a network, or of an ensemble."""
    return settings.output_dir / "tensorboard" / f"{settings.backend}_{what}"


def _events_of_network(settings: Settings, seed: int, epochs: int, images: int) -> AbstractContextManager[Write]:
    """Its event file, for what comes after so many epochs of so many images to train on."""
    first = epochs * shown_count(settings.recipe, images) + 1  # image whose events are new
    return open_events(settings.tensorboard, _events(settings, f"seed_{seed}"), first)


def identity(settings: Settings, model: Model, dataset: Dataset) -> dict[str, Any]:
    """All that decides the weights of a run beside its recipe."""
    cores_each = _cores_each(settings, model)
    return {
        "backend": settings.backend,
        "dataset": model.info.dataset,
        "dataset_sha256": dataset.sha256,
        "seed": settings.seed,
        "device": model.device,
        "precision": model.precision,
        **({"network": model.info.network} if model.info.network else {}),
        **({"cores_each": cores_each} if cores_each else {}),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, **model.backend.VERSIONS},
    }


def _checkpoint(settings: Settings, model: Model, dataset: Dataset) -> Checkpoint:
    return Checkpoint(settings.output_dir, settings.backend, settings.recipe, identity(settings, model, dataset))


def evaluate(model: Model, dataset: Dataset) -> Result:
    """What the network makes of the test images, which it has not seen before."""
    start = time.perf_counter()
    logits = model.backend.predict(model.network, dataset.test.images)
    probabilities = model.info.probabilities(logits)
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
    record = RunRecord(
        **identity(settings, model, dataset),
        class_names=dataset.classes,
        recipe=asdict(settings.recipe),
        epochs=history.epochs,
        members=history.members if settings.recipe.ensemble > 1 else None,
        validation_loss=history.validation.get("validation_loss"),
        validation_accuracy=history.validation.get("validation_accuracy"),
        train_seconds=history.seconds,
        evaluate_seconds=result.seconds,
        test_accuracy=result.accuracy,
    )
    run = Run(
        settings.backend,
        result.predictions,
        dataset.test.labels,
        result.probabilities,
        dataset.classes,
        dataset.name,
        record,
    )
    known = identity(settings, model, dataset)
    info = replace(model.info, origin={**known, "test_accuracy": result.accuracy})
    files = {model_name(settings.backend): model.backend.encode(model.network, info)}
    if settings.export:
        files[exported_name(settings.backend)] = to_onnx(settings.backend, model.network, info)
    save_run(settings.output_dir, run, files)
    what = "ensemble" if settings.recipe.ensemble > 1 else f"seed_{settings.seed}"
    with open_events(settings.tensorboard, _events(settings, what)) as write:
        images = training_count(len(dataset.train), settings.recipe.validation)
        write("test_accuracy", result.accuracy, len(history.epochs) * shown_count(settings.recipe, images))
    _checkpoint(settings, model, dataset).delete()
    print(f"Predictions and labels saved to {display(settings.output_dir)}")
