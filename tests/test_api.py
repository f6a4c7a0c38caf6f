"""What `import digits` offers, and that docs/python.md is true."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import digits
from digits.backends import BACKENDS
from digits.cli import main
from digits.datasets import Dataset, Split, write_dataset
from digits.exchange.predictions import open_predictions
from tests.conftest import ROOT


@pytest.fixture
def small(mnist: Dataset, tmp_path: Path) -> Path:
    """A folder in the form of `--dataset`, of 2,000 images to learn from and 500 to be asked about."""
    train, test = (
        Split(one.images[:count], one.labels[:count]) for one, count in ((mnist.train, 2000), (mnist.test, 500))
    )
    write_dataset(replace(mnist, train=train, test=test), tmp_path / "small.npz", "npz")
    return tmp_path / "small.npz"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_is_trained_asked_saved_and_loaded(backend, small, mnist, tmp_path, monkeypatch, capsys):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    model = digits.train_model(backend, "baseline", str(small), epochs=2, precision="float32")
    assert "Epoch 2/2, Loss: " in capsys.readouterr().out
    assert not list(Path().iterdir())
    images, labels = mnist.test.images[:500], mnist.test.labels[:500]
    said = model.predict(images)
    assert said.dtype == np.int64
    assert (said == labels).mean() == model.accuracy > 0.7
    path = model.save("runs/first")
    assert np.array_equal(open_predictions(Path("runs/first") / f"{backend}_preds.npy", tmp_path).predictions, said)
    assert main(["export", str(path)]) == 0
    for file in (path, path.with_suffix(".onnx")):
        loaded = digits.load_model(str(file))
        assert loaded.classes == model.classes == tuple("0123456789")
        assert np.array_equal(loaded.predict(images), said)
        assert np.allclose(loaded.probabilities(images), model.probabilities(images), atol=1e-5)


def test_python_and_the_command_train_the_same_network(small, tmp_path):
    model = digits.train_model("pytorch", "baseline", str(small), epochs=1, seed=3, learning_rate=0.002)
    flags = ["--dataset", small, "--epochs", 1, "--seed", 3, "--learning-rate", 0.002, "--output-dir", tmp_path / "run"]
    assert main(["train", "pytorch", *map(str, flags)]) == 0
    saved = np.load(tmp_path / "run" / "pytorch_probs.npy")
    assert np.array_equal(model.result.probabilities, saved)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"backend": "jax"}, "backend is 'jax'; allowed: pytorch, tensorflow"),
        ({"device": "gpu"}, "device is 'gpu'; allowed: auto, cpu, cuda, mps"),
        ({"precision": "float16"}, "precision is 'float16'; allowed: auto, float32, bfloat16"),
        ({"epoch": 5}, "a field of the recipe is 'epoch'; allowed: "),
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": "5"}, "epochs is "),
        ({"rotation": 400}, "rotation is 400"),
        ({"recipe": "huge"}, "recipe is huge, but must be baseline"),
        ({"recipe": "finder"}, "recipe is finder, which finds digits and predicts no class. Run: digits train pytorch"),
        ({"dataset": "nowhere.npz"}, "nowhere.npz"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_what_is_not_allowed_is_said_before_anything_is_trained(given, said, capsys):
    with pytest.raises(digits.DigitsError, match=re.escape(said)):
        digits.train_model(**{"backend": "pytorch", **given})
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros((1, 28, 28), np.float32),
        np.zeros((1, 8, 8), np.uint8),
        [["a"]],
        np.uint8(3),
    ],
    ids=str,
)
def test_images_of_another_form_are_refused(images):
    model = digits.load_model(ROOT / "digits" / "page" / "baseline.onnx")
    with pytest.raises(digits.DigitsError, match=r"allowed: uint8 of shape \(n, 28, 28\)"):
        model.predict(images)


@pytest.mark.parametrize("name", ["model.pt", "model", "absent.onnx", "absent.keras"])
def test_what_is_no_model_is_not_loaded(name, tmp_path):
    with pytest.raises(digits.DigitsError, match=name):
        digits.load_model(tmp_path / name)


def test_all_that_is_offered_shows_and_nothing_is_loaded_for_it():
    code = "import sys, digits; print(*dir(digits)); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    offered, loaded = (line.split() for line in done.stdout.splitlines())
    assert {"read", "Reader", "Reading", "Digit", "DigitsError", "train_model", "load_model", "__version__"} <= set(
        offered
    )
    assert not {"numpy", "torch", "tensorflow", "onnxruntime", "digits.api"} & set(loaded)
    assert all(getattr(digits, name) for name in offered)
    assert (Path(digits.__file__).parent / "py.typed").is_file()
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = digits.nothing


def test_the_page_about_python_is_true(tmp_path, data_dir, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist_data").symlink_to(data_dir)
    for target in ("photo.jpg", "scans/one.png", "my-digits/7/one.jpg"):
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "lessons" / "my_digit.jpg", target)
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL | re.MULTILINE)
    known: dict[str, object] = {}
    for block in blocks:
        exec(block, known)  # noqa: S102  # ours
    assert capsys.readouterr().out.splitlines()[-1].startswith("epochs is 0")
    assert (tmp_path / "outputs" / "pytorch_preds.npy").is_file()
    assert known["reading"].text
