import io
import json
import re
import runpy
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace

import h5py
import numpy as np
import pytest
import safetensors.numpy
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from scipy.special import softmax

from digits.backends import BACKENDS, load_backend
from digits.backends.pytorch import networks
from digits.errors import DigitsError
from digits.models import ModelInfo
from digits.recipes import RECIPES
from tests.backends.conftest import built
from tests.conftest import ROOT

pytestmark = pytest.mark.whole

CPU = {"pytorch": "cpu", "tensorflow": "/CPU:0"}
NAMES = ["conv1", "conv2", "dense1", "dense2"]


def info_of(backend, classes: str = "0123456789") -> ModelInfo:
    return ModelInfo(RECIPES["baseline"], "mnist", tuple(classes), backend.PIXEL_RANGE)


def filled(backend, seed=1):
    """A network whose every weight is random, biases too."""
    network = backend.build(info_of(backend), seed, backend.select_device("cpu"))
    rng = np.random.default_rng(seed)
    arrays = {name: rng.normal(0, 0.1, old.shape).astype(np.float32) for name, old in backend.weights(network).items()}
    backend.set_weights(network, arrays)
    return network, arrays


@pytest.fixture
def path(backend, tmp_path):
    """A model's file."""
    name = "pytorch" if backend is load_backend("pytorch") else "tensorflow"
    path = tmp_path / f"model{BACKENDS[name].suffix}"
    path.write_bytes(backend.encode(filled(backend)[0], info_of(backend)))
    return path


def opened(backend, path):
    return backend.decode(path, backend.select_device("cpu"))


def refused(backend, path) -> str:
    with pytest.raises(DigitsError) as caught:
        opened(backend, path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def test_weights_come_back_from_a_file_bit_for_bit(backend, path, rng):
    network, arrays = filled(backend)
    again, info = opened(backend, path)
    assert info == info_of(backend)
    assert backend.weights(again).keys() == arrays.keys()
    assert all(np.array_equal(array, arrays[name]) for name, array in backend.weights(again).items())
    images = rng.integers(0, 256, (5, 28, 28), np.uint8)
    assert np.array_equal(backend.predict(network, images), backend.predict(again, images))


def test_the_layout_is_pytorchs_whichever_the_backend(backend):
    _, arrays = filled(backend)
    shapes = {name: array.shape for name, array in arrays.items()}
    assert list(shapes) == [f"{name}.{kind}" for name in NAMES for kind in ("weight", "bias")]
    assert shapes["conv2.weight"] == (32, 16, 3, 3)
    assert shapes["dense1.weight"] == (128, 800)


def test_the_same_arrays_are_the_same_network_in_both_frameworks(rng):
    backends = [load_backend(name) for name in CPU]
    info = info_of(backends[0])
    arrays = filled(backends[0])[1]
    images = rng.integers(0, 256, (50, 28, 28), np.uint8)
    logits = []
    for backend in backends:
        network = backend.build(info, 0, backend.select_device("cpu"))
        backend.set_weights(network, arrays)
        assert all(np.array_equal(array, arrays[name]) for name, array in backend.weights(network).items())
        logits.append(backend.predict(network, images))
    assert np.abs(logits[0] - logits[1]).max() < 1e-4
    assert np.abs(logits[0]).max() > 1


def test_weights_taken_out_are_a_copy(backend, rng):
    network, arrays = filled(backend)
    for array in backend.weights(network).values():
        array += 1
    assert all(np.array_equal(array, arrays[name]) for name, array in backend.weights(network).items())


def test_weights_of_another_precision_are_refused(backend):
    network, arrays = filled(backend)
    with pytest.raises(DigitsError, match="^the model: conv1.weight is float64 of shape .* allowed: float32"):
        backend.set_weights(network, {name: array.astype(np.float64) for name, array in arrays.items()})


def test_safetensors_usual_tool_opens_the_models_of_pytorch(finished_runs):
    with safe_open(finished_runs / "pytorch_model.safetensors", framework="np") as file:
        assert set(file.keys()) == {f"{layer}.{kind}" for layer in (0, 3, 7, 10) for kind in ("weight", "bias")}
        assert file.get_tensor("7.weight").shape == (128, 800)
        description = json.loads(file.metadata()["digits"])
    assert description["recipe"]["architecture"] == "baseline"
    assert description["recipe"]["epochs"] == 3
    assert description["classes"] == list("0123456789")
    assert description["pixel_range"] == [-1, 1]


LOADING = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "models.md").read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("lines", "backend", "answer"),
    [
        (LOADING[0], "pytorch", lambda model, images: model(torch.from_numpy(images[:, None] / np.float32(127.5) - 1))),
        (LOADING[1], "tensorflow", lambda model, images: model(images)),
        (LOADING[2], "tensorflow", lambda model, images: model(images[..., None] / np.float32(255))),
    ],
)
def test_what_the_page_shows_loads_a_run_into_the_network_of_the_script(
    lines, backend, answer, finished_runs, mnist, tmp_path, monkeypatch
):
    assert len([line for line in lines.splitlines() if line and not line.startswith("#")]) <= 3
    (tmp_path / "outputs").symlink_to(finished_runs)
    monkeypatch.chdir(tmp_path)
    script = runpy.run_path(str(ROOT / f"mnist_{backend}.py"))
    load_backend(backend)  # which tells the framework how many threads it may have
    known = {"network": script["network"], "keras": sys.modules.get("keras")}
    exec(lines, known)  # noqa: S102
    with torch.no_grad():
        logits = answer(known["model"], mnist.test.images[:1000]).numpy()
    assert np.abs(softmax(logits, axis=1) - np.load(f"outputs/{backend}_probs.npy")[:1000]).max() < 1e-5


def test_files_with_the_names_that_earlier_versions_wrote_open(tmp_path):
    backend, path = load_backend("pytorch"), tmp_path / "model.safetensors"
    _, arrays = filled(backend)
    safetensors_file(path, arrays, info_of(backend))
    assert all(np.array_equal(array, arrays[name]) for name, array in backend.weights(opened(backend, path)[0]).items())


@pytest.mark.parametrize("recipe", ["deep", "fast"])
def test_the_networks_of_an_ensemble_load_by_their_own_names(recipe, tmp_path):
    backend, path = load_backend("pytorch"), tmp_path / "model.safetensors"
    info = replace(info_of(backend), recipe=replace(RECIPES[recipe], ensemble=2))
    models = backend.build(info, 3, backend.select_device("cpu"))
    path.write_bytes(backend.encode(models, info))
    tensors = load_file(path)
    for index, member in enumerate(backend.members(models)):
        begin = f"members.{index}."
        network = networks.ARCHITECTURES[recipe](info.recipe.filters, info.recipe.hidden_units, 0.0, 10)
        network.load_state_dict({n.removeprefix(begin): one for n, one in tensors.items() if n.startswith(begin)})
        for name, one in member.network.state_dict().items():
            assert torch.equal(network.state_dict()[name], one)


def test_keras_own_loader_opens_the_models_of_tensorflow(finished_runs, mnist):
    backend = load_backend("tensorflow")
    import keras

    path = finished_runs / "tensorflow_model.keras"
    images = mnist.test.images[:1000]
    logits = keras.models.load_model(path).predict(images, verbose=0)
    network, info = opened(backend, path)
    assert np.abs(logits - backend.predict(network, images)).max() < 1e-4
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.abs(probabilities - np.load(finished_runs / "tensorflow_probs.npy")[:1000]).max() < 1e-5
    with zipfile.ZipFile(path) as archive:
        assert ModelInfo.from_json(archive.read("digits.json"), path) == info
    assert info == info_of(backend)


def test_a_file_that_is_missing_or_a_folder_is_refused(backend, path):
    path.unlink()
    assert refused(backend, path) == f"{path} is not there"
    path.mkdir()
    assert refused(backend, path)


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.7, 0.99, 0.9999])
def test_a_truncated_file_is_refused(backend, path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert "is damaged or not a" in refused(backend, path)


def test_a_file_of_something_else_is_refused(backend, path):
    path.write_bytes(b"GIF89a" + bytes(1000))
    assert "is damaged or not a" in refused(backend, path)


def test_any_damage_is_refused_in_one_line_or_harmless(backend, path):
    rng = np.random.default_rng(0)
    data = path.read_bytes()
    for _ in range(20):
        damaged = bytearray(data)
        for place in rng.integers(0, 9000, 3):  # where both formats keep their structure
            damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            opened(backend, path)
        except DigitsError as error:
            assert str(path) in str(error)
            assert "\n" not in str(error)


# PyTorch


def safetensors_file(path, arrays, info: ModelInfo | None):
    metadata = {"digits": info.to_json()} if info else None
    path.write_bytes(safetensors.numpy.save(arrays, metadata=metadata))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conv1.bias": None}, "conv1.bias is missing"),
        ({"evil.bias": np.zeros(1, np.float32)}, "evil.bias is extra"),
        ({"conv1.bias": np.zeros(17, np.float32)}, "conv1.bias is float32 of shape (17,)"),
        ({"conv1.bias": np.zeros(16, np.float64)}, "conv1.bias is float64"),
        ({"conv1.bias": np.zeros(16, np.float16)}, "conv1.bias is float16"),
        ({"conv1.bias": np.full(16, np.nan, np.float32)}, "conv1.bias holds values that are not finite"),
        ({"conv1.bias": np.full(16, np.inf, np.float32)}, "conv1.bias holds values that are not finite"),
    ],
)
def test_safetensors_with_other_arrays_are_refused(change, message, tmp_path):
    backend, path = load_backend("pytorch"), tmp_path / "model.safetensors"
    arrays = {**filled(backend)[1], **change}
    safetensors_file(path, {name: array for name, array in arrays.items() if array is not None}, info_of(backend))
    assert message in refused(backend, path)


def test_safetensors_without_our_description_are_refused(tmp_path):
    backend, path = load_backend("pytorch"), tmp_path / "model.safetensors"
    safetensors_file(path, filled(backend)[1], None)
    assert "its description is not one" in refused(backend, path)
    safetensors_file(path, filled(backend)[1], info_of(backend, classes="abc"))
    assert "allowed: float32 of shape (3," in refused(backend, path)


# TensorFlow


def rezipped(path, compression=zipfile.ZIP_STORED, **members: bytes | None) -> None:
    """Replace members of a .keras file, or drop them."""
    with zipfile.ZipFile(path) as archive:
        old = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in {**old, **members}.items():
            if data is not None:
                archive.writestr(name, data)


def with_weights(path, change: Callable[[h5py.File], object]) -> None:
    """Apply `change` to the HDF5 file in a .keras file."""
    with zipfile.ZipFile(path) as archive:
        buffer = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(buffer, "r+") as file:
        change(file)
    rezipped(path, **{"model.weights.h5": buffer.getvalue()})


@pytest.fixture
def keras_file(tmp_path):
    backend = load_backend("tensorflow")
    path = tmp_path / "model.keras"
    path.write_bytes(backend.encode(filled(backend)[0], info_of(backend)))
    return path


EVIL = """
import pathlib
pathlib.Path({marker!r}).write_text("imported")
class Layer:
    def __init__(self, *arguments, **names):
        pathlib.Path({marker!r}).write_text("built")
    from_config = __init__
"""


def test_what_a_configuration_says_is_never_built(keras_file, tmp_path, monkeypatch):
    import keras

    backend, marker = load_backend("tensorflow"), tmp_path / "marker"
    (tmp_path / "evil.py").write_text(EVIL.format(marker=str(marker)))
    monkeypatch.syspath_prepend(tmp_path)
    spell = keras.layers.Lambda(eval(f"lambda x: [x, open({str(marker)!r}, 'w')][0]"))  # noqa: S307
    hostile = keras.Sequential([keras.layers.Input((28, 28), dtype="uint8"), spell])
    marker.unlink(missing_ok=True)
    ours = json.dumps({"module": "evil", "class_name": "Layer", "config": {}, "registered_name": "Layer"})
    for config in (hostile.to_json(), ours, "{", ""):
        rezipped(keras_file, **{"config.json": config.encode(), "metadata.json": b"[]"})
        network, _ = opened(backend, keras_file)
        arrays = filled(backend)[1]
        assert all(np.array_equal(array, arrays[name]) for name, array in backend.weights(network).items())
        assert not marker.exists()
    assert "evil" not in sys.modules
    # The trap works: built, it does what it must not.
    keras.saving.deserialize_keras_object(json.loads(hostile.to_json()), safe_mode=False)
    assert marker.exists()


@pytest.mark.parametrize("member", ["digits.json", "model.weights.h5"])
def test_a_keras_file_without_a_member_is_refused(keras_file, member):
    rezipped(keras_file, **{member: None})
    assert f"There is no item named '{member}'" in refused(load_backend("tensorflow"), keras_file)


def test_a_compressed_keras_file_is_refused(keras_file):
    rezipped(keras_file, zipfile.ZIP_DEFLATED, **{"model.weights.h5": bytes(10_000_000)})
    assert "compressed" in refused(load_backend("tensorflow"), keras_file)


def test_a_member_of_a_huge_declared_size_is_refused(keras_file):
    data = bytearray(keras_file.read_bytes())
    with zipfile.ZipFile(keras_file) as archive:
        size = archive.getinfo("model.weights.h5").file_size.to_bytes(4, "little")
    place = data.rindex(size)  # in the zip's directory, at its end
    data[place : place + 4] = (0x7FFFFFFF).to_bytes(4, "little")
    keras_file.write_bytes(data)
    assert "larger than any of our models" in refused(load_backend("tensorflow"), keras_file)


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"[" * 100_000, b'{"recipe": {"dropout": 5}}'])
def test_a_keras_file_with_another_description_is_refused(keras_file, text):
    rezipped(keras_file, **{"digits.json": text})
    assert "its description is not one" in refused(load_backend("tensorflow"), keras_file)


def test_a_keras_file_with_the_wrong_number_of_classes_is_refused(keras_file):
    backend = load_backend("tensorflow")
    rezipped(keras_file, **{"digits.json": info_of(backend, classes="abc").to_json().encode()})
    assert "does not fit its architecture baseline" in refused(backend, keras_file)


BIAS = "layers/conv2d/vars/1"


def replaced(file: h5py.File, name: str, **dataset) -> None:
    del file[name]
    file.create_dataset(name, **dataset)


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((16,), np.float32)
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (16,))
    del file[BIAS]
    file.create_virtual_dataset(BIAS, layout)


def linked(file: h5py.File, link) -> None:
    del file[BIAS]
    file[BIAS] = link


CHANGES = {
    "an array missing": lambda file: file.__delitem__(BIAS),
    "all missing": lambda file: file.clear(),
    "an array too many": lambda file: file.create_dataset("layers/conv2d/vars/2", data=np.zeros(1, np.float32)),
    "another shape": lambda file: replaced(file, BIAS, data=np.zeros(17, np.float32)),
    "another type": lambda file: replaced(file, BIAS, data=np.zeros(16, np.float64)),
    "whole numbers": lambda file: replaced(file, BIAS, data=np.zeros(16, np.int32)),
    "strings": lambda file: replaced(file, BIAS, data=["x"] * 16),
    "no number": lambda file: file[BIAS].__setitem__(3, np.nan),
    "an endless number": lambda file: file[BIAS].__setitem__(3, np.inf),
    "a huge array": lambda file: replaced(file, BIAS, shape=(1 << 40,), dtype=np.float32, chunks=(1024,)),
    "a group": lambda file: [file.__delitem__(BIAS), file.create_group(BIAS)],
    "bytes of another file": lambda file: replaced(
        file, BIAS, shape=(16,), dtype=np.float32, external=[("/etc/passwd", 0, 64)]
    ),
    "a view of another file": virtual,
    "a link to another file": lambda file: linked(file, h5py.ExternalLink("/tmp/other.h5", "/x")),  # noqa: S108
    "a link to nothing": lambda file: linked(file, h5py.SoftLink("/none")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_keras_file_with_other_arrays_is_refused(keras_file, change):
    with_weights(keras_file, change)
    message = refused(load_backend("tensorflow"), keras_file)
    assert "does not fit its architecture" in message or "another file" in message or "not finite" in message


def test_weights_that_are_no_hdf5_are_refused(keras_file):
    rezipped(keras_file, **{"model.weights.h5": b"not HDF5"})
    assert "its weights cannot be read" in refused(load_backend("tensorflow"), keras_file)


# Every architecture


def spread(backend, recipe, seed=1):
    """A network with random weights and statistics, none of them at its start."""
    network = built(backend, recipe, seed)
    rng = np.random.default_rng(seed)
    arrays = {
        name: old + (rng.uniform(0.1, 0.5, old.shape) if old.ndim == 1 else 0)
        for name, old in backend.weights(network).items()
    }
    backend.set_weights(network, {name: array.astype(np.float32) for name, array in arrays.items()})
    return network


def test_every_architecture_comes_back_from_its_file(backend, recipe, tmp_path, rng):
    members = 2 if recipe.name == "deep" else 1
    name = "pytorch" if backend is load_backend("pytorch") else "tensorflow"
    info = ModelInfo(replace(recipe, ensemble=members), "mnist", tuple("0123456789"), backend.PIXEL_RANGE)
    network = backend.build(info, 0, backend.select_device("cpu"))
    for index, member in enumerate(backend.members(network)):
        backend.set_weights(member, backend.weights(spread(backend, recipe, seed=index)))
    path = tmp_path / f"model{BACKENDS[name].suffix}"
    path.write_bytes(backend.encode(network, info))
    again, same = opened(backend, path)
    arrays, found = backend.weights(network), backend.weights(again)
    assert (same, list(found)) == (info, list(arrays))
    assert all(np.array_equal(array, found[key]) for key, array in arrays.items())
    images = rng.integers(0, 256, (5, 28, 28), np.uint8)
    logits = backend.predict(network, images)
    assert np.array_equal(logits, backend.predict(again, images))
    if name == "tensorflow":
        import keras

        theirs = keras.models.load_model(path)
        assert np.abs(theirs.predict(images, verbose=0) - logits).max() < 1e-4


def test_every_architecture_is_the_same_in_both_frameworks_and_in_onnx(recipe, rng):
    import onnxruntime

    from digits.backends.pytorch.onnx import to_onnx

    members = 2 if recipe.name == "deep" else 1
    info = ModelInfo(replace(recipe, ensemble=members), "mnist", tuple("0123456789"), (0.0, 1.0))
    backends = {name: load_backend(name) for name in CPU}
    networks = {name: one.build(info, 0, one.select_device("cpu")) for name, one in backends.items()}
    for one, network in zip(backends.values(), networks.values(), strict=True):
        for index, member in enumerate(one.members(network)):
            one.set_weights(member, backends["pytorch"].weights(spread(backends["pytorch"], recipe, seed=index)))
    backends["tensorflow"].set_weights(networks["tensorflow"], backends["pytorch"].weights(networks["pytorch"]))
    backends["pytorch"].set_weights(networks["pytorch"], backends["tensorflow"].weights(networks["tensorflow"]))
    images = rng.integers(0, 256, (7, 28, 28), np.uint8)
    logits = [one.predict(networks[name], images) for name, one in backends.items()]
    assert np.abs(logits[0] - logits[1]).max() < 1e-4
    assert np.ptp(logits[0], axis=0).max() > 1e-3
    session = onnxruntime.InferenceSession(to_onnx(networks["pytorch"], info), providers=["CPUExecutionProvider"])
    answers = dict(zip((one.name for one in session.get_outputs()), session.run(None, {"images": images}), strict=True))
    assert np.abs(answers["logits"] - logits[0][:, :10]).max() < 1e-4
    assert np.abs(answers["probabilities"] - softmax(logits[0][:, :10], axis=1)).max() < 1e-5
    if recipe.nothing:
        assert np.abs(answers["doubts"] - softmax(logits[0], axis=1)[:, 10:]).max() < 1e-5
