import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from digits.backends import load_backend
from digits.models import ModelInfo
from digits.recipes import NO_DRAWING, RECIPES, Augmentation
from digits.recipes.randomness import derive, epoch_order
from digits.synthesis.augmentation import outlines, sample
from digits.synthesis.epoch import shown_count
from tests.backends.conftest import built, kernels_and_biases
from tests.conftest import PRECISIONS, changed

QUICK = replace(RECIPES["baseline"], epochs=2, batch_size=64)


def trained(backend, images, labels, recipe=QUICK, seed=0, precision="float32"):
    """A network after training, and the reports of each epoch: pairs of images and their mean loss."""
    network = built(backend, recipe, seed)
    trainer = backend.trainer(network, images, labels, recipe, seed, precision)
    return network, [list(trainer.epoch(epoch)) for epoch in range(recipe.epochs)]


def means(epochs) -> list[float]:
    """The mean loss of each epoch."""
    return [sum(count * loss for count, loss in reports) / sum(count for count, _ in reports) for reports in epochs]


@pytest.fixture
def some(mnist):
    return mnist.train.images[:1000], mnist.train.labels[:1000]


def test_one_batch_is_learnt_by_heart(backend, some):
    images, labels = some[0][:64], some[1][:64]
    network, epochs = trained(backend, images, labels, replace(QUICK, epochs=120, dropout=0.0))
    losses = means(epochs)
    assert losses[0] > 2
    assert losses[-1] < 0.005
    assert np.array_equal(backend.predict(network, images).argmax(1), labels)


def test_shuffled_labels_are_not_learnt_in_two_epochs(backend, some):
    # The loss is that of these labels: with wrong ones it stays at that of guessing.
    images, labels = some
    _, epochs = trained(backend, images, np.random.default_rng(0).permutation(labels))
    assert means(epochs)[-1] > 2.2


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_same_seed_gives_the_same_bits(backend, some, precision):
    few = some[0][:200], some[1][:200]
    runs = [trained(backend, *few, seed=seed, precision=precision) for seed in (5, 5, 6)]
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


@pytest.mark.skipif(not PRECISIONS[1:], reason="the processor has no bfloat16")
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
    import keras

    from digits.backends.tensorflow.optimizer import Adam

    recipe = replace(QUICK, epsilon=0.1, learning_rate=0.01)
    gradients = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    weight = torch.zeros(2, requires_grad=True)
    theirs = torch.optim.Adam([weight], lr=0.01, eps=0.1)
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    ours = Adam(keras.Sequential([keras.layers.Input((2,)), layer]), recipe)
    for gradient in gradients:
        weight.grad = torch.from_numpy(gradient)
        theirs.step()
        ours.apply([tf.constant(gradient.reshape(2, 1))], tf.constant(0.01))
    assert np.allclose(weight.detach().numpy(), layer.kernel.numpy()[:, 0], rtol=1e-5, atol=1e-7)


SMALL = {"epochs": 3, "batch_size": 64}
BENT = Augmentation(rotation=20, shift=2, elastic=2, thickness=0.3)

# What a training makes do with where nothing is prepared.
PLAIN = {"pytorch": lambda model: model, "tensorflow": lambda network, smallest: plain_passes(network)}


def plain_passes(network):
    from digits.backends.tensorflow.passes import Passes

    return Passes(network)


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_fast_computes_what_the_framework_does(name, recipe, mnist, monkeypatch):
    backend = load_backend(name)
    recipe = changed(recipe, **SMALL, dropout=0.0, ema_decay=0.0, learning_rate=1e-5, augmentation=Augmentation())
    images, labels = few(mnist)
    (*_, fast), losses = stepwise(backend, recipe, images, labels)
    fast_logits = backend.predict(built(backend, recipe), images)
    monkeypatch.setattr(sys.modules[f"digits.backends.{name}.train"], "prepare", PLAIN[name])
    (*_, plain), same = stepwise(backend, recipe, images, labels)
    assert losses == pytest.approx(same, rel=1e-4)
    for key, weights in plain.items():
        assert np.allclose(weights, fast[key], atol=1e-4), key
    if name == "pytorch":
        assert np.allclose(fast_logits, backend.predict(built(backend, recipe), images), atol=1e-4)


def test_cudnn_is_exact_while_it_is_used_and_as_it_was_afterwards(mnist, monkeypatch):
    def settings():
        return torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32

    def watched(function):
        return lambda *arguments: inside.append(settings()) or function(*arguments)

    backend, inside, usual = load_backend("pytorch"), [], settings()
    network = built(backend, QUICK)
    trainer = backend.trainer(network, *few(mnist), QUICK, 0, "float32")
    trainer.model.gradients = watched(trainer.model.gradients)
    for _ in trainer.epoch(0, report_steps=1):
        assert settings() == usual
    monkeypatch.setattr(sys.modules["digits.backends.pytorch.train"], "prepare", watched)
    backend.predict(network, mnist.test.images[:3])
    assert settings() == usual != (True, False)
    assert len(inside) == 5 and set(inside) == {(True, False)}


def few(mnist, count=200):
    return mnist.train.images[:count], mnist.train.labels[:count]


def stepwise(backend, recipe, images, labels, epochs=1, precision="float32"):
    """The weights after each step of a training, and its losses; the weights at the start come first."""
    network = built(backend, recipe)
    trainer = backend.trainer(network, images, labels, recipe, 0, precision)
    weights, losses = [backend.weights(network)], []
    for epoch in range(epochs):
        for _, loss in trainer.epoch(epoch, report_steps=1):
            weights.append(backend.weights(network))
            losses.append(loss)
    return weights, losses


def trained_names(weights) -> list[str]:
    return [name for name in weights if "running" not in name]


def test_every_recipe_learns_one_batch_by_heart(backend, recipe, mnist):
    images, labels = few(mnist, 32)
    plain = changed(recipe, epochs=60, batch_size=32, dropout=0.0, augmentation=Augmentation(), ema_decay=0.0)
    # The rate falls to 0, so that the running statistics catch up with the weights.
    rates = {"schedule": "one-cycle", "warmup": 0.2, "learning_rate": 0.003}
    plain = replace(plain, label_smoothing=0.0, **rates, **NO_DRAWING)
    network, epochs = trained(backend, images, labels, plain, precision=PRECISIONS[-1])
    losses = means(epochs)
    assert losses[0] > 2
    assert losses[-1] < 0.1
    assert (backend.predict(network, images).argmax(1) == labels).mean() > 0.9


def test_every_recipe_learns_digits_that_it_has_not_seen(backend, recipe, mnist):
    images, labels = few(mnist, 1000)
    network, epochs = trained(backend, images, labels, changed(recipe, epochs=4, batch_size=32))
    assert means(epochs)[-1] < 0.6 * means(epochs)[0]
    right = backend.predict(network, mnist.test.images[:500]).argmax(1) == mnist.test.labels[:500]
    assert right.mean() > 0.8


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_restored_training_goes_on_bit_for_bit(backend, recipe, mnist, device):
    if device == "cuda" and not ("torch" in backend.VERSIONS and torch.cuda.is_available()):
        pytest.skip("there is none")
    images, labels = few(mnist)
    recipe = changed(recipe, **SMALL, dropout=0.2, ema_decay=0.9, schedule="one-cycle", augmentation=BENT)
    first = built(backend, recipe, device=device)
    trainer = backend.trainer(first, images, labels, recipe, 0, PRECISIONS[-1])
    losses = [list(trainer.epoch(0))]
    state = trainer.state()
    again = built(backend, recipe, seed=9, device=device)
    other = backend.trainer(again, images, labels, recipe, 0, PRECISIONS[-1])
    other.restore(state)
    for epoch in (1, 2):
        losses.append(list(trainer.epoch(epoch)))
        assert list(other.epoch(epoch)) == losses[-1]
    assert len({str(loss) for loss in losses}) == 3
    ours, theirs = backend.weights(first), backend.weights(again)
    assert all(np.array_equal(array, theirs[name]) for name, array in ours.items())
    assert all(np.array_equal(array, other.state()[name]) for name, array in trainer.state().items())


def test_the_model_is_the_running_average_after_each_step(backend, recipe, mnist):
    # What is trained is the same with and without the average; so one run tells what the other's average must be.
    images, labels = few(mnist)
    recipe = changed(recipe, **SMALL, augmentation=Augmentation())
    trace, losses = stepwise(backend, replace(recipe, ema_decay=0.0), images, labels, epochs=3)
    averages, same = stepwise(backend, replace(recipe, ema_decay=0.5), images, labels, epochs=3)
    assert losses == same
    expected = {name: array.astype(np.float64) for name, array in trace[0].items()}
    for number, (weights, average) in enumerate(zip(trace[1:], averages[1:], strict=True), start=1):
        keep = min(0.5, (1 + number) / (10 + number))
        for name, array in weights.items():
            expected[name] = keep * expected[name] + (1 - keep) * array
            assert np.allclose(average[name], expected[name], rtol=1e-5, atol=1e-6), (number, name)
    assert not np.allclose(averages[-1]["conv1.weight"], trace[-1]["conv1.weight"], atol=1e-5)


@pytest.mark.parametrize(
    ("recipe", "schedule"),
    [("baseline", "constant"), ("baseline", "one-cycle"), ("fast", "one-cycle"), ("deep", "one-cycle")],
    indirect=["recipe"],
)
def test_each_step_has_its_own_learning_rate(backend, recipe, schedule, mnist):
    # Adam's first step, and without memory each is the first, moves each weight by the learning rate, up or down.
    images, labels = few(mnist)
    recipe = changed(recipe, **SMALL, epsilon=1e-20, schedule=schedule, learning_rate=1e-3, ema_decay=0.0)
    network = built(backend, recipe)
    trainer = backend.trainer(network, images, labels, recipe, 0, "float32")
    rates = iter(recipe.learning_rates(3 * -(-shown_count(recipe, len(labels)) // 64)))
    before, seen = backend.weights(network), set()
    for epoch in range(3):
        for _ in trainer.epoch(epoch, report_steps=1):
            after, rate = backend.weights(network), next(rates)
            for name in trained_names(after):
                moved = np.abs(after[name] - before[name])
                assert np.median(moved[moved > 0]) == pytest.approx(rate, abs=2e-7), name
            state = trainer.state()
            trainer.restore({key: array if "weights" in key else np.zeros_like(array) for key, array in state.items()})
            before = after
            seen.add(float(rate))
    assert next(rates, None) is None
    assert (len(seen) == 1) == (schedule == "constant")


def test_a_smoothed_loss_has_a_share_for_each_class(backend, mnist):
    images, labels = few(mnist, 100)
    recipe = replace(QUICK, epochs=1, batch_size=100, learning_rate=1e-12, dropout=0.0, label_smoothing=0.3)
    network, ((report,),) = trained(backend, images, labels, recipe)
    logits = backend.predict(network, images).astype(float)
    logarithms = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    targets = np.full((100, 10), 0.03)
    targets[np.arange(100), labels] += 0.7
    assert report == (100, pytest.approx(-(targets * logarithms).sum(1).mean(), rel=1e-4))


def test_training_sees_each_image_as_drawn_for_its_epoch(backend, mnist):
    # With a learning rate of almost nothing, the loss of an epoch is that of the first network on the bent images.
    images, labels = few(mnist)
    # Of the four epochs the last one shows them as they are.
    recipe = replace(QUICK, epochs=4, batch_size=64, learning_rate=1e-12, dropout=0.0, augmentation=BENT)
    network, epochs = trained(backend, images, labels, replace(recipe, unaugmented_share=0.25))
    for epoch, loss in enumerate(means(epochs)):
        rng, order = np.random.default_rng(derive(0, "augmentation", epoch)), epoch_order(200, 0, epoch)
        losses = []
        for start in range(0, 200, 64):
            batch = order[start : start + 64]
            bent = backend.augmented(images[batch], sample(BENT, outlines(images[batch]), rng))
            logits = backend.predict(network, bent if epoch < 3 else images[batch]).astype(float)
            losses += list(np.log(np.exp(logits).sum(1)) - logits[np.arange(len(batch)), labels[batch]])
        assert loss == pytest.approx(np.mean(losses), rel=1e-5)
    assert len(set(means(epochs))) == 4


@pytest.mark.parametrize("precision", PRECISIONS)
def test_running_statistics_are_of_whole_batches_and_unbiased(backend, mnist, precision):
    # The first layer's, from one batch of two images, so that halves of it and the count in the variance show.
    images, labels = few(mnist, 2)
    recipe = changed(RECIPES["deep"], epochs=1, batch_size=2, augmentation=Augmentation(), ema_decay=0.0)
    weights, _ = stepwise(backend, recipe, images, labels, precision=precision)
    low, high = backend.PIXEL_RANGE
    x = np.pad(images / 255 * (high - low) + low, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))  # (2, 28, 28, 3, 3)
    maps = np.einsum("nhwkl,okl->onhw", windows, weights[0]["conv1.weight"][:, 0]).reshape(32, -1)
    close = {"float32": 1e-5, "bfloat16": 1e-2}[precision]
    after = weights[1]
    assert np.allclose(after["norm1.running_mean"], 0.1 * maps.mean(1), atol=close)
    spread = 0.9 + 0.1 * maps.var(1, ddof=1)
    assert np.allclose(after["norm1.running_var"], spread, atol=close)
    assert after["norm1.running_var"].dtype == np.float32


def test_both_frameworks_train_alike_on_augmented_images(recipe, mnist):
    images, labels = few(mnist)
    recipe = changed(recipe, **SMALL, ensemble=1, dropout=0.0, augmentation=BENT, learning_rate=1e-4)
    losses, start = [], {}
    for name in ("pytorch", "tensorflow"):
        backend = load_backend(name)
        info = ModelInfo(recipe, "mnist", tuple("0123456789"), (0.0, 1.0))
        network = backend.build(info, 0, backend.select_device("cpu"))
        start = start or backend.weights(network)
        backend.set_weights(network, start)
        trainer = backend.trainer(network, images, labels, recipe, 0, "float32")
        losses.append([loss for epoch in range(3) for _, loss in trainer.epoch(epoch, report_steps=1)])
    assert losses[0] == pytest.approx(losses[1], abs=1e-2)  # batch normalisation makes more of rounding
    assert losses[0][0] == pytest.approx(losses[1][0], abs=2e-4)
