"""A dataset as files, in the forms that other programs read."""

import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digits.datasets import idx
from digits.datasets.dataset import Dataset, Split
from digits.datasets.forms.numpy_files import CLASS_NAMES
from digits.datasets.forms.parquet_files import METADATA, require_pyarrow
from digits.datasets.forms.parts import TEST, TRAIN, VALIDATION, tell
from digits.datasets.registry import MNIST
from digits.errors import DigitsError


def write_dataset(dataset: Dataset, target: Path, form: str) -> None:
    """Write the images, 28 × 28 pixels and bright on dark, and their labels, in one of `WRITERS`; all or nothing.

    Args:
        target: a folder or, for `npz`, a file; made, with the folders above it.

    Raises:
        DigitsError: `target` is there already, or the form cannot hold the dataset.
        OSError: it cannot be written.
    """
    if os.path.lexists(target):
        raise DigitsError(f"{target} is there already; name another, or move it away")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as staging:
        made = Path(staging) / target.name
        WRITERS[form](dataset, made)
        made.replace(target)


def _splits(dataset: Dataset) -> dict[str, Split]:
    splits = {TRAIN: dataset.train, TEST: dataset.test}
    return splits | ({VALIDATION: dataset.validation} if dataset.validation else {})


def _write_images(dataset: Dataset, target: Path) -> None:
    """`train/CLASS/00000.png` and so on."""
    folders = [name.replace("/", "-") for name in dataset.classes]
    for name, folder in zip(dataset.classes, folders, strict=True):
        if folder.startswith(".") or folders.count(folder) > 1:
            raise DigitsError(f"class {name!r} cannot be the name of a folder. Write another form, such as npz")
        if folder != name:
            tell(f"note: the folder of class {name!r} is called {folder}")
    for split, images in _splits(dataset).items():
        for label in np.unique(images.labels).tolist():
            (target / split / folders[label]).mkdir(parents=True)
        for number, (image, label) in enumerate(zip(images.images, images.labels.tolist(), strict=True)):
            (target / split / folders[label] / f"{number:05}.png").write_bytes(_png(image))


def _write_idx(dataset: Dataset, target: Path) -> None:
    """MNIST's four files; the format has no place for names of classes, nor for a validation split."""
    numbers = _numbers(dataset.classes)
    if numbers is None:
        if len(dataset.classes) > 256:
            raise DigitsError(
                f"an IDX file cannot hold {len(dataset.classes)} classes; allowed: 256. Write another form"
            )
        numbers = np.arange(len(dataset.classes), dtype=np.uint8)
        named = ", ".join(f"{number} is {name}" for number, name in enumerate(dataset.classes[:20]))
        tell(f"note: IDX files hold numbers, no names of classes: {named}{' and so on' * (len(numbers) > 20)}")
    train = dataset.train
    if more := dataset.validation:
        tell("note: IDX files have no validation split: its images follow the training images")
        train = Split(np.concatenate([train.images, more.images]), np.concatenate([train.labels, more.labels]))
    arrays = {"x_train": train.images, "y_train": numbers[train.labels]}
    arrays |= {"x_test": dataset.test.images, "y_test": numbers[dataset.test.labels]}
    target.mkdir()
    for file in MNIST.files:
        (target / file.name).write_bytes(idx.encode(arrays[file.array]))


def _numbers(classes: tuple[str, ...]) -> NDArray[np.uint8] | None:
    """The labels that classes named as numbers up to 255 have, uint8, or None where they are named otherwise."""
    digits = [name.isascii() and name.isdigit() and str(int(name)) == name and int(name) < 256 for name in classes]
    return np.array(list(map(int, classes)), np.uint8) if all(digits) else None


def _write_npz(dataset: Dataset, target: Path) -> None:
    """Keras's names; the names of the classes beside them where they are not the numbers themselves."""
    named = _numbers(dataset.classes)
    arrays: dict[str, NDArray[np.generic]] = {} if named is not None else {CLASS_NAMES: np.array(dataset.classes)}
    numbers = np.arange(len(dataset.classes)) if named is None else named
    for split, images in _splits(dataset).items():
        arrays |= {f"x_{split}": images.images, f"y_{split}": numbers[images.labels]}
    with target.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # none is named like a flag of savez


def _write_parquet(dataset: Dataset, target: Path) -> None:
    """As Hugging Face has MNIST, with the names of the classes where its library looks for them."""
    require_pyarrow()
    import pyarrow
    from pyarrow import parquet

    features = {"image": {"_type": "Image"}, "label": {"names": list(dataset.classes), "_type": "ClassLabel"}}
    image = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    described = {METADATA: json.dumps({"info": {"features": features}})}
    schema = pyarrow.schema([("image", image), ("label", pyarrow.int64())], metadata=described)
    target.mkdir()
    for split, images in _splits(dataset).items():
        rows = [{"bytes": _png(one), "path": f"{number:05}.png"} for number, one in enumerate(images.images)]
        table = pyarrow.Table.from_arrays([pyarrow.array(rows, image), pyarrow.array(images.labels)], schema=schema)
        parquet.write_table(table, target / f"{split}-00000-of-00001.parquet")


def _png(image: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


WRITERS: Mapping[str, Callable[[Dataset, Path], None]] = {
    "images": _write_images,
    "npz": _write_npz,
    "idx": _write_idx,
    "parquet": _write_parquet,
}
