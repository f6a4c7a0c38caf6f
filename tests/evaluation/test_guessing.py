"""Digits that are not as a network knows them bring a hint, and others do not."""

from types import SimpleNamespace

import numpy as np
import pytest

from digits.cli import main
from digits.commands import steps
from digits.datasets import DIGITS, Dataset, Split
from digits.evaluation.guessing import hint
from digits.exchange.predictor import Predictor
from digits.models import ModelInfo
from digits.recipes import RECIPES
from digits.training import Model
from tests.conftest import ROOT

ODD = {
    "transposed, as EMNIST's": lambda images: images.transpose(0, 2, 1),
    "turned by a quarter": lambda images: np.rot90(images, 1, (1, 2)),
    "mirrored": lambda images: images[:, :, ::-1],
    "inverted": lambda images: 255 - images,
}


def predicted(images: np.ndarray) -> np.ndarray:
    model = Predictor(ROOT / "digits" / "page" / "baseline.onnx")
    return model.probabilities(np.ascontiguousarray(images)).argmax(axis=1)


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_images_that_are_turned_or_inverted_bring_a_hint(change, mnist: Dataset):
    said = hint(predicted(change(mnist.test.images[:1000])), mnist.test.labels[:1000])
    assert "is hardly better than guessing (1" in said
    assert "the test images may be turned, mirrored or inverted" in said


def test_images_that_are_as_they_should_be_bring_none(mnist: Dataset):
    assert not hint(predicted(mnist.test.images[:1000]), mnist.test.labels[:1000])


@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 4], [7] * 100], ids=["a few images", "one class"])
def test_nor_do_those_that_say_little(labels):
    assert not hint(np.array([0, 1, 9, 9, 9] * (len(labels) // 5)), np.array(labels))


def test_classes_of_different_sizes_are_guessed_by_the_commonest():
    labels = np.repeat([0, 1], [900, 100])
    assert "90.0% right is hardly better than guessing (90.0%)" in hint(np.zeros(1000, int), labels)


def test_the_commands_say_so(mnist: Dataset, tmp_path, capsys):
    lying = Split(mnist.test.images[:500].transpose(0, 2, 1), mnist.test.labels[:500])
    np.savez(tmp_path / "lying.npz", images=lying.images, labels=lying.labels)
    model = ROOT / "digits" / "page" / "baseline.onnx"
    assert main(["evaluate", str(model), "--dataset", str(tmp_path / "lying.npz")]) == 0
    assert "is hardly better than guessing" in capsys.readouterr().err
    backend = SimpleNamespace(predict=lambda network, images: np.eye(10)[predicted(images)])
    info = ModelInfo(RECIPES["baseline"], "lying", DIGITS, (0, 1))
    model, dataset = Model(backend, None, info, "cpu", "float32"), Dataset("", "", DIGITS, lying, lying)
    steps.evaluate(model, dataset)
    assert "is hardly better than guessing" in capsys.readouterr().err
    model.has_learned = False  # as training has said already
    steps.evaluate(model, dataset)
    assert capsys.readouterr().err == ""
