"""How a run was made: what `{backend}_run.json` says."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from digits.errors import DigitsError
from digits.models import Epoch


@dataclass(frozen=True)
class RunRecord:
    """How a run was made, and what came of it.

    Attributes:
        backend: a key of `BACKENDS`.
        dataset: a name of `datasets.registry`, or the path of the user's own data.
        class_names: a name for each label.
        recipe: the fields of the recipe, as they were called when the run was made.
        seed: of all randomness.
        device: "cpu", "cuda" or "mps".
        precision: of the arithmetic of training.
        versions: of Python, NumPy and the framework.
        epochs: what became of each; of an ensemble the means over its networks, and of the seconds the sums.
        train_seconds, evaluate_seconds: of training and of asking about all test images. Where networks were trained
            side by side, they took less than the sum of their epochs.
        test_accuracy: the share of right predictions, 0 to 1; None of a finder.
        pages_read_whole: of a finder the share of unseen pages of which it found all digits and nothing else; or None.
        dataset_sha256: of all images and labels, or None in a record of before it was noted.
        network: SHA-256 of the structure of a network that a script shows, or None where it is the package's own.
        cores_each: how many cores each network of an ensemble had, where they were trained side by side on one machine,
            or None. The order in which threads add decides the last digits.
        members: the epochs of each network of an ensemble, or None.
        validation_loss, validation_accuracy: of the trained model on the validation images, or None without any.
        files: the SHA-256 of each file that was written with the record, by name.
    """

    backend: str
    dataset: str
    class_names: tuple[str, ...]
    recipe: Mapping[str, Any]
    seed: int
    device: str
    precision: str
    versions: Mapping[str, str]
    epochs: list[Epoch]
    train_seconds: float
    evaluate_seconds: float
    test_accuracy: float | None = None
    pages_read_whole: float | None = None
    dataset_sha256: str | None = None
    network: str | None = None
    cores_each: int | None = None
    members: list[list[Epoch]] | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """The record as indented JSON, without what is None."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        return (json.dumps(known, indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes, path: Path) -> "RunRecord":
        """What `to_json` wrote, found in `path`. What an earlier version noted besides is passed over.

        Raises:
            DigitsError: it is something else.
        """
        try:
            values = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise DigitsError(f"{path} is not a run record: {error}") from error
        if not isinstance(values, dict):
            raise DigitsError(f"{path} is not a run record: it holds no object")
        values = {one.name: values[one.name] for one in fields(cls) if one.name in values}
        try:
            record = cls(**{**values, "class_names": tuple(map(str, values["class_names"]))})
        except (TypeError, KeyError) as error:
            raise DigitsError(f"{path} is not a run record: {error}") from error
        measured = "test_accuracy" if record.pages_read_whole is None else "pages_read_whole"
        for name, kind in {**_KINDS, measured: (int, float)}.items():
            if not isinstance(getattr(record, name), kind):
                raise DigitsError(f"{path} is not a run record: its {name} is {getattr(record, name)!r:.100}")
        if not record.files:
            raise DigitsError(f"{path} is not a run record: it names no files")
        return record


# What readers rely on; values within are shown as they are.
_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("dataset", "device", "precision"), str),
    **dict.fromkeys(("train_seconds", "evaluate_seconds"), (int, float)),
    **dict.fromkeys(("recipe", "versions", "files"), dict),
    "epochs": list,
}
