"""Read images with our Predictor and with onnxruntime alone, and print how many times as fast we are.

Both use the same exported model on the same images, in turn, in one process, after a warm-up. The bare session gets
batches ready-made and throws its answers away. The model is that of ./outputs, or else trained for one epoch.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from digits.datasets import download_dataset, load_dataset
from digits.exchange.export import export
from digits.exchange.predictor import Predictor, import_onnxruntime


def exported(folder: Path, data_dir: Path, output_dir: Path) -> Path:
    """An ONNX file in `folder`."""
    model = output_dir / "pytorch_model.safetensors"
    if not model.exists():
        model = folder / model.name
        flags = ["--epochs", "1", "--data-dir", str(data_dir), "--output-dir", str(folder)]
        subprocess.run([sys.executable, "-m", "digits", "train", "pytorch", *flags], check=True)
    export(model, folder / "model.onnx")
    return folder / "model.onnx"


def speed(answer: Callable[[np.ndarray], object], images: np.ndarray, size: int) -> float:
    """Images a second, in batches of `size`."""
    batches = [images[start : start + size] for start in range(0, len(images), size)]
    start = time.perf_counter()
    for batch in batches:
        answer(batch)
    return len(images) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="of each (default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, default=Path("mnist_data"))
    parser.add_argument("--output-dir", type=Path, default=Path("outputs"))
    flags = parser.parse_args()
    download_dataset(flags.data_dir)
    images = load_dataset("mnist", flags.data_dir).test.images
    with tempfile.TemporaryDirectory() as folder:
        model = exported(Path(folder), flags.data_dir, flags.output_dir)
        bare = import_onnxruntime().InferenceSession(model, providers=["CPUExecutionProvider"])
        ours = Predictor(model).probabilities
    for size, count in [(64, 10_000), (1, 2_000)]:
        pairs = []
        for _ in range(flags.runs + 1):  # the first is the warm-up
            theirs = speed(lambda batch: bare.run(["probabilities"], {"images": batch}), images[:count], size)
            pairs.append((theirs, speed(ours, images[:count], size)))
        ratios = [our / their for their, our in pairs[1:]]
        print(
            f"batches of {size}: {median(our for _, our in pairs[1:]):,.0f} images/s, {median(ratios):.2f} times as "
            f"fast as onnxruntime alone (median of {len(ratios)}, from {min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
