"""Any network is rewritten to compute in oneDNN's layout, and to the same answers."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from digits.backends import load_backend
from digits.backends.pytorch.fast.prepare import prepare
from digits.models import ModelInfo
from digits.recipes import ARCHITECTURES, RECIPES, Recipe

CLASSIFIERS = [name for name, architecture in ARCHITECTURES.items() if not architecture.finds]


@pytest.mark.parametrize("name", [*CLASSIFIERS, "in a class"])
def test_any_network_of_pytorch_computes_in_onednns_layout(name, mnist):
    backend = load_backend("pytorch")
    recipe = Recipe(name="one", architecture=name if name in ARCHITECTURES else "baseline")
    info, make = ModelInfo(recipe, "mnist", mnist.classes, (0.0, 1.0)), None if name in ARCHITECTURES else in_a_class
    plain = backend.build(info, 0, backend.select_device("cpu"), make=make).eval()
    graph = prepare(plain).compute.__self__.graph
    targets = [str(node.target) for node in graph.nodes]
    assert (targets.count("to_mkldnn"), targets.count("to_dense")) == (1, 1)  # in at the start, out before the end
    assert sum("mkldnn_convolution" in target for target in targets) == len(recipe.filters)
    images = torch.from_numpy(mnist.test.images[:20])
    with torch.no_grad():
        assert np.abs(plain(images).numpy() - backend.predict(plain, mnist.test.images[:20])).max() < 1e-4


def test_a_network_that_is_more_than_a_graph_is_left_as_it_is(mnist):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = nn.Linear(784, 10)

        def forward(self, x):
            return self.out(x.flatten(1) if x.sum() > 0 else -x.flatten(1))

    backend = load_backend("pytorch")
    info = ModelInfo(RECIPES["baseline"], "mnist", mnist.classes, (0.0, 1.0))
    model = backend.build(info, 0, backend.select_device("cpu"), make=lambda *_: Network())
    assert prepare(model).compute.__self__ is model.network
    assert backend.predict(model, mnist.test.images[:3]).shape == (3, 10)
    assert len(backend.structure(model)) == 64


def in_a_class(filters, hidden_units, dropout, classes):
    """A skip connection, pooling after ReLU and layers called as functions, as many write them."""

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
            self.out = nn.Linear(8 * 14 * 14, classes)

        def forward(self, x):
            x = F.relu(self.one(x))
            return self.out(torch.flatten(F.max_pool2d(F.relu(x + self.two(x)), 2), 1))

    return Network()
