"""From the runs in a folder to pictures beside them, and a table."""

import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from digits.datasets import Dataset, load_dataset
from digits.datasets.registry import DATASETS
from digits.errors import DigitsError
from digits.evaluation import metrics
from digits.evaluation.compare import why_incomparable
from digits.evaluation.judge import class_names
from digits.files import display, write_together
from digits.runs import BACKENDS, Run, has_run, load_run

LOSS_CURVES, DISAGREEMENTS = "loss_curves.png", "disagreements.png"


def visualize(output_dir: Path, data_dir: Path) -> None:
    """Draw every run in `output_dir`, save the pictures beside it and print a table.

    A backend without predictions is a warning; so is a dataset that cannot be read, without which mistakes cannot be
    shown.

    Raises:
        DigitsError: there is no run at all, or one whose files are damaged or do not belong together.
        OSError: the pictures cannot be written.
    """
    runs = load_runs(output_dir)
    pictures = draw(runs, data_dir)
    write_together(output_dir, pictures)
    for name in pictures:
        print(f"Saved {display(output_dir)}/{name}")
    print(f"\n{_table(runs)}")


def load_runs(output_dir: Path) -> dict[str, Run]:
    """The runs in a folder, by backend, with a warning for each backend that has none.

    Raises:
        DigitsError: there is no run at all, or one whose files are damaged or do not belong together.
    """
    runs = {}
    for backend, title in BACKENDS.items():
        if has_run(output_dir, backend):
            runs[backend] = load_run(output_dir, backend)
        else:
            _warn(f"no {title} predictions in {display(output_dir)}. Run: python mnist_{backend}.py")
    if not runs:
        raise DigitsError(f"no predictions in {display(output_dir)}. Run: python mnist_pytorch.py")
    return runs


def picture_name(kind: str, backend: str) -> str:
    """The file of a picture of one run; `kind` is `confusion_matrix`, `reliability` or `mistakes`."""
    return f"{kind}_{backend}.png"


def draw(runs: Mapping[str, Run], data_dir: Path) -> dict[str, bytes]:
    """Every picture that these runs and the data allow: names and bytes of PNG files.

    Confusion matrix, reliability (with probabilities) and mistakes (with the dataset) of each run, their disagreements
    (with the dataset), and the loss curves (with records).

    Raises:
        DigitsError: the labels of a run are not those of its dataset.
    """
    from digits.evaluation import plots

    pictures: dict[str, bytes] = {}
    load = functools.cache(load_dataset)  # the runs are mostly of one dataset
    datasets = {backend: _dataset(run, data_dir, load) for backend, run in runs.items()}
    for backend, run in runs.items():
        pictures |= _pictures(run, datasets[backend])
    run, dataset = next(iter(runs.values())), next(iter(datasets.values()))
    if len(runs) == 2 and dataset and not why_incomparable(*runs.values()):
        answers = {BACKENDS[backend]: run.predictions for backend, run in runs.items()}
        page = plots.disagreements(dataset.test.images, run.labels, answers, class_names(run))
        pictures[DISAGREEMENTS] = plots.png(page)
    recorded = [run for run in runs.values() if run.record]
    if recorded:
        curves = plots.loss_curves(_curve(recorded, "loss"), _curve(recorded, "validation_loss"))
        pictures[LOSS_CURVES] = plots.png(curves)
    return pictures


def _curve(runs: list[Run], key: str) -> dict[str, list[float]]:
    """What each run's record has of every epoch under `key`, by the framework's title; runs without it are left out."""
    curves = {BACKENDS[run.backend]: [epoch.get(key) for epoch in run.record["epochs"]] for run in runs}
    return {title: values for title, values in curves.items() if values and None not in values}


def _pictures(run: Run, dataset: Dataset | None) -> dict[str, bytes]:
    """The pictures of one run: their file names and bytes."""
    from digits.evaluation import plots

    classes = class_names(run)
    title = f"{BACKENDS[run.backend]} on {dataset.title if dataset else 'the test images'}"
    counts = metrics.confusion(run.labels, run.predictions, len(classes))
    matrix = plots.confusion_matrix(counts, classes, title, metrics.accuracy(run.labels, run.predictions))
    figures = {"confusion_matrix": matrix}
    if run.probabilities is not None:
        figures["reliability"] = plots.reliability(metrics.calibration(run.labels, run.probabilities), title)
    if dataset:
        confidence = None if run.probabilities is None else run.probabilities.max(axis=1)
        page = plots.mistakes(dataset.test.images, run.labels, run.predictions, confidence, classes, title)
        figures["mistakes"] = page
    return {picture_name(kind, run.backend): plots.png(figure) for kind, figure in figures.items()}


def _dataset(run: Run, data_dir: Path, load: Callable[[str, Path], Dataset]) -> Dataset | None:
    """The dataset that the run was tested on, or None, with a warning, where it cannot be read."""
    try:
        dataset = load(str(run.record.get("dataset", "mnist")), data_dir)
    except DigitsError as error:
        _warn(f"the mistakes of {BACKENDS[run.backend]} are not drawn: {error}")
        return None
    if np.array_equal(run.labels, dataset.test.labels):
        return dataset
    if dataset.name in DATASETS:
        raise DigitsError(f"the labels of the {run.backend} run are not those of {dataset.title}'s test images")
    _warn(f"the mistakes of {BACKENDS[run.backend]} are not drawn: {dataset.name} has changed since. Train again")
    return None


def _table(runs: dict[str, Run]) -> str:
    lines = [f"{'framework':<12}{'test accuracy':<15}{'95 % interval':<17}{'seconds':>7}"]
    for name, run in runs.items():
        accuracy = metrics.accuracy(run.labels, run.predictions)
        seconds = f"{run.record['train_seconds'] + run.record['evaluate_seconds']:.1f}" if run.record else "?"
        lines.append(f"{BACKENDS[name]:<12}{accuracy.value:<15.2%}{accuracy.interval:<17}{seconds:>7}")
    return "\n".join(lines)


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)
