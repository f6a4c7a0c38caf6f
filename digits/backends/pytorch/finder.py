"""Training of a finder in PyTorch."""

from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from digits.backends.pytorch.devices import exactly
from digits.backends.pytorch.fast.threads import flushing
from digits.backends.pytorch.model import Classifier
from digits.backends.pytorch.optimizer import Adam
from digits.datasets import Split
from digits.hardware import cores_here
from digits.recipes import Recipe
from digits.synthesis.crops import Batch, crops
from digits.synthesis.epoch import shown_count
from digits.synthesis.targets import WEIGHTS


class FinderTrainer:
    """See `interface.Trainer`; it reports each step, which takes as long as many of another network."""

    def __init__(self, network: Classifier, digits: Split, recipe: Recipe, seed: int, precision: str):
        self.device = next(network.parameters()).device
        self.digits, self.recipe, self.seed = digits, recipe, seed
        self.batches: Iterator[Batch] | None = None  # of all epochs that are left
        steps = -(-shown_count(recipe, len(digits)) // recipe.batch_size)  # of an epoch
        self.rates = np.array(recipe.learning_rates(recipe.epochs * steps), np.float32).reshape(recipe.epochs, steps)
        self.optimizer = Adam(network, recipe, getattr(torch, precision))
        self.network = self.optimizer.network.train()
        self.parameters = list(self.network.parameters())

    def epoch(self, epoch: int, report_steps: int = 100) -> Iterator[tuple[int, float]]:
        # One thread makes crops faster than a processor learns from them; a GPU keeps all cores at it.
        makers = 1 if self.device.type == "cpu" else cores_here()
        self.batches = self.batches or crops(self.recipe, self.digits, self.seed, epoch, makers)
        batches = islice(self.batches, len(self.rates[epoch]))
        for rate, (pictures, targets) in zip(self.rates[epoch].tolist(), batches, strict=True):
            with exactly(), flushing():
                maps = self.network(torch.from_numpy(pictures).to(self.device))
                loss = finder_loss(maps, *(torch.from_numpy(one).to(self.device) for one in targets))
                self.optimizer.step(list(torch.autograd.grad(loss, self.parameters)), rate)
            yield len(pictures), loss.item()

    def state(self) -> dict[str, NDArray[np.floating]]:
        return self.optimizer.arrays()

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        self.optimizer.restore(state)


def finder_loss(maps: torch.Tensor, heat: torch.Tensor, boxes: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The loss of a batch for each of its digits; see `targets.Targets`.

    Of the centres it is the focal loss of Zhou et al. (2019, arXiv:1904.07850), of the boxes the mean distance.

    Args:
        maps: what the network says, `(n, 14, height, width)`.
    """
    maps = maps.float() if maps.dtype == torch.bfloat16 else maps  # in which a loss would have two or three digits
    logits, found = maps.split([heat.shape[1], boxes.shape[1]], dim=1)
    p = logits.sigmoid()
    here = -((1 - p) ** 2) * F.logsigmoid(logits)
    elsewhere = -((1 - heat) ** 4) * p**2 * F.logsigmoid(-logits)
    centres = torch.where(heat == 1, here, elsewhere).sum()
    places, sizes = (((found - boxes) * mask).abs().sum(dim=(0, 2, 3))).split(2)  # each (2,)
    losses = torch.stack([centres, places.sum(), sizes.sum()])
    return (losses * losses.new_tensor(WEIGHTS)).sum() / mask.sum().clamp(min=1)
