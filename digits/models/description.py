"""What a trained model is, whichever backend holds it: its description, and its weights in one layout.

Weights are float arrays by name, laid out as in PyTorch: `conv1.weight` `(out, in, height, width)`, `dense1.weight`
`(out, in)`, with the features that a dense layer takes from images in the order channel, row, column. Those of an
ensemble's networks begin with `members.0.`, `members.1.` and so on.
"""

import hashlib
import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.errors import DigitsError
from digits.recipes import Recipe
from digits.synthesis.targets import CELL

Epoch = dict[str, float]  # loss and seconds, and with validation images validation_loss and validation_accuracy

METADATA_KEY = "digits"  # under which a model's file keeps its description
MAX_BYTES = 1 << 30  # of a model's file; the largest of ours takes a thousandth of it
SAMPLE = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)  # images that each model is asked about
PAGE_SAMPLE = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)  # and the page, that each finder is
_EXPORTS = "export it, with --export"
BATCH = 250  # images that a model is asked about at once: what it computes in between stays in the processor's cache


@dataclass(frozen=True)
class ModelInfo:
    """Everything about a model but its weights.

    Attributes:
        recipe: how it was trained; its architecture, numbers and ensemble decide the network.
        dataset: a name of `datasets.registry`, or the path of the user's own data.
        classes: a name for each label.
        pixel_range: what the pixels 0 and 255 become before the first layer.
        temperature: by which logits are divided, so that probabilities are as high as the share of right predictions.
        network: SHA-256 of the structure of a network that a script shows; empty where it is the package's own.
        sha256: of the weights, or of an exported model's graph, in hexadecimal; empty in a file of before it was noted.
        origin: the run that trained it: its seed, versions and so on, and its test accuracy; empty in such a file.
        answers: what it said of its `sample` when it was saved, a row of numbers for each image; empty as `origin`.
        layers: in an exported model the values of its graph that are a layer's, named after it, in their order.
    """

    recipe: Recipe
    dataset: str
    classes: tuple[str, ...]
    pixel_range: tuple[float, float]
    temperature: float = 1.0
    network: str = ""
    sha256: str = field(default="", compare=False)
    origin: Mapping[str, Any] = field(default_factory=dict, compare=False)
    answers: tuple[tuple[float, ...], ...] = field(default=(), compare=False)
    layers: tuple[str, ...] = field(default=(), compare=False)

    @property
    def tells_nothing(self) -> bool:
        """Whether its network has two outputs more: for images of no class at all, and of several at once."""
        return self.recipe.nothing > 0 or self.recipe.cut_out > 0

    @property
    def outputs(self) -> int:
        """How many logits its network gives for an image; a finder, how many numbers for each cell of a page."""
        return len(self.classes) + 2 * self.tells_nothing + 4 * self.recipe.finds

    @property
    def sample(self) -> NDArray[np.uint8]:
        """Images that a model like this is asked about when it is saved, and when it is opened: uint8."""
        return PAGE_SAMPLE if self.recipe.finds else SAMPLE

    def require_classifier(self, path: Path) -> None:
        """Make sure that the model in `path` tells of which class an image is.

        Raises:
            DigitsError: it is a finder.
        """
        if self.recipe.finds:
            raise DigitsError(
                f"{path} is a finder, which finds digits on pages; allowed here: a model that tells classes"
            )

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of each class, where it is one: float32, `(n, classes)`, from logits, `(n, outputs)`."""
        from scipy.special import softmax  # late: an exported model computes its own

        return softmax(logits[:, : len(self.classes)] / np.float32(self.temperature), axis=1)

    @property
    def single(self) -> "ModelInfo":
        """The description of one network alone, as an ensemble has several."""
        return replace(self, recipe=replace(self.recipe, ensemble=1))

    def of(self, weights: Mapping[str, NDArray[np.floating]], answers: NDArray[np.float32]) -> "ModelInfo":
        """The description of a model with these weights, and these answers to its `sample`."""
        rows = answers.reshape(len(answers), -1).round(4)
        return replace(self, sha256=digest(weights), answers=tuple(map(tuple, rows.tolist())))

    def require_ours(self, path: Path) -> None:
        """Make sure that the model in `path` is of one of this project's networks, which can be built again.

        Raises:
            DigitsError: it is of a network that a script shows and that was edited.
        """
        if self.network:
            raise DigitsError(f"{path} is of a network that was edited in its script, which alone can {_EXPORTS}")

    def check_answers(self, answers: NDArray[np.float32], path: Path) -> None:
        """Make sure that a network that was built again for the model in `path` says of its `sample` what that said.

        Raises:
            DigitsError: it says something else, as its weights are right but it does other things with them.
        """
        if self.answers and not np.allclose(answers.reshape(len(answers), -1), self.answers, rtol=0.01, atol=0.01):
            raise DigitsError(
                f"{path} is of another network than our {self.recipe.architecture}; its script can {_EXPORTS}"
            )

    def check(self, weights: Mapping[str, NDArray[np.generic]], path: Path) -> None:
        """Make sure that these weights, found in `path`, are those that were described.

        Raises:
            DigitsError: they are others.
        """
        if self.sha256 and digest(weights) != self.sha256:
            raise DigitsError(f"{path} is damaged: its weights are not those that were saved. Save it again")

    def to_json(self) -> str:
        """The description as the JSON that a model's file keeps."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes, path: Path) -> "ModelInfo":
        """What `to_json` wrote, found in `path`.

        Raises:
            DigitsError: it is something else.
        """
        try:
            values = json.loads(text)
            recipe = Recipe.from_dict(values["recipe"])
            low, high = (float(bound) for bound in values["pixel_range"])
            classes = tuple(str(name) for name in values["classes"])
            if not (2 <= len(classes) <= 1000 and np.isfinite([low, high]).all() and low < high):
                raise ValueError(f"{len(classes)} classes, pixels from {low} to {high}")
            if not all(name.isprintable() for name in classes):
                raise ValueError("a class has a name that cannot be printed")
            temperature = float(values.get("temperature", 1.0))
            if not 0.01 <= temperature <= 100:
                raise ValueError(f"a temperature of {temperature}")
            answers = np.array(values.get("answers", ()), np.float64)
            found = cls(
                recipe,
                str(values["dataset"]),
                classes,
                (low, high),
                temperature,
                str(values.get("network", "")),
                str(values.get("sha256", "")),
                dict(values.get("origin", {})),
                tuple(map(tuple, answers.tolist())),
                tuple(str(name) for name in values.get("layers", ())),
            )
            cells = PAGE_SAMPLE[..., 0].size // CELL**2 if recipe.finds else 1
            shape = (len(found.sample), found.outputs * cells)
            if answers.size and not (answers.shape == shape and np.isfinite(answers).all()):
                raise ValueError(f"answers of shape {answers.shape}")
            return found
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError, AttributeError, DigitsError) as error:
            raise DigitsError(f"{path} is not a model of ours: its description is not one ({error})") from error


def export_command(model: Path, target: Path | None = None) -> str:
    """What makes an exported model, by default of the same name, of a framework's model."""
    output = f" --output {shlex.quote(str(target))}" if target else ""
    return f"digits export {shlex.quote(str(model))}{output}"


def onnx_field(text: str) -> bytes:
    """The bytes that, at the end of an ONNX file, give it this description: a `metadata_props` of a `ModelProto`.

    Messages in this format may be joined, so the description can come last and vouch for all before it.
    """
    entry = _field(1, METADATA_KEY.encode()) + _field(2, text.encode())  # of a StringStringEntryProto: key and value
    return _field(14, entry)


def onnx_outputs(names: Iterable[str]) -> bytes:
    """The bytes that, at the end of an ONNX file, make these values of its graph outputs, too; joined as above.

    A file of its own has none of them: what is computed on the way to an output need not be kept, and is fused.
    """
    return _field(7, b"".join(_field(12, _field(1, name.encode())) for name in names))  # a `ValueInfoProto` each


def _field(number: int, content: bytes) -> bytes:
    """A field of Protocol Buffers that holds bytes: its number and kind, its length in groups of seven bits, and it."""
    length, rest = b"", len(content)
    while rest > 127:
        length, rest = length + bytes([rest & 127 | 128]), rest >> 7
    return bytes([number << 3 | 2]) + length + bytes([rest]) + content


def digest(weights: Mapping[str, NDArray[np.generic]]) -> str:
    """The SHA-256 of weights, whatever their order: where it is the same, so are their names, shapes and numbers."""
    found = hashlib.sha256()
    for name in sorted(weights):
        found.update(f"{name} {weights[name].shape} ".encode())
        found.update(np.ascontiguousarray(weights[name], dtype="<f4").data)
    return found.hexdigest()


def check_weights(
    weights: Mapping[str, NDArray[np.generic]], shapes: Mapping[str, tuple[int, ...]], name: str, dtype: str = "float32"
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


def read_safetensors(path: Path) -> tuple[dict[str, NDArray[np.generic]], dict[str, str]]:
    """The arrays of a .safetensors file, by name, and its header's metadata. The format holds nothing that could run.

    Raises:
        DigitsError: it is missing, or not such a file.
    """
    from safetensors import SafetensorError, safe_open  # late: an exported model needs none

    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError as error:
        raise DigitsError(f"{path} is not there") from error
    except (OSError, SafetensorError, ValueError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise DigitsError(f"{path} is damaged or not a .safetensors file ({error})") from error
