"""Where a training stood after its last complete epoch, so that it can go on after a crash as if nothing had been."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from digits.errors import DigitsError
from digits.files import write_together
from digits.models import read_safetensors


@dataclass(frozen=True)
class Saved:
    """The record of each epoch so far, a list for each network of an ensemble, and arrays by name."""

    histories: list[list[dict[str, float]]]
    arrays: dict[str, np.ndarray]


class Checkpoint:
    """The checkpoint of one backend's run in a folder; no random states are in it, as each epoch derives its own."""

    def __init__(self, folder: Path, backend: str, identity: Mapping[str, Any]):
        self.folder, self.name = folder, f"{backend}_checkpoint.safetensors"
        self.identity = json.loads(json.dumps(identity))

    def save(self, saved: Saved) -> None:
        header = {"identity": json.dumps(self.identity), "histories": json.dumps(saved.histories)}
        write_together(self.folder, {self.name: safetensors.numpy.save(saved.arrays, metadata=header)})

    def load(self) -> Saved | None:
        """What was saved last, or None if nothing was.

        Raises:
            DigitsError: it is damaged, or of a run with another recipe, seed or anything else that decides the result.
        """
        path = self.folder / self.name
        if not path.exists():
            return None
        arrays, header = read_safetensors(path)
        try:
            identity = dict(json.loads(header["identity"]))
            histories = [[_numbers(epoch) for epoch in history] for history in json.loads(header["histories"])]
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise DigitsError(f"{path} is not a checkpoint. Delete it, or run without --resume") from error
        for name, theirs, ours in _differences(identity, self.identity):
            raise DigitsError(
                f"{path} is of another run: its {name} is {theirs}, this run's is {ours}. "
                f"Run with the same, or without --resume"
            )
        return Saved(histories, arrays)

    def delete(self) -> None:
        (self.folder / self.name).unlink(missing_ok=True)


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
