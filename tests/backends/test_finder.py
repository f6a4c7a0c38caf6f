from dataclasses import replace

import numpy as np
import pytest

from digits.backends import BACKENDS, load_backend
from digits.models import ModelInfo
from digits.recipes import RECIPES
from digits.synthesis.targets import targets
from digits.training import Training
from digits.training.lockstep import lockstep
from digits.training.loop import Progress
from tests.backends.conftest import built
from tests.conftest import PRECISIONS

SMALL = replace(RECIPES["finder"], filters=(4, 6, 8, 8, 8, 6), batch_size=4)


@pytest.fixture(scope="module")
def twins():
    """The finder in both frameworks, with the same weights in float64."""
    (first, second), networks = map(load_backend, BACKENDS), []
    for backend in (first, second):
        info = ModelInfo(SMALL, "mnist", tuple("0123456789"), (0.0, 1.0))
        networks.append(backend.build(info, 0, backend.select_device("cpu"), "float64"))
    weights = {
        name: array + 0.01 * np.arange(array.size).reshape(array.shape) / array.size
        for name, array in first.weights(networks[0]).items()
    }  # biases and batch normalisation, too
    first.set_weights(networks[0], weights)
    second.set_weights(networks[1], weights)
    return networks


@pytest.fixture
def pictures(rng) -> np.ndarray:
    return rng.integers(0, 256, (3, 64, 96, 3), np.uint8)


def test_both_frameworks_have_the_same_weights():
    for recipe in (SMALL, RECIPES["finder"]):
        shapes = []
        for name in BACKENDS:
            weights = load_backend(name).weights(built(load_backend(name), recipe))
            shapes.append([(key, array.shape, array.dtype) for key, array in weights.items()])
        assert shapes[0] == shapes[1]
    assert sum(np.prod(shape) for key, shape, _ in shapes[0] if "running" not in key) == 1_110_398


def test_at_first_no_digit_is_likely_anywhere(backend, pictures):
    maps = backend.predict(built(backend, RECIPES["finder"]), pictures)
    assert (maps.shape, maps.dtype) == ((3, 14, 16, 24), np.float32)
    assert maps[:, :10].mean() == pytest.approx(-4.6, abs=0.3)
    assert abs(maps[:, 10:].mean()) < 0.3
    weights = backend.weights(built(backend, RECIPES["finder"]))
    assert np.allclose(weights["conv18.bias"], [-4.6] * 10 + [0] * 4)


def test_both_frameworks_say_the_same_of_a_picture(twins, pictures):
    ours, theirs = (
        load_backend(name).predict(network, pictures) for name, network in zip(BACKENDS, twins, strict=True)
    )
    assert np.allclose(ours, theirs, rtol=0, atol=1e-5)  # `predict` gives float32
    assert ours.std() > 0.1
    again = load_backend("pytorch").predict(twins[0], pictures[:, :, ::-1].copy())
    assert not np.allclose(ours, again, atol=1e-3)


def test_what_is_said_moves_with_the_digits(backend, rng):
    # Far from the edges, and by the 32 pixels after which all strides meet again.
    picture = np.full((1, 1024, 1024, 3), 128, np.uint8)
    blot = rng.integers(0, 256, (32, 32, 3), np.uint8)
    here, there = picture.copy(), picture.copy()
    here[0, 480:512, 480:512] = there[0, 512:544, 480:512] = blot
    network = built(backend, SMALL)
    one, other = (backend.predict(network, each)[0, :, 104:144, 104:136] for each in (here, there))
    assert np.allclose(one[:, :32], other[:, 8:], atol=1e-5)
    assert not np.allclose(one, other, atol=1e-3)


def plain_loss(maps, heat, boxes, mask) -> float:
    """The loss as Zhou et al. (2019) write it, with the weights of the issue's trial."""
    p = 1 / (1 + np.exp(-maps[:, :10]))
    centres = np.where(heat == 1, (1 - p) ** 2 * np.log(p), (1 - heat) ** 4 * p**2 * np.log(1 - p))
    distances = np.abs(maps[:, 10:] - boxes) * mask
    total = -centres.sum() + 0.5 * distances[:, :2].sum() + 0.7 * distances[:, 2:].sum()
    return total / max(1, (mask == 1).sum())


@pytest.fixture
def said(rng):
    """Maps of two pages, and what was to be said."""
    page = targets(np.array([(3, 5, 20, 40), (40, 30, 9, 33)], np.float32), np.array([7, 1]), 64, 64)
    other = targets(np.array([(20, 5, 20, 40)], np.float32), np.array([2]), 64, 64)
    return rng.normal(0, 3, (2, 14, 16, 16)), [np.stack(pair) for pair in zip(page, other, strict=True)]


def losses_and_gradients(maps, targets):
    """Of the maps, in each framework, in float64."""
    import tensorflow as tf
    import torch

    from digits.backends.pytorch.finder import finder_loss
    from digits.backends.tensorflow.finder import finder_loss as their_loss

    ours = torch.tensor(maps, requires_grad=True)
    loss = finder_loss(ours, *map(torch.from_numpy, targets))
    loss.backward()
    theirs = tf.Variable(maps)
    with tf.GradientTape() as tape:
        other = their_loss(theirs, *map(tf.constant, targets), tf.float64)
    return (loss.item(), ours.grad.numpy()), (float(other), tape.gradient(other, theirs).numpy())


def test_the_loss_and_its_gradients_are_the_same_in_both_and_the_papers(said):
    maps, wanted = said
    (loss, gradients), (other, others) = losses_and_gradients(maps, wanted)
    assert loss == pytest.approx(plain_loss(maps, *wanted), rel=1e-6)
    assert other == pytest.approx(loss, rel=1e-6)
    assert np.allclose(gradients, others, rtol=1e-6, atol=1e-9)
    step = np.zeros_like(maps)
    for place in [(0, 7, 6, 3), (0, 7, 6, 4), (1, 3, 0, 0), (0, 10, 6, 3), (0, 12, 6, 3), (1, 13, 15, 15)]:
        step[place] = 1e-6
        slope = (plain_loss(maps + step, *wanted) - plain_loss(maps - step, *wanted)) / 2e-6
        assert gradients[place] == pytest.approx(slope, abs=1e-5), place
        step[place] = 0


def test_pages_without_digits_have_a_loss(said):
    maps, wanted = said
    (loss, _), (other, _) = losses_and_gradients(maps, [np.zeros_like(one) for one in wanted])
    assert 0 < loss == pytest.approx(other, rel=1e-6)


def test_both_frameworks_train_to_the_same_weights(mnist):
    # Forwards, loss, gradients, Adam and running means at once: in float64 only the order of additions differs.
    taken = list(lockstep(mnist, replace(SMALL, pages=12, epochs=1), 4, 0, "float64"))
    assert [step.pytorch for step in taken] == pytest.approx([step.tensorflow for step in taken], rel=1e-9)
    assert len({step.pytorch for step in taken}) == 4
    assert taken[-1].difference < 1e-9


def trainer_of(backend, mnist, recipe, precision="float32"):
    network = built(backend, recipe)
    return network, backend.trainer(network, mnist.train.images, mnist.train.labels, recipe, 0, precision)


def test_a_short_training_lowers_the_loss_and_counts_all_its_crops(backend, mnist):
    recipe = replace(SMALL, pages=9, epochs=3, batch_size=8)
    trainer = backend.trainer(built(backend, recipe), mnist.train.images, mnist.train.labels, recipe, 0, "float32")
    reports = [list(trainer.epoch(epoch)) for epoch in range(3)]
    assert [count for count, _ in reports[0]] == [8, 8, 8, 8, 4]
    first, _, last = ([loss for _, loss in epoch] for epoch in reports)
    assert np.mean(first) > 4.5
    assert np.mean(last) < 0.85 * np.mean(first)


@pytest.mark.parametrize("name", BACKENDS)
def test_a_training_that_goes_on_ends_with_the_same_bits(name, mnist):
    info = ModelInfo(replace(SMALL, pages=4, epochs=3), "mnist", tuple("0123456789"), (0.0, 1.0))
    training = Training(name, info, mnist.train, None, 0, PRECISIONS[-1])
    whole = [report.progress for report in training.run(training.build()[1]) if report.progress]
    start = Progress(whole[0].history, whole[0].trainer, whole[0].best)
    backend, other = training.build()
    *_, rest = training.run(other, start, "the checkpoint")
    losses = [epoch["loss"] for epoch in whole[-1].history]
    assert [epoch["loss"] for epoch in rest.progress.history] == losses
    assert losses[2] < losses[0]
    assert all(np.array_equal(array, whole[-1].best[key]) for key, array in backend.weights(other).items())


def test_the_layers_are_told_for_a_page_of_192_pixels(backend):
    layers = backend.layers(built(backend, RECIPES["finder"]))
    assert layers[0][:2] == ("conv1", (16, 96, 96))
    assert layers[-1][:2] == ("conv18", (14, 48, 48))
    assert sum(layer.weights for layer in layers) == 1_110_398


def test_a_file_gives_back_the_finder(backend, tmp_path):
    network = built(backend, SMALL)
    info = ModelInfo(SMALL, "mnist", tuple("0123456789"), backend.PIXEL_RANGE)
    path = tmp_path / f"model{next(one.suffix for name, one in BACKENDS.items() if load_backend(name) is backend)}"
    path.write_bytes(backend.encode(network, info))
    again, found = backend.decode(path, backend.select_device("cpu"))
    assert found == info
    answers = backend.predict(again, found.sample)
    assert np.array_equal(answers, backend.predict(network, found.sample))
    found.check_answers(answers, path)
