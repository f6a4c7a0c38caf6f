"""Pixels that do not reach the answer are left out of training in TensorFlow, and no others."""

import pytest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from keras import layers  # noqa: E402

from digits.backends.tensorflow.fast.prepare import prepare  # noqa: E402
from digits.backends.tensorflow.model import behind_pixels  # noqa: E402
from digits.backends.tensorflow.networks import ARCHITECTURES  # noqa: E402
from digits.backends.tensorflow.passes import Passes  # noqa: E402
from digits.recipes import RECIPES  # noqa: E402


def of_recipe(name):
    recipe = RECIPES[name]
    return lambda: ARCHITECTURES[recipe.architecture](recipe.filters, recipe.hidden_units, 0.0, 10)


def row(*between):
    return lambda: keras.Sequential(
        [layers.Input((28, 28, 1)), layers.Conv2D(4, 3), *(make() for make in between), layers.Flatten()]
    )


def functional():
    image = layers.Input((28, 28, 1))
    return keras.Model(image, layers.Dense(10)(layers.Flatten()(layers.MaxPooling2D(5)(image))))


@pytest.mark.parametrize(
    ("network", "side"),
    [
        (of_recipe("baseline"), 26),
        (of_recipe("fast"), 27),
        (of_recipe("deep"), 28),
        (row(lambda: layers.ReLU(), lambda: layers.MaxPooling2D(4)), 26),
        (row(lambda: layers.MaxPooling2D(4, padding="same")), 28),
        (row(lambda: layers.BatchNormalization(), lambda: layers.MaxPooling2D(4)), 28),
        (row(lambda: layers.Conv2D(4, 3, padding="same"), lambda: layers.MaxPooling2D(4)), 28),
        (row(lambda: layers.AveragePooling2D(4)), 28),
        (functional, 28),
    ],
)
def test_pixels_that_do_not_reach_the_answer_are_left_out_and_no_others(network, side):
    model = behind_pixels(network(), (0.0, 1.0), "some")
    fast = prepare(model, 3)
    assert fast.side == side
    images = tf.random.stateless_uniform((3, 28, 28), (0, 1), 0, 256, tf.int32)
    images = tf.cast(images, "uint8")
    whole, part = Passes(model).logits(images), fast.logits(images[:, :side, :side])
    tf.debugging.assert_near(whole, part, 1e-5, 1e-5)
