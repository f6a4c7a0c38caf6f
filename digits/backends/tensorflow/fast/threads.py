"""The threads of TensorFlow, which can be chosen only once, and work that keeps them busy."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import tensorflow as tf

from digits.backends.hardware import cores_allowed
from digits.backends.tensorflow.layer_types import needs_whole_batches
from digits.backends.tensorflow.runtime import silently


def start(network: keras.Model) -> None:
    """Start TensorFlow with the threads that suit a network, unless it runs already.

    Small operations are fastest on a thread of their own, those of both halves of a batch side by side. Where batches
    stay whole, each operation takes all cores, or as many as this process may compute on.
    """
    cores = cores_allowed() or 0  # 0: all
    try:
        tf.config.threading.set_intra_op_parallelism_threads(cores if needs_whole_batches(network) else 1)
        tf.config.threading.set_inter_op_parallelism_threads(min(2, cores or 2))
    except RuntimeError:  # it runs already
        return
    with silently():
        tf.config.list_logical_devices()


def side_by_side(function: Callable[[Any], Any], arguments: Iterable[Any]) -> list[Any]:
    """What the function returns for each of them, two at a time where an operation may have one thread alone."""
    with ThreadPoolExecutor(tf.config.threading.get_inter_op_parallelism_threads() or 1) as threads:
        return list(threads.map(function, arguments))
