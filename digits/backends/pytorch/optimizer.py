"""Adam on all weights at once, with a copy of the network in low precision to compute with."""

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim.adam import adam

from digits.backends.pytorch.layer_types import type_of
from digits.backends.pytorch.model import Classifier
from digits.recipes import Recipe


class Adam:
    """Adam as Kingma and Ba (2014, arXiv:1412.6980) and torch.optim.Adam have it, on one vector of all weights.

    `network` is a copy of the model in `dtype`: training runs it forwards and backwards, and each step brings it up to
    date. The weights stay float32 in one vector, so one operation updates them all. On a small network a step takes a
    seventh less time so than with torch.optim.Adam and autocast. Batch normalisation stays float32 in the copy too; its
    running means and variances follow the parameters in the vector.

    The model's own weights become parts of the vector, or of `average`, the running average of it, where the recipe
    asks for one: the model is at any time what the training has come to.
    """

    def __init__(self, model: Classifier, recipe: Recipe, dtype: torch.dtype):
        self.recipe = recipe
        self.network = copy.deepcopy(model).to(dtype)
        self.network.dtype = dtype
        for layer in self.network.modules():
            if type_of(layer).kind == "norm" and dtype == torch.bfloat16:
                layer.float()
        self.weights = torch.cat([tensor.detach().flatten() for tensor in _state_tensors(model)])  # (all,), float32
        count = sum(parameter.numel() for parameter in model.parameters())
        self.trained = self.weights[:count]  # without the statistics of batch normalisation
        self.rounded = self.trained.to(dtype)  # (count,)
        self.gradients = torch.zeros_like(self.trained)
        self.first, self.second = torch.zeros_like(self.trained), torch.zeros_like(self.trained)
        self.steps = torch.zeros((), device=self.weights.device)
        self.average = self.weights.clone() if recipe.ema_decay else self.weights
        _share(model, self.average)
        _share(self.network, self.weights, self.rounded)
        self.parts = _split(self.gradients, list(model.parameters()))

    @torch.no_grad()
    def step(self, gradients: list[torch.Tensor], learning_rate: float) -> None:
        """Change all weights by these gradients, one for each parameter, and bring the copy up to date."""
        torch._foreach_copy_(self.parts, gradients)
        adam(
            [self.trained],
            [self.gradients],
            [self.first],
            [self.second],
            [],
            [self.steps],
            fused=True,
            lr=learning_rate,
            beta1=self.recipe.beta_1,
            beta2=self.recipe.beta_2,
            eps=self.recipe.epsilon,
            weight_decay=0,
            amsgrad=False,
            maximize=False,
        )
        self.update_copy()
        if self.recipe.ema_decay:
            # At first the average is young: it forgets the random weights that it began with.
            steps = self.steps.to(self.weights.dtype)
            keep = ((1 + steps) / (10 + steps)).clamp(max=self.recipe.ema_decay)
            self.average.lerp_(self.weights, 1 - keep)

    def update_copy(self) -> None:
        """Bring the copy in low precision up to date."""
        self.rounded.copy_(self.trained)

    def _state(self) -> dict[str, torch.Tensor]:
        """What the next step depends on; writing into these tensors changes it."""
        moments = {"first": self.first, "second": self.second, "steps": self.steps}
        return {"weights": self.weights, **moments, **({"average": self.average} if self.recipe.ema_decay else {})}

    def arrays(self) -> dict[str, NDArray[np.floating]]:
        """What the next step depends on, copied."""
        return {name: tensor.cpu().numpy().copy() for name, tensor in self._state().items()}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on from what `arrays` returned."""
        for name, tensor in self._state().items():
            tensor.copy_(torch.from_numpy(arrays[name]))
        self.update_copy()


def _state_tensors(model: nn.Module) -> list[torch.Tensor]:
    """The model's parameters, then the running means and variances of batch normalisation."""
    return [*model.parameters(), *(buffer for buffer in model.buffers() if buffer.is_floating_point())]


def _share(model: nn.Module, vector: torch.Tensor, rounded: torch.Tensor | None = None) -> None:
    """Make the model's tensors parts of `vector`, which holds their values, or of `rounded` where it has their type."""
    tensors = _state_tensors(model)
    parts = _split(vector, tensors)
    if rounded is not None:
        parameters = list(model.parameters())
        lower = _split(rounded, parameters)
        parts[: len(lower)] = [
            low if low.dtype == tensor.dtype else part
            for low, part, tensor in zip(lower, parts, parameters, strict=False)
        ]
    for tensor, part in zip(tensors, parts, strict=True):
        tensor.data = part


def _split(vector: torch.Tensor, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The parts of `vector` in the shapes of these tensors, sharing its memory."""
    parts = vector.split([tensor.numel() for tensor in tensors])
    return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]
