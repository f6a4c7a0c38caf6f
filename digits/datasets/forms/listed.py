"""A user's own images in one folder, and beside it a table with the name and the label of each: `labels.csv`."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from digits.datasets.forms.csv_layout import FIRST, LABELS, LAST
from digits.datasets.forms.folder import entries, read_images
from digits.datasets.forms.parts import MAX_IMAGES, TRAIN, Parts, is_rubbish, shown, tell
from digits.datasets.forms.pixels import named
from digits.errors import DigitsError
from digits.image_files import SUFFIXES, read_file


def has_list(path: Path) -> bool:
    """Whether it is a folder with a `.csv` and one folder, in which images lie and no other folders."""
    return path.is_dir() and _table_and_folder(path) is not None


def read_list(path: Path, label_column: str | None = None) -> Parts:
    """The images that the table names, which are for training.

    Args:
        path: with all links resolved.
        label_column: which column has the labels, where that is not to be found out: `first`, `last` or its name.

    Raises:
        DigitsError: the table names an image that is not there, or twice; or one is not readable.
    """
    found = _table_and_folder(path)
    if found is None:
        raise DigitsError(f"{shown(path)} has no .csv beside a folder of images")
    table, folder = found
    files = _by_name(entries(folder, path, want_folders=False))
    header, *rows = _rows(table)
    if any(_name(cell, folder) in files for cell in header):
        header, rows = [""] * len(header), [header, *rows]
    columns = list(zip(*rows, strict=True))
    place = _names_column([[_name(cell, folder) for cell in column] for column in columns], files, table, folder)
    images = [files[_name(cell, folder)] for cell in columns[place]]
    (most, times), *_ = Counter(images).most_common(1)
    if times > 1:
        raise DigitsError(f"{shown(table)} has {shown(most.name)} {times} times; allowed: each image once")
    if others := len(set(files.values())) - len(images):
        tell(f"note: {others:,} images in {shown(folder)} are not in {table.name}, and not read")
    label = _label_column(header, place, label_column, table)
    labels, classes = named([cell.strip() for cell in columns[label]], shown(table))
    return {TRAIN: read_images(images, labels, classes, path)}


def _table_and_folder(path: Path) -> tuple[Path, Path] | None:
    inside = [entry for entry in path.iterdir() if not is_rubbish(entry)]
    folders = [entry for entry in inside if entry.is_dir()]
    tables = [entry for entry in inside if entry.suffix.lower() == ".csv" and entry.is_file()]
    if len(folders) != 1 or len(tables) != 1:
        return None
    images = [entry for entry in folders[0].iterdir() if not is_rubbish(entry)]
    if any(image.is_dir() for image in images) or not any(image.suffix.lower() in SUFFIXES for image in images):
        return None
    return tables[0], folders[0]


def _name(cell: str, folder: Path) -> str:
    """The name of an image that a cell speaks of, which may stand behind that of its folder."""
    return cell.strip().removeprefix(f"{folder.name}/")


def _by_name(images: list[Path]) -> dict[str, Path]:
    """The images by their names and, where only one has it, by what stands before the dot."""
    stems = Counter(image.stem for image in images)
    return {image.stem: image for image in images if stems[image.stem] == 1} | {image.name: image for image in images}


def _rows(table: Path) -> list[list[str]]:
    """The rows of a table, which have as many cells each."""
    try:
        text = read_file(table, shown(table)).decode("utf-8-sig")
        separator = next((one for one in ";\t" if one in text.partition("\n")[0]), ",")
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    except (ValueError, csv.Error) as error:
        raise DigitsError(f"{shown(table)} is not a CSV file of names and labels ({error})") from error
    if not 1 < len(rows) <= MAX_IMAGES:
        raise DigitsError(f"{shown(table)} has {len(rows):,} rows; allowed: 2 to {MAX_IMAGES:,}")
    if odd := next((number for number, row in enumerate(rows, 1) if len(row) != len(rows[0])), None):
        raise DigitsError(f"{shown(table)}, row {odd:,}: allowed: {len(rows[0])} columns, as in the first row")
    return rows


def _names_column(columns: list[list[str]], files: dict[str, Path], table: Path, folder: Path) -> int:
    """Which column has the names of images: the one that has most, and it may have nothing else."""
    place = max(range(len(columns)), key=lambda place: sum(name in files for name in columns[place]))
    if missing := next((name for name in columns[place] if name not in files), None):
        raise DigitsError(f"{shown(table)} names the image {missing[:60]!a}, which is not in {shown(folder)}")
    return place


def _label_column(header: Sequence[str], images: int, wanted: str | None, table: Path) -> int:
    """Which column has the labels: the one `wanted`, by its name, or the only one beside that of images."""
    names = [name.strip().lower() for name in header]
    if wanted in (FIRST, LAST):
        found = [0 if wanted == FIRST else len(names) - 1]
    else:
        found = [place for place, name in enumerate(names) if (name == wanted.lower() if wanted else name in LABELS)]
    if not (found or wanted) and len(names) == 2:
        found = [1 - images]
    if len(found) != 1 or found[0] == images:
        some = ", ".join(names[:6])
        raise DigitsError(
            f"{shown(table)} has the columns {some!a}; allowed: one called label, or the one that --label-column of "
            "digits convert-data names"
        )
    return found[0]
