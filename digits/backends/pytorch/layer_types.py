"""What the package knows of PyTorch's types of layers, in one table."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from digits.backends.pytorch.fast import steps
from digits.backends.windows import Window


class LayerType(NamedTuple):
    """A row of the table.

    Attributes:
        kind: what summaries, ONNX and, of layers that have weights, files call such a layer, in whichever framework.
        operations: what ONNX computes it with.
        step: the class of `fast` that computes it in a row of layers; None where that is left to PyTorch.
        fits: whether oneDNN computes this one, which is given, in its own layout of images.
        in_rows: whether `step` takes rows of numbers, as they are behind `Flatten`.
        is_shown: whether summaries have it: they leave out activations, and what only changes shapes.
        window: size and stride of this one's windows, `(1, 1)` if it looks at each number alone; None where padding,
            another shape or all images together make each pixel count.
    """

    kind: str
    operations: tuple[str, ...] = ()
    step: Any = None
    fits: Callable[[Any], bool] = lambda layer: False
    in_rows: bool = False
    is_shown: bool = True
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
        steps.Convolution,
        fits=lambda layer: layer.padding_mode == "zeros" and not isinstance(layer.padding, str),
        window=_window,
    ),
    nn.Linear: LayerType("dense", ("Gemm", "MatMul"), steps.Dense, in_rows=True),
    nn.BatchNorm2d: LayerType(
        "norm",
        step=steps.Normalization,
        fits=lambda layer: layer.affine and layer.track_running_stats and layer.momentum is not None,
        window=lambda layer: None,
    ),
    nn.MaxPool2d: LayerType(
        "pool",
        ("MaxPool",),
        steps.Pool,
        fits=lambda layer: layer.dilation in (1, (1, 1)) and not layer.return_indices,
        window=_window,
    ),
    nn.AvgPool2d: LayerType("average", ("AveragePool",)),
    nn.ReLU: LayerType("relu", ("Relu",), steps.Relu, fits=lambda layer: True, in_rows=True, is_shown=False),
    nn.Flatten: LayerType("flatten", step=steps.Flatten, is_shown=False),
    nn.Dropout: LayerType("dropout", step=steps.Dropout, in_rows=True),
}


def type_of(layer: nn.Module) -> LayerType | None:
    """The row of a layer, or of one that is derived from such; None where there is none."""
    return next((row for layer_type, row in LAYERS.items() if isinstance(layer, layer_type)), None)


def kind_of(layer: nn.Module) -> str | None:
    return (row := type_of(layer)) and row.kind


def fits(layer: nn.Module) -> bool:
    """Whether oneDNN computes such a layer in its own layout."""
    return type(layer) in LAYERS and LAYERS[type(layer)].fits(layer)
