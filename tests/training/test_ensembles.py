"""The networks of an ensemble side by side on this machine: on few images, each on one core."""

import heapq
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Future
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from digits.commands import steps as command
from digits.datasets import Split
from digits.errors import DigitsError
from digits.exchange.convert import open_model
from digits.hardware import CORES, cores_here
from digits.recipes import RECIPES
from digits.runs import load_run
from digits.training import Settings, ensembles, identity
from digits.training import run as runs
from digits.training.checkpoints import Checkpoint
from digits.training.ensembles import side_by_side, train_epoch
from digits.training.loop import Progress, Report
from tests.conftest import ROOT, changed, heed_ctrl_c, run
from tests.test_processes import wait_for
from tests.training.test_run import stops_after
from tests.tuning.test_killed import started_with

RECIPE = replace(RECIPES["fast"], epochs=3, batch_size=32, dropout=0.2, learning_rate=0.003, ensemble=3)
several_cores = pytest.mark.skipif(cores_here() < 2, reason="on one core networks are trained one after another")


# Who is trained when


class Pretended:
    """Workers whose epochs take a second each, of a clock of their own; all else takes no time."""

    def __init__(self, workers: int):
        self.free_at, self.now, self.coming, self.order = [0.0] * workers, 0.0, [], count()

    def submit(self, function, place, progress, origin):
        assert function is train_epoch
        history = [*progress.history, {"loss": float(place), "seconds": 1.0}]
        future = Future()
        future.set_result([Report(len(history) - 1, 1, 1, 1.0, Progress(history))])
        ends = max(heapq.heappop(self.free_at), self.now) + 1
        heapq.heappush(self.free_at, ends)
        heapq.heappush(self.coming, (ends, next(self.order), future))
        return future

    def wait(self, running, return_when):
        self.now, _, future = heapq.heappop(self.coming)
        assert future in running
        return SimpleNamespace(done=[future])


@pytest.mark.parametrize(
    ("workers", "begun", "seconds"),
    [
        (2, [0, 0], 3),
        (2, [0, 0, 0], 5),
        (2, [0] * 5, 8),  # network by network these would be 9
        (3, [0] * 4, 4),  # and these 6
        (2, [0, 2, 1, 2], 4),
        (1, [0, 1], 5),
    ],
)
def test_all_workers_are_busy_to_the_end(workers, begun, seconds, monkeypatch):
    engine, epoch = Pretended(workers), {"loss": 0.0, "seconds": 1.0}
    monkeypatch.setattr(ensembles, "wait", engine.wait)
    epochs, training = Counter(dict(enumerate(begun))), SimpleNamespace(info=SimpleNamespace(recipe=RECIPE))
    starts = [Progress([epoch] * done) for done in begun]
    for place, report in side_by_side(engine.submit, training, starts, ""):
        epochs[place] += 1
        assert report.epoch + 1 == epochs[place]  # each epoch once, in its order
    assert set(epochs.values()) == {RECIPE.epochs}
    assert engine.now == seconds


# What comes of it


@pytest.fixture(scope="module")
def data(mnist, tmp_path_factory) -> Path:
    """400 training images, of which a tenth has wrong labels so that the validation loss rises soon, in a file."""
    path, labels = tmp_path_factory.mktemp("data") / "data.npz", mnist.train.labels[:400].copy()
    labels[::10] = (labels[::10] + 1) % 10
    test = {"x_test": mnist.test.images[:100], "y_test": mnist.test.labels[:100]}
    np.savez(path, x_train=mnist.train.images[:400], y_train=labels, **test)
    return path


@pytest.fixture
def two_cores(monkeypatch):
    """As a machine of two cores, whatever this one has."""
    monkeypatch.setattr(runs, "cores_here", lambda: 2)


def settings_of(data, tmp_path, backend="pytorch", **changes) -> Settings:
    fields = {"recipe": RECIPE, "output_dir": tmp_path, "device": "cpu", "precision": "float32", "dataset": str(data)}
    return Settings(backend, **{**fields, **changes})


def weights_in(folder: Path, backend: str) -> dict[str, np.ndarray]:
    backend_, network, _ = open_model(next(folder.glob(f"{backend}_model.*")))
    return backend_.weights(network)


def equal(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> bool:
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)


FLAGS = ("--recipe", "fast", "--batch-size", 32, "--learning-rate", 0.01, "--dropout", 0.2, "--precision", "float32")
STOPS_EARLY = ("--ensemble", 3, "--epochs", 6, "--validation", 0.25, "--patience", 2, "--label-smoothing", 0)
STOPPING = changed(
    RECIPE, epochs=6, learning_rate=0.01, validation=0.25, patience=2, label_smoothing=0.0, schedule="constant"
)


@pytest.fixture(scope="module", params=["pytorch", pytest.param("tensorflow", marks=pytest.mark.slow)])
def side_by_side_run(request, data, tmp_path_factory) -> tuple[Settings, str]:
    """A run of three networks that stop at different times, on two cores of a machine of two; and what it said."""
    folder = tmp_path_factory.mktemp("both")
    settings = settings_of(data, folder, request.param, recipe=STOPPING, tensorboard=True)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as said:
        patch.setattr(runs, "cores_here", lambda: 2)
        command.run(settings)
    return settings, said.getvalue()


def test_networks_side_by_side_have_the_bits_of_those_one_after_another_on_one_core(side_by_side_run, data, tmp_path):
    settings, said = side_by_side_run
    backend = settings.backend
    flags = ("-m", "digits", "train", backend, *FLAGS, *STOPS_EARLY, "--schedule", "constant", "--dataset", data)
    each = run(*flags, "--output-dir", tmp_path, DIGITS_CORES="1", OMP_NUM_THREADS="1")
    assert (each.returncode, each.stderr) == (0, "")
    assert "Training 3 networks, 2 at a time, each on 1 core" in said
    assert "Starting training...\nNetwork 1 of 3, seed 0\nEpoch 1/6" in each.stdout
    assert "Network 3 of 3, seed 2\nEpoch 1/6" in each.stdout
    ours, theirs = (load_run(folder, backend).record for folder in (settings.output_dir, tmp_path))
    lengths = [len(epochs) for epochs in ours.members]
    assert lengths == [len(epochs) for epochs in theirs.members] and len(set(lengths)) > 1  # they end at other times
    assert (ours.cores_each, theirs.cores_each) == (1, None)
    assert ours.train_seconds > 0
    assert equal(weights_in(settings.output_dir, backend), weights_in(tmp_path, backend))
    losses = [[epoch["loss"] for epochs in record.members for epoch in epochs] for record in (ours, theirs)]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("side_by_side_run", ["pytorch"], indirect=True)
@pytest.mark.parametrize("saves", [pytest.param(1, marks=pytest.mark.slow), 4, pytest.param(9, marks=pytest.mark.slow)])
def test_a_resumed_ensemble_ends_with_the_same_bits(
    saves, side_by_side_run, two_cores, data, tmp_path, monkeypatch, capsys
):
    whole = side_by_side_run[0].output_dir
    settings = settings_of(data, tmp_path, recipe=STOPPING)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "save", stops_after(saves, Checkpoint.save))
        command.run(settings)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "cores_here", lambda: 6)
        says = "is of another run: its cores_each is 1, this run's is 2. Run with the same"
        with pytest.raises(DigitsError, match=says):
            command.run(replace(settings, resume=True))
    capsys.readouterr()
    command.run(replace(settings, resume=True))
    said = capsys.readouterr().out
    assert re.search(r"^Resuming [123] networks, [12] at a time, each on 1 core\.\.\.$", said, re.MULTILINE)
    assert said.count("Epoch") == sum(map(len, load_run(whole, "pytorch").record.members)) - saves
    assert equal(weights_in(tmp_path, "pytorch"), weights_in(whole, "pytorch"))
    assert not list(tmp_path.glob("*checkpoint*"))


@pytest.mark.parametrize("side_by_side_run", ["pytorch"], indirect=True)
def test_tensorboard_finds_every_loss_of_each_network(side_by_side_run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = side_by_side_run[0].output_dir
    for seed, epochs in enumerate(load_run(folder, "pytorch").record.members):
        events = EventAccumulator(str(folder / "tensorboard" / f"pytorch_seed_{seed}")).Reload()
        for name in ("loss", "loss_of_steps"):
            assert [event.step for event in events.Scalars(name)] == [300 * (epoch + 1) for epoch in range(len(epochs))]
            found = [event.value for event in events.Scalars(name)]
            assert found == pytest.approx([epoch["loss"] for epoch in epochs])


def test_a_training_that_fails_is_named(two_cores, data, tmp_path):
    with pytest.raises(DigitsError, match=r"^network [123] failed: the loss became (nan|inf).* Go on with --resume$"):
        command.run(settings_of(data, tmp_path, recipe=replace(RECIPE, learning_rate=1e30)))


# Where networks are trained one after another


@pytest.mark.parametrize(
    ("cores", "changes", "each"),
    [
        (2, {}, 1),
        (8, {}, 2),
        (1, {}, None),
        (8, {"ensemble": 1}, None),
        (8, {"device": "cuda"}, None),
        (8, {"network": "of a script"}, None),
        (8, {"address": "auto"}, None),
        (8, {"allowed": "1"}, None),
        (8, {"allowed": "4"}, 1),
    ],
)
def test_how_many_cores_each_network_has(cores, changes, each, data, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.delenv(CORES, raising=False)
    if "allowed" in changes:
        monkeypatch.setenv(CORES, changes["allowed"])
    recipe = replace(RECIPE, ensemble=changes.get("ensemble", 3))
    settings = settings_of(data, tmp_path, recipe=recipe, address=changes.get("address"))
    info = SimpleNamespace(network=changes.get("network", ""))
    assert runs.cores_each(settings, SimpleNamespace(info=info, device=changes.get("device", "cpu"))) == each


def test_the_networks_of_a_script_are_trained_one_after_another(two_cores, mnist, tmp_path, capsys):
    from torch import nn

    def make(filters, hidden_units, dropout, classes):
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 20), nn.Tanh(), nn.Linear(20, classes))

    small = replace(mnist, train=Split(mnist.train.images[:400], mnist.train.labels[:400]))
    settings = settings_of("mnist", tmp_path, recipe=replace(RECIPE, ensemble=2, epochs=1))
    model = command.build(settings, small, make)
    history = command.train(settings, model, small)
    assert "Network 2 of 2, seed 1\nEpoch 1/1" in capsys.readouterr().out
    assert [len(epochs) for epochs in history.members] == [1, 1]
    assert "cores_each" not in identity(settings, model, small)


# Ends that nobody wanted


def start(data: Path, folder: Path, *flags: object) -> subprocess.Popen[str]:
    command = ("-m", "digits", "train", "pytorch", "--ensemble", 3, "--epochs", 25, *FLAGS, "--dataset", data)
    return subprocess.Popen(
        [sys.executable, *map(str, command), "--output-dir", str(folder), *flags],
        cwd=ROOT,
        env={**os.environ, "MARKER": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], beginning: str, times: int) -> list[str]:
    lines: list[str] = []
    while sum(line.startswith(beginning) for line in lines) < times:
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    return lines


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory) -> Path:
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    process = start(data, folder)
    _, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")
    return folder


@several_cores
@pytest.mark.slow
@pytest.mark.parametrize("how", ["all is killed", "a worker is killed", "Ctrl-C"])
def test_what_ended_early_leaves_no_process_and_goes_on_bit_for_bit(how, whole, data, tmp_path):
    process = start(data, tmp_path)
    said = read_until(process, "Network", 10)
    if how == "all is killed":
        process.kill()
    elif how == "Ctrl-C":
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    else:
        for worker in started_with(str(tmp_path), b"spawn_main"):
            os.kill(worker, signal.SIGKILL)
    rest, errors = process.communicate(timeout=300)
    wait_for(lambda: not started_with(str(tmp_path)))
    status, says = {
        "all is killed": (-signal.SIGKILL, ""),
        "Ctrl-C": (130, "error: interrupted; earlier outputs are as they were\n"),
        "a worker is killed": (1, "a process was killed, as where memory runs out. Go on with --resume\n"),
    }[how]
    assert process.returncode == status
    if how == "all is killed":  # Python's own cleaner says that it cleans up
        errors = "" if "leaked semaphore objects to clean up" in errors else errors
    assert errors == says or (status == 1 and re.fullmatch(rf"error: network [123] failed: {re.escape(says)}", errors))

    process = start(data, tmp_path, "--resume")
    output, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")
    shown = "".join(said) + rest
    assert 0 <= shown.count("Epoch") + output.count("Epoch") - 3 * 25 <= 1  # nothing twice, but one that was not saved
    assert equal(weights_in(tmp_path, "pytorch"), weights_in(whole, "pytorch"))


@several_cores
@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0, 0.1, 0.3, 0.6])
def test_ctrl_c_while_workers_start_is_one_line(seconds, data, tmp_path):
    process = start(data, tmp_path)
    read_until(process, "Training", 1)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (130, "error: interrupted; earlier outputs are as they were\n")
    wait_for(lambda: not started_with(str(tmp_path)))
