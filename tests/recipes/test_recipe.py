import json
from dataclasses import asdict, fields, replace

import pytest

from digits.errors import DigitsError
from digits.recipes import LIMITS, RECIPES, Augmentation, Recipe


def test_the_baseline_is_the_seeds():
    recipe = RECIPES["baseline"]
    assert (recipe.epochs, recipe.batch_size, recipe.dropout, recipe.optimizer) == (3, 64, 0.25, "adam")
    assert (recipe.learning_rate, recipe.beta_1, recipe.beta_2, recipe.epsilon) == (1e-3, 0.9, 0.999, 1e-8)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("epochs", 0, "epochs is 0, but must be a whole number, 1 or more"),
        ("batch_size", -1, "batch size is -1, but must be"),
        ("dropout", 1.0, "dropout is 1.0, but must be"),
        ("dropout", -0.1, "dropout is -0.1"),
        ("dropout", float("nan"), "dropout is nan"),
        ("learning_rate", 0.0, "learning rate is 0.0"),
        ("learning_rate", float("inf"), "learning rate is inf"),
        ("learning_rate", float("nan"), "learning rate is nan"),
        ("schedule", "cosine", "schedule is cosine, but must be constant or one-cycle"),
        ("optimizer", "sgd", "optimizer is sgd, but must be adam"),
        ("warmup", 1.0, "warmup is 1.0, but must be a share"),
        ("beta_2", 1.0, "beta 2 is 1.0"),
        ("label_smoothing", -0.1, "label smoothing is -0.1"),
        ("averaging", 1.0, "averaging is 1.0"),
        ("validation", 1.5, "validation is 1.5"),
        ("refinement", 1.0, "refinement is 1.0, but must be a share"),
        ("patience", 2, "patience is 2, but must be 0 without validation images, say --validation 0.1"),
        ("epsilon", 0.0, "epsilon is 0.0"),
    ],
)
def test_a_field_out_of_range_is_refused_by_name_value_and_range(field, value, message):
    with pytest.raises(DigitsError, match=message):
        replace(RECIPES["baseline"], **{field: value})


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_survives_json(recipe):
    assert Recipe.from_dict(json.loads(json.dumps(asdict(recipe)))) == recipe


def test_a_recipe_of_an_earlier_version_is_read():
    assert Recipe.from_dict({"name": "baseline", "architecture": "baseline", "epochs": 5}).epochs == 5


@pytest.mark.parametrize(
    ("share", "epochs", "plain"), [(0.0, 4, 0), (0.25, 4, 1), (0.25, 3, 0), (0.25, 1, 0), (0.29, 100, 29), (0.9, 10, 9)]
)
def test_the_last_epochs_are_without_augmentation(share, epochs, plain):
    bent = Augmentation(rotation=10)
    recipe = replace(RECIPES["baseline"], augmentation=bent, refinement=share, epochs=epochs)
    seen = [recipe.augmentation_in(epoch) for epoch in range(epochs)]
    assert seen == [bent] * (epochs - plain) + [Augmentation()] * plain


def test_no_digit_is_turned_into_another():
    """A 6 and a 9 are half a turn apart, a 1 and a 7, or a 4 and a 9 when mirrored, at least an eighth."""
    assert Augmentation(rotation=30, shear=30)
    for name in ("rotation", "shear"):
        with pytest.raises(DigitsError, match=f"{name} is 45, but must be from 0 to 30"):
            Augmentation(**{name: 45})


@pytest.mark.parametrize("name", [field.name for field in fields(Augmentation)])
def test_each_change_has_a_limit(name):
    assert Augmentation(**{name: LIMITS[name]})
    for value in (LIMITS[name] + 0.1, -0.1, float("nan")):
        with pytest.raises(DigitsError, match=f"{name} is {value}"):
            Augmentation(**{name: value})


def test_no_change_is_no_augmentation():
    assert not Augmentation()
    assert not RECIPES["baseline"].augmentation
