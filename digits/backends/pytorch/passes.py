"""Forwards and backwards through a network: from images and labels to the loss and its gradient for each parameter.

`Autograd` has PyTorch find the way back, and does it for any network. `Chain` goes it by itself, layer by layer, where
a network is a row of the usual layers: on a small network a good part of a step is PyTorch's work of noting what was
computed, and of finding it again. The numbers are the same.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional as F

from digits.backends.hardware import cpu_features
from digits.backends.pytorch.onednn import accelerated, fits, unchanged_statistics
from digits.backends.windows import Window, side_that_counts
from digits.datasets import SIDE

aten: Any = torch.ops.aten


class Passes(Protocol):
    """Both passes through a network in training.

    Attributes:
        side: how many pixels of an image's width and height reach the answer.
    """

    side: int

    def __call__(self, x: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The mean loss of a batch and its gradient for each parameter, in the order of `parameters()`.

        It is 0 for a parameter that does not change the answer or is not to be trained.

        Args:
            x: `(n, 1, side, side)`, pixels in the network's range and type.
            labels: `(n,)`, int64.
        """


class Autograd:
    """See `Passes`; for any network."""

    side = SIDE

    def __init__(self, model: Any, smoothing: float):
        self.network: Any = accelerated(model).network
        self.smoothing = smoothing
        self.parameters = list(model.parameters())

    def __call__(self, x: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        loss = F.cross_entropy(at_least_float32(self.network(x)), labels, label_smoothing=self.smoothing)
        trained = [parameter for parameter in self.parameters if parameter.requires_grad]
        found = iter(torch.autograd.grad(loss, trained, allow_unused=True, materialize_grads=True))
        return loss.detach(), [next(found) if one.requires_grad else torch.zeros_like(one) for one in self.parameters]


def at_least_float32(x: torch.Tensor) -> torch.Tensor:
    """The numbers in float32 or float64: a loss in bfloat16 would have two or three digits."""
    return x.float() if x.dtype == torch.bfloat16 else x


class Step:
    """A layer of a chain.

    Between convolutions images, `(n, channels, height, width)`, are in the layout of oneDNN, the library that computes
    them; elsewhere tensors are in PyTorch's.
    """

    def __init__(self, layer: Any):
        self.layer = layer
        self.weight: Any = getattr(layer, "weight", None)
        self.bias: Any = getattr(layer, "bias", None)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        """What the layer makes of `x`, and what the way back will need."""
        raise NotImplementedError

    def backward(self, slope: torch.Tensor, kept: Any) -> tuple[Any, ...]:
        """From the loss's gradient for what `forward` returned: that for its `x`, then those for its parameters."""
        raise NotImplementedError


class Convolution(Step):
    """A convolution that is not the first layer."""

    is_first = False

    def __init__(self, layer: Any):
        super().__init__(layer)
        self.padding, self.stride, self.dilation = map(_pair, (layer.padding, layer.stride, layer.dilation))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        sizes = self.padding, self.stride, self.dilation, self.layer.groups
        return torch.mkldnn_convolution(x, self.weight, self.bias, *sizes), x

    def backward(self, slope: torch.Tensor, kept: Any) -> tuple[Any, ...]:
        has_bias = self.bias is not None
        sizes = self.stride, self.padding, self.dilation, False, [0, 0], self.layer.groups
        wanted = not self.is_first, True, has_bias
        found = aten.convolution_backward(
            slope, kept, self.weight, [self.layer.out_channels] if has_bias else None, *sizes, wanted
        )
        return found if has_bias else found[:2]


class FirstConvolution(Convolution):
    """The first layer: nobody asks for the gradient of the image."""

    is_first = True

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        return super().forward(x.to_mkldnn())


class PatchedConvolution(FirstConvolution):
    """A first convolution whose way back is a product of two matrices for each image, quicker on AVX2 than oneDNN's.

    The gradient of a weight is the sum, over all places, of the pixel that the weight met there times the slope there.
    """

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        return super().forward(x)[0], x  # (n, 1, height, width)

    def backward(self, slope: torch.Tensor, kept: Any) -> tuple[Any, ...]:
        slope = slope.to_dense()  # (n, filters, places down, places right)
        (n, filters, down, right), (rows, columns) = slope.shape, self.weight.shape[2:]
        image = F.pad(kept, [*self.padding[1:] * 2, *self.padding[:1] * 2])
        width = image.shape[3]
        steps = image.stride(0), width, 1, width * self.stride[0], self.stride[1]
        pixels = image.as_strided((n, rows, columns, down, right), steps).reshape(n, rows * columns, down * right)
        products = slope.view(n, filters, down * right) @ pixels.transpose(1, 2)  # (n, filters, rows * columns)
        found = None, products.sum(0).view(self.weight.shape)
        return found if self.bias is None else (*found, slope.sum((0, 2, 3)))


class Pool(Step):
    """The largest of several numbers, each in its window."""

    def __init__(self, layer: nn.MaxPool2d):
        super().__init__(layer)
        kernel, stride, padding = map(_pair, (layer.kernel_size, layer.stride, layer.padding))
        self.sizes = kernel, stride, padding, [1, 1], layer.ceil_mode

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        x.requires_grad_()  # or oneDNN would not note which one was the largest
        with torch.enable_grad():
            y = torch.mkldnn_max_pool2d(x, *self.sizes)
        return y, (y, x)

    def backward(self, slope: torch.Tensor, kept: Any) -> tuple[Any, ...]:
        return (aten.mkldnn_max_pool2d_backward(slope, *kept, *self.sizes),)


class Relu(Step):
    """What is below 0 becomes 0."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        y = torch.relu(x)
        return y, y

    def backward(self, slope: torch.Tensor, kept: Any) -> tuple[Any, ...]:
        return (aten.threshold_backward(slope, kept, 0),)


class Normalization(Step):
    """Batch normalisation. It also brings the running means and variances up to date."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        layer = self.layer
        running = layer.running_mean, layer.running_var
        y, *batch = aten.native_batch_norm(x, self.weight, self.bias, *running, True, layer.momentum, layer.eps)
        return y, (x, batch)

    def backward(self, slope: torch.Tensor, kept: Any) -> tuple[Any, ...]:
        x, batch = kept
        running = self.layer.running_mean, self.layer.running_var
        options = True, self.layer.eps, (True, True, True)
        return aten.native_batch_norm_backward(slope, x, self.weight, *running, *batch, *options)


class Flatten(Step):
    """From images to rows of numbers, in PyTorch's layout."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:  # (n, channels, height, width)
        return x.to_dense().flatten(1), x.shape  # (n, channels * height * width)

    def backward(self, slope: torch.Tensor, kept: Any) -> tuple[Any, ...]:
        return (slope.view(kept).to_mkldnn(),)


class Dense(Step):
    """A dense layer: each output is a weighted sum of all inputs."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:  # (n, inputs)
        return F.linear(x, self.weight, self.bias), x  # (n, outputs)

    def backward(self, slope: torch.Tensor, kept: Any) -> tuple[Any, ...]:
        found = slope @ self.weight, slope.t() @ kept
        return found if self.bias is None else (*found, slope.sum(0))


class Dropout(Step):
    """Leaves out a random share, and makes up for it with the rest."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        kept = 1 - self.layer.p
        factors = torch.empty_like(x).bernoulli_(kept).div_(kept)  # the numbers that PyTorch's own dropout draws
        return x * factors, factors

    def backward(self, slope: torch.Tensor, kept: Any) -> tuple[Any, ...]:
        return (slope * kept,)


IN_IMAGES: dict[Any, type[Step]] = {
    nn.Conv2d: Convolution,
    nn.MaxPool2d: Pool,
    nn.BatchNorm2d: Normalization,
    nn.ReLU: Relu,
}
IN_ROWS: dict[Any, type[Step]] = {nn.Linear: Dense, nn.ReLU: Relu, nn.Dropout: Dropout}


class Chain:
    """See `Passes`; for a network that is a row of the layers above."""

    def __init__(self, steps: list[Step], smoothing: float, dtype: torch.dtype):
        self.steps, self.dtype = steps, dtype
        self.side = _side(steps)
        outputs = steps[-1].layer.out_features
        # By label, the probability that each class should have: `(outputs, outputs)`.
        self.targets = (1 - smoothing) * torch.eye(outputs) + smoothing / outputs

    @torch.no_grad()
    def __call__(self, x: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        kept = []
        for step in self.steps:
            x, needed = step.forward(x)
            kept.append(needed)
        targets = self.targets.index_select(0, labels)  # (n, classes)
        logarithms = x.float().log_softmax(1)  # (n, classes), of the probabilities
        loss = (targets * logarithms).sum() / -len(targets)
        slope = logarithms.exp_().sub_(targets).div_(len(targets)).to(self.dtype)
        gradients: list[torch.Tensor] = []
        for step in reversed(self.steps):
            slope, *own = step.backward(slope, kept.pop())  # and so memory is free as soon as it may be
            gradients[:0] = own
        return loss, gradients


def passes(model: Any, smoothing: float) -> Passes:
    """The quickest passes through a model (`Classifier`), whose parameters may change their values between them.

    Args:
        smoothing: share of the target that is spread over all classes.
    """
    device = next(model.parameters()).device
    if device.type == "cpu" and model.dtype != torch.float64 and torch.backends.mkldnn.is_available():
        steps = _steps(list(_row(model.network)), model.dtype)
        if steps:
            chain = Chain(steps, smoothing, model.dtype)
            with contextlib.suppress(RuntimeError), unchanged_statistics(model):  # oneDNN may lack what it needs here
                chain(model.pixels(torch.zeros(2, chain.side, chain.side)), torch.zeros(2, dtype=torch.int64))
                return chain
    return Autograd(model, smoothing)


def _row(network: nn.Module) -> Iterator[nn.Module]:
    """The layers of a row, and of rows within it; anything else is a layer."""
    if type(network) is nn.Sequential and not _is_watched(network):
        for part in network:
            yield from _row(part)
    else:
        yield network


def _steps(row: list[nn.Module], dtype: torch.dtype) -> list[Step]:
    """The steps of a chain; none where the layers are no row of those above: of images, then of numbers."""
    kinds = [type(layer) for layer in row]
    flat = kinds.index(nn.Flatten) if nn.Flatten in kinds else len(row)
    images, rows = row[:flat], [layer for layer in row[flat + 1 :] if not _does_nothing(layer)]
    is_usual = (
        not any(map(_is_watched, row))
        and _are_all_trained(row)
        and _are_of_images(images)
        and bool(rows)
        and all(type(layer) in IN_ROWS for layer in rows)
        and type(rows[-1]) is nn.Linear
        and row[flat].extra_repr() == nn.Flatten().extra_repr()
    )
    if not is_usual:
        return []
    first: Any = images[0]
    layers = _pooled_first(images[1:])
    if layers and type(layers[-1]) is nn.ReLU:  # in rows its way back needs no change of layout
        rows.insert(0, layers.pop())
    # Without AVX512 the way back through a first convolution takes 0.2 ms by patches and 0.7 to 0.9 ms by oneDNN.
    patched = dtype == torch.float32 and first.dilation == (1, 1) and "avx512f" not in cpu_features()
    return [
        (PatchedConvolution if patched else FirstConvolution)(first),
        *(IN_IMAGES[type(layer)](layer) for layer in layers),
        Flatten(row[flat]),
        *(IN_ROWS[type(layer)](layer) for layer in rows),
    ]


def _is_watched(layer: nn.Module) -> bool:
    """Whether somebody has hooked in to see, or change, what the layer computes."""
    return bool(layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks or layer._backward_pre_hooks)


def _are_all_trained(row: list[nn.Module]) -> bool:
    """Whether each parameter is trained, and is of one layer alone."""
    parameters = [parameter for layer in row for parameter in layer.parameters()]
    return len(set(parameters)) == len(parameters) and all(parameter.requires_grad for parameter in parameters)


def _are_of_images(row: list[nn.Module]) -> bool:
    """Whether these layers take grey images, and stay in oneDNN's layout from the first convolution on."""
    first = row[0] if row else None
    return isinstance(first, nn.Conv2d) and first.in_channels == 1 and all(map(fits, row))


def _does_nothing(layer: nn.Module) -> bool:
    return type(layer) is nn.Dropout and layer.p == 0


def _pooled_first(layers: list[nn.Module]) -> list[nn.Module]:
    """The layers, with each ReLU behind the pooling that follows it, where it has a quarter of the work."""
    layers = list(layers)
    for place in range(len(layers) - 1):
        if [type(layer) for layer in layers[place : place + 2]] == [nn.ReLU, nn.MaxPool2d]:
            layers[place : place + 2] = reversed(layers[place : place + 2])
    return layers


def _side(steps: list[Step]) -> int:
    """How many pixels of an image's side reach the answer: all where padding or normalisation give each its part."""
    if any(isinstance(step, Normalization) for step in steps):
        return SIDE
    return side_that_counts([_window(step.layer) for step in steps if isinstance(step, Convolution | Pool)])


def _window(layer: Any) -> Window | None:
    """Size and stride of the windows of a convolution or of pooling; None where they are padded or no squares."""
    kernel, stride, padding, dilation = map(_pair, (layer.kernel_size, layer.stride, layer.padding, layer.dilation))
    plain = (padding, dilation) == ([0, 0], [1, 1]) and not getattr(layer, "ceil_mode", False)
    is_square = kernel[0] == kernel[1] and stride[0] == stride[1]
    return (kernel[0], stride[0]) if plain and is_square else None


def _pair(size: int | tuple[int, ...]) -> list[int]:
    """The size down and the size to the right."""
    return [size, size] if isinstance(size, int) else list(size)
