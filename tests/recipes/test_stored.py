import json
from dataclasses import asdict

import pytest

from digits.errors import DigitsError
from digits.recipes import RECIPES
from digits.recipes.stored import MAX_BYTES, load_recipe


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_comes_back(name, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"recipe": asdict(RECIPES[name]), "other": [1]}))
    assert load_recipe(tmp_path / "a.json") == RECIPES[name]


GOOD = asdict(RECIPES["deep"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no recipe"),
        ("[]", "holds no recipe"),
        ("3", "holds no recipe"),
        ("{}", "holds no recipe"),
        ('{"recipe": []}', "holds no recipe"),
        ('{"recipe": null}', "holds no recipe"),
        ('{"recipe": {}}', "holds no recipe"),
        ("[" * 100_000, "holds no recipe"),
        ("\x00\xff", "holds no recipe"),
        ({"name": ["x"]}, "name is"),
        ({"name": "a\nb"}, "name is"),
        ({"name": "x" * 61}, "name is"),
        ({"surprise": 1}, "holds no recipe"),
        ({"architecture": "other"}, "architecture is 'other'"),
        ({"architecture": {}}, "holds no recipe"),
        ({"filters": 5}, "holds no recipe"),
        ({"filters": [1, 2]}, "filters is"),
        ({"filters": ["a"] * 7}, "filters is"),
        ({"filters": [1e99] * 7}, "filters is"),
        ({"learning_rate": 10**400}, "learning_rate is a number of 401 digits"),
        ({"learning_rate": "fast"}, "learning rate is 'fast'"),
        ({"learning_rate": float("nan")}, "learning rate is nan"),
        ({"epochs": True}, "epochs is True"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 10**12}, "batch_size is a number of 13 digits"),
        ({"ensemble": 10_000}, "ensemble is 10000"),
        ({"augmentation": 3}, "holds no recipe"),
        ({"augmentation": {"rotation": 900}}, "rotation is 900"),
        ({"augmentation": {"colour": 9}}, "holds no recipe"),
        ({"optimizer": "sgd"}, "holds no recipe"),
    ],
)
def test_what_a_file_says_is_checked(text, says, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(text if isinstance(text, str) else json.dumps({"recipe": {**GOOD, **text}}))
    with pytest.raises(DigitsError) as raised:
        load_recipe(path)
    assert says in str(raised.value)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value) and len(str(raised.value)) < 500


def test_what_is_no_file_or_far_too_large(tmp_path):
    with pytest.raises(DigitsError, match="there is no file"):
        load_recipe(tmp_path / "a.json")
    (tmp_path / "a.json").write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(DigitsError, match="more than"):
        load_recipe(tmp_path / "a.json")
