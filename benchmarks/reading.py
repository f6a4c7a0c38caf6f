"""Time `digits read` on composed pictures, from the shell and within a process, beside RapidOCR if that is installed.

A photograph of 12 megapixels with ten digits in two rows, and a drawing of 280 × 280 pixels with one, of MNIST's test
digits. Medians; the shell's time has start-up and all imports in it. RapidOCR (PaddleOCR's networks on onnxruntime)
reads any text: `pip install rapidocr-onnxruntime`.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from digits.datasets import download_dataset, load_dataset
from digits.reading import Reader
from digits.reading.reader import SHIPPED

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' composed pictures
from tests.reading.compose import Layout, Paper, Writer, jpeg


def pictures(data_dir: Path, folder: Path) -> dict[str, tuple[Path, str]]:
    """Each picture's file and its truth, by name."""
    download_dataset(data_dir)
    test = load_dataset("mnist", data_dir).test
    writer = Writer(test.images, test.labels, np.random.default_rng(0))
    text = "40721\n58396"
    page = writer.picture(text, Paper(noise=3, blur=1, shade=0.4, pen=(40, 50, 150)), Layout(height=300, gap=90))
    page = cv2.copyMakeBorder(page, 0, 3000 - len(page), 0, 4000 - page.shape[1], cv2.BORDER_REPLICATE)
    drawing = cv2.resize(writer.picture("6", Paper(ground=(255, 255, 255)), Layout(height=160)), (280, 280))
    files = {"photograph": (folder / "photo.jpg", text), "drawing": (folder / "drawing.png", "6")}
    files["photograph"][0].write_bytes(jpeg(page, 90))
    cv2.imwrite(str(files["drawing"][0]), drawing)
    return files


def milliseconds(action: Callable[[], object], runs: int) -> float:
    """The median over `runs`, after one that does not count."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return 1000 * median(times[1:])


def rapid_ocr() -> Callable[[str], object] | None:
    """RapidOCR's reader, if it is installed."""
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ModuleNotFoundError:
        return None
    return RapidOCR()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED, help="an .onnx model (default: the one that ships)")
    parser.add_argument("--runs", type=int, default=9, help="of each (default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, default=Path("mnist_data"))
    flags = parser.parse_args()
    reader = Reader(flags.model)
    with tempfile.TemporaryDirectory() as folder:
        for name, (path, truth) in pictures(flags.data_dir, Path(folder)).items():
            command = [sys.executable, "-m", "digits", "read", "--model", str(flags.model), str(path)]
            shell = milliseconds(lambda: subprocess.run(command, check=True, capture_output=True), flags.runs)  # noqa: B023
            within = milliseconds(lambda: reader.read(path), flags.runs)  # noqa: B023
            used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            right = "right" if reader.read(path).text == truth else "wrong"
            line = f"{name}: {shell:.0f} ms from the shell, {within:.1f} ms within a process, {right}"
            line += f", at most {used:.0f} MB"
            if peer := rapid_ocr():
                theirs = milliseconds(lambda: peer(str(path)), flags.runs)  # noqa: B023
                said = "\n".join(one[1] for one in peer(str(path))[0] or [])
                line += f"; RapidOCR {theirs:.0f} ms, {'right' if said == truth else 'wrong'}"
            print(line)


if __name__ == "__main__":
    main()
