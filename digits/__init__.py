"""Handwritten digits with small CNNs: the same networks in PyTorch and in TensorFlow.

`digits.read("photo.jpg")` reads the digits in a picture; `digits.Reader` keeps its model loaded.
`digits.train_model("pytorch", recipe="fast")` trains a network; `digits.load_model("outputs/pytorch_model.onnx")` opens
one that was saved. What a user can put right is a `digits.DigitsError`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digits.api import TrainedModel, train_model
    from digits.errors import DigitsError
    from digits.exchange.classifier import Classifier, load_model
    from digits.reading import Digit, Reader, Reading, read

    __version__: str

_HOMES = {
    **dict.fromkeys(("Digit", "Reader", "Reading", "read"), "digits.reading"),
    **dict.fromkeys(("TrainedModel", "train_model"), "digits.api"),
    **dict.fromkeys(("Classifier", "load_model"), "digits.exchange.classifier"),
    "DigitsError": "digits.errors",
}

__all__ = [
    "Classifier",
    "Digit",
    "DigitsError",
    "Reader",
    "Reading",
    "TrainedModel",
    "__version__",
    "load_model",
    "read",
    "train_model",
]


def __getattr__(name: str) -> Any:
    """What `__all__` names, imported at its first use, so that `import digits` loads nothing."""
    if name == "__version__":
        from importlib.metadata import version

        return version("digits")
    if name not in _HOMES:
        raise AttributeError(f"module 'digits' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """What `dir`, `help` and a tab show: all that is offered, loaded or not."""
    return __all__
