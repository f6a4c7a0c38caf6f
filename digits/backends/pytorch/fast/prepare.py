"""The door of this folder: any model, made fast on the CPU from outside. The network's own code stays as it is."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from digits.backends.pytorch.fast.chain import Chain, chain_of
from digits.backends.pytorch.fast.graph import in_layout, pooled_first, unchanged_statistics
from digits.backends.pytorch.fast.threads import each_on_its_core, flushing, threads_on_all_cores
from digits.backends.pytorch.model import Classifier, Ensemble, FinderModel


def prepare(model: Any) -> Any:
    """A model with the same parameters that computes the same, faster: of a `Classifier` or an `Ensemble` another one.

    It is for as long as the model stays in training mode, or out of it. Parameters may change their values meanwhile.
    """
    if isinstance(model, Ensemble):
        return Ensemble([prepare(member) for member in model.members])
    if isinstance(model, FinderModel):  # PyTorch itself is fast on colour pages, which lie in memory as oneDNN likes
        return model
    on_cpu = next(model.parameters()).device.type == "cpu"
    if not on_cpu or model.dtype == torch.float64 or not torch.backends.mkldnn.is_available():
        return Fast(model)
    graph = pooled_first(model.network)
    if graph and model.training and (chain := chain_of(graph, model.network, model.dtype)):
        fast = Fast(model, chain=chain)
        with contextlib.suppress(RuntimeError), unchanged_statistics(model):  # oneDNN may lack what it needs here
            fast.gradients(fast.pixels(torch.zeros(2, 28, 28)), torch.zeros(2, dtype=torch.int64))
            return fast
    return Fast(model, graph and in_layout(graph, model.dtype))


class Fast(Classifier):
    """A model that computes by a graph of its network, and its gradients by a chain, where there are such."""

    def __init__(self, model: Classifier, graph: nn.Module | None = None, chain: Chain | None = None):
        super().__init__(model.network, model.pixel_range)
        self.dtype = model.dtype
        self.train(model.training)
        self.chain = chain
        self.compute = (graph or model.network).__call__  # no module: the parameters are those of the network, in order

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        return self.compute(x)

    def pixels(self, images: torch.Tensor) -> torch.Tensor:
        side = self.chain.side if self.chain else None
        return super().pixels(images[:, :side, :side])

    def gradients(
        self, x: torch.Tensor, labels: torch.Tensor, smoothing: float = 0.0
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        return (self.chain or super().gradients)(x, labels, smoothing)

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        threads = threads_on_all_cores() if next(self.parameters()).device.type == "cpu" else []
        with super().computing(), flushing(), each_on_its_core(threads):
            yield
