"""The gradients of a network that is a row of the usual layers, layer by layer.

On a small network a good part of a step is autograd's work of noting what was computed, and of finding it again.
"""

from functools import cache
from typing import Any

import torch
from torch import fx, nn

from digits.backends.pytorch.fast.graph import row_of
from digits.backends.pytorch.fast.steps import FirstConvolution, PatchedConvolution, Step
from digits.backends.pytorch.layer_types import exact_type_of
from digits.backends.windows import side_that_counts
from digits.hardware import cpu_features


class Chain:
    """See `Classifier.gradients`. Of images it takes the `side` pixels of width and height that reach the answer."""

    def __init__(self, steps: list[Step], side: int, dtype: torch.dtype):
        self.steps, self.side, self.dtype = steps, side, dtype

    @torch.no_grad()
    def __call__(
        self, x: torch.Tensor, labels: torch.Tensor, smoothing: float
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        saved = []
        for step in self.steps:
            x, needed = step.forward(x)
            saved.append(needed)
        targets = _targets(x.shape[1], smoothing).index_select(0, labels)  # (n, classes)
        logarithms = x.float().log_softmax(1)  # (n, classes), of the probabilities
        loss = (targets * logarithms).sum() / -len(targets)
        grad = logarithms.exp_().sub_(targets).div_(len(targets)).to(self.dtype)
        gradients: list[torch.Tensor] = []
        for step in reversed(self.steps):
            grad, *own = step.backward(grad, saved.pop())  # and so memory is free as soon as it may be
            gradients[:0] = own
        return loss, gradients


@cache
def _targets(classes: int, smoothing: float) -> torch.Tensor:
    """By label, the probability that each class should have: `(classes, classes)`."""
    return (1 - smoothing) * torch.eye(classes) + smoothing / classes


def chain_of(graph: fx.GraphModule, network: nn.Module, dtype: torch.dtype) -> Chain | None:
    """The chain of a network, whose graph it is; None where its layers are no row: of images, then of numbers."""
    row = [layer for layer in row_of(graph) if not (type(layer) is nn.Dropout and layer.p == 0)]
    flat = next((place for place, layer in enumerate(row) if type(layer) is nn.Flatten), 0)
    images, rows = row[:flat], row[flat + 1 :]
    parameters = [parameter for layer in row for parameter in layer.parameters()]
    first: Any = images[0] if images else None
    is_usual = (
        not any(map(_is_watched, row))
        and list(map(id, parameters)) == list(map(id, network.parameters()))  # in order, each of one layer alone
        and all(parameter.requires_grad for parameter in parameters)
        and isinstance(first, nn.Conv2d)
        and first.in_channels == 1
        and all(exact_type_of(layer).fits(layer) for layer in images)
        and bool(rows)
        and all(exact_type_of(layer).in_rows for layer in rows)
        and type(rows[-1]) is nn.Linear
        and row[flat].extra_repr() == nn.Flatten().extra_repr()
    )
    if not is_usual:
        return None
    side = side_that_counts([exact_type_of(layer).window(layer) for layer in row])
    if type(images[-1]) is nn.ReLU:  # in rows its backward pass needs no change of layout
        rows.insert(0, images.pop())
    # Without AVX512 the backward pass of a first convolution takes 0.2 ms by patches and 0.7 to 0.9 ms by oneDNN.
    patched = dtype == torch.float32 and first.dilation == (1, 1) and "avx512f" not in cpu_features()
    steps: list[Step] = [(PatchedConvolution if patched else FirstConvolution)(first)]
    steps += [exact_type_of(layer).step(layer) for layer in (*images[1:], row[flat], *rows)]
    return Chain(steps, side, dtype)


def _is_watched(layer: nn.Module) -> bool:
    """Whether somebody has hooked in to see, or change, what the layer computes."""
    return bool(layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks or layer._backward_pre_hooks)
