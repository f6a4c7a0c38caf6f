"""The networks in TensorFlow, with Keras."""

import os

# Read when the frameworks are imported, just below: no banners on stderr, and Keras on TensorFlow whatever its
# configuration file says.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf

from digits.backends.tensorflow.model import build, device_name, select_device, select_precision
from digits.backends.tensorflow.train import predict, train

VERSIONS = {"tensorflow": tf.__version__, "keras": keras.__version__}

__all__ = ["VERSIONS", "build", "device_name", "predict", "select_device", "select_precision", "train"]
