from dataclasses import replace

import pytest

from digits.backends import BACKENDS, load_backend
from digits.backends.interface import Backend
from digits.models import ModelInfo
from digits.recipes import ARCHITECTURES, RECIPES, Recipe


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each of the twins: what a test says here holds for both."""
    return load_backend(request.param)


@pytest.fixture(params=[name for name, one in ARCHITECTURES.items() if not one.finds])
def recipe(request: pytest.FixtureRequest) -> Recipe:
    """The recipe of each architecture that tells classes, `deep` with a quarter of its filters; of the finder, see
    test_finder.py.

    `reader` is another of `deep`; tests of training see to what it draws.
    """
    one = RECIPES[request.param]
    return replace(one, filters=(8, 8, 8, 16, 16, 16, 32)) if request.param == "deep" else one


def built(backend: Backend, recipe: Recipe, seed: int = 0, precision: str = "float32", device: str = "cpu"):
    info = ModelInfo(replace(recipe, ensemble=1), "mnist", tuple("0123456789"), backend.PIXEL_RANGE)
    return backend.build(info, seed, backend.select_device(device), precision)


def kernels_and_biases(network) -> list:
    """The trainable weights as NumPy arrays, in each framework's own layout: kernel, bias, kernel, bias …"""
    if hasattr(network, "trainable_variables"):
        return [variable.numpy() for variable in network.trainable_variables]
    return [parameter.detach().cpu().numpy().copy() for parameter in network.parameters()]
