"""The steps of a run, which the scripts spell out: load, build, train, evaluate, save, each with its lines."""

import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from digits import training
from digits.backends.interface import MakeNetwork
from digits.commands.tables import table
from digits.datasets import Dataset
from digits.evaluation.guessing import hint
from digits.exchange.export import to_onnx
from digits.files import display
from digits.models import Epoch
from digits.progress import Bar
from digits.recipes import Recipe, flag
from digits.runs import Run, RunRecord, exported_name, model_name, save_run
from digits.synthesis.epoch import shown_count
from digits.training import History, Model, Result, Settings, TrainingRun, load
from digits.training.custom import unused
from digits.training.events import open_events
from digits.training.loop import best_epoch, finished
from digits.training.validation import training_count

__all__ = ["Settings", "build", "evaluate", "load", "run", "save", "train"]


def run(settings: Settings) -> None:
    """A whole run, as the scripts spell it out."""
    dataset = load(settings)
    model = build(settings, dataset)
    history = train(settings, model, dataset)
    result = evaluate(model, dataset)
    save(settings, model, dataset, history, result)


def build(settings: Settings, dataset: Dataset, make: MakeNetwork | None = None) -> Model:
    """See `training.build`; says where it computes, and shows a table of the layers where that is asked for."""
    model = training.build(settings, dataset, make)
    if make and (names := unused(make)):
        what = f"{' and '.join(map(flag, names))} change{'s' * (len(names) == 1)} nothing"
        print(f"note: the network in this script does not use {', '.join(names)}: {what}", file=sys.stderr)
    print(f"Using device: {model.device}")
    if settings.summary:
        print(summary(model))
    return model


def summary(model: Model) -> str:
    """A table of the layers of the network, each with the shape of what it returns and the number of its weights."""
    layers = model.backend.layers(model.backend.members(model.network)[0])
    rows = [(layer.name, " × ".join(map(str, layer.shape)), f"{layer.weights:,}") for layer in layers]
    rows.append(("in all", "", f"{sum(layer.weights for layer in layers):,}"))
    return table(rows, ("layer", "returns", "weights"), left=(0, 1))


def train(settings: Settings, model: Model, dataset: Dataset) -> History:
    """Train the network, or each of an ensemble, in place, with a line and a checkpoint for each epoch.

    Raises:
        DigitsError: see `training.TrainingRun`.
    """
    running = TrainingRun(settings, model, dataset)
    print(_beginning(running))
    recipe, told = settings.recipe, -1  # the network whose epochs are being told
    with Bar("images") as bar:
        for place, report in running:
            if recipe.ensemble > 1 and not running.side_by_side and place != told:
                bar.clear()
                print(f"Network {place + 1} of {recipe.ensemble}, seed {settings.seed + place}")
                told = place
            if report.progress:
                bar.clear()
                whose = f"Network {place + 1}, seed {settings.seed + place}: " if running.side_by_side else ""
                print(whose + _line(recipe, report.progress.history))
            elif not running.side_by_side:
                what = f"Epoch {report.epoch + 1}/{recipe.epochs}"
                bar.show(what, report.seen, report.images, f"loss {report.loss:.4f}")
    if not model.has_learned:
        what = f"a loss of {running.history.worst:.4f} is no better than a guess's, {running.guess:.4f}"
        print(f"warning: it has not learned ({what}); try a smaller learning rate, or more epochs", file=sys.stderr)
    validated = running.history.validation
    if validated and settings.recipe.ensemble > 1:
        print(f"All {settings.recipe.ensemble} networks together{_validated(validated)}")
    return running.history


def _beginning(running: TrainingRun) -> str:
    """What to say before a training that stands where it stands."""
    recipe, networks = running.settings.recipe, running.state.networks
    done = sum(len(network.history) for network in networks)
    if running.side_by_side:
        cores = f"{running.cores_each} core{'s' * (running.cores_each != 1)}"
        where = f"{running.workers} at a time, each on {cores}" if running.cores_each else "on the cluster"
        return f"{'Resuming' if done else 'Training'} {len(running.left)} networks, {where}..."
    if done:
        return f"Resuming after epoch {done} of {recipe.epochs * recipe.ensemble}..."
    return "Starting training..."


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


def evaluate(model: Model, dataset: Dataset) -> Result:
    """What the network makes of the test images, which it has not seen before; says which share is right."""
    result = training.evaluate(model, dataset)
    print(f"Test Accuracy: {result.accuracy:.2%}")
    if model.has_learned and (said := hint(result.predictions, dataset.test.labels)):
        print(f"note: {said}", file=sys.stderr)
    return result


def save(settings: Settings, model: Model, dataset: Dataset, history: History, result: Result) -> None:
    """Write the run into the output folder (see `write`), remove its checkpoint, and say where it is."""
    write(settings, model, dataset, history, result)
    end(settings, model, dataset, history, {"test_accuracy": result.accuracy})
    print(f"Predictions and labels saved to {display(settings.output_dir)}")


def write(settings: Settings, model: Model, dataset: Dataset, history: History, result: Result) -> None:
    """Write model, predictions, labels, probabilities and the run's record into the output folder, all or nothing.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    measured = {"test_accuracy": result.accuracy}
    record = recorded(settings, model, dataset, history, result.seconds, measured)
    left = Run(
        settings.backend,
        result.predictions,
        dataset.test.labels,
        result.probabilities,
        dataset.classes,
        dataset.name,
        record,
    )
    save_run(settings.output_dir, left, model_files(settings, model, dataset, measured))


def recorded(
    settings: Settings,
    model: Model,
    dataset: Dataset,
    history: History,
    seconds: float,
    measured: Mapping[str, Any],
) -> RunRecord:
    """The record of a run: what was `measured`, in `seconds`, is a field of it, by its name."""
    return RunRecord(
        **training.identity(settings, model, dataset),
        class_names=dataset.classes,
        recipe=asdict(settings.recipe),
        epochs=history.epochs,
        members=history.members if settings.recipe.ensemble > 1 else None,
        validation_loss=history.validation.get("validation_loss"),
        validation_accuracy=history.validation.get("validation_accuracy"),
        train_seconds=history.seconds,
        evaluate_seconds=seconds,
        **measured,
    )


def model_files(settings: Settings, model: Model, dataset: Dataset, measured: Mapping[str, Any]) -> dict[str, bytes]:
    """The trained model as a file, by name, and as another for use elsewhere where that is asked for."""
    info = replace(model.info, origin={**training.identity(settings, model, dataset), **measured})
    files = {model_name(settings.backend): model.backend.encode(model.network, info)}
    if settings.export:
        files[exported_name(settings.backend)] = to_onnx(settings.backend, model.network, info)
    return files


def end(settings: Settings, model: Model, dataset: Dataset, history: History, measured: Mapping[str, Any]) -> None:
    """Tell TensorBoard what was measured, where it is to know, and remove the checkpoint: the run is saved."""
    what = "ensemble" if settings.recipe.ensemble > 1 else f"seed_{settings.seed}"
    with open_events(settings, what) as write:
        images = training_count(len(dataset.train), settings.recipe.validation)
        for name, value in measured.items():
            write(name, value, len(history.epochs) * shown_count(settings.recipe, images))
    training.checkpoint(settings, model, dataset).delete()
