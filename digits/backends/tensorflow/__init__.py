"""The networks in TensorFlow, with Keras. What each of these functions does, `interface.Backend` says for both."""

import os

from digits.backends.tensorflow.runtime import silently

# Read when the frameworks are imported, just below; Keras runs on TensorFlow whatever its configuration file says.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
# By itself TensorFlow uses oneDNN only on processors with AVX512-VNNI and the like; with AVX2 it is quicker by a third.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

with silently():
    import keras
    import tensorflow as tf

    from digits.backends.tensorflow.augment import augmented
    from digits.backends.tensorflow.devices import device_name, select_device, select_precision
    from digits.backends.tensorflow.model import PIXEL_RANGE, build, layers_of, members, structure
    from digits.backends.tensorflow.store import decode, encode, set_weights, weights
    from digits.backends.tensorflow.train import Trainer, predict

VERSIONS = {"tensorflow": tf.__version__, "keras": keras.__version__}

layers = layers_of
trainer = Trainer

__all__ = [
    "PIXEL_RANGE",
    "VERSIONS",
    "augmented",
    "build",
    "decode",
    "device_name",
    "encode",
    "layers",
    "members",
    "predict",
    "select_device",
    "select_precision",
    "set_weights",
    "structure",
    "trainer",
    "weights",
]
