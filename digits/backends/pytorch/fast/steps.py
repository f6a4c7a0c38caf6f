"""The layers of a chain: what each computes forwards, and backwards in autograd's stead, to the same numbers."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

aten: Any = torch.ops.aten


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
        """What the layer makes of `x`, and what `backward` will need."""
        raise NotImplementedError

    def backward(self, grad: torch.Tensor, saved: Any) -> tuple[Any, ...]:
        """From the loss's gradient for what `forward` returned: that for its `x`, then those for its parameters."""
        raise NotImplementedError


class Convolution(Step):
    """A convolution that is not the first layer."""

    is_first = False

    def __init__(self, layer: Any):
        super().__init__(layer)
        self.padding, self.stride, self.dilation = map(pair, (layer.padding, layer.stride, layer.dilation))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        sizes = self.padding, self.stride, self.dilation, self.layer.groups
        return torch.mkldnn_convolution(x, self.weight, self.bias, *sizes), x

    def backward(self, grad: torch.Tensor, saved: Any) -> tuple[Any, ...]:
        has_bias = self.bias is not None
        sizes = self.stride, self.padding, self.dilation, False, [0, 0], self.layer.groups
        wanted = not self.is_first, True, has_bias
        found = aten.convolution_backward(
            grad, saved, self.weight, [self.layer.out_channels] if has_bias else None, *sizes, wanted
        )
        return found if has_bias else found[:2]


class FirstConvolution(Convolution):
    """The first layer: nobody asks for the gradient of the image."""

    is_first = True

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        return super().forward(x.to_mkldnn())


class PatchedConvolution(FirstConvolution):
    """A first convolution whose backward pass is a product of two matrices for each image: quicker on AVX2.

    The gradient of a weight is the sum, over all places, of the pixel that it met there times the gradient there.
    """

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        return super().forward(x)[0], x  # (n, 1, height, width)

    def backward(self, grad: torch.Tensor, saved: Any) -> tuple[Any, ...]:
        grad = grad.to_dense()  # (n, filters, places down, places right)
        (n, filters, down, right), (rows, columns) = grad.shape, self.weight.shape[2:]
        image = F.pad(saved, [*self.padding[1:] * 2, *self.padding[:1] * 2])
        width = image.shape[3]
        steps = image.stride(0), width, 1, width * self.stride[0], self.stride[1]
        pixels = image.as_strided((n, rows, columns, down, right), steps).reshape(n, rows * columns, down * right)
        products = grad.view(n, filters, down * right) @ pixels.transpose(1, 2)  # (n, filters, rows * columns)
        found = None, products.sum(0).view(self.weight.shape)
        return found if self.bias is None else (*found, grad.sum((0, 2, 3)))


class Pool(Step):
    """The largest of several numbers, each in its window."""

    def __init__(self, layer: nn.MaxPool2d):
        super().__init__(layer)
        kernel, stride, padding = map(pair, (layer.kernel_size, layer.stride, layer.padding))
        self.sizes = kernel, stride, padding, [1, 1], layer.ceil_mode

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        x.requires_grad_()  # or oneDNN would not note which one was the largest
        with torch.enable_grad():
            y = torch.mkldnn_max_pool2d(x, *self.sizes)
        return y, (y, x)

    def backward(self, grad: torch.Tensor, saved: Any) -> tuple[Any, ...]:
        return (aten.mkldnn_max_pool2d_backward(grad, *saved, *self.sizes),)


class Relu(Step):
    """What is below 0 becomes 0."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        y = torch.relu(x)
        return y, y

    def backward(self, grad: torch.Tensor, saved: Any) -> tuple[Any, ...]:
        return (aten.threshold_backward(grad, saved, 0),)


class Normalization(Step):
    """Batch normalisation. It also brings the running means and variances up to date."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        layer = self.layer
        running = layer.running_mean, layer.running_var
        y, *batch = aten.native_batch_norm(x, self.weight, self.bias, *running, True, layer.momentum, layer.eps)
        return y, (x, batch)

    def backward(self, grad: torch.Tensor, saved: Any) -> tuple[Any, ...]:
        x, batch = saved
        running = self.layer.running_mean, self.layer.running_var
        options = True, self.layer.eps, (True, True, True)
        return aten.native_batch_norm_backward(grad, x, self.weight, *running, *batch, *options)


class Flatten(Step):
    """From images to rows of numbers, in PyTorch's layout."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:  # (n, channels, height, width)
        return x.to_dense().flatten(1), x.shape  # (n, channels * height * width)

    def backward(self, grad: torch.Tensor, saved: Any) -> tuple[Any, ...]:
        return (grad.view(saved).to_mkldnn(),)


class Dense(Step):
    """A dense layer: each output is a weighted sum of all inputs."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:  # (n, inputs)
        return F.linear(x, self.weight, self.bias), x  # (n, outputs)

    def backward(self, grad: torch.Tensor, saved: Any) -> tuple[Any, ...]:
        found = grad @ self.weight, grad.t() @ saved
        return found if self.bias is None else (*found, grad.sum(0))


class Dropout(Step):
    """Leaves out a random share, and makes up for it with the rest."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        share = 1 - self.layer.p
        factors = torch.empty_like(x).bernoulli_(share).div_(share)  # the numbers that PyTorch's own dropout draws
        return x * factors, factors

    def backward(self, grad: torch.Tensor, saved: Any) -> tuple[Any, ...]:
        return (grad * saved,)


def pair(size: int | tuple[int, ...]) -> list[int]:
    """The size down and the size to the right."""
    return [size, size] if isinstance(size, int) else list(size)
