"""From the runs in a folder to pictures."""

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from digits.backends import BACKENDS
from digits.datasets import Dataset, check_data_dir, load_dataset
from digits.datasets.registry import DATASETS, MNIST
from digits.errors import DigitsError
from digits.evaluation import metrics
from digits.evaluation.compare import why_incomparable
from digits.files import DATA_DIR, display
from digits.runs import Run, RunRecord, has_run, load_run

LOSS_CURVES, DISAGREEMENTS = "loss_curves.png", "disagreements.png"


def load_runs(output_dir: Path) -> dict[str, Run]:
    """The runs in a folder, by backend, with a warning for each backend that has none.

    Raises:
        DigitsError: there is no run at all, or one whose files are damaged or do not belong together.
    """
    runs = {}
    for backend, framework in BACKENDS.items():
        if has_run(output_dir, backend):
            runs[backend] = load_run(output_dir, backend)
        else:
            _warn(f"no {framework.title} predictions in {display(output_dir)}. Run: {framework.command}")
    if not runs:
        raise DigitsError(f"no predictions in {display(output_dir)}. Run: {BACKENDS['pytorch'].command}")
    return runs


def picture_name(kind: str, backend: str) -> str:
    """The file of a picture of one run; `kind` is `confusion_matrix`, `reliability` or `mistakes`."""
    return f"{kind}_{backend}.png"


def render_pictures(runs: Mapping[str, Run], data_dir: Path) -> dict[str, bytes]:
    """Every picture that these runs and the data allow: names and bytes of PNG files.

    Confusion matrix, reliability (with probabilities) and mistakes (with the dataset) of each run, their disagreements
    (with the dataset), and the loss curves (with records).

    Raises:
        DigitsError: the labels of a run are not those of its dataset; or see `datasets.check_data_dir`.
    """
    from digits.evaluation import plots
    from digits.evaluation.fonts import drawable

    check_data_dir(data_dir, *map(_dataset_name, runs.values()))
    for classes in dict.fromkeys(run.classes for run in runs.values()):
        _say_which_are_numbers(classes, drawable(classes))
    pictures: dict[str, bytes] = {}
    load = functools.cache(load_dataset)  # the runs are mostly of one dataset
    datasets = {backend: _dataset(run, data_dir, load) for backend, run in runs.items()}
    for backend, run in runs.items():
        pictures |= _pictures(run, datasets[backend])
    run, dataset = next(iter(runs.values())), next(iter(datasets.values()))
    if len(runs) == 2 and dataset and not why_incomparable(*runs.values()):
        answers = {run.title: run.predictions for run in runs.values()}
        page = plots.disagreements(dataset.test.images, run.labels, answers, drawable(run.classes))
        pictures[DISAGREEMENTS] = plots.png(page)
    recorded = {run.title: run.record for run in runs.values() if run.record}
    if recorded:
        curves = plots.loss_curves(_curve(recorded, "loss"), _curve(recorded, "validation_loss"))
        pictures[LOSS_CURVES] = plots.png(curves)
    return pictures


def _curve(records: Mapping[str, RunRecord], key: str) -> dict[str, list[float]]:
    """What each record has of every epoch under `key`, by the framework's title; records without it are left out."""
    has_it = {title: record for title, record in records.items() if all(key in epoch for epoch in record.epochs)}
    return {title: [epoch[key] for epoch in record.epochs] for title, record in has_it.items() if record.epochs}


def _pictures(run: Run, dataset: Dataset | None) -> dict[str, bytes]:
    """The pictures of one run: their file names and bytes."""
    from digits.evaluation import plots
    from digits.evaluation.fonts import drawable

    classes = drawable(run.classes)
    title = f"{run.title} on {dataset.title if dataset else 'the test images'}"
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


def _say_which_are_numbers(classes: Sequence[str], shown: Sequence[str]) -> None:
    """Say which classes pictures show by number, as no font here has the letters of their names."""
    pairs = [f"{number} is {name}" for name, number in zip(classes, shown, strict=True) if name != number]
    if pairs:
        which = ", ".join(pairs[:20]) + ", and so on" * (len(pairs) > 20)
        _warn(f"pictures show classes by number, as no installed font has their letters: {which}. Noto has all")


def _dataset_name(run: Run) -> str:
    """The dataset that the run was tested on; MNIST where nobody noted it."""
    return run.dataset or MNIST.name


def _dataset(run: Run, data_dir: Path, load: Callable[[str, Path], Dataset]) -> Dataset | None:
    """The dataset that the run was tested on, or None, with a warning, where it cannot be read."""
    name = _dataset_name(run)
    try:
        dataset = load(name, data_dir if name in DATASETS else DATA_DIR)
    except DigitsError as error:
        _warn(f"the mistakes of {run.title} are not drawn: {error}")
        return None
    if np.array_equal(run.labels, dataset.test.labels):
        return dataset
    if dataset.name in DATASETS:
        raise DigitsError(f"the labels of the {run.backend} run are not those of {dataset.title}'s test images")
    _warn(f"the mistakes of {run.title} are not drawn: {dataset.name} has changed since. Train again")
    return None


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)
