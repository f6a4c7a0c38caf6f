import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digits.backends import BACKENDS
from digits.errors import DigitsError, not_installed
from digits.exchange.convert import convert, open_model
from digits.models import ModelInfo
from digits.runs import model_name
from tests.conftest import run, without
from tests.test_scripts import refused

pytestmark = pytest.mark.whole

OTHER = {"pytorch": "tensorflow", "tensorflow": "pytorch"}


@pytest.fixture(scope="module")
def converted(finished_runs, tmp_path_factory) -> dict[str, Path]:
    """Each run's model as one of the other framework; by the original's backend. The first is made by the command."""
    folder = tmp_path_factory.mktemp("converted")
    targets = {backend: folder / f"from_{backend}{BACKENDS[OTHER[backend]].suffix}" for backend in BACKENDS}
    done = run("-m", "digits", "convert", finished_runs / model_name("pytorch"), targets["pytorch"])
    assert (done.returncode, done.stdout, done.stderr) == (0, f"Saved {targets['pytorch']}\n", "")
    convert(finished_runs / model_name("tensorflow"), targets["tensorflow"])
    return targets


def weights_and_info(path: Path) -> tuple[dict[str, np.ndarray], ModelInfo]:
    backend, network, info = open_model(path)
    return backend.weights(network), info


@pytest.mark.parametrize("backend", BACKENDS)
def test_original_and_converted_give_the_same_answers(backend, converted, finished_runs, mnist):
    logits = []
    for path in (finished_runs / model_name(backend), converted[backend]):
        framework, network, _ = open_model(path)
        logits.append(framework.predict(network, mnist.test.images))
    assert np.array_equal(logits[0].argmax(1), np.load(finished_runs / f"{backend}_preds.npy"))
    assert np.array_equal(logits[0].argmax(1), logits[1].argmax(1))
    assert np.abs(logits[0] - logits[1]).max() < 1e-4


@pytest.mark.parametrize("backend", BACKENDS)
def test_weights_and_description_travel_unchanged(backend, converted, finished_runs):
    weights, info = weights_and_info(finished_runs / model_name(backend))
    others, other_info = weights_and_info(converted[backend])
    assert info == other_info
    assert info.pixel_range == {"pytorch": (-1.0, 1.0), "tensorflow": (0.0, 1.0)}[backend]
    assert all(np.array_equal(array, others[name]) for name, array in weights.items())


def test_a_round_trip_of_safetensors_is_the_same_bytes(converted, finished_runs, tmp_path):
    convert(converted["pytorch"], tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (finished_runs / model_name("pytorch")).read_bytes()


def test_a_round_trip_of_keras_is_the_same_arrays(converted, finished_runs, tmp_path):
    convert(converted["tensorflow"], tmp_path / "again.keras")
    weights, info = weights_and_info(finished_runs / model_name("tensorflow"))
    again, again_info = weights_and_info(tmp_path / "again.keras")
    assert info == again_info
    assert all(np.array_equal(array, again[name]) for name, array in weights.items())


def test_keras_own_loader_knows_the_pixel_range_of_a_converted_model(converted, finished_runs, mnist):
    import keras

    images = mnist.test.images[:500]
    backend, network, _ = open_model(finished_runs / model_name("pytorch"))
    theirs = keras.models.load_model(converted["pytorch"]).predict(images, verbose=0)
    assert np.abs(theirs - backend.predict(network, images)).max() < 1e-4


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("a.keras", "b.keras", "a.keras and b.keras are models of the same framework; nothing to convert"),
        ("a.safetensors", "a.safetensors", "are models of the same framework; nothing to convert"),
        ("a.safetensors", "b c.onnx", "b c.onnx would be .* Run: digits export a.safetensors --output 'b c.onnx'$"),
        ("a.onnx", "b.keras", "a.onnx is exported already, from which there is no way back; allowed: .safetensors or"),
        ("a.pt", "b.keras", "a.pt is no model's name; allowed: names that end in .safetensors or .keras"),
        ("a", "b.keras", "a is no model's name"),
        ("none.keras", "b.safetensors", "none.keras is not there"),
        ("none.safetensors", "b.keras", "none.safetensors is not there"),
    ],
)
def test_what_cannot_be_converted_is_refused(source, target, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DigitsError, match=message):
        convert(Path(source), Path(target))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_model_is_refused_and_the_target_stays(finished_runs, tmp_path):
    source, target = tmp_path / "damaged.safetensors", tmp_path / "target.keras"
    source.write_bytes((finished_runs / model_name("pytorch")).read_bytes()[:-5])
    target.write_bytes(b"as it was")
    with pytest.raises(DigitsError, match=f"^{source} is damaged"):
        convert(source, target)
    assert target.read_bytes() == b"as it was"


@pytest.mark.parametrize(("package", "extra"), [("torch", "pytorch"), ("tensorflow", "tensorflow")])
def test_an_extra_that_is_missing_is_named(package, extra, finished_runs, tmp_path):
    source = shutil.copy(finished_runs / model_name("pytorch"), tmp_path)
    message = refused("-m", "digits", "convert", source, tmp_path / "b.keras", PYTHONPATH=without(package, tmp_path))
    assert message == str(not_installed(BACKENDS[extra].title, extra))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_network_that_answers_otherwise_is_never_taken_for_ours(backend, finished_runs):
    """As of a script whose edit no description names: the weights fit, and yet it is another network."""
    path = finished_runs / model_name(backend)
    _, _, info = open_model(path)
    answers = info.answers
    assert np.array(answers).shape == (4, 10)
    for place, change in ((0, 0.5), (3, -0.5)):
        changed = [list(row) for row in answers]
        changed[place][7] += change * max(1, abs(changed[place][7]))
        with pytest.raises(DigitsError, match="is of another network than our baseline; its script"):
            replace(info, answers=tuple(map(tuple, changed))).check_answers(np.array(answers), path)
