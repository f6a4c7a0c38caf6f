"""Training and prediction in TensorFlow."""

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from digits.backends.tensorflow.model import PIXEL_RANGE
from digits.backends.tensorflow.optimizer import Adam
from digits.randomness import derive, epoch_order
from digits.recipes import Recipe

REPORT_STEPS = 100  # steps a call of the graph: long enough to be fast, short enough for a progress bar and Ctrl-C


def train(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    seed: int,
    precision: str,
    report: Callable[[int, float], None],
) -> Iterator[float]:
    device = model.variables[0].value.device
    dtype = tf.as_dtype(precision)
    weights = [variable.value for variable in model.trainable_variables]
    smallest = len(labels) % recipe.batch_size or recipe.batch_size  # the last batch of an epoch
    parts = min(2, smallest)  # no part may be empty
    with tf.device(device):
        x = tf.constant(images[..., np.newaxis])  # (n, 28, 28, 1), uint8: the whole set stays in memory
        y = tf.constant(labels)  # (n,)
        optimizer = Adam(weights, recipe)

    def step(batch: tf.Tensor) -> tf.Tensor:
        """One step on the images of these indices, in parts that run side by side; returns their summed loss."""
        losses, gradients = [], []
        for index in range(parts):
            part = batch[index::parts]
            with tf.GradientTape() as tape:
                logits = tf.cast(model(pixels(tf.gather(x, part), dtype), training=True), tf.float32)
                loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(y, part), logits))
            losses.append(loss)
            gradients.append(tape.gradient(loss, weights))
        count = tf.cast(tf.size(batch), tf.float32)
        optimizer.apply([tf.add_n(parts_of_one) / count for parts_of_one in zip(*gradients, strict=True)])
        return tf.add_n(losses)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
    def steps(order: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        for start in tf.range(0, tf.size(order), recipe.batch_size):
            total += step(order[start : start + recipe.batch_size])
        return total

    set_policy(model, "mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        for epoch in range(recipe.epochs):
            seed_dropout(model, derive(seed, "dropout", epoch))
            order = epoch_order(len(labels), seed, epoch)  # (n,)
            epoch_loss = 0.0
            for start in range(0, len(order), recipe.batch_size * REPORT_STEPS):
                part = order[start : start + recipe.batch_size * REPORT_STEPS]
                with tf.device(device):
                    total = float(steps(tf.constant(part)))
                report(len(part), total / len(part))
                epoch_loss += total
            yield epoch_loss / len(labels)
    finally:
        set_policy(model, "float32")


def predict(model: keras.Model, images: np.ndarray) -> np.ndarray:
    @tf.function(input_signature=[tf.TensorSpec([None, 28, 28, 1], tf.uint8)])
    def logits(batch: tf.Tensor) -> tf.Tensor:
        return model(pixels(batch, tf.float32), training=False)

    with tf.device(model.variables[0].value.device):
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
