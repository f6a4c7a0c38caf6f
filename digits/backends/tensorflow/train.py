"""Training and prediction in TensorFlow."""

import contextlib
from collections.abc import Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from digits.backends.tensorflow.augment import augment
from digits.backends.tensorflow.fast.prepare import prepare, side_by_side
from digits.backends.tensorflow.layer_types import every_layer
from digits.backends.tensorflow.optimizer import Adam
from digits.datasets import Split
from digits.models import BATCH
from digits.recipes import Augmentation, Recipe
from digits.recipes.randomness import derive, epoch_order
from digits.synthesis.augmentation import BASIS, outlines, sample
from digits.synthesis.epoch import shown, shown_count


class Trainer:
    """See `interface.Trainer`."""

    def __init__(
        self,
        network: keras.Model,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        recipe: Recipe,
        seed: int,
        precision: str,
    ):
        self.recipe, self.seed = recipe, seed
        self.device = network.variables[0].value.device
        self.training = Split(images, labels)
        count = shown_count(recipe, len(labels))
        steps = -(-count // recipe.batch_size)  # of an epoch
        rates = np.array(recipe.learning_rates(recipe.epochs * steps), np.float32)
        self.rates = rates.reshape(recipe.epochs, steps)
        drawn_later = Split(np.zeros((count, 28, 28), np.uint8), np.zeros(count, np.int64))
        first = drawn_later if recipe.draws else self.training
        with tf.device(self.device):
            self.images, self.labels = tf.Variable(first.images), tf.Variable(first.labels)  # all stay in memory
            self.optimizer = Adam(network, recipe)
        if not recipe.draws:
            self.outlines = self._outlines(first)
        self.network = self.optimizer.network
        smallest = count % recipe.batch_size or recipe.batch_size  # the last batch of an epoch
        self.passes = prepare(self.network, smallest)  # `Passes(self.network)`, faster
        self.dtype = self.optimizer.steps.dtype
        inputs = [tf.TensorSpec([None], tf.int64), tf.TensorSpec([None], tf.float32)]
        if recipe.augmentation:
            inputs += [tf.TensorSpec([None, 2, len(BASIS)], tf.float32), tf.TensorSpec([None, 3], tf.float32)]
        # Without autograph, as the source has no loops for it to find, and looking for them takes half a second.
        with computing_in(self.network, "mixed_bfloat16" if precision == "bfloat16" else precision):
            self.steps = tf.function(self._steps, autograph=False).get_concrete_function(*inputs)

    def _show(self, split: Split) -> None:
        """Take these images to learn from: always so many."""
        self.images.assign(split.images)
        self.labels.assign(split.labels)
        self.outlines = self._outlines(split)

    def _outlines(self, split: Split) -> NDArray[np.float32]:
        """Of these images, `(n, 2, 16)`; of none where they are shown as they are."""
        return outlines(split.images[: len(split) if self.recipe.augmentation else 0])

    def epoch(self, epoch: int, report_steps: int = 100) -> Iterator[tuple[int, float]]:
        if self.recipe.draws:
            self._show(shown(self.recipe, self.training, self.seed, epoch))
        seed_dropout(self.network, derive(self.seed, "dropout", epoch))
        order = epoch_order(self.labels.shape[0], self.seed, epoch)  # (n,)
        policy = self.recipe.augmentation_in(epoch)
        rng = np.random.default_rng(derive(self.seed, "augmentation", epoch))
        for first in range(0, len(self.rates[epoch]), report_steps):
            rates = self.rates[epoch, first : first + report_steps]  # one for each batch
            part = order[first * self.recipe.batch_size :][: len(rates) * self.recipe.batch_size]
            transforms = self._transforms(part, policy, rng) if self.recipe.augmentation else []
            with tf.device(self.device):
                total = float(self.steps(*map(tf.constant, [part, rates, *transforms])))
            yield len(part), total / len(part)

    def _transforms(
        self, order: NDArray[np.int64], policy: Augmentation, rng: np.random.Generator
    ) -> list[NDArray[np.float32]]:
        """How the images of these indices are changed: warps and tones, drawn a batch at a time."""
        size = self.recipe.batch_size
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        drawn = [sample(policy, self.outlines[batch], rng) for batch in batches]
        return [np.concatenate([one.warps for one in drawn]), np.concatenate([one.tones for one in drawn])]

    def _steps(self, order: tf.Tensor, rates: tf.Tensor, *transforms: tf.Tensor) -> tf.Tensor:
        """A step on each batch of these indices, all in one graph; returns the summed loss."""

        def one(step: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            start = step * self.recipe.batch_size
            batch, *changes = (each[start : start + self.recipe.batch_size] for each in (order, *transforms))
            images, labels = tf.gather(self.images, batch), tf.gather(self.labels, batch)
            if changes:
                images = augment(images, *changes)
            losses, gradients = self.passes.gradients(images, labels, self.recipe.label_smoothing)
            count = tf.cast(tf.size(labels), self.dtype)
            self.optimizer.apply([gradient / count for gradient in gradients], rates[step])
            return step + 1, total + losses

        total = tf.zeros([self.passes.parts], self.dtype)  # kept apart: added at once, their order would vary
        start = tf.constant(0), total
        _, total = tf.while_loop(lambda step, _: step < tf.size(rates), one, start, parallel_iterations=1)
        return tf.reduce_sum(total)

    def state(self) -> dict[str, NDArray[np.floating]]:
        return {name: np.asarray(variable) for name, variable in self.optimizer.state().items()}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        for name, variable in self.optimizer.state().items():
            variable.assign(state[name])


def predict(network: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    def logits(batch: tf.Tensor) -> tf.Tensor:
        return tf.cast(network(batch, training=False), tf.float32)

    def answers(start: int) -> NDArray[np.float32]:
        with tf.device(device):
            return traced(tf.constant(images[start : start + BATCH])).numpy()

    device = network.variables[0].value.device
    with tf.device(device):
        # Traced by hand: a function that is called anew for each network makes TensorFlow warn.
        traced = tf.function(logits, autograph=False).get_concrete_function(
            tf.TensorSpec(network.input_shape, tf.uint8)
        )
    return np.concatenate(side_by_side(answers, range(0, len(images), BATCH)))


@contextlib.contextmanager
def computing_in(model: keras.Model, policy: str) -> Iterator[None]:
    """Let all layers compute in this type in the meantime; weights keep theirs."""
    layers = list(every_layer(model))
    usual = [layer.dtype_policy for layer in layers]
    for layer in layers:
        layer.dtype_policy = keras.DTypePolicy(policy)
    yield
    for layer, own in zip(layers, usual, strict=True):
        layer.dtype_policy = own


def seed_dropout(model: keras.Model, seed: int) -> None:
    """Let the layers that draw numbers in training, dropout above all, draw those of this seed."""
    for index, layer in enumerate(layer for layer in every_layer(model) if hasattr(layer, "seed_generator")):
        if getattr(layer, "rate", 1) > 0:  # at 0 dropout draws nothing
            layer.seed_generator.state.assign([seed, index])
