import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from scipy.special import softmax

from digits.backends import BACKENDS
from digits.errors import DigitsError, not_installed
from digits.exchange.export import export
from digits.exchange.predictor import Predictor
from digits.models import ModelInfo, onnx_outputs
from digits.runs import model_name
from tests.conftest import ROOT, run, without
from tests.test_scripts import refused

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def exported(finished_runs, tmp_path_factory) -> dict[str, Path]:
    """Each run's model, exported; by backend. The first is exported by the command."""
    folder = tmp_path_factory.mktemp("exported")
    models = [Path(shutil.copy(finished_runs / model_name(backend), folder)) for backend in BACKENDS]
    done = run("-m", "digits", "export", models[0])
    assert (done.returncode, done.stdout, done.stderr) == (0, f"Saved {models[0].with_suffix('.onnx')}\n", "")
    export(models[1], models[1].with_suffix(".onnx"))
    return {backend: folder / f"{backend}_model.onnx" for backend in BACKENDS}


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_graph_takes_raw_images_and_gives_probabilities_and_logits(backend, exported):
    graph = session(exported[backend])
    (images,) = graph.get_inputs()
    assert (images.name, images.type, images.shape[1:]) == ("images", "tensor(uint8)", [28, 28])
    assert isinstance(images.shape[0], str)  # any number of them
    outputs = [(one.name, one.type, one.shape[1:]) for one in graph.get_outputs()]
    assert outputs == [("probabilities", "tensor(float)", [10]), ("logits", "tensor(float)", [10])]


@pytest.mark.parametrize("backend", BACKENDS)
def test_its_layers_have_their_names_and_can_be_made_outputs(backend, exported):
    layers = Predictor(exported[backend]).info.layers
    assert layers == ("conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "dense1", "relu3")
    inside = onnxruntime.InferenceSession(exported[backend].read_bytes() + onnx_outputs(layers))
    maps = dict(zip(layers, inside.run(list(layers), {"images": np.zeros((2, 28, 28), np.uint8)}), strict=True))
    assert maps["conv1"].shape == (2, 16, 26, 26)
    assert np.array_equal(maps["relu1"], maps["conv1"].clip(0))
    assert maps["relu3"].shape == (2, 128)


@pytest.mark.parametrize("backend", BACKENDS)
def test_its_answers_are_those_of_the_run(backend, exported, finished_runs, mnist):
    graph = session(exported[backend])
    parts = [graph.run(None, {"images": mnist.test.images[i : i + 500]}) for i in range(0, 10_000, 500)]
    probabilities, logits = (np.concatenate(part) for part in zip(*parts, strict=True))
    assert probabilities.dtype == logits.dtype == np.float32
    assert np.array_equal(probabilities.argmax(1), np.load(finished_runs / f"{backend}_preds.npy"))
    assert np.abs(probabilities - np.load(finished_runs / f"{backend}_probs.npy")).max() < 1e-5
    assert np.abs(probabilities - softmax(logits, axis=1)).max() < 1e-6


@pytest.mark.parametrize("count", [0, 1, 2, 7, 3000])
def test_it_takes_any_number_of_images(exported, mnist, count):
    graph = session(exported["pytorch"])
    probabilities, logits = graph.run(None, {"images": mnist.test.images[:count]})
    assert probabilities.shape == logits.shape == (count, 10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_checker_passes_and_the_file_says_what_it_is(backend, exported, finished_runs):
    model = onnx.load(exported[backend])
    onnx.checker.check_model(model, full_check=True)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    description = json.loads(metadata["digits"])
    assert description["recipe"] == json.loads((finished_runs / f"{backend}_run.json").read_text())["recipe"]
    assert description["dataset"] == "mnist"
    assert description["classes"] == list("0123456789")
    assert ModelInfo.from_json(metadata["digits"], exported[backend]).pixel_range == (
        (-1.0, 1.0) if backend == "pytorch" else (0.0, 1.0)
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_file_stands_alone_and_tells_nothing_of_this_machine(backend, exported):
    data = exported[backend].read_bytes()
    assert len(data) < 600_000
    assert str(ROOT).encode() not in data
    assert b"site-packages" not in data
    assert not list(exported[backend].parent.glob("*.data"))


def test_an_exported_model_has_a_name_of_its_own(finished_runs, tmp_path):
    model = Path(shutil.copy(finished_runs / model_name("pytorch"), tmp_path))
    before = model.read_bytes()
    with pytest.raises(DigitsError, match=f"^{model} is no exported model's name; allowed: names that end in .onnx"):
        export(model, model)
    assert model.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.safetensors", "none.safetensors is not there"),
        ("model.onnx", "model.onnx is exported already, from which there is no way back; allowed: .safetensors or"),
    ],
)
def test_what_cannot_be_exported_is_refused(name, message, tmp_path):
    with pytest.raises(DigitsError, match=message):
        export(tmp_path / name, tmp_path / "target.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("package", "name"), [("torch", "PyTorch"), ("onnxscript", "onnxscript")])
def test_an_extra_that_is_missing_is_named(package, name, finished_runs, tmp_path):
    model = finished_runs / model_name("pytorch")
    flags = ("--output", tmp_path / "target.onnx")
    message = refused("-m", "digits", "export", model, *flags, PYTHONPATH=without(package, tmp_path))
    assert message == str(not_installed(name, "pytorch"))
    assert not (tmp_path / "target.onnx").exists()
