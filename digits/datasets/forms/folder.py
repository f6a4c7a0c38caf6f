"""A user's own images: a folder with a sub-folder of them for each class."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.datasets.forms.images import canvas, read_grey
from digits.datasets.forms.parts import (
    SPLITS,
    TEST,
    TRAIN,
    Part,
    Parts,
    check_classes,
    check_names,
    check_size,
    in_natural_order,
    is_rubbish,
    shown,
    tell,
)
from digits.errors import DigitsError
from digits.image_files import ALLOWED, SUFFIXES, read_file
from digits.progress import Bar

_DATA = (".csv", ".npy", ".npz", ".parquet")  # files of other forms


def has_folders(path: Path) -> bool:
    """Whether it is a folder with others in it."""
    return path.is_dir() and any(entry.is_dir() and not is_rubbish(entry) for entry in path.iterdir())


def read_folder(root: Path) -> Parts:
    """The dataset in `root`: `CLASS/*.png`, or the same in `train`, `test` and `validation`, whatever people call them.

    Args:
        root: with all links resolved.

    Raises:
        DigitsError: something in a class's folder is not a readable image.
    """
    splits = _split_folders(root)
    if TEST in splits and len(splits) > 1 and _has_no_classes(splits[TEST]):
        tell(f"note: the images in {shown(splits.pop(TEST))} are in no class, and are not read")
    labelled = {split: _labelled(folder, root) for split, folder in splits.items()}
    check_size(sum(len(labels) for _, labels, _ in labelled.values()), 0, root)
    return {split: read_images(*found, root) for split, found in labelled.items()}


def read_images(images: list[Path], labels: NDArray[np.int64], classes: tuple[str, ...], root: Path) -> Part:
    """A split of image files, each with the place of its class (int64, `(n,)`), with a progress bar on a terminal.

    Raises:
        DigitsError: one is not readable, or all together, which lie in `root`, are too large.
    """
    check_size(len(images), sum(path.stat().st_size for path in images), root)
    with Bar("images") as bar:
        greys = (read_grey(read_file(path, shown(path)), shown(path)) for path in bar.over("Reading images", images))
        return Part(canvas(greys, len(images)), labels, classes)


def _has_no_classes(folder: Path) -> bool:
    """Whether images lie in it, and no folders."""
    inside = [entry for entry in folder.iterdir() if not is_rubbish(entry)]
    return any(_is_image(entry) for entry in inside) and not any(entry.is_dir() for entry in inside)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _split_folders(root: Path) -> dict[str, Path]:
    """The folder of each split; `root` itself, for training, where its folders are classes."""
    folders = entries(root, root, want_folders=True)
    if not all(folder.name.lower() in SPLITS for folder in folders):
        return {TRAIN: root}
    found: dict[str, Path] = {}
    for folder in folders:
        first = found.setdefault(SPLITS[folder.name.lower()], folder)
        if first != folder:
            raise DigitsError(f"{root} has both {first.name} and {folder.name}; allowed: one of them")
    return found


def _labelled(folder: Path, root: Path) -> tuple[list[Path], NDArray[np.int64], tuple[str, ...]]:
    """All images in `folder`, the class of each and the names of the classes."""
    folders = entries(folder, root, want_folders=True)
    check_classes(len(folders), folder, least=1)
    check_names((one.name for one in folders), folder)
    images = [entries(one, root, want_folders=False) for one in folders]
    for one, inside in zip(folders, images, strict=True):
        if not inside:
            raise DigitsError(f"{one} is empty; allowed: a folder of images ({ALLOWED}) for each class")
        if data := next((file for file in inside if file.suffix.lower() in _DATA), None):
            raise DigitsError(
                f"{shown(data)} is no image of a class. If {one} is a dataset of its own, name that folder"
            )
    labels = np.repeat(np.arange(len(folders)), list(map(len, images)))
    return [image for inside in images for image in inside], labels, tuple(one.name for one in folders)


def entries(folder: Path, root: Path, want_folders: bool) -> list[Path]:
    """The class folders in a folder, or the images in a class folder, in natural order.

    Beside class folders other files may lie, such as a README, but no images, which would belong to no class.

    Raises:
        DigitsError: one leads out of `root`, or is of another kind.
    """
    found = []
    try:
        everything = list(folder.iterdir())
    except OSError as error:
        raise DigitsError(f"{folder} cannot be read: {error.strerror}") from error
    for path in sorted(everything, key=lambda path: in_natural_order(path.name)):
        if is_rubbish(path):
            continue
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
            raise DigitsError(f"{shown(path)} is a link that leads out of {root}; put a copy in its place")
        if want_folders and path.is_dir():
            found.append(path)
        elif want_folders:
            if _is_image(path):
                raise DigitsError(f"{shown(path)} is in no class; allowed: images in a folder for each class")
        elif path.is_file():
            found.append(path)
        else:
            raise DigitsError(f"{shown(path)} is not a file; allowed in a class: images ({ALLOWED})")
    return found
