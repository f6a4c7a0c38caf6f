"""From a network to a model that takes raw images: pixels in range, weights drawn from the seed, ensembles."""

import contextlib
import inspect
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional as F

from digits.backends.interface import Layer, MakeNetwork
from digits.backends.pytorch.devices import exactly
from digits.backends.pytorch.layer_types import type_of
from digits.backends.pytorch.networks import ARCHITECTURES
from digits.files import sha256
from digits.models import ModelInfo
from digits.recipes.randomness import derive
from digits.synthesis.targets import RARE

PIXEL_RANGE = (-1.0, 1.0)  # what the pixels 0 and 255 become


class Classifier(nn.Module):
    """A network and what comes before it: from uint8 images, whose pixels it brings into a range, to logits."""

    def __init__(self, network: nn.Module, pixel_range: tuple[float, float]):
        super().__init__()
        self.network = network
        self.pixel_range = pixel_range
        self.dtype = torch.float32  # of the arithmetic

    def forward(self, images: torch.Tensor) -> torch.Tensor:  # (n, 28, 28), uint8
        return self.logits(self.pixels(images))  # (n, classes)

    def pixels(self, images: torch.Tensor) -> torch.Tensor:
        """The images as the network takes them: `(n, 1, height, width)`, in its range and type."""
        low, high = self.pixel_range
        return images.unsqueeze(1).to(self.dtype) * ((high - low) / 255) + low

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """A score for each class, `(n, classes)`, from what `pixels` returned."""
        return self.network(x)

    def gradients(
        self, x: torch.Tensor, labels: torch.Tensor, smoothing: float
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The mean loss of a batch and its gradient for each parameter, in the order of `parameters()`.

        It is 0 for a parameter that does not change the answer or is not to be trained.

        Args:
            x: what `pixels` returned.
            labels: `(n,)`, int64.
            smoothing: share of the target that is spread over all classes.
        """
        logits = self.logits(x)
        if self.dtype == torch.bfloat16:  # in which a loss would have two or three digits
            logits = logits.float()
        loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
        parameters = list(self.parameters())
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        found = iter(torch.autograd.grad(loss, trained, allow_unused=True, materialize_grads=True))
        return loss.detach(), [next(found) if one.requires_grad else torch.zeros_like(one) for one in parameters]

    def computing(self) -> contextlib.AbstractContextManager[None]:
        """In here steps of training are computed."""
        return exactly()


class FinderModel(Classifier):
    """The same of a finder: from pages, uint8, `(n, height, width, 3)`, to maps, `(n, 14, height / 4, width / 4)`."""

    def pixels(self, images: torch.Tensor) -> torch.Tensor:
        return super().pixels(images.permute(0, 3, 1, 2)).squeeze(1)


class Ensemble(nn.Module):
    """Several models that average their probabilities: the softmax of these logits is that average."""

    def __init__(self, models: list[nn.Module]):
        super().__init__()
        self.members = nn.ModuleList(models)

    def forward(self, images: torch.Tensor) -> torch.Tensor:  # (n, 28, 28), uint8
        logarithms = torch.stack([member(images).log_softmax(1) for member in self.members])  # (members, n, classes)
        return logarithms.logsumexp(0) - math.log(len(self.members))  # (n, classes): logits


def build(
    info: ModelInfo, seed: int, device: torch.device, dtype: str = "float32", make: MakeNetwork | None = None
) -> nn.Module:
    recipe = info.recipe
    if recipe.ensemble > 1:
        return Ensemble([build(info.single, seed + index, device, dtype, make) for index in range(recipe.ensemble)])
    make = make or ARCHITECTURES[recipe.architecture]
    torch.manual_seed(derive(seed, "weights"))  # for layers of a user's that are not among those below
    network = make(recipe.filters, recipe.hidden_units, recipe.dropout, info.outputs)
    generator = torch.Generator().manual_seed(derive(seed, "weights"))
    layer: Any
    for layer in network.modules():
        if type_of(layer).kind in ("conv", "dense"):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    if recipe.finds:
        nn.init.constant_(layer.bias[: len(info.classes)], RARE)
    kind = FinderModel if recipe.finds else Classifier
    model = kind(network, info.pixel_range).to(device, getattr(torch, dtype))
    model.dtype = getattr(torch, dtype)
    return model


def members(model: nn.Module) -> list[nn.Module]:
    return list(model.members) if isinstance(model, Ensemble) else [model]


def structure(model: nn.Module) -> str:
    network: Any = members(model)[0].network
    try:
        does = fx.symbolic_trace(network).code
    except Exception:  # it may do whatever Python can: its code says it then
        does = inspect.getsource(type(network))
    return sha256(f"{network}\n{does}".encode())


def layers(model: nn.Module) -> list[Layer]:
    found: list[Layer] = []
    names = {layer: name for name, _, layer in _named_layers(model) if type_of(layer).is_shown}

    def note(layer: nn.Module, _: Any, output: Any) -> None:
        weights = sum(parameter.numel() for parameter in layer.parameters())
        found.append(Layer(names[layer], tuple(output.shape[1:]), weights))

    given: list[tuple[nn.Module, torch.Size]] = []  # what each layer is, and what it gets

    def enter(layer: nn.Module, inputs: Any) -> None:
        if inputs and not any(layer.children()):
            given.append((layer, inputs[0].shape))

    with contextlib.ExitStack() as stack, torch.no_grad():
        for layer in names:
            stack.callback(layer.register_forward_hook(note).remove)
        for layer in model.modules():
            stack.callback(layer.register_forward_pre_hook(enter).remove)
        try:
            example = (1, 192, 192, 3) if isinstance(model, FinderModel) else (1, 28, 28)
            model.eval()(torch.zeros(example, dtype=torch.uint8, device=next(model.parameters()).device))
        except RuntimeError as error:
            raise ValueError(_misfit(*given[-1], str(error))) from error
    return found


def _misfit(layer: nn.Module, shape: torch.Size, otherwise: str) -> str:
    """What is wrong with a layer that cannot take an input of this shape, `(1, …)`: in numbers where that can be."""
    if isinstance(layer, nn.Linear) and shape[-1] != layer.in_features:
        name = f"nn.Linear({layer.in_features}, {layer.out_features})"
        return f"{name} gets {shape[-1]:,} numbers for an image, but needs {layer.in_features:,}"
    if isinstance(layer, nn.Conv2d) and shape[1] != layer.in_channels:
        name = f"nn.Conv2d({layer.in_channels}, {layer.out_channels}, …)"
        return f"{name} gets {shape[1]:,} maps, but needs {layer.in_channels:,}"
    return f"{layer}: {otherwise}"


def _named_layers(model: nn.Module) -> Iterator[tuple[str, str, nn.Module]]:
    """The layers of a single model: name, place in it and the layer itself.

    A name is kind and number, as `conv1`, or of other kinds the place.
    """
    counts: Counter[str] = Counter()
    for path, layer in model.named_modules():
        if kind := type_of(layer).kind:
            counts[kind] += 1
        yield f"{kind}{counts[kind]}" if kind else path, path, layer


def named_tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """All parameters, and the running means and variances of batch normalisation, by the names of `models`.

    Layers are counted by kind, in the order in which the network has them: `conv1`, `conv2`, `dense1`. Whatever a
    network's author calls them, so the same network has the same names in both frameworks. A layer of another kind
    keeps its own.
    """
    return {name: tensor for name, _, tensor in _tensors(model)}


def state_names(model: nn.Module) -> dict[str, str]:
    """What each network's own `state_dict` calls the tensors, as `0.weight`, by the names of `models`."""
    return {name: place for name, place, _ in _tensors(model)}


def _tensors(model: nn.Module) -> Iterator[tuple[str, str, torch.Tensor]]:
    """Name, place in the network and the tensor itself."""
    if isinstance(model, Ensemble):
        for index, member in enumerate(model.members):
            for name, place, tensor in _tensors(member):
                yield f"members.{index}.{name}", f"members.{index}.{place}", tensor
        return
    for layer_name, path, layer in _named_layers(model):
        for name, tensor in [*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)]:
            if tensor.is_floating_point():  # batch normalisation counts batches, too
                yield f"{layer_name}.{name}", f"{path}.{name}".removeprefix("network."), tensor.detach()
