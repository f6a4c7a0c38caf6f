"""What somebody adds for whom the package has a place: a network with batch normalisation, a schedule, a recipe."""

from dataclasses import replace

import keras
import pytest
from keras import layers
from torch import nn

from digits.backends import load_backend
from digits.commands.steps import Settings, build, evaluate, train
from digits.datasets import Split
from digits.models import ModelInfo
from digits.recipes import ARCHITECTURES, RECIPES, SCHEDULES, Architecture, Recipe


def in_pytorch(filters, hidden_units, dropout, classes):
    return nn.Sequential(
        *(nn.Conv2d(1, filters[0], 3), nn.BatchNorm2d(filters[0]), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten()),
        *(nn.Linear(filters[0] * 6 * 6, hidden_units), nn.ReLU(), nn.Linear(hidden_units, classes)),
    )


def in_tensorflow(filters, hidden_units, dropout, classes):
    norm = layers.BatchNormalization(epsilon=1e-5, momentum=0.9)
    return keras.Sequential(
        [
            *(layers.Input((28, 28, 1)), layers.Conv2D(filters[0], 3), norm, layers.ReLU(), layers.MaxPooling2D(4)),
            *(layers.Flatten(), layers.Dense(hidden_units, activation="relu"), layers.Dense(classes)),
        ]
    )


@pytest.fixture
def mine(monkeypatch) -> Recipe:
    monkeypatch.setitem(ARCHITECTURES, "mine", Architecture(filters=(9,), hidden_units=20))
    for name, make in (("pytorch", in_pytorch), ("tensorflow", in_tensorflow)):
        networks = __import__(f"digits.backends.{name}.networks", fromlist=["ARCHITECTURES"])
        monkeypatch.setitem(networks.ARCHITECTURES, "mine", make)
    monkeypatch.setitem(SCHEDULES, "down", lambda progress, warmup: 1 - progress)
    recipe = Recipe(name="mine", architecture="mine", schedule="down", epochs=8, batch_size=20, learning_rate=0.01)
    monkeypatch.setitem(RECIPES, "mine", recipe)
    return recipe


def test_the_schedule_is_followed(mine):
    assert mine.learning_rates(2) == [0.0075, 0.0025]


def test_both_frameworks_train_it_on_whole_batches_in_the_same_way(mine, mnist):
    images, labels = mnist.train.images[:200], mnist.train.labels[:200]
    losses, weights = [], {}
    for name in ("pytorch", "tensorflow"):
        backend = load_backend(name)
        network = backend.build(
            ModelInfo(mine, "mnist", tuple("0123456789"), (0.0, 1.0)), 0, backend.select_device("cpu")
        )
        weights = weights or backend.weights(network)
        backend.set_weights(network, weights)
        trainer = backend.trainer(network, images, labels, mine, 0, "float32")
        losses.append([loss for epoch in range(8) for _, loss in trainer.epoch(epoch, report_steps=1)])
    assert losses[0][:10] == pytest.approx(losses[1][:10], abs=2e-3)
    assert losses[0][-1] < losses[0][0] / 2
    assert trainer.passes.parts == 1


@pytest.mark.parametrize("backend", ["pytorch", "tensorflow"])
def test_it_runs_as_ours_do(mine, backend, mnist, tmp_path):
    settings = Settings(backend, mine, output_dir=tmp_path)
    parts = {"train": mnist.train, "test": mnist.test}
    few = replace(mnist, **{name: Split(part.images[:300], part.labels[:300]) for name, part in parts.items()})
    model = build(settings, few)
    train(settings, model, few)
    assert evaluate(model, few).accuracy > 0.3  # by chance a tenth
    assert list(model.backend.weights(model.network))[:3] == ["conv1.weight", "conv1.bias", "norm1.weight"]
