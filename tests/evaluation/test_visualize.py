import numpy as np
import pytest

from digits.cli import main
from digits.commands.visualize import show_runs
from digits.errors import DigitsError
from digits.evaluation.visualize import load_runs, render_pictures
from digits.exchange import predictions as answers
from digits.exchange.classifier import Classifier
from digits.files import DATA_DIR
from digits.models import ModelInfo
from digits.recipes import RECIPES


def test_labels_of_something_else_are_refused(tmp_path, data_dir, mnist):
    np.save(tmp_path / "pytorch_preds.npy", mnist.test.labels)
    np.save(tmp_path / "pytorch_labels.npy", mnist.test.labels[::-1])
    with pytest.raises(DigitsError, match="labels of the pytorch run are not those of MNIST's test images"):
        show_runs(data_dir, tmp_path)


def test_predictions_alone_are_drawn(tmp_path, data_dir, mnist, capsys):
    predictions = mnist.test.labels.copy()
    predictions[np.flatnonzero(predictions)[:28]] = 0
    np.save(tmp_path / "tensorflow_preds.npy", predictions)
    np.save(tmp_path / "tensorflow_labels.npy", mnist.test.labels)
    show_runs(data_dir, tmp_path)
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {"confusion_matrix_tensorflow.png", "mistakes_tensorflow.png"}
    assert capsys.readouterr().out.splitlines()[-1].split() == ["TensorFlow", "99.72%", "99.60–99.81%", "?"]


def test_without_the_data_no_images_are_drawn(make_run, tmp_path, capsys):
    for backend in ("pytorch", "tensorflow"):
        make_run(tmp_path, backend, wrong={0: 5})
    show_runs(tmp_path / "none", tmp_path)
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {
        *(f"{kind}_{name}.png" for kind in ("confusion_matrix", "reliability") for name in ("pytorch", "tensorflow")),
        "loss_curves.png",
    }
    assert capsys.readouterr().err.count("are not drawn: MNIST is not in") == 2


@pytest.fixture
def own(tmp_path):
    """A user's own data, with the labels of `make_run`."""
    rng, labels = np.random.default_rng(0), np.repeat(np.arange(10), 10)
    arrays = {name: rng.integers(0, 256, (100, 28, 28), np.uint8) for name in ("x_train", "x_test")}
    for images in arrays.values():
        images[:, [0, -1]] = images[:, :, [0, -1]] = 0
    path = tmp_path / "my digits.npz"
    np.savez(path, **arrays, y_train=labels, y_test=labels)
    return path


def test_runs_on_data_of_the_user_get_every_picture_under_its_name(own, make_run, tmp_path, capsys):
    for backend in ("pytorch", "tensorflow"):
        make_run(tmp_path / "out", backend, wrong={0: 5}, dataset=str(own))
    runs = load_runs(tmp_path / "out")
    assert render_pictures(runs, DATA_DIR).keys() == {
        *(f"{kind}_{name}.png" for kind in ("confusion_matrix", "reliability", "mistakes") for name in runs),
        "disagreements.png",
        "loss_curves.png",
    }
    assert main(["evaluate", str(tmp_path / "out" / "pytorch_run.json")]) == 0
    assert capsys.readouterr().out.startswith("PyTorch on my digits.npz\n")


def test_a_data_folder_is_refused_unless_a_run_needs_it(own, make_run, tmp_path, mnist, data_dir):
    make_run(tmp_path, wrong={0: 5}, dataset=str(own))
    with pytest.raises(DigitsError, match="^--data-dir changes nothing for your own data in .*/my digits.npz; it is"):
        show_runs(data_dir, tmp_path)
    make_run(tmp_path, "tensorflow", labels=mnist.test.labels)
    assert {"mistakes_pytorch.png", "mistakes_tensorflow.png"} <= render_pictures(load_runs(tmp_path), data_dir).keys()


def test_data_of_the_user_that_are_gone_are_a_warning(own, make_run, tmp_path, capsys):
    make_run(tmp_path / "out", wrong={0: 5}, dataset=str(own))
    own.unlink()
    show_runs(DATA_DIR, tmp_path / "out")
    assert "mistakes_pytorch.png" not in {path.name for path in (tmp_path / "out").iterdir()}
    err = capsys.readouterr().err
    assert f"warning: the mistakes of PyTorch are not drawn: dataset is '{own}'; allowed: mnist" in err
    assert "there is nothing at this one" in err


def test_data_of_the_user_that_have_changed_are_a_warning(own, make_run, tmp_path, capsys):
    make_run(tmp_path / "out", wrong={0: 5}, dataset=str(own), labels=np.repeat(np.arange(10), 10)[::-1])
    show_runs(DATA_DIR, tmp_path / "out")
    expected = f"warning: the mistakes of PyTorch are not drawn: {own} has changed since. Train again\n"
    assert capsys.readouterr().err.endswith(expected)


def test_a_record_whose_dataset_is_not_a_name_is_refused(make_run, tmp_path):
    make_run(tmp_path, dataset=["mnist"])
    with pytest.raises(DigitsError, match=r"is not a run record: its dataset is \['mnist'\]"):
        show_runs(tmp_path, tmp_path)


@pytest.mark.parametrize("classes", ["0123456789", "0123456798", "01"])
def test_a_model_is_asked_only_about_the_classes_that_it_knows(own, classes, tmp_path, monkeypatch):
    info = ModelInfo(RECIPES["baseline"], str(own), tuple(classes), (0.0, 1.0))
    model = Classifier("onnx", info, lambda images: np.eye(len(classes))[np.zeros(len(images), int)])
    monkeypatch.setattr(answers, "load_model", lambda path: model)
    (tmp_path / "model.onnx").touch()
    ask = lambda: answers.open_predictions(tmp_path / "model.onnx", DATA_DIR)  # noqa: E731
    if classes == "0123456789":
        assert ask().labels.tolist() == np.repeat(np.arange(10), 10).tolist()
    else:
        with pytest.raises(
            DigitsError, match=f"was trained for the {len(classes)} classes that .* had then, and it now"
        ):
            ask()
