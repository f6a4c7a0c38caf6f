from dataclasses import replace

import pytest

from digits.errors import DigitsError
from digits.recipes import RECIPES


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
    ],
)
def test_a_field_out_of_range_is_refused_by_name_value_and_range(field, value, message):
    with pytest.raises(DigitsError, match=message):
        replace(RECIPES["baseline"], **{field: value})
