"""The weights of an exported model, read and replaced without a framework."""

import numpy as np
import pytest

from digits.errors import DigitsError
from digits.exchange.predictor import Predictor
from digits.exchange.weights import read_weights, with_weights
from digits.reading.reader import SHIPPED


def test_they_have_the_names_and_the_layout_of_models():
    shapes = {name: array.shape for name, array in read_weights(SHIPPED).items()}
    assert shapes["conv1.weight"] == (32, 1, 3, 3)
    assert shapes["norm7.running_var"] == (128,)
    assert shapes["dense1.weight"] == (12, 1152)
    assert len(shapes) == 7 + 4 * 7 + 2  # convolutions, normalisations, and the dense layer with its bias


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
def test_either_framework_computes_the_same_with_them(framework, mnist):
    backend = pytest.importorskip("digits.backends").load_backend(framework)
    predictor = Predictor(SHIPPED)
    network = backend.build(predictor.info, 1, backend.select_device("cpu"))
    backend.set_weights(network, read_weights(SHIPPED))
    images = mnist.test.images[:50]
    logits = predictor.session.run(["logits"], {"images": images})[0]
    ours = backend.predict(network, images)[:, :10] / predictor.info.temperature
    assert ours == pytest.approx(logits, abs=1e-3)


def test_others_take_their_place(tmp_path):
    weights = read_weights(SHIPPED)
    weights["dense1.bias"] = np.zeros(12, np.float32)
    weights["dense1.bias"][3] = 100.0
    (tmp_path / "other.onnx").write_bytes(with_weights(SHIPPED, weights, {"learned_from": 5}))
    other = Predictor(tmp_path / "other.onnx")  # which checks that the graph is the one that was described
    assert (other.probabilities(np.zeros((2, 28, 28), np.uint8)).argmax(1) == 3).all()
    assert other.info.origin == {"learned_from": 5}
    assert other.info.layers == Predictor(SHIPPED).info.layers


def test_those_of_another_network_are_refused():
    weights = {**read_weights(SHIPPED), "dense1.bias": np.zeros(10, np.float32)}
    with pytest.raises(DigitsError, match=r"dense1\.bias has shape \(10,\); allowed: \(12,\)"):
        with_weights(SHIPPED, weights, {})
