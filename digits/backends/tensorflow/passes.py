"""Forwards and backwards through a model in training, layer by layer as Keras does it."""

import tensorflow as tf
from keras import Sequential, layers

from digits.backends.tensorflow.layer_types import type_of


class Passes:
    """From images and labels to the loss and its gradients."""

    parts = 1  # of a batch

    def __init__(self, network: Sequential):
        self.network = network
        self.weights = [variable.value for variable in network.trainable_variables]

    def gradients(self, images: tf.Tensor, labels: tf.Tensor, smoothing: float) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The summed loss of each part, `(parts,)`, and the gradients of all of it, one for each weight.

        Args:
            images: uint8, `(n, 28, 28)`.
            labels: int64, `(n,)`.
            smoothing: share of the target that is spread over all classes.
        """
        with tf.GradientTape() as tape:
            logits = tf.cast(self.logits(images), self.weights[0].dtype)
            loss = tf.reduce_sum(cross_entropy(logits, labels, smoothing))
        return loss[tf.newaxis], tape.gradient(loss, self.weights)

    def logits(self, x: tf.Tensor) -> tf.Tensor:
        """A score for each class, `(n, classes)`, in training."""
        for layer in self.network.layers:
            x = call(layer, x)
        return x


def call(layer: layers.Layer, x: tf.Tensor) -> tf.Tensor:
    """What the layer makes of `x` in training."""
    return normalize(layer, x) if type_of(layer).kind == "norm" else layer(x, training=True)


def normalize(layer: layers.BatchNormalization, x: tf.Tensor) -> tf.Tensor:
    """The layer in training, fused, which Keras's own is not, and with the unbiased variance in the running one."""
    weights = layer.gamma.value, layer.beta.value
    if x.dtype == tf.float64:  # which the fused operation lacks
        mean, variance = tf.nn.moments(x, [0, 1, 2])
        y = tf.nn.batch_normalization(x, mean, variance, weights[1], weights[0], layer.epsilon)
        count = tf.cast(tf.size(x) / tf.size(mean), x.dtype)
        variance *= count / (count - 1)
    else:
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x, scale=weights[0], offset=weights[1], mean=[], variance=[], epsilon=layer.epsilon, is_training=True
        )
    for running, new in ((layer.moving_mean.value, mean), (layer.moving_variance.value, variance)):
        running.assign_add((1 - layer.momentum) * (new - running))
    return y


def cross_entropy(logits: tf.Tensor, labels: tf.Tensor, smoothing: float) -> tf.Tensor:
    """The loss of each image, `(n,)`; a share `smoothing` of the target is spread over all classes."""
    if not smoothing:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    classes = logits.shape[1]
    targets = tf.one_hot(labels, classes, 1 - smoothing + smoothing / classes, smoothing / classes, dtype=logits.dtype)
    return tf.nn.softmax_cross_entropy_with_logits(targets, logits)
