"""Where PyTorch computes, and in which precision."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch

from digits.errors import DigitsError
from digits.hardware import multiplies_bfloat16, require_bfloat16


def select_device(name: str) -> torch.device:
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if available[device])
    if not available[name]:
        usable = ", ".join(device for device, is_there in available.items() if is_there)
        raise DigitsError(f"device is {name}, but PyTorch finds none here; allowed: auto, {usable}")
    return torch.device(name)


def device_name(device: torch.device) -> str:
    return device.type


def exactly() -> AbstractContextManager[None]:
    """In here cuDNN computes float32 as it says, and the same twice; afterwards as it was told before."""
    return torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False, fp32_precision="ieee")


def select_precision(name: str, device: torch.device) -> str:
    in_hardware: dict[str, Callable[[], bool]] = {
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
