"""The door of this folder: any model's training, made fast from outside. The network's own code stays as it is."""

import keras
import tensorflow as tf

from digits.backends.tensorflow.layer_types import LAYERS, kind_of, needs_whole_batches
from digits.backends.tensorflow.passes import Passes, call
from digits.backends.windows import side_that_counts


def prepare(network: keras.Sequential, smallest: int) -> Passes:
    """The passes through a network, whose batches have so many images at least: what `Passes(network)` computes."""
    return Fast(network, smallest)


class Fast(Passes):
    """Halves of a batch, side by side, keep two cores busy; none may be empty. Batch normalisation needs the whole."""

    def __init__(self, network: keras.Sequential, smallest: int):
        super().__init__(network)
        self.parts = 1 if needs_whole_batches(network) else min(2, smallest)
        windows = [LAYERS[type(layer)].window(layer) if type(layer) in LAYERS else None for layer in network.layers[2:]]
        self.side = side_that_counts(windows)  # of the image's pixels, behind which the network's layers come

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
            has_relu = kind_of(layer) == "conv" and layer.activation is keras.activations.relu
            if has_relu and type(following) is keras.layers.MaxPooling2D:
                # The largest of several numbers is the same before ReLU and after it, which then has less work.
                layer.activation = None
                x = tf.nn.relu(layers.pop(0)(layer(x, training=True)))
                layer.activation = keras.activations.relu
            else:
                x = call(layer, x)
        return x
