"""Read the same pictures with `digits read`, RapidOCR and Tesseract: pictures a second, and how many are read whole.

The pictures are composed as in reading_quality.py, of all kinds that show digits. `digits read` runs as users run it,
on one core and on all, with start-up and the table; RapidOCR (`pip install rapidocr-onnxruntime`) reads in one process
on all cores; Tesseract, where it is installed, is told that there are digits alone. Whole means that all digits of a
picture are right, in their rows, and nothing else is read; spaces do not count.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from digits.commands.tables import table
from digits.datasets import download_dataset, load_dataset
from digits.evaluation.metrics import accuracy_of

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' composed pictures
from tests.reading.compose import DIGITS, composed


def ours(folder: Path, cores: int) -> list[str]:
    """What `digits read` says of all pictures in a folder, on so many cores."""
    output = folder.with_name(f"{cores}.jsonl")
    command = [sys.executable, "-m", "digits", "read", str(folder), "--output", str(output)]
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    subprocess.run(command, check=True, capture_output=True, preexec_fn=lambda: os.sched_setaffinity(0, allowed))
    return [json.loads(line)["text"] for line in output.read_text().splitlines()]


def rapid_ocr(paths: Sequence[Path]) -> list[str]:
    """What RapidOCR says."""
    from rapidocr_onnxruntime import RapidOCR

    read = RapidOCR()
    return ["\n".join(line[1] for line in read(str(path))[0] or []) for path in paths]


def tesseract(paths: Sequence[Path]) -> list[str]:
    """What Tesseract says, of all pictures in one process: a block of text each, of digits."""
    listed = paths[0].parent.with_name("listed.txt")
    listed.write_text("".join(f"{path}\n" for path in paths))
    command = ["tesseract", str(listed), "-", "--psm", "6", "-c", "tessedit_char_whitelist=0123456789"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return said.split("\f")[: len(paths)]


def plain(text: str) -> str:
    """A text without spaces, and without empty rows."""
    rows = ("".join(row.split()) for row in text.split("\n"))
    return "\n".join(filter(None, rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--data-dir", type=Path, default=Path("mnist_data"))
    flags = parser.parse_args()
    download_dataset(flags.data_dir)
    test = load_dataset("mnist", flags.data_dir).test
    kinds = [*DIGITS]
    pictures = [
        composed(kinds[number % len(kinds)], number // len(kinds), test, flags.seed) for number in range(flags.pictures)
    ]
    cores = len(os.sched_getaffinity(0))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "pictures"
        folder.mkdir()
        paths = [folder / f"{number}.jpg" for number in range(len(pictures))]
        for path, picture in zip(paths, pictures, strict=True):
            path.write_bytes(picture.data)
        readers = {f"digits read, cores: {count}": lambda count=count: ours(folder, count) for count in {1, cores}}
        try:
            import rapidocr_onnxruntime  # noqa: F401
        except ModuleNotFoundError:
            print("RapidOCR is not installed")
        else:
            readers["RapidOCR"] = lambda: rapid_ocr(paths)
        if shutil.which("tesseract"):
            readers["Tesseract"] = lambda: tesseract(paths)
        for reader, read in readers.items():
            start = time.perf_counter()
            said = read()
            seconds = time.perf_counter() - start
            right = sum(plain(text) == one.text for text, one in zip(said, pictures, strict=True))
            rows.append((reader, f"{len(pictures) / seconds:.1f}", str(accuracy_of(right, len(pictures)))))
            print(f"{reader}: {seconds:.0f} s", file=sys.stderr)
    print(table(rows, ("reader", "pictures a second", "read whole"), left=(0,)))


if __name__ == "__main__":
    main()
