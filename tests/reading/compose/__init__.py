"""Pictures whose truth is known: digits of MNIST's test set, Hershey's letters, drawn things, on drawn paper.

What trains a network comes from elsewhere: MNIST's training digits, the project's own strokes and Matplotlib's faces.
"""

from tests.reading.compose.paper import (
    BLACK,
    BLUE,
    LIGHT_BLUE,
    PENCIL,
    RED,
    Paper,
    any_paper,
    jpeg,
    photographed,
)
from tests.reading.compose.pictures import DIGITS, GRIDS, NO_DIGIT, Composed, composed
from tests.reading.compose.writing import Layout, Writer, ink_of

__all__ = [
    "BLACK",
    "BLUE",
    "DIGITS",
    "GRIDS",
    "LIGHT_BLUE",
    "NO_DIGIT",
    "PENCIL",
    "RED",
    "Composed",
    "Layout",
    "Paper",
    "Writer",
    "any_paper",
    "composed",
    "ink_of",
    "jpeg",
    "photographed",
]
