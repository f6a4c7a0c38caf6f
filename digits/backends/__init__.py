"""The two implementations of the networks. Each is a package with the same functions; see `Backend`."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol, cast

import numpy as np

from digits.errors import DigitsError
from digits.hardware import keep_freed_memory
from digits.recipes import Recipe
from digits.runs import BACKENDS

Report = Callable[[int, float], None]  # takes the number of images since the last call, and their mean loss


class Backend(Protocol):
    """What `digits.backends.pytorch` and `digits.backends.tensorflow` offer. A device and a model are theirs alone."""

    VERSIONS: dict[str, str]

    def select_device(self, name: str) -> Any:
        """The device for "auto", "cpu", "cuda" or "mps"; raises DigitsError if it is not there."""

    def device_name(self, device: Any) -> str:
        """What to call the device: "cpu", "cuda" or "mps"."""

    def select_precision(self, name: str, device: Any) -> str:
        """ "float32" or "bfloat16", for these or "auto": bfloat16 where the device multiplies it in hardware."""

    def build(self, recipe: Recipe, classes: int, seed: int, device: Any) -> Any:
        """A model with the weights of `seed`: Glorot uniform, and zero for biases."""

    def train(
        self,
        model: Any,
        images: np.ndarray,
        labels: np.ndarray,
        recipe: Recipe,
        seed: int,
        precision: str,
        report: Report,
    ) -> Iterator[float]:
        """Train `model` in place on images (uint8, `(n, 28, 28)`) and labels (int64, `(n,)`).

        Yields the mean loss of each epoch when it is over.
        """

    def predict(self, model: Any, images: np.ndarray) -> np.ndarray:
        """Logits, float32, `(n, classes)`, computed in float32 with dropout off."""


def load_backend(name: str) -> Backend:
    """Import a backend, which takes seconds, and only when it is needed.

    Raises:
        DigitsError: its framework is not installed.
    """
    keep_freed_memory()
    try:
        return cast(Backend, importlib.import_module(f"digits.backends.{name}"))
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "tensorflow", "keras"):
            raise
        raise DigitsError(f"{BACKENDS[name]} is not installed. Run: pip install -e '.[{name}]'") from error
