import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from digits.backends import load_backend
from digits.commands.steps import build, train
from digits.datasets import Split
from digits.errors import DigitsError
from digits.exchange.convert import open_model
from digits.models import ModelInfo, read_safetensors
from digits.recipes import RECIPES, Recipe
from digits.runs import model_name
from digits.training import Settings, identity
from digits.training.checkpoints import Checkpoint, RunState
from digits.training.loop import Progress
from tests.conftest import PRECISIONS, ROOT, run

pytestmark = pytest.mark.whole

BACKENDS = ("pytorch", "tensorflow")
RECIPE = replace(RECIPES["baseline"], epochs=2, dropout=0.5)
DRAWING = replace(RECIPE, strokes=0.2, printed=0.1, nothing=0.2)  # anew for each epoch


# A real run, killed


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "last"), [("pytorch", 2), ("tensorflow", 1)])
def test_a_killed_run_resumed_ends_as_if_nothing_had_been(backend, last, finished_runs, data_dir, tmp_path):
    flags = ("--data-dir", str(data_dir), "--output-dir", str(tmp_path))
    checkpoint = tmp_path / f"{backend}_checkpoint.safetensors"
    process = subprocess.Popen(
        [sys.executable, f"mnist_{backend}.py", "--epochs", "3", *flags], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    while not process.stdout.readline().startswith(f"Epoch {last}/3"):
        assert process.poll() is None
    while not checkpoint.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / f"{backend}_preds.npy").exists()

    done = run(f"mnist_{backend}.py", "--epochs", "3", "--resume", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^Resuming after epoch [12] of 3\.\.\.$", done.stdout, re.MULTILINE)
    assert "Epoch 1/3" not in done.stdout
    assert not checkpoint.exists()
    for kind in ("preds", "probs", "labels"):
        assert (tmp_path / f"{backend}_{kind}.npy").read_bytes() == (
            finished_runs / f"{backend}_{kind}.npy"
        ).read_bytes()
    ours, theirs = (weights_in(folder / model_name(backend)) for folder in (tmp_path, finished_runs))
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    records = [json.loads((folder / f"{backend}_run.json").read_text()) for folder in (tmp_path, finished_runs)]
    losses = [[epoch["loss"] for epoch in record["epochs"]] for record in records]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 3


def weights_in(path) -> dict[str, np.ndarray]:
    backend, network, _ = open_model(path)
    return backend.weights(network)


def test_nothing_is_left_of_a_checkpoint_after_a_complete_run(finished_runs):
    assert not list(finished_runs.glob("*checkpoint*"))


# The state of a trainer


def built(backend, seed: int, recipe: Recipe = RECIPE):
    info = ModelInfo(recipe, "mnist", tuple("0123456789"), backend.PIXEL_RANGE)
    return backend.build(info, seed, backend.select_device("cpu"))


def trainer_of(backend, mnist, precision: str, seed: int = 0, recipe: Recipe = RECIPE):
    """A trainer on a few images; `seed` is that of the network, and order and dropout always have the same."""
    images, labels = mnist.train.images[:500], mnist.train.labels[:500]
    return backend.trainer(built(backend, seed, recipe), images, labels, recipe, 7, precision)


def train_epochs(trainer, *epochs: int) -> list[float]:
    return [loss for epoch in epochs for _, loss in trainer.epoch(epoch)]


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(
    ("recipe", "steps", "precision"),
    [(RECIPE, 16, PRECISIONS[-1]), (DRAWING, 24, "float32")],
    ids=["MNIST", "and drawn images"],
)
def test_a_trainer_goes_on_from_a_checkpoint_bit_for_bit(name, precision, recipe, steps, mnist, tmp_path):
    backend = load_backend(name)
    whole = trainer_of(backend, mnist, precision, recipe=recipe)
    losses = train_epochs(whole, 0, 1)

    first = trainer_of(backend, mnist, precision, recipe=recipe)
    train_epochs(first, 0)
    history = [{"loss": 1.5, "seconds": 2.5}]
    Checkpoint(tmp_path, name, recipe, {"seed": 7}).save(RunState((Progress(history, first.state()),)))
    saved = Checkpoint(tmp_path, name, recipe, {"seed": 7}).load()
    (progress,) = saved.networks
    assert progress.history == history
    second = trainer_of(backend, mnist, precision, seed=99, recipe=recipe)
    second.restore(progress.trainer)
    assert train_epochs(second, 1) == losses[1:]

    assert whole.state().keys() == second.state().keys()
    for key, array in whole.state().items():
        assert np.array_equal(array, second.state()[key]), key
        assert array.any()
    assert whole.state()["steps"] == steps
    assert np.array_equal(answers(backend, whole, mnist, recipe), answers(backend, second, mnist, recipe))


def answers(backend, trainer, mnist, recipe: Recipe) -> np.ndarray:
    """What the network whose state this is says of some test images."""
    network = built(backend, 5, recipe)
    clone = backend.trainer(network, mnist.train.images[:64], mnist.train.labels[:64], recipe, 7, "float32")
    clone.restore(trainer.state())
    return backend.predict(network, mnist.test.images[:100])


@pytest.mark.parametrize("name", BACKENDS)
def test_a_state_holds_weights_both_moments_and_the_steps(name, mnist):
    state = trainer_of(load_backend(name), mnist, "float32").state()
    weights = 16 * 9 + 16 + 32 * 16 * 9 + 32 + 800 * 128 + 128 + 128 * 10 + 10
    for kind in ("weights", "first", "second"):
        assert sum(array.size for key, array in state.items() if key.split(".")[0] == kind) == weights
    assert state["steps"] == 0
    assert sum(array.size for array in state.values()) == 3 * weights + 1


@pytest.mark.parametrize("name", BACKENDS)
def test_a_state_is_a_copy(name, mnist):
    trainer = trainer_of(load_backend(name), mnist, "float32")
    before = {key: array.copy() for key, array in trainer.state().items()}
    state = trainer.state()
    train_epochs(trainer, 0)
    assert all(np.array_equal(before[key], state[key]) for key in before)


# Runs that go on


@pytest.fixture
def small(mnist):
    return replace(mnist, train=Split(mnist.train.images[:256], mnist.train.labels[:256]))


def settings_of(tmp_path, **changes) -> Settings:
    fields = {"recipe": RECIPE, "output_dir": tmp_path, "device": "cpu", "precision": "float32", "resume": True}
    return Settings("pytorch", **{**fields, **changes})


@pytest.fixture
def checkpoint(small, tmp_path):
    """The file of a run after its first epoch."""
    settings = settings_of(tmp_path)
    model = build(settings, small)
    trainer = model.backend.trainer(model.network, small.train.images, small.train.labels, RECIPE, 0, "float32")
    train_epochs(trainer, 0)
    known = identity(settings, model, small)
    history = [{"loss": 2.0, "seconds": 1.0}]
    state = RunState((Progress(history, trainer.state()),))
    Checkpoint(tmp_path, "pytorch", RECIPE, known).save(state)
    return tmp_path / "pytorch_checkpoint.safetensors"


def resumed(small, settings):
    """The weights after a run, and its record of epochs."""
    model = build(settings, small)
    history = train(settings, model, small)
    return model.backend.weights(model.network), history.epochs


def test_a_run_goes_on_from_its_checkpoint(checkpoint, small, tmp_path, capsys):
    weights, epochs = resumed(small, settings_of(tmp_path))
    assert "cpu\nResuming after epoch 1 of 2...\nEpoch 2/2, Loss: " in capsys.readouterr().out
    whole, _ = resumed(small, settings_of(tmp_path, resume=False))
    assert epochs[0] == {"loss": 2.0, "seconds": 1.0}
    assert len(epochs) == 2
    assert all(np.array_equal(weights[name], whole[name]) for name in whole)


def test_without_a_checkpoint_a_run_starts_from_the_beginning(small, tmp_path, capsys):
    weights, _ = resumed(small, settings_of(tmp_path / "none"))
    assert "cpu\nStarting training...\nEpoch 1/2" in capsys.readouterr().out
    whole, _ = resumed(small, settings_of(tmp_path, resume=False))
    assert all(np.array_equal(weights[name], whole[name]) for name in whole)


def test_without_resume_a_checkpoint_is_not_read(checkpoint, small, tmp_path, capsys):
    checkpoint.write_bytes(b"damaged")
    resumed(small, settings_of(tmp_path, resume=False))
    assert "cpu\nStarting training...\nEpoch 1/2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 1}, "its seed is 0, this run's is 1"),
        ({"recipe": replace(RECIPE, learning_rate=0.01)}, "its recipe.learning_rate is 0.001, this run's is 0.01"),
        ({"recipe": replace(RECIPE, epochs=3)}, "its recipe.epochs is 2, this run's is 3"),
        ({"dataset": "fashion"}, "its dataset is mnist, this run's is fashion"),
        *(
            [({"precision": PRECISIONS[-1]}, "its precision is float32, this run's is bfloat16")]
            if PRECISIONS[1:]
            else []
        ),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_by_name(checkpoint, small, tmp_path, changes, message):
    before, small = checkpoint.read_bytes(), replace(small, name=changes.get("dataset", "mnist"))
    expected = f"{checkpoint} is of another run: {message}. Run with the same, or without --resume"
    with pytest.raises(DigitsError, match=f"^{re.escape(expected)}$"):
        resumed(small, settings_of(tmp_path, **changes))
    assert checkpoint.read_bytes() == before


def test_a_checkpoint_of_other_images_is_refused(checkpoint, small, tmp_path):
    images = small.train.images.copy()
    images[-1, 0, 0] += 1
    changed = replace(small, train=Split(images, small.train.labels))
    assert f"its dataset_sha256 is {small.sha256}, this run's is {changed.sha256}" in refused(changed, tmp_path)
    labels = np.roll(small.train.labels, 1)
    assert "its dataset_sha256 is" in refused(replace(small, train=Split(small.train.images, labels)), tmp_path)


@pytest.mark.parametrize("epochs", [[2], [1, 1], [2, 2], [3]])
def test_a_checkpoint_that_goes_on_after_the_end_is_refused(checkpoint, small, tmp_path, epochs):
    """Otherwise random weights would pass for trained ones."""
    arrays, header = read_safetensors(checkpoint)
    header["histories"] = json.dumps([[{"loss": 2.0, "seconds": 1.0}] * count for count in epochs])
    checkpoint.write_bytes(safetensors.numpy.save(arrays, metadata=header))
    assert "is damaged: no run stops there. Delete it, or run without --resume" in refused(small, tmp_path)


def test_the_networks_of_an_ensemble_stand_where_they_stood(tmp_path):
    epoch, weights = {"loss": 2.0, "seconds": 1.0}, {"conv1.bias": np.ones(3, np.float32)}
    half_way, at_end = Progress([epoch], {"weights": np.zeros(2, np.float32)}), Progress([epoch] * 2, {}, weights)
    state = RunState((half_way, at_end, Progress())).after(1, at_end, 2.5).after(1, at_end, 0.5)
    of_three = Checkpoint(tmp_path, "pytorch", replace(RECIPE, ensemble=3), {})
    of_three.save(state)
    loaded = of_three.load()
    assert [progress.history for progress in loaded.networks] == [[epoch], [epoch] * 2, []]
    assert [list(progress.trainer) for progress in loaded.networks] == [["weights"], [], []]
    assert [list(progress.best) for progress in loaded.networks] == [[], ["conv1.bias"], []]
    assert np.array_equal(loaded.networks[1].best["conv1.bias"], np.ones(3))
    assert loaded.seconds == 3


def test_another_version_of_the_framework_is_named(tmp_path):
    Checkpoint(tmp_path, "pytorch", RECIPE, {"versions": {"torch": "2.0"}}).save(RunState((Progress(),)))
    with pytest.raises(DigitsError, match="its versions.torch is 2.0, this run's is 2.13"):
        Checkpoint(tmp_path, "pytorch", RECIPE, {"versions": {"torch": "2.13"}}).load()
    with pytest.raises(DigitsError, match="its versions is {'torch': '2.0'}, this run's is None"):
        Checkpoint(tmp_path, "pytorch", RECIPE, {}).load()


STATES = {
    "a weight too many": (
        lambda state: state.update({"0/trainer/weights": np.zeros(7, np.float32)}),
        "weights is float32 of shape",
    ),
    "an array missing": (lambda state: state.pop("0/trainer/first"), "first is missing"),
    "an array too many": (lambda state: state.update({"0/trainer/evil": np.zeros(1)}), "evil is extra"),
    "another type": (
        lambda state: state.update({"0/trainer/first": state["0/trainer/first"].astype(np.float64)}),
        "first is float64",
    ),
    "no number": (
        lambda state: state["0/trainer/second"].__setitem__(0, np.nan),
        "second holds values that are not finite",
    ),
}


@pytest.mark.parametrize(("change", "message"), STATES.values(), ids=STATES)
def test_a_checkpoint_of_other_arrays_is_refused(checkpoint, small, tmp_path, change, message):
    state, header = read_safetensors(checkpoint)
    change(state)
    checkpoint.write_bytes(safetensors.numpy.save(state, metadata=header))
    assert message in refused(small, tmp_path)


def refused(small, tmp_path) -> str:
    with pytest.raises(DigitsError) as caught:
        resumed(small, settings_of(tmp_path))
    message = str(caught.value)
    assert "\n" not in message
    assert str(tmp_path) in message
    return message


@pytest.mark.parametrize("kept", [0, 5, 200, -1])
def test_a_truncated_checkpoint_is_refused(checkpoint, small, tmp_path, kept):
    checkpoint.write_bytes(checkpoint.read_bytes()[:kept])
    assert f"{checkpoint} is damaged" in refused(small, tmp_path)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"identity": "{}"},
        {"identity": "{", "histories": "[]"},
        {"identity": "[1]", "histories": "[]"},
        {"identity": "7", "histories": "[]"},
        {"identity": "{}", "histories": "7"},
        {"identity": "{}", "histories": "[7]"},
        {"identity": "{}", "histories": "[[7]]"},
        {"identity": "{}", "histories": '[[{"loss": 1}]]'},
        {"identity": "{}", "histories": "[" * 100_000},
    ],
)
def test_a_checkpoint_with_another_header_is_refused(small, tmp_path, header):
    path = tmp_path / "pytorch_checkpoint.safetensors"
    path.write_bytes(safetensors.numpy.save({"weights": np.zeros(1, np.float32)}, metadata=header))
    assert refused(small, tmp_path) == f"{path} is not a checkpoint. Delete it, or run without --resume"
