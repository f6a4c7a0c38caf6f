"""Training and prediction in PyTorch."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from digits.backends.pytorch.model import PIXEL_RANGE
from digits.backends.pytorch.optimizer import Adam
from digits.randomness import derive, epoch_order
from digits.recipes import Recipe

REPORT_STEPS = 100  # often enough for a progress bar and Ctrl-C, seldom enough not to wait for a GPU at each step


def train(
    model: nn.Module,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    seed: int,
    precision: str,
    report: Callable[[int, float], None],
) -> Iterator[float]:
    device = next(model.parameters()).device
    x = torch.from_numpy(images).unsqueeze(1).to(device)  # (n, 1, 28, 28), uint8: the whole set stays in memory
    y = torch.from_numpy(labels).to(device)  # (n,)
    dtype = getattr(torch, precision)
    optimizer = Adam(model, recipe, dtype)
    network = optimizer.network.train()
    for epoch in range(recipe.epochs):
        torch.manual_seed(derive(seed, "dropout", epoch))
        order = torch.from_numpy(epoch_order(len(y), seed, epoch)).to(device)  # (n,)
        epoch_loss = 0.0
        for part in order.split(recipe.batch_size * REPORT_STEPS):
            total = torch.zeros((), device=device)
            for batch in part.split(recipe.batch_size):
                logits = network(pixels(x.index_select(0, batch), dtype))
                loss = F.cross_entropy(logits.float(), y.index_select(0, batch))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.detach() * len(batch)
            report(len(part), total.item() / len(part))
            epoch_loss += total.item()
        yield epoch_loss / len(y)


@torch.inference_mode()
def predict(model: nn.Module, images: np.ndarray) -> np.ndarray:
    device = next(model.parameters()).device
    model.eval()
    batches = torch.from_numpy(images).unsqueeze(1).split(250)  # (250, 1, 28, 28): activations stay in the cache
    return torch.cat([model(pixels(batch.to(device), torch.float32)) for batch in batches]).cpu().numpy()


def pixels(images: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """uint8 pixels as the network sees them, from -1 to 1, on the CPU in oneDNN's layout."""
    low, high = PIXEL_RANGE
    x = images.to(dtype).mul_((high - low) / 255).add_(low)
    return x.to_mkldnn() if x.device.type == "cpu" and torch.backends.mkldnn.is_available() else x
