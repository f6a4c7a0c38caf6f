"""A dataset of the user's own, wherever it lies: read in its form, checked, and brought into ours."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.datasets.dataset import SIDE, Dataset, Split
from digits.datasets.forms.form import read_parts
from digits.datasets.forms.parts import IN_WORDS, TEST, TRAIN, VALIDATION, Part, Parts, check_classes, tell
from digits.datasets.registry import DATASETS, full_name, title_of
from digits.errors import DigitsError
from digits.files import sha256
from digits.image_files import FAINT

HELD_OUT = 7  # where there is no test split, about one in so many images is held out for it


def load_custom(name: str, label_column: str | None = None) -> Dataset:
    """The dataset at the path `name`, in one of the forms of `forms.FORMS`.

    Without a test split a part of the training images is held out for it. Images of another size are scaled to fit,
    with the background around them. Where that is bright, all images are inverted. Each of these is said on stderr.
    The dataset's name is the whole path.

    Args:
        name: the path.
        label_column: which column of a table has the labels, where that is not to be found out: `first`, `last` or its
            name.

    Raises:
        DigitsError: nothing is there, or it is damaged or of another form.
    """
    path, parts = _read(name, label_column)
    if TRAIN not in parts:
        raise DigitsError(f"{path} has no training images, only {' and '.join(IN_WORDS[split] for split in parts)}")
    classes = parts[TRAIN].classes
    check_classes(len(classes), path)
    for split, part in parts.items():
        _check_classes_of(split, part.classes, classes, path)
    if TEST not in parts:
        parts[TRAIN], parts[TEST] = hold_out(parts[TRAIN], path)
        held, total = len(parts[TEST]), len(parts[TRAIN]) + len(parts[TEST])
        tell(
            f"note: {path} has no test split: one in {HELD_OUT}, {held:,} of {total:,} images, is held out for testing"
        )
    splits = _in_our_form(parts, classes, path)
    _warn_of_leaks(splits, path)
    return Dataset(
        name=str(path),
        title=title_of(str(path)),
        classes=classes,
        train=splits[TRAIN],
        test=splits[TEST],
        validation=splits.get(VALIDATION),
    )


def load_foreign(name: str) -> tuple[tuple[str, ...], Split]:
    """The classes and the images at the path `name`, for a model that was not trained on it.

    These are the test images or, where there is no test split, all images, as a note on stderr says then.

    Raises:
        DigitsError: nothing is there, or it is damaged or of another form.
    """
    path, parts = _read(name)
    classes = tuple(dict.fromkeys(name for part in parts.values() for name in part.classes))
    check_classes(len(classes), path, least=1)
    splits = _in_our_form(parts, classes, path)
    if TEST in splits:
        return classes, splits[TEST]
    everything = Split(
        np.concatenate([split.images for split in splits.values()]),
        np.concatenate([split.labels for split in splits.values()]),
    )
    tell(f"note: {path} has no test split: all its {len(everything):,} images are asked about")
    return classes, everything


def _read(name: str, label_column: str | None = None) -> tuple[Path, Parts]:
    allowed = f"{', '.join(DATASETS)}, or the path of your own data"
    if not name.isprintable() or not name:
        raise DigitsError(f"dataset is {name!a}; allowed: {allowed}")
    path = Path(full_name(name))
    try:
        path.stat()  # Python 3.14 answers is_dir() with no instead of an error
        parts = read_parts(path, label_column)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DigitsError(f"dataset is {name!r}; allowed: {allowed}, and there is nothing at this one") from error
    except OSError as error:
        raise DigitsError(f"dataset is {name!r}, which cannot be read: {error.strerror or error}") from error
    _check_blank(parts, path)
    return path, parts


def _check_blank(parts: Parts, path: Path) -> None:
    """Say how many images show nothing, or nearly so.

    Raises:
        DigitsError: all are like that.
    """
    blank = np.concatenate([part.images.blank() for part in parts.values()])
    what = f"blank, or nearly: their pixels differ by less than {FAINT} of 255"
    if blank.all():
        raise DigitsError(f"all {len(blank):,} images in {path} are {what}. Save them again, with white as 255")
    if blank.any():
        tell(f"warning: {blank.sum():,} of {len(blank):,} images in {path} are {what}")


def _check_classes_of(split: str, theirs: tuple[str, ...], ours: tuple[str, ...], path: Path) -> None:
    """Make sure that a split has the classes of the training images; validation may lack some."""
    unknown = [name for name in theirs if name not in ours]
    if unknown:
        raise DigitsError(f"{path}: its {IN_WORDS[split]} have the class {unknown[0]!r}, but no training image has it")
    absent = [name for name in ours if name not in theirs]
    if absent and split == TEST:
        raise DigitsError(
            f"{path}: its training images have the class {absent[0]!r}, but no test image has it; each needs both"
        )


def hold_out(part: Part, where: object) -> tuple[Part, Part]:
    """Training images as training and test images, the same ones in whatever order they come.

    The pixels of an image decide, whatever else is there: where images are added, the others stay on their side. Images
    with the same pixels go together, so that no test image is a training image. Each class has images on both sides.

    Raises:
        DigitsError: a class has only one image.
    """
    canvas = part.images
    digests = [
        int(sha256(image.tobytes() + size.tobytes()), 16)
        for image, size in zip(canvas.images, canvas.sizes, strict=True)
    ]
    by_class: list[set[int]] = [set() for _ in part.classes]
    for digest, label in zip(digests, part.labels.tolist(), strict=True):
        by_class[label].add(digest)
    held_out: set[tuple[int, int]] = set()
    for label, different in enumerate(map(sorted, by_class)):
        if len(different) < 2:
            raise DigitsError(
                f"class {part.classes[label]!r} in {where} has only one image; allowed: 2 or more, not the same, as "
                "one is held out for testing"
            )
        chosen = [digest for digest in different if digest % HELD_OUT == 0] or different[:1]
        held_out.update((digest, label) for digest in chosen[: len(different) - 1])
    test = np.array([key in held_out for key in zip(digests, part.labels.tolist(), strict=True)])
    return _take(part, ~test), _take(part, test)


def _take(part: Part, chosen: NDArray[np.bool]) -> Part:
    return Part(part.images.take(chosen), part.labels[chosen], part.classes)


def _in_our_form(parts: Parts, classes: tuple[str, ...], path: Path) -> dict[str, Split]:
    """The splits with 28 × 28 pixels, bright on dark, and labels that are places in `classes`."""
    resized, total = sum(part.images.resized.sum() for part in parts.values()), sum(map(len, parts.values()))
    if resized:
        tell(f"warning: {resized:,} of {total:,} images in {path} are not {SIDE} × {SIDE} pixels; scaled to fit")
    background = parts.get(TRAIN, next(iter(parts.values()))).images.background()
    images = {split: part.images.on(round(background)) for split, part in parts.items()}
    if background > 127:
        tell(f"warning: {path} is dark on bright; all its images were inverted, to ink bright on dark")
        images = {split: 255 - one for split, one in images.items()}
    return {split: Split(images[split], part.labels_of(classes)) for split, part in parts.items()}


def _warn_of_leaks(splits: dict[str, Split], path: Path) -> None:
    """Say how many test images the training, or the choice of its best epoch, sees."""
    seen = {hash(image.tobytes()) for split in splits if split != TEST for image in splits[split].images}
    leaks = sum(hash(image.tobytes()) in seen for image in splits[TEST].images)
    if leaks:
        total = len(splits[TEST])
        tell(f"warning: {leaks:,} of {total:,} test images in {path} are training images, too: that flatters")
