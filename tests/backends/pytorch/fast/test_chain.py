"""Gradients that are found layer by layer are those that autograd finds."""

import copy

import pytest
import torch
from torch import nn

from digits.backends.pytorch.fast.graph import in_layout, pooled_first
from digits.backends.pytorch.fast.prepare import Fast, prepare
from digits.backends.pytorch.fast.steps import PatchedConvolution
from digits.backends.pytorch.model import Classifier
from digits.backends.pytorch.networks import ARCHITECTURES
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
    """Both ways on the same images: the loss, each gradient, and what is left in the layers."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(0, 256, (images, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, 10, (images,), generator=generator)
    other = copy.deepcopy(model)
    theirs = Fast(other, in_layout(pooled_first(other.network), other.dtype))  # of a tie, both see the same as largest
    ours = prepare(model)
    assert ours.chain
    loss, gradients = ours.gradients(ours.pixels(x), labels, smoothing)
    expected, wanted = theirs.gradients(theirs.pixels(x), labels, smoothing)
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
def test_both_ways_give_the_same_gradients(name, features, monkeypatch):
    monkeypatch.setenv("DIGITS_CPU_FEATURES", features)
    model = classifier(of_recipe(name))
    assert isinstance(prepare(model).chain.steps[0], PatchedConvolution) == ("avx512f" not in features)
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
    assert prepare(model).chain.side == side
    images = torch.randint(0, 256, (1, 28, 28), dtype=torch.uint8).float().requires_grad_()
    model.eval()(images).sum().backward()
    reach = images.grad[0].any(0).nonzero().max() + 1
    assert reach <= side and (side == 28 or reach == side)


class OwnRelu(nn.ReLU):
    """A layer that looks like another."""


class InOrder(nn.Module):
    """A row that is no `Sequential`, and lists its layers in another order."""

    def __init__(self):
        super().__init__()
        self.out, self.conv, self.flat = nn.Linear(2704, 10), nn.Conv2d(1, 4, 3), nn.Flatten()

    def forward(self, x):
        return self.out(self.flat(self.conv(x)))


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
        InOrder(),
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
    assert prepare(classifier(network)).chain is None


class Aside(nn.Module):
    """A network with a layer that the answer does not depend on."""

    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.Linear(784, 10), nn.Linear(3, 3)

    def forward(self, x):
        return self.used(x.flatten(1))


def test_gradients_are_in_the_order_of_parameters_and_0_where_none_is_wanted():
    x, labels = torch.rand(5, 1, 28, 28), torch.arange(5)
    _, gradients = prepare(classifier(Aside())).gradients(x, labels, 0.0)
    assert [bool(one.any()) for one in gradients] == [True, True, False, False]
    _, gradients = prepare(classifier(InOrder())).gradients(x, labels, 0.0)
    assert [one.shape for one in gradients] == [one.shape for one in InOrder().parameters()]
    _, gradients = prepare(classifier(frozen())).gradients(x, labels, 0.0)
    assert [bool(one.any()) for one in gradients] == [True, True, False, False, True, True]


@with_onednn
def test_what_onednn_refuses_is_left_to_pytorch(monkeypatch):
    def refused(*_: object) -> torch.Tensor:
        raise RuntimeError("could not create a primitive")

    model = classifier(of_recipe("deep"))
    before = [one.clone() for one in model.buffers()], torch.get_rng_state()
    assert prepare(model).chain
    monkeypatch.setattr(torch, "mkldnn_max_pool2d", refused)
    assert prepare(model).chain is None
    assert all(map(torch.equal, model.buffers(), before[0])) and torch.equal(torch.get_rng_state(), before[1])


@with_onednn
def test_dropout_leaves_out_its_share_and_makes_up_for_it_on_both_ways():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Dropout(0.25), nn.Linear(2704, 10))
    dropout = prepare(classifier(network)).chain.steps[2]
    x = torch.ones(100, 1000)
    torch.manual_seed(3)
    y, saved = dropout.forward(x)
    torch.manual_seed(3)
    assert torch.equal(y, torch.dropout(x, 0.25, train=True))  # so that a seed gives what it gave by autograd
    (grad,) = dropout.backward(x, saved)
    assert torch.equal(y, grad) and y.unique().tolist() == pytest.approx([0, 4 / 3])
    assert (y == 0).float().mean() == pytest.approx(0.25, abs=0.01)


def test_in_bfloat16_the_gradients_are_those_but_for_rounding():
    torch.manual_seed(2)
    model, exact = classifier(of_recipe("baseline"), torch.bfloat16), classifier(of_recipe("baseline"))
    images, labels = torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8), torch.randint(0, 10, (64,))
    found = [one.gradients(one.pixels(images), labels, 0.0)[1] for one in map(prepare, (model, exact))]
    for rough, fine in zip(*found, strict=True):
        assert torch.cosine_similarity(rough.float().flatten(), fine.flatten(), dim=0) > 0.98
