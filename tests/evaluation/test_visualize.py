import numpy as np
import pytest

from digits.errors import DigitsError
from digits.evaluation import visualize
from digits.evaluation.visualize import draw, load_runs


def test_labels_of_something_else_are_refused(tmp_path, data_dir, mnist):
    np.save(tmp_path / "pytorch_preds.npy", mnist.test.labels)
    np.save(tmp_path / "pytorch_labels.npy", mnist.test.labels[::-1])
    with pytest.raises(DigitsError, match="labels of the pytorch run are not those of MNIST's test images"):
        visualize(tmp_path, data_dir)


def test_predictions_alone_are_drawn(tmp_path, data_dir, mnist, capsys):
    predictions = mnist.test.labels.copy()
    predictions[np.flatnonzero(predictions)[:28]] = 0
    np.save(tmp_path / "tensorflow_preds.npy", predictions)
    np.save(tmp_path / "tensorflow_labels.npy", mnist.test.labels)
    visualize(tmp_path, data_dir)
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {"confusion_matrix_tensorflow.png", "mistakes_tensorflow.png"}
    assert capsys.readouterr().out.splitlines()[-1].split() == ["TensorFlow", "99.72%", "99.60–99.81", "%", "?"]


def test_two_runs_of_the_same_images_get_every_picture(finished_runs, data_dir):
    runs = load_runs(finished_runs)
    assert draw(runs, data_dir).keys() == {
        *(f"{kind}_{name}.png" for kind in ("confusion_matrix", "reliability", "mistakes") for name in runs),
        "disagreements.png",
        "loss_curves.png",
    }


def test_without_the_data_no_images_are_drawn(make_run, tmp_path, capsys):
    for backend in ("pytorch", "tensorflow"):
        make_run(tmp_path, backend, wrong={0: 5})
    visualize(tmp_path, tmp_path / "none")
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {
        *(f"{kind}_{name}.png" for kind in ("confusion_matrix", "reliability") for name in ("pytorch", "tensorflow")),
        "loss_curves.png",
    }
    assert capsys.readouterr().err.count("are not drawn: MNIST is not in") == 2
