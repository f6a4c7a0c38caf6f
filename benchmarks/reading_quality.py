"""Measure how well `digits read` reads: composed pictures, images in MNIST's form, and labelled pictures of yours.

Composed pictures come from the tests: MNIST's test digits and printed ones on drawn paper, in rows and in grids, and
pictures without a digit. As they are means: every digit and every row is right, and nothing else is read; of a grid,
each of its rows counts by itself, and each row that is read beyond them counts as a wrong one. Intervals are Wilson's.

Calibration errors are expected ones (Guo et al. 2017), in 15 bins of equal width. A single digit is right where it
stands in its place of the text; what is read where there is none is wrong. A text is right if all of it is, and where
there is no digit, if nothing is read.
"""

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from digits.commands.tables import table
from digits.datasets import Split, download_dataset, load_dataset
from digits.evaluation.metrics import Calibration, accuracy_of, calibration, calibration_of
from digits.evaluation.plots import png, reliabilities
from digits.files import write_together
from digits.reading import Reader, Reading
from digits.reading.draw import explain
from digits.reading.network import Network
from digits.synthesis.printed import to_form

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' composed pictures
from tests.reading.compose import DIGITS, GRIDS, NO_DIGIT, composed

FIGURE = Path("docs/reading-reliability.png")
AS_PICTURES = 2000  # of each set
COLUMNS = ("pictures", "read as they are", "share", "95% interval")


@dataclass(frozen=True)
class Labelled:
    """A picture whose truth is known.

    Attributes:
        name: of the picture.
        kind: what it shows.
        source: where it is from.
        text: its digits, rows parted by a line feed; empty where there is none.
        by_rows: whether each row counts by itself, as in a grid.
        image: a file, or its bytes.
    """

    name: str
    kind: str
    source: str
    text: str
    by_rows: bool
    image: Path | bytes


@dataclass(frozen=True)
class Answer:
    """What was read in a picture."""

    picture: Labelled
    reading: Reading

    @property
    def score(self) -> tuple[int, int]:
        """How much was read as it is, of how much: 0 or 1 of 1, or rows of a grid."""
        wanted, read = self.picture.text, self.reading.text
        if not self.picture.by_rows:
            return int(read == wanted), 1
        return sum(_matches(wanted.split("\n"), read.split("\n"))), max(wanted.count("\n"), read.count("\n")) + 1

    @property
    def digits(self) -> list[tuple[float, bool]]:
        """The confidence of each digit that was read, and whether it is right."""
        right = _matches(self.picture.text, self.reading.text)
        places = (place for place, character in enumerate(self.reading.text) if character != "\n")
        return [(one.confidence, right[place]) for one, place in zip(self.reading.digits, places, strict=True)]


def _matches(wanted: Sequence[str], read: Sequence[str]) -> list[bool]:
    """Of each part of what was read, whether it is also in what was wanted, in the same order."""
    right = [False] * len(read)
    for block in SequenceMatcher(None, wanted, read, autojunk=False).get_matching_blocks():
        right[block.b : block.b + block.size] = [True] * block.size
    return right


def composed_pictures(test: Split, count: int, seed: int) -> Iterator[Labelled]:
    """So many composed pictures of each kind."""
    for kind in (*DIGITS, *GRIDS, *NO_DIGIT):
        for number in range(count):
            one = composed(kind, number, test, seed)
            yield Labelled(f"{kind} {number}", kind, "composed", one.text, kind in GRIDS, one.data)


def labelled_pictures(folder: Path) -> Iterator[Labelled]:
    """The pictures that labels.csv in a folder names, in its sub-folder images."""
    with (folder / "labels.csv").open(newline="") as file:
        for line in csv.DictReader(file):
            text = "" if line["label"] == "none" else line["label"].replace("/", "\n")
            by_rows = line["kind"] == "grid" and "\n" in text
            image = folder / "images" / line["file"]
            yield Labelled(line["file"], _what(text, line["kind"]), line["source"], text, by_rows, image)


def _what(text: str, kind: str) -> str:
    """What a labelled picture holds."""
    if not text:
        return "no digit"
    return f"{kind}, {'one digit' if len(text) == 1 else 'several'}"


def answer(reader: Reader, picture: Labelled, wrong: Path | None) -> Answer:
    """What is read in a picture; if that is wrong and a folder for it is given, a picture of the steps goes there."""
    trace = reader.trace(picture.image)
    found = Answer(picture, trace.reading)
    if wrong and found.score[0] < found.score[1]:
        write_together(wrong, {f"{picture.name}.png": explain(trace)})
    return found


def scores(answers: Iterable[Answer]) -> list[str]:
    """Cells of a table: how many pictures, how much of it was read as it is, of how much, and the interval."""
    pairs = [answer.score for answer in answers]
    right, count = (sum(column) for column in zip(*pairs, strict=True))
    share = accuracy_of(right, count)
    return [f"{len(pairs):,}", f"{right:,} of {count:,}", f"{share.value:.1%}", share.interval]


def by(answers: Sequence[Answer], what: str) -> list[list[str]]:
    """Rows of a table, one for each kind or source."""
    groups: dict[str, list[Answer]] = {}
    for one in answers:
        groups.setdefault(getattr(one.picture, what), []).append(one)
    return [[name, *scores(group)] for name, group in groups.items()]


def calibrations(name: str, answers: Sequence[Answer]) -> dict[str, Calibration]:
    """How far single digits' and whole texts' confidences can be taken at their word."""
    digits = [pair for one in answers for pair in one.digits]
    texts = [(one.reading.confidence, one.reading.text == one.picture.text) for one in answers]
    return {
        f"{what}, {name}": calibration_of(*map(np.array, zip(*pairs, strict=True)))
        for what, pairs in (("single digits", digits), ("whole texts", texts))
        if pairs
    }


def of_images(network: Network, test: Split, fashion: Split) -> list[list[str]]:
    """Rows of a table: accuracy on images that need not be found first, and what of them is taken for no digit."""
    found = load_digits()
    images = np.stack([to_form(np.rint(image * (255 / 16)).astype(np.uint8)) for image in found.images])
    answers, small, clothes = network(test.images), network(images), network(fashion.images)
    shares = {
        "MNIST's test set: right": answers.digits == test.labels,
        "scikit-learn's digits, 8 × 8 pixels: right": small.digits == found.target,
        "MNIST's test set: doubt above one half": answers.doubts > 0.5,
        "scikit-learn's digits: likewise": small.doubts > 0.5,
        "Fashion-MNIST's test set: likewise": clothes.doubts > 0.5,
        "Fashion-MNIST's: more doubt than 99% of MNIST's": clothes.doubts > np.quantile(answers.doubts, 0.99),
    }
    rows = [[name, f"{len(which):,}", accuracy_of(int(which.sum()), len(which))] for name, which in shares.items()]
    error = calibration(test.labels, answers.probabilities).error
    return [[name, count, f"{share.value:.2%}", share.interval] for name, count, share in rows] + [
        ["MNIST's test set: expected calibration error", f"{len(test):,}", f"{error:.2%}", ""]
    ]


def as_pictures(reader: Reader, test: Split, fashion: Split) -> list[list[str]]:
    """Rows of a table: how images of one centred digit, or of clothes, are read as pictures."""
    small = load_digits()
    sets = {
        "scikit-learn's digits, 8 × 8 pixels": (np.rint(small.images * (255 / 16)).astype(np.uint8), small.target),
        "MNIST's test set, 28 × 28": (test.images[:AS_PICTURES], test.labels),
        "MNIST's test set, 280 × 280": (test.images[:AS_PICTURES], test.labels),
        "Fashion-MNIST's test set: nothing read": (fashion.images[:AS_PICTURES], None),
    }
    rows = []
    for name, (images, labels) in sets.items():
        large = 10 if "280" in name else 1
        texts = [reader.read(image.repeat(large, 0).repeat(large, 1)).text for image in images]
        right = sum(text == ("" if labels is None else str(labels[index])) for index, text in enumerate(texts))
        share = accuracy_of(right, len(images))
        rows.append([name, f"{len(images):,}", f"{share.value:.2%}", share.interval])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="an .onnx model (default: as `digits read`)")
    parser.add_argument("--count", type=int, default=60, help="composed pictures of each kind (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="other ones compose other pictures (default: %(default)s)")
    parser.add_argument("--labelled", type=Path, metavar="DIR", help="labels.csv (file,label,kind,source) and images/")
    parser.add_argument("--figure", type=Path, default=FIGURE, help="the reliability diagram (default: %(default)s)")
    parser.add_argument("--wrong", type=Path, metavar="DIR", help="write here the steps of pictures that were misread")
    parser.add_argument("--data-dir", type=Path, default=Path("mnist_data"), help="(default: %(default)s)")
    flags = parser.parse_args()
    reader = Reader(flags.model)
    for name in ("mnist", "fashion-mnist"):
        download_dataset(flags.data_dir, name=name)
    test, fashion = (load_dataset(name, flags.data_dir).test for name in ("mnist", "fashion-mnist"))

    rows = of_images(reader.network, test, fashion)
    print(table(rows, ("Images in MNIST's form", "images", "share", "95% interval")))
    rows = as_pictures(reader, test, fashion)
    print("\n" + table(rows, ("Images read as pictures", "images", "right", "95% interval")))
    pictures = composed_pictures(test, flags.count, flags.seed)
    answers = [answer(reader, picture, flags.wrong) for picture in pictures]
    groups = {"digits": DIGITS, "rows of grids": GRIDS, "no digit": NO_DIGIT}
    rows = by(answers, "kind")
    rows += [
        [f"all: {name}", *scores(one for one in answers if one.picture.kind in kinds)] for name, kinds in groups.items()
    ]
    print("\n" + table(rows, ("Composed pictures", *COLUMNS)))
    found = calibrations("composed", answers)
    if flags.labelled:
        labelled = [answer(reader, picture, flags.wrong) for picture in labelled_pictures(flags.labelled)]
        print("\n" + table(by(labelled, "kind"), ("Labelled pictures", *COLUMNS)))
        print("\n" + table(by(labelled, "source"), ("Their sources", *COLUMNS)))
        found |= calibrations("labelled", labelled)
    rows = [[name, f"{one.images.sum():,}", f"{one.error:.2%}"] for name, one in found.items()]
    print("\n" + table(rows, ("Calibration", "how many", "expected error")))
    figure = png(reliabilities(found, "How sure it is, and how often that is right"))
    write_together(flags.figure.parent, {flags.figure.name: figure})
    print(f"\nSaved {flags.figure}")


if __name__ == "__main__":
    main()
