"""What a backend offers: the same functions in both frameworks, so that all other code need not know which it has."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from digits.models import ModelInfo
from digits.recipes import Recipe
from digits.synthesis.augmentation import Transforms

Arrays = Mapping[str, NDArray[np.generic]]

# Makes a network of the backend from filters, hidden units, dropout and the number of classes.
MakeNetwork = Callable[[tuple[int, ...], int, float, int], Any]


class Trainer(Protocol):
    """A training in progress. What it will do next is decided by its state, the seed and the number of the epoch."""

    def epoch(self, epoch: int, report_steps: int = 100, /) -> Iterator[tuple[int, float]]:
        """Train for one epoch, counted from 0.

        Every `report_steps` steps, and at the end, it yields how many images were seen since the last time, and their
        mean loss. At the default of 100 a progress bar and Ctrl-C are prompt, and nobody waits for a GPU at each step.
        """

    def state(self) -> dict[str, NDArray[np.floating]]:
        """Everything between two epochs: weights, and the optimiser's moments and number of steps."""

    def restore(self, state: Arrays, /) -> None:
        """Go on from what `state` returned, in this process or in another."""


class Layer(NamedTuple):
    """A layer of a network for a reader: its name, the shape of what it returns (channels first), and its weights."""

    name: str
    shape: tuple[int, ...]
    weights: int


class Backend(Protocol):
    """What `digits.backends.pytorch` and `digits.backends.tensorflow` offer; devices and networks are theirs alone.

    What stands before a slash is passed by place: there a type checker does not compare a backend's names with these.
    """

    VERSIONS: dict[str, str]
    PIXEL_RANGE: tuple[float, float]

    def select_device(self, name: str, /) -> Any:
        """The device for "auto", "cpu", "cuda" or "mps"; raises DigitsError if it is not there."""

    def device_name(self, device: Any, /) -> str:
        """What to call the device: "cpu", "cuda" or "mps"."""

    def select_precision(self, name: str, device: Any, /) -> str:
        """The precision for "float32", "bfloat16" or "auto": bfloat16 where the device multiplies it in hardware.

        Raises DigitsError if the device cannot compute in the one that was asked for, or would take far too long.
        """

    def build(
        self, info: ModelInfo, seed: int, device: Any, /, *, dtype: str = "float32", make: MakeNetwork | None = None
    ) -> Any:
        """A model with the weights of `seed`, in "float32" or "float64": Glorot uniform, and zero for biases.

        Its network is what `make` makes, or else the package's own of the recipe's architecture.

        The networks of an ensemble, where `info.recipe` asks for one, have those of `seed`, `seed` + 1 and so on.

        It takes uint8 images `(n, 28, 28)`, brings their pixels into `info.pixel_range`, and returns logits.
        """

    def structure(self, network: Any, /) -> str:
        """The SHA-256 of what the network is made of and does, but for its weights, in hexadecimal."""

    def layers(self, network: Any, /) -> list[Layer]:
        """The layers of a single network in order, but for activations and those that only change shapes.

        Raises ValueError if one cannot take what it gets from those before it.
        """

    def members(self, network: Any, /) -> list[Any]:
        """The networks of an ensemble, which is trained by training each of them; or a single network alone."""

    def augmented(self, images: NDArray[np.uint8], transforms: Transforms, /) -> NDArray[np.uint8]:
        """Images (uint8, `(n, 28, 28)`) as training shows them to a network, changed in these ways; uint8, too."""

    def trainer(
        self,
        network: Any,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        recipe: Recipe,
        seed: int,
        precision: str,
        /,
    ) -> Trainer:
        """Prepare to train `network` in place on images (uint8, `(n, 28, 28)`) and labels (int64, `(n,)`)."""

    def predict(self, network: Any, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        """Logits, float32, `(n, classes)`, computed in float32 with dropout off."""

    def weights(self, network: Any, /) -> dict[str, NDArray[np.floating]]:
        """All weights by name, in PyTorch's layout, whichever the backend; see `models`."""

    def set_weights(self, network: Any, arrays: Arrays, /, *, name: str = "the model") -> None:
        """Take over what `weights` returned, here or from the other backend.

        Raises DigitsError, with `name` for whose they are, if they do not fit the network or are not finite.
        """

    def encode(self, network: Any, info: ModelInfo, /) -> bytes:
        """The network as the bytes of a file that the framework's usual tools open."""

    def decode(self, path: Path, device: Any, /) -> tuple[Any, ModelInfo]:
        """The network in such a file, built anew from its recipe; only arrays are taken from the file.

        Raises DigitsError if it is not such a file, or its weights do not fit the architecture or are not finite.
        """
