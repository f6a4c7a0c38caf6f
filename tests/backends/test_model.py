import platform
from dataclasses import replace

import numpy as np
import pytest

from digits.backends import load_backend
from digits.errors import DigitsError
from digits.hardware import multiplies_bfloat16
from digits.models import ModelInfo
from digits.recipes import RECIPES
from tests.backends.conftest import built, kernels_and_biases

BASELINE = RECIPES["baseline"]


def test_the_network_is_the_seeds(backend):
    weights = kernels_and_biases(built(backend, BASELINE))
    assert [array.size for array in weights] == [16 * 9, 16, 32 * 16 * 9, 32, 800 * 128, 128, 128 * 10, 10]


def test_weights_are_glorot_uniform_and_biases_zero(backend):
    weights = kernels_and_biases(built(backend, BASELINE))
    fans = [(9, 16 * 9), (16 * 9, 32 * 9), (800, 128), (128, 10)]
    for kernel, bias, (fan_in, fan_out) in zip(weights[::2], weights[1::2], fans, strict=True):
        bound = np.sqrt(6 / (fan_in + fan_out))
        assert bound * 0.95 < np.abs(kernel).max() <= bound
        assert kernel.std() == pytest.approx(bound / np.sqrt(3), rel=0.1)
        assert not bias.any()


def test_every_architecture_starts_glorot_uniform_without_bias(backend, recipe):
    # Batch normalisation starts as the identity.
    starts = {"bias": 0, "running_mean": 0, "running_var": 1, "weight": 1}
    kernels = 0
    for name, array in backend.weights(built(backend, recipe)).items():
        if array.ndim == 1:
            assert (array == starts[name.split(".")[1]]).all(), name
            continue
        area = array[0, 0].size
        bound = np.sqrt(6 / (area * (array.shape[0] + array.shape[1])))
        assert bound * 0.95 < np.abs(array).max() <= bound, name
        assert array.std() == pytest.approx(bound / np.sqrt(3), rel=0.1), name
        kernels += 1
    assert kernels >= 2


def test_both_frameworks_have_the_same_weights(recipe):
    shapes = []
    for name in ("pytorch", "tensorflow"):
        weights = load_backend(name).weights(built(load_backend(name), recipe))
        shapes.append([(key, array.shape, array.dtype) for key, array in weights.items()])
    assert shapes[0] == shapes[1]


def test_weights_are_named_by_kind_and_order_wherever_they_are_in_a_network():
    from torch import nn

    backend = load_backend("pytorch")

    def mine(filters, hidden_units, dropout, classes):
        inner = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.PReLU(), nn.Dropout(), nn.MaxPool2d(2))
        return nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), inner, nn.Flatten(), nn.Linear(75, 4), nn.Linear(4, 10)
        )

    info = ModelInfo(replace(BASELINE, ensemble=2), "mnist", tuple("0123456789"), backend.PIXEL_RANGE)
    network = backend.build(info, 0, backend.select_device("cpu"), make=mine)
    weights = backend.weights(network)
    names = ["conv1", "conv2", "norm1", "network.2.2", "dense1", "dense2"]
    assert list(dict.fromkeys(name.removeprefix("members.0.").rpartition(".")[0] for name in weights))[:6] == names
    assert len(weights) == 2 * (2 + 2 + 4 + 1 + 2 + 2)  # without batch normalisation's count of batches
    shown = [layer.name for layer in backend.layers(backend.members(network)[1])]
    assert shown == ["conv1", "pool1", "conv2", "norm1", "dropout1", "pool2", "dense1", "dense2"]


def test_the_seed_decides_the_weights(backend):
    first, again, other = (kernels_and_biases(built(backend, BASELINE, seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_layers_of_the_same_shape_would_not_start_alike(backend):
    kernels = kernels_and_biases(built(backend, BASELINE))[::2]
    size = min(kernel.size for kernel in kernels)
    scaled = [kernel.ravel()[:size] / np.abs(kernel).max() for kernel in kernels]
    assert np.abs(np.corrcoef(scaled)[np.triu_indices(4, 1)]).max() < 0.5


def test_max_pooling_before_relu_is_max_pooling_after_it(backend, rng):
    # The answers of the network, from its own weights, in NumPy and in the order in which the seed names the layers.
    network = built(backend, BASELINE)
    weights = kernels_and_biases(network)
    images = rng.integers(0, 256, (4, 28, 28), np.uint8)
    pytorch = load_backend("pytorch") is backend
    x = images / 127.5 - 1 if pytorch else images / 255
    x = x[..., np.newaxis]
    for kernel, bias in [(weights[0], weights[1]), (weights[2], weights[3])]:
        kernel = kernel.transpose(2, 3, 1, 0) if pytorch else kernel  # (3, 3, in, out)
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))  # (n, h, w, in, 3, 3)
        x = np.maximum(np.einsum("nhwikl,klio->nhwo", windows, kernel) + bias, 0)
        half = x.shape[1] // 2
        x = x[:, : 2 * half, : 2 * half].reshape(4, half, 2, half, 2, -1).max((2, 4))
    x = (x.transpose(0, 3, 1, 2) if pytorch else x).reshape(4, 800)
    dense = [weights[4].T, weights[6].T] if pytorch else [weights[4], weights[6]]
    expected = np.maximum(x @ dense[0] + weights[5], 0) @ dense[1] + weights[7]
    assert np.abs(backend.predict(network, images) - expected).max() < 1e-4


def test_prediction_does_not_depend_on_dropout_or_company(backend, recipe, mnist):
    images = mnist.test.images[:300]
    logits = backend.predict(built(backend, replace(recipe, dropout=0.9)), images)
    assert logits.shape == (300, 12 if recipe.nothing else 10)
    assert logits.dtype == np.float32
    without = built(backend, replace(recipe, dropout=0.0))
    assert np.allclose(logits, backend.predict(without, images), atol=1e-5)
    assert np.allclose(logits[7:8], backend.predict(built(backend, recipe), images[7:8]), atol=1e-5)


def test_precision_is_by_default_what_the_cpu_reports(backend):
    device = backend.select_device("cpu")
    assert backend.select_precision("auto", device) == ("bfloat16" if multiplies_bfloat16() else "float32")
    assert backend.select_precision("float32", device) == "float32"


@pytest.mark.parametrize(
    ("features", "auto", "named"),
    [
        ("avx2 fma", "float32", None),
        ("avx2 fma avx512f avx512bw", "float32", None),
        ("avx2 fma avx512f avx512bw avx512dq avx512vl", "float32", "bfloat16"),
        ("avx2 fma avx512f avx512bw avx512dq avx512vl avx512_bf16", "bfloat16", "bfloat16"),
        ("", "float32", None),
    ],
)
def test_each_kind_of_processor(backend, features, auto, named, monkeypatch):
    monkeypatch.setenv("DIGITS_CPU_FEATURES", features)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    device = backend.select_device("cpu")
    assert backend.select_precision("auto", device) == auto
    assert backend.select_precision("float32", device) == "float32"
    if named:
        assert backend.select_precision("bfloat16", device) == named
    else:
        with pytest.raises(DigitsError, match=r"lacks what that needs \(.*avx512vl\); allowed here: auto, float32"):
            backend.select_precision("bfloat16", device)


def test_a_device_that_is_not_there_is_refused(backend):
    assert backend.device_name(backend.select_device("cpu")) == "cpu"
    if backend.device_name(backend.select_device("auto")) == "cpu":
        with pytest.raises(DigitsError, match="device is cuda, but .* finds none here; allowed: auto, cpu"):
            backend.select_device("cuda")


def test_pixels_span_the_range_of_the_seed():
    assert load_backend("pytorch").PIXEL_RANGE == (-1.0, 1.0)
    assert load_backend("tensorflow").PIXEL_RANGE == (0.0, 1.0)


@pytest.mark.parametrize("pixel_range", [(0.0, 1.0), (-1.0, 1.0), (-0.5, 2.0)])
def test_a_network_brings_pixels_into_its_own_range(backend, pixel_range, rng):
    # A shift and a scale of the pixels can be undone in the first layer: the answers are then the same.
    images = rng.integers(0, 256, (4, 28, 28), np.uint8)
    info = ModelInfo(BASELINE, "mnist", tuple("0123456789"), (0.0, 1.0))
    network = backend.build(info, 0, backend.select_device("cpu"))
    weights = backend.weights(network)
    other = backend.build(replace(info, pixel_range=pixel_range), 0, backend.select_device("cpu"))
    low, high = pixel_range
    kernel = weights["conv1.weight"] / (high - low)
    bias = weights["conv1.bias"] - low * kernel.sum((1, 2, 3))
    backend.set_weights(other, {**weights, "conv1.weight": kernel, "conv1.bias": bias})
    assert np.allclose(backend.predict(network, images), backend.predict(other, images), atol=1e-5)
