"""What a trained model is, whichever backend holds it: its description, and its weights in one layout.

Weights are float arrays by name, laid out as in PyTorch: `conv1.weight` `(out, in, height, width)`, `dense1.weight`
`(out, in)`, with the features that a dense layer takes from images in the order channel, row, column. Those of an
ensemble's networks begin with `members.0.`, `members.1.` and so on.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from digits.errors import DigitsError
from digits.recipes import MAX_MEMBERS, RECIPES, Recipe

HEADER = "digits"  # where a model's file keeps its description
MAX_BYTES = 1 << 30  # of a model's file; the largest of ours takes a thousandth of it


@dataclass(frozen=True)
class ModelInfo:
    """Everything about a model but its weights.

    Attributes:
        recipe: how it was trained; its architecture and dropout decide the network.
        dataset: a name of `datasets.registry`, or the path of the user's own data.
        classes: a name for each label.
        pixel_range: what the pixels 0 and 255 become before the first layer.
        members: networks in it, trained with different seeds, whose probabilities are averaged; 1 for a single one.
    """

    recipe: Recipe
    dataset: str
    classes: tuple[str, ...]
    pixel_range: tuple[float, float]
    members: int = 1

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes, path: Path) -> "ModelInfo":
        """What `to_json` wrote, found in `path`.

        Raises:
            DigitsError: it is something else.
        """
        try:
            fields = json.loads(text)
            recipe = Recipe.from_dict(fields["recipe"])
            if recipe.architecture not in {known.architecture for known in RECIPES.values()}:
                raise ValueError(f"architecture {recipe.architecture} is unknown")
            low, high = (float(bound) for bound in fields["pixel_range"])
            classes = tuple(str(name) for name in fields["classes"])
            if not (2 <= len(classes) <= 1000 and np.isfinite([low, high]).all() and low < high):
                raise ValueError(f"{len(classes)} classes, pixels from {low} to {high}")
            if not all(name.isprintable() for name in classes):
                raise ValueError("a class has a name that cannot be printed")
            members = int(fields.get("members", 1))
            if not 1 <= members <= MAX_MEMBERS:
                raise ValueError(f"{members} members")
            return cls(recipe, str(fields["dataset"]), classes, (low, high), members)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError, DigitsError) as error:
            raise DigitsError(f"{path} is not a model of ours: its description is not one ({error})") from error


def check_weights(
    weights: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]], name: str, dtype: str = "float32"
) -> None:
    """Make sure that `weights` are those of a network whose weights have these shapes and this type.

    Raises:
        DigitsError: one is missing, too many, of another shape or type, or not finite; `name` says whose they are.
    """
    if weights.keys() != shapes.keys():
        odd = sorted(weights.keys() ^ shapes.keys())[0]
        raise DigitsError(f"{name} does not fit its architecture: {odd} is {'extra' if odd in weights else 'missing'}")
    for key, array in weights.items():
        if array.shape != shapes[key] or array.dtype != dtype:
            raise DigitsError(
                f"{name}: {key} is {array.dtype} of shape {array.shape}; allowed: {dtype} of shape {shapes[key]}"
            )
        if not np.isfinite(array).all():
            raise DigitsError(f"{name}: {key} holds values that are not finite")


def read_safetensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of a .safetensors file, by name, and its header's metadata. The format holds nothing that could run.

    Raises:
        DigitsError: it is missing, or not such a file.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError as error:
        raise DigitsError(f"{path} is not there") from error
    except (OSError, SafetensorError, ValueError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise DigitsError(f"{path} is damaged or not a .safetensors file ({error})") from error
