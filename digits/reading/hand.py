"""A hand that a network is told about: digits that somebody corrected, of which the nearest vote with the network.

Two images are near each other where the values of the network's last layer before its outputs point the same way. Of
each class the nearest correction adds to that class's logit: nothing from afar, most where it is the same image. How
near is near, and how much it adds, was chosen on composed hands (`benchmarks/hands.py`).
"""

from pathlib import Path

import numpy as np

from digits.datasets.forms.custom import load_foreign
from digits.errors import DigitsError
from digits.exchange.predictor import Predictor, open_session
from digits.models import BATCH, onnx_outputs

CLASSES = (*"0123456789", "nothing")  # of corrections; the last one is what is no digit
NEAR = 0.5  # cosine of two images' features beyond which they are near
MOST = 8.0  # that the same image adds to its class's logit
_LITTLE = 1e-6  # probability: what is less is as good as this


class Hand:
    """Corrections, and how they vote.

    Args:
        folder: `CLASS/*.png`, each image in MNIST's form, the classes among `CLASSES`; or another form of dataset.
        model: an exported model, whose layers tell what is near.

    Raises:
        DigitsError: there is nothing, or it is damaged or has other classes.
    """

    def __init__(self, folder: str | Path, model: Path):
        layers = Predictor(model).info.layers
        self.layer = [name for name in layers if not name.startswith("dense")][-1]
        self.session = open_session(model.read_bytes() + onnx_outputs([self.layer]), model)
        classes, images = load_foreign(str(folder))
        if others := [name for name in classes if name not in CLASSES]:
            raise DigitsError(f"{folder} has the class {others[0]!r}; allowed: {', '.join(CLASSES)}")
        self.corrections = self.features(images.images)
        self.labels = np.array([CLASSES.index(name) for name in classes])[images.labels]

    def features(self, images: np.ndarray) -> np.ndarray:
        """The values of the last layer before the outputs, float32, `(n, d)`, of images, as vectors of length 1."""
        parts = [images[start : start + BATCH] for start in range(0, max(1, len(images)), BATCH)]
        values = [self.session.run([self.layer], {"images": part})[0].reshape(len(part), -1) for part in parts]
        found = np.concatenate(values)
        length: np.ndarray = np.linalg.norm(found, axis=1, keepdims=True)
        return found / np.maximum(length, _LITTLE)

    def vote(self, images: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """What is said of images, with the corrections' votes: `(n, 11)`.

        Args:
            images: uint8, `(n, 28, 28)`.
            probabilities: `(n, 11)`, without them: of each digit, and of no digit.
        """
        near = self.features(images) @ self.corrections.T
        logits = np.log(probabilities + _LITTLE)
        for label in np.unique(self.labels):
            nearest = near[:, self.labels == label].max(axis=1)
            logits[:, label] += MOST * ((nearest - NEAR) / (1 - NEAR)).clip(0)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        voted: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
        return voted
