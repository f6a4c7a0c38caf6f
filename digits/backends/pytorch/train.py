"""Training and prediction in PyTorch."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from digits.backends.pytorch.augment import augment
from digits.backends.pytorch.devices import exactly
from digits.backends.pytorch.fast.prepare import prepare
from digits.backends.pytorch.model import Classifier
from digits.backends.pytorch.optimizer import Adam
from digits.datasets import Split
from digits.models import BATCH
from digits.recipes import Augmentation, Recipe
from digits.recipes.randomness import derive, epoch_order
from digits.synthesis.augmentation import outlines, sample
from digits.synthesis.epoch import shown, shown_count

AT_ONCE = 16  # batches that are made of raw images together: as many as stay in the processor's cache


class Trainer:
    """See `interface.Trainer`."""

    def __init__(
        self,
        network: Classifier,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        recipe: Recipe,
        seed: int,
        precision: str,
    ):
        self.device = next(network.parameters()).device
        self.recipe, self.seed = recipe, seed
        self.training = Split(images, labels)
        if not recipe.draws:
            self._show(self.training)
        steps = -(-shown_count(recipe, len(labels)) // recipe.batch_size)  # of an epoch
        rates = np.array(recipe.learning_rates(recipe.epochs * steps), np.float32)
        self.rates = rates.reshape(recipe.epochs, steps)
        self.optimizer = Adam(network, recipe, getattr(torch, precision))
        self.model = prepare(self.optimizer.network.train())  # the same, faster

    def _show(self, split: Split) -> None:
        """Take these images to learn from: all of them stay in memory."""
        self.images = torch.from_numpy(split.images).to(self.device)  # (n, 28, 28), uint8
        self.labels = torch.from_numpy(split.labels).to(self.device)  # (n,)
        self.outlines = outlines(split.images[: len(split) if self.recipe.augmentation else 0])  # (n, 2, 16), or none

    def epoch(self, epoch: int, report_steps: int = 100) -> Iterator[tuple[int, float]]:
        if self.recipe.draws:
            self._show(shown(self.recipe, self.training, self.seed, epoch))
        torch.manual_seed(derive(self.seed, "dropout", epoch))
        order = torch.from_numpy(epoch_order(len(self.labels), self.seed, epoch))  # (n,)
        rates = self.rates[epoch].tolist()  # one for each batch
        policy = self.recipe.augmentation_in(epoch)
        rng = np.random.default_rng(derive(self.seed, "augmentation", epoch))
        for part in order.split(self.recipe.batch_size * report_steps):
            total = torch.zeros((), device=self.device)
            with self.model.computing():
                for x, labels in self._batches(part, policy, rng):
                    loss, gradients = self.model.gradients(x, labels, self.recipe.label_smoothing)
                    self.optimizer.step(gradients, rates.pop(0))
                    total = total + loss * len(labels)
            yield len(part), total.item() / len(part)

    def _batches(
        self, order: torch.Tensor, policy: Augmentation, rng: np.random.Generator
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """The images of these indices as the network takes them, and their labels, a batch at a time.

        Several batches are made at once, as that takes little longer than one.
        """
        size = self.recipe.batch_size
        for indices in order.split(size * AT_ONCE):
            on_device = indices.to(self.device, non_blocking=True)
            images, labels = self.images.index_select(0, on_device), self.labels.index_select(0, on_device)
            if policy:
                batches = zip(images.split(size), indices.split(size), strict=True)
                images = torch.cat([self._augmented(batch, which, policy, rng) for batch, which in batches])
            x = self.model.pixels(images)  # (n, 1, height, width)
            yield from zip(x.split(size), labels.split(size), strict=True)

    def _augmented(
        self, images: torch.Tensor, indices: torch.Tensor, policy: Augmentation, rng: np.random.Generator
    ) -> torch.Tensor:
        """A batch of images, which have these indices, changed in the ways that are drawn for it."""
        transforms = sample(policy, self.outlines[indices.numpy()], rng)
        warps, tones = map(torch.from_numpy, (transforms.warps, transforms.tones))
        return augment(images, *(each.to(self.device, non_blocking=True) for each in (warps, tones)))

    def state(self) -> dict[str, NDArray[np.floating]]:
        return self.optimizer.arrays()

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        self.optimizer.restore(state)


@torch.inference_mode()
def predict(network: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    device = next(network.parameters()).device
    model = prepare(network.eval())
    batches = torch.from_numpy(images).split(BATCH)
    with exactly():
        return torch.cat([model(batch.to(device)).float() for batch in batches]).cpu().numpy()
