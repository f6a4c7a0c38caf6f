"""A user's own images: a folder with a sub-folder of them for each class."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from digits.datasets.forms.images import canvas, read_grey
from digits.datasets.forms.parts import (
    SPLITS,
    TRAIN,
    Part,
    Parts,
    check_classes,
    check_names,
    check_size,
    in_natural_order,
    shown,
)
from digits.errors import DigitsError
from digits.image_files import ALLOWED, SUFFIXES, read_file

_RUBBISH = ("thumbs.db", "desktop.ini", "__macosx")  # what systems leave in folders, beside what begins with a dot

Labelled = list[tuple[Path, int]]  # images, and the class of each


def has_folders(path: Path) -> bool:
    """Whether it is a folder with others in it."""
    return path.is_dir() and any(entry.is_dir() and not _is_rubbish(entry) for entry in path.iterdir())


def read_folder(root: Path) -> Parts:
    """The dataset in `root`: `CLASS/*.png`, or the same in `train`, `test` and `validation`, whatever people call them.

    Args:
        root: with all links resolved.

    Raises:
        DigitsError: something in a class's folder is not a readable image.
    """
    splits = _split_folders(root)
    labelled = {split: _labelled(folder, root) for split, folder in splits.items()}
    check_size(sum(len(files) for _, files in labelled.values()), 0, root)
    return {
        split: Part(
            canvas(_greys(files), len(files)), np.array([label for _, label in files], np.int64), tuple(classes)
        )
        for split, (classes, files) in labelled.items()
    }


def _split_folders(root: Path) -> dict[str, Path]:
    """The folder of each split; `root` itself, for training, where its folders are classes."""
    folders = _entries(root, root, want_folders=True)
    if not all(folder.name.lower() in SPLITS for folder in folders):
        return {TRAIN: root}
    found: dict[str, Path] = {}
    for folder in folders:
        first = found.setdefault(SPLITS[folder.name.lower()], folder)
        if first != folder:
            raise DigitsError(f"{root} has both {first.name} and {folder.name}; allowed: one of them")
    return found


def _labelled(folder: Path, root: Path) -> tuple[list[str], Labelled]:
    """The classes in `folder`, and all their images."""
    folders = _entries(folder, root, want_folders=True)
    check_classes(len(folders), folder, least=1)
    check_names((one.name for one in folders), folder)
    files: Labelled = []
    for label, one in enumerate(folders):
        images = _entries(one, root, want_folders=False)
        if not images:
            raise DigitsError(f"{one} is empty; allowed: a folder of images ({ALLOWED}) for each class")
        files += [(image, label) for image in images]
    check_size(len(files), sum(path.stat().st_size for path, _ in files), folder)
    return [one.name for one in folders], files


def _entries(folder: Path, root: Path, want_folders: bool) -> list[Path]:
    """The class folders in a folder, or the images in a class folder, in natural order.

    Beside class folders other files may lie, such as a README, but no images, which would belong to no class.
    """
    found = []
    try:
        everything = list(folder.iterdir())
    except OSError as error:
        raise DigitsError(f"{folder} cannot be read: {error.strerror}") from error
    for path in sorted(everything, key=lambda path: in_natural_order(path.name)):
        if _is_rubbish(path):
            continue
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
            raise DigitsError(f"{shown(path)} is a link that leads out of {root}; put a copy in its place")
        if want_folders and path.is_dir():
            found.append(path)
        elif want_folders:
            if path.suffix.lower() in SUFFIXES:
                raise DigitsError(f"{shown(path)} is in no class; allowed: images in a folder for each class")
        elif path.is_file():
            found.append(path)
        else:
            raise DigitsError(f"{shown(path)} is not a file; allowed in a class: images ({ALLOWED})")
    return found


def _is_rubbish(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in _RUBBISH


def _greys(files: Labelled) -> Iterator[np.ndarray]:
    """The images one by one (uint8, `(height, width)`), with a progress bar on a terminal."""
    for path, _ in tqdm(files, desc="Reading images", unit=" images", leave=False, disable=not sys.stderr.isatty()):
        yield read_grey(read_file(path, shown(path)), shown(path))
