"""What comes out: the digits of a picture, and the text that they make."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from digits.reading.find import Found, find
from digits.reading.form import SIDE, to_mnist
from digits.reading.network import Answers, Network
from digits.reading.path import Row, best_path, cut_from
from digits.reading.picture import Picture
from digits.reading.reading import Digit, Reading

SURE = 0.5  # a row holds no digits if the mean of their confidences is below this
WORDS = 1 / 3  # a picture of which less than this share are digits is a page of something else
FOUND = 0.99  # the share of digits in composed pictures that were found and cut out as they are
SELDOM = 3  # of what is refused with a confidence of m, a share of m to this power is a digit, in composed pictures
NONE = 0.25  # and in a row that holds some, one whose own confidence is below this is none


@dataclass(frozen=True, eq=False)
class ReadRow:
    """What the network said of a row's candidates, and which of them it reads as.

    Attributes:
        images: uint8, `(n, 28, 28)`: the candidates in MNIST's form.
        answers: what the network says of them.
        confidences: float32, `(n,)`: of each, that it is a digit, and the one that is said.
        path: the candidates, by index, that the best path takes.
        accepted: those of the path that are digits.
    """

    images: np.ndarray
    answers: Answers
    confidences: np.ndarray
    path: list[int]
    accepted: list[int]


@dataclass(frozen=True, eq=False)
class RulesTrace:
    """A reading with all that led to it: the picture, what each step found in it, and what was made of each row."""

    picture: Picture
    found: Found
    rows: list[ReadRow]
    reading: Reading


def trace_by_rules(picture: Picture, network: Network) -> RulesTrace:
    """What the rules that the finder replaces read in a picture."""
    found = find(picture.pixels)
    images = [_images(row, found.width) for row in found.rows]
    answers = network(np.concatenate([np.zeros((0, SIDE, SIDE), np.uint8), *images]))
    ends = np.cumsum([0, *map(len, images)]).tolist()
    said = [
        cut_from(row, answers[start : end - len(row.parts)], answers[end - len(row.parts) : end])
        for row, (start, end) in zip(found.rows, pairwise(ends), strict=True)
    ]
    rows = [
        _judged(row, own[: len(row.candidates)], answer, in_grid=found.grid is not None)
        for row, own, answer in zip(found.rows, images, said, strict=True)
    ]
    rows = rows if found.grid else _but_words(rows)
    return RulesTrace(picture, found, rows, _reading(picture, found.rows, rows))


def _images(row: Row, width: float) -> np.ndarray:
    """A row's candidates in MNIST's form, and then its divided parts: uint8, `(n, 28, 28)`."""
    pieces = [*(candidate.piece for candidate in row.candidates), *row.parts]
    return to_mnist([piece.mask for piece in pieces], width)


def _judged(row: Row, images: np.ndarray, answers: Answers, in_grid: bool) -> ReadRow:
    """A row's best path, and which candidates on it are digits: in a grid all, as a cell holds nothing else."""
    path = best_path(row, answers)
    sure = answers.confidences
    if not path or sure[path].mean() < (NONE if in_grid else SURE):
        accepted = []
    elif in_grid:
        accepted = path
    else:
        accepted = [index for index in path if sure[index] >= NONE]
    return ReadRow(images, answers, answers.probabilities.max(1) if in_grid else sure, path, accepted)


def _but_words(rows: list[ReadRow]) -> list[ReadRow]:
    """The rows, without their digits where most of the page is something else."""
    if sum(len(row.accepted) for row in rows) >= WORDS * sum(len(row.path) for row in rows):
        return rows
    return [replace(row, accepted=[]) for row in rows]


def _reading(picture: Picture, rows: list[Row], read: list[ReadRow]) -> Reading:
    """The text that the rows make, and how sure it is."""
    digits: list[Digit] = []
    texts: list[str] = []
    for row, one in zip(rows, read, strict=True):
        digits += [
            Digit(
                int(one.answers.digits[index]),
                FOUND * float(one.confidences[index]),
                len(texts),
                picture.original(row.candidates[index].piece.bounds),
                one.images[index],
                one.answers.probabilities[index],
            )
            for index in one.accepted
        ]
        if one.accepted:
            texts.append("".join(str(digit) for digit in one.answers.digits[one.accepted]))
    if digits:
        return Reading("\n".join(texts), math.prod(digit.confidence for digit in digits), tuple(digits))
    refused = [float(one.answers.confidences[one.path].mean()) for one in read if one.path]
    return Reading("", FOUND * (1 - max(refused, default=0.0) ** SELDOM), ())
