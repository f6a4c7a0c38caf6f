"""Export to ONNX: a graph that takes raw images and holds all that comes before and after the network."""

import contextlib
import io
import logging
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from onnxscript import optimizer
from torch import nn

from digits.backends.pytorch.layer_types import LAYERS
from digits.backends.pytorch.model import named_tensors
from digits.files import sha256
from digits.models import ModelInfo, onnx_field

# What layers are called, by the operation that computes them.
_KINDS = {operation: row.kind for row in LAYERS.values() for operation in row.operations}


class Graph(nn.Module):
    """From uint8 images to probabilities, the logits that they come from, and maybe doubts that it is one class."""

    def __init__(self, network: nn.Module, info: ModelInfo):
        super().__init__()
        self.network = network
        self.info = info

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:  # (n, 28, 28), uint8
        logits = self.network(images)  # (n, outputs), float32
        if self.info.temperature != 1:
            logits = logits / self.info.temperature
        if not self.info.tells_nothing:
            return logits.softmax(1), logits  # (n, classes), both
        count = len(self.info.classes)
        doubts = logits.softmax(1)[:, count:]  # (n, 2): none, and several
        return logits[:, :count].softmax(1), logits[:, :count], doubts


def to_onnx(network: nn.Module, info: ModelInfo) -> bytes:
    """The network as an ONNX file, with its description in `metadata_props`."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, we do not
    n = torch.export.Dim("n", min=1)
    if info.recipe.finds:  # from pages of any sides that are multiples of 32 to maps
        model, example, outputs = network, torch.zeros(2, 64, 96, 3, dtype=torch.uint8), ["maps"]
        shape = {0: n, 1: 32 * torch.export.Dim("down", min=1), 2: 32 * torch.export.Dim("across", min=1)}
    else:
        model, example = Graph(network, info), torch.zeros(2, 28, 28, dtype=torch.uint8)
        outputs, shape = ["probabilities", "logits", *(["doubts"] if info.tells_nothing else [])], {0: n}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):  # the exporter talks to its developers
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model.eval(),
            (example,),
            dynamo=True,
            optimize=False,
            verbose=False,
            input_names=["images"],
            output_names=outputs,
            dynamic_shapes={"images": shape},
        )
        assert program is not None  # noqa: S101  # the older exporter alone gives none
        # Constants alone are folded, not batch normalisation into convolutions: onnxruntime does that when it opens a
        # file, and the weights in it stay those that were trained.
        optimizer.fold_constants_ir(program.model)
        optimizer.remove_unused_nodes(program.model)
    proto = program.model_proto
    for node in proto.graph.node:
        node.ClearField("metadata_props")  # stack traces, with the paths of this machine
    layers = name_layers(proto.graph)
    name_weights(proto.graph, model, network)
    graph = proto.SerializeToString()
    return graph + onnx_field(replace(info, sha256=sha256(graph), layers=layers).to_json())


def name_layers(graph: Any) -> tuple[str, ...]:
    """Call what layers give, in a graph of ONNX, `conv1`, `relu1`, `pool1` and so on; returns these names in order.

    An output keeps its own name. Batch normalisation has none: right after a convolution it is part of that.
    """
    outputs = {output.name for output in graph.output}
    counts: Counter[str] = Counter()
    new_names: dict[str, str] = {}
    for node in graph.node:
        if node.op_type == "BatchNormalization" and new_names.get(node.input[0], "").startswith("conv"):
            new_names[node.output[0]] = new_names.pop(node.input[0])
        elif (kind := _KINDS.get(node.op_type)) and node.output[0] not in outputs:
            counts[kind] += 1
            new_names[node.output[0]] = f"{kind}{counts[kind]}"
    _rename(graph, new_names)
    return tuple(new_names.values())


def name_weights(graph: Any, model: nn.Module, network: nn.Module) -> None:
    """Call the weights in the graph of `model`, which holds `network`, as `models` does: `conv1.weight` and so on."""
    ours = {tensor.data_ptr(): name for name, tensor in named_tensors(network).items()}
    tensors = [*model.named_parameters(), *model.named_buffers()]
    _rename(graph, {name: ours[tensor.data_ptr()] for name, tensor in tensors if tensor.data_ptr() in ours})


def _rename(graph: Any, new_names: Mapping[str, str]) -> None:
    """Give values of a graph new names, by their old ones."""
    for node in graph.node:
        node.input[:] = [new_names.get(name, name) for name in node.input]
        node.output[:] = [new_names.get(name, name) for name in node.output]
    for value in [*graph.value_info, *graph.initializer]:
        value.name = new_names.get(value.name, value.name)
