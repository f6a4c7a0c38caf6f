"""A dataset of the user's own, wherever it lies: recognised by its form, checked, and brought into ours."""

import sys
from pathlib import Path

from digits.datasets.arrays import Parts, has_idx, read_idx, read_npz
from digits.datasets.dataset import SIDE, Dataset, Split
from digits.datasets.folder import read_folder
from digits.datasets.registry import DATASETS, full_name, title_of
from digits.errors import DigitsError


def load_custom(name: str) -> Dataset:
    """The dataset at the path `name`: a folder of four IDX files, a `.npz`, or a folder of images by class.

    Images of another size are scaled to fit, with the background around them. Where that is bright, all images are
    inverted. Each of these is said on stderr. The dataset's name is the whole path.

    Raises:
        DigitsError: nothing is there, or it is damaged or of another form.
    """
    if not name.isprintable() or not name:
        raise DigitsError(f"dataset is {name!a}; allowed: {_allowed()}")
    path = Path(full_name(name))
    try:
        parts = _read(path)
    except OSError as error:
        raise DigitsError(f"dataset is {name!r}, which cannot be read: {error.strerror}") from error
    if parts is None:
        raise DigitsError(f"dataset is {name!r}; allowed: {_allowed()}, and there is nothing at this one")

    resized, total = parts.train.resized + parts.test.resized, len(parts.train_labels) + len(parts.test_labels)
    if resized:
        _tell(f"warning: {resized:,} of {total:,} images in {path} are not {SIDE} × {SIDE} pixels; scaled to fit")
    background = parts.train.background()
    train, test = (canvas.on(round(background)) for canvas in (parts.train, parts.test))
    if background > 127:
        _tell(f"warning: {path} is dark on bright; all its images were inverted, to ink bright on dark")
        train, test = 255 - train, 255 - test
    seen = {hash(image.tobytes()) for image in train}
    leaks = sum(hash(image.tobytes()) in seen for image in test)
    if leaks:
        _tell(f"warning: {leaks:,} of {len(test):,} test images in {path} are training images, too: that flatters")
    return Dataset(
        name=str(path),
        title=title_of(str(path)),
        classes=parts.classes,
        train=Split(train, parts.train_labels),
        test=Split(test, parts.test_labels),
    )


def _read(path: Path) -> Parts | None:
    """What is at the path, or None if there is nothing; raises OSError if it cannot be read."""
    try:
        path.stat()  # Python 3.14 answers is_dir() with no instead of this error
    except (FileNotFoundError, NotADirectoryError):
        return None
    if path.is_dir():
        return read_idx(path) if has_idx(path) else read_folder(path, _tell)
    return read_npz(path) if path.is_file() else None


def _allowed() -> str:
    return f"{', '.join(DATASETS)}, or the path of your own data"


def _tell(line: str) -> None:
    print(line, file=sys.stderr)
