"""The seed's recipe as PyTorch tutorials write it: a Dataset of PIL images, transforms, a shuffling DataLoader.

Usage: python pytorch_dataloader.py RAW_DIR [SEED]; prints {"seconds": of training and evaluation, "accuracy": …}.
"""

import json
import sys
import time

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Mnist(Dataset):
    """An image at a time: to PIL, to a tensor in [0, 1], to [-1, 1], as torchvision's MNIST and transforms do it."""

    def __init__(self, raw: str, split: str):
        self.images = np.fromfile(f"{raw}/{split}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 28, 28)
        self.labels = np.fromfile(f"{raw}/{split}-labels-idx1-ubyte", np.uint8)[8:].tolist()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = Image.fromarray(self.images[index])
        tensor = torch.from_numpy(np.array(image)).view(28, 28, 1).permute(2, 0, 1).contiguous().float().div(255)
        return tensor.clone().sub_(0.5).div_(0.5), self.labels[index]


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 10),
    )  # fmt: skip


def main(raw: str, seed: int) -> None:
    torch.manual_seed(seed)
    train = DataLoader(Mnist(raw, "train"), batch_size=64, shuffle=True)
    test = DataLoader(Mnist(raw, "t10k"), batch_size=64)
    model, criterion = network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    start = time.perf_counter()
    for _ in range(3):
        model.train()
        running = 0.0
        for images, labels in train:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            running += loss.item()
    model.eval()
    with torch.no_grad():
        right = sum((model(images).argmax(1) == labels).sum().item() for images, labels in test)
    print(json.dumps({"seconds": time.perf_counter() - start, "accuracy": right / 10_000}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
