"""The forms in which people have their data: what each is, how it is recognised, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digits.datasets.forms.csv_files import has_csv, read_csv
from digits.datasets.forms.folder import has_folders, read_folder
from digits.datasets.forms.idx_files import has_idx, read_idx
from digits.datasets.forms.numpy_files import has_npy, is_npz, read_npy_folder, read_npz
from digits.datasets.forms.parquet_files import has_parquet, read_parquet
from digits.datasets.forms.parts import Parts, shown
from digits.errors import DigitsError


@dataclass(frozen=True)
class Form:
    """One form of data: what it is, whether a path is of it, and what it holds."""

    what: str
    is_at: Callable[[Path], bool]
    read: Callable[[Path], Parts]


FORMS = (
    Form("MNIST's four IDX files in a folder", has_idx, read_idx),
    Form("a .npz", is_npz, read_npz),
    Form("a folder of .npy files", has_npy, read_npy_folder),
    Form("a .csv or a folder of train.csv and test.csv", has_csv, read_csv),
    Form("a .parquet or a folder of train-*.parquet and test-*.parquet", has_parquet, read_parquet),
)
IMAGES = Form("a folder of images for each class", has_folders, read_folder)  # beside all kinds of other files


def read_parts(path: Path) -> Parts:
    """What lies at `path`, in whichever form.

    Raises:
        DigitsError: it is in none, in two, or damaged.
    """
    found = [form for form in FORMS if form.is_at(path)] or [form for form in [IMAGES] if form.is_at(path)]
    if len(found) > 1:
        both = " and ".join(form.what for form in found[:2])
        raise DigitsError(f"{shown(path)} is {both}; allowed: one of them. Put the other elsewhere")
    if not found:
        allowed = ", ".join(form.what for form in (IMAGES, *FORMS))
        raise DigitsError(f"{shown(path)} is of no form that is known; allowed: {allowed}")
    return found[0].read(path)
