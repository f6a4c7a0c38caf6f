"""A run's or a model's answers about test images, whichever file they come from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.special import softmax

from digits.backends import BACKENDS
from digits.datasets import load_dataset
from digits.errors import DigitsError
from digits.models import ModelInfo
from digits.runs.folder import Run, labels_name, load_run, preds_name, probs_name, record_name

_BACKEND_OF = {
    name(backend): backend for backend in BACKENDS for name in (record_name, preds_name, probs_name, labels_name)
}


def open_answers(path: Path, data_dir: Path) -> Run:
    """The run that a file belongs to, such as `outputs/pytorch_preds.npy`, or what a model says of the test images.

    Args:
        path: a run's record or one of its arrays, or a .safetensors, .keras or .onnx model.
        data_dir: folder of the dataset that a model is asked about.

    Raises:
        DigitsError: it is neither, is missing or damaged, or the dataset is.
    """
    if path.suffix == ".onnx":
        from digits.models.predictor import Predictor

        predictor = Predictor(path)
        return _run("onnx", predictor.info, data_dir, predictor.probabilities)
    if path.suffix in {framework.suffix for framework in BACKENDS.values()}:
        from digits.models.convert import backend_of, open_model

        backend, network, info = open_model(path)
        return _run(backend_of(path), info, data_dir, lambda images: softmax(backend.predict(network, images), axis=1))
    if path.name not in _BACKEND_OF:
        allowed = f"{record_name('pytorch')}, {preds_name('pytorch')}, the same with tensorflow"
        raise DigitsError(f"{path} is not a run: allowed are its files, {allowed}, and models (.onnx and so on)")
    if not path.is_file():
        raise DigitsError(f"{path} is missing. Run: {BACKENDS[_BACKEND_OF[path.name]].command}")
    return load_run(path.parent, _BACKEND_OF[path.name])


def _run(backend: str, info: ModelInfo, data_dir: Path, probabilities_of: Callable[[np.ndarray], np.ndarray]) -> Run:
    dataset = load_dataset(info.dataset, data_dir)
    if dataset.classes != info.classes:
        odd = sorted(set(dataset.classes) ^ set(info.classes))[:1] or ["another order"]
        raise DigitsError(
            f"the model was trained for the {len(info.classes):,} classes that {info.dataset} had then, and it now has "
            f"{len(dataset.classes):,} ({odd[0]}). Train again"
        )
    test = dataset.test
    probabilities = probabilities_of(test.images)
    return Run(backend, probabilities.argmax(axis=1), test.labels, probabilities, info.classes, info.dataset)
