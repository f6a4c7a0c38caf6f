"""What the package knows of PyTorch's types of layers, in one table."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from digits.backends.pytorch.fast import steps
from digits.backends.windows import Window


class LayerType(NamedTuple):
    """What there is to know of a type of layer."""

    kind: str  # what summaries, ONNX and, of layers that have weights, files call it, in whichever framework
    operations: tuple[str, ...] = ()  # what ONNX computes it with
    is_shown: bool = True  # in summaries, which leave out activations and what only changes shapes
    step: Any = None  # the class of `fast` that computes it in a row of layers, where that is not left to PyTorch
    fits: Callable[[Any], bool] = lambda layer: False  # whether oneDNN computes this one in its own layout of images
    in_rows: bool = False  # whether it may stand behind `Flatten`
    # Size and stride of this one's windows, or None where padding, another shape or a mean make each pixel count.
    window: Callable[[Any], Window | None] = lambda layer: (1, 1)


def _window(layer: Any) -> Window | None:
    """Of a convolution or of pooling."""
    kernel, stride, padding, dilation = (
        steps.pair(size) for size in (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    )
    plain = (padding, dilation) == ([0, 0], [1, 1]) and not getattr(layer, "ceil_mode", False)
    is_square = kernel[0] == kernel[1] and stride[0] == stride[1]
    return (kernel[0], stride[0]) if plain and is_square else None


LAYERS: dict[type[nn.Module], LayerType] = {
    nn.Conv2d: LayerType(
        "conv",
        ("Conv",),
        step=steps.Convolution,
        fits=lambda layer: layer.padding_mode == "zeros" and not isinstance(layer.padding, str),
        window=_window,
    ),
    nn.Linear: LayerType("dense", ("Gemm", "MatMul"), step=steps.Dense, in_rows=True),
    nn.BatchNorm2d: LayerType(
        "norm",
        step=steps.Normalization,
        fits=lambda layer: layer.affine and layer.track_running_stats and layer.momentum is not None,
        window=lambda layer: None,
    ),
    nn.MaxPool2d: LayerType(
        "pool",
        ("MaxPool",),
        step=steps.Pool,
        fits=lambda layer: layer.dilation in (1, (1, 1)) and not layer.return_indices,
        window=_window,
    ),
    nn.AvgPool2d: LayerType("average", ("AveragePool",)),
    nn.ReLU: LayerType("relu", ("Relu",), False, steps.Relu, fits=lambda layer: True, in_rows=True),
    nn.Flatten: LayerType("flatten", is_shown=False, step=steps.Flatten),
    nn.Dropout: LayerType("dropout", step=steps.Dropout, in_rows=True),
}
OTHER = LayerType("", is_shown=False, window=lambda layer: None)


def type_of(layer: nn.Module) -> LayerType:
    """What there is to know of a layer, or of one that is derived from such."""
    return next((row for layer_type, row in LAYERS.items() if isinstance(layer, layer_type)), OTHER)


def exact_type_of(layer: nn.Module) -> LayerType:
    """The same, but of one that is derived, which may do something else."""
    return LAYERS.get(type(layer), OTHER)
