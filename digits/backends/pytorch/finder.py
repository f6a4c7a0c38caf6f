"""Training of a finder in PyTorch."""

import signal
from collections.abc import Iterator, Mapping
from itertools import islice

import cv2
import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from digits.backends.hardware import cores_here
from digits.backends.pytorch.devices import exactly
from digits.backends.pytorch.fast.threads import flushing
from digits.backends.pytorch.model import Classifier
from digits.backends.pytorch.optimizer import Adam
from digits.datasets import Split
from digits.recipes import Recipe
from digits.synthesis.crops import Batch, crops, parts, portion, portions
from digits.synthesis.epoch import shown_count
from digits.synthesis.targets import WEIGHTS


class FinderTrainer:
    """See `interface.Trainer`; it reports each step, which takes as long as many of another network."""

    def __init__(self, network: Classifier, digits: Split, recipe: Recipe, seed: int, precision: str):
        self.device = next(network.parameters()).device
        self.digits, self.recipe, self.seed = digits, recipe, seed
        self.coming: Iterator[Batch] | None = None  # of this epoch and those after it, where processes make them
        steps = -(-shown_count(recipe, len(digits)) // recipe.batch_size)  # of an epoch
        self.rates = np.array(recipe.learning_rates(recipe.epochs * steps), np.float32).reshape(recipe.epochs, steps)
        self.optimizer = Adam(network, recipe, getattr(torch, precision))
        self.network = self.optimizer.network.train()
        self.parameters = list(self.network.parameters())

    def epoch(self, epoch: int, report_steps: int = 100) -> Iterator[tuple[int, float]]:
        for rate, (pictures, targets) in zip(self.rates[epoch].tolist(), self._batches(epoch), strict=True):
            with exactly(), flushing():
                maps = self.network(torch.as_tensor(pictures).to(self.device))
                loss = finder_loss(maps, *(torch.as_tensor(one).to(self.device) for one in targets))
                self.optimizer.step(list(torch.autograd.grad(loss, self.parameters)), rate)
            yield len(pictures), loss.item()

    def _batches(self, epoch: int) -> Iterator[Batch]:
        """The same on every device: a processor learns from them slower than it makes them, a GPU many times faster."""
        if self.device.type == "cpu":
            return crops(self.recipe, self.digits, self.seed, epoch)
        if self.coming is None:
            coming = DataLoader(
                _Portions(self, epoch),
                batch_size=None,
                num_workers=cores_here(),
                worker_init_fn=_begin,
                multiprocessing_context="spawn",  # forked, CUDA's threads would be lost
            )
            self.coming = (batch for whole in coming for batch in parts(whole, self.recipe.batch_size))
        return islice(self.coming, len(self.rates[epoch]))

    def state(self) -> dict[str, np.ndarray]:
        return self.optimizer.arrays()

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.optimizer.restore(state)


class _Portions(Dataset[Batch]):
    """The portions of all epochs from one on."""

    def __init__(self, trainer: FinderTrainer, first: int):
        self.drawn_from = trainer.recipe, trainer.digits, trainer.seed
        self.each, self.first, self.epochs = portions(trainer.recipe), first, trainer.recipe.epochs

    def __len__(self) -> int:
        return (self.epochs - self.first) * self.each

    def __getitem__(self, index: int) -> Batch:
        return portion(*self.drawn_from, self.first + index // self.each, index % self.each)


def _begin(worker: int) -> None:
    """Make a process ready that composes: there is one for each core, and Ctrl-C is for the one who started it."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


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
