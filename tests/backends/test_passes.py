"""The way back that is gone layer by layer gives the numbers that PyTorch's own does."""

import copy

import pytest
import torch
from torch import nn

from digits.backends.pytorch.model import Classifier
from digits.backends.pytorch.networks import ARCHITECTURES
from digits.backends.pytorch.passes import Autograd, Chain, PatchedConvolution, passes
from digits.recipes import RECIPES

# Elsewhere, as on a Mac with Apple's chip, all is left to autograd.
with_onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch has no oneDNN here")


def classifier(network: nn.Module, dtype: torch.dtype = torch.float32) -> Classifier:
    torch.manual_seed(0)
    for tensor in network.parameters():
        nn.init.normal_(tensor, std=0.1)
    model = Classifier(network, (-1.0, 1.0)).to(dtype)
    model.dtype = dtype
    return model.train()


def of_recipe(name: str) -> nn.Module:
    recipe = RECIPES[name]
    return ARCHITECTURES[recipe.architecture](recipe.filters, recipe.hidden_units, 0.0, 10)


def row(*layers: nn.Module) -> nn.Module:
    """Layers between a convolution and a dense layer."""
    start = [nn.Conv2d(1, 4, 3), *layers, nn.Flatten()]
    size = nn.Sequential(*start)(torch.zeros(2, 1, 28, 28)).shape[1]
    return nn.Sequential(*start, nn.Linear(size, 10))


SHARED, RELU = nn.Conv2d(4, 4, 3), nn.ReLU()


def compare(model: Classifier, smoothing: float = 0.1, images: int = 9) -> None:
    """Both kinds of passes on the same images: the loss, each gradient, and what is left in the layers."""
    generator = torch.Generator().manual_seed(1)
    x = model.pixels(torch.randint(0, 256, (images, 28, 28), dtype=torch.uint8, generator=generator))
    labels = torch.randint(0, 10, (images,), generator=generator)
    other = copy.deepcopy(model)
    ours, theirs = passes(model, smoothing), Autograd(other, smoothing)
    assert isinstance(ours, Chain)
    loss, gradients = ours(x[:, :, : ours.side, : ours.side], labels)
    expected, wanted = theirs(x, labels)
    torch.testing.assert_close(loss, expected)
    assert [one.shape for one in gradients] == [one.shape for one in model.parameters()]
    for one, another in zip(gradients, wanted, strict=True):
        torch.testing.assert_close(one, another, rtol=2e-4, atol=2e-5)
    for one, another in zip(model.buffers(), other.buffers(), strict=True):
        if one.is_floating_point():
            torch.testing.assert_close(one, another)


@with_onednn
@pytest.mark.parametrize("features", ["avx2 fma", "avx2 fma avx512f"])
@pytest.mark.parametrize("name", ["baseline", "fast", "deep"])
def test_both_ways_back_give_the_same_gradients(name, features, monkeypatch):
    monkeypatch.setenv("DIGITS_CPU_FEATURES", features)
    model = classifier(of_recipe(name))
    assert isinstance(passes(model, 0.0).steps[0], PatchedConvolution) == ("avx512f" not in features)
    compare(model, 0.0)
    compare(model, 0.1, images=1 if name != "deep" else 2)


@with_onednn
@pytest.mark.parametrize("features", ["avx2 fma", "avx2 fma avx512f"])
@pytest.mark.parametrize(
    "network",
    [
        row(nn.MaxPool2d(3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 6, (3, 5), stride=(2, 1), padding=(1, 2))),
        row(nn.MaxPool2d(2, ceil_mode=True), nn.Conv2d(4, 6, 3, dilation=2), nn.BatchNorm2d(6), nn.ReLU()),
        row(RELU, nn.Conv2d(4, 4, 3), RELU, nn.MaxPool2d(2), nn.MaxPool2d(2)),
        row(nn.Sequential(nn.Conv2d(4, 8, 3, groups=2, bias=False), nn.ReLU(), nn.MaxPool2d(2)), nn.MaxPool2d((3, 2))),
        nn.Sequential(nn.Conv2d(1, 4, (5, 3), stride=(3, 2), padding=(2, 1)), nn.Flatten(), nn.Linear(560, 10)),
        nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(2704, 10, bias=False)),
    ],
)
def test_so_they_do_for_networks_of_others(network, features, monkeypatch):
    monkeypatch.setenv("DIGITS_CPU_FEATURES", features)
    compare(classifier(network))


@with_onednn
@pytest.mark.parametrize(
    ("network", "side"),
    [
        (of_recipe("baseline"), 26),
        (of_recipe("fast"), 27),
        (of_recipe("deep"), 28),
        (row(nn.MaxPool2d(4)), 26),
        (row(nn.MaxPool2d(4, ceil_mode=True)), 28),
        (row(nn.BatchNorm2d(4), nn.MaxPool2d(4)), 28),
        (row(nn.Conv2d(4, 4, 3, padding=1), nn.MaxPool2d(4)), 28),
    ],
)
def test_pixels_that_do_not_reach_the_answer_are_left_out_and_no_others(network, side):
    model = classifier(network)
    assert passes(model, 0.0).side == side
    images = torch.randint(0, 256, (1, 28, 28), dtype=torch.uint8).float().requires_grad_()
    model.eval()(images).sum().backward()
    reach = images.grad[0].any(0).nonzero().max() + 1
    assert reach <= side and (side == 28 or reach == side)


class OwnRelu(nn.ReLU):
    """A layer that looks like another."""


def hooked(layer: nn.Module) -> nn.Module:
    layer.register_forward_hook(lambda layer, _, output: output * 2)
    return layer


def tied() -> nn.Module:
    network = row(nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3))
    network[2].weight = network[1].weight
    return network


def frozen() -> nn.Module:
    network = row(nn.Conv2d(4, 4, 3))
    network[1].requires_grad_(False)
    return network


@pytest.mark.parametrize(
    "network",
    [
        row(OwnRelu()),
        row(hooked(nn.ReLU())),
        row(SHARED, SHARED),
        tied(),
        frozen(),
        row(nn.Dropout(0.5)),
        row(nn.Conv2d(4, 4, 3, padding="same")),
        row(nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")),
        row(nn.BatchNorm2d(4, momentum=None)),
        row(nn.AvgPool2d(2)),
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 10)),
        nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
        nn.Sequential(nn.Conv2d(1, 10, 28), nn.Flatten()),
    ],
)
def test_what_is_no_row_of_the_usual_layers_is_left_to_pytorch(network):
    assert isinstance(passes(classifier(network), 0.0), Autograd)


class Aside(nn.Module):
    """A network with a layer that the answer does not depend on."""

    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.Linear(784, 10), nn.Linear(3, 3)

    def forward(self, x):
        return self.used(x.flatten(1))


def test_what_does_not_count_or_is_not_to_be_trained_has_no_gradient():
    x, labels = torch.rand(5, 1, 28, 28), torch.arange(5)
    _, gradients = passes(classifier(Aside()), 0.0)(x, labels)
    assert [bool(one.any()) for one in gradients] == [True, True, False, False]
    _, gradients = passes(classifier(frozen()), 0.0)(x, labels)
    assert [bool(one.any()) for one in gradients] == [True, True, False, False, True, True]


@with_onednn
def test_what_onednn_refuses_is_left_to_pytorch(monkeypatch):
    def refused(*_: object) -> torch.Tensor:
        raise RuntimeError("could not create a primitive")

    model = classifier(of_recipe("deep"))
    before = [one.clone() for one in model.buffers()], torch.get_rng_state()
    assert isinstance(passes(model, 0.0), Chain)
    monkeypatch.setattr(torch, "mkldnn_max_pool2d", refused)
    assert isinstance(passes(model, 0.0), Autograd)
    assert all(map(torch.equal, model.buffers(), before[0])) and torch.equal(torch.get_rng_state(), before[1])


@with_onednn
def test_dropout_leaves_out_its_share_and_makes_up_for_it_on_both_ways():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Dropout(0.25), nn.Linear(2704, 10))
    dropout = passes(classifier(network), 0.0).steps[2]
    x = torch.ones(100, 1000)
    torch.manual_seed(3)
    y, kept = dropout.forward(x)
    torch.manual_seed(3)
    assert torch.equal(y, torch.dropout(x, 0.25, train=True))  # so that a seed gives what it gave by autograd
    (slope,) = dropout.backward(x, kept)
    assert torch.equal(y, slope) and y.unique().tolist() == pytest.approx([0, 4 / 3])
    assert (y == 0).float().mean() == pytest.approx(0.25, abs=0.01)


def test_in_bfloat16_the_gradients_are_those_but_for_rounding():
    torch.manual_seed(2)
    model, exact = classifier(of_recipe("baseline"), torch.bfloat16), classifier(of_recipe("baseline"))
    images, labels = torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8), torch.randint(0, 10, (64,))
    found = [passes(one, 0.0)(one.pixels(images), labels)[1] for one in (model, exact)]
    for rough, fine in zip(*found, strict=True):
        assert torch.cosine_similarity(rough.float().flatten(), fine.flatten(), dim=0) > 0.98
