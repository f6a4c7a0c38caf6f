import numpy as np
import onnx
import pytest

from digits.errors import DigitsError
from digits.reading.network import Answers, Network


def test_it_reads_mnist(model, mnist):
    network = Network(model)
    answers = network(mnist.test.images[:500])
    assert (answers.digits == mnist.test.labels[:500]).mean() > 0.95
    assert answers.probabilities.shape == (500, 10)
    assert np.array_equal(answers[3:7].digits, answers.digits[3:7])
    assert len(network(np.zeros((0, 28, 28), np.uint8)).digits) == 0


def test_doubt_lowers_confidence():
    probabilities = np.eye(10, dtype=np.float32)[:2]
    assert Answers(probabilities, np.float32([0, 0.75])).confidences.tolist() == [1, 0.25]


def test_a_model_of_something_else_is_refused(model, tmp_path):
    proto = onnx.load(model)
    proto.metadata_props[0].value = proto.metadata_props[0].value.replace('"0", "1"', '"Shirt", "Coat"')
    path = tmp_path / "clothes.onnx"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(DigitsError, match=r"clothes.onnx tells Shirt, Coat, 2 and so on apart; allowed: a model of"):
        Network(path)
