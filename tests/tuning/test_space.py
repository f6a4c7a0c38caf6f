import contextlib

import pytest

from digits.errors import DigitsError
from digits.recipes import RECIPES
from digits.tuning.space import Dimension, default_space, largest, parse_space, recipe_of, values_of

BASELINE = RECIPES["baseline"]


def test_a_space_is_read():
    assert parse_space("learning_rate=1e-4..1e-1:log filters.1=16..64  batch_size=32|64|32 schedule=constant") == (
        Dimension("learning_rate", 1e-4, 1e-1, log=True),
        Dimension("filters.1", 16, 64),
        Dimension("batch_size", choices=(32, 64)),
        Dimension("schedule", choices=("constant",)),
    )


@pytest.mark.parametrize("name", [recipe.name for recipe in RECIPES.values() if not recipe.finds])
def test_each_recipe_has_a_space_in_which_it_lies(name):
    recipe = RECIPES[name]
    space = default_space(recipe)
    assert largest(space, recipe)
    assert parse_space(" ".join(map(str, space))) == space
    assert set(values_of(recipe, space)) == {dimension.name for dimension in space}
    assert recipe_of(recipe, space, values_of(recipe, space)) == recipe


def test_values_become_a_recipe_with_three_digits_within_their_range():
    space = parse_space("learning_rate=0.00123456..0.1:log filters.1=16..64 rotation=0..20 batch_size=32|64")
    values = {"learning_rate": 0.00123456, "filters.1": 20, "rotation": 12.3456, "batch_size": 32}
    recipe = recipe_of(BASELINE, space, values)
    assert (recipe.learning_rate, recipe.filters, recipe.batch_size) == (0.00123456, (16, 20), 32)
    assert recipe.augmentation.rotation == 12.3


def test_each_architecture_keeps_its_own_numbers():
    space = parse_space("architecture=baseline|deep")
    assert largest(space, BASELINE)
    assert len(recipe_of(BASELINE, space, {"architecture": "deep"}).filters) == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("lr=1..2", "lr is no field of a recipe"),
        ("learning_rate", "allowed: learning_rate =LOW..HIGH"),
        ("learning_rate=", "allowed: learning_rate =LOW..HIGH"),
        ("learning_rate=1e-4..", "1e-4.. is not a value"),
        ("learning_rate=1..2:lin", "allowed: learning_rate =LOW..HIGH"),
        ("learning_rate=1|2:log", "allowed: learning_rate =LOW..HIGH"),
        ("learning_rate=nan..1", "nan is not a value"),
        ("learning_rate=1e-4..inf", "inf is not a value"),
        ("dropout=0.5..0.1", "allowed: two numbers, the lower one first"),
        ("dropout=0..1", "1 is not a value of dropout"),
        ("dropout=0..0.5:log", "above 0 with :log"),
        ("batch_size=1.5..3", "1.5 is not a value"),
        ("filters=8..32", "filters.0, the first of several, =LOW..HIGH"),
        ("filters.2=8..32", "allowed: filters.0 to .1"),
        ("filters.²=8..32", "filters.0, the first of several, =LOW..HIGH"),
        ("filters.0=8..32 filters.00=9..10", "names filters.0 twice"),
        ("dropout.0=0..0.5", "allowed: dropout =LOW"),
        ("schedule=constant..one-cycle", "allowed: two numbers"),
        ("schedule=sometimes", "sometimes is not a value"),
        ("ensemble=1..5", "a trial trains one network"),
        ("warmup=0..0.5", "warmup is 0.5, but must be 0 where the schedule is constant"),
        ("architecture=baseline|deep filters.0=1..2", "but must be 7 numbers for deep"),
        ("name=a|b", "name is no field"),
        ("x" * 3000, "3,000 letters"),
    ],
)
def test_a_space_that_is_none_says_what_is_wrong(text, says):
    with pytest.raises(DigitsError) as raised:
        largest(parse_space(text), BASELINE)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_any_rubbish_is_one_line(rng):
    parts = ["filters.0", "dropout", "=", "..", ":log", "|", "1", "0.5", " ", "\x00", "e9"]
    for _ in range(3000):
        with contextlib.suppress(DigitsError):
            largest(parse_space("".join(rng.choice(parts, 9))), BASELINE)


def test_a_field_without_effect_by_itself_may_have_one_in_company():
    space = parse_space("schedule=constant|one-cycle warmup=0..0.5")
    assert largest(space, BASELINE).warmup == 0.5
    assert recipe_of(BASELINE, space, {"schedule": "constant", "warmup": 0.4}).warmup == 0
