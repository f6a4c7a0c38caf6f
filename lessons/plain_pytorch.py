"""MNIST in plain PyTorch, as tutorials write it: nothing here comes from this project's package.

Run it from the project's folder, after `python download_mnist.py`:  python lessons/plain_pytorch.py [RAW_DIR] [SEED]
It takes half a minute on two cores. `mnist_pytorch.py` does the same in a fraction of that; lesson 5 finds out how.
The last line it prints is for the benchmarks, which measure the project against this very file.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

RAW_DIR = Path("mnist_data/MNIST/raw")
EPOCHS = 3
BATCH_SIZE = 64


# 1. The data: one image and its label at a time


class Mnist(Dataset):
    """The images of a split, as torchvision's `MNIST` with `ToTensor` and `Normalize` gives them."""

    def __init__(self, raw: Path, split: str):
        # Each file starts with 16 or 8 bytes that say how much follows; then come the pixels, or the labels.
        self.images = np.fromfile(raw / f"{split}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 28, 28)
        self.labels = np.fromfile(raw / f"{split}-labels-idx1-ubyte", np.uint8)[8:].tolist()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = Image.fromarray(self.images[index])  # 28 × 28 grey pixels, each from 0 to 255
        tensor = torch.from_numpy(np.array(image)).view(28, 28, 1)  # (28, 28, 1): height, width, channels
        tensor = tensor.permute(2, 0, 1).contiguous()  # (1, 28, 28): PyTorch wants the channels first
        tensor = tensor.float().div(255)  # each pixel from 0 to 1
        return tensor.clone().sub_(0.5).div_(0.5), self.labels[index]  # each pixel from -1 to 1


# 2. The network


def network() -> nn.Module:
    return nn.Sequential(  # (n, 1, 28, 28): n images
        nn.Conv2d(1, 16, kernel_size=3),  # (n, 16, 26, 26): 16 maps of where 3 × 3 pixels match a pattern
        nn.ReLU(),  # what is below 0, no match, becomes 0
        nn.MaxPool2d(2),  # (n, 16, 13, 13): of each 2 × 2 places the best match
        nn.Conv2d(16, 32, kernel_size=3),  # (n, 32, 11, 11): patterns of these patterns
        nn.ReLU(),
        nn.MaxPool2d(2),  # (n, 32, 5, 5)
        nn.Flatten(),  # (n, 800): all that was found, in a row
        nn.Linear(800, 128),  # (n, 128)
        nn.ReLU(),
        nn.Dropout(0.25),  # in training only: leaves out a random quarter
        nn.Linear(128, 10),  # (n, 10): a score for each digit, called logits
    )


# 3. Training: for each batch, how wrong was it, and which way is better?


def train(model: nn.Module, loader: DataLoader) -> None:
    criterion = nn.CrossEntropyLoss()  # 0 if the right digit had all the probability, and more the less it had
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(EPOCHS):
        model.train()  # dropout is on
        total = 0.0
        for images, labels in loader:  # (64, 1, 28, 28), (64,)
            optimizer.zero_grad()  # forget the last batch's gradients
            logits = model(images)  # (64, 10)
            loss = criterion(logits, labels)  # one number for the batch
            loss.backward()  # for each weight: does the loss rise or fall with it, and how steeply?
            optimizer.step()  # move each weight a little, to where the loss falls
            total += loss.item()
        print(f"Epoch {epoch + 1}/{EPOCHS}, Loss: {total / len(loader):.4f}", flush=True)


# 4. The test: images that it has never seen


def evaluate(model: nn.Module, loader: DataLoader) -> float:
    model.eval()  # dropout is off
    right = 0
    with torch.no_grad():  # nothing is learned here, so no gradients
        for images, labels in loader:
            answers = model(images).argmax(1)  # (64,): the digit with the highest score
            right += (answers == labels).sum().item()
    return right / len(loader.dataset)


def main(raw: Path, seed: int) -> None:
    if not (raw / "train-images-idx3-ubyte").is_file():
        sys.exit(f"error: MNIST is not in {raw}. Run: python download_mnist.py")
    torch.manual_seed(seed)
    train_loader = DataLoader(Mnist(raw, "train"), batch_size=BATCH_SIZE, shuffle=True)  # 60,000 images
    test_loader = DataLoader(Mnist(raw, "t10k"), batch_size=BATCH_SIZE)  # 10,000 others
    model = network()
    start = time.perf_counter()
    train(model, train_loader)
    accuracy = evaluate(model, test_loader)
    seconds = time.perf_counter() - start
    print(f"Test Accuracy: {accuracy:.2%}")
    print(json.dumps({"seconds": seconds, "accuracy": accuracy}))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RAW_DIR, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
