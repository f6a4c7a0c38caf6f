"""From a network to a model that takes raw images: pixels in range, weights drawn from the seed, ensembles."""

import inspect
import json
import math
from collections import Counter
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from digits.backends.interface import Layer, MakeNetwork
from digits.backends.tensorflow.networks import ARCHITECTURES
from digits.backends.tensorflow.runtime import start
from digits.backends.windows import Window, side_that_counts
from digits.datasets import SIDE
from digits.files import sha256
from digits.models import ModelInfo
from digits.recipes.randomness import derive

PIXEL_RANGE = (0.0, 1.0)  # what the pixels 0 and 255 become

# Layers by the names that their weights have in files, in whichever framework.
KINDS = {layers.Conv2D: "conv", layers.Dense: "dense", layers.BatchNormalization: "norm"}

# Layers without weights that a summary shows as well.
SHOWN = {layers.MaxPooling2D: "pool", layers.AveragePooling2D: "average", layers.Dropout: "dropout"}


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
    start(needs_whole_batches(sketch))
    keras.utils.set_random_seed(derive(seed, "weights"))  # for layers of a user's that are not among those below
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        with tf.device(device):
            model = behind_pixels(make(*numbers), info.pixel_range, recipe.architecture)
    finally:
        keras.config.set_dtype_policy(usual)
    for index, layer in enumerate(every_layer(model)):
        if isinstance(layer, layers.Conv2D | layers.Dense):
            glorot = keras.initializers.GlorotUniform(derive(seed, "weights", index))
            layer.kernel.assign(glorot(layer.kernel.shape, dtype))
            if layer.use_bias:
                layer.bias.assign(tf.zeros(layer.bias.shape, dtype))
    return model


def behind_pixels(network: keras.Model, pixel_range: tuple[float, float], name: str) -> keras.Sequential:
    """The network behind the pixels, from uint8 images `(n, 28, 28)` to logits; its layers named by kind and order."""
    low, high = (np.float64(bound) for bound in pixel_range)  # of Python's floats Keras would keep the first 24 bits
    counts: Counter[str] = Counter()
    for layer in [network, *every_layer(network, with_models=True)]:
        kind = kind_of(layer) or type(layer).__name__.lower()
        counts[kind] += 1
        layer.name = f"{kind}{counts[kind]}"
    pixels = [
        layers.Input((28, 28), dtype="uint8"),
        layers.Reshape((28, 28, 1), name="channel"),
        layers.Rescaling((high - low) / 255, offset=low, name="pixels"),
    ]
    own = network.layers if isinstance(network, keras.Sequential) else [network]
    return keras.Sequential([*pixels, *own], name=name)


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
    for layer in every_layer(model):
        kind = next((kind for layer_type, kind in {**KINDS, **SHOWN}.items() if isinstance(layer, layer_type)), None)
        if kind:
            counts[kind] += 1
            *places, channels = layer.output.shape[1:]
            weights = sum(int(np.prod(variable.shape)) for variable in layer.trainable_variables)
            found.append(Layer(f"{kind}{counts[kind]}", (channels, *places), weights))
    return found


def every_layer(model: keras.Model, with_models: bool = False) -> Iterator[layers.Layer]:
    """The layers of a model in order, those of models within it too; `with_models` also these models and the inputs."""
    for layer in model.layers:
        is_model = isinstance(layer, keras.Model)
        if with_models or not (is_model or isinstance(layer, layers.InputLayer)):
            yield layer
        if is_model:
            yield from every_layer(layer, with_models)


def kind_of(layer: layers.Layer) -> str | None:
    """What files call layers of this kind; None where they have no name of ours."""
    return next((kind for layer_type, kind in KINDS.items() if isinstance(layer, layer_type)), None)


def needs_whole_batches(model: keras.Model) -> bool:
    """Whether some layer may look at all images of a batch together, as batch normalisation does.

    A layer that is not Keras's own may do anything.
    """
    return any(
        isinstance(layer, layers.BatchNormalization | layers.Lambda) or not type(layer).__module__.startswith("keras.")
        for layer in every_layer(model, with_models=True)
    )


def side_in_training(model: keras.Model) -> int:
    """How many pixels of an image's side reach the answer, as far as can be told: 28 where it cannot."""
    row = model.layers[2:]  # behind the pixels
    if any(type(layer) not in (layers.Conv2D, layers.MaxPooling2D, *ANYWHERE) for layer in row):
        return SIDE
    return side_that_counts([_window(layer) for layer in row if type(layer) not in ANYWHERE])


# Layers that look at each number alone, or come where there are no places any more.
ANYWHERE = (layers.ReLU, layers.Activation, layers.Dropout, layers.Flatten, layers.Dense)


def _window(layer: layers.Layer) -> Window | None:
    """Size and stride of the windows of a convolution or of pooling; None where they are padded or no squares."""
    is_convolution = isinstance(layer, layers.Conv2D)
    size, (stride, other) = layer.kernel_size if is_convolution else layer.pool_size, layer.strides
    plain = layer.padding == "valid" and layer.data_format == "channels_last"
    plain = plain and (not is_convolution or layer.dilation_rate == (1, 1))
    return (size[0], stride) if plain and size[0] == size[1] and stride == other else None
