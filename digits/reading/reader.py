"""What comes out: the digits of a picture, and the text that they make."""

import math
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from digits.errors import DigitsError
from digits.files import display
from digits.reading.find import Found, find
from digits.reading.form import SIDE, to_mnist
from digits.reading.network import Network
from digits.reading.path import best_path
from digits.reading.picture import Picture, Source, open_picture

SURE = 0.5  # a row of which no digit is as likely as this to be what it is read as holds no digits
NONE = 0.25  # nor is a digit in a row one that is less likely than this

MODELS = Path("outputs")  # where a model is looked for


@dataclass(frozen=True)
class Digit:
    """A digit that was read.

    Attributes:
        digit: 0 to 9.
        confidence: 0 to 1, that it is this digit.
        line: which row of the text it is in, from 0.
        box: left, top, width and height, in pixels of the upright picture.
        image: uint8, `(28, 28)`: as the network saw it.
        probabilities: float32, `(10,)`: of each digit.
    """

    digit: int
    confidence: float
    line: int
    box: tuple[int, int, int, int]
    image: np.ndarray = field(repr=False, compare=False)
    probabilities: np.ndarray = field(repr=False, compare=False)


@dataclass(frozen=True)
class Reading:
    """What was read in a picture.

    Attributes:
        text: its digits, row by row, with line feeds between rows and no spaces; empty where there is no digit.
        confidence: 0 to 1, that the whole text is right, or that there is no digit.
        digits: each digit, in the order of the text.
    """

    text: str
    confidence: float
    digits: tuple[Digit, ...]

    def to_dict(self) -> dict[str, Any]:
        """As `digits read --json` prints it."""
        return {
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "digits": [
                {"digit": one.digit, "confidence": round(one.confidence, 4), "line": one.line, "box": list(one.box)}
                for one in self.digits
            ],
        }


@dataclass(frozen=True, eq=False)
class Trace:
    """A reading with all that led to it: the picture, what each step found in it, and of each row the images of its
    candidates (uint8, `(n, 28, 28)`), what the network said of them (float32, `(n,)`) and which the path takes."""

    picture: Picture
    found: Found
    images: list[np.ndarray]
    digits: list[np.ndarray]
    confidences: list[np.ndarray]
    paths: list[list[int]]
    reading: Reading


class Reader:
    """Reads digits in pictures, with a model that is loaded once.

    Args:
        model: an exported model, as `digits export` writes it; by default the newest one in ./outputs.

    Raises:
        DigitsError: there is no model, it is damaged, or it was trained on something else than the ten digits.
    """

    def __init__(self, model: str | Path | None = None):
        self.network = Network(newest_model(MODELS) if model is None else Path(model))

    def read(self, image: Source, name: str = "the image") -> Reading:
        """The digits in a picture.

        Args:
            image: the path or the bytes of a file (PNG, JPEG, BMP, GIF, TIFF, WebP; HEIC with its extra), a PIL image,
                or an array: uint8, `(height, width)` or `(height, width, 3 or 4)`, red first.
            name: what the picture is called in an error, where it has no path.

        Raises:
            DigitsError: it is no picture, has more than 50 megapixels, or holds several.
        """
        return self.trace(image, name).reading

    def trace(self, image: Source, name: str = "the image") -> Trace:
        """As `read`, with all steps on the way."""
        picture = open_picture(image, name)
        found = find(picture.pixels)
        images = [[to_mnist(candidate.piece.mask, found.width) for candidate in row.candidates] for row in found.rows]
        stacks = [np.array(row, np.uint8).reshape(-1, SIDE, SIDE) for row in images]
        answers = self.network(np.concatenate([np.zeros((0, SIDE, SIDE), np.uint8), *stacks]))
        read: list[list[Digit]] = []
        unsure = [0.0]
        each, paths = [], []
        start = 0
        for row, stack in zip(found.rows, stacks, strict=True):
            said = answers[start : start + len(stack)]
            start += len(stack)
            path = best_path(row, said)
            sure = [index for index in path if found.grid or said.confidences[index] >= NONE]
            if not found.grid and (not path or said.confidences[path].mean() < SURE):
                sure = []
            unsure += [float(said.confidences[index]) for index in path if index not in sure]
            if sure:
                read.append(
                    [
                        Digit(
                            int(said.digits[index]),
                            float(said.confidences[index]),
                            len(read),
                            picture.original(row.candidates[index].piece.bounds),
                            stack[index],
                            said.probabilities[index],
                        )
                        for index in sure
                    ]
                )
            each.append(said)
            paths.append(path)
        text = "\n".join("".join(str(one.digit) for one in line) for line in read)
        digits = tuple(one for line in read for one in line)
        confidence = math.prod(one.confidence for one in digits) if digits else 1 - max(unsure)
        return Trace(
            picture,
            found,
            stacks,
            [said.digits for said in each],
            [said.confidences for said in each],
            paths,
            Reading(text, confidence, digits),
        )


def read(image: Source, model: str | Path | None = None) -> Reading:
    """The digits in a picture; see `Reader`, whose model stays loaded from one call to the next."""
    return _reader(model).read(image)


_reader = cache(Reader)


def newest_model(folder: Path) -> Path:
    """The exported model in a folder that was written last.

    Raises:
        DigitsError: there is none.
    """
    models = sorted(folder.glob("*.onnx"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise DigitsError(
            f"there is no exported model in {display(folder)}. Run: digits train pytorch --recipe deep --ensemble 1 && "
            "digits export outputs/pytorch_model.safetensors"
        )
    return models[-1]
