"""Writing to try on the page: strokes of a pen, in ways in which the project's generator writes digits and letters."""

from typing import Any

import numpy as np

from digits.synthesis import variants
from digits.synthesis.strokes import Variant

TEXTS = ("7", "42", "314159", "1969\n2026", "AX")
_SEED, _SHAKE = 7, 0.018  # of the hand, in heights of a digit
_EVERY = 3  # of the places along a character's strokes
_PEN_UP = 0.12  # heights of a digit: consecutive places of a stroke are nearer to each other
_GAP, _LINE = 0.32, 1.45  # between characters, and from row to row, in heights


def examples() -> list[dict[str, Any]]:
    """Each with its `text` and its `strokes`, lists of x and y in turn, in hundredths of a digit's height."""
    rng = np.random.default_rng(_SEED)
    return [{"text": text, "strokes": _strokes(text, rng)} for text in TEXTS]


def _strokes(text: str, rng: np.random.Generator) -> list[list[int]]:
    strokes = []
    for row, line in enumerate(text.split("\n")):
        right = 0.0
        for character in line:
            variant = _VARIANTS[character]
            points = variant.points + rng.standard_normal(variant.points.shape) * _SHAKE
            places = variant.spline @ points.astype(np.float32)
            places += [right - places[:, 0].min(), _LINE * row + rng.normal(0, 0.02)]
            right = float(places[:, 0].max()) + _GAP
            ends = np.flatnonzero(np.hypot(*np.diff(places, axis=0).T) > _PEN_UP) + 1
            for stroke in np.split(places, ends):
                kept = np.concatenate([stroke[:-1:_EVERY], stroke[-1:]])
                strokes.append(np.rint(100 * kept).astype(int).ravel().tolist())
    return strokes


def _first(character: str) -> Variant:
    return next(one for one in (*variants.DIGITS, *variants.LETTERS) if one.character == character)


_VARIANTS = {character: _first(character) for character in sorted(set("".join(TEXTS)) - {"\n"})}
