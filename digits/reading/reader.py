"""The digits in a picture: the finder's boxes, what the reader says of each, and the text that they make."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.datasets import Split
from digits.errors import DigitsError
from digits.reading.confidence import (
    MOST,
    Weights,
    are_digits,
    doubts,
    evidence,
    fitted,
    of_none,
    of_text,
    which_digits,
)
from digits.reading.crops import cut_out
from digits.reading.finder import SIZES, Finder, Found
from digits.reading.hand import Hand, read_hand
from digits.reading.left_out import alone, left_out
from digits.reading.network import Network, Predictions
from digits.reading.peaks import distinct
from digits.reading.picture import Picture, Source, open_pages, open_picture
from digits.reading.reading import Digit, Reading
from digits.reading.rows import in_groups, in_rows

SURE = 0.5  # a box that is less likely than this one digit is none
CLEAR = 0.85  # mean confidence of digits that stand upright, at least
LEFT = 0.2  # times as many patches of ink as digits are left out: they may stand otherwise
TURNED = 1.3  # times as much is read in a turned picture, or it stays as it is
FEW = 4  # digits, at least: fewer are read as they stand, as a 6 on its head is a 9
GLANCE = SIZES[:6]  # at which a turned picture is looked at
SHIPPED = Path(__file__).with_name("reader.onnx")  # the recipe `reader`, as `make reader` trained it


@dataclass(frozen=True, eq=False)
class Seen:
    """What both networks say of a picture.

    Attributes:
        found: what the finder says.
        images: uint8, `(n, 28, 28)`: each of its boxes in MNIST's form.
        predictions: what the reader says of them.
        likely: `(n,)`: that each box is one digit, of what both say.
        which: float32, `(n, 10)`: the probability of each digit, if the box is one.
        rows: the boxes that are read, by index, row by row.
        refused: the boxes that are not, by index, but for those that show what another does.
    """

    found: Found
    images: NDArray[np.uint8]
    predictions: Predictions
    likely: NDArray[np.floating]
    which: NDArray[np.float32]
    rows: list[list[int]]
    refused: NDArray[np.int64]

    @property
    def read(self) -> NDArray[np.int64]:
        """The indices of the boxes that are read, in the order of the text."""
        return np.array([index for row in self.rows for index in row], np.int64)

    @property
    def sure(self) -> NDArray[np.floating]:
        """`(k,)`: that each of these is a digit, and the one that is read."""
        return (self.likely * self.which.max(1))[self.read]

    @property
    def text(self) -> str:
        """Row by row, with line feeds between rows."""
        return "\n".join("".join(map(str, self.which[row].argmax(1))) for row in self.rows)


@dataclass(frozen=True, eq=False)
class Trace:
    """A reading with all that led to it.

    Attributes:
        picture: that was read.
        turns: quarter turns to the left after which the digits in it stand upright.
        seen: what the networks say of the picture after these.
        reading: what was read.
    """

    picture: Picture
    turns: int
    seen: Seen
    reading: Reading

    def to_dict(self) -> dict[str, Any]:
        """As `Reading.to_dict`, with the `page`, from 1, where a file has several."""
        page = {"page": self.picture.page} if self.picture.pages > 1 else {}
        return {**page, **self.reading.to_dict()}


class Reader:
    """Reads digits in pictures, with a model that is loaded once.

    Args:
        model: an exported model, as `digits export` writes it; by default the one that comes with the package.
        hand: your own digits, which vote with the networks: a folder of `CLASS/*.png`, classes 0 to 9 and nothing,
            or what `read_hand` makes of it.

    Raises:
        DigitsError: the model is missing, damaged, or it was trained on something else than the ten digits; or see
            `read_hand`.
    """

    def __init__(self, model: str | Path | None = None, hand: str | Path | Split | None = None):
        path = Path(model or SHIPPED)
        self.network = Network(path)
        self.finder = Finder()
        own = read_hand(Path(hand)) if isinstance(hand, str | Path) else hand
        self.hand = Hand(own, path) if own else None

    def read(self, image: Source, name: str = "the image") -> Reading:
        """The digits in a picture.

        Args:
            image: the path or the bytes of a file (PNG, JPEG, BMP, GIF, TIFF, WebP, AVIF; HEIC with its extra), a PIL
                image, or an array: uint8, `(height, width)` or `(height, width, 3 or 4)`, red first.
            name: what the picture is called in an error, where it has no path.

        Raises:
            DigitsError: it is no picture, has more than 50 megapixels, or holds several, which `read_pages` reads.
        """
        return self.trace(image, name).reading

    def read_pages(self, image: Source, name: str = "the image") -> list[Reading]:
        """As `read`, each page of a file that holds several, or each frame of an animation, by itself."""
        return [trace.reading for trace in self.traces(image, name)]

    def trace(self, image: Source, name: str = "the image", page: int | None = None) -> Trace:
        """As `read`, with all steps on the way; or of this page, from 1, of a file that holds several.

        Raises:
            DigitsError: see `read`; or there is no such page.
        """
        if page is None:
            return self._trace(open_picture(image, name))
        for picture in islice(open_pages(image, name), page - 1, None):
            return self._trace(picture)
        raise DigitsError(f"{name} has no page {page:,}")

    def traces(self, image: Source, name: str = "the image") -> Iterator[Trace]:
        """As `read_pages`, with all steps on the way; a page is read when it is asked for."""
        return map(self._trace, open_pages(image, name))

    def _trace(self, picture: Picture) -> Trace:
        seen = self._look(picture.pixels, picture.scale)
        left = left_out(picture.pixels, seen.found.boxes[seen.read])
        turns = self._turns(picture.pixels, seen, len(left))
        if turns:
            turned = _turned(picture.pixels, turns)
            seen = self._look(turned, picture.scale)
            left = left_out(turned, seen.found.boxes[seen.read])
        return Trace(picture, turns, seen, _reading(picture, turns, seen, left))

    def _turns(self, pixels: NDArray[np.uint8], seen: Seen, left: int) -> int:
        """How many quarter turns to the left set a picture upright: 0, but where a turned one says clearly more."""
        if not _may_stand_otherwise(seen, left):
            return 0
        turned = {turns: judged(*self.ask(_turned(pixels, turns), GLANCE), fitted(), self.hand) for turns in (1, 2, 3)}
        best = max(turned, key=lambda turns: _says(turned[turns]))
        other = turned[best]
        is_clear = len(other.read) >= FEW and other.sure.mean() > CLEAR and _says(other) > TURNED * _says(seen)
        return best if is_clear else 0

    def _look(self, pixels: NDArray[np.uint8], scale: float) -> Seen:
        """What is seen in a picture; a pixel of it is `scale` of the original's."""
        seen = judged(*self.ask(pixels), fitted(), self.hand)
        if len(seen.read) < 2 and (box := alone(pixels, scale)) is not None:
            return self._lone(pixels, box, seen)
        return seen

    def _lone(self, pixels: NDArray[np.uint8], box: NDArray[np.int64], seen: Seen) -> Seen:
        """What the reader says of the one thing in a picture, if it calls that a digit; otherwise what was `seen`."""
        images = cut_out(pixels, box[np.newaxis])
        predictions = self.network(images)
        likely, which = _voted(self.hand, images, 1 - predictions.doubts, predictions.probabilities)
        if likely[0] <= SURE:
            return seen
        scores = likely.astype(np.float32)
        found = Found(box[np.newaxis].astype(np.float32), scores, scores, which, seen.found.heat)
        return Seen(found, images, predictions, likely, which, [[0]], np.zeros(0, np.int64))

    def ask(
        self, pixels: NDArray[np.uint8], sizes: Sequence[int] = SIZES
    ) -> tuple[Found, NDArray[np.uint8], Predictions]:
        """What both networks say of a picture, uint8, `(height, width, 3)`.

        Returns:
            What the finder says; its boxes in MNIST's form, uint8, `(n, 28, 28)`; the reader's predictions about them.
        """
        found = self.finder(pixels, sizes)
        images = cut_out(pixels, found.boxes)
        return found, images, self.network(images)


def judged(
    found: Found, images: NDArray[np.uint8], predictions: Predictions, weights: Weights, hand: Hand | None = None
) -> Seen:
    """What is read of what both networks say, weighed, and of the votes of a hand."""
    one = are_digits(evidence(found.scores, found.means, predictions), weights)
    likely, which = _voted(hand, images, one, which_digits(found.probabilities, predictions, weights))
    apart = distinct(found.boxes, likely)
    read, refused = apart[likely[apart] > SURE], apart[likely[apart] <= SURE]
    rows = [read[row].tolist() for row in in_rows(found.boxes[read])]
    return Seen(found, images, predictions, likely, which, rows, refused)


def _voted(
    hand: Hand | None, images: NDArray[np.uint8], likely: NDArray[np.floating], which: NDArray[np.float32]
) -> tuple[NDArray[np.floating], NDArray[np.float32]]:
    """How likely each image is one digit, `(n,)`, and which, `(n, 10)`, with the votes of a hand."""
    if hand is None or not len(images):
        return likely, which
    voted = hand.vote(images, np.column_stack([likely[:, np.newaxis] * which, 1 - likely]))
    digits = voted[:, :-1].sum(1)
    return digits, (voted[:, :-1] / digits[:, np.newaxis]).astype(np.float32)


def _says(seen: Seen) -> float:
    """How much is read: the digits' probabilities together."""
    return float(seen.sure.sum())


def _may_stand_otherwise(seen: Seen, left: int) -> bool:
    """Whether a picture may lie on its side or its head: what is read is doubtful, or much ink is `left` out."""
    doubtful = bool(seen.rows) and bool(seen.sure.mean() < CLEAR)
    return len(seen.read) + left >= FEW and (doubtful or left > LEFT * len(seen.read))


def _turned(pixels: NDArray[np.uint8], turns: int) -> NDArray[np.uint8]:
    """A picture after so many quarter turns to the left."""
    return np.ascontiguousarray(np.rot90(pixels, turns))


def _reading(picture: Picture, turns: int, seen: Seen, left: NDArray[np.int64]) -> Reading:
    """The text that is read, how sure it is, and what is left out."""
    boxes = seen.found.boxes
    digits = []
    for line, row in enumerate(seen.rows):
        for index, group in zip(row, in_groups(boxes[row]), strict=True):
            digit = int(seen.which[index].argmax())
            sure = MOST * float(seen.likely[index] * seen.which[index, digit])
            box = _original(picture, boxes[index], turns)
            digits.append(Digit(digit, sure, line, box, seen.images[index], seen.which[index], group))
    against = doubts(seen.sure, seen.likely[seen.refused], len(left))
    return Reading(
        seen.text,
        of_text(against, fitted()) if digits else of_none(against, fitted()),
        tuple(digits),
        tuple(_original(picture, box, turns) for box in left),
    )


def _original(picture: Picture, box: NDArray[np.floating | np.integer], turns: int) -> tuple[int, int, int, int]:
    """A box in the turned picture as one in the upright original, within it."""
    left, top, wide, high = map(float, box)
    for turn in reversed(range(turns)):
        across = picture.pixels.shape[turn % 2 == 0]  # the width before this turn
        left, top, wide, high = across - top - high, left, high, wide
    height, width = picture.pixels.shape[:2]
    right, bottom = min(left + wide, width), min(top + high, height)
    left, top = max(0.0, min(left, width - 1.0)), max(0.0, min(top, height - 1.0))
    return picture.original((left, top, right - left, bottom - top))


def read(image: Source, model: str | Path | None = None) -> Reading:
    """The digits in a picture; see `Reader`, whose model stays loaded from one call to the next."""
    return _reader(model).read(image)


_reader = cache(Reader)
