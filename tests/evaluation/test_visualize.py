import numpy as np
import pytest

from digits.errors import DigitsError
from digits.evaluation import visualize


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
