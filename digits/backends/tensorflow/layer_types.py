"""What the package knows of Keras's types of layers, in one table."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
from keras import layers

from digits.backends.windows import Window


class LayerType(NamedTuple):
    """A row of the table.

    Attributes:
        kind: what summaries and, of layers that have weights, files call such a layer, in whichever framework.
        has_weights: whether it has any.
        is_shown: whether summaries have it: they leave out activations, and what only changes shapes.
        mixes_images: whether it looks at all images of a batch together.
        window: size and stride of this one's windows, `(1, 1)` if it looks at each number alone or comes where there
            are no places any more; None where padding or another shape may make each pixel count.
    """

    kind: str
    has_weights: bool = False
    is_shown: bool = True
    mixes_images: bool = False
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


def type_of(layer: layers.Layer) -> LayerType | None:
    """The row of a layer, or of one that is derived from such; None where there is none."""
    return next((row for layer_type, row in LAYERS.items() if isinstance(layer, layer_type)), None)


def kind_of(layer: layers.Layer) -> str | None:
    return (row := type_of(layer)) and row.kind


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
        bool((row := type_of(layer)) and row.mixes_images) or not type(layer).__module__.startswith("keras.")
        for layer in every_layer(model, with_models=True)
    )
