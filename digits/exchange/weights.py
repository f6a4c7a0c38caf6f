"""The weights of an exported model: read, and replaced by others, without the framework that they come from."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.errors import DigitsError, not_installed
from digits.exchange.predictor import Predictor
from digits.files import sha256
from digits.models import onnx_field


def read_weights(model: Path) -> dict[str, NDArray[np.float32]]:
    """The weights in an exported model, by the names and in the layout of `models`.

    Raises:
        DigitsError: the package onnx is not installed.
    """
    onnx, proto = _opened(model)
    return {one.name: onnx.numpy_helper.to_array(one) for one in proto.graph.initializer if _is_weight(one)}


def with_weights(model: Path, weights: Mapping[str, NDArray[np.float32]], origin: Mapping[str, Any]) -> bytes:
    """An exported model with other weights, as the bytes of such a file.

    Args:
        model: whose graph and description it has.
        weights: as `read_weights` returns them.
        origin: what is to be said of how they were trained.

    Raises:
        DigitsError: the package onnx is not installed, or they are not the weights of such a network.
    """
    onnx, proto = _opened(model)
    for one in filter(_is_weight, proto.graph.initializer):
        array = weights[one.name]
        if list(array.shape) != list(one.dims):
            raise DigitsError(f"{one.name} has shape {array.shape}; allowed: {tuple(one.dims)}, as in {model}")
        one.CopyFrom(onnx.numpy_helper.from_array(np.asarray(array, np.float32), one.name))
    proto.ClearField("metadata_props")
    graph = proto.SerializeToString()
    info = replace(Predictor(model).info, sha256=sha256(graph), origin=origin, answers=())
    return bytes(graph + onnx_field(info.to_json()))


def _opened(model: Path) -> tuple[Any, Any]:
    """The package onnx, and a model as it opens it."""
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise not_installed("onnx", "learn") from error
    return onnx, onnx.load_model_from_string(model.read_bytes())


def _is_weight(one: Any) -> bool:
    return "." in one.name  # other values of a graph have none
