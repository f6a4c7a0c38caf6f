"""Training and prediction in PyTorch."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from digits.backends.pytorch.optimizer import Adam
from digits.randomness import derive, epoch_order
from digits.recipes import Recipe


class Trainer:
    def __init__(
        self, network: nn.Module, images: np.ndarray, labels: np.ndarray, recipe: Recipe, seed: int, precision: str
    ):
        device = next(network.parameters()).device
        self.images = torch.from_numpy(images).to(device)  # (n, 28, 28), uint8: the whole set stays in memory
        self.labels = torch.from_numpy(labels).to(device)  # (n,)
        self.recipe, self.seed = recipe, seed
        self.optimizer = Adam(network, recipe, getattr(torch, precision))

    def epoch(self, epoch: int, report_steps: int = 100) -> Iterator[tuple[int, float]]:
        torch.manual_seed(derive(self.seed, "dropout", epoch))
        network, batch_size = self.optimizer.network.train(), self.recipe.batch_size
        order = torch.from_numpy(epoch_order(len(self.labels), self.seed, epoch)).to(self.labels.device)  # (n,)
        for part in order.split(batch_size * report_steps):
            total = torch.zeros((), device=part.device)
            for batch in part.split(batch_size):
                logits = network(self.images.index_select(0, batch))
                loss = F.cross_entropy(at_least_float32(logits), self.labels.index_select(0, batch))
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                total = total + loss.detach() * len(batch)
            yield len(part), total.item() / len(part)

    def state(self) -> dict[str, np.ndarray]:
        return {name: tensor.cpu().numpy().copy() for name, tensor in self.optimizer.state().items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        for name, tensor in self.optimizer.state().items():
            tensor.copy_(torch.from_numpy(state[name]))
        self.optimizer.round()


@torch.inference_mode()
def predict(network: nn.Module, images: np.ndarray) -> np.ndarray:
    device = next(network.parameters()).device
    network.eval()
    batches = torch.from_numpy(images).split(250)  # (250, 28, 28): activations stay in the cache
    return torch.cat([network(batch.to(device)).float() for batch in batches]).cpu().numpy()


def at_least_float32(x: torch.Tensor) -> torch.Tensor:
    return x.float() if x.dtype == torch.bfloat16 else x
