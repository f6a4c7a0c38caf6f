"""A trained model: what it is, and its way to the other framework, to ONNX and to answers."""

from digits.models.description import HEADER, MAX_BYTES, ModelInfo, check_weights, read_safetensors

__all__ = ["HEADER", "MAX_BYTES", "ModelInfo", "check_weights", "read_safetensors"]
