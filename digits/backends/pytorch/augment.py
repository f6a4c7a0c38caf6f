"""Augmentation of whole batches in PyTorch."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from digits.datasets import SIDE
from digits.synthesis.augmentation import BASIS, CENTER, Transforms


def augment(images: torch.Tensor, warps: torch.Tensor, tones: torch.Tensor) -> torch.Tensor:
    """Images (uint8, `(n, 28, 28)`) changed as `augmentation.Transforms` say; the same shape and type."""
    x = warp(images.unsqueeze(1).float(), warps)  # (n, 1, 28, 28), from 0 to 255
    thickness, contrast, softness = tones.reshape(-1, 3, 1, 1, 1).unbind(1)  # each (n, 1, 1, 1)
    x = x + thickness.relu() * (dilate(x) - x) - (-thickness).relu() * (x + dilate(-x))
    x = x + softness * (blur(x) - x)
    return (x * contrast).clamp(0, 255).round().to(torch.uint8).squeeze(1)


def warp(x: torch.Tensor, warps: torch.Tensor) -> torch.Tensor:
    """Each pixel looks where the warp says, between four pixels of the old image; outside of it there is no ink."""
    places = (warps @ basis(x.device)).reshape(-1, 2, SIDE, SIDE)  # x and y, in pixels from the centre
    return F.grid_sample(
        x, places.permute(0, 2, 3, 1) / CENTER, mode="bilinear", padding_mode="zeros", align_corners=True
    )


def dilate(x: torch.Tensor) -> torch.Tensor:
    """The largest of each 3 × 3 pixels."""
    for axis in (2, 3):
        before, after = F.pad(x, (0, 0, 1, 0) if axis == 2 else (1, 0)), F.pad(x, (0, 0, 0, 1) if axis == 2 else (0, 1))
        x = torch.maximum(x, torch.maximum(before.narrow(axis, 0, SIDE), after.narrow(axis, 1, SIDE)))
    return x


def blur(x: torch.Tensor) -> torch.Tensor:
    """Each pixel a mean of the 3 × 3 around it, the nearer the heavier."""
    return F.conv2d(x, blur_weights(x.device), padding=1)


@cache
def basis(device: torch.device) -> torch.Tensor:
    """The basis fields of warps on a device: float32, `(fields, 784)`."""
    return torch.from_numpy(BASIS).to(device)


@cache
def blur_weights(device: torch.device) -> torch.Tensor:
    """The weights of `blur` on a device: float32, `(1, 1, 3, 3)`."""
    weights = torch.tensor([1.0, 2.0, 1.0]) / 4
    return torch.outer(weights, weights).reshape(1, 1, 3, 3).to(device)


def augmented(images: NDArray[np.uint8], transforms: Transforms) -> NDArray[np.uint8]:
    return augment(
        torch.from_numpy(images), torch.from_numpy(transforms.warps), torch.from_numpy(transforms.tones)
    ).numpy()
