"""Where a run stood after its last complete epoch, saved so that a run that was killed can go on from there.

It then ends with the same bits as one that was never interrupted: what is saved decides, together with the seed and
the number of the epoch, all that comes after.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from digits.errors import DigitsError
from digits.files import display, write_together
from digits.models import read_safetensors
from digits.recipes import Recipe
from digits.training.loop import Progress, finished


@dataclass(frozen=True)
class RunState:
    """Where a run stands.

    Attributes:
        networks: where each of its networks stands, by place; they may be trained in any order.
        seconds: that training has taken so far.
    """

    networks: tuple[Progress, ...]
    seconds: float = 0.0

    @classmethod
    def at_beginning(cls, recipe: Recipe) -> "RunState":
        """No network of the recipe has been trained."""
        return cls((Progress(),) * recipe.ensemble)

    def after(self, place: int, progress: Progress, seconds: float) -> "RunState":
        """Where the run stands when the network of this place has come so far, after so many seconds more."""
        networks = (*self.networks[:place], progress, *self.networks[place + 1 :])
        return RunState(networks, self.seconds + seconds)

    def is_complete(self, recipe: Recipe) -> bool:
        """Whether all networks are trained to the end."""
        return all(finished(recipe, progress.history) for progress in self.networks)


class Checkpoint:
    """The checkpoint of one backend's run in a folder.

    Args:
        folder: of the run.
        backend: its name.
        recipe: what is trained, and how.
        identity: what else decides the weights: a run that goes on from the checkpoint must share both.
    """

    def __init__(self, folder: Path, backend: str, recipe: Recipe, identity: Mapping[str, Any]):
        self.folder, self.name, self.recipe = folder, f"{backend}_checkpoint.safetensors", recipe
        self.identity = json.loads(json.dumps({**identity, "recipe": asdict(recipe)}))  # as JSON gives it back

    def __str__(self) -> str:
        return f"the checkpoint in {display(self.folder)}"

    def save(self, state: RunState) -> None:
        """Replace what was saved before, in one step."""
        header = {
            "identity": json.dumps(self.identity),
            "histories": json.dumps([progress.history for progress in state.networks]),
            "seconds": str(state.seconds),
        }
        arrays = {
            f"{place}/{kind}/{name}": array
            for place, progress in enumerate(state.networks)
            for kind, named in (("trainer", progress.trainer), ("best", progress.best))
            for name, array in named.items()
        }
        write_together(self.folder, {self.name: safetensors.numpy.save(arrays, metadata=header)})

    def load(self) -> RunState:
        """What was saved last, or the state of a run that has not begun if nothing was.

        Raises:
            DigitsError: it is damaged, or of a run with another recipe, seed or anything else that decides the result.
        """
        path = self.folder / self.name
        if not path.exists():
            return RunState.at_beginning(self.recipe)
        arrays, header = read_safetensors(path)
        try:
            identity = dict(json.loads(header["identity"]))
            histories = [[_numbers(epoch) for epoch in history] for history in json.loads(header["histories"])]
            seconds = float(header["seconds"])
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError, DigitsError) as error:
            raise DigitsError(f"{path} is not a checkpoint. Delete it, or run without --resume") from error
        for name, theirs, ours in _differences(identity, self.identity):
            raise DigitsError(
                f"{path} is of another run: its {name} is {theirs}, this run's is {ours}. "
                f"Run with the same, or without --resume"
            )
        networks = (
            Progress(history, _part(arrays, f"{place}/trainer"), _part(arrays, f"{place}/best"))
            for place, history in enumerate(histories)
        )
        state = RunState(tuple(networks), seconds)
        if len(histories) != self.recipe.ensemble or state.is_complete(self.recipe):  # the end is not saved
            raise DigitsError(f"{self} is damaged: no run stops there. Delete it, or run without --resume")
        return state

    def delete(self) -> None:
        """Remove what was saved, if anything was."""
        (self.folder / self.name).unlink(missing_ok=True)


def _part(arrays: Mapping[str, NDArray[np.generic]], kind: str) -> dict[str, NDArray[np.generic]]:
    return {name.removeprefix(f"{kind}/"): array for name, array in arrays.items() if name.startswith(f"{kind}/")}


def _numbers(epoch: Mapping[str, Any]) -> dict[str, float]:
    """The record of an epoch, which has at least its loss and its seconds."""
    return {key: float(epoch[key]) for key in ("loss", "seconds", *epoch)}


def _differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The names of what differs, dotted where it lies deeper, with both values."""
    found = []
    for name in ours.keys() | theirs.keys():
        one, other = theirs.get(name), ours.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found += [(f"{name}.{deeper}", *values) for deeper, *values in _differences(one, other)]
        elif one != other:
            found.append((name, one, other))
    return sorted(found, key=lambda difference: difference[0])
