"""Models for use elsewhere, as ONNX files. PyTorch's exporter writes them, whichever framework a model comes from."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from digits.backends import BACKENDS, load_backend
from digits.errors import DigitsError, not_installed
from digits.exchange.convert import backend_of, open_model, rebuild
from digits.files import write_together
from digits.models.description import ModelInfo


def export(model: Path, target: Path) -> None:
    """Write the model as an ONNX file that takes uint8 images `(n, 28, 28)` and returns probabilities and logits.

    A finder's takes pages, `(n, height, width, 3)`, with sides that are multiples of 32, and returns `maps`.

    Raises:
        DigitsError: `model` is damaged or not ours, `target` does not end in .onnx, or an extra is not installed.
        OSError: `target` cannot be written.
    """
    if target.suffix != ".onnx":
        raise DigitsError(f"{target} is no exported model's name; allowed: names that end in .onnx")
    _, network, info = open_model(model)
    write_together(target.parent, {target.name: to_onnx(backend_of(model), network, info)})


def to_onnx(backend: str, network: Any, info: ModelInfo) -> bytes:
    """The network, of the backend of this name, as the bytes of such a file.

    A network of TensorFlow is built again in PyTorch, with the same weights. One that was edited in a script cannot be;
    Keras, which runs on PyTorch as well, opens it there, in a process of its own.

    Raises:
        DigitsError: an extra is not installed, or the exporter cannot say in ONNX what the network does.
    """
    if backend != "pytorch" and info.network:
        return _through_keras(load_backend(backend).encode(network, info), BACKENDS[backend].suffix)
    if backend != "pytorch":
        _, network = rebuild(load_backend(backend).weights(network), info, "pytorch")
    try:
        from digits.backends.pytorch import onnx

        return onnx.to_onnx(network, info)
    except ModuleNotFoundError as error:
        raise not_installed(str(error.name), "pytorch") from error
    except Exception as error:  # of a network that was edited, which may do whatever PyTorch can
        raise DigitsError(f"this network cannot be exported: {' '.join(str(error).split())[:300]}") from error


def _through_keras(model: bytes, suffix: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="digits-") as folder:
        source, target = Path(folder) / f"model{suffix}", Path(folder) / "model.onnx"
        source.write_bytes(model)
        done = subprocess.run(
            [sys.executable, "-m", "digits.backends.keras_onnx", str(source), str(target)],
            env={**os.environ, "KERAS_BACKEND": "torch", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise DigitsError(f"this network cannot be exported: {reason[:300]}")
        return target.read_bytes()
