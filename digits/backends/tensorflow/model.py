"""From a network to a model that takes raw images: pixels in range, weights drawn from the seed, ensembles."""

import inspect
import json
import math
from collections import Counter

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from digits.backends.interface import Layer, MakeNetwork
from digits.backends.tensorflow.fast.prepare import start
from digits.backends.tensorflow.layer_types import every_layer, type_of
from digits.backends.tensorflow.networks import ARCHITECTURES
from digits.files import sha256
from digits.models import ModelInfo
from digits.recipes.randomness import derive
from digits.synthesis.targets import RARE

PIXEL_RANGE = (0.0, 1.0)  # what the pixels 0 and 255 become


def build(
    info: ModelInfo, seed: int, device: str, dtype: str = "float32", make: MakeNetwork | None = None
) -> keras.Model:
    recipe = info.recipe
    if recipe.ensemble > 1:
        return ensemble([build(info.single, seed + index, device, dtype, make) for index in range(recipe.ensemble)])
    make = make or ARCHITECTURES[recipe.architecture]
    numbers = (recipe.filters, recipe.hidden_units, recipe.dropout, info.outputs)
    with keras.StatelessScope(initialize_variables=False):  # a sketch, without weights, as TensorFlow must not run yet
        sketch = make(*numbers)
    start(sketch)
    keras.utils.set_random_seed(derive(seed, "weights"))  # for layers of a user's that are not among those below
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        with tf.device(device):
            behind = behind_colours if recipe.finds else behind_pixels
            model = behind(make(*numbers), info.pixel_range, recipe.architecture)
    finally:
        keras.config.set_dtype_policy(usual)
    for index, layer in enumerate(every_layer(model)):
        if type_of(layer).kind in ("conv", "dense"):
            glorot = keras.initializers.GlorotUniform(derive(seed, "weights", index))
            layer.kernel.assign(glorot(layer.kernel.shape, dtype))
            if layer.use_bias:
                layer.bias.assign(tf.zeros(layer.bias.shape, dtype))
    if recipe.finds:
        *_, last = (layer for layer in every_layer(model) if type_of(layer).kind == "conv")
        last.bias.assign([RARE] * len(info.classes) + [0.0] * (info.outputs - len(info.classes)))
    return model


def behind_pixels(network: keras.Model, pixel_range: tuple[float, float], name: str) -> keras.Sequential:
    """The network behind the pixels, from uint8 images `(n, 28, 28)` to logits; its layers named by kind and order."""
    _name_layers(network)
    images = [layers.Input((28, 28), dtype="uint8"), layers.Reshape((28, 28, 1), name="channel")]
    own = network.layers if isinstance(network, keras.Sequential) else [network]
    return keras.Sequential([*images, _pixels(pixel_range), *own], name=name)


def behind_colours(network: keras.Model, pixel_range: tuple[float, float], name: str) -> keras.Sequential:
    """The same of a finder: from pages, uint8, `(n, height, width, 3)`, to maps, `(n, 14, height / 4, width / 4)`."""
    _name_layers(network)
    pages, maps = layers.Input((None, None, 3), dtype="uint8"), layers.Permute((3, 1, 2), name="maps")
    return keras.Sequential([pages, _pixels(pixel_range), network, maps], name=name)


def _pixels(pixel_range: tuple[float, float]) -> layers.Layer:
    """What brings the pixels of images into a range."""
    low, high = (np.float64(bound) for bound in pixel_range)  # of Python's floats Keras would keep the first 24 bits
    return layers.Rescaling((high - low) / 255, offset=low, name="pixels")


def _name_layers(network: keras.Model) -> None:
    counts: Counter[str] = Counter()
    for layer in [network, *every_layer(network, with_models=True)]:
        kind = type_of(layer).kind if type_of(layer).has_weights else type(layer).__name__.lower()
        counts[kind] += 1
        layer.name = f"{kind}{counts[kind]}"


def ensemble(models: list[keras.Sequential]) -> keras.Model:
    """Several models that average their probabilities: the softmax of these logits is that average."""
    for index, model in enumerate(models):
        model.name = f"member{index}"
    images = layers.Input((28, 28), dtype="uint8")
    logarithms = keras.ops.stack([keras.ops.log_softmax(model(images)) for model in models])
    return keras.Model(images, keras.ops.logsumexp(logarithms, axis=0) - math.log(len(models)), name="ensemble")


def members(model: keras.Model) -> list[keras.Sequential]:
    if model.name != "ensemble":
        return [model]
    return [layer for layer in model.layers if isinstance(layer, keras.Sequential)]


def structure(model: keras.Model) -> str:
    parts = []
    for layer in members(model)[0].layers:
        try:
            parts.append([type(layer).__name__, layer.get_config()])
        except NotImplementedError:  # of a class of a user's own, whose code says what it does
            parts.append([inspect.getsource(type(layer)), {}])
    return sha256(json.dumps(parts, default=str, sort_keys=True).encode())


def layers_of(model: keras.Model) -> list[Layer]:
    found = []
    counts: Counter[str] = Counter()
    if None in model.input_shape[1:]:  # it takes pages of any size
        _, network, _ = model.layers
        model = keras.models.clone_model(network, layers.Input((192, 192, 3)))
    for layer in every_layer(model):
        if (row := type_of(layer)).is_shown:
            counts[row.kind] += 1
            *places, channels = layer.output.shape[1:]
            weights = sum(int(np.prod(variable.shape)) for variable in layer.trainable_variables)
            found.append(Layer(f"{row.kind}{counts[row.kind]}", (channels, *places), weights))
    return found
