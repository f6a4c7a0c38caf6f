"""Training and prediction in TensorFlow."""

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from digits.backends.tensorflow.model import PIXEL_RANGE
from digits.randomness import derive, epoch_order
from digits.recipes import Recipe

REPORT_STEPS = 100  # steps a call of the graph: long enough to be fast, short enough for Ctrl-C and a progress bar


def train(model, images, labels, recipe: Recipe, seed: int, precision: str, report) -> Iterator[float]:
    with tf.device(model.variables[0].value.device):
        images = tf.constant(images[..., np.newaxis])  # (n, 28, 28, 1), uint8: the whole set stays in memory
        labels = tf.constant(labels)  # (n,)
        dtype = tf.as_dtype(precision)
        weights = [variable.value for variable in model.trainable_variables]
        optimizer = Adam(weights, recipe)

        def step(batch):
            """One step on the images of these indices; returns their summed loss."""
            x = pixels(tf.gather(images, batch), dtype)
            with tf.GradientTape() as tape:
                logits = tf.cast(model(x, training=True), tf.float32)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)
                loss = tf.reduce_mean(losses)
            optimizer.apply(tape.gradient(loss, weights))
            return tf.reduce_sum(losses)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
        def steps(order):
            total = tf.constant(0.0)
            for start in tf.range(0, tf.size(order), recipe.batch_size):
                total += step(order[start : start + recipe.batch_size])
            return total

        set_policy(model, "mixed_bfloat16" if precision == "bfloat16" else "float32")
        try:
            for epoch in range(recipe.epochs):
                seed_dropout(model, derive(seed, "dropout", epoch))
                order = epoch_order(len(labels), seed, epoch)
                epoch_loss = 0.0
                for start in range(0, len(order), recipe.batch_size * REPORT_STEPS):
                    part = order[start : start + recipe.batch_size * REPORT_STEPS]
                    total = float(steps(tf.constant(part)))
                    report(len(part), total / len(part))
                    epoch_loss += total
                yield epoch_loss / len(labels)
        finally:
            set_policy(model, "float32")


class Adam:
    """Adam as Kingma and Ba (2014, arXiv:1412.6980) and PyTorch have it.

    Keras adds epsilon to the root of the second moment before its bias is corrected. TensorFlow's fused operation does
    so too, but takes epsilon anew at each step: scaled by the correction, it is the same as adding it afterwards.
    """

    def __init__(self, weights: list[tf.Variable], recipe: Recipe):
        self.weights, self.recipe = weights, recipe
        self.steps = tf.Variable(0.0)
        self.first = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        self.second = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(self, gradients: list[tf.Tensor]) -> None:
        recipe = self.recipe
        steps = self.steps.assign_add(1.0)
        power_1, power_2 = recipe.beta_1**steps, recipe.beta_2**steps
        epsilon = recipe.epsilon * tf.sqrt(1 - power_2)
        for weight, first, second, gradient in zip(self.weights, self.first, self.second, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=power_1,
                beta2_power=power_2,
                lr=recipe.learning_rate,
                beta1=recipe.beta_1,
                beta2=recipe.beta_2,
                epsilon=epsilon,
                grad=gradient,
            )


def predict(model: keras.Model, images: np.ndarray) -> np.ndarray:
    with tf.device(model.variables[0].value.device):

        @tf.function(input_signature=[tf.TensorSpec([None, 28, 28, 1], tf.uint8)])
        def logits(batch):
            return model(pixels(batch, tf.float32), training=False)

        starts = range(0, len(images), 250)  # (250, 28, 28, 1): activations stay in the cache
        return np.concatenate([logits(images[start : start + 250, ..., np.newaxis]).numpy() for start in starts])


def pixels(images: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """uint8 pixels as the network sees them, from 0 to 1."""
    low, high = PIXEL_RANGE
    return tf.cast(images, dtype) * ((high - low) / 255) + low


def set_policy(model: keras.Model, name: str) -> None:
    """Let all layers compute in "float32", or in bfloat16 ("mixed_bfloat16"); the weights stay float32."""
    for layer in model.layers:
        layer.dtype_policy = keras.DTypePolicy(name)


def seed_dropout(model: keras.Model, seed: int) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:  # at 0 it draws nothing
            layer.seed_generator.state.assign([seed, 0])
