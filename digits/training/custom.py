"""A network that a script shows, and that its reader may have edited: tried before it is trained."""

import inspect
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from digits.backends.interface import Backend, MakeNetwork
from digits.errors import DigitsError
from digits.models import SAMPLE, ModelInfo
from digits.recipes import Recipe


def build_custom(
    backend: Backend, info: ModelInfo, seed: int, device: Any, make: MakeNetwork, asked_for: frozenset[str]
) -> tuple[Any, ModelInfo]:
    """The network that `make` makes, and its description, which says whether it is the package's own or another.

    Args:
        asked_for: the fields of the recipe that were chosen one by one.

    Raises:
        DigitsError: it cannot be made, or does not give a score for each class, or a field `asked_for` changes nothing
            in it; with the line of the script, where that can be told.
    """
    single = replace(info, recipe=replace(info.recipe, ensemble=1))

    def structure(recipe: Recipe, own: MakeNetwork | None = make) -> str:
        return backend.structure(backend.build(replace(single, recipe=recipe), 0, device, make=own))

    network = _tried(make, lambda: backend.build(info, seed, device, make=make))
    found = structure(single.recipe)
    if found == structure(single.recipe, own=None):
        return network, info
    logits = _tried(make, lambda: backend.predict(network, SAMPLE))
    if logits.shape != (len(SAMPLE), len(info.classes)):
        wanted = f"{len(info.classes)}, a score for each class"
        given = f"the network gives {logits.shape[1:]} numbers for an image"
        raise DigitsError(f"{_place(make)}: {given}; allowed: {wanted}")
    if not np.isfinite(logits).all():
        raise DigitsError(f"{_place(make)}: the network gives scores that are not finite before it is trained")
    for name, other in _others(single.recipe).items():
        if name in asked_for and structure(other) == found:
            flag = f"--{name.replace('_', '-')}"
            advice = f"Use `{name}` in it, or leave out the flag"
            raise DigitsError(f"{_place(make)}: {flag} changes nothing in this network. {advice}")
    return network, replace(info, network=found)


def _others(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe with another value in each field that a network is made from."""
    return {
        "filters": replace(recipe, filters=tuple(count + 1 for count in recipe.filters)),
        "hidden_units": replace(recipe, hidden_units=recipe.hidden_units + 1),
        "dropout": replace(recipe, dropout=recipe.dropout / 2 + 0.1),
    }


def _tried(make: MakeNetwork, action: Callable[[], Any]) -> Any:
    """What `action` returns, which runs what a reader of the script may have written: anything may go wrong in it."""
    try:
        return action()
    except DigitsError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()).removeprefix("Exception encountered when calling ")
        raise DigitsError(f"{_place(make, error)}: the network does not work ({reason[:300]})") from error


def _place(make: MakeNetwork, error: Exception | None = None) -> str:
    """Where in the script the network stands, and if it can be told the very line that is wrong."""
    path = inspect.getsourcefile(make) or "the script"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__ if error else None) if frame.filename == path]
    line = frames[-1].lineno if frames else inspect.getsourcelines(make)[1]
    return f"{Path(path).name}, line {line}"
