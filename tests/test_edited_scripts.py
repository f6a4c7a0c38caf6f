"""What a beginner may change in the scripts: each edit is made in a copy of the file, which is then run."""

import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from digits.backends import BACKENDS, load_backend
from digits.cli import main
from digits.exchange.predictor import Predictor
from digits.models import ModelInfo
from digits.recipes import RECIPES
from digits.runs import load_run, model_name
from tests.conftest import ROOT, but_for_hints

pytestmark = pytest.mark.whole

CONVOLUTION = {
    "pytorch": "        nn.Conv2d(filters[1], 24, kernel_size=3, padding=1),\n        nn.ReLU(),\n",
    "tensorflow": '            layers.Conv2D(24, kernel_size=3, padding="same", activation="relu"),\n',
}
SKIP = {
    "pytorch": """    import torch

    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(1, filters[0], 3, padding=1)
            self.second = nn.Conv2d(filters[0], filters[0], 3, padding=1)
            self.last = nn.Linear(filters[0] * 14 * 14, classes)

        def forward(self, x):
            x = torch.relu(self.first(x))
            x = torch.relu(x + self.second(x))
            return self.last(nn.functional.max_pool2d(x, 2).flatten(1))

    return Skip()
""",
    "tensorflow": """    images = layers.Input((28, 28, 1))
    x = layers.Conv2D(filters[0], 3, padding="same", activation="relu")(images)
    x = layers.ReLU()(layers.add([x, layers.Conv2D(filters[0], 3, padding="same")(x)]))
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    return keras.Model(images, layers.Dense(classes)(x))
""",
}


def numbers(text: str, backend: str) -> str:
    text = text.replace("filters = (16, 32)", "filters = (5, 7)").replace("hidden_units = 128", "hidden_units = 33")
    return text.replace("dropout = 0.25", "dropout = 0.5").replace("epochs = 3", "epochs = 1")


def one_more_convolution(text: str, backend: str) -> str:
    before = {"pytorch": "        nn.Flatten(),", "tensorflow": "            layers.Flatten(),"}[backend]
    text = text.replace("nn.Linear(filters[1] * 5 * 5", "nn.Linear(24 * 5 * 5")
    return text.replace(before, CONVOLUTION[backend] + before)


def a_skip_connection(text: str, backend: str) -> str:
    start = text.index("    return nn.Sequential(" if backend == "pytorch" else "    return keras.Sequential(")
    return text[:start] + SKIP[backend] + text[text.index("\n\ndef main") :]


def average_pooling(text: str, backend: str) -> str:
    return text.replace("MaxPool2d", "AvgPool2d").replace("MaxPooling2D", "AveragePooling2D")


def tanh(text: str, backend: str) -> str:
    """The same weights in the same shapes, and yet another network."""
    return text.replace("nn.ReLU()", "nn.Tanh()").replace('activation="relu"', 'activation="tanh"')


def normalisation(text: str, backend: str) -> str:
    layer = {
        "pytorch": "        nn.BatchNorm2d(filters[1]),\n",
        "tensorflow": "            layers.BatchNormalization(),\n",
    }
    before = {"pytorch": "        nn.Flatten(),", "tensorflow": "            layers.Flatten(),"}[backend]
    return text.replace(before, layer[backend] + before)


STRUCTURES = [one_more_convolution, a_skip_connection, average_pooling, tanh, normalisation]


@pytest.fixture(scope="module")
def own(mnist, tmp_path_factory) -> Path:
    """A few digits, so that each run takes a moment."""
    path = tmp_path_factory.mktemp("own") / "few.npz"
    train, test = mnist.train, mnist.test
    arrays = {"x_train": train.images[:600], "y_train": train.labels[:600]}
    np.savez(path, **arrays, x_test=test.images[:200], y_test=test.labels[:200])
    return path


@pytest.fixture
def run(own, tmp_path, monkeypatch, capsys):
    """Run a script, edited or not, with flags, in a folder; what it said, on stdout and stderr, and its exit status."""

    def run(backend: str, edit: Callable[[str, str], str] | None, *flags: object) -> tuple[str, str, int]:
        text = (ROOT / f"mnist_{backend}.py").read_text()
        edited = edit(text, backend) if edit else text
        assert edit is None or edited != text
        path = tmp_path / f"mnist_{backend}.py"
        path.write_text(edited)
        where = ["--dataset", own, "--output-dir", tmp_path / "outputs"]
        monkeypatch.setattr(sys, "argv", [str(path), *map(str, [*where, *flags])])
        capsys.readouterr()
        try:
            runpy.run_path(str(path), run_name="__main__")
            status = 0
        except SystemExit as ended:
            status = ended.code
        said = capsys.readouterr()
        return said.out, said.err, status

    return run


@pytest.fixture(params=BACKENDS)
def backend(request) -> str:
    return request.param


def network_in(backend: str):
    """The function that the script shows."""
    return runpy.run_path(str(ROOT / f"mnist_{backend}.py"))["network"]


def test_what_a_script_shows_is_the_packages_baseline(backend, mnist):
    """The same logits from the same weights, and the same losses over twenty steps, bit for bit."""
    twin, recipe = load_backend(backend), RECIPES["baseline"]
    info = ModelInfo(recipe, "mnist", tuple("0123456789"), twin.PIXEL_RANGE)
    images, labels = mnist.train.images[:1280], mnist.train.labels[:1280]
    seen = []
    for make in (None, network_in(backend)):
        network = twin.build(info, 3, twin.select_device("cpu"), make=make)
        logits = twin.predict(network, mnist.test.images[:500])
        trainer = twin.trainer(network, images, labels, recipe, 3, "float32")
        losses = [loss for _, loss in trainer.epoch(0, report_steps=1)]
        seen.append((logits, losses, twin.structure(network)))
    assert np.array_equal(seen[0][0], seen[1][0])
    assert len(seen[0][1]) == 20
    assert seen[0][1] == seen[1][1]
    assert seen[0][2] == seen[1][2]


def test_other_numbers(backend, run, own, tmp_path):
    out, err, status = run(backend, numbers, "--summary", "--validation", 0.2)
    assert (but_for_hints(err), status) == ("", 0)
    assert re.search(r"^conv2 +7 × 11 × 11 +322$", out, re.MULTILINE)
    assert re.search(r"^dense1 +33 +5,808$", out, re.MULTILINE)
    record = load_run(tmp_path / "outputs", backend).record
    assert (record.recipe["filters"], record.recipe["hidden_units"], record.recipe["dropout"]) == ([5, 7], 33, 0.5)
    assert (len(record.epochs), record.network) == (1, None)
    model = tmp_path / "outputs" / model_name(backend)
    other = tmp_path / ("twin.keras" if backend == "pytorch" else "twin.safetensors")
    assert main(["convert", str(model), str(other)]) == 0
    assert main(["export", str(other), "--output", str(tmp_path / "twin.onnx")]) == 0
    run_saved = load_run(tmp_path / "outputs", backend)
    test = np.load(own)["x_test"]
    assert np.abs(Predictor(tmp_path / "twin.onnx").probabilities(test) - run_saved.probabilities).max() < 1e-4


def test_flags_change_what_the_shown_network_is(backend, run, tmp_path):
    out, _, status = run(backend, None, "--filters", "3,4", "--hidden-units", 12, "--ensemble", 2, "--epochs", 1)
    assert status == 0
    assert re.search("^Network 2( of 2)?, seed 1", out, re.MULTILINE)  # side by side where there are several cores
    record = load_run(tmp_path / "outputs", backend).record
    assert (record.recipe["filters"], record.recipe["hidden_units"], len(record.members)) == ([3, 4], 12, 2)


@pytest.mark.slow
@pytest.mark.parametrize("edit", STRUCTURES)
def test_another_structure_is_trained_saved_and_never_taken_for_ours(edit, backend, run, own, tmp_path, capsys):
    out, err, status = run(backend, edit, "--epochs", 2, "--export")
    ignores = "note: the network in this script does not use hidden_units, dropout: --hidden-units and --dropout change"
    assert (but_for_hints(err).replace(f"{ignores} nothing\n", ""), status) == ("", 0), err
    assert (ignores in err) == (edit.__name__ == "a_skip_connection")
    losses = [float(loss) for loss in re.findall(r"Loss: (\d\.\d+)", out)]
    assert losses[1] < losses[0] < 2.5
    saved = load_run(tmp_path / "outputs", backend)
    assert len(saved.record.network) == 64
    model = tmp_path / "outputs" / model_name(backend)
    for command in (
        ["export", model],
        ["convert", model, tmp_path / ("a.keras" if backend == "pytorch" else "a.safetensors")],
    ):
        assert main([*map(str, command)]) == 1
        said = capsys.readouterr().err
        assert "is of a network that was edited in its script, which alone can export it, with --export" in said
        assert said.count("\n") == 1
    exported = Predictor(tmp_path / "outputs" / f"{backend}_model.onnx").probabilities(np.load(own)["x_test"])
    assert np.abs(exported - saved.probabilities).max() < 1e-4
    assert main(["visualize", "--output-dir", str(tmp_path / "outputs")]) == 0


def test_an_edited_network_is_resumed_by_its_script_and_by_no_other(backend, run, tmp_path, monkeypatch):
    from digits.training.checkpoints import Checkpoint

    flags = ("--epochs", 2, "--precision", "float32")
    assert run(backend, one_more_convolution, *flags)[2] == 0
    whole = load_run(tmp_path / "outputs", backend).probabilities

    def saves_and_stops(self, state, save=Checkpoint.save):
        save(self, state)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "save", saves_and_stops)
        assert run(backend, one_more_convolution, *flags)[2] == 130
    for other in (average_pooling, None):
        _, err, status = run(backend, other, *flags, "--resume")
        assert status == 1
        assert "is of another run: its network is " in err
    out, _, status = run(backend, one_more_convolution, *flags, "--resume")
    assert status == 0
    assert "Resuming after epoch 1 of 2..." in out
    assert np.array_equal(load_run(tmp_path / "outputs", backend).probabilities, whole)


def replacing(old: str, new: str) -> Callable[[str, str], str]:
    return lambda text, backend: text.replace(old, new)


def shapes(text: str, backend: str) -> str:
    return text.replace("filters[1] * 5 * 5", "801").replace("layers.Flatten()", "layers.Reshape((801,))")


def nine_scores(text: str, backend: str) -> str:
    return text.replace("hidden_units, classes)", "hidden_units, 9)").replace("Dense(classes)", "Dense(9)")


WHOLE = "but must be a whole number"
NONSENSE = {
    "no epochs": (replacing("epochs = 3", "epochs = 0"), f"line 6: epochs is 0, {WHOLE}, 1 or more"),
    "half epochs": (replacing("epochs = 3", "epochs = 2.5"), f"line 6: epochs is 2.5, {WHOLE}, 1 or more"),
    "a word": (
        replacing("learning_rate = 0.001", 'learning_rate = "low"'),
        "line 8: learning rate is 'low', but must be",
    ),
    "digits in quotes": (replacing("epochs = 3", 'epochs = "3"'), f"line 6: epochs is '3', {WHOLE}, 1 or more"),
    "3 filters": (
        replacing("filters = (16, 32)", "filters = (16, 32, 64)"),
        r"line 9: filters is \(16, 32, 64\), but must be 2 numbers for baseline, one for each convolution",
    ),
    "no filters": (replacing("filters = (16, 32)", "filters = ()"), r"line 9: filters is \(\), but must be whole"),
    "0 filters": (replacing("filters = (16, 32)", "filters = (16, 0)"), r"line 9: filters is \(16, 0\), but must"),
    "many": (replacing("hidden_units = 128", "hidden_units = 10**6"), f"line 10: hidden units is 1000000, {WHOLE}"),
    "seed": (replacing("seed = 0", "seed = -1"), f"line 12: seed is -1, {WHOLE}, 0 or more"),
    "9 scores": (nine_scores, r"line 15: the network gives \(9,\) numbers for an image; allowed: 10"),
    "shapes": (shapes, r"line \d+: the network does not work \(.*80[01]"),
    "a typo": (replacing("Dropout(dropout)", "Dropout(dropuot)"), r"line 29: .* \(name 'dropuot' is not defined\)"),
}


def test_help_can_be_had_whatever_stands_at_the_top(backend, run):
    out, err, status = run(backend, replacing("filters = (16, 32)", "filters = (16, 32, 64)"), "--help")
    assert (err, status) == ("", 0)
    assert "--filters" in out


@pytest.mark.parametrize(("edit", "message"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_one_line_that_names_the_line(edit, message, backend, run, tmp_path):
    _, err, status = run(backend, edit)
    assert status == 1
    assert re.match(rf"error: mnist_{backend}\.py, {message}", err), err
    assert err.count("\n") == 1
    assert not (tmp_path / "outputs" / f"{backend}_run.json").exists()


LAST_POOLING = r"        nn\.MaxPool2d\(2\),  # \(n, 32, 5, 5\).*\n"
MISFITS = {
    "no pooling": (LAST_POOLING, "", r"nn.Linear(800, 128) gets 3,872 numbers for an image, but needs 800"),
    "maps": (r"Conv2d\(filters\[0\], ", "Conv2d(17, ", "nn.Conv2d(17, 32, …) gets 16 maps, but needs 17"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISFITS.values(), ids=MISFITS)
def test_a_layer_that_does_not_fit_is_named_with_its_numbers(old, new, message, run):
    """In Keras layers fit themselves to what they get."""
    _, err, status = run("pytorch", lambda text, backend: re.sub(old, new, text))
    assert status == 1
    assert err == f"error: mnist_pytorch.py, line 15: the network does not work ({message})\n"


def test_in_a_network_of_ones_own_class_the_line_is_named_too(run):
    def wrong(text: str, backend: str) -> str:
        return a_skip_connection(text, backend).replace("filters[0] * 14 * 14", "801")

    _, err, status = run("pytorch", wrong)
    line = int(re.search(r"line (\d+): the network does not work \(nn.Linear\(801, 10\) gets 3,136 numbers", err)[1])
    assert status == 1
    assert line > 20


def test_a_run_that_has_not_learned_says_so(backend, run):
    """Also where smoothed targets let no loss come near 0."""
    for flags in ((), ("--label-smoothing", 0.2)):
        out, err, status = run(backend, replacing("learning_rate = 0.001", "learning_rate = 0.3"), *flags)
        assert status == 0
        assert re.search(r"^Test Accuracy: \d\.|1\d\.", out, re.MULTILINE)
        assert re.match(
            r"warning: it has not learned \(a loss of \d+\.\d{4} is no better than a guess's, 2\.\d{4}\); "
            r"try a smaller learning rate, or more epochs\n",
            err,
        )
    assert run(backend, None, "--label-smoothing", 0.2)[1] == ""


@pytest.mark.parametrize(
    ("flags", "instead"),
    [
        (("--recipe", "deep"), "--recipe deep"),
        (("--recipe", "fast", "--epochs", 2), "--recipe fast"),
        (("--architecture", "deep"), "--architecture deep"),
    ],
)
def test_another_recipe_is_refused_as_the_script_shows_another_network(flags, instead, backend, run):
    out, err, status = run(backend, numbers, *flags)
    assert (out, status) == ("", 1)
    expected = f"this script trains the network that it shows, not another. Run: digits train {backend} {instead}"
    assert err == f"error: {expected}\n"


def test_a_number_that_the_shown_network_ignores_is_told(backend, run):
    def hard_wired(text: str, backend: str) -> str:
        head, body = numbers(text, backend).split('"""The network', 1)
        body, tail = body.split("\n\ndef main", 1)
        return f'{head}"""The network{body.replace("(dropout)", "(0.3)")}\n\ndef main{tail}'

    _, err, status = run(backend, hard_wired, "--dropout", "0.1")
    assert status == 0
    assert "note: the network in this script does not use dropout: --dropout changes nothing" in err
