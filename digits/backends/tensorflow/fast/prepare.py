"""The door of this folder: any model, made fast from outside. The network's own code stays as it is."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import tensorflow as tf

from digits.backends.tensorflow.layer_types import exact_type_of, needs_whole_batches, type_of
from digits.backends.tensorflow.passes import Passes, call
from digits.backends.tensorflow.runtime import silently
from digits.backends.windows import side_that_counts
from digits.hardware import cores_allowed


def prepare(network: keras.Sequential, smallest: int) -> Passes:
    """The passes through a network, whose batches have so many images at least: what `Passes(network)` computes."""
    return Fast(network, smallest)


class Fast(Passes):
    """Halves of a batch, side by side, keep two cores busy; none may be empty. Batch normalisation needs the whole."""

    def __init__(self, network: keras.Sequential, smallest: int):
        super().__init__(network)
        self.parts = 1 if needs_whole_batches(network) else min(2, smallest)
        self.side = side_that_counts([exact_type_of(layer).window(layer) for layer in network.layers[2:]])

    def gradients(self, images: tf.Tensor, labels: tf.Tensor, smoothing: float) -> tuple[tf.Tensor, list[tf.Tensor]]:
        images, each = images[:, : self.side, : self.side], []
        for part in range(self.parts):
            each.append(super().gradients(images[part :: self.parts], labels[part :: self.parts], smoothing))
        losses, gradients = zip(*each, strict=True)
        return tf.concat(losses, 0), [tf.add_n(parts) for parts in zip(*gradients, strict=True)]

    def logits(self, x: tf.Tensor) -> tf.Tensor:  # (n, side, side)
        _, pixels, *layers = self.network.layers
        x = pixels(x[..., tf.newaxis])  # (n, side, side, 1)
        while layers:
            layer, following = layers.pop(0), layers[0] if layers else None
            has_relu = type_of(layer).kind == "conv" and layer.activation is keras.activations.relu
            if has_relu and type(following) is keras.layers.MaxPooling2D:
                # The largest of several numbers is the same before ReLU and after it, which then has less work.
                layer.activation = None
                x = tf.nn.relu(layers.pop(0)(layer(x, training=True)))
                layer.activation = keras.activations.relu
            else:
                x = call(layer, x)
        return x


def start(network: keras.Model) -> None:
    """Start TensorFlow with the threads that suit a network, unless it runs already: they can be chosen only once.

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
