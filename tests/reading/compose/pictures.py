"""The set of composed pictures: of each kind as many as one asks for, each the same whenever it is asked for."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digits.datasets import Split
from tests.reading.compose import grids, no_digit
from tests.reading.compose.beside import BESIDE
from tests.reading.compose.paper import any_paper, jpeg
from tests.reading.compose.writing import Layout, Writer


@dataclass(frozen=True)
class Composed:
    """A picture whose truth is known.

    Attributes:
        kind: what it shows: one of `DIGITS`, `GRIDS` or `NO_DIGIT`.
        text: its digits, rows parted by a line feed; empty where there is none.
        data: a JPEG's bytes.
    """

    kind: str
    text: str
    data: bytes


def composed(kind: str, number: int, digits: Split, seed: int = 0) -> Composed:
    """The picture of a kind and a number, always the same for a seed.

    Args:
        kind: one of `DIGITS`, `GRIDS` or `NO_DIGIT`.
        number: from 0.
        digits: whose hands write: MNIST's test set.
        seed: other ones give other pictures.
    """
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode()), number])
    if kind in NO_DIGIT:
        text, image = "", NO_DIGIT[kind](rng)
    else:
        text, image = {**DIGITS, **GRIDS}[kind](Writer(digits.images, digits.labels, rng))
    return Composed(kind, text, jpeg(image, int(rng.integers(70, 96))))


def _written(writer: Writer, rows: int, digits: tuple[int, int], **layout: float) -> tuple[str, np.ndarray]:
    """So many rows of some digits (least and most) each, the layout drawn at random but for what is given."""
    rng = writer.rng
    height = int(layout.pop("height", rng.integers(45, 130)))
    text = "\n".join(
        "".join(map(str, rng.integers(10, size=rng.integers(digits[0], digits[1] + 1)))) for _ in range(rows)
    )
    drawn = {"gap": rng.uniform(0.06, 0.4), "line_gap": rng.uniform(0.2, 0.7), "margin": rng.uniform(0.4, 1.2)} | layout
    sizes = {name: round(share * height) for name, share in drawn.items()}
    return text, writer.picture(text, any_paper(rng), Layout(height, uneven=rng.uniform(0, 0.15), **sizes))


def one(writer: Writer) -> tuple[str, np.ndarray]:
    """One digit, small or large."""
    return _written(writer, 1, (1, 1), height=writer.rng.integers(50, 260))


def near_the_edge(writer: Writer) -> tuple[str, np.ndarray]:
    """One digit that nearly fills the picture."""
    return _written(writer, 1, (1, 1), height=writer.rng.integers(60, 260), margin=writer.rng.uniform(0.01, 0.06))


def thin(writer: Writer) -> tuple[str, np.ndarray]:
    """A row of digits by a pen that is thin for their size."""
    height, pen = writer.rng.integers(90, 200), writer.rng.integers(2, 5)
    return _written(writer, 1, (1, 4), height=height, pen=pen / height)


def row(writer: Writer) -> tuple[str, np.ndarray]:
    """Two to ten digits in one row."""
    return _written(writer, 1, (2, 10))


def rows(writer: Writer) -> tuple[str, np.ndarray]:
    """Two to five rows."""
    return _written(writer, int(writer.rng.integers(2, 6)), (1, 8))


def touching(writer: Writer) -> tuple[str, np.ndarray]:
    """A row of digits of which most touch their neighbour."""
    return _written(writer, 1, (2, 5), gap=-writer.rng.uniform(0.005, 0.04))


Composer = Callable[[Writer], tuple[str, np.ndarray]]
DIGITS: dict[str, Composer] = {
    "one digit": one,
    "near the edge": near_the_edge,
    "a thin pen": thin,
    "a row": row,
    "rows": rows,
    "touching": touching,
    **BESIDE,
}
GRIDS: dict[str, Composer] = {
    "grid, printed": grids.printed,
    "grid, by hand": grids.handwritten,
    "grid, solved": grids.solved,
}
NO_DIGIT: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "letters": no_digit.letters,
    "words": no_digit.words,
    "pages of words": no_digit.pages,
    "textures": no_digit.textures,
    "icons": no_digit.icons,
    "scribbles": no_digit.scribbles,
    "blank pages": no_digit.blank,
    "rests of lines": no_digit.lines,
}
