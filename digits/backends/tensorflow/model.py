"""The networks in TensorFlow, and where they run."""

import math
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from digits.backends.hardware import multiplies_bfloat16, require_bfloat16
from digits.backends.tensorflow.runtime import start
from digits.errors import DigitsError
from digits.models import ModelInfo
from digits.recipes.randomness import derive

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
            layers.Conv2D(info.recipe.filters[0], kernel_size=3, name="conv1"),  # (n, 26, 26, 16)
            layers.MaxPooling2D(2),
            layers.ReLU(),  # (n, 13, 13, 16)
            layers.Conv2D(info.recipe.filters[1], kernel_size=3, name="conv2"),  # (n, 11, 11, 32)
            layers.MaxPooling2D(2),
            layers.ReLU(),  # (n, 5, 5, 32)
            layers.Flatten(),  # (n, 800)
            layers.Dense(info.recipe.hidden_units, activation="relu", name="dense1"),
            layers.Dropout(info.recipe.dropout, name="dropout"),
            layers.Dense(len(info.classes), name="dense2"),  # (n, classes): logits
        ],
        name=info.recipe.architecture,
    )


def fast(info: ModelInfo) -> keras.Sequential:
    """A baseline whose first convolution takes steps of two pixels, instead of pooling what it finds at every one."""
    return keras.Sequential(
        [
            *pixels(info.pixel_range),  # (n, 28, 28), uint8, to (n, 28, 28, 1)
            layers.Conv2D(info.recipe.filters[0], kernel_size=5, strides=2, name="conv1"),
            layers.ReLU(),  # (n, 12, 12, 16)
            layers.Conv2D(info.recipe.filters[1], kernel_size=3, name="conv2"),  # (n, 10, 10, 32)
            layers.MaxPooling2D(2),
            layers.ReLU(),  # (n, 5, 5, 32)
            layers.Flatten(),  # (n, 800)
            layers.Dense(info.recipe.hidden_units, activation="relu", name="dense1"),
            layers.Dropout(info.recipe.dropout, name="dropout"),
            layers.Dense(len(info.classes), name="dense2"),  # (n, classes): logits
        ],
        name=info.recipe.architecture,
    )


def deep(info: ModelInfo) -> keras.Sequential:
    """Seven convolutions with batch normalisation, two, three and two at three sizes, and one dense layer."""
    return keras.Sequential(
        [
            *pixels(info.pixel_range),  # (n, 28, 28), uint8, to (n, 28, 28, 1)
            layers.Conv2D(32, kernel_size=3, padding="same", use_bias=False, name="conv1"),  # (n, 28, 28, 32)
            normalization("norm1"),
            layers.ReLU(),
            layers.Conv2D(32, kernel_size=3, padding="same", use_bias=False, name="conv2"),
            layers.MaxPooling2D(2),
            normalization("norm2"),
            layers.ReLU(),  # (n, 14, 14, 32)
            layers.Conv2D(64, kernel_size=3, padding="same", use_bias=False, name="conv3"),  # (n, 14, 14, 64)
            normalization("norm3"),
            layers.ReLU(),
            layers.Conv2D(64, kernel_size=3, padding="same", use_bias=False, name="conv4"),  # (n, 14, 14, 64)
            normalization("norm4"),
            layers.ReLU(),
            layers.Conv2D(64, kernel_size=3, padding="same", use_bias=False, name="conv5"),
            layers.MaxPooling2D(2),
            normalization("norm5"),
            layers.ReLU(),  # (n, 7, 7, 64)
            layers.Conv2D(128, kernel_size=3, padding="valid", use_bias=False, name="conv6"),  # (n, 5, 5, 128)
            normalization("norm6"),
            layers.ReLU(),
            layers.Conv2D(128, kernel_size=3, padding="valid", use_bias=False, name="conv7"),  # (n, 3, 3, 128)
            normalization("norm7"),
            layers.ReLU(),
            layers.Flatten(),  # (n, 1152)
            layers.Dropout(info.recipe.dropout, name="dropout"),
            layers.Dense(len(info.classes), name="dense1"),  # (n, classes): logits
        ],
        name=info.recipe.architecture,
    )


def normalization(name: str) -> layers.BatchNormalization:
    return layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name=name)  # the twins share these


def ensemble(networks: list[keras.Sequential]) -> keras.Model:
    """Several networks that average their probabilities: the softmax of these logits is that average."""
    for index, network in enumerate(networks):
        network.name = f"member{index}"
    images = layers.Input((28, 28), dtype="uint8")
    logarithms = keras.ops.stack([keras.ops.log_softmax(network(images)) for network in networks])
    return keras.Model(images, keras.ops.logsumexp(logarithms, axis=0) - math.log(len(networks)), name="ensemble")


ARCHITECTURES = {"baseline": baseline, "fast": fast, "deep": deep}


def build(info: ModelInfo, seed: int, device: str, dtype: str = "float32") -> keras.Model:
    if info.recipe.ensemble > 1:
        single = replace(info, recipe=replace(info.recipe, ensemble=1))
        return ensemble([build(single, seed + index, device, dtype) for index in range(info.recipe.ensemble)])
    start(info.recipe.architecture)
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
            if layer.use_bias:
                layer.bias.assign(tf.zeros(layer.bias.shape, dtype))
    return network


def members(network: keras.Model) -> list[keras.Sequential]:
    if isinstance(network, keras.Sequential):
        return [network]
    return [layer for layer in network.layers if isinstance(layer, keras.Sequential)]


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
