"""Models for use elsewhere."""

from pathlib import Path

from digits.errors import DigitsError, not_installed
from digits.files import write_together
from digits.models.convert import backend_of, open_model, rebuild


def export(model: Path, target: Path) -> None:
    """Write the model as an ONNX file that takes uint8 images `(n, 28, 28)` and returns probabilities and logits.

    A TensorFlow model goes through PyTorch, whose exporter it is, with the same weights.

    Raises:
        DigitsError: `model` is damaged or not ours, `target` does not end in .onnx, or an extra is not installed.
        OSError: `target` cannot be written.
    """
    if target.suffix != ".onnx":
        raise DigitsError(f"{target} is no exported model's name; allowed: names that end in .onnx")
    backend, network, info = open_model(model)
    if backend_of(model) != "pytorch":
        _, network = rebuild(backend.weights(network), info, "pytorch")
    try:
        from digits.backends.pytorch.onnx import to_onnx

        data = to_onnx(network, info)
    except ModuleNotFoundError as error:
        raise not_installed(str(error.name), "pytorch") from error
    write_together(target.parent, {target.name: data})
