"""A user's own images: a folder with a sub-folder of them for each class."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from digits.datasets.arrays import Parts, check_classes, check_size
from digits.datasets.images import ALLOWED, MAX_FILE, canvas, read_grey
from digits.errors import DigitsError
from digits.files import sha256

HELD_OUT = 7  # where there is no test split, about one in so many images is held out for it

_RUBBISH = ("thumbs.db", "desktop.ini", "__macosx")  # what systems leave in folders, beside what begins with a dot
_TRAIN, _TEST = "train", "test"
_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
_SPLITS = (_TRAIN, _TEST, "val", "valid", "validation", "dev")

Labelled = list[tuple[Path, int]]  # images, and the class of each


def read_folder(root: Path, say: Callable[[str], None]) -> Parts:
    """The dataset in `root`: `CLASS/*.png`, of which a part is held out as the test split, or `train/CLASS/*.png` and
    `test/CLASS/*.png`.

    Args:
        root: with all links resolved.
        say: takes a line for the user, where images are held out.

    Raises:
        DigitsError: there are no classes, or something in a class's folder is not a readable image.
    """
    folders = _entries(root, root, want_folders=True)
    names = [folder.name for folder in folders]
    if not names:
        raise DigitsError(
            f"{root} has no sub-folders; allowed: a folder of images for each class, or MNIST's four IDX files"
        )
    if set(names) <= set(_SPLITS):
        if names != [_TEST, _TRAIN]:
            raise DigitsError(f"{root} has {' and '.join(names)}; allowed: train and test, or a folder for each class")
        classes, train = _labelled(root / _TRAIN, root)
        test_classes, test = _labelled(root / _TEST, root)
        if classes != test_classes:
            odd = sorted(set(classes) ^ set(test_classes))[0]
            here, there = (_TRAIN, _TEST) if odd in classes else (_TEST, _TRAIN)
            raise DigitsError(f"{root / here} has the class {odd!r}, but {root / there} has not; each needs both")
    else:
        classes, files = _labelled(root, root)
        train, test = _hold_out(files, classes)
        share = f"{len(test):,} of {len(files):,} images"
        say(f"note: {root} has no test split: one in {HELD_OUT}, {share}, is held out for testing")
    parts = [canvas(_greys(split), len(split)) for split in (train, test)]
    labels = [np.array([label for _, label in split], np.int64) for split in (train, test)]
    return Parts(tuple(classes), parts[0], labels[0], parts[1], labels[1])


def _labelled(folder: Path, root: Path) -> tuple[list[str], Labelled]:
    """The classes in `folder`, and all their images."""
    folders = _entries(folder, root, want_folders=True)
    check_classes(len(folders), folder)
    files: Labelled = []
    for label, one in enumerate(folders):
        if not one.name.isprintable():
            raise DigitsError(f"{folder} has a class with the name {one.name!a}, which cannot be printed; rename it")
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
    for path in sorted(everything, key=natural):
        if path.name.startswith(".") or path.name.lower() in _RUBBISH:
            continue
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
            raise DigitsError(f"{_shown(path)} is a link that leads out of {root}; put a copy in its place")
        if want_folders and path.is_dir():
            found.append(path)
        elif want_folders:
            if path.suffix.lower() in _IMAGE_SUFFIXES:
                raise DigitsError(f"{_shown(path)} is in no class; allowed: images in a folder for each class")
        elif path.is_file():
            found.append(path)
        else:
            raise DigitsError(f"{_shown(path)} is not a file; allowed in a class: images ({ALLOWED})")
    return found


def natural(path: Path) -> tuple[list[str | int], str]:
    """Sorts `9` before `10`, and `b` between `A` and `C`."""
    parts = re.split(r"([0-9]+)", path.name.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], path.name


def _hold_out(files: Labelled, classes: Sequence[str]) -> tuple[Labelled, Labelled]:
    """`files` as training and test images, the same ones in whatever order or under whatever names the files come.

    The bytes of a file decide, whatever else is there: where images are added, the others stay on their side. Files
    with the same bytes go together, so that no test image is a training image. Each class has images on both sides.
    """
    digests = [sha256(_read(path)) for path, _ in files]
    by_class: list[set[str]] = [set() for _ in classes]
    for digest, (_, label) in zip(digests, files, strict=True):
        by_class[label].add(digest)
    held_out: set[tuple[str, int]] = set()
    for label, different in enumerate(map(sorted, by_class)):
        if len(different) < 2:
            raise DigitsError(
                f"class {classes[label]!r} in {files[0][0].parents[1]} has only one image; allowed: 2 or more, not the "
                "same, as one is held out for testing"
            )
        chosen = [digest for digest in different if int(digest, 16) % HELD_OUT == 0] or different[:1]
        held_out.update((digest, label) for digest in chosen[: len(different) - 1])
    train: Labelled = []
    test: Labelled = []
    for digest, (path, label) in zip(digests, files, strict=True):
        (test if (digest, label) in held_out else train).append((path, label))
    return train, test


def _greys(files: Labelled) -> Iterator[np.ndarray]:
    """The images one by one (uint8, `(height, width)`), with a progress bar on a terminal."""
    for path, _ in tqdm(files, desc="Reading images", unit=" images", leave=False, disable=not sys.stderr.isatty()):
        yield read_grey(_read(path), _shown(path))


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise DigitsError(f"{_shown(path)} is too large; allowed: files of up to {MAX_FILE >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise DigitsError(f"{_shown(path)} cannot be read: {error.strerror}") from error


def _shown(path: Path) -> str:
    """The path, on one line whatever is in it."""
    return str(path) if str(path).isprintable() else ascii(str(path))
