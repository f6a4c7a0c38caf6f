"""The forms in which people have their data: what each is, how it is recognised, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digits.datasets.forms.csv_files import has_csv, read_csv
from digits.datasets.forms.folder import has_folders, read_folder
from digits.datasets.forms.idx_files import has_idx, read_idx
from digits.datasets.forms.listed import has_list, read_list
from digits.datasets.forms.numpy_files import has_npy, is_npz, read_npy_folder, read_npz
from digits.datasets.forms.parquet_files import has_parquet, read_parquet
from digits.datasets.forms.parts import SPLITS, Parts, is_rubbish, shown, tell
from digits.errors import DigitsError

_DEPTH = 5  # folders with nothing but another in them, at most


@dataclass(frozen=True)
class Form:
    """One form of data: what it is, whether a path is of it, and what it holds."""

    what: str
    is_at: Callable[[Path], bool]
    read: Callable[..., Parts]
    has_columns: bool = False  # and so `read` takes the name of one


FORMS = (
    Form("MNIST's four IDX files in a folder", has_idx, read_idx),
    Form("a .npz", is_npz, read_npz),
    Form("a folder of .npy files, or of .npz files with one array each", has_npy, read_npy_folder),
    Form("a .csv or a folder of train.csv and test.csv", has_csv, read_csv, has_columns=True),
    Form("a .parquet or a folder of train-*.parquet and test-*.parquet", has_parquet, read_parquet),
    Form("a folder of images and a .csv with their names and labels", has_list, read_list, has_columns=True),
)
IMAGES = Form("a folder of images for each class", has_folders, read_folder)  # beside all kinds of other files


def read_parts(path: Path, label_column: str | None = None) -> Parts:
    """What lies at `path`, in whichever form, or in a folder that is alone there.

    Args:
        path: with all links resolved.
        label_column: which column of a table has the labels, where that is not to be found out.

    Raises:
        DigitsError: it is in none, in two, or damaged; or it has no columns.
    """
    inside, form = _found(path) or (path, IMAGES if has_folders(path) else None)
    if form is None:
        allowed = ", ".join(form.what for form in (IMAGES, *FORMS))
        raise DigitsError(f"{shown(path)} is of no form that is known{_what_lies_in(path)}; allowed: {allowed}")
    if inside != path:
        tell(f"note: the data in {shown(path)} are in {shown(inside.relative_to(path))}")
    if label_column is None:
        return form.read(inside)
    if not form.has_columns:
        raise no_table(path)
    return form.read(inside, label_column)


def no_table(where: object) -> DigitsError:
    """What to say where a column of labels was named, but the data have none."""
    return DigitsError(f"--label-column changes nothing for {shown(where)}, which is no CSV")


def _found(path: Path, depth: int = 0) -> tuple[Path, Form] | None:
    """Where the data lie, and in which form: at `path`, or at the only thing in it that can have data."""
    found = [form for form in FORMS if form.is_at(path)]
    if len(found) > 1:
        both = " and ".join(form.what for form in found[:2])
        raise DigitsError(f"{shown(path)} is {both}; allowed: one of them. Put the other elsewhere")
    if found:
        return path, found[0]
    if not path.is_dir() or depth == _DEPTH:
        return None
    entries = [entry for entry in path.iterdir() if not (is_rubbish(entry) or entry.is_symlink())]
    folders = [entry for entry in entries if entry.is_dir()]
    if len(folders) > 1 or any(folder.name.lower() in SPLITS for folder in folders):
        return path, IMAGES
    files = [entry for entry in entries if entry.is_file() and any(form.is_at(entry) for form in FORMS)]
    return _found((folders + files)[0], depth + 1) if len(folders + files) == 1 else None


def _what_lies_in(path: Path) -> str:
    """The names of some things in a folder."""
    if not path.is_dir():
        return ""
    names = sorted(entry.name + "/" * entry.is_dir() for entry in path.iterdir() if not is_rubbish(entry))
    return f"; found: {', '.join(map(shown, names[:6]))}{' and more' * (len(names) > 6)}" if names else "; it is empty"
