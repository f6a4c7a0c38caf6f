import json
import re

import numpy as np
import pytest

from digits.cli import main
from tests.conftest import run


def said(capsys, *argv: object) -> str:
    assert main([str(argument) for argument in argv]) == 0
    return capsys.readouterr().out


@pytest.mark.whole
def test_the_tables_of_a_real_run(finished_runs, capsys):
    out = said(capsys, "evaluate", finished_runs / "tensorflow_preds.npy")
    record = json.loads((finished_runs / "tensorflow_run.json").read_text())
    lines = out.splitlines()
    assert lines[0] == "TensorFlow on MNIST"
    assert lines[2].startswith(f"accuracy           {record['test_accuracy']:.2%} (95% interval 98.")
    assert lines[3].startswith("log-loss           0.0")
    assert lines[4].endswith("%, expected, over 15 bins")
    digits = [line.split() for line in lines[7:17]]
    assert [row[0] for row in digits] == list("0123456789")
    assert [int(row[-1].replace(",", "")) for row in digits] == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert len({len(line) for line in lines[6:17]}) == 1  # the columns are straight
    confusions = [int(line.split()[2]) for line in lines[20:]]
    assert len(confusions) == 10
    assert confusions == sorted(confusions, reverse=True)


def test_the_json_of_a_made_up_run(make_run, tmp_path, capsys):
    make_run(tmp_path, wrong={30: 8, 31: 8, 99: 4})
    found = json.loads(said(capsys, "evaluate", tmp_path / "pytorch_run.json", "--json"))
    assert (found["backend"], found["dataset"], found["images"]) == ("pytorch", "mnist", 100)
    assert found["accuracy"] == pytest.approx({"value": 0.97, "low": 0.9155, "high": 0.9897}, abs=1e-4)
    assert found["log_loss"] == pytest.approx(-(97 * np.log(0.82) + 3 * np.log(0.02)) / 100, abs=1e-5)
    assert found["expected_calibration_error"] == pytest.approx(0.15, abs=1e-6)
    full = [place for place in found["calibration"] if place["images"]]
    assert full == [
        pytest.approx({"above": 0.8, "up_to": 13 / 15, "images": 100, "confidence": 0.82, "accuracy": 0.97}, abs=1e-6)
    ]
    assert len(found["calibration"]) == 15
    assert found["calibration"][0] == pytest.approx(
        {"above": 0, "up_to": 1 / 15, "images": 0, "confidence": None, "accuracy": None}
    )
    assert found["classes"][3] == {"name": "3", "precision": 1, "recall": 0.8, "f1": pytest.approx(8 / 9), "images": 10}
    assert found["classes"][8]["precision"] == pytest.approx(10 / 12)
    assert found["confusions"] == [
        {"true": "3", "predicted": "8", "images": 2},
        {"true": "9", "predicted": "4", "images": 1},
    ]


def test_predictions_alone_say_what_cannot_be_computed(tmp_path, capsys):
    np.save(tmp_path / "pytorch_preds.npy", np.array([0, 1, 1]))
    np.save(tmp_path / "pytorch_labels.npy", np.array([0, 1, 2]))
    out = said(capsys, "evaluate", tmp_path / "pytorch_preds.npy")
    assert out.startswith("PyTorch on the test images\n")
    assert "log-loss           cannot be computed: there is no pytorch_probs.npy\n" in out
    assert "calibration error  cannot be computed: there is no pytorch_probs.npy\n" in out
    assert re.search(r"^2 +– +0\.00% +0\.00% +1$", out, re.MULTILINE)
    found = json.loads(said(capsys, "evaluate", tmp_path / "pytorch_preds.npy", "--json"))
    assert [found[key] for key in ("dataset", "log_loss", "expected_calibration_error", "calibration")] == [None] * 4


def test_columns_are_straight_whatever_the_names(make_run, tmp_path, capsys):
    names = ["T-shirt/top", "a", "漢字", "e\u0301t\u0301", "한글", *"56789"]
    make_run(tmp_path, wrong={0: 2, 20: 3, 30: 4, 40: 0}, class_names=names)
    lines = said(capsys, "evaluate", tmp_path / "pytorch_run.json").splitlines()
    ends = {"T-shirt/top": 0, "a": 0, "漢字": 2, "e\u0301t\u0301": -2, "한글": 2}  # columns more than letters
    table = lines[6:17]
    widths = [len(line) + next((ends[name] for name in ends if line.startswith(name + " ")), 0) for line in table]
    assert len(set(widths)) == 1, table
    wide = lambda line: sum({"漢": 1, "字": 1, "한": 1, "글": 1, "\u0301": -1}.get(sign, 0) for sign in line)  # noqa: E731
    assert len({len(line) + wide(line) for line in lines[20:]}) == 1, lines[20:]


def test_judging_loads_neither_a_framework_nor_a_drawing_library():
    loaded = run(
        "-c", "import sys, digits.evaluation.judge, digits.evaluation.compare; print(*sys.modules)"
    ).stdout.split()
    assert "sklearn.metrics" in loaded
    assert not {"torch", "tensorflow", "keras", "matplotlib", "seaborn", "jinja2"} & set(loaded)
