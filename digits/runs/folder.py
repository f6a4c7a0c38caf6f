"""A run is a folder: predictions, labels, probabilities, and a record that is written last and vouches for them."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.backends import BACKENDS
from digits.datasets import DIGITS
from digits.errors import DigitsError
from digits.files import read_npy, sha256, write_together
from digits.runs.record import RunRecord


@dataclass(frozen=True)
class Run:
    """What one training left behind, or what a model predicts.

    Attributes:
        backend: a key of `BACKENDS`, or "onnx" for an exported model.
        predictions, labels: int64, `(n,)`, of the test images in order.
        probabilities: float32, `(n, classes)`, or None where a run has only predictions.
        classes: a name for each label.
        dataset: what the images are, a name of `datasets.registry` or a path, or None where that is not known.
        record: how it was made, or None where a folder has no record.
    """

    backend: str
    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32] | None
    classes: tuple[str, ...] = DIGITS
    dataset: str | None = None
    record: RunRecord | None = None

    @property
    def title(self) -> str:
        """Whose predictions these are, in sentences."""
        return BACKENDS[self.backend].title if self.backend in BACKENDS else "The ONNX model"


def preds_name(backend: str) -> str:
    """What a run's file of predictions is called."""
    return f"{backend}_preds.npy"


def labels_name(backend: str) -> str:
    """What its file of labels is called."""
    return f"{backend}_labels.npy"


def probs_name(backend: str) -> str:
    """What its file of probabilities is called."""
    return f"{backend}_probs.npy"


def model_name(backend: str) -> str:
    """What its model is called."""
    return f"{backend}_model{BACKENDS[backend].suffix}"


def exported_name(backend: str) -> str:
    """What its exported model is called."""
    return f"{backend}_model.onnx"


def record_name(backend: str) -> str:
    """What its record is called."""
    return f"{backend}_run.json"


def save_run(folder: Path, run: Run, others: Mapping[str, bytes] | None = None) -> None:
    """Write a run that has a record into `folder`, with `others`, files by name; the record lists the SHA-256 of each.

    Raises:
        OSError: `folder` cannot be written, or the disk is full. An earlier run in it is then as it was.
    """
    if run.record is None:
        raise ValueError("a run that is to be saved needs a record")
    arrays: dict[str, NDArray[np.generic]] = {
        preds_name(run.backend): run.predictions,
        labels_name(run.backend): run.labels,
    }
    if run.probabilities is not None:
        arrays[probs_name(run.backend)] = run.probabilities
    contents = {**(others or {}), **{name: _npy(array) for name, array in arrays.items()}}
    save_record(folder, run.record, contents)


def save_record(folder: Path, record: RunRecord, contents: Mapping[str, bytes]) -> None:
    """Write the files of a run, by name, into `folder`, with its record, which lists the SHA-256 of each.

    Raises:
        OSError: `folder` cannot be written, or the disk is full. An earlier run in it is then as it was.
    """
    record = replace(record, files={name: sha256(data) for name, data in contents.items()})
    write_together(folder, {**contents, record_name(record.backend): record.to_json()})


def has_run(folder: Path, backend: str) -> bool:
    """Whether there are predictions of this backend in the folder, or a record of a run."""
    return any((folder / name(backend)).exists() for name in (preds_name, record_name))


def load_run(folder: Path, backend: str) -> Run:
    """Read and check the run of `backend` in `folder`. A folder with predictions and labels alone is a run too.

    Raises:
        DigitsError: a file is missing, is not what it should be, or does not belong to the others.
    """
    record = _read_record(folder / record_name(backend))
    if record and record.pages_read_whole is not None:
        path = folder / record_name(backend)
        raise DigitsError(f"{path} is of a finder, which leaves no predictions. Run: {BACKENDS[backend].command}")
    expected = record.files if record else {}
    predictions = _read(folder / preds_name(backend), expected, backend)
    labels = _read(folder / labels_name(backend), expected, backend)
    has_probabilities = (folder / probs_name(backend)).exists() or probs_name(backend) in expected
    probabilities = _read(folder / probs_name(backend), expected, backend) if has_probabilities else None
    classes = record.class_names if record else DIGITS  # predictions may come without a record
    for name, array in [(preds_name(backend), predictions), (labels_name(backend), labels)]:
        if array.ndim != 1 or array.dtype.kind not in "iu" or len(array) == 0:
            raise DigitsError(
                f"{folder / name} holds {array.dtype} of shape {array.shape}; allowed: whole numbers of shape (n,)"
            )
        if array.min() < 0 or array.max() >= len(classes):
            outside = array[(array < 0) | (array >= len(classes))][0]
            raise DigitsError(f"{folder / name} holds the label {outside}; allowed: 0 to {len(classes) - 1}")
    if len(predictions) != len(labels):
        raise DigitsError(
            f"{folder / preds_name(backend)} has {len(predictions):,} predictions but {labels_name(backend)} has "
            f"{len(labels):,} labels. {_again(backend)}"
        )
    if probabilities is not None:
        _check_probabilities(folder / probs_name(backend), probabilities, (len(labels), len(classes)))
        probabilities = probabilities.astype(np.float32)
    return Run(
        backend,
        predictions.astype(np.int64),
        labels.astype(np.int64),
        probabilities,
        classes,
        record.dataset if record else None,
        record,
    )


def _check_probabilities(path: Path, probabilities: NDArray[Any], shape: tuple[int, int]) -> None:
    if probabilities.shape != shape or probabilities.dtype.kind != "f":
        raise DigitsError(
            f"{path} holds {probabilities.dtype} of shape {probabilities.shape}; allowed: floats of shape {shape}"
        )
    if not (np.isfinite(probabilities).all() and (probabilities >= 0).all() and (probabilities <= 1 + 1e-6).all()):
        raise DigitsError(f"{path} holds values that are not probabilities from 0 to 1")
    if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
        raise DigitsError(f"{path} holds rows of probabilities that do not add up to 1")


def _read_record(path: Path) -> RunRecord | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return RunRecord.from_json(data, path)


def _read(path: Path, expected: Mapping[str, str], backend: str) -> NDArray[Any]:
    """The array in a `.npy` file, which must be the one that the record names, if it names one."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DigitsError(f"{path} is missing. {_again(backend)}") from error
    if path.name in expected and sha256(data) != expected[path.name]:
        raise DigitsError(f"{path} is not the file that {record_name(backend)} was written with. {_again(backend)}")
    return read_npy(lambda: io.BytesIO(data), len(data), path)


def _again(backend: str) -> str:
    return f"Run again: {BACKENDS[backend].command}"


def _npy(array: NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
