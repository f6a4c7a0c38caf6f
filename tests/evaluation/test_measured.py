import re
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from digits.backends import BACKENDS, load_backend
from digits.commands.recipes import listed
from digits.datasets import DIGITS
from digits.evaluation.measured import COSTS, MEASUREMENTS
from digits.models import ModelInfo
from digits.recipes import ARCHITECTURES, RECIPES, Recipe
from tests.conftest import ROOT


def one_network(name: str) -> ModelInfo:
    return ModelInfo(replace(RECIPES[name], ensemble=1), "mnist", DIGITS, (0.0, 1.0))


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("recipe", COSTS)
def test_the_parameters_are_those_of_the_network(recipe, name):
    backend = load_backend(name)
    info = one_network(recipe)
    weights = backend.weights(backend.build(info, 0, backend.select_device("cpu")))
    trained = sum(array.size for key, array in weights.items() if not key.split(".")[-1].startswith("running"))
    assert trained == COSTS[recipe].parameters


@pytest.mark.parametrize("recipe", COSTS)
def test_the_multiply_adds_are_those_of_the_network(recipe):
    backend = load_backend("pytorch")
    info = one_network(recipe)
    network = backend.build(info, 0, backend.select_device("cpu"), "float64")  # not oneDNN's, uncounted
    with FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros((1, 192, 192, 3) if info.recipe.finds else (1, 28, 28), dtype=torch.uint8))
    assert counter.get_total_flops() == 2 * COSTS[recipe].multiply_adds


def test_every_recipe_is_listed_with_its_costs():
    for recipe in RECIPES.values():
        cost = COSTS[recipe.name]
        parameters, multiply_adds = recipe.ensemble * cost.parameters, recipe.ensemble * cost.multiply_adds
        row = rf"^{recipe.name} +{recipe.ensemble} +{parameters:,} +{multiply_adds:,} +{recipe.epochs} "
        assert re.search(row, listed(), re.MULTILINE), row


def test_the_pages_claim_what_is_listed():
    readme, models = ((ROOT / page).read_text() for page in ("README.md", "docs/models.md"))
    for (recipe, dataset, backend), reached in MEASUREMENTS.items():
        assert str(reached) in listed()
        assert str(reached) in readme + models, (recipe, dataset, backend)
        assert reached.flags in listed()
        assert reached.flags in models
    for recipe in (one for one in RECIPES.values() if not one.finds):
        assert re.search(
            rf"^\| {recipe.name} \| {recipe.ensemble} \| .*million \| {recipe.epochs} \|", models, re.MULTILINE
        )


def test_a_recipe_without_figures_is_listed_all_the_same(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "mine", ARCHITECTURES["baseline"])
    monkeypatch.setitem(RECIPES, "new", Recipe(name="new", architecture="mine"))
    assert re.search(r"^new +1 +– +– +3  –$", listed(), re.MULTILINE)
