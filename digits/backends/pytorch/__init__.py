"""The networks in PyTorch."""

import torch

from digits.backends.pytorch.model import build, device_name, select_device, select_precision
from digits.backends.pytorch.train import predict, train

VERSIONS = {"torch": torch.__version__}

__all__ = ["VERSIONS", "build", "device_name", "predict", "select_device", "select_precision", "train"]
