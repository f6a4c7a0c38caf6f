import json

import numpy as np
import pytest

from digits.cli import main


def test_who_is_right_where(make_run, tmp_path, capsys):
    make_run(tmp_path, "pytorch", wrong={0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 50: 9})
    make_run(tmp_path, "tensorflow", wrong={50: 9, 60: 8})
    a, b = str(tmp_path / "pytorch_run.json"), str(tmp_path / "tensorflow_preds.npy")
    assert main(["compare", a, b, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "a": a,
        "b": b,
        "images": 100,
        "agreement": 0.92,
        "both_right": 91,
        "both_wrong": 1,
        "only_a_right": 1,
        "only_b_right": 7,
        "p_value": pytest.approx(2 * (1 + 8) / 2**8),
        "better": None,
    }
    assert main(["compare", a, b]) == 0
    first, second, *table = capsys.readouterr().out.splitlines()
    assert first == f"A  {a}: PyTorch on MNIST, 92.00% (95% interval 85.00–95.89%)"
    assert second.startswith(f"B  {b}: TensorFlow on MNIST, 98.00%")
    assert table == [
        "",
        "              images   share",
        "both right        91  91.00%",
        "only A right       1   1.00%",
        "only B right       7   7.00%",
        "both wrong         1   1.00%",
        "same answer       92  92.00%",
        "",
        "Exact McNemar test: no evidence that one is better (p = 0.07)",
    ]


def test_two_runs_of_one_framework(make_run, tmp_path, capsys):
    make_run(tmp_path / "new", wrong={})
    make_run(tmp_path / "old", wrong=dict.fromkeys(range(20), 9))
    assert main(["compare", str(tmp_path / "new/pytorch_run.json"), str(tmp_path / "old/pytorch_run.json")]) == 0
    assert "Exact McNemar test: A is better (p < 0.0001)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("record", "labels", "why"),
    [
        ({"dataset": "fashion"}, None, "one is of mnist, the other of fashion"),
        ({}, np.arange(10), "one is of 100 images, the other of 10"),
        ({}, np.repeat(np.arange(10), 10)[::-1], "100 of their 100 labels differ"),
    ],
)
def test_runs_of_different_images_are_refused(make_run, tmp_path, capsys, record, labels, why):
    make_run(tmp_path, "pytorch")
    make_run(tmp_path, "tensorflow", labels=labels, **record)
    a, b = tmp_path / "pytorch_run.json", tmp_path / "tensorflow_run.json"
    assert main(["compare", str(a), str(b)]) == 1
    assert capsys.readouterr().err == f"error: {a} and {b} cannot be compared: {why}\n"


@pytest.mark.whole
def test_real_runs(finished_runs, capsys):
    files = [finished_runs / f"{backend}_run.json" for backend in ("pytorch", "tensorflow")]
    assert main(["compare", *map(str, files), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    right = [json.loads(file.read_text())["test_accuracy"] * 10_000 for file in files]
    assert found["both_right"] + found["only_a_right"] == pytest.approx(right[0])
    assert found["both_right"] + found["only_b_right"] == pytest.approx(right[1])
    assert found["agreement"] > 0.98
