"""The networks in TensorFlow, with Keras."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Read when the frameworks are imported, just below; Keras runs on TensorFlow whatever its configuration file says.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"


@contextmanager
def _without_banners() -> Iterator[None]:
    """Keep stderr clean while TensorFlow starts, as its log level comes too late for its greetings; not if it fails."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as banners:
        os.dup2(banners.fileno(), 2)
        try:
            yield
        except BaseException:
            banners.seek(0)
            os.write(stderr, banners.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


with _without_banners():
    import keras
    import tensorflow as tf

    from digits.backends.tensorflow.augment import augmented
    from digits.backends.tensorflow.model import (
        PIXEL_RANGE,
        build,
        device_name,
        members,
        select_device,
        select_precision,
    )
    from digits.backends.tensorflow.store import decode, encode, set_weights, weights
    from digits.backends.tensorflow.train import Trainer, predict

    # Small networks train in two parts side by side, larger ones with two threads in each operation: see `train.py`.
    # At this size more threads gain little, and with a fixed number results do not depend on the machine's.
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    tf.config.list_logical_devices()  # starts the runtime, which greets once more

VERSIONS = {"tensorflow": tf.__version__, "keras": keras.__version__}

trainer = Trainer

__all__ = [
    "PIXEL_RANGE",
    "VERSIONS",
    "augmented",
    "build",
    "decode",
    "device_name",
    "encode",
    "members",
    "predict",
    "select_device",
    "select_precision",
    "set_weights",
    "trainer",
    "weights",
]
