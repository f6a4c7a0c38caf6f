"""Predictions of an exported model, with onnxruntime: no framework is imported."""

import csv
import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digits.backends import BACKENDS
from digits.datasets import SIDE, read_unlabelled
from digits.errors import DigitsError, not_installed
from digits.files import sha256, write_together
from digits.hardware import cores_allowed
from digits.models import BATCH, MAX_BYTES, METADATA_KEY, ModelInfo, export_command, onnx_field

_ARRAYS = (".npy", ".csv", ".csv.gz")  # files of many images
_INSTEAD = "; any other picture of digits: digits read"


class Predictor:
    """An exported model, ready to predict; `info` describes it.

    Raises:
        DigitsError: the file is missing, damaged, or not a model that `digits export` wrote, or onnxruntime is missing.
    """

    def __init__(self, path: Path):
        data = _read(path)
        self.session = open_session(data, path)
        description = self.session.get_modelmeta().custom_metadata_map.get(METADATA_KEY, "")
        self.info = ModelInfo.from_json(description, path)
        self.info.require_classifier(path)
        shape = ["n", len(self.info.classes)]
        ours = [
            ("images", "tensor(uint8)", ["n", SIDE, SIDE]),
            ("probabilities", "tensor(float)", shape),
            ("logits", "tensor(float)", shape),
            *([("doubts", "tensor(float)", ["n", 2])] if self.info.tells_nothing else []),
        ]
        theirs = [(one.name, one.type, one.shape) for one in [*self.session.get_inputs(), *self.session.get_outputs()]]
        if theirs != ours:
            raise DigitsError(f"{path} is not a model that digits export wrote: it takes and gives {theirs}")
        _try(self, path)
        if self.info.sha256 and sha256(data.removesuffix(onnx_field(description))) != self.info.sha256:
            raise DigitsError(f"{path} is damaged: its graph is not the one that was exported. Export it again")

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities (float32, `(n, classes)`) for images (uint8, `(n, 28, 28)`, ink bright on dark)."""
        return self.outputs(images)[0]

    def outputs(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The same, and doubts, float32, `(n, 2)`: how likely each image is of no class, and of several at once.

        A model that cannot tell has none: they are 0.
        """
        outputs = ["probabilities", "doubts"] if self.info.tells_nothing else ["probabilities"]
        starts = range(0, max(1, len(images)), BATCH)
        parts = [self.session.run(outputs, {"images": images[start : start + BATCH]}) for start in starts]
        probabilities, *doubts = (np.concatenate(each) for each in zip(*parts, strict=True))
        return probabilities, doubts[0] if doubts else np.zeros((len(images), 2), np.float32)


def _read(path: Path) -> bytes:
    """The bytes of the model in `path`, if they are not more than any of ours has."""
    if not path.is_file():
        raise DigitsError(f"{path} is not there. Run: {export_command(Path('outputs/pytorch_model.safetensors'))}")
    if path.suffix in {framework.suffix for framework in BACKENDS.values()}:
        name = path.with_suffix(".onnx")
        raise DigitsError(f"{path} has to be exported, and {name} named in its stead. Run: {export_command(path)}")
    if path.stat().st_size > MAX_BYTES:
        raise DigitsError(f"{path} is larger than any of our models")
    return path.read_bytes()


def import_onnxruntime() -> Any:
    """onnxruntime, told first to send nothing about its use, unless the user has decided.

    Raises:
        DigitsError: it is not installed.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # it reads this once, as it is imported
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise not_installed("onnxruntime", "") from error
    return onnxruntime


def open_session(data: bytes, path: Path) -> Any:
    """A session of onnxruntime for the model in `data`, found in `path`, which says nothing on the console."""
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = cores_allowed() or 0  # all
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores to others
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:  # of a dozen classes without a common base
        raise DigitsError(f"{path} is damaged or not an ONNX model") from error


def _try(predictor: Predictor, path: Path) -> None:
    """Make sure that the model answers, as its graph may be damaged where its session starts all the same."""
    try:
        answer = predictor.probabilities(np.zeros((1, SIDE, SIDE), np.uint8))
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
            name = path.name if not path.name.lower().endswith(_ARRAYS) else f"{path.name}[{index}]"
            yield f"{name}: {predictor.info.classes[row.argmax()]} ({row.max():.1%})"


def submit(model: Path, files: list[Path], target: Path) -> None:
    """Write the predicted classes of all images in `files` as Kaggle takes them: `ImageId,Label`, counted from 1.

    Raises:
        DigitsError: see `Predictor` and `read_images`.
        OSError: `target` cannot be written.
    """
    predictor, text = Predictor(model), io.StringIO()
    images = np.concatenate([read_images(path) for path in files])
    labels = (predictor.info.classes[best] for best in predictor.probabilities(images).argmax(axis=1))
    csv.writer(text, lineterminator="\n").writerows([("ImageId", "Label"), *enumerate(labels, start=1)])
    write_together(target.parent, {target.name: text.getvalue().encode()})


def read_images(path: Path) -> NDArray[np.uint8]:
    """The images of a file, uint8, `(n, 28, 28)`: a grey PNG of 28 × 28 pixels, or many in a .npy or .csv file.

    Raises:
        DigitsError: it is anything else. Nothing is resized or inverted, as a quiet guess would give wrong predictions.
    """
    images = read_unlabelled(path) if path.name.lower().endswith(_ARRAYS) else _read_png(path)
    if images.shape[1:] != (SIDE, SIDE):
        raise DigitsError(f"{path} has images of {images.shape[1]} × {images.shape[2]} pixels; allowed: 28 × 28")
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    if np.any(np.median(border, axis=1) > 127):
        raise DigitsError(f"{path} is dark on bright; allowed: MNIST's form, ink bright on dark{_INSTEAD}")
    return images


def _read_png(path: Path) -> NDArray[np.uint8]:
    try:
        with warnings.catch_warnings(action="error"), Image.open(path, formats=["PNG"]) as image:
            if image.size != (SIDE, SIDE) or image.mode != "L":
                found = f"{image.size[0]} × {image.size[1]} pixels in mode {image.mode}"
                raise DigitsError(f"{path} has {found}; allowed: 28 × 28 in mode L, 8-bit grey{_INSTEAD}")
            return np.asarray(image)[np.newaxis]
    except FileNotFoundError as error:
        raise DigitsError(f"{path} is not there") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        allowed = f"allowed: PNG of 28 × 28 pixels, .npy or .csv{_INSTEAD}"
        raise DigitsError(f"{path} is not a readable image; {allowed}") from error
