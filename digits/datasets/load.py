"""From the data folder to arrays, checked."""

from pathlib import Path

import numpy as np

from digits.datasets import idx, npz
from digits.datasets.dataset import Dataset, Split
from digits.datasets.forms.custom import load_custom, load_foreign
from digits.datasets.forms.form import no_table
from digits.datasets.registry import DATASETS
from digits.errors import DigitsError
from digits.files import DATA_DIR, display, sha256


def check_data_dir(data_dir: Path, *names: str) -> None:
    """Make sure that a data folder has an effect where one was asked for, and so is another than `DATA_DIR` itself.

    Raises:
        DigitsError: all these datasets are users' own, which lie wherever their paths say.
    """
    if data_dir is not DATA_DIR and all(name not in DATASETS and Path(name).exists() for name in names):
        folder_of = " and ".join(DATASETS)
        raise DigitsError(
            f"--data-dir changes nothing for your own data in {names[0]}; it is the folder of {folder_of}"
        )


def load_test(name: str, data_dir: Path = DATA_DIR) -> tuple[tuple[str, ...], Split]:
    """The classes and the test images of a dataset that a model was not trained on; see `custom.load_foreign`.

    Raises:
        DigitsError: it is not there, or what is there is damaged; or see `check_data_dir`.
    """
    if name not in DATASETS:
        check_data_dir(data_dir, name)
        return load_foreign(name)
    dataset = load_dataset(name, data_dir)
    return dataset.classes, dataset.test


def load_dataset(name: str, data_dir: Path = DATA_DIR, label_column: str | None = None) -> Dataset:
    """The dataset `name`, read from `data_dir` and checked, byte for byte, against the published files.

    A name that is none of these is the path of the user's own data, and `label_column` is of a table in it; see
    `custom.load_custom`.

    Raises:
        DigitsError: it is not there, or what is there is damaged; or see `check_data_dir`.
    """
    if name not in DATASETS:
        check_data_dir(data_dir, name)
        return load_custom(name, label_column)
    if label_column is not None:
        raise no_table(name)
    spec = DATASETS[name]
    path = data_dir / spec.npz
    remedy = spec.command + ("" if data_dir == DATA_DIR else f" --data-dir {data_dir}")
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
