"""Training and prediction in TensorFlow."""

import contextlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf

from digits.backends.tensorflow.augment import augment
from digits.backends.tensorflow.model import every_layer, needs_whole_batches, side_in_training
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
        self, network: keras.Model, images: np.ndarray, labels: np.ndarray, recipe: Recipe, seed: int, precision: str
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
        # Halves of a batch, side by side, keep two cores busy; none may be empty. Batch normalisation needs the whole.
        self.parts = 1 if needs_whole_batches(network) else min(2, smallest)
        self.side = side_in_training(network)
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

    def _outlines(self, split: Split) -> np.ndarray:
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

    def _transforms(self, order: np.ndarray, policy: Augmentation, rng: np.random.Generator) -> list[np.ndarray]:
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
            losses = self._step(images[:, : self.side, : self.side], labels, rates[step])
            return step + 1, total + losses

        total = tf.zeros([self.parts], self.dtype)  # kept apart: added at once, their order would vary
        start = tf.constant(0), total
        _, total = tf.while_loop(lambda step, _: step < tf.size(rates), one, start, parallel_iterations=1)
        return tf.reduce_sum(total)

    def _step(self, images: tf.Tensor, labels: tf.Tensor, learning_rate: tf.Tensor) -> tf.Tensor:
        """A step on these images, in parts that run side by side; returns the summed loss of each."""
        losses, gradients = [], []
        for index in range(self.parts):
            with tf.GradientTape() as tape:
                logits = tf.cast(forward(self.network, images[index :: self.parts]), self.dtype)
                loss = tf.reduce_sum(cross_entropy(logits, labels[index :: self.parts], self.recipe.label_smoothing))
            losses.append(loss)
            gradients.append(tape.gradient(loss, self.optimizer.weights))
        count = tf.cast(tf.size(labels), self.dtype)
        self.optimizer.apply([tf.add_n(parts) / count for parts in zip(*gradients, strict=True)], learning_rate)
        return tf.stack(losses)

    def state(self) -> dict[str, np.ndarray]:
        return {name: np.asarray(variable) for name, variable in self.optimizer.state().items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        for name, variable in self.optimizer.state().items():
            variable.assign(state[name])


def forward(model: keras.Sequential, x: tf.Tensor) -> tf.Tensor:
    """The model's logits in training from uint8 images `(n, side, side)`: what its layers compute, the quickest way."""
    _, pixels, *steps = model.layers
    x = pixels(x[..., tf.newaxis])  # (n, side, side, 1)
    while steps:
        layer, following = steps.pop(0), steps[0] if steps else None
        if isinstance(layer, keras.layers.BatchNormalization):
            x = normalize(layer, x)
        elif has_relu(layer) and type(following) is keras.layers.MaxPooling2D:
            # The largest of several numbers is the same before and after ReLU, which then has a quarter of the work.
            layer.activation = None
            x = tf.nn.relu(steps.pop(0)(layer(x, training=True)))
            layer.activation = keras.activations.relu
        else:
            x = layer(x, training=True)
    return x


def has_relu(layer: keras.layers.Layer) -> bool:
    """Whether the layer is a convolution with ReLU in it."""
    return isinstance(layer, keras.layers.Conv2D) and layer.activation is keras.activations.relu


def normalize(layer: keras.layers.BatchNormalization, x: tf.Tensor) -> tf.Tensor:
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


def predict(network: keras.Model, images: np.ndarray) -> np.ndarray:
    def logits(batch: tf.Tensor) -> tf.Tensor:
        return tf.cast(network(batch, training=False), tf.float32)

    def answers(start: int) -> np.ndarray:
        with tf.device(device):
            return traced(tf.constant(images[start : start + BATCH])).numpy()

    device = network.variables[0].value.device
    with tf.device(device):
        # Traced by hand: a function that is called anew for each network makes TensorFlow warn.
        traced = tf.function(logits, autograph=False).get_concrete_function(tf.TensorSpec([None, 28, 28], tf.uint8))
    # Two batches at a time: an operation may have one thread.
    with ThreadPoolExecutor(tf.config.threading.get_inter_op_parallelism_threads() or 1) as side_by_side:
        return np.concatenate(list(side_by_side.map(answers, range(0, len(images), BATCH))))


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
