"""The kinds of pages, how often each is composed, and composing one."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from digits.datasets import Split
from digits.synthesis.grounds import WRITTEN_ON
from digits.synthesis.pages import no_digits, numbers, printed
from digits.synthesis.pages.sheet import Page, Sheet
from digits.synthesis.pages.view import seen
from digits.synthesis.writing import Writer

STYLES = {"copied": 0.37, "written": 0.43, "printed": 0.14, "plotted": 0.06}
LETTERED = {"written": 0.45, "printed": 0.35, "plotted": 0.2}  # of pages without digits
PRINTED, SEGMENTS = {"printed": 1.0}, {"segments": 1.0}


class Kind(NamedTuple):
    """A kind of page.

    Attributes:
        share: how often it is composed, beside the others.
        write: writes on a sheet.
        surface: what it is written on; None for whatever people write on.
        styles: of the writing, and how often, see `Writer`.
        things: at most so many things lie on it.
    """

    share: float
    write: Callable[[Sheet], None]
    surface: str | None = None
    styles: dict[str, float] = STYLES
    things: int = 0


KINDS = {
    "single": Kind(3.5, numbers.single),
    "drawn": Kind(4, numbers.drawn, "canvas"),
    "rows": Kind(5, numbers.rows),
    "huge": Kind(0.8, numbers.huge),
    "plate": Kind(0.8, numbers.plate),
    "column": Kind(1.2, numbers.column),
    "signs": Kind(4, numbers.signs),
    "dates": Kind(1.8, numbers.dates),
    "sums": Kind(1.5, numbers.sums),
    "underlined": Kind(1.3, numbers.underlined),
    "crossed out": Kind(1.8, numbers.crossed_out),
    "cheque": Kind(4, numbers.cheque, "cheque"),
    "amount": Kind(0.8, numbers.cheque),
    "boxes": Kind(1.4, numbers.boxes),
    "form": Kind(0.9, numbers.form),
    "scattered": Kind(0.8, numbers.scattered),
    "mixed": Kind(3.4, numbers.mixed),
    "sketched": Kind(0.8, numbers.sketched),
    "grid": Kind(2.5, printed.grid),
    "table": Kind(0.9, printed.table),
    "stamp": Kind(0.5, printed.stamp),
    "display": Kind(0.9, printed.display, "display", SEGMENTS),
    "meter": Kind(0.7, printed.meter, "meter", PRINTED),
    "screen": Kind(0.8, printed.screen, "screen", PRINTED),
    "letter": Kind(2, no_digits.letter, styles=LETTERED),
    "words": Kind(2.6, no_digits.words, styles=LETTERED),
    "text": Kind(1.1, no_digits.text, styles=LETTERED),
    "icons": Kind(1, no_digits.icons, styles=PRINTED),
    "drawing": Kind(0.9, no_digits.drawing),
    "doodles": Kind(1.2, no_digits.doodles),
    "scribbles": Kind(1.5, no_digits.scribbles),
    "things": Kind(1.3, no_digits.nothing, things=12),
    "blank": Kind(0.5, no_digits.nothing),
    "photograph": Kind(2, no_digits.nothing, "photograph", things=3),
}


def page(digits: Split, rng: np.random.Generator, side: int = 192) -> Page:
    """Compose a square picture of any kind.

    Args:
        digits: whose hands write some of the pages: MNIST's training images.
        rng: where all randomness comes from.
        side: pixels.
    """
    shares = np.array([kind.share for kind in KINDS.values()])
    return compose(list(KINDS)[rng.choice(len(KINDS), p=shares / shares.sum())], digits, rng, side)


def compose(kind: str, digits: Split, rng: np.random.Generator, side: int = 192) -> Page:
    """A picture of a kind of `KINDS`; see `page`."""
    chosen = KINDS[kind]
    sheet = Sheet(Writer(digits, rng, _one_of(chosen.styles, rng)), round(side * 1.5), rng)
    chosen.write(sheet)
    surface = chosen.surface or _one_of(WRITTEN_ON, rng)
    return seen(sheet, surface, side, int(rng.integers(chosen.things + 1)))


def _one_of(shares: dict[str, float], rng: np.random.Generator) -> str:
    return list(shares)[rng.choice(len(shares), p=np.array(list(shares.values())) / sum(shares.values()))]
