"""A program of its own: opens a .keras model with Keras on PyTorch, and writes it as ONNX.

`python -m digits.backends.keras_onnx MODEL TARGET`, with KERAS_BACKEND=torch in the environment. It is only given files
that the same run has just made.
"""

import sys
import zipfile
from pathlib import Path

import keras

from digits.backends.pytorch.onnx import to_onnx
from digits.models import METADATA_KEY, ModelInfo


def main(model: Path, target: Path) -> None:
    """Write the model of a .keras file, whose description lies in it, as an ONNX file."""
    with zipfile.ZipFile(model) as archive:
        description = archive.read(f"{METADATA_KEY}.json")
    target.write_bytes(to_onnx(keras.models.load_model(model), ModelInfo.from_json(description, model)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
