"""The networks in PyTorch. What each of these functions does is said once for both frameworks: `interface.Backend`."""

import torch

from digits.backends.pytorch.augment import augmented
from digits.backends.pytorch.devices import device_name, select_device, select_precision
from digits.backends.pytorch.model import PIXEL_RANGE, build, layers, members, structure
from digits.backends.pytorch.store import decode, encode, set_weights, weights
from digits.backends.pytorch.train import Trainer, predict

VERSIONS = {"torch": torch.__version__}

trainer = Trainer

__all__ = ["PIXEL_RANGE", "VERSIONS", "augmented", "build", "decode", "device_name", "encode", "layers", "members"]
__all__ += ["predict", "select_device", "select_precision", "set_weights", "structure", "trainer", "weights"]
