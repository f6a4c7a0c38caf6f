"""Where TensorFlow computes, and in which precision."""

import tensorflow as tf

from digits.errors import DigitsError
from digits.hardware import multiplies_bfloat16, require_bfloat16


def select_device(name: str) -> str:
    available = {"cpu": "/CPU:0"} | ({"cuda": "/GPU:0"} if tf.config.list_physical_devices("GPU") else {})
    if name == "auto":
        return available.get("cuda", available["cpu"])
    if name not in available:
        raise DigitsError(f"device is {name}, but TensorFlow finds none here; allowed: auto, {', '.join(available)}")
    return available[name]


def device_name(device: str) -> str:
    return {"/CPU:0": "cpu", "/GPU:0": "cuda"}[device]


def select_precision(name: str, device: str) -> str:
    if name == "auto":
        return "bfloat16" if device == "/CPU:0" and multiplies_bfloat16() else "float32"
    if name == "bfloat16" and device == "/CPU:0":
        require_bfloat16()
    return name
