"""The networks in TensorFlow, and where they run."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from digits.errors import DigitsError
from digits.hardware import cpu_has_bfloat16
from digits.models import ModelInfo
from digits.randomness import derive

PIXEL_RANGE = (0.0, 1.0)  # what the pixels 0 and 255 become


def pixels(pixel_range: tuple[float, float]) -> list[layers.Layer]:
    """uint8 images as the network sees them, in a range of its own."""
    low, high = (np.float64(bound) for bound in pixel_range)  # of Python's floats Keras would keep the first 24 bits
    return [
        layers.Input((28, 28), dtype="uint8"),
        layers.Reshape((28, 28, 1)),
        layers.Rescaling((high - low) / 255, offset=low),
    ]


def baseline(info: ModelInfo) -> keras.Sequential:
    """Two convolutions and two dense layers. Pooling comes before ReLU: the same result from a quarter of the work."""
    return keras.Sequential(
        [
            *pixels(info.pixel_range),  # (n, 28, 28), uint8, to (n, 28, 28, 1)
            layers.Conv2D(16, kernel_size=3, name="conv1"),  # (n, 26, 26, 16)
            layers.MaxPooling2D(2),
            layers.ReLU(),  # (n, 13, 13, 16)
            layers.Conv2D(32, kernel_size=3, name="conv2"),  # (n, 11, 11, 32)
            layers.MaxPooling2D(2),
            layers.ReLU(),  # (n, 5, 5, 32)
            layers.Flatten(),  # (n, 800)
            layers.Dense(128, activation="relu", name="dense1"),
            layers.Dropout(info.recipe.dropout, name="dropout"),
            layers.Dense(len(info.classes), name="dense2"),  # (n, classes): logits
        ],
        name=info.recipe.architecture,
    )


ARCHITECTURES = {"baseline": baseline}


def build(info: ModelInfo, seed: int, device: str, dtype: str = "float32") -> keras.Model:
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        with tf.device(device):
            network = ARCHITECTURES[info.recipe.architecture](info)
    finally:
        keras.config.set_dtype_policy(usual)
    for index, layer in enumerate(network.layers):
        if isinstance(layer, layers.Conv2D | layers.Dense):
            glorot = keras.initializers.GlorotUniform(derive(seed, "weights", index))
            layer.kernel.assign(glorot(layer.kernel.shape, dtype))
            layer.bias.assign(tf.zeros(layer.bias.shape, dtype))
    return network


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
    if name != "auto":
        return name
    return "bfloat16" if device == "/CPU:0" and cpu_has_bfloat16() else "float32"
