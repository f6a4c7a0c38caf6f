"""A run's or a model's predictions about test images, whichever file they come from."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from digits.backends import BACKENDS
from digits.datasets import Split, full_name, load_dataset, load_test
from digits.errors import DigitsError
from digits.exchange.classifier import MODELS, Classifier, load_model
from digits.models import ModelInfo
from digits.runs.folder import Run, labels_name, load_run, preds_name, probs_name, record_name

_BACKEND_OF = {
    name(backend): backend for backend in BACKENDS for name in (record_name, preds_name, probs_name, labels_name)
}


def open_predictions(path: Path, data_dir: Path, dataset: str | None = None) -> Run:
    """The run that a file belongs to, such as `outputs/pytorch_preds.npy`, or what a model says of the test images.

    Args:
        path: a run's record or one of its arrays, or a .safetensors, .keras or .onnx model.
        data_dir: folder of the datasets that have a name, of which a model may be asked about one.
        dataset: the name or path of one that a model is asked about, if it is not the one that it was trained on.

    Raises:
        DigitsError: it is neither, is missing or damaged, or the dataset is.
    """
    if path.name not in _BACKEND_OF and not path.exists():
        raise DigitsError(f"there is no file {path}")
    if path.suffix in MODELS:
        return _run(load_model(path), data_dir, dataset)
    if path.name not in _BACKEND_OF:
        allowed = f"{record_name('pytorch')}, {preds_name('pytorch')}, the same with tensorflow"
        raise DigitsError(f"{path} is not a run: allowed are its files, {allowed}, and models (.onnx and so on)")
    if dataset is not None:
        raise DigitsError(
            f"{path} holds predictions about its own dataset; allowed with another: a model ({', '.join(MODELS)})"
        )
    if not path.is_file():
        raise DigitsError(f"{path} is missing. Run: {BACKENDS[_BACKEND_OF[path.name]].command}")
    return load_run(path.parent, _BACKEND_OF[path.name])


def _run(model: Classifier, data_dir: Path, dataset: str | None) -> Run:
    name, test = _asked(model.info, data_dir, dataset)
    probabilities = model.probabilities(test.images)
    return Run(model.backend, probabilities.argmax(axis=1), test.labels, probabilities, model.classes, name)


def _asked(info: ModelInfo, data_dir: Path, dataset: str | None) -> tuple[str, Split]:
    """The name of the dataset that a model is asked about, and its test images, with the labels that the model has."""
    name = info.dataset if dataset is None else full_name(dataset)
    if name == info.dataset:
        own = load_dataset(name, data_dir)
        if own.classes != info.classes:
            odd = sorted(set(own.classes) ^ set(info.classes))[:1] or ["another order"]
            raise DigitsError(
                f"the model was trained for the {len(info.classes):,} classes that {name} had then, and it now has "
                f"{len(own.classes):,} ({odd[0]}). Train again"
            )
        return name, own.test
    classes, test = load_test(name, data_dir)
    unknown = [one for one in classes if one not in info.classes]
    if unknown:
        raise DigitsError(
            f"{name} has {_some(unknown)}, which the model does not know; its classes are {_some(info.classes)}. "
            "Give both the same names"
        )
    return name, Split(test.images, np.array([info.classes.index(one) for one in classes])[test.labels])


def _some(classes: Sequence[str]) -> str:
    return ", ".join(map(repr, classes[:12])) + f" and {len(classes) - 12:,} more" * (len(classes) > 12)
