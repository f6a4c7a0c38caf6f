import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from digits.errors import DigitsError
from digits.files import require_writable
from digits.runs import Run, RunRecord, has_run, load_run, save_run

RECORD = RunRecord(
    **{
        "backend": "pytorch",
        "dataset": "mnist",
        "class_names": tuple("0123456789"),
        "recipe": {},
        "seed": 0,
        "device": "cpu",
        "precision": "float32",
        "versions": {},
        "epochs": [{"loss": 0.1, "seconds": 1.0}],
        "train_seconds": 1.0,
        "evaluate_seconds": 0.1,
        "test_accuracy": 0.1,
    }
)


@pytest.fixture
def run(rng):
    labels = rng.integers(0, 10, 50)
    probabilities = rng.dirichlet(np.ones(10), 50).astype(np.float32)
    return Run("pytorch", probabilities.argmax(1), labels, probabilities, record=RECORD)


def replace_file(folder: Path, name: str, array: np.ndarray) -> None:
    """Another array under a name, in a folder whose record does not mind."""
    np.save(folder / name, array)
    (folder / "pytorch_run.json").unlink(missing_ok=True)


def test_what_is_saved_is_loaded(tmp_path, run):
    save_run(tmp_path, run)
    loaded = load_run(tmp_path, "pytorch")
    assert np.array_equal(loaded.predictions, run.predictions)
    assert np.array_equal(loaded.labels, run.labels)
    assert np.array_equal(loaded.probabilities, run.probabilities)
    assert sorted(loaded.record.files) == ["pytorch_labels.npy", "pytorch_preds.npy", "pytorch_probs.npy"]
    assert {path.name for path in tmp_path.iterdir()} == {*loaded.record.files, "pytorch_run.json"}


def test_a_folder_with_predictions_and_labels_alone_is_a_run(tmp_path, run):
    np.save(tmp_path / "tensorflow_preds.npy", run.predictions.astype(np.uint8))
    np.save(tmp_path / "tensorflow_labels.npy", run.labels)
    loaded = load_run(tmp_path, "tensorflow")
    assert loaded.probabilities is None
    assert loaded.predictions.dtype == np.int64
    assert (loaded.record, loaded.dataset, loaded.classes) == (None, None, tuple("0123456789"))


def test_probabilities_of_any_floats_become_float32(tmp_path, run):
    save_run(tmp_path, run)
    replace_file(tmp_path, "pytorch_probs.npy", run.probabilities.astype(np.float64))
    assert load_run(tmp_path, "pytorch").probabilities.dtype == np.float32


def test_a_folder_without_predictions_has_no_run(tmp_path, run):
    assert not has_run(tmp_path, "pytorch")
    save_run(tmp_path, run)
    assert has_run(tmp_path, "pytorch")
    assert not has_run(tmp_path, "tensorflow")


@pytest.mark.parametrize("name", ["pytorch_preds.npy", "pytorch_labels.npy", "pytorch_probs.npy"])
def test_a_file_that_the_record_was_not_written_with_is_refused(tmp_path, run, name):
    save_run(tmp_path, run)
    np.save(tmp_path / name, np.load(tmp_path / name)[::-1])
    with pytest.raises(DigitsError, match=rf"{name} is not the file that pytorch_run.json was written with"):
        load_run(tmp_path, "pytorch")


@pytest.mark.parametrize("name", ["pytorch_preds.npy", "pytorch_labels.npy", "pytorch_probs.npy"])
def test_a_file_that_is_gone_is_named(tmp_path, run, name):
    save_run(tmp_path, run)
    (tmp_path / name).unlink()
    with pytest.raises(DigitsError, match=rf"{name} is missing. Run again: python mnist_pytorch.py"):
        load_run(tmp_path, "pytorch")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("pytorch_preds.npy", np.zeros(49, int), "has 49 predictions but pytorch_labels.npy has 50"),
        ("pytorch_preds.npy", np.full(50, 10), "holds the label 10; allowed: 0 to 9"),
        ("pytorch_labels.npy", np.full(50, -1), "holds the label -1; allowed: 0 to 9"),
        ("pytorch_preds.npy", np.zeros(50), "holds float64 of shape"),
        ("pytorch_preds.npy", np.zeros((50, 1), int), "whole numbers of shape"),
        ("pytorch_preds.npy", np.zeros(0, int), "whole numbers of shape"),
        ("pytorch_probs.npy", np.zeros((50, 9), np.float32), r"allowed: floats of shape \(50, 10\)"),
        ("pytorch_probs.npy", np.full((50, 10), np.nan, np.float32), "not probabilities"),
        ("pytorch_probs.npy", np.full((50, 10), 2.0, np.float32), "not probabilities"),
        ("pytorch_probs.npy", np.full((50, 10), 0.0, np.float32), "do not add up to 1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, run, name, array, message):
    save_run(tmp_path, run)
    replace_file(tmp_path, name, array)
    with pytest.raises(DigitsError, match=message):
        load_run(tmp_path, "pytorch")


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.write_text, (self.path, "boom")


def test_a_pickle_is_refused_and_never_run(tmp_path, run):
    save_run(tmp_path, run)
    (tmp_path / "pytorch_run.json").unlink()
    np.save(tmp_path / "pytorch_preds.npy", np.array([Bomb(tmp_path / "boom")] * 50, object), allow_pickle=True)
    with pytest.raises(DigitsError, match="holds Python objects, which are never unpickled"):
        load_run(tmp_path, "pytorch")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY", b"<html>", b"\x93NUMPY\x01\x00\x10\x00{'descr': ('<i8'  "])
def test_what_is_not_an_array_is_refused(tmp_path, run, data):
    save_run(tmp_path, run)
    (tmp_path / "pytorch_run.json").unlink()
    (tmp_path / "pytorch_preds.npy").write_bytes(data)
    with pytest.raises(DigitsError, match="pytorch_preds.npy is not an array of numbers"):
        load_run(tmp_path, "pytorch")


def test_an_array_cut_short_is_refused(tmp_path, run):
    save_run(tmp_path, run)
    (tmp_path / "pytorch_run.json").unlink()
    path = tmp_path / "pytorch_preds.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DigitsError, match="is cut off or too long"):
        load_run(tmp_path, "pytorch")


ODD = json.dumps({**asdict(RECORD), "files": {"pytorch_preds.npy": "0"}, "train_seconds": "long"})


NOT_RECORDS = ["", "{", "[]", "{}", '{"files": 3}', "\x00", "[" * 100_000, ODD]
NOT_RECORDS += [json.dumps({**asdict(RECORD), "files": 3}), json.dumps(asdict(RECORD))]


@pytest.mark.parametrize("text", NOT_RECORDS)
def test_what_is_not_a_record_is_refused(tmp_path, run, text):
    save_run(tmp_path, run)
    (tmp_path / "pytorch_run.json").write_text(text)
    with pytest.raises(DigitsError, match="is not a run record"):
        load_run(tmp_path, "pytorch")


def test_the_record_appears_last(tmp_path, run, monkeypatch):
    appeared = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda self, target: (appeared.append(target.name), replace(self, target))[1])
    save_run(tmp_path, run)
    assert appeared[-1] == "pytorch_run.json"
    assert json.loads((tmp_path / "pytorch_run.json").read_text())["backend"] == "pytorch"


def test_a_folder_that_cannot_be_written_is_found_out(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DigitsError, match="cannot write to the output folder .*file/outputs: Not a directory"):
        require_writable(tmp_path / "file" / "outputs")
    require_writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
