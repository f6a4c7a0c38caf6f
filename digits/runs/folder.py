"""A run is a folder: predictions, labels, probabilities, and a record that is written last and vouches for them."""

import io
import json
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digits.errors import DigitsError
from digits.files import display, sha256, write_together

BACKENDS = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}  # name in commands and files: name in sentences
TITLES = BACKENDS | {"onnx": "The ONNX model"}  # of whatever gives answers
MODEL_SUFFIXES = {"pytorch": ".safetensors", "tensorflow": ".keras"}

# What readers of a record rely on.
_RECORD_KEYS = (
    *("dataset", "class_names", "recipe", "seed", "device", "precision", "versions", "epochs"),
    *("train_seconds", "evaluate_seconds", "test_accuracy", "files"),
)


@dataclass(frozen=True)
class Run:
    """What one training left behind.

    Attributes:
        backend: a key of `BACKENDS`.
        predictions, labels: int64, `(n,)`, of the test images in order.
        probabilities: float32, `(n, classes)`, or None where a run has only predictions.
        record: what `{backend}_run.json` says, or an empty dict where a folder has none.
    """

    backend: str
    predictions: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray | None
    record: Mapping[str, Any]


def preds_name(backend: str) -> str:
    return f"{backend}_preds.npy"


def labels_name(backend: str) -> str:
    return f"{backend}_labels.npy"


def probs_name(backend: str) -> str:
    return f"{backend}_probs.npy"


def model_name(backend: str) -> str:
    return f"{backend}_model{MODEL_SUFFIXES[backend]}"


def record_name(backend: str) -> str:
    return f"{backend}_run.json"


def save_run(folder: Path, run: Run, others: Mapping[str, bytes] | None = None) -> None:
    """Write a run into `folder`, with `others`, files by name; the record lists the SHA-256 of each under `files`.

    Raises:
        OSError: `folder` cannot be written, or the disk is full. An earlier run in it is then as it was.
    """
    arrays = {preds_name(run.backend): run.predictions, labels_name(run.backend): run.labels}
    if run.probabilities is not None:
        arrays[probs_name(run.backend)] = run.probabilities
    contents = {**(others or {}), **{name: _npy(array) for name, array in arrays.items()}}
    record = {**run.record, "files": {name: sha256(data) for name, data in contents.items()}}
    contents[record_name(run.backend)] = (json.dumps(record, indent=2) + "\n").encode()
    write_together(folder, contents)


def has_run(folder: Path, backend: str) -> bool:
    return (folder / preds_name(backend)).exists()


def load_run(folder: Path, backend: str) -> Run:
    """Read and check the run of `backend` in `folder`. A folder with predictions and labels alone is a run too.

    Raises:
        DigitsError: a file is missing, is not what it should be, or does not belong to the others.
    """
    record = _read_record(folder / record_name(backend))
    expected = record.get("files", {})
    predictions = _read_npy(folder / preds_name(backend), expected)
    labels = _read_npy(folder / labels_name(backend), expected)
    has_probabilities = (folder / probs_name(backend)).exists() or probs_name(backend) in expected
    probabilities = _read_npy(folder / probs_name(backend), expected) if has_probabilities else None
    classes = len(record["class_names"]) if "class_names" in record else 10
    for name, array in [(preds_name(backend), predictions), (labels_name(backend), labels)]:
        if array.ndim != 1 or array.dtype.kind not in "iu" or len(array) == 0:
            raise DigitsError(
                f"{folder / name} holds {array.dtype} of shape {array.shape}; allowed: whole numbers of shape (n,)"
            )
        if array.min() < 0 or array.max() >= classes:
            outside = array[(array < 0) | (array >= classes)][0]
            raise DigitsError(f"{folder / name} holds the label {outside}; allowed: 0 to {classes - 1}")
    if len(predictions) != len(labels):
        raise DigitsError(
            f"{folder / preds_name(backend)} has {len(predictions):,} predictions but {labels_name(backend)} has "
            f"{len(labels):,} labels. {_again(backend)}"
        )
    if probabilities is not None:
        _check_probabilities(folder / probs_name(backend), probabilities, (len(labels), classes))
    return Run(backend, predictions.astype(np.int64), labels.astype(np.int64), probabilities, record)


def _check_probabilities(path: Path, probabilities: np.ndarray, shape: tuple[int, int]) -> None:
    if probabilities.shape != shape or probabilities.dtype.kind != "f":
        raise DigitsError(
            f"{path} holds {probabilities.dtype} of shape {probabilities.shape}; allowed: floats of shape {shape}"
        )
    if not (np.isfinite(probabilities).all() and (probabilities >= 0).all() and (probabilities <= 1 + 1e-6).all()):
        raise DigitsError(f"{path} holds values that are not probabilities from 0 to 1")
    if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
        raise DigitsError(f"{path} holds rows of probabilities that do not add up to 1")


def _read_record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DigitsError(f"{path} is not a run record: {error}") from error
    missing = [key for key in _RECORD_KEYS if key not in record] if isinstance(record, dict) else _RECORD_KEYS
    if missing or not isinstance(record["files"], dict):
        raise DigitsError(f"{path} is not a run record: it has no {missing[0] if missing else 'list of files'}")
    return record


def _read_npy(path: Path, expected: Mapping[str, str]) -> np.ndarray:
    """The array in a `.npy` file, which must be the one that the record names, if it names one. Never unpickles."""
    backend = path.name.split("_")[0]
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DigitsError(f"{path} is missing. {_again(backend)}") from error
    if path.name in expected and sha256(data) != expected[path.name]:
        raise DigitsError(f"{path} is not the file that {record_name(backend)} was written with. {_again(backend)}")
    try:
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, TypeError, SyntaxError, MemoryError, tokenize.TokenError) as error:
        raise DigitsError(f"{path} is not an array of numbers in NumPy's format: {error}") from error


def _again(backend: str) -> str:
    return f"Run again: python mnist_{backend}.py"


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def require_writable(folder: Path) -> None:
    """Find out before a training, and not after it, that its outputs cannot be written.

    Raises:
        DigitsError: `folder` cannot be made, or no file can be written into it.
    """
    try:
        write_together(folder, {})
    except OSError as error:
        raise DigitsError(
            f"cannot write to the output folder {display(folder)}: {error.strerror}. Name another with --output-dir"
        ) from error
