"""What a person said of readings, beside them: a file to which a line is added a picture, and digits to learn from.

Whatever ends the process, what was said before is there, and the next one goes on with what is missing.
"""

import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digits.datasets import shown
from digits.errors import DigitsError
from digits.files import locked, sha256, write_together
from digits.reading.hand import CLASSES
from digits.review.readings import TEXT, Key, Readings, Row, lines_of


class Verdict(NamedTuple):
    """What was said of a picture.

    Attributes:
        key: which picture.
        digest: of the reading that was judged.
        text: that is right.
        corrected: the class, of `CLASSES`, of each digit that is another than was read, by its place in the text.
        sampled: whether it was asked as one of the sample.
    """

    key: Key
    digest: str
    text: str
    corrected: dict[int, str]
    sampled: bool


class Sample(NamedTuple):
    """Pictures drawn at random.

    Attributes:
        places: of their rows in the table, in the order in which they are shown, which is random, too.
        seed: by which they were drawn.
        digest: of the readings that they were drawn from.
    """

    places: tuple[int, ...]
    seed: int
    digest: str


@contextmanager
def opened(table: Path) -> Iterator["Store"]:
    """The review of `table`, which nobody else writes meanwhile.

    Raises:
        DigitsError: somebody does, or see `Store`.
        OSError: its folder cannot be written.
    """
    busy = f"another digits review of {shown(table)} is at work. End that one first"
    with locked(Path(f"{table}.review.lock"), busy):
        yield Store(table)


class Store:
    """What was said of the readings in `table`.

    Attributes:
        path: of its file.
        corrections: the folder of digits that were corrected, `CLASS/*.png`, as `digits learn` takes it.
        verdicts: the last of each picture, those of a sample apart.
        sample: if one was drawn.

    Raises:
        DigitsError: the file is damaged.
    """

    def __init__(self, table: Path):
        self.path = Path(f"{table}.review.jsonl")
        self.corrections = Path(f"{table}.corrections")
        self.verdicts: dict[tuple[Key, bool], Verdict] = {}
        self.sample: Sample | None = None
        if self.path.exists():
            self._load()

    def of(self, row: Row, *, sampled: bool) -> Verdict | None:
        """The verdict on a row, if there is one and the row is still the same."""
        verdict = self.verdicts.get((row.key, sampled))
        return verdict if verdict and verdict.digest == row.digest else None

    def add(self, verdict: Verdict, images: Sequence[NDArray[np.uint8]]) -> None:
        """Keep a verdict, with the digits that it corrects, or nothing.

        Args:
            images: of the digits that were read, uint8, `(28, 28)`, as the reader saw them.

        Raises:
            DigitsError: it cannot be written.
        """
        said = {"reading": verdict.digest, "text": verdict.text, "corrected": verdict.corrected}
        self._note(verdict, said, verdict, images)
        self.verdicts.pop((verdict.key, verdict.sampled), None)  # so that it becomes the last
        self.verdicts[verdict.key, verdict.sampled] = verdict
        self._drop_images(verdict.key, verdict)

    def take_back(self, verdict: Verdict, images: Sequence[NDArray[np.uint8]]) -> None:
        """Forget a verdict, and the digits that it corrects.

        Raises:
            DigitsError: that cannot be written.
        """
        other = self.verdicts.get((verdict.key, not verdict.sampled))
        stays = other if other and other.digest == verdict.digest else None
        self._note(verdict, {"taken_back": True}, stays, images)
        del self.verdicts[verdict.key, verdict.sampled]
        self._drop_images(verdict.key, stays)

    def draw(self, readings: Readings, count: int, seed: int) -> Sample:
        """The sample of `count` pictures: the one that was drawn before, or a new one.

        Raises:
            DigitsError: another was drawn before, there are too few pictures, or it cannot be written.
        """
        known = self.sample
        if known is None:
            if not 0 < count <= len(readings.rows):
                raise DigitsError(f"--random {count} of {len(readings.rows):,} pictures; allowed: 1 to all of them")
            places = np.random.default_rng(seed).permutation(len(readings.rows))[:count].tolist()
            known = Sample(tuple(places), seed, readings.digest)
            try:
                self._append({"sample": known.places, "seed": seed, "readings": known.digest})
            except OSError as error:
                raise self._not_written(error) from error
            self.sample = known
        elsewhere = f"Move {shown(self.path)} away to begin anew"
        if known.digest != readings.digest or not set(known.places) <= set(range(len(readings.rows))):
            raise DigitsError(f"the sample in {shown(self.path)} was drawn from other readings. {elsewhere}")
        if (len(known.places), known.seed) != (count, seed):
            was = f"--random {len(known.places)} --seed {known.seed}"
            raise DigitsError(f"{shown(self.path)} has a sample of {was}. Go on with that. {elsewhere}")
        return known

    def _note(
        self, about: Verdict, said: dict[str, Any], stays: Verdict | None, images: Sequence[NDArray[np.uint8]]
    ) -> None:
        """Write the digits that the verdict which `stays` corrects, and add a line on what was said; or do neither.

        Raises:
            DigitsError: it cannot be written.
        """
        key = {name: value for name, value in about.key._asdict().items() if value is not None}
        made = []
        try:
            for path, place in self._paths(about.key, stays).items():
                if place < len(images) and not path.exists():
                    write_together(path.parent, {path.name: _as_png(images[place])})
                    made.append(path)
            self._append({**key, **said, "sampled": about.sampled})
        except OSError as error:
            for path in made:
                path.unlink()
            raise self._not_written(error) from error

    def _drop_images(self, key: Key, verdict: Verdict | None) -> None:
        """Have no digits of this picture among the corrections but those that a verdict corrects."""
        stay = self._paths(key, verdict)
        for path in self.corrections.glob(f"*/{_name(key)}-*.png"):
            if path not in stay:
                path.unlink(missing_ok=True)

    def _paths(self, key: Key, verdict: Verdict | None) -> dict[Path, int]:
        """Where the digits that a verdict corrects lie, and their places in the text."""
        corrected = verdict.corrected if verdict else {}
        digest = f"-{verdict.digest}" if verdict else ""
        return {
            self.corrections / label / f"{_name(key)}{digest}-{place}.png": place for place, label in corrected.items()
        }

    def _append(self, what: dict[str, Any]) -> None:
        """Add a line, or nothing.

        Raises:
            OSError: it cannot be written.
        """
        line = json.dumps({**what, "time": datetime.now(UTC).isoformat(timespec="seconds")}).encode() + b"\n"
        with self.path.open("ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            try:
                while line:
                    line = line[file.write(line) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(before)
                raise

    def _not_written(self, error: OSError) -> DigitsError:
        return DigitsError(
            f"{shown(error.filename or self.path)} cannot be written: {error.strerror}. Nothing was kept"
        )

    def _load(self) -> None:
        """Take in what was said before; half a line, as a power cut leaves it, goes.

        Raises:
            DigitsError: a line is none of ours.
        """
        number, whole = 0, 0
        with self.path.open("r+b") as file:
            try:
                for number, line in enumerate(lines_of(file), 1):
                    if not line.endswith(b"\n"):
                        print(
                            f"note: {shown(self.path)}: line {number:,} was cut off, and is left out", file=sys.stderr
                        )
                        file.truncate(whole)
                        return
                    self._take(json.loads(line))
                    whole += len(line)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                reason = " ".join(str(error).split())[:200]
                instead = "Mend or delete that line, or move the file away"
                raise DigitsError(f"{shown(self.path)}, line {number:,} is no verdict ({reason}). {instead}") from error

    def _take(self, line: dict[str, Any]) -> None:
        """Take in what a line says.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: it is none of ours.
        """
        if "sample" in line:
            places = tuple(map(int, line["sample"]))
            self.sample = Sample(places, int(line["seed"]), str(line["readings"]))
            return
        key, sampled = Key(str(line["source"]), line.get("row"), line.get("page")), bool(line["sampled"])
        before = self.verdicts.pop((key, sampled), None)
        if line.get("taken_back"):
            if not before:
                raise ValueError("what is taken back was not said")
            return
        corrected = {int(place): str(label) for place, label in line["corrected"].items()}
        if strange := set(corrected.values()) - set(CLASSES):
            raise ValueError(f"the class {min(strange)!r}")
        if not TEXT.fullmatch(line["text"]):
            raise ValueError("text is no rows of digits")
        self.verdicts[key, sampled] = Verdict(key, str(line["reading"]), line["text"], corrected, sampled)


def _name(key: Key) -> str:
    """What a picture is called where it is one file among others: what a path may hold, a name may not."""
    return sha256(json.dumps(key).encode())[:16]


def _as_png(image: NDArray[np.uint8]) -> bytes:
    data = io.BytesIO()
    Image.fromarray(image).save(data, "PNG")
    return data.getvalue()
