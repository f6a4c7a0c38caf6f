import json

import numpy as np
import pytest

from digits.cli import main
from digits.errors import DigitsError
from digits.runs.answers import open_answers


@pytest.mark.parametrize("kind", ["run.json", "preds.npy", "labels.npy", "probs.npy"])
def test_every_file_of_a_run_names_it(finished_runs, data_dir, kind):
    run = open_answers(finished_runs / f"tensorflow_{kind}", data_dir)
    assert run.backend == "tensorflow"
    assert np.array_equal(run.predictions, np.load(finished_runs / "tensorflow_preds.npy"))


@pytest.mark.parametrize("name", ["", "predictions.npy", "jax_preds.npy", "pytorch_preds.npy.gz", "pytorch.png"])
def test_what_is_neither_run_nor_model_is_refused(tmp_path, name):
    with pytest.raises(DigitsError, match="is not a run: allowed are its files, pytorch_run.json, pytorch_preds"):
        open_answers(tmp_path / name, tmp_path)


@pytest.mark.parametrize("name", ["tensorflow_run.json", "tensorflow_preds.npy"])
def test_a_run_that_is_not_there(tmp_path, capsys, name):
    with pytest.raises(DigitsError, match=f"{name} is missing. Run: python mnist_tensorflow.py"):
        open_answers(tmp_path / name, tmp_path)
    assert main(["evaluate", str(tmp_path / name)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_model_gives_the_answers_of_its_run(finished_runs, data_dir, capsys):
    for backend, suffix in [("pytorch", "safetensors"), ("tensorflow", "keras")]:
        model = finished_runs / f"{backend}_model.{suffix}"
        run = open_answers(model, data_dir)
        saved = open_answers(finished_runs / f"{backend}_run.json", data_dir)
        assert np.array_equal(run.predictions, saved.predictions)
        assert np.array_equal(run.labels, saved.labels)
        assert np.allclose(run.probabilities, saved.probabilities, atol=1e-6)
        assert main(["evaluate", str(model), "--data-dir", str(data_dir), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["backend"], found["dataset"], found["images"]) == (backend, "mnist", 10_000)


def test_an_exported_model_is_compared_with_its_run(finished_runs, data_dir, tmp_path, capsys):
    exported = tmp_path / "model.onnx"
    assert main(["export", str(finished_runs / "pytorch_model.safetensors"), "--output", str(exported)]) == 0
    files = (str(exported), str(finished_runs / "pytorch_preds.npy"))
    capsys.readouterr()
    assert main(["compare", *files, "--data-dir", str(data_dir), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["agreement"], found["p_value"], found["better"]) == (1, 1, None)


def test_a_model_of_another_dataset_is_refused(finished_runs, tmp_path, data_dir):
    model = finished_runs / "pytorch_model.safetensors"
    other = tmp_path / "other.safetensors"
    other.write_bytes(model.read_bytes().replace(b'dataset\\": \\"mnist', b'dataset\\": \\"msint'))
    with pytest.raises(DigitsError, match="dataset is 'msint'; allowed: mnist"):
        open_answers(other, data_dir)
    with pytest.raises(DigitsError, match="MNIST is not in"):
        open_answers(model, tmp_path)
