"""What comes out of a picture: its digits, and the text that they make."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
        group: which group of its row it is in, from 0; a wide gap parts groups.
    """

    digit: int
    confidence: float
    line: int
    box: tuple[int, int, int, int]
    image: NDArray[np.uint8] = field(repr=False, compare=False)
    probabilities: NDArray[np.float32] = field(repr=False, compare=False)
    group: int = 0


@dataclass(frozen=True)
class Reading:
    """What was read in a picture.

    Attributes:
        text: its digits, row by row, with line feeds between rows and no spaces; empty where there is no digit.
        confidence: 0 to 1, that the whole text is right, or that there is no digit.
        digits: each digit, in the order of the text.
        left_out: boxes of ink that was seen and is no digit, the largest first, as those of digits.
    """

    text: str
    confidence: float
    digits: tuple[Digit, ...]
    left_out: tuple[tuple[int, int, int, int], ...] = ()

    @property
    def spaced(self) -> str:
        """The text, with a space where a wide gap is in a row."""
        said, before = "", None
        for one in self.digits:
            if before is not None and before.line != one.line:
                said += "\n"
            elif before is not None and before.group != one.group:
                said += " "
            said, before = said + str(one.digit), one
        return said

    def to_dict(self) -> dict[str, Any]:
        """As `digits read --json` prints it."""
        return {
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "digits": [
                {
                    "digit": one.digit,
                    "confidence": round(one.confidence, 4),
                    "line": one.line,
                    "group": one.group,
                    "box": list(one.box),
                }
                for one in self.digits
            ],
            "left_out": [list(box) for box in self.left_out],
        }
