"""A user's own arrays: a `.npz`, or `.npy` files in a folder, named as Keras and tutorials name them."""

import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from digits.datasets.forms.images import canvas
from digits.datasets.forms.parts import (
    MAX_BYTES,
    MAX_CLASSES,
    SPLITS,
    TRAIN,
    Part,
    Parts,
    check_names,
    check_size,
    numbered,
    shown,
    tell,
)
from digits.datasets.forms.pixels import to_greys, to_labels
from digits.errors import DigitsError
from digits.files import read_npy

CLASS_NAMES = "class_names"  # an array of the names of the classes, which a .npz may hold
_IMAGES, _LABELS = "images", "labels"
_KINDS = {
    **dict.fromkeys(("x", "images", "image", "imgs", "data"), _IMAGES),
    **dict.fromkeys(("y", "labels", "label", "targets", "target"), _LABELS),
}
_NEEDED = "x_train and y_train (and x_test and y_test), train_images and train_labels, or images and labels"
_SUFFIXES = (".npy", ".npz")

Open = Callable[[], IO[Any]]  # opens an array's `.npy` at its beginning


def is_npz(path: Path) -> bool:
    """Whether it is a `.npz` by its name, or by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix.lower() == ".npz" or file.read(4) == b"PK\3\4"


def has_npy(folder: Path) -> bool:
    """Whether the folder holds `.npy` or `.npz` files, by their names images and labels, and no folders."""
    if not folder.is_dir():
        return False
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    roles = _roles(entry.stem for entry in entries if entry.suffix.lower() in _SUFFIXES)
    return not any(entry.is_dir() for entry in entries) and any(kind == _LABELS for kind, _ in roles.values())


def read_npz(path: Path) -> Parts:
    """The dataset in a `.npz`. Nothing is ever unpickled.

    Raises:
        DigitsError: it is damaged, too large, or not of such a form.
    """
    with _refusing(path), zipfile.ZipFile(path) as archive:
        return _read(_members(archive), path)


def read_npy_folder(folder: Path) -> Parts:
    """The dataset in the `.npy` files of a folder, or in `.npz` files with one array each. Nothing is ever unpickled.

    Raises:
        DigitsError: one is damaged, too large, or they are not of such a form.
    """
    arrays: dict[str, tuple[Open, int]] = {}
    with ExitStack() as stack:
        for file in sorted(folder.iterdir()):
            if file.suffix.lower() not in _SUFFIXES or not file.is_file():
                continue
            if file.stem in arrays:
                raise DigitsError(f"{folder} has {file.stem}.npy and {file.stem}.npz; allowed: one of them")
            if file.suffix.lower() == ".npy":
                arrays[file.stem] = partial(file.open, "rb"), file.stat().st_size
                continue
            with _refusing(file):
                members = _members(stack.enter_context(zipfile.ZipFile(file)))
            if len(members) != 1:
                raise DigitsError(f"{file} has {len(members)} arrays; allowed, among others in a folder: one")
            (arrays[file.stem],) = members.values()
        with _refusing(folder):
            return _read(arrays, folder)


def _members(archive: zipfile.ZipFile) -> dict[str, tuple[Open, int]]:
    return {
        one.filename.removesuffix(".npy"): (partial(archive.open, one), one.file_size) for one in archive.infolist()
    }


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Makes one line of whatever reading raises for a file that is something else, or partly something else."""
    try:
        yield
    except DigitsError:
        raise
    except OSError as error:
        raise DigitsError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DigitsError(f"{path} is damaged or not a .npz ({reason})") from error


def read_array(path: Path) -> NDArray[Any]:
    """The array in a `.npy` file, which is not larger than `MAX_BYTES`. Never unpickles.

    Raises:
        DigitsError: it is something else, or too large.
    """
    return _array(partial(path.open, "rb"), path.stat().st_size, str(path), MAX_BYTES)


def _read(arrays: dict[str, tuple[Open, int]], path: Path) -> Parts:
    """The dataset in arrays by name, each with its size in bytes."""
    by_split = _by_split(arrays, path)
    names = _class_names(arrays, path)
    loaded = _load(arrays, by_split, path)
    greys, said = to_greys({f"{kinds[_IMAGES]} in {path}": loaded.pop(kinds[_IMAGES]) for kinds in by_split.values()})
    parts = {}
    for (split, kinds), grey in zip(by_split.items(), greys, strict=True):
        where = f"{kinds[_LABELS]} in {path}"
        numbers, converted = to_labels(loaded[kinds[_LABELS]], where)
        said += [words for words in converted if words not in said]
        if names and numbers.max() >= len(names):
            raise DigitsError(f"{where} holds the label {numbers.max()}, but {CLASS_NAMES} has {len(names)} names")
        parts[split] = Part(canvas(grey, len(grey)), *numbered(numbers, names))
    unread = sorted(set(arrays) - {name for kinds in by_split.values() for name in kinds.values()} - {CLASS_NAMES})
    if unread:
        said.append(f"{_some(unread)} {'is' if len(unread) == 1 else 'are'} not read")
    if said:
        tell(f"note: in {path} {'; '.join(said)}")
    return parts


def _load(
    arrays: dict[str, tuple[Open, int]], by_split: dict[str, dict[str, str]], path: Path
) -> dict[str, NDArray[Any]]:
    """The arrays of all splits by name, which take no more than `MAX_BYTES` together, and as many labels as images."""
    loaded: dict[str, NDArray[Any]] = {}
    room = MAX_BYTES
    for kinds in by_split.values():
        images, labels = kinds[_IMAGES], kinds[_LABELS]
        for name in (images, labels):
            loaded[name] = _array(*arrays[name], f"{name} in {path}", room)
            room -= loaded[name].nbytes
        counts = [len(loaded[name]) if loaded[name].ndim else 1 for name in (images, labels)]
        if counts[0] != counts[1]:
            raise DigitsError(
                f"{images} in {path} has {counts[0]:,} images, but {labels} in {path} has {counts[1]:,} labels"
            )
    return loaded


def _by_split(names: Iterable[str], path: Path) -> dict[str, dict[str, str]]:
    """For each split the names of its arrays of images and of labels. Arrays of no split are for training."""
    names = list(names)
    roles: dict[str, dict[str, str]] = {}
    for name, (kind, split) in _roles(names).items():
        first = roles.setdefault(split, {}).setdefault(kind, name)
        if first != name:
            raise DigitsError(f"{path} has both {first} and {name}; allowed: one of them")
    if len(roles) > 1:
        roles.pop("", None)
    for kinds in roles.values():
        for kind, other in [(_IMAGES, _LABELS), (_LABELS, _IMAGES)]:
            if kind not in kinds:
                raise DigitsError(
                    f"{path} has {kinds[other]}, but no {kind} to it; needed: {_NEEDED}; found: {_some(names)}"
                )
    if not roles:
        raise DigitsError(f"{path} has no images and labels; needed: {_NEEDED}; found: {_some(names)}")
    return {split or TRAIN: kinds for split, kinds in roles.items()}


def _some(names: list[str]) -> str:
    return ", ".join(shown(name)[:40] for name in names[:6]) or "nothing"


def _roles(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Of the arrays that hold images or labels: which of these, and of which split ("" if of none).

    Words that all names begin with, as in `kmnist-train-imgs`, tell nothing.
    """
    words = {name: re.split("[_ .-]+", name.lower()) for name in names if name != CLASS_NAMES}
    known = {*_KINDS, *SPLITS}
    shared = takewhile(lambda each: len(set(each)) == 1 and each[0] not in known, zip(*words.values(), strict=False))
    begin = len(list(shared))
    roles = {}
    for name in words:
        of = words[name][begin:]
        kinds = [_KINDS[word] for word in of if word in _KINDS]
        splits = [SPLITS[word] for word in of if word in SPLITS]
        if len(kinds) == 1 and len(splits) <= 1 and len(of) == len(kinds) + len(splits):
            roles[name] = kinds[0], splits[0] if splits else ""
    return roles


def _class_names(arrays: dict[str, tuple[Open, int]], path: Path) -> tuple[str, ...]:
    if CLASS_NAMES not in arrays:
        return ()
    where = f"{CLASS_NAMES} in {path}"
    array = _array(*arrays[CLASS_NAMES], where, room=1 << 20)
    if array.dtype.kind != "U" or array.ndim != 1 or len(array) > MAX_CLASSES:
        raise DigitsError(
            f"{where} is {array.dtype} of shape {array.shape}; allowed: text, (n,), up to {MAX_CLASSES:,}"
        )
    names = tuple(array.tolist())
    check_names(names, path)
    return names


def _array(opened: Open, size: int, where: str, room: int) -> NDArray[Any]:
    """One array, whose `.npy` has `size` bytes, if it fits into `room`."""

    def fits(shape: tuple[int, ...], dtype: np.dtype) -> None:
        check_size(shape[0] if shape else 1, math.prod(shape) * dtype.itemsize + MAX_BYTES - room, where)

    return read_npy(opened, size, where, fits)
