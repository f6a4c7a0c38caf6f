"""What the package knows of Keras's types of layers, in one table."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
from keras import layers

from digits.backends.windows import Window


class LayerType(NamedTuple):
    """What there is to know of a type of layer."""

    kind: str  # what summaries and, of layers that have weights, files call it, in whichever framework
    has_weights: bool = False
    is_shown: bool = True  # in summaries, which leave out activations and what only changes shapes
    mixes_images: bool = False  # whether it looks at all images of a batch together
    # Size and stride of this one's windows, or None where padding, another shape or a mean make each pixel count.
    window: Callable[[Any], Window | None] = lambda layer: (1, 1)


def _window(layer: Any) -> Window | None:
    """Of a convolution or of pooling."""
    is_convolution = isinstance(layer, layers.Conv2D)
    size, (stride, other) = layer.kernel_size if is_convolution else layer.pool_size, layer.strides
    plain = layer.padding == "valid" and layer.data_format == "channels_last"
    plain = plain and (not is_convolution or layer.dilation_rate == (1, 1))
    return (size[0], stride) if plain and size[0] == size[1] and stride == other else None


LAYERS: dict[type[layers.Layer], LayerType] = {
    layers.Conv2D: LayerType("conv", has_weights=True, window=_window),
    layers.Dense: LayerType("dense", has_weights=True),
    layers.BatchNormalization: LayerType("norm", has_weights=True, mixes_images=True, window=lambda layer: None),
    layers.MaxPooling2D: LayerType("pool", window=_window),
    layers.AveragePooling2D: LayerType("average", window=lambda layer: None),
    layers.ReLU: LayerType("relu", is_shown=False),
    layers.Activation: LayerType("activation", is_shown=False),
    layers.Flatten: LayerType("flatten", is_shown=False),
    layers.Dropout: LayerType("dropout"),
    layers.Lambda: LayerType("lambda", is_shown=False, mixes_images=True, window=lambda layer: None),
}
OTHER = LayerType("", is_shown=False, window=lambda layer: None)


def type_of(layer: layers.Layer) -> LayerType:
    """What there is to know of a layer, or of one that is derived from such."""
    return next((row for layer_type, row in LAYERS.items() if isinstance(layer, layer_type)), OTHER)


def exact_type_of(layer: layers.Layer) -> LayerType:
    """The same, but of one that is derived, which may do something else."""
    return LAYERS.get(type(layer), OTHER)


def every_layer(model: keras.Model, with_models: bool = False) -> Iterator[layers.Layer]:
    """The layers of a model in order, those of models within it too; `with_models` also these models and the inputs."""
    for layer in model.layers:
        is_model = isinstance(layer, keras.Model)
        if with_models or not (is_model or isinstance(layer, layers.InputLayer)):
            yield layer
        if is_model:
            yield from every_layer(layer, with_models)


def needs_whole_batches(model: keras.Model) -> bool:
    """Whether some layer may look at all images of a batch together; one that is not Keras's own may do anything."""
    return any(
        type_of(layer).mixes_images or not type(layer).__module__.startswith("keras.")
        for layer in every_layer(model, with_models=True)
    )
