"""Fonts for names in any script: Matplotlib's own and, for letters that it lacks, others that are installed."""

import contextlib
import functools
from collections.abc import Sequence

import digits.figures  # noqa: F401  # before anything of Matplotlib's

# isort: split
import numpy as np
from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont, findSystemFonts, fontManager, get_font
from numpy.typing import NDArray


def families(text: str) -> list[str]:
    """The names of fonts, of which the first that has a letter draws it."""
    return list(_choice(text)[0])


def drawable(names: Sequence[str]) -> list[str]:
    """The names as pictures show them: one with letters that no font here has by its place in the order, as `#3`."""
    return [name if _choice(name)[1] else f"#{place}" for place, name in enumerate(names)]


@functools.cache
def _choice(text: str) -> tuple[tuple[str, ...], bool]:
    """The families, as few as may be, and whether they have all letters of the text."""
    found = list(rcParams["font.family"])
    codes = np.array(sorted({ord(letter) for letter in text if letter.isprintable() and not letter.isspace()}), int)
    missing = np.setdiff1d(codes, _codes(findfont(FontProperties())))
    while len(missing):
        family, others = max(_others(), key=lambda one: int(np.isin(missing, one[1]).sum()), default=("", missing[:0]))
        if not np.isin(missing, others).any():
            break
        found.append(family)
        missing = np.setdiff1d(missing, others)
    return tuple(found), not len(missing)


@functools.cache
def _others() -> list[tuple[str, NDArray[np.int64]]]:
    """The installed fonts, upright and of usual weight: name and the code points of their letters."""
    for path in {*findSystemFonts()} - {entry.fname for entry in fontManager.ttflist}:  # new since Matplotlib looked
        with contextlib.suppress(Exception):  # damaged, or in a format that it cannot read
            fontManager.addfont(path)
    found = {}
    for entry in sorted(fontManager.ttflist, key=lambda entry: (entry.name, entry.fname)):
        plain = entry.style == "normal" and entry.weight in (400, "normal", "regular") and entry.size == "scalable"
        if plain and entry.name not in found and not entry.name.startswith("Last Resort"):  # which draws boxes
            with contextlib.suppress(Exception):
                found[entry.name] = _codes(entry.fname)
    return list(found.items())


@functools.cache
def _codes(path: str) -> NDArray[np.int64]:
    """The code points for which the font in a file has something to draw, sorted."""
    return np.array(sorted(get_font(path).get_charmap()), int)
