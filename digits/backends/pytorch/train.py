"""Training and prediction in PyTorch."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from digits.backends.pytorch.augment import augment
from digits.backends.pytorch.model import Classifier
from digits.backends.pytorch.onednn import accelerated
from digits.backends.pytorch.optimizer import Adam
from digits.datasets import Split
from digits.models import BATCH
from digits.recipes import Augmentation, Recipe
from digits.recipes.augmentation import outlines, sample
from digits.recipes.drawing import shown, shown_count
from digits.recipes.randomness import derive, epoch_order
from digits.recipes.schedule import learning_rates


class Trainer:
    """See `interface.Trainer`."""

    def __init__(
        self, network: Classifier, images: np.ndarray, labels: np.ndarray, recipe: Recipe, seed: int, precision: str
    ):
        self.device = next(network.parameters()).device
        self.recipe, self.seed = recipe, seed
        self.training = Split(images, labels)
        if not recipe.draws:
            self._show(self.training)
        steps = -(-shown_count(recipe, len(labels)) // recipe.batch_size)  # of an epoch
        rates = np.array(learning_rates(recipe, recipe.epochs * steps), np.float32)
        self.rates = rates.reshape(recipe.epochs, steps)
        self.optimizer = Adam(network, recipe, getattr(torch, precision))
        self.network = accelerated(self.optimizer.network.train())

    def _show(self, split: Split) -> None:
        """Take these images to learn from: all of them stay in memory."""
        self.images = torch.from_numpy(split.images).to(self.device)  # (n, 28, 28), uint8
        self.labels = torch.from_numpy(split.labels).to(self.device)  # (n,)
        self.outlines = outlines(split.images[: len(split) if self.recipe.augmentation else 0])  # (n, 2, 16), or none

    def epoch(self, epoch: int, report_steps: int = 100) -> Iterator[tuple[int, float]]:
        if self.recipe.draws:
            self._show(shown(self.recipe, self.training, self.seed, epoch))
        torch.manual_seed(derive(self.seed, "dropout", epoch))
        network, size = self.network.train(), self.recipe.batch_size
        order = torch.from_numpy(epoch_order(len(self.labels), self.seed, epoch))  # (n,)
        rates = self.rates[epoch].tolist()  # one for each batch
        policy = self.recipe.augmentation_in(epoch)
        rng = np.random.default_rng(derive(self.seed, "augmentation", epoch))
        for part in order.split(size * report_steps):
            total = torch.zeros((), device=self.device)
            for batch in part.split(size):
                images, labels = self._batch(batch, policy, rng)
                logits = at_least_float32(network(images))
                loss = F.cross_entropy(logits, labels, label_smoothing=self.recipe.label_smoothing)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step(rates.pop(0))
                total = total + loss.detach() * len(batch)
            yield len(part), total.item() / len(part)

    def _batch(
        self, indices: torch.Tensor, policy: Augmentation, rng: np.random.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The images of these indices as the network is to see them, and their labels."""
        on_device = indices.to(self.device, non_blocking=True)
        images, labels = self.images.index_select(0, on_device), self.labels.index_select(0, on_device)
        if policy:
            transforms = sample(policy, self.outlines[indices.numpy()], rng)
            warps, tones = map(torch.from_numpy, (transforms.warps, transforms.tones))
            images = augment(images, *(each.to(self.device, non_blocking=True) for each in (warps, tones)))
        return images, labels

    def state(self) -> dict[str, np.ndarray]:
        return {name: tensor.cpu().numpy().copy() for name, tensor in self.optimizer.state().items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        for name, tensor in self.optimizer.state().items():
            tensor.copy_(torch.from_numpy(state[name]))
        self.optimizer.update_copy()


@torch.inference_mode()
def predict(network: nn.Module, images: np.ndarray) -> np.ndarray:
    device = next(network.parameters()).device
    network = accelerated(network.eval())
    batches = torch.from_numpy(images).split(BATCH)
    return torch.cat([network(batch.to(device)).float() for batch in batches]).cpu().numpy()


def at_least_float32(x: torch.Tensor) -> torch.Tensor:
    """The numbers in float32 or float64: a loss in bfloat16 would have two or three digits."""
    return x.float() if x.dtype == torch.bfloat16 else x
