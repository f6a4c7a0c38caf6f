"""A trained model that predicts, whichever framework it is of, or exported."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.backends import BACKENDS
from digits.datasets import SIDE
from digits.errors import DigitsError
from digits.models import ModelInfo

MODELS = (*(framework.suffix for framework in BACKENDS.values()), ".onnx")  # suffixes of files that hold one


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained model, ready to predict.

    Attributes:
        backend: "pytorch", "tensorflow" or "onnx".
        info: what the model is.
        answer: from images (uint8, `(n, 28, 28)`) to probabilities (float32, `(n, classes)`), unchecked.
    """

    backend: str
    info: ModelInfo
    answer: Callable[[NDArray[np.uint8]], NDArray[np.float32]]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, by label."""
        return self.info.classes

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The likeliest class of each image, as a label: int64, `(n,)`.

        Args:
            images: uint8, `(n, 28, 28)`, in MNIST's form: ink bright on dark. What is otherwise `digits.read` reads.

        Raises:
            DigitsError: they are something else.
        """
        return self.probabilities(images).argmax(axis=1)

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of each class (float32, `(n, classes)`) for each image; see `predict`."""
        images = np.asarray(images)
        if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or images.dtype != np.uint8:
            found = f"{images.dtype} of shape {images.shape}"
            raise DigitsError(f"images are {found}; allowed: uint8 of shape (n, 28, 28), as mnist's test images are")
        return self.answer(np.ascontiguousarray(images))


def load_model(path: str | Path) -> Classifier:
    """The model in a file that `digits train`, `digits convert` or `digits export` wrote.

    Raises:
        DigitsError: it is missing, damaged or no such file, or what runs it is not installed.
    """
    path = Path(path)
    if path.suffix == ".onnx":
        from digits.exchange.predictor import Predictor

        predictor = Predictor(path)
        return Classifier("onnx", predictor.info, predictor.probabilities)
    if path.suffix not in MODELS:
        raise DigitsError(f"{path} is no model; allowed: names that end in {', '.join(MODELS)}")
    from digits.exchange.convert import backend_of, open_model

    backend, network, info = open_model(path)
    info.require_classifier(path)
    return Classifier(backend_of(path), info, lambda images: info.probabilities(backend.predict(network, images)))
