"""Any network, rewritten so that it computes the same faster on the CPU. The network's own code stays as it is.

PyTorch records what the network does as a graph (`torch.fx`), and two things are changed in it:

- Where pooling follows ReLU, it goes first. The largest of several numbers is the same before and after, and ReLU is
  left with a quarter of the work.
- Convolutions, and what lies between them, keep images in the layout of oneDNN, the library that computes them. In
  PyTorch's own layout, each of them would rearrange all numbers on its way in and out.
"""

import contextlib
import operator
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional as F

from digits.backends.pytorch.layer_types import exact_type_of


def pooled_first(network: nn.Module) -> fx.GraphModule | None:
    """The network as a graph with the same parameters, in which pooling goes before ReLU.

    None where a network is more than a graph can say, such as a loop whose length depends on the image.
    """
    with contextlib.suppress(Exception):  # its code may do whatever Python can
        graph = fx.symbolic_trace(network)
        _pool_first(graph)
        graph.recompile()
        return graph
    return None


def row_of(graph: fx.GraphModule) -> list[nn.Module]:
    """The layers of a graph that is a row of them, each computing on what the one before it gives; otherwise none."""
    *nodes, output = graph.graph.nodes
    is_row = output.args == (nodes[-1],) and all(
        node.op == "call_module" and node.args == (before,) and not node.kwargs for before, node in pairwise(nodes)
    )
    return [graph.get_submodule(str(node.target)) for node in nodes[1:]] if is_row else []


def in_layout(graph: fx.GraphModule, dtype: torch.dtype) -> fx.GraphModule | None:
    """The graph, changed in place to compute in oneDNN's layout where that is possible; None where oneDNN refuses."""
    example = torch.zeros(2, 1, 28, 28, dtype=dtype)
    with contextlib.suppress(Exception), torch.no_grad(), unchanged_statistics(graph):
        Shapes(graph).run(example)
        _keep_layout(graph)
        graph.recompile()
        graph(example)
        return graph
    return None


class Shapes(fx.Interpreter):
    """Runs a graph, and notes at each node the shape of its result."""

    def run_node(self, node: fx.Node) -> Any:
        result = super().run_node(node)
        node.meta["shape"] = getattr(result, "shape", None)
        return result


@contextlib.contextmanager
def unchanged_statistics(network: nn.Module) -> Iterator[None]:
    """What is tried in here leaves the running statistics of batch normalisation, and random numbers, as they are."""
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        for name, buffer in network.named_buffers():
            buffer.copy_(before[name])


def _pool_first(graph: fx.GraphModule) -> None:
    """Swap each ReLU with a max-pooling that directly follows it."""
    for pool in list(graph.graph.nodes):
        if not (_is(graph, pool, nn.MaxPool2d, F.max_pool2d) and isinstance(pool.args[0], fx.Node)):
            continue
        relu: Any = pool.args[0]
        if _is(graph, relu, nn.ReLU, F.relu, torch.relu) and len(relu.users) == 1:
            pool.replace_input_with(relu, relu.args[0])
            pool.replace_all_uses_with(relu)
            relu.replace_input_with(relu.args[0], pool)
            pool.append(relu)


def _keep_layout(graph: fx.GraphModule) -> None:
    """Insert a change of layout where one is needed, and none between nodes that stay in oneDNN's."""
    inside: dict[fx.Node, fx.Node] = {}  # nodes whose results are in oneDNN's layout, and those results in PyTorch's
    for node in list(graph.graph.nodes):
        sources = [source for source in node.all_input_nodes if source in inside]
        if _is(graph, node, nn.Conv2d) and len(node.args) == 1 and _fits(graph, node):
            source = node.args[0]
            if source not in inside:
                with graph.graph.inserting_before(node):
                    node.replace_input_with(source, graph.graph.call_method("to_mkldnn", (source,)))
            _call_onednn(graph, node)
            inside[node] = node
        elif sources and _stays(graph, node, len(sources)):
            inside[node] = node
        else:
            for source in sources:
                if inside[source] is source:
                    with graph.graph.inserting_after(source):
                        inside[source] = graph.graph.call_method("to_dense", (source,))
                node.replace_input_with(source, inside[source])


def _is(graph: fx.GraphModule, node: Any, *kinds: Any) -> bool:
    """Whether the node calls a layer of one of these types, or one of these functions."""
    if not isinstance(node, fx.Node):
        return False
    if node.op == "call_module":
        return type(graph.get_submodule(str(node.target))) in kinds
    return node.op == "call_function" and node.target in kinds


def _fits(graph: fx.GraphModule, node: fx.Node) -> bool:
    """Whether oneDNN computes the layer that the node calls in its own layout."""
    layer = graph.get_submodule(str(node.target))
    return exact_type_of(layer).fits(layer)


def _call_onednn(graph: fx.GraphModule, node: fx.Node) -> None:
    """Let the node call oneDNN's convolution with the layer's parameters: the layer would refuse bfloat16 here."""
    layer: Any = graph.get_submodule(str(node.target))
    path = str(node.target)
    with graph.graph.inserting_before(node):
        weight = graph.graph.get_attr(f"{path}.weight")
        bias = graph.graph.get_attr(f"{path}.bias") if layer.bias is not None else None
    node.args = (node.args[0], weight, bias, layer.padding, layer.stride, layer.dilation, layer.groups)
    node.op, node.target = "call_function", torch.mkldnn_convolution


def _stays(graph: fx.GraphModule, node: fx.Node, sources: int) -> bool:
    """Whether the node's work can be done in oneDNN's layout; `sources` of its inputs are in it."""
    if node.op == "call_module":
        return _fits(graph, node)
    if _is(graph, node, F.relu, torch.relu):
        return True
    if _is(graph, node, F.max_pool2d):
        return len(node.args) > 1 and not {"dilation", "return_indices"} & node.kwargs.keys() and len(node.args) < 5
    if _is(graph, node, operator.add, torch.add):
        shapes = {source.meta["shape"] for source in node.all_input_nodes}
        return sources == 2 and len(shapes) == 1 and not node.kwargs
    return False
