"""The networks in TensorFlow, with Keras. What each of these functions does, `interface.Backend` says for both."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.backends import interface
from digits.backends.tensorflow.runtime import silently
from digits.datasets import Split
from digits.errors import DigitsError
from digits.recipes import Recipe

with silently():
    import keras
    import tensorflow as tf

    from digits.backends.tensorflow.augment import augmented
    from digits.backends.tensorflow.devices import device_name, select_device, select_precision
    from digits.backends.tensorflow.model import PIXEL_RANGE, build, layers_of, members, structure
    from digits.backends.tensorflow.store import decode, encode, set_weights, weights
    from digits.backends.tensorflow.train import Trainer, predict

if keras.backend.backend() != "tensorflow":
    raise DigitsError(
        f"Keras runs on {keras.backend.backend()} here, but must on tensorflow: set KERAS_BACKEND=tensorflow before "
        "anything imports it"
    )

VERSIONS = {"tensorflow": tf.__version__, "keras": keras.__version__}

layers = layers_of


def trainer(
    network: Any, images: NDArray[np.uint8], labels: NDArray[np.int64], recipe: Recipe, seed: int, precision: str
) -> interface.Trainer:
    if recipe.finds:
        from digits.backends.tensorflow.finder import FinderTrainer

        return FinderTrainer(network, Split(images, labels), recipe, seed, precision)
    return Trainer(network, images, labels, recipe, seed, precision)


__all__ = ["PIXEL_RANGE", "VERSIONS", "augmented", "build", "decode", "device_name", "encode", "layers", "members"]
__all__ += ["predict", "select_device", "select_precision", "set_weights", "structure", "trainer", "weights"]
