"""The networks in PyTorch, and where they run."""

import math
from dataclasses import replace
from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from digits.backends.hardware import multiplies_bfloat16, require_bfloat16
from digits.errors import DigitsError
from digits.models import ModelInfo
from digits.recipes.randomness import derive

PIXEL_RANGE = (-1.0, 1.0)  # what the pixels 0 and 255 become


class Conv2d(nn.Conv2d):
    """nn.Conv2d, which also takes images in oneDNN's own layout (`tensor.to_mkldnn()`) and then stays in it.

    Convolution and pooling are a third faster in that layout; nn.Conv2d refuses it in bfloat16.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not x.is_mkldnn:
            return super().forward(x)
        return torch.mkldnn_convolution(
            x, self.weight, self.bias, cast(tuple, self.padding), self.stride, self.dilation, self.groups
        )


class Pixels(nn.Module):
    """uint8 images as the network sees them: in a range of its own, and on the CPU in oneDNN's layout."""

    def __init__(self, pixel_range: tuple[float, float]):
        super().__init__()
        self.low, self.high = pixel_range

    def forward(self, images: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:  # (n, 28, 28), uint8
        x = images.unsqueeze(1).to(dtype) * ((self.high - self.low) / 255) + self.low  # (n, 1, 28, 28)
        has_layout = x.device.type == "cpu" and dtype != torch.float64 and torch.backends.mkldnn.is_available()
        return x.to_mkldnn() if has_layout and not torch.compiler.is_exporting() else x


def dense(x: torch.Tensor) -> torch.Tensor:
    """Images from whichever layout into PyTorch's own."""
    return x.to_dense() if x.is_mkldnn else x


class Baseline(nn.Module):
    """Two convolutions and two dense layers. Pooling comes before ReLU: the same result from a quarter of the work."""

    def __init__(self, info: ModelInfo):
        super().__init__()
        self.pixels = Pixels(info.pixel_range)
        first, second = info.recipe.filters
        self.conv1 = Conv2d(1, first, kernel_size=3)
        self.conv2 = Conv2d(first, second, kernel_size=3)
        self.dense1 = nn.Linear(second * 5 * 5, info.recipe.hidden_units)
        self.dropout = nn.Dropout(info.recipe.dropout)
        self.dense2 = nn.Linear(info.recipe.hidden_units, len(info.classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:  # (n, 28, 28), uint8
        x = self.pixels(images, self.conv1.weight.dtype)  # (n, 1, 28, 28)
        x = F.relu(F.max_pool2d(self.conv1(x), 2, 2))  # (n, 16, 26, 26), then (n, 16, 13, 13)
        x = F.relu(F.max_pool2d(self.conv2(x), 2, 2))  # (n, 32, 11, 11), then (n, 32, 5, 5)
        x = F.relu(self.dense1(dense(x).flatten(1)))  # (n, 800), then (n, 128)
        return self.dense2(self.dropout(x))  # (n, classes): logits


class Fast(nn.Module):
    """A baseline whose first convolution takes steps of two pixels, instead of pooling what it finds at every one."""

    def __init__(self, info: ModelInfo):
        super().__init__()
        self.pixels = Pixels(info.pixel_range)
        first, second = info.recipe.filters
        self.conv1 = Conv2d(1, first, kernel_size=5, stride=2)
        self.conv2 = Conv2d(first, second, kernel_size=3)
        self.dense1 = nn.Linear(second * 5 * 5, info.recipe.hidden_units)
        self.dropout = nn.Dropout(info.recipe.dropout)
        self.dense2 = nn.Linear(info.recipe.hidden_units, len(info.classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:  # (n, 28, 28), uint8
        x = self.pixels(images, self.conv1.weight.dtype)  # (n, 1, 28, 28)
        x = F.relu(self.conv1(x))  # (n, 16, 12, 12)
        x = F.relu(F.max_pool2d(self.conv2(x), 2, 2))  # (n, 32, 10, 10), then (n, 32, 5, 5)
        x = F.relu(self.dense1(dense(x).flatten(1)))  # (n, 800), then (n, 128)
        return self.dense2(self.dropout(x))  # (n, classes): logits


class Deep(nn.Module):
    """Seven convolutions with batch normalisation, two, three and two at three sizes, and one dense layer."""

    def __init__(self, info: ModelInfo):
        super().__init__()
        self.pixels = Pixels(info.pixel_range)
        self.conv1 = Conv2d(1, 32, kernel_size=3, padding=1, bias=False)
        self.norm1 = normalization(32)
        self.conv2 = Conv2d(32, 32, kernel_size=3, padding=1, bias=False)
        self.norm2 = normalization(32)
        self.conv3 = Conv2d(32, 64, kernel_size=3, padding=1, bias=False)
        self.norm3 = normalization(64)
        self.conv4 = Conv2d(64, 64, kernel_size=3, padding=1, bias=False)
        self.norm4 = normalization(64)
        self.conv5 = Conv2d(64, 64, kernel_size=3, padding=1, bias=False)
        self.norm5 = normalization(64)
        self.conv6 = Conv2d(64, 128, kernel_size=3, bias=False)
        self.norm6 = normalization(128)
        self.conv7 = Conv2d(128, 128, kernel_size=3, bias=False)
        self.norm7 = normalization(128)
        self.dropout = nn.Dropout(info.recipe.dropout)
        self.dense1 = nn.Linear(128 * 3 * 3, len(info.classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:  # (n, 28, 28), uint8
        x = self.pixels(images, self.conv1.weight.dtype)  # (n, 1, 28, 28)
        x = F.relu(self.norm1(self.conv1(x)))  # (n, 32, 28, 28)
        x = F.relu(self.norm2(F.max_pool2d(self.conv2(x), 2, 2)))  # (n, 32, 28, 28), then (n, 32, 14, 14)
        x = F.relu(self.norm3(self.conv3(x)))  # (n, 64, 14, 14)
        x = F.relu(self.norm4(self.conv4(x)))  # (n, 64, 14, 14)
        x = F.relu(self.norm5(F.max_pool2d(self.conv5(x), 2, 2)))  # (n, 64, 14, 14), then (n, 64, 7, 7)
        x = F.relu(self.norm6(self.conv6(x)))  # (n, 128, 5, 5)
        x = F.relu(self.norm7(self.conv7(x)))  # (n, 128, 3, 3)
        return self.dense1(self.dropout(dense(x).flatten(1)))  # (n, 1152), then (n, classes): logits


def normalization(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)  # the twins share these


class Ensemble(nn.Module):
    """Several networks that average their probabilities: the softmax of these logits is that average."""

    def __init__(self, networks: list[nn.Module]):
        super().__init__()
        self.members = nn.ModuleList(networks)

    def forward(self, images: torch.Tensor) -> torch.Tensor:  # (n, 28, 28), uint8
        logarithms = torch.stack([member(images).log_softmax(1) for member in self.members])  # (members, n, classes)
        return logarithms.logsumexp(0) - math.log(len(self.members))  # (n, classes): logits


ARCHITECTURES = {"baseline": Baseline, "fast": Fast, "deep": Deep}


def build(info: ModelInfo, seed: int, device: torch.device, dtype: str = "float32") -> nn.Module:
    if info.recipe.ensemble > 1:
        single = replace(info, recipe=replace(info.recipe, ensemble=1))
        return Ensemble([build(single, seed + index, device, dtype) for index in range(info.recipe.ensemble)])
    network = ARCHITECTURES[info.recipe.architecture](info)
    generator = torch.Generator().manual_seed(derive(seed, "weights"))
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network.to(device, getattr(torch, dtype))


def members(network: nn.Module) -> list[nn.Module]:
    return list(network.members) if isinstance(network, Ensemble) else [network]


def select_device(name: str) -> torch.device:
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if available[device])
    if not available[name]:
        usable = ", ".join(device for device, is_there in available.items() if is_there)
        raise DigitsError(f"device is {name}, but PyTorch finds none here; allowed: auto, {usable}")
    if name == "cuda":  # float32 as it says, and the same run twice
        torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic = False, True
    return torch.device(name)


def device_name(device: torch.device) -> str:
    return device.type


def select_precision(name: str, device: torch.device) -> str:
    in_hardware = {
        "cpu": multiplies_bfloat16,
        "cuda": lambda: torch.cuda.is_bf16_supported(including_emulation=False),
        "mps": lambda: False,
    }
    if name == "auto":
        return "bfloat16" if in_hardware[device.type]() else "float32"
    if name == "bfloat16" and device.type == "cpu":
        require_bfloat16()
    elif name == "bfloat16" and not in_hardware[device.type]():
        raise DigitsError(f"precision is bfloat16, which this {device.type} device lacks; allowed here: auto, float32")
    return name
