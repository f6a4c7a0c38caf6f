"""What the columns of a CSV file of images are: perhaps an index, perhaps labels, first or last, and pixels."""

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from shlex import quote

from digits.datasets.forms.parts import MAX_IMAGES, in_natural_order, shown, tell
from digits.errors import DigitsError

LABELS = ("label", "labels", "class", "target", "y")  # what people call a column of them, in small letters
FIRST, LAST = "first", "last"  # where it may be

_INDEX = ("", "unnamed: 0", "index", "id", "imageid")  # and a first column of the rows' numbers
_SMALLEST = 64  # pixels of an image
ALLOWED = "a column of labels and 784 of pixels (or another square number)"
_GROUND = 0.95  # a column is a pixel of the ground where so many of its rows are black, or white

Lines = Callable[[], Iterator[bytes]]  # reads the lines of a file, from the first one on


@dataclass(frozen=True)
class Layout:
    """What the columns of a table are, beside pixels.

    Attributes:
        separator: what stands between two cells.
        has_header: whether the first line has names.
        index: how many columns before all others are not read, 0 or 1.
        labels: where these are, `FIRST` or `LAST`, or None.
        pixels: how many columns are of pixels.
    """

    separator: bytes
    has_header: bool
    index: int
    labels: str | None
    pixels: int

    @property
    def others(self) -> int:
        """How many columns are not of pixels."""
        return self.index + (self.labels is not None)

    @property
    def columns(self) -> int:
        """How many there are in all."""
        return self.others + self.pixels

    def split(self, line: bytes) -> tuple[bytes, bytes] | None:
        """The pixels in a row and its label, b"" where there are none; None if it has too few cells."""
        *before, rest = line.rstrip(b"\r\n").split(self.separator, self.index + (self.labels == FIRST))
        pixels, *behind = rest.rsplit(self.separator, int(self.labels == LAST))
        cells = [*before, *behind]
        if len(cells) < self.others:
            return None
        return pixels, _unquoted(cells[self.index]) if self.labels else b""


def _unquoted(cell: bytes) -> bytes:
    cell = cell.strip()
    return cell[1:-1] if len(cell) > 1 and cell[:1] == cell[-1:] == b'"' else cell


def find_layout(lines: Lines, path: Path, label_column: str | None) -> Layout:
    """What the columns of the table in `path` are, by its header or, where it has none, by what is in them.

    Args:
        lines: its lines.
        label_column: the one of labels: `FIRST`, `LAST` or its name; None to find it.

    Raises:
        DigitsError: it is no table of images, or could be read in two ways.
    """
    first, second = [*islice(lines(), 2), b"", b""][:2]
    separator = next((one for one in (b";", b"\t") if one in first), b",")
    cells = _cells(first, separator, path)
    has_header = _is_header(cells, second.decode("latin-1").split(separator.decode()), path)
    names = [cell.lower() for cell in cells] if has_header and not all(map(_is_number, cells)) else []
    index = int(bool(names) and names[0] in _INDEX)
    place = _place_of_labels(names, index, len(cells) - 1, label_column, path)
    if place is None and not names and _is_square(len(cells) - 1):
        place = _by_contents(islice(lines(), int(has_header), MAX_IMAGES), separator, path)
        tell(f"note: {shown(path)} names no column of labels; they are read from its {place} one")
    pixels = len(cells) - index - (place is not None)
    if not _is_square(pixels):
        named = "; if one has labels under another name, digits convert-data --label-column NAME takes it"
        raise DigitsError(
            f"{shown(path)} has {pixels:,} columns of pixels; allowed: {ALLOWED}{named * _is_square(pixels - 1)}"
        )
    names = names[index + (place == FIRST) : len(names) - (place == LAST)]
    if names != sorted(names, key=in_natural_order):
        raise DigitsError(f"{shown(path)} has columns of pixels out of order; allowed: pixel0, pixel1 and so on")
    return Layout(separator, has_header, index, place, pixels)


def _cells(line: bytes, separator: bytes, path: Path) -> list[str]:
    try:
        (cells,) = csv.reader([line.decode("utf-8-sig")], strict=True, delimiter=separator.decode())
    except (ValueError, csv.Error) as error:
        raise DigitsError(f"{shown(path)} is not a CSV file of numbers: its first line is not text") from error
    return [cell.strip() for cell in cells]


def _is_header(first: list[str], second: Sequence[str], path: Path) -> bool:
    """Whether the cells of the first line are names, which may be numbers: pandas writes such.

    Raises:
        DigitsError: they could be an image as well.
    """
    numbers = [cell for cell in first if _is_number(cell)]
    if len(numbers) <= len(first) / 2:
        return True
    if _counts_up(numbers) or _is_numbered(numbers):
        if len(numbers) == len(first):
            tell(f"note: the first line of {shown(path)} has numbers for names, and is read as a header")
        return True
    if len(numbers) >= _SMALLEST and _all_differ(numbers) and not _all_differ(second):
        raise DigitsError(
            f"no two numbers in the first line of {shown(path)} are the same, as if they were names, but they could "
            "be an image as well; give it a header such as label,pixel0,pixel1, or take the line away"
        )
    return False


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _counts_up(numbers: Sequence[str]) -> bool:
    return [float(number) for number in numbers] == [float(numbers[0]) + place for place in range(len(numbers))]


def _is_numbered(cells: Sequence[str]) -> bool:
    """Whether they are as pandas reads a row of numbers for names: what comes again has its number behind a dot."""
    seen: Counter[str] = Counter()
    for cell in cells:
        name, _, number = cell.rpartition(".")
        if name in seen and number == str(seen[name]):
            seen[name] += 1
        elif cell in seen:
            return False
        else:
            seen[cell] = 1
    return len(seen) < len(cells)


def _all_differ(cells: Sequence[str]) -> bool:
    return len(set(cells)) == len(cells)


def _place_of_labels(names: list[str], first: int, last: int, wanted: str | None, path: Path) -> str | None:
    """Where the labels are, by the names of the columns or as it is `wanted`; None where neither tells."""
    if wanted in (FIRST, LAST):
        return wanted
    found = [place for place, name in enumerate(names) if (name == wanted.lower() if wanted else name in LABELS)]
    if wanted and not found:
        some = ", ".join(dict.fromkeys([*names[:2], *names[-2:]])) or "no header"
        raise DigitsError(f"label column is {wanted}; allowed: {FIRST}, {LAST} or a name; {shown(path)} has {some}")
    if len(found) > 1:
        both = " and ".join(names[place] for place in found)
        raise DigitsError(f"{shown(path)} has the columns {both}; allowed: one of labels")
    if found and found[0] not in (first, last):
        raise DigitsError(f"{shown(path)} has its labels in column {found[0] + 1:,}; allowed: the first or the last")
    return (FIRST if found[0] == first else LAST) if found else None


def _by_contents(rows: Iterator[bytes], separator: bytes, path: Path) -> str:
    """Where the labels are in a table without names: at the edge that is not of the images' ground.

    Raises:
        DigitsError: it could be either.
    """
    cells: dict[str, Counter[bytes]] = {FIRST: Counter(), LAST: Counter()}
    for row in rows:
        cells[FIRST][row.split(separator, 1)[0].strip()] += 1
        cells[LAST][row.rsplit(separator, 1)[-1].strip()] += 1
    likely = [edge for edge, found in cells.items() if not _is_ground(found)]
    words = [edge for edge in likely if not all(_is_number(cell.decode("latin-1")) for cell in cells[edge])]
    if len(words or likely) == 1:
        return (words or likely)[0]
    raise DigitsError(
        f"{shown(path)} names no column of labels, and both its first and its last could be that. Give it a header "
        f"with label in it, or run: digits convert-data {quote(str(path))} labelled.npz --to npz --label-column {LAST}"
    )


def _is_ground(found: Counter[bytes]) -> bool:
    (cell, count), *_ = found.most_common(1) or [(b"", 0)]
    text = cell.decode("latin-1")
    return _is_number(text) and float(text) in (0, 255) and count >= _GROUND * found.total()


def _is_square(count: int) -> bool:
    return count >= _SMALLEST and math.isqrt(count) ** 2 == count
