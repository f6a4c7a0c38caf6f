"""Answers from an exported model, with onnxruntime: no framework is imported."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from PIL import Image

from digits.errors import DigitsError
from digits.models import HEADER, MAX_BYTES, ModelInfo

_INSTEAD = "; any other picture of digits: digits read"
BATCH = 250  # images a call: activations stay in the cache


class Predictor:
    """An exported model, ready to answer; `info` describes it.

    Raises:
        DigitsError: the file is missing, damaged, or not a model that `digits export` wrote, or onnxruntime is missing.
    """

    def __init__(self, path: Path):
        self.session = _session(path)
        self.info = ModelInfo.from_json(self.session.get_modelmeta().custom_metadata_map.get(HEADER, ""), path)
        shape = ["n", len(self.info.classes)]
        ours = [
            ("images", "tensor(uint8)", ["n", 28, 28]),
            ("probabilities", "tensor(float)", shape),
            ("logits", "tensor(float)", shape),
        ]
        theirs = [(one.name, one.type, one.shape) for one in [*self.session.get_inputs(), *self.session.get_outputs()]]
        if theirs != ours:
            raise DigitsError(f"{path} is not a model that digits export wrote: it takes and gives {theirs}")
        _try(self, path)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probabilities (float32, `(n, classes)`) for images (uint8, `(n, 28, 28)`, ink bright on dark)."""
        if len(images) <= BATCH:
            return self.session.run(["probabilities"], {"images": images})[0]
        return np.concatenate([self.probabilities(images[i : i + BATCH]) for i in range(0, len(images), BATCH)])


def _session(path: Path) -> Any:
    """A session of onnxruntime for the model in `path`, which says nothing on the console."""
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise DigitsError("onnxruntime is not installed. Run: pip install -e '.[onnx]'") from error
    if not path.is_file():
        raise DigitsError(f"{path} is not there. Run: digits export outputs/pytorch_model.safetensors")
    if path.stat().st_size > MAX_BYTES:
        raise DigitsError(f"{path} is larger than any of our models")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores to others
    try:
        return onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # of a dozen classes without a common base
        raise DigitsError(f"{path} is damaged or not an ONNX model") from error


def _try(predictor: Predictor, path: Path) -> None:
    """Make sure that the model answers, as its graph may be damaged where its session starts all the same."""
    try:
        answer = predictor.probabilities(np.zeros((1, 28, 28), np.uint8))
    except Exception as error:
        raise DigitsError(f"{path} is damaged: it does not run") from error
    if not np.isfinite(answer).all():
        raise DigitsError(f"{path} is damaged: it answers with values that are not finite")


def predict(model: Path, files: list[Path]) -> Iterator[str]:
    """A line for each image in `files`: its name, the predicted class and the probability.

    Raises:
        DigitsError: see `Predictor` and `read_images`.
    """
    predictor = Predictor(model)
    for path in files:
        images = read_images(path)
        for index, row in enumerate(predictor.probabilities(images)):
            name = path.name if path.suffix != ".npy" else f"{path.name}[{index}]"
            yield f"{name}: {predictor.info.classes[row.argmax()]} ({row.max():.1%})"


def read_images(path: Path) -> np.ndarray:
    """The images of a file, uint8, `(n, 28, 28)`: a grey PNG of 28 × 28 pixels, or an array in a .npy file.

    Raises:
        DigitsError: it is anything else. Nothing is resized or inverted, as a quiet guess would give wrong answers.
    """
    images = _read_npy(path) if path.suffix == ".npy" else _read_png(path)
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    if np.any(np.median(border, axis=1) > 127):
        raise DigitsError(f"{path} is dark on bright; allowed: MNIST's form, ink bright on dark{_INSTEAD}")
    return images


def _read_png(path: Path) -> np.ndarray:
    try:
        with warnings.catch_warnings(action="error"), Image.open(path, formats=["PNG"]) as image:
            if image.size != (28, 28) or image.mode != "L":
                found = f"{image.size[0]} × {image.size[1]} pixels in mode {image.mode}"
                raise DigitsError(f"{path} has {found}; allowed: 28 × 28 in mode L, 8-bit grey{_INSTEAD}")
            return np.asarray(image)[np.newaxis]
    except FileNotFoundError as error:
        raise DigitsError(f"{path} is not there") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        allowed = f"allowed: PNG of 28 × 28 pixels, or .npy{_INSTEAD}"
        raise DigitsError(f"{path} is not a readable image; {allowed}") from error


def _read_npy(path: Path) -> np.ndarray:
    try:
        images = np.lib.format.open_memmap(path, mode="r")  # never unpickles
    except FileNotFoundError as error:
        raise DigitsError(f"{path} is not there") from error
    except (ValueError, EOFError, OSError, SyntaxError, TypeError, OverflowError, TokenError) as error:
        raise DigitsError(f"{path} is not an array of numbers in NumPy's format") from error
    if images.dtype != np.uint8 or images.ndim not in (2, 3) or images.shape[-2:] != (28, 28) or not images.size:
        allowed = "uint8 of shape (28, 28) or (n, 28, 28)"
        raise DigitsError(f"{path} holds {images.dtype} of shape {images.shape}; allowed: {allowed}")
    return np.ascontiguousarray(images.reshape(-1, 28, 28))
