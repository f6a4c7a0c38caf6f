"""Export to ONNX: a graph that takes raw images and holds all that comes before and after the network."""

import contextlib
import io
import logging
import warnings
from collections import Counter
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from digits.backends.pytorch.layer_types import LAYERS
from digits.files import sha256
from digits.models import ModelInfo, onnx_field

# What layers are called, by the operation that computes them.
_KINDS = {operation: row.kind for row in LAYERS.values() for operation in row.operations}


class Reader(nn.Module):
    """From uint8 images to probabilities, the logits that they come from, and maybe doubts that it is one class."""

    def __init__(self, network: nn.Module, info: ModelInfo):
        super().__init__()
        self.network = network
        self.info = info

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:  # (n, 28, 28), uint8
        logits = self.network(images) / self.info.temperature  # (n, outputs), float32
        count = len(self.info.classes)
        doubts = [logits.softmax(1)[:, count:]] if self.info.tells_nothing else []  # (n, 2): none, and several
        logits = logits[:, :count]
        return logits.softmax(1), logits, *doubts  # the first two (n, classes)


def to_onnx(network: nn.Module, info: ModelInfo) -> bytes:
    """The network as an ONNX file, with its description in `metadata_props`."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, we do not
    n = torch.export.Dim("n", min=1)
    if info.recipe.finds:  # from pages of any sides that are multiples of 32 to maps
        model, example, outputs = network, torch.zeros(2, 64, 96, 3, dtype=torch.uint8), ["maps"]
        shape = {0: n, 1: 32 * torch.export.Dim("down", min=1), 2: 32 * torch.export.Dim("across", min=1)}
    else:
        model, example = Reader(network, info), torch.zeros(2, 28, 28, dtype=torch.uint8)
        outputs, shape = ["probabilities", "logits", *(["doubts"] if info.tells_nothing else [])], {0: n}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):  # the exporter talks to its developers
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model.eval(),
            (example,),
            dynamo=True,
            verbose=False,
            input_names=["images"],
            output_names=outputs,
            dynamic_shapes={"images": shape},
        )
    proto = program.model_proto  # type: ignore[union-attr]
    for node in proto.graph.node:
        node.ClearField("metadata_props")  # stack traces, with the paths of this machine
    layers = name_layers(proto.graph)
    graph = proto.SerializeToString()
    return graph + onnx_field(replace(info, sha256=sha256(graph), layers=layers).to_json())


def name_layers(graph: Any) -> tuple[str, ...]:
    """Call what layers give, in a graph of ONNX, `conv1`, `relu1`, `pool1` and so on; returns these names in order.

    An output keeps its own name. Batch normalisation has none here: after a convolution it is part of that.
    """
    outputs = {output.name for output in graph.output}
    counts: Counter[str] = Counter()
    new_names: dict[str, str] = {}
    for node in graph.node:
        if (kind := _KINDS.get(node.op_type)) and node.output[0] not in outputs:
            counts[kind] += 1
            new_names[node.output[0]] = f"{kind}{counts[kind]}"
    for node in graph.node:
        node.input[:] = [new_names.get(name, name) for name in node.input]
        node.output[:] = [new_names.get(name, name) for name in node.output]
    for value in graph.value_info:
        value.name = new_names.get(value.name, value.name)
    return tuple(new_names.values())
