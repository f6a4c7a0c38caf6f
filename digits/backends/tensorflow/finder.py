"""Training of a finder in TensorFlow."""

from collections.abc import Iterator, Mapping
from itertools import islice

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from digits.backends.tensorflow.optimizer import Adam
from digits.backends.tensorflow.passes import call
from digits.backends.tensorflow.train import computing_in
from digits.datasets import Split
from digits.hardware import cores_here
from digits.recipes import Recipe
from digits.synthesis.crops import SIDE, Batch, crops
from digits.synthesis.epoch import shown_count
from digits.synthesis.targets import CELL, WEIGHTS


class FinderTrainer:
    """See `interface.Trainer`; it reports each step, which takes as long as many of another network."""

    def __init__(self, network: keras.Model, digits: Split, recipe: Recipe, seed: int, precision: str):
        self.device = network.variables[0].value.device
        self.digits, self.recipe, self.seed = digits, recipe, seed
        self.batches: Iterator[Batch] | None = None  # of all epochs that are left
        steps = -(-shown_count(recipe, len(digits)) // recipe.batch_size)  # of an epoch
        self.rates = np.array(recipe.learning_rates(recipe.epochs * steps), np.float32).reshape(recipe.epochs, steps)
        with tf.device(self.device):
            self.optimizer = Adam(network, recipe)
        self.network = self.optimizer.network
        cells = SIDE // CELL
        inputs = [
            tf.TensorSpec([None, SIDE, SIDE, 3], tf.uint8),
            *(tf.TensorSpec([None, maps, cells, cells], tf.float32) for maps in (10, 4, 1)),
            tf.TensorSpec([], tf.float32),
        ]
        with computing_in(self.network, "mixed_bfloat16" if precision == "bfloat16" else precision):
            self.step = tf.function(self._step, autograph=False).get_concrete_function(*inputs)

    def epoch(self, epoch: int, report_steps: int = 100) -> Iterator[tuple[int, float]]:
        makers = cores_here() if "GPU" in self.device else 1  # see the twin in PyTorch
        self.batches = self.batches or crops(self.recipe, self.digits, self.seed, epoch, makers)
        batches = islice(self.batches, len(self.rates[epoch]))
        for rate, (pictures, targets) in zip(self.rates[epoch], batches, strict=True):
            with tf.device(self.device):
                yield len(pictures), float(self.step(*map(tf.constant, [pictures, *targets, rate])))

    def _step(
        self, pictures: tf.Tensor, heat: tf.Tensor, boxes: tf.Tensor, mask: tf.Tensor, rate: tf.Tensor
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = finder_loss(through(self.network, pictures), heat, boxes, mask, self.optimizer.steps.dtype)
        self.optimizer.apply(tape.gradient(loss, self.optimizer.weights), rate)
        return loss

    def state(self) -> dict[str, NDArray[np.floating]]:
        return {name: np.asarray(variable) for name, variable in self.optimizer.state().items()}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        for name, variable in self.optimizer.state().items():
            variable.assign(state[name])


def through(model: keras.Sequential, x: tf.Tensor) -> tf.Tensor:
    """What the model of a finder makes of pages in training."""
    for layer in model.layers:
        x = through_graph(layer, x) if isinstance(layer, keras.Model) else call(layer, x)
    return x


def through_graph(network: keras.Model, x: tf.Tensor) -> tf.Tensor:
    """What a network whose layers are no mere sequence makes of `x` in training, layer by layer; see `passes.call`."""
    values = {id(network.input): x}  # by the symbol that stands for each in the network
    for layer in network.layers:
        if not isinstance(layer, keras.layers.InputLayer):
            several = isinstance(layer.input, list)
            given = [values[id(one)] for one in layer.input] if several else values[id(layer.input)]
            values[id(layer.output)] = call(layer, given)
    return values[id(network.output)]


def finder_loss(maps: tf.Tensor, heat: tf.Tensor, boxes: tf.Tensor, mask: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """The loss of a batch for each of its digits; see `targets.Targets`.

    Of the centres it is the focal loss of Zhou et al. (2019, arXiv:1904.07850), of the boxes the mean distance.

    Args:
        maps: what the network says, `(n, 14, height, width)`.
        dtype: of the loss.
    """
    maps, heat, boxes, mask = (tf.cast(one, dtype) for one in (maps, heat, boxes, mask))
    logits, found = tf.split(maps, [heat.shape[1], boxes.shape[1]], axis=1)
    p = tf.sigmoid(logits)
    here = -((1 - p) ** 2) * tf.math.log_sigmoid(logits)
    elsewhere = -((1 - heat) ** 4) * p**2 * tf.math.log_sigmoid(-logits)
    centres = tf.reduce_sum(tf.where(heat == 1, here, elsewhere))
    places, sizes = tf.split(tf.reduce_sum(tf.abs((found - boxes) * mask), [0, 2, 3]), 2)  # each (2,)
    losses = tf.stack([centres, tf.reduce_sum(places), tf.reduce_sum(sizes)])
    return tf.reduce_sum(losses * tf.constant(WEIGHTS, dtype)) / tf.maximum(tf.reduce_sum(mask), 1)
