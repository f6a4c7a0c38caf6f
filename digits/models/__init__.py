"""A trained model: what it is, and its way to the other framework, to ONNX and to answers."""

from digits.models.description import (
    BATCH,
    MAX_BYTES,
    METADATA_KEY,
    SAMPLE,
    ModelInfo,
    check_weights,
    export_command,
    onnx_field,
    onnx_outputs,
    read_safetensors,
)

__all__ = [
    "BATCH",
    "MAX_BYTES",
    "METADATA_KEY",
    "SAMPLE",
    "ModelInfo",
    "check_weights",
    "export_command",
    "onnx_field",
    "onnx_outputs",
    "read_safetensors",
]
