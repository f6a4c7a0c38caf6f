"""The networks in PyTorch. What each of these functions does is said once for both frameworks: `interface.Backend`."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from digits.backends import interface
from digits.backends.pytorch.augment import augmented
from digits.backends.pytorch.devices import device_name, select_device, select_precision
from digits.backends.pytorch.model import PIXEL_RANGE, build, layers, members, structure
from digits.backends.pytorch.store import decode, encode, set_weights, weights
from digits.backends.pytorch.train import Trainer, predict
from digits.datasets import Split
from digits.recipes import Recipe

VERSIONS: dict[str, str] = {"torch": torch.__version__}


def trainer(
    network: Any, images: NDArray[np.uint8], labels: NDArray[np.int64], recipe: Recipe, seed: int, precision: str
) -> interface.Trainer:
    if recipe.finds:
        from digits.backends.pytorch.finder import FinderTrainer

        return FinderTrainer(network, Split(images, labels), recipe, seed, precision)
    return Trainer(network, images, labels, recipe, seed, precision)


__all__ = ["PIXEL_RANGE", "VERSIONS", "augmented", "build", "decode", "device_name", "encode", "layers", "members"]
__all__ += ["predict", "select_device", "select_precision", "set_weights", "structure", "trainer", "weights"]
