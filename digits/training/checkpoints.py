"""Where a run stood after its last complete epoch, saved so that a run that was killed can go on from there.

It then ends with the same bits as one that was never interrupted: what is saved decides, together with the seed and
the number of the epoch, all that comes after.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from digits.backends.interface import Arrays
from digits.errors import DigitsError
from digits.files import display, write_together
from digits.models import read_safetensors
from digits.recipes import Recipe
from digits.runs import Epoch
from digits.training.epochs import Progress, finished


@dataclass(frozen=True)
class RunState:
    """Where a run stands, of one network or of an ensemble's networks, which are trained one after another.

    Attributes:
        histories: the epochs of each network that training has come to; all but the last one are trained to the end.
        current: the progress of the last one.
        networks: the weights of all networks of an ensemble; empty for a single network, which `current` describes.
    """

    histories: list[list[Epoch]] = field(default_factory=list)
    current: Progress = field(default_factory=Progress)
    networks: Arrays = field(default_factory=dict)

    def progress(self, index: int) -> Progress:
        """Where the network of this index stands, which is trained now: where it stopped, or at its beginning."""
        return self.current if index == len(self.histories) - 1 else Progress()

    def after(self, index: int, progress: Progress, networks: Arrays) -> "RunState":
        """Where the run stands when the network of this index has come so far."""
        return RunState([*self.histories[:index], progress.history], progress, networks)

    def is_complete(self, recipe: Recipe) -> bool:
        """Whether all networks of the recipe are trained to the end."""
        return [finished(recipe, history) for history in self.histories] == [True] * recipe.ensemble

    def is_on_course(self, recipe: Recipe) -> bool:
        """Whether a run of the recipe passes through this state: networks in turn, and the end is not saved."""
        earlier = [finished(recipe, history) for history in self.histories[:-1]]
        return all(earlier) and len(self.histories) <= recipe.ensemble and not self.is_complete(recipe)


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
        self.identity = _comparable(recipe, identity)

    def __str__(self) -> str:
        return f"the checkpoint in {display(self.folder)}"

    def save(self, state: RunState) -> None:
        """Replace what was saved before, in one step."""
        header = {"identity": json.dumps(self.identity), "histories": json.dumps(state.histories)}
        kinds = {"trainer": state.current.trainer, "best": state.current.best, "network": state.networks}
        arrays = {f"{kind}/{name}": array for kind, named in kinds.items() for name, array in named.items()}
        write_together(self.folder, {self.name: safetensors.numpy.save(arrays, metadata=header)})

    def load(self) -> RunState:
        """What was saved last, or the state of a run that has not begun if nothing was.

        Raises:
            DigitsError: it is damaged, or of a run with another recipe, seed or anything else that decides the result.
        """
        path = self.folder / self.name
        if not path.exists():
            return RunState()
        arrays, header = read_safetensors(path)
        try:
            identity = dict(json.loads(header["identity"]))
            identity = _comparable(Recipe.from_dict(identity["recipe"]), identity)
            histories = [[_numbers(epoch) for epoch in history] for history in json.loads(header["histories"])]
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError, DigitsError) as error:
            raise DigitsError(f"{path} is not a checkpoint. Delete it, or run without --resume") from error
        for name, theirs, ours in _differences(identity, self.identity):
            raise DigitsError(
                f"{path} is of another run: its {name} is {theirs}, this run's is {ours}. "
                f"Run with the same, or without --resume"
            )
        trainer, best, networks = (_part(arrays, kind) for kind in ("trainer", "best", "network"))
        state = RunState(histories, Progress(histories[-1] if histories else [], trainer, best), networks)
        if not state.is_on_course(self.recipe):
            raise DigitsError(f"{self} is damaged: no run stops there. Delete it, or run without --resume")
        return state

    def delete(self) -> None:
        """Remove what was saved, if anything was."""
        (self.folder / self.name).unlink(missing_ok=True)


def _comparable(recipe: Recipe, identity: Mapping[str, Any]) -> dict[str, Any]:
    """The identity with this recipe, whichever version wrote it, as JSON gives it back."""
    return json.loads(json.dumps({**identity, "recipe": asdict(recipe)}))


def _part(arrays: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
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
