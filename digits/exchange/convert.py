"""Models from one framework to the other: weights travel unchanged, and the pixel range travels with them."""

from pathlib import Path
from typing import Any

from digits.backends import BACKENDS, load_backend
from digits.backends.interface import Backend
from digits.errors import DigitsError
from digits.files import write_together
from digits.models import ModelInfo, export_command


def convert(source: Path, target: Path) -> None:
    """Write the model in `source` as a model of the other framework into `target`; suffixes say which is which.

    Raises:
        DigitsError: a suffix is neither framework's, both are the same, or `source` is missing, damaged or not ours.
        OSError: `target` cannot be written.
    """
    if target.suffix == ".onnx":
        raise DigitsError(f"{target} would be an exported model. Run: {export_command(source, target)}")
    theirs, ours = backend_of(source), backend_of(target)
    if theirs == ours:
        raise DigitsError(f"{source} and {target} are models of the same framework; nothing to convert")
    source_backend, network, info = open_model(source)
    backend, converted = rebuild(source_backend.weights(network), info, ours)
    write_together(target.parent, {target.name: backend.encode(converted, info)})


def backend_of(path: Path) -> str:
    """The backend whose models have the suffix of `path`."""
    for backend, framework in BACKENDS.items():
        if path.suffix == framework.suffix:
            return backend
    suffixes = " or ".join(framework.suffix for framework in BACKENDS.values())
    if path.suffix == ".onnx":
        raise DigitsError(f"{path} is exported already, from which there is no way back; allowed: {suffixes}")
    raise DigitsError(f"{path} is no model's name; allowed: names that end in {suffixes}")


def open_model(path: Path) -> tuple[Backend, Any, ModelInfo]:
    """A model's backend, network and description, on the CPU."""
    backend = load_backend(backend_of(path))
    network, info = backend.decode(path, backend.select_device("cpu"))
    info.check_answers(backend.predict(network, info.sample), path)
    return backend, network, info


def rebuild(weights: Any, info: ModelInfo, name: str) -> tuple[Backend, Any]:
    """A network of the backend `name` with these weights (in `models`' layout), on the CPU."""
    backend = load_backend(name)
    network = backend.build(info, 0, backend.select_device("cpu"))
    backend.set_weights(network, weights)
    return backend, network
