"""From the data folder to arrays, checked."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digits.datasets import idx, npz
from digits.datasets.registry import DATASETS
from digits.errors import DigitsError
from digits.files import display, sha256


@dataclass(frozen=True)
class Split:
    """Images (uint8, `(n, 28, 28)`, ink bright on dark) and their labels (int64, `(n,)`)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """A dataset in memory: its name, its title in pictures, a name for each label, and its two splits."""

    name: str
    title: str
    classes: tuple[str, ...]
    train: Split
    test: Split


def load_dataset(name: str, data_dir: Path) -> Dataset:
    """The dataset `name`, read from `data_dir` and checked, byte for byte, against the published files.

    Raises:
        DigitsError: it is not there, or what is there is damaged.
    """
    if name not in DATASETS:
        raise DigitsError(f"dataset is {name!r}; allowed: {', '.join(DATASETS)}")
    spec = DATASETS[name]
    path = data_dir / spec.npz
    remedy = "python download_mnist.py" + ("" if data_dir == Path("mnist_data") else f" --data-dir {data_dir}")
    if not path.is_file():
        raise DigitsError(f"{spec.title} is not in {display(data_dir)}. Run: {remedy}")
    try:
        arrays = npz.read(path, spec)
    except DigitsError as error:
        raise DigitsError(f"{error}. Run: {remedy}") from error
    for file in spec.files:
        if sha256(idx.encode(arrays[file.array])) != file.sha256:
            raise DigitsError(f"{path} is damaged: {file.array} is not {spec.title}'s. Run: {remedy}")
    labels = {array: arrays[array].astype(np.int64) for array in ("y_train", "y_test")}
    return Dataset(
        name=spec.name,
        title=spec.title,
        classes=spec.classes,
        train=Split(arrays["x_train"], labels["y_train"]),
        test=Split(arrays["x_test"], labels["y_test"]),
    )
