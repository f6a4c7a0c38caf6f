"""What every reader of users' files gives: the splits that it found, before their images share a background."""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.datasets.forms.images import Canvas
from digits.errors import DigitsError

MAX_IMAGES = 2_000_000
MAX_BYTES = 4 << 30  # of all images together
MIN_CLASSES, MAX_CLASSES = 2, 1000
MAX_LABEL = 2**31 - 1

TRAIN, TEST, VALIDATION = "train", "test", "validation"
SPLITS = {  # what people call them, in small letters
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("test", "testing"), TEST),
    **dict.fromkeys(("validation", "valid", "val", "dev"), VALIDATION),
}
IN_WORDS = {TRAIN: "training images", TEST: "test images", VALIDATION: "validation images"}


@dataclass(frozen=True)
class Part:
    """One split.

    Attributes:
        images: of `n` images.
        labels: int64, `(n,)`, each the place of a name in `classes`.
        classes: the names of the classes that it has.
    """

    images: Canvas
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def labels_of(self, classes: tuple[str, ...]) -> NDArray[np.int64]:
        """Its labels as places in other `classes`, which have all of its names."""
        return np.array([classes.index(name) for name in self.classes])[self.labels]


Parts = dict[str, Part]  # by split: TRAIN, TEST, VALIDATION


def numbered(values: NDArray[np.int64], names: tuple[str, ...] = ()) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The labels and classes of a `Part` whose images have these numbers (int64, `(n,)`).

    A class is called by its number, or by the one of `names` that has this place.
    """
    found, labels = np.unique(values, return_inverse=True)
    return labels.astype(np.int64), tuple(names[value] if names else str(value) for value in found.tolist())


def check_classes(count: int, where: object, least: int = MIN_CLASSES) -> None:
    """Make sure that there are as many classes as a network may tell apart.

    Raises:
        DigitsError: there are not; `where` says where they were found.
    """
    if not least <= count <= MAX_CLASSES:
        found = "1 class" if count == 1 else f"{count:,} classes"
        raise DigitsError(f"{where} has {found}; allowed: {MIN_CLASSES} to {MAX_CLASSES:,}")


def check_names(names: Iterable[str], where: object) -> None:
    """Make sure that classes have names that can be told apart and printed.

    Raises:
        DigitsError: they have not.
    """
    seen = set()
    for name in names:
        if not name.isprintable() or not name:
            raise DigitsError(f"{where} has a class with the name {name!a}, which cannot be printed; rename it")
        if name in seen:
            raise DigitsError(f"{where} has two classes with the name {name!r}; rename one")
        seen.add(name)


def check_size(images: int, size: int, where: object) -> None:
    """Make sure that so many images, of so many bytes together, fit into memory.

    Raises:
        DigitsError: there are too many; `where` says where they were found.
    """
    if images > MAX_IMAGES:
        raise DigitsError(f"{where} has {images:,} images; allowed: up to {MAX_IMAGES:,}")
    if size > MAX_BYTES:
        raise DigitsError(f"{where} is too large; allowed: up to {MAX_BYTES >> 30} GiB of images")


def is_file_or_folder_of(path: Path, *suffixes: str) -> bool:
    """Whether `path` is a file with such an ending, or a folder with such a file of a split and no folders in it."""
    if not path.is_dir():
        return path.name.lower().endswith(suffixes) and path.is_file()
    entries = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    return not any(entry.is_dir() for entry in entries) and any(
        entry.name.lower().endswith(suffixes) and _split_of(entry) for entry in entries
    )


def files_by_split(path: Path, *suffixes: str) -> dict[str, list[Path]]:
    """The files with such an ending in the folder `path`, by split: `train-0.parquet`, `mnist_test.csv`.

    A `path` that is a file holds training images, whatever its name. Other files with this ending are named in a note.

    Raises:
        DigitsError: a file is of two splits.
    """
    if path.is_file():
        return {TRAIN: [path]}
    found: dict[str, list[Path]] = {}
    others = []
    for file in sorted(file for file in path.iterdir() if file.name.lower().endswith(suffixes)):
        if file.name.startswith("."):
            continue
        split = _split_of(file)
        if split is None:
            others.append(file.name)
        else:
            found.setdefault(split, []).append(file)
    if others:
        tell(f"note: in {path} {', '.join(map(shown, others))} is of no split by its name, and is not read")
    return found


def _split_of(file: Path) -> str | None:
    """The split that a file's name speaks of."""
    words = {SPLITS[word] for word in re.split("[^a-z]+", file.stem.lower()) if word in SPLITS}
    if len(words) > 1:
        raise DigitsError(f"{shown(file)} is of {' and '.join(sorted(words))} by its name; allowed: one of them")
    return words.pop() if words else None


def is_rubbish(path: Path) -> bool:
    """Whether it is what systems leave in folders, or hidden."""
    return path.name.startswith(".") or path.name.lower() in ("thumbs.db", "desktop.ini", "__macosx")


def in_natural_order(name: str) -> tuple[list[str | int], str]:
    """A key that sorts `9` before `10`, and `b` between `A` and `C`."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], name


def shown(path: object) -> str:
    """The path, on one line whatever is in it."""
    return str(path) if str(path).isprintable() else ascii(str(path))


def tell(line: str) -> None:
    """Say something of a user's data that is no error."""
    print(line, file=sys.stderr)
