"""A review: which picture is asked next, what is shown of it, and what a person's answer means."""

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import cv2

from digits.batch import source_of
from digits.errors import DigitsError
from digits.evaluation.metrics import accuracy_of
from digits.processes import first_line
from digits.reading import Reader, Reading
from digits.reading.draw import DOUBTFUL
from digits.reading.hand import CLASSES, NOTHING
from digits.reading.picture import Picture
from digits.review.readings import TEXT, Readings, Row
from digits.review.store import Sample, Store, Verdict

MOST_SHOWN = 1600  # pixels of a picture's longer side, as the browser gets it
_NEAR = 4  # pictures that are kept read: the one that is shown, the next, and those before


class Seen(NamedTuple):
    """A picture read again."""

    picture: Picture
    reading: Reading


class Review:
    """Pictures to be judged one after another.

    Args:
        readings: what was read.
        store: where verdicts go.
        reader: that reads as the readings were made.
        sample: the pictures to judge, whose verdicts tell the accuracy; None for all, the least sure first.
    """

    def __init__(self, readings: Readings, store: Store, reader: Reader, sample: Sample | None = None):
        self.readings, self.store, self.reader = readings, store, reader
        self.is_sample = sample is not None
        least_sure = sorted(readings.rows, key=lambda row: row.confidence)
        self.asked = [readings.rows[place] for place in sample.places] if sample else least_sure
        self.queue = [row for row in self.asked if not self.verdict(row)]
        self.place = 0  # in the queue
        self.passed: list[Verdict | None] = []  # what was said of each before that; None where it was skipped
        self._look = lru_cache(_NEAR)(self._looked)

    @property
    def outdated(self) -> int:
        """How many verdicts no longer hold: their pictures were read otherwise since, or are not in the table."""
        current = {row.key: row.digest for row in self.readings.rows}
        return sum(current.get(one.key) != one.digest for one in self.store.verdicts.values())

    @property
    def done(self) -> int:
        """How many of those that are asked were judged."""
        return len(self.asked) - len(self.queue) + len(self.passed) - self.passed.count(None)

    def state(self) -> dict[str, Any]:
        """What the page shows: how far it has come, and the picture that is asked, if one is left.

        Its keys: `sampled`, `done`, `total`, `skipped`, `failed` (that could not be read), `accuracy` in words or null,
        `place`, and of the picture `name` with `problem`, or with what `_described` says.
        """
        state = {
            "sampled": self.is_sample,
            "done": self.done,
            "total": len(self.asked),
            "skipped": self.passed.count(None),
            "failed": self.readings.failed,
            "accuracy": self.accuracy(),
            "place": self.place if self.place < len(self.queue) else None,
        }
        if state["place"] is None:
            return state
        row = self.queue[self.place]
        try:
            return {**state, "name": row.key.name, **_described(self._look(row), row)}
        except DigitsError as error:
            return {**state, "name": row.key.name, "problem": str(error)}

    def look_ahead(self) -> None:
        """Read the next picture, so that it is there when it is asked."""
        if self.place + 1 < len(self.queue):
            try:
                self._look(self.queue[self.place + 1])
            except DigitsError:
                return  # it is said when the picture is shown

    def judge(self, place: int, corrected: Mapping[int, str], typed: str | None) -> None:
        """Keep what a person says of the picture that is asked, and go on.

        Args:
            place: of the picture; another than is asked was answered in another window.
            corrected: classes of digits that are others than were read, by their places in the text.
            typed: the right text as a whole, where correcting digits does not make it.

        Raises:
            DigitsError: it is no answer, or cannot be kept.
        """
        row = self._asked(place)
        reading = self._look(row).reading
        corrected = {one: label for one, label in corrected.items() if _is_another(reading, one, label)}
        text = _right_text(reading, corrected) if typed is None else _typed(typed)
        verdict = Verdict(row.key, row.digest, text, corrected, self.is_sample)
        self.store.add(verdict, [digit.image for digit in reading.digits])
        self.passed.append(verdict)
        self.place += 1

    def skip(self, place: int) -> None:
        """Go on without an answer; the picture is asked again when the review is opened again.

        Raises:
            DigitsError: another picture is asked.
        """
        self._asked(place)
        self.passed.append(None)
        self.place += 1

    def undo(self) -> None:
        """Go back to the picture before, and take back what was said of it; at the first one, nothing.

        Raises:
            DigitsError: that cannot be written.
        """
        if not self.passed:
            return
        if verdict := self.passed[-1]:
            images = [digit.image for digit in self._look(self.queue[self.place - 1]).reading.digits]
            self.store.take_back(verdict, images)
        self.passed.pop()
        self.place -= 1

    def verdict(self, row: Row) -> Verdict | None:
        """What was said of a row: of the sample's, only as one of them."""
        said = self.store.of(row, sampled=True)
        return said if self.is_sample else said or self.store.of(row, sampled=False)

    def accuracy(self) -> str | None:
        """How many texts of the sample are right, in words; None before one was judged, or without a sample."""
        if not self.is_sample:
            return None
        judged = [(row, verdict) for row in self.asked if (verdict := self.verdict(row))]
        if not judged:
            return None
        right = sum(verdict.text == row.text for row, verdict in judged)
        rest = len(self.asked) - len(judged)
        missing = f"; {rest:,} of the sample not judged yet" if rest else ""
        return f"{right:,} of {len(judged):,} right: {accuracy_of(right, len(judged))}{missing}"

    def _asked(self, place: int) -> Row:
        if place != self.place or place >= len(self.queue):
            raise DigitsError("This picture was answered in another window. Load the page again")
        return self.queue[place]

    def _looked(self, row: Row) -> Seen:
        """A picture, read again.

        Raises:
            DigitsError: it cannot be read, or is read otherwise than in the table.
        """
        key = row.key
        try:
            trace = self.reader.trace(source_of(key.source, key.row), key.name, key.page)
        except DigitsError:
            raise
        except Exception as error:  # of many pictures one may show a mistake of ours
            what = f"{type(error).__name__}: {first_line(error)}"
            raise DigitsError(f"{key.name} cannot be read ({what})") from error
        if trace.reading.text != row.text:
            said = [text.replace("\n", " / ") or "no digit" for text in (trace.reading.text, row.text)]
            why = "It has changed, or it was read otherwise (--model, --hand)"
            raise DigitsError(f"{key.name} is read as {said[0]}, and stands in the table as {said[1]}. {why}")
        return Seen(trace.picture, trace.reading)


def _described(seen: Seen, row: Row) -> dict[str, Any]:
    """A picture for the page: `image`, which is an address; `size` of the original; what was read, and how sure."""
    pixels = seen.picture.pixels
    share = min(1.0, MOST_SHOWN / max(pixels.shape))
    small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1 else pixels
    jpeg = cv2.imencode(".jpg", small[:, :, ::-1])[1].tobytes()
    said = seen.reading.to_dict()
    digits = [{**one, "doubtful": one["confidence"] < DOUBTFUL} for one in said["digits"]]
    image = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
    return {
        "image": image,
        "size": seen.picture.size,
        "confidence": row.confidence,
        "digits": digits,
        "left_out": said["left_out"],
    }


def _is_another(reading: Reading, place: int, label: str) -> bool:
    """Whether this class is another than was read in this place of the text.

    Raises:
        DigitsError: there is no such class, or no such place.
    """
    if label not in CLASSES:
        raise DigitsError(f"there is no class {label!r}; allowed: {', '.join(CLASSES)}")
    if not 0 <= place < len(reading.digits):
        raise DigitsError(f"there is no digit {place}; allowed: from 0, below {len(reading.digits)}")
    return label != str(reading.digits[place].digit)


def _right_text(reading: Reading, corrected: Mapping[int, str]) -> str:
    """The text with corrections in it; rows that have no digit left are none."""
    lines: dict[int, str] = {}
    for place, digit in enumerate(reading.digits):
        label = corrected.get(place, str(digit.digit))
        lines[digit.line] = lines.get(digit.line, "") + ("" if label == NOTHING else label)
    return "\n".join(filter(None, lines.values()))


def _typed(text: str) -> str:
    """A text as somebody typed it, in the form of what is read.

    Raises:
        DigitsError: it is something else than digits.
    """
    lines = ("".join(line.split()) for line in text.split("\n"))
    joined = "\n".join(filter(None, lines))
    if not TEXT.fullmatch(joined):
        raise DigitsError("The text holds something else than digits; allowed: 0 to 9, a line a row")
    return joined
