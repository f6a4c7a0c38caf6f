"""PyTorch's networks as arrays and as files (.safetensors)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from torch import nn

from digits.backends.pytorch.model import build, named_tensors, state_names
from digits.backends.pytorch.train import predict
from digits.models import METADATA_KEY, ModelInfo, check_weights, read_safetensors


def weights(network: nn.Module) -> dict[str, NDArray[np.floating]]:
    return {name: tensor.cpu().numpy().copy() for name, tensor in named_tensors(network).items()}


@torch.no_grad()
def set_weights(network: nn.Module, arrays: Mapping[str, NDArray[np.generic]], name: str = "the model") -> None:
    tensors = named_tensors(network)
    dtype = str(next(network.parameters()).dtype).removeprefix("torch.")
    check_weights(arrays, {key: tuple(tensor.shape) for key, tensor in tensors.items()}, name, dtype)
    for key, tensor in tensors.items():
        tensor.copy_(torch.from_numpy(np.array(arrays[key])))


def encode(network: nn.Module, info: ModelInfo) -> bytes:
    """The file has the network's own names, so that the network that a script shows can load it as it is."""
    arrays, names = weights(network), state_names(network)
    description = info.of(arrays, predict(network, info.sample)).to_json()
    tensors = {names[name]: array for name, array in arrays.items()}
    return safetensors.numpy.save(tensors, metadata={METADATA_KEY: description})


def decode(path: Path, device: torch.device) -> tuple[nn.Module, ModelInfo]:
    arrays, metadata = read_safetensors(path)
    info = ModelInfo.from_json(metadata.get(METADATA_KEY, ""), path)
    info.require_ours(path)
    network = build(info, 0, device)
    ours = {place: name for name, place in state_names(network).items()}
    arrays = {ours.get(place, place): array for place, array in arrays.items()}  # earlier versions wrote our names
    set_weights(network, arrays, str(path))
    info.check(arrays, path)
    return network, info
