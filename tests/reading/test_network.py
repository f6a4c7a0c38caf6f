import numpy as np
import onnx
import pytest

from digits.datasets import Split
from digits.errors import DigitsError
from digits.reading.network import Network, Predictions
from digits.recipes import RECIPES, adjusted
from digits.synthesis import strokes, variants
from digits.synthesis.epoch import shown


def test_it_reads_mnist(model, mnist):
    network = Network(model)
    predictions = network(mnist.test.images[:500])
    assert (predictions.digits == mnist.test.labels[:500]).mean() > 0.95
    assert predictions.probabilities.shape == (500, 10)
    assert np.array_equal(predictions[3:7].digits, predictions.digits[3:7])
    assert len(network(np.zeros((0, 28, 28), np.uint8)).digits) == 0


def test_doubt_lowers_confidence():
    probabilities = np.eye(10, dtype=np.float32)[:2]
    predictions = Predictions(probabilities, np.float32([0, 0.5]), np.float32([0, 0.25]))
    assert predictions.confidences.tolist() == [1, 0.25]
    assert predictions.doubts.tolist() == [0, 0.75]


def test_a_model_of_something_else_is_refused(model, tmp_path):
    proto = onnx.load(model)
    proto.metadata_props[0].value = proto.metadata_props[0].value.replace('"0", "1"', '"Shirt", "Coat"')
    path = tmp_path / "clothes.onnx"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(DigitsError, match=r"clothes.onnx tells Shirt, Coat, 2 and so on apart; allowed: a model of"):
        Network(path)


def test_it_reads_every_way_of_writing_a_digit(model, rng):
    """It learned from MNIST alone, which has nothing like some of them, such as a 1 with a wide upstroke."""
    predictions = Network(model)(strokes.draw(variants.DIGITS, strokes.PLAIN, rng))
    right = predictions.digits == [int(one.character) for one in variants.DIGITS]
    assert right.mean() >= 0.95, [one for one, is_right in zip(variants.DIGITS, right, strict=True) if not is_right]


def test_it_reads_digits_drawn_by_hand_and_in_print(model, mnist):
    recipe = adjusted(RECIPES["baseline"], {"strokes": 0.9, "printed": 0.9})
    epoch = shown(recipe, Split(mnist.train.images[:500], mnist.train.labels[:500]), 0, 0)
    right = Network(model)(epoch.images[500:]).digits == epoch.labels[500:]
    assert right[:450].mean() > 0.87
    assert right[450:].mean() > 0.93
