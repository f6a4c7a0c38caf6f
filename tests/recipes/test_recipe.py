import json
from dataclasses import asdict, fields, replace

import pytest

from digits.errors import DigitsError
from digits.recipes import RECIPES, Augmentation, Recipe, about, adjusted


def test_the_baseline_is_the_seeds():
    recipe = RECIPES["baseline"]
    assert (recipe.epochs, recipe.batch_size, recipe.dropout) == (3, 64, 0.25)
    assert (recipe.filters, recipe.hidden_units) == ((16, 32), 128)
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
        ("schedule", "cosine", "schedule is 'cosine', but must be constant or one-cycle"),
        ("warmup", 1.0, "warmup is 1.0, but must be a share"),
        ("warmup", 0.1, "warmup is 0.1, but must be 0 where the schedule is constant"),
        ("beta_2", 1.0, "beta 2 is 1.0"),
        ("label_smoothing", -0.1, "label smoothing is -0.1"),
        ("ema_decay", 1.0, "ema decay is 1.0"),
        ("validation", 1.5, "validation is 1.5"),
        ("unaugmented_share", 1.0, "unaugmented share is 1.0, but must be a share"),
        ("unaugmented_share", 0.5, "unaugmented share is 0.5, but must be 0 without augmentation, say --rotation 10"),
        ("epochs", 2.5, "epochs is 2.5, but must be a whole number, 1 or more"),
        ("epochs", True, "epochs is True, but must be a whole number"),
        ("pages", 5, "pages is 5, but must be 0 for baseline, which does not find digits on pages"),
        ("batch_size", "64", "batch size is '64', but must be a whole number"),
        ("dropout", "much", "dropout is 'much', but must be a share"),
        ("ensemble", 101, "ensemble is 101, but must be a whole number from 1 to 100"),
        ("architecture", "wide", "architecture is 'wide', but must be baseline or fast or deep"),
        ("filters", (), r"filters is \(\), but must be whole numbers from 1 to 1,024, say \(16, 32\)"),
        ("filters", 16, "filters is 16, but must be whole numbers"),
        ("filters", (16, 0), "but must be whole numbers from 1 to 1,024"),
        ("filters", (16, 2.5), "but must be whole numbers from 1 to 1,024"),
        ("filters", (10**6, 32), "but must be whole numbers from 1 to 1,024"),
        ("filters", (16,), r"filters is \(16,\), but must be 2 numbers for baseline, one for each convolution"),
        ("hidden_units", 0, "hidden units is 0, but must be 1 or more, for baseline"),
        ("hidden_units", 10**6, "hidden units is 1000000, but must be a whole number from 0 to 8,192"),
        ("epsilon", 0.0, "epsilon is 0.0"),
    ],
)
def test_a_field_out_of_range_is_refused_by_name_value_and_range(field, value, message):
    with pytest.raises(DigitsError, match=message):
        replace(RECIPES["baseline"], **{field: value})


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_survives_json(recipe):
    assert Recipe.from_dict(json.loads(json.dumps(asdict(recipe)))) == recipe


def test_what_a_file_does_not_name_has_its_default():
    assert Recipe.from_dict({"name": "baseline", "architecture": "baseline", "epochs": 5}).epochs == 5


@pytest.mark.parametrize(
    ("share", "epochs", "plain"), [(0.0, 4, 0), (0.25, 4, 1), (0.49, 4, 1), (0.29, 100, 29), (0.9, 10, 9)]
)
def test_the_last_epochs_are_without_augmentation(share, epochs, plain):
    bent = Augmentation(rotation=10)
    recipe = replace(RECIPES["baseline"], augmentation=bent, unaugmented_share=share, epochs=epochs)
    seen = [recipe.augmentation_in(epoch) for epoch in range(epochs)]
    assert seen == [bent] * (epochs - plain) + [Augmentation()] * plain


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("pages", 0, "pages is 0, but must be 1 or more for finder, which finds digits on pages"),
        ("dropout", 0.1, "dropout is 0.1, but must be 0.0 for finder, which finds digits on pages"),
        ("label_smoothing", 0.1, "label smoothing is 0.1"),
        ("augmentation", Augmentation(rotation=3), "rotation is 3, but must be 0.0 for finder"),
        ("nothing", 0.1, "nothing is 0.1"),
        ("validation", 0.1, "validation is 0.1"),
        ("patience", 2, "patience is 2"),
        ("ensemble", 5, "ensemble is 5, but must be 1 for finder"),
    ],
)
def test_a_finder_is_trained_without_what_classifying_has(field, value, message):
    with pytest.raises(DigitsError) as caught:
        replace(RECIPES["finder"], **{field: value})
    assert str(caught.value).startswith(message)


def test_no_digit_is_turned_into_another():
    """A 6 and a 9 are half a turn apart, a 1 and a 7, or a 4 and a 9 when mirrored, at least an eighth."""
    assert Augmentation(rotation=30, shear=30)
    for name in ("rotation", "shear"):
        with pytest.raises(DigitsError, match=f"{name} is 45, but must be a number from 0 to 30"):
            Augmentation(**{name: 45})


@pytest.mark.parametrize("name", [field.name for field in fields(Augmentation)])
def test_each_change_has_a_limit(name):
    most = about(Augmentation)[name].most
    assert Augmentation(**{name: most})
    for value in (most + 0.1, -0.1, float("nan")):
        with pytest.raises(DigitsError, match=f"{name} is {value}"):
            Augmentation(**{name: value})


def test_no_change_is_no_augmentation():
    assert not Augmentation()
    assert not RECIPES["baseline"].augmentation


def test_deep_has_no_hidden_units():
    with pytest.raises(DigitsError, match="hidden units is 128, but must be 0, as it has no hidden"):
        replace(RECIPES["deep"], hidden_units=128)


@pytest.mark.parametrize(
    ("recipe", "changes", "fallen_back"),
    [
        ("fast", {"schedule": "constant"}, {"warmup": 0}),
        ("deep", {"epochs": 1}, {"unaugmented_share": 0}),
        ("deep", {"augmentation": Augmentation()}, {"unaugmented_share": 0}),
        ("deep", {"architecture": "baseline"}, {"filters": (16, 32), "hidden_units": 128}),
        ("baseline", {"architecture": "deep"}, {"filters": (32, 32, 64, 64, 64, 128, 128), "hidden_units": 0}),
        ("deep", {"epochs": 8}, {}),
    ],
)
def test_what_has_no_effect_beside_a_change_falls_back(recipe, changes, fallen_back):
    changed = vars(adjusted(RECIPES[recipe], changes))
    assert changed == {**vars(RECIPES[recipe]), **changes, **fallen_back}


@pytest.mark.parametrize(
    ("recipe", "changes", "message"),
    [
        (
            "fast",
            {"schedule": "constant", "warmup": 0.3},
            "warmup is 0.3, but must be 0 where the schedule is constant",
        ),
        ("deep", {"epochs": 3, "unaugmented_share": 0.25}, "must be 0 where it is less than one of 3 epochs"),
        ("fast", {"filters": (8, 8, 8)}, r"filters is \(8, 8, 8\), but must be 2 numbers for fast"),
    ],
)
def test_a_change_without_effect_is_refused(recipe, changes, message):
    with pytest.raises(DigitsError, match=message):
        adjusted(RECIPES[recipe], changes)


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [("fast", {"schedule": "constant", "warmup": 0.3}), ("deep", {"epochs": 3, "unaugmented_share": 0.25})],
)
def test_a_change_without_effect_falls_back_where_that_is_asked_for(recipe, changes):
    asked, name = adjusted(RECIPES[recipe], changes, lenient=True), list(changes)[1]
    assert vars(asked) == {**vars(RECIPES[recipe]), **changes, name: 0.0}
    assert getattr(adjusted(RECIPES[recipe], {name: 0.5}, lenient=True), name) == 0.5


STORED = asdict(RECIPES["deep"])


@pytest.mark.parametrize("odd", [{"optimizer": "sgd"}, {"colour": "red"}, {"epochs": None}, {"augmentation": {}}])
def test_what_is_no_recipe_is_refused(odd):
    with pytest.raises((DigitsError, TypeError, ValueError)):
        Recipe.from_dict({**STORED, **odd})


def test_every_field_says_what_it_means():
    """But for the name, which no flag changes, and the augmentation, whose own fields say it."""
    assert {one.name for one in fields(Recipe)} == {*about(Recipe), "name", "augmentation"}
    assert all(known.help for record in (Recipe, Augmentation) for known in about(record).values())
