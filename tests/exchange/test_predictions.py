import json

import numpy as np
import pytest
from PIL import Image

from digits.cli import main
from digits.datasets import Dataset, Split, load_test, write_dataset
from digits.errors import DigitsError
from digits.exchange.predictions import open_predictions
from digits.files import DATA_DIR


@pytest.mark.parametrize("kind", ["run.json", "preds.npy", "labels.npy", "probs.npy"])
def test_every_file_of_a_run_names_it(finished_runs, data_dir, kind):
    run = open_predictions(finished_runs / f"tensorflow_{kind}", data_dir)
    assert run.backend == "tensorflow"
    assert np.array_equal(run.predictions, np.load(finished_runs / "tensorflow_preds.npy"))


@pytest.mark.parametrize("name", ["", "predictions.npy", "jax_preds.npy", "pytorch_preds.npy.gz", "pytorch.png"])
def test_what_is_neither_run_nor_model_is_refused(tmp_path, name):
    (tmp_path / (name or "a file beside it")).write_bytes(b"")
    with pytest.raises(DigitsError, match="is not a run: allowed are its files, pytorch_run.json, pytorch_preds"):
        open_predictions(tmp_path / name, tmp_path)


@pytest.mark.parametrize("name", ["a", "a.json", "a.onnx", "a.keras", "a.safetensors", "folder/a.npy"])
def test_a_file_that_is_not_there_is_said_not_to_be(tmp_path, name):
    with pytest.raises(DigitsError, match=f"^there is no file {tmp_path / name}$"):
        open_predictions(tmp_path / name, tmp_path)


@pytest.mark.parametrize("name", ["tensorflow_run.json", "tensorflow_preds.npy"])
def test_a_run_that_is_not_there(tmp_path, capsys, name):
    with pytest.raises(DigitsError, match=f"{name} is missing. Run: python mnist_tensorflow.py"):
        open_predictions(tmp_path / name, tmp_path)
    assert main(["evaluate", str(tmp_path / name)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_model_gives_the_answers_of_its_run(finished_runs, data_dir, capsys):
    for backend, suffix in [("pytorch", "safetensors"), ("tensorflow", "keras")]:
        model = finished_runs / f"{backend}_model.{suffix}"
        run = open_predictions(model, data_dir)
        saved = open_predictions(finished_runs / f"{backend}_run.json", data_dir)
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
        open_predictions(other, data_dir)
    with pytest.raises(DigitsError, match="MNIST is not in"):
        open_predictions(model, tmp_path)


# A model and another dataset than its own


def folder_of(root, classes, images, labels, names=None):
    """A folder of images of some classes, with an image in the place of each name."""
    for split in ("train", "test"):
        for label, name in zip(classes, names or map(str, classes), strict=True):
            (root / split / name).mkdir(parents=True)
            for number in np.flatnonzero(labels == label)[:20]:
                Image.fromarray(images[number]).save(root / split / name / f"{number}.png")
    return root


def asked(model, dataset, data_dir=DATA_DIR):
    return open_predictions(model, data_dir, str(dataset))


def test_a_model_is_asked_about_a_subset_of_its_classes(finished_runs, mnist, data_dir, tmp_path, capsys):
    folder = folder_of(tmp_path / "own", (7, 2, 9), mnist.test.images, mnist.test.labels)
    model = finished_runs / "pytorch_model.safetensors"
    run = asked(model, folder)
    assert sorted(set(run.labels)) == [2, 7, 9]
    assert (run.predictions == run.labels).mean() > 0.9
    assert main(["evaluate", str(model), "--dataset", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["dataset"], found["images"], len(found["classes"])) == (str(folder), 60, 10)
    assert found["accuracy"]["value"] == (run.predictions == run.labels).mean()
    assert [one["images"] for one in found["classes"]] == [0, 0, 20, 0, 0, 0, 0, 20, 0, 20]
    assert main(["evaluate", str(model), "--dataset", str(folder)]) == 0


def test_classes_are_matched_by_name_whatever_their_order(finished_runs, mnist, data_dir, tmp_path):
    """Hugging Face's names of the classes, in another order than the model's."""
    order = tuple(reversed(mnist.classes))
    labels = 9 - mnist.test.labels[:500]
    shuffled = Split(mnist.test.images[:500], labels)
    write_dataset(Dataset("x", "x", order, shuffled, shuffled), tmp_path / "own", "parquet")
    classes, _ = load_test(str(tmp_path / "own"))
    assert classes == order
    run = asked(finished_runs / "tensorflow_model.keras", tmp_path / "own")
    assert np.array_equal(run.labels, mnist.test.labels[:500])
    assert (run.predictions == run.labels).mean() > 0.95


def test_a_class_that_the_model_does_not_know_is_one_line(finished_runs, mnist, data_dir, tmp_path, capsys):
    folder = folder_of(tmp_path / "own", (7, 2), mnist.test.images, mnist.test.labels, names=("7", "two"))
    model = finished_runs / "pytorch_model.safetensors"
    assert main(["evaluate", str(model), "--dataset", str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "has 'two', which the model does not know; its classes are '0', '1', '2'" in said


def test_without_a_test_split_all_images_are_asked_about(finished_runs, mnist, data_dir, tmp_path, capsys):
    np.savez(tmp_path / "own.npz", images=mnist.test.images[:50], labels=mnist.test.labels[:50])
    run = asked(finished_runs / "pytorch_model.safetensors", tmp_path / "own.npz")
    assert len(run.labels) == 50
    assert "has no test split: all its 50 images are asked about" in capsys.readouterr().err


def test_the_models_own_dataset_by_its_name_is_the_usual_one(finished_runs, data_dir):
    run = asked(finished_runs / "pytorch_model.safetensors", "mnist", data_dir)
    assert np.array_equal(run.predictions, np.load(finished_runs / "pytorch_preds.npy"))


def test_a_data_folder_is_refused_where_a_models_own_dataset_lies_elsewhere(finished_runs, mnist, tmp_path, capsys):
    np.savez(tmp_path / "own.npz", images=mnist.test.images[:500], labels=mnist.test.labels[:500])
    name = str(tmp_path / "own.npz").encode()
    data = (finished_runs / "pytorch_model.safetensors").read_bytes()
    old = b'dataset\\": \\"mnist'  # of the description, and of the run that it comes from
    header = int.from_bytes(data[:8], "little") + data.count(old) * (len(name) - len(b"mnist"))
    (tmp_path / "own.safetensors").write_bytes(header.to_bytes(8, "little") + data[8:].replace(old, old[:-5] + name))
    model = str(tmp_path / "own.safetensors")
    for command in (["evaluate", model], ["compare", model, model]):
        assert main(command) == 0
        capsys.readouterr()
        assert main([*command, "--data-dir", "x"]) == 1
        said = f"error: --data-dir changes nothing for your own data in {tmp_path / 'own.npz'}; it is"
        assert capsys.readouterr().err.startswith(said)


def test_a_run_is_not_asked_about_another_dataset(finished_runs, data_dir):
    with pytest.raises(DigitsError, match="holds predictions about its own dataset; allowed with another: a model"):
        asked(finished_runs / "pytorch_run.json", "fashion-mnist")
