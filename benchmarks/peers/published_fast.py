"""The fastest published recipe that reaches 99% in one epoch: whole set in memory, Adam, one cycle of learning rates.

Usage: python published_fast.py RAW_DIR [SEED]; prints {"seconds": of training and evaluation, "accuracy": …}.
"""

import json
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BATCH = 256


def load(raw: str, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Images with the training set's mean 0 and deviation 1, float32, and labels."""
    images = np.fromfile(f"{raw}/{split}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 1, 28, 28)
    labels = np.fromfile(f"{raw}/{split}-labels-idx1-ubyte", np.uint8)[8:]
    return (torch.from_numpy(images).float() / 255 - 0.1307) / 0.3081, torch.from_numpy(labels).long()


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 24, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(24, 32, 3), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(800, 256), nn.ReLU(), nn.Linear(256, 10),
    )  # fmt: skip


def main(raw: str, seed: int) -> None:
    torch.manual_seed(seed)
    images, labels = load(raw, "train")
    test_images, test_labels = load(raw, "t10k")
    order = torch.randperm(len(labels))
    images, labels = images[order], labels[order]
    start = time.perf_counter()
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.7, 0.9))
    steps = -(-len(labels) // BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=steps, cycle_momentum=False)
    for some, their_labels in zip(images.split(BATCH), labels.split(BATCH), strict=True):
        optimizer.zero_grad()
        F.cross_entropy(model(some), their_labels).backward()
        optimizer.step()
        cycle.step()
    model.eval()
    with torch.no_grad():
        answers = torch.cat([model(some).argmax(1) for some in test_images.split(2000)])
    right = (answers == test_labels).sum().item()
    print(json.dumps({"seconds": time.perf_counter() - start, "accuracy": right / 10_000}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
