"""The four scripts, and the same runs as `digits` commands, as users run them: on the real MNIST, with real output."""

import hashlib
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from digits.datasets import idx
from digits.errors import not_installed
from tests.conftest import ROOT, heed_ctrl_c, run, without

pytestmark = pytest.mark.whole

BACKENDS = ("pytorch", "tensorflow")
CONSOLE = r"""Using device: (cpu|cuda|mps)
Starting training...
Epoch 1/3, Loss: 0\.\d{4}
Epoch 2/3, Loss: 0\.\d{4}
Epoch 3/3, Loss: 0\.\d{4}
Test Accuracy: \d\d\.\d\d%
Predictions and labels saved to .*
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_main_job(backend, finished_runs, consoles, mnist):
    assert re.fullmatch(CONSOLE, consoles[backend].stdout)
    assert consoles[backend].stderr == ""
    predictions = np.load(finished_runs / f"{backend}_preds.npy")
    labels = np.load(finished_runs / f"{backend}_labels.npy")
    probabilities = np.load(finished_runs / f"{backend}_probs.npy")
    assert predictions.dtype == labels.dtype == np.int64
    assert predictions.shape == labels.shape == (10_000,)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (10_000, 10)
    assert np.array_equal(labels, mnist.test.labels)
    assert np.array_equal(probabilities.argmax(1), predictions)
    assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    # One seed; over seeds the mean is 98.8% and the standard deviation 0.1%.
    assert (predictions == labels).mean() >= 0.983


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_record_says_how_it_was_made(backend, finished_runs, consoles):
    record = json.loads((finished_runs / f"{backend}_run.json").read_text())
    assert (record["backend"], record["dataset"], record["seed"]) == (backend, "mnist", 0)
    assert record["recipe"]["name"] == "baseline"
    assert record["recipe"]["batch_size"] == 64
    assert record["device"] in ("cpu", "cuda", "mps")
    assert record["precision"] in ("float32", "bfloat16")
    assert {"python", "numpy"} < record["versions"].keys()
    assert len(record["epochs"]) == 3
    losses = [epoch["loss"] for epoch in record["epochs"]]
    assert losses == sorted(losses, reverse=True)
    assert sum(epoch["seconds"] for epoch in record["epochs"]) == pytest.approx(record["train_seconds"], rel=0.01)
    assert f"Loss: {losses[-1]:.4f}" in consoles[backend].stdout
    assert f"Test Accuracy: {record['test_accuracy']:.2%}" in consoles[backend].stdout
    for name, digest in record["files"].items():
        assert hashlib.sha256((finished_runs / name).read_bytes()).hexdigest() == digest


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_command_repeats_the_script_bit_for_bit(backend, finished_runs, data_dir, tmp_path):
    done = run("-m", "digits", "train", backend, "--data-dir", data_dir, "--output-dir", tmp_path)
    assert done.returncode == 0, done.stderr
    for name in (f"{backend}_preds.npy", f"{backend}_probs.npy"):
        assert (tmp_path / name).read_bytes() == (finished_runs / name).read_bytes()


def test_visualize_draws_every_picture_and_prints_the_table(finished_runs, data_dir):
    done = run("visualize_results.py", "--data-dir", data_dir, "--output-dir", finished_runs)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^PyTorch +9[89]\.\d\d% +98\.\d\d–9[89]\.\d\d% +\d+\.\d$", done.stdout, re.MULTILINE)
    assert re.search(r"^TensorFlow +9[89]\.\d\d% ", done.stdout, re.MULTILINE)
    names = [
        "loss_curves.png",
        *(f"{kind}_{backend}.png" for kind in ("confusion_matrix", "mistakes") for backend in BACKENDS),
    ]
    for name in names:
        assert f"{finished_runs}/{name}" in done.stdout
        with Image.open(finished_runs / name) as picture:
            assert min(picture.size) > 500
            assert len(picture.convert("RGB").getcolors(1 << 24)) > 50


def test_visualize_warns_of_a_missing_framework_and_draws_the_other(finished_runs, data_dir, tmp_path):
    for path in finished_runs.glob("tensorflow_*"):
        shutil.copy(path, tmp_path)
    done = run("visualize_results.py", "--data-dir", data_dir, "--output-dir", tmp_path)
    assert done.returncode == 0
    assert done.stderr == f"warning: no PyTorch predictions in {tmp_path}. Run: python mnist_pytorch.py\n"
    assert (tmp_path / "confusion_matrix_tensorflow.png").exists()
    assert not (tmp_path / "confusion_matrix_pytorch.png").exists()


def test_visualize_without_the_data_still_draws_the_matrices(finished_runs, tmp_path):
    for path in finished_runs.glob("pytorch_*"):
        shutil.copy(path, tmp_path)
    done = run("visualize_results.py", "--data-dir", tmp_path / "none", "--output-dir", tmp_path)
    assert done.returncode == 0
    assert "the mistakes of PyTorch are not drawn: MNIST is not in" in done.stderr
    assert (tmp_path / "confusion_matrix_pytorch.png").exists()
    assert not (tmp_path / "mistakes_pytorch.png").exists()


def refused(*command: object, **environment: str) -> str:
    """The one line on stderr of a command that fails with status 1."""
    done = run(*command, **environment)
    assert done.returncode == 1, done
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    return done.stderr.removeprefix("error: ").rstrip("\n")


def test_visualize_with_nothing_to_draw_is_an_error(tmp_path):
    done = run("visualize_results.py", "--output-dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"error: no predictions in {tmp_path}. Run: python mnist_pytorch.py"
    assert list(tmp_path.iterdir()) == []


def test_visualize_refuses_files_that_do_not_fit_together(finished_runs, data_dir, tmp_path):
    shutil.copytree(finished_runs, tmp_path, dirs_exist_ok=True)
    shutil.copy(tmp_path / "tensorflow_preds.npy", tmp_path / "pytorch_preds.npy")
    message = refused("visualize_results.py", "--data-dir", data_dir, "--output-dir", tmp_path)
    assert "pytorch_preds.npy is not the file that pytorch_run.json was written with" in message


@pytest.mark.parametrize("backend", BACKENDS)
def test_missing_data(backend, tmp_path):
    message = refused(f"mnist_{backend}.py", "--data-dir", tmp_path, "--output-dir", tmp_path)
    assert message == f"MNIST is not in {tmp_path}. Run: python download_mnist.py --data-dir {tmp_path}"


def test_missing_data_where_they_are_expected(tmp_path):
    script = ROOT / "mnist_pytorch.py"
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr == "error: MNIST is not in ./mnist_data. Run: python download_mnist.py\n"
    assert list(tmp_path.iterdir()) == []


def test_damaged_data(data_dir, tmp_path):
    data = bytearray((data_dir / "mnist.npz").read_bytes())
    data[20_000_000] ^= 1
    (tmp_path / "mnist.npz").write_bytes(data)
    message = refused("mnist_pytorch.py", "--data-dir", tmp_path, "--output-dir", tmp_path / "outputs")
    assert "mnist.npz is damaged" in message
    assert message.endswith(f"Run: python download_mnist.py --data-dir {tmp_path}")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--epochs", "0"), "epochs is 0, but must be a whole number, 1 or more"),
        (("--batch-size", "-1"), "batch size is -1, but must be a whole number, 1 or more"),
        (
            ("--batch-size", "60001"),
            "batch size is 60,001, but there are only 60,000 training images. Run with --batch-size 60000",
        ),
        (("--dropout", "1"), "dropout is 1.0, but must be a share from 0 up to, but not including, 1"),
        (("--learning-rate", "0"), "learning rate is 0.0, but must be a number above 0, say 0.001"),
        (("--seed", "-5"), "seed is -5, but must be a whole number, 0 or more"),
    ],
)
def test_numbers_out_of_range(flags, message, data_dir, tmp_path, monkeypatch, capsys):
    outputs, script = tmp_path / "outputs", ROOT / "mnist_pytorch.py"
    monkeypatch.setattr(sys, "argv", [str(script), *flags, "--data-dir", str(data_dir), "--output-dir", str(outputs)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert (ended.value.code, capsys.readouterr().err) == (1, f"error: {message}\n")
    assert not outputs.exists()


@pytest.mark.parametrize(("backend", "device"), [("pytorch", "cuda"), ("tensorflow", "cuda"), ("tensorflow", "mps")])
def test_a_device_that_is_not_there(backend, device, data_dir, tmp_path):
    if (backend, device) == ("pytorch", "cuda") and torch.cuda.is_available():
        pytest.skip("there is one")
    message = refused(f"mnist_{backend}.py", "--device", device, "--data-dir", data_dir, "--output-dir", tmp_path)
    assert message.startswith(f"device is {device}, but ")
    assert message.endswith("finds none here; allowed: auto, cpu")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_loss_that_is_no_number_stops_the_run(backend, data_dir, tmp_path):
    flags = ("--learning-rate", "1e38", "--data-dir", data_dir, "--output-dir", tmp_path)
    message = refused(f"mnist_{backend}.py", *flags)
    assert re.fullmatch(r"the loss became (nan|inf): training diverged, nothing was saved. .*--learning-rate", message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("backend", "package"), [("pytorch", "torch"), ("tensorflow", "tensorflow")])
def test_a_framework_that_is_not_installed(backend, package, data_dir, tmp_path):
    flags = ("--data-dir", data_dir, "--output-dir", tmp_path)
    message = refused("-m", "digits", "train", backend, *flags, PYTHONPATH=without(package, tmp_path))
    assert message.endswith(str(not_installed("", backend)))


def test_an_output_folder_that_cannot_be_written(data_dir, tmp_path):
    (tmp_path / "file").write_text("in the way")
    flags = ("--data-dir", data_dir, "--output-dir", tmp_path / "file" / "outputs")
    assert refused("mnist_pytorch.py", *flags).endswith("Not a directory. Name another with --output-dir")


def test_a_full_disk_loses_nothing(data_dir, tmp_path, finished_runs):
    shutil.copytree(finished_runs, tmp_path, dirs_exist_ok=True)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    # No file may grow beyond 100 kB: the probabilities cannot be written.
    limited = "import resource as r, runpy, sys; r.setrlimit(r.RLIMIT_FSIZE, (100_000,) * 2); sys.argv = sys.argv[1:]; "
    limited += "sys.path.insert(0, '.'); runpy.run_path(sys.argv[0], run_name='__main__')"
    flags = ("--epochs", "1", "--batch-size", "6000", "--data-dir", data_dir, "--output-dir", tmp_path)
    message = refused("-c", limited, "mnist_pytorch.py", *flags)
    assert message.endswith("File too large")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("backend", BACKENDS)
def test_ctrl_c_ends_with_a_line_and_loses_nothing(backend, data_dir, tmp_path, finished_runs):
    shutil.copytree(finished_runs, tmp_path, dirs_exist_ok=True)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    process = subprocess.Popen(
        [sys.executable, f"mnist_{backend}.py", "--data-dir", data_dir, "--output-dir", tmp_path],
        cwd=ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    while process.stdout.readline() != "Starting training...\n":
        assert process.poll() is None
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == "error: interrupted; earlier outputs are as they were\n"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_own_images_from_a_folder_to_a_verdict(backend, mnist, tmp_path):
    own = tmp_path / "my digits"
    for label in (0, 1, 7):
        (own / "train" / f"a {label}").mkdir(parents=True)
        (own / "test" / f"a {label}").mkdir(parents=True)
        for number, image in enumerate(mnist.train.images[mnist.train.labels == label][:40]):
            part = "train" if number < 30 else "test"
            Image.fromarray(255 - image).resize((56, 56)).save(own / part / f"a {label}" / f"{number}.png")
    folder = tmp_path / "outputs"
    flags = ("--epochs", "4", "--batch-size", "16", "--learning-rate", "0.003", "--output-dir", folder)
    more = ("--ensemble", "2", "--validation", "0.2", "--metrics", "tensorboard", "--rotation", "10")
    done = run("-m", "digits", "train", backend, "--recipe", "fast", "--dataset", own, *flags, *more)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        f"warning: 120 of 120 images in {own} are not 28 × 28 pixels; scaled to fit",
        f"warning: {own} is dark on bright; all its images were inverted, to ink bright on dark",
    ]
    assert re.search("^Network 2( of 2)?, seed 1", done.stdout, re.MULTILINE)
    assert re.search(r"Epoch 4/4, Loss: \d\.\d{4}, Validation Loss: \d\.\d{4}, Accuracy: ", done.stdout)
    record = json.loads((folder / f"{backend}_run.json").read_text())
    assert (record["recipe"]["ensemble"], record["class_names"]) == (2, ["a 0", "a 1", "a 7"])
    assert (record["recipe"]["validation"], record["recipe"]["augmentation"]["rotation"]) == (0.2, 10)
    assert record["test_accuracy"] > 0.8
    folders = {path.name for path in (folder / "tensorboard").iterdir()}
    assert folders == {f"{backend}_seed_0", f"{backend}_seed_1", f"{backend}_ensemble"}
    model = next(folder.glob("*_model.*"))
    said = run("-m", "digits", "evaluate", model)
    assert said.returncode == 0, said.stderr
    assert f"{record['test_accuracy']:.2%}" in said.stdout
    assert "a 7" in said.stdout
    assert run("-m", "digits", "visualize", "--output-dir", folder).returncode == 0
    assert (folder / f"confusion_matrix_{backend}.png").exists()


def test_own_idx_files_train_without_a_word_too_many(mnist, tmp_path):
    own = tmp_path / "idx"
    own.mkdir()
    for name, array in [
        ("train-images-idx3-ubyte", mnist.train.images[:300]),
        ("train-labels-idx1-ubyte", mnist.train.labels[:300].astype(np.uint8)),
        ("t10k-images-idx3-ubyte", mnist.test.images[:100]),
        ("t10k-labels-idx1-ubyte", mnist.test.labels[:100].astype(np.uint8)),
    ]:
        (own / name).write_bytes(idx.encode(array))
    done = run("-m", "digits", "train", "pytorch", "--dataset", own, "--epochs", "1", "--output-dir", tmp_path / "o")
    assert (done.returncode, done.stderr) == (0, "")
