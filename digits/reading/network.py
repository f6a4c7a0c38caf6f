"""What a network says of images in MNIST's form: which digit, and whether it is one at all."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.datasets import DIGITS
from digits.errors import DigitsError
from digits.exchange.predictor import Predictor


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a network says of `n` images.

    Attributes:
        probabilities: float32, `(n, 10)`: of each digit, if it is one.
        nothing: float32, `(n,)`: the probability that it is no digit. A network that never met anything but digits has
            none; its doubt is in the probabilities, of which none is high then.
        several: float32, `(n,)`: the probability that it is more than one digit; none where `nothing` is none.
    """

    probabilities: NDArray[np.float32]
    nothing: NDArray[np.float32]
    several: NDArray[np.float32]

    @property
    def digits(self) -> NDArray[np.int64]:
        """int64, `(n,)`."""
        return self.probabilities.argmax(1)

    @property
    def doubts(self) -> NDArray[np.float32]:
        """float32, `(n,)`: the probability that it is not one digit."""
        return self.nothing + self.several

    @property
    def confidences(self) -> NDArray[np.float32]:
        """float32, `(n,)`: that it is a digit, and the one that is said."""
        return self.probabilities.max(1) * (1 - self.doubts).clip(0)

    def __getitem__(self, which: slice) -> "Predictions":
        return Predictions(self.probabilities[which], self.nothing[which], self.several[which])


class Network:
    """An exported model of the ten digits.

    Raises:
        DigitsError: see `Predictor`, or its classes are others.
    """

    def __init__(self, path: Path):
        self.predictor = Predictor(path)
        classes = self.predictor.info.classes
        if classes != DIGITS:
            shown = ", ".join(classes[:3])
            raise DigitsError(f"{path} tells {shown} and so on apart; allowed: a model of the ten digits")

    def __call__(self, images: NDArray[np.uint8]) -> Predictions:
        """What it says of images, uint8, `(n, 28, 28)`, ink bright on dark."""
        probabilities, doubts = self.predictor.outputs(images)
        return Predictions(probabilities, doubts[:, 0], doubts[:, 1])
