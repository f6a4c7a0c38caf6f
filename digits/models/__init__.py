"""A trained model: what it is, its weights in one layout, and how its training went."""

from digits.models.description import (
    BATCH,
    MAX_BYTES,
    METADATA_KEY,
    SAMPLE,
    Epoch,
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
    "Epoch",
    "ModelInfo",
    "check_weights",
    "export_command",
    "onnx_field",
    "onnx_outputs",
    "read_safetensors",
]
