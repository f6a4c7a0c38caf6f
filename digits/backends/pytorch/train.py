"""Training and prediction in PyTorch."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from digits.backends.pytorch.model import PIXEL_RANGE
from digits.randomness import derive, epoch_order
from digits.recipes import Recipe

REPORT_STEPS = 100  # often enough for a progress bar, seldom enough not to wait for a GPU at each step


def train(model, images, labels, recipe: Recipe, seed: int, precision: str, report) -> Iterator[float]:
    device = next(model.parameters()).device
    images = torch.from_numpy(images).unsqueeze(1).to(device)  # (n, 1, 28, 28), uint8: the whole set stays in memory
    labels = torch.from_numpy(labels).to(device)  # (n,)
    dtype = getattr(torch, precision)
    optimizer = torch.optim.Adam(
        model.parameters(),
        lr=recipe.learning_rate,
        betas=(recipe.beta_1, recipe.beta_2),
        eps=recipe.epsilon,
        fused=device.type != "mps",
    )
    for epoch in range(recipe.epochs):
        torch.manual_seed(derive(seed, "dropout", epoch))  # for dropout
        order = torch.from_numpy(epoch_order(len(labels), seed, epoch)).to(device)
        model.train()
        epoch_loss = torch.zeros((), device=device)
        for steps in order.split(recipe.batch_size * REPORT_STEPS):
            total = torch.zeros((), device=device)
            for batch in steps.split(recipe.batch_size):
                x = pixels(images[batch], dtype)
                with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                    logits = model(x)
                loss = F.cross_entropy(logits.float(), labels[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.detach() * len(batch)
            report(len(steps), total.item() / len(steps))
            epoch_loss += total
        yield epoch_loss.item() / len(labels)


@torch.inference_mode()
def predict(model: nn.Module, images: np.ndarray) -> np.ndarray:
    device = next(model.parameters()).device
    model.eval()
    batches = torch.from_numpy(images).unsqueeze(1).split(250)  # (250, 1, 28, 28): activations stay in the cache
    return torch.cat([model(pixels(batch.to(device), torch.float32)) for batch in batches]).cpu().numpy()


def pixels(images: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """uint8 pixels as the network sees them, from -1 to 1."""
    low, high = PIXEL_RANGE
    return images.to(dtype).mul_((high - low) / 255).add_(low)
