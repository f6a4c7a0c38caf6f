"""Recipes in JSON files: `tuned.json` of a search, or the record of a run. What such a file says is checked."""

import json
from pathlib import Path
from typing import Any

from digits.errors import DigitsError
from digits.recipes.recipe import Recipe

MAX_BYTES = 16 << 20  # the record of a long run is a hundredth of it
MAX_NAME = 60  # characters


def load_recipe(path: Path) -> Recipe:
    """The recipe in a JSON file: its entry `recipe`, with the fields of `Recipe`.

    Raises:
        DigitsError: there is no such file, it has no recipe, or a field may not have its value.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise DigitsError(f"there is no file {path}; allowed: a recipe's name, or a file such as tuned.json") from error
    if len(data) > MAX_BYTES:
        raise DigitsError(f"{path} has more than {MAX_BYTES:,} bytes; allowed: a file such as tuned.json")
    try:
        recipe = Recipe.from_dict(_checked(json.loads(data)["recipe"]))
    except DigitsError as error:
        raise DigitsError(f"{path}: {error}") from error
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        what = f"{type(error).__name__}: {error}"[:200]
        raise DigitsError(f"{path} holds no recipe ({what}); allowed: a file such as tuned.json") from error
    return recipe


def _checked(values: Any) -> dict[str, Any]:
    """Make sure of what the fields' own checks take for granted: a name, and numbers that fit into a computer's."""
    name = values["name"]
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise DigitsError(f"the recipe's name is {name!r:.80}, but must be a text of 1 to {MAX_NAME} characters")
    for field, value in {**values, **values.get("augmentation", {})}.items():
        if isinstance(value, int) and not abs(value) < 2**31:
            raise DigitsError(f"{field} is a number of {len(str(value))} digits; allowed: less than {2**31:,}")
    return values
