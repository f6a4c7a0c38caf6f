from dataclasses import replace

import numpy as np
import pytest

from digits.backends import load_backend
from digits.models import ModelInfo
from digits.randomness import epoch_order
from digits.recipes import RECIPES
from tests.backends.conftest import kernels_and_biases

QUICK = replace(RECIPES["baseline"], epochs=2, batch_size=64)


def trained(backend, images, labels, recipe=QUICK, seed=0, precision="float32"):
    """A network after training, and the reports of each epoch: pairs of images and their mean loss."""
    info = ModelInfo(recipe, "mnist", tuple("0123456789"), backend.PIXEL_RANGE)
    network = backend.build(info, seed, backend.select_device("cpu"))
    trainer = backend.trainer(network, images, labels, recipe, seed, precision)
    return network, [list(trainer.epoch(epoch)) for epoch in range(recipe.epochs)]


def means(epochs) -> list[float]:
    """The mean loss of each epoch."""
    return [sum(count * loss for count, loss in reports) / sum(count for count, _ in reports) for reports in epochs]


@pytest.fixture
def some(mnist):
    return mnist.train.images[:1000], mnist.train.labels[:1000]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_one_batch_is_learnt_by_heart(backend, some, precision):
    images, labels = some[0][:64], some[1][:64]
    network, epochs = trained(backend, images, labels, replace(QUICK, epochs=120, dropout=0.0), precision=precision)
    losses = means(epochs)
    assert losses[0] > 2
    assert losses[-1] < 0.005
    assert np.array_equal(backend.predict(network, images).argmax(1), labels)


def test_shuffled_labels_are_not_learnt_in_two_epochs(backend, some):
    # The loss is that of these labels: with wrong ones it stays at that of guessing.
    images, labels = some
    _, epochs = trained(backend, images, np.random.default_rng(0).permutation(labels))
    assert means(epochs)[-1] > 2.2


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_same_seed_gives_the_same_bits(backend, some, precision):
    runs = [trained(backend, *some, seed=seed, precision=precision) for seed in (5, 5, 6)]
    weights = [kernels_and_biases(network) for network, _ in runs]
    logits = [backend.predict(network, some[0]) for network, _ in runs]
    assert runs[0][1] == runs[1][1] != runs[2][1]
    assert all(np.array_equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))
    assert np.array_equal(logits[0], logits[1])
    assert not np.array_equal(logits[0], logits[2])


def test_the_last_smaller_batch_is_used(backend, some):
    # 65 images: the last step of the epoch sees one of them. Its label decides the weights.
    images, labels = some[0][:65], some[1][:65]
    recipe = replace(QUICK, epochs=1)
    one, (reports,) = trained(backend, images, labels, recipe)
    assert sum(count for count, _ in reports) == 65
    changed = labels.copy()
    last = epoch_order(65, seed=0, epoch=0)[-1]
    changed[last] = (changed[last] + 1) % 10
    other, _ = trained(backend, images, changed, recipe)
    assert not np.array_equal(kernels_and_biases(one)[-1], kernels_and_biases(other)[-1])


def test_the_loss_is_the_mean_over_images(backend, some):
    # With a learning rate of almost nothing the weights stay, and the loss is that of the first prediction.
    images, labels = some[0][:100], some[1][:100]
    recipe = replace(QUICK, epochs=1, learning_rate=1e-12, dropout=0.0)
    network, ((report,),) = trained(backend, images, labels, recipe)
    logits = backend.predict(network, images).astype(float)
    expected = (np.log(np.exp(logits).sum(1)) - logits[np.arange(100), labels]).mean()
    assert report == (100, pytest.approx(expected, rel=1e-4))


def test_a_long_epoch_reports_on_the_way(backend, mnist):
    images, labels = mnist.train.images[:410], mnist.train.labels[:410]
    _, (reports,) = trained(backend, images, labels, replace(QUICK, epochs=1, batch_size=4))
    assert [count for count, _ in reports] == [400, 10]


def test_dropout_makes_training_harder_and_is_drawn_anew_each_epoch(backend, some):
    losses = {share: means(trained(backend, *some, replace(QUICK, dropout=share))[1]) for share in (0.0, 0.25, 0.9)}
    assert losses[0.0][-1] < losses[0.25][-1] < losses[0.9][-1]
    still = replace(QUICK, learning_rate=1e-12, dropout=0.5, epochs=3)
    first, second, third = means(trained(backend, some[0][:64], some[1][:64], still)[1])
    assert len({first, second, third}) == 3


def test_weights_and_predictions_are_float32_after_training_in_bfloat16(backend, some):
    network, _ = trained(backend, *some, precision="bfloat16")
    weights = kernels_and_biases(network)
    assert all(array.dtype == np.float32 for array in weights)
    # The low 16 bits of a float32 are what bfloat16 lacks: in weights and logits they are in use.
    for array in (weights[4], backend.predict(network, some[0])):
        assert (array.view(np.uint32) & 0xFFFF).astype(bool).mean() > 0.9


def test_both_frameworks_have_the_same_adam():
    # Two weights and a few gradients by hand, with an epsilon so large that where it is added shows.
    torch = pytest.importorskip("torch")
    tf = pytest.importorskip("tensorflow")
    load_backend("tensorflow")
    from digits.backends.tensorflow.optimizer import Adam

    recipe = replace(QUICK, epsilon=0.1, learning_rate=0.01)
    gradients = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    weight = torch.zeros(2, requires_grad=True)
    theirs = torch.optim.Adam([weight], lr=0.01, eps=0.1)
    variable = tf.Variable(tf.zeros(2))
    ours = Adam([variable], recipe)
    for gradient in gradients:
        weight.grad = torch.from_numpy(gradient)
        theirs.step()
        ours.apply([tf.constant(gradient)])
    assert np.allclose(weight.detach().numpy(), variable.numpy(), rtol=1e-5, atol=1e-7)
