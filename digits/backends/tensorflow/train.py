"""Training and prediction in TensorFlow."""

from collections.abc import Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf

from digits.backends.tensorflow.optimizer import Adam
from digits.randomness import derive, epoch_order
from digits.recipes import Recipe


class Trainer:
    def __init__(
        self, network: keras.Model, images: np.ndarray, labels: np.ndarray, recipe: Recipe, seed: int, precision: str
    ):
        self.network, self.recipe, self.seed = network, recipe, seed
        self.device = network.variables[0].value.device
        self.weights = [variable.value for variable in network.trainable_variables]
        smallest = len(labels) % recipe.batch_size or recipe.batch_size  # the last batch of an epoch
        self.parts = min(2, smallest)  # no part may be empty
        with tf.device(self.device):
            self.images = tf.constant(images)  # (n, 28, 28), uint8: the whole set stays in memory
            self.labels = tf.constant(labels)  # (n,)
            self.optimizer = Adam(self.weights, recipe)
        usual = [layer.dtype_policy for layer in network.layers]
        set_policies(network, [keras.DTypePolicy("mixed_bfloat16" if precision == "bfloat16" else precision)])
        self.steps = tf.function(self._steps).get_concrete_function(tf.TensorSpec([None], tf.int64))
        set_policies(network, usual)

    def epoch(self, epoch: int, report_steps: int = 100) -> Iterator[tuple[int, float]]:
        seed_dropout(self.network, derive(self.seed, "dropout", epoch))
        order = epoch_order(len(self.labels), self.seed, epoch)  # (n,)
        size = self.recipe.batch_size * report_steps
        for start in range(0, len(order), size):
            part = order[start : start + size]
            with tf.device(self.device):
                total = float(self.steps(tf.constant(part)))
            yield len(part), total / len(part)

    def _steps(self, order: tf.Tensor) -> tf.Tensor:
        """A step on each batch of these indices, all in one graph; returns the summed loss."""
        total = tf.zeros([self.parts], self.weights[0].dtype)  # kept apart: added at once, their order would vary
        for start in tf.range(0, tf.size(order), self.recipe.batch_size):
            total += self._step(order[start : start + self.recipe.batch_size])
        return tf.reduce_sum(total)

    def _step(self, batch: tf.Tensor) -> tf.Tensor:
        """A step on the images of these indices, in parts that run side by side; returns the summed loss of each."""
        losses, gradients = [], []
        for index in range(self.parts):
            part = batch[index :: self.parts]
            labels = tf.gather(self.labels, part)
            with tf.GradientTape() as tape:
                logits = self.network(tf.gather(self.images, part), training=True)
                logits = tf.cast(logits, self.weights[0].dtype)
                loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
            losses.append(loss)
            gradients.append(tape.gradient(loss, self.weights))
        count = tf.cast(tf.size(batch), self.weights[0].dtype)
        self.optimizer.apply([tf.add_n(parts) / count for parts in zip(*gradients, strict=True)])
        return tf.stack(losses)

    def state(self) -> dict[str, np.ndarray]:
        return {name: np.asarray(variable) for name, variable in self.optimizer.state().items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        for name, variable in self.optimizer.state().items():
            variable.assign(state[name])


def predict(network: keras.Model, images: np.ndarray) -> np.ndarray:
    @tf.function(input_signature=[tf.TensorSpec([None, 28, 28], tf.uint8)])
    def logits(batch: tf.Tensor) -> tf.Tensor:
        return tf.cast(network(batch, training=False), tf.float32)

    with tf.device(network.variables[0].value.device):
        starts = range(0, len(images), 250)  # (250, 28, 28): activations stay in the cache
        return np.concatenate([logits(images[start : start + 250]).numpy() for start in starts])


def set_policies(network: keras.Model, policies: list[keras.DTypePolicy]) -> None:
    """Let the layers compute in these types, or all in the one that is given; weights keep theirs."""
    for index, layer in enumerate(network.layers):
        layer.dtype_policy = policies[index % len(policies)]


def seed_dropout(network: keras.Model, seed: int) -> None:
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:  # at 0 it draws nothing
            layer.seed_generator.state.assign([seed, 0])
