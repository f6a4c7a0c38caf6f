"""A run whose network finds digits, as a user has it, and what other commands say of what it leaves."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from digits.backends import BACKENDS
from digits.commands import finder
from digits.exchange.convert import open_model
from digits.reading.finder import FINDER
from tests.conftest import run, without
from tests.inside import digits, refused
from tests.test_scripts import refused as refused_script

TRAIN = ("--recipe", "finder", "--filters", "4,6,8,8,8,6", "--pages", "8", "--batch-size", "8")
DIGITS = ("-m", "digits")


@pytest.fixture(scope="module")
def folder(data_dir, tmp_path_factory) -> Path:
    """A folder with a run of each backend, asked about few pages, and what each said."""
    folder = tmp_path_factory.mktemp("finder")
    for backend in BACKENDS:
        flags = (*TRAIN, "--epochs", "1", "--data-dir", data_dir, "--output-dir", folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(finder, "PAGES", 20)
            done = digits("train", backend, *flags)
        assert (done.returncode, done.stderr) == (0, ""), done
        (folder / f"{backend}.txt").write_text(done.stdout)
    return folder


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_says_and_records_which_share_of_pages_it_reads_whole(backend, folder):
    record = json.loads((folder / f"{backend}_run.json").read_text())
    lines = (folder / f"{backend}.txt").read_text().splitlines()
    assert lines == [
        "Using device: cpu",
        "Starting training...",
        f"Epoch 1/1, Loss: {record['epochs'][0]['loss']:.4f}",
        f"Pages read whole: {record['pages_read_whole']:.2%}",
        f"Finder saved to {folder}",
    ]
    assert "test_accuracy" not in record
    assert list(record["files"]) == [f"{backend}_model{BACKENDS[backend].suffix}"]
    assert not list(folder.glob("*.npy"))
    assert not list(folder.glob("*checkpoint*"))


@pytest.mark.parametrize("backend", ["pytorch", pytest.param("tensorflow", marks=pytest.mark.slow)])
def test_an_exported_finder_says_what_the_finder_says(backend, folder, tmp_path, rng):
    model = folder / f"{backend}_model{BACKENDS[backend].suffix}"
    done = digits("export", model, "--output", tmp_path / "finder.onnx")
    assert (done.returncode, done.stderr) == (0, "")
    graph = onnxruntime.InferenceSession(tmp_path / "finder.onnx", providers=["CPUExecutionProvider"])
    (images,), (maps,) = graph.get_inputs(), graph.get_outputs()
    assert (images.name, images.type, images.shape[3]) == ("images", "tensor(uint8)", 3)
    assert (maps.name, maps.type, maps.shape[1]) == ("maps", "tensor(float)", 14)
    framework, network, _ = open_model(model)
    for shape in ((1, 32, 32, 3), (3, 64, 96, 3), (1, 320, 192, 3)):
        pictures = rng.integers(0, 256, shape, np.uint8)
        (said,) = graph.run(None, {"images": pictures})
        assert said.shape == (shape[0], 14, shape[1] // 4, shape[2] // 4)
        assert np.abs(said - framework.predict(network, pictures)).max() < 1e-4


def test_a_finder_is_converted_like_any_model(folder, tmp_path, rng):
    target = tmp_path / "other.keras"
    assert digits("convert", folder / "pytorch_model.safetensors", target).returncode == 0
    pictures, said = rng.integers(0, 256, (2, 64, 96, 3), np.uint8), []
    for path in (folder / "pytorch_model.safetensors", target):
        backend, network, _ = open_model(path)
        said.append(backend.predict(network, pictures))
    assert np.abs(said[0] - said[1]).max() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_that_was_interrupted_ends_with_the_same_file(backend, data_dir, tmp_path):
    models, flags = [], (*TRAIN, "--epochs", "2", "--data-dir", data_dir)
    code = (
        "import sys; from digits.training import run\nsave = run.Checkpoint.save\n"
        "def stop(*args): save(*args); sys.exit(3)\n"
        "run.Checkpoint.save = stop\nfrom digits.cli import main\nmain(sys.argv[1:])"
    )
    for name, interrupted in (("whole", False), ("parts", True)):
        folder = ("--output-dir", tmp_path / name)
        if interrupted:
            assert run("-c", code, "train", backend, *flags, *folder).returncode == 3
        done = run(*DIGITS, "train", backend, *flags, *folder, "--resume")
        assert done.returncode == 0, done
        assert interrupted == ("Resuming after epoch 1 of 2..." in done.stdout)
        path = tmp_path / name / f"{backend}_model{BACKENDS[backend].suffix}"
        framework, network, _ = open_model(path)
        models.append(framework.weights(network))
    assert all(np.array_equal(array, models[1][key]) for key, array in models[0].items())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("visualize --output-dir .", "pytorch_run.json is of a finder, which leaves no predictions. Run: "),
        ("report --output-dir .", "pytorch_run.json is of a finder, which leaves no predictions. Run: "),
        ("evaluate tensorflow_run.json", "tensorflow_run.json is of a finder, which leaves no predictions. Run: "),
        ("evaluate pytorch_model.safetensors", "pytorch_model.safetensors is a finder, which finds digits on pages; "),
        ("evaluate tensorflow_model.keras", "tensorflow_model.keras is a finder, which finds digits on pages; "),
        ("compare pytorch_run.json tensorflow_run.json", "pytorch_run.json is of a finder, "),
        ("predict finder.onnx 7.png", "finder.onnx is a finder, which finds digits on pages; allowed here: a model "),
        ("read --model finder.onnx 7.png", "finder.onnx is a finder, which finds digits on pages; allowed here: "),
        ("tune pytorch --recipe finder", "recipe is 'finder', but must be one that tells of which class an image is"),
        ("train pytorch --recipe finder --ensemble 5", "ensemble is 5, but must be 1 for finder, which finds digits"),
        ("train pytorch --recipe finder --rotation 9", "rotation is 9.0, but must be 0.0 for finder"),
        ("train pytorch --architecture finder", "pages is 0, but must be 1 or more for finder"),
    ],
)
def test_other_commands_say_so_in_one_line(command, said, folder):
    name, *words = command.split()
    places = {".": folder, "finder.onnx": FINDER}
    told = [folder / word if (folder / word).is_file() else places.get(word, word) for word in words]
    assert said in refused(name, *told)


def test_a_script_trains_what_it_shows(tmp_path):
    told = refused_script("mnist_pytorch.py", "--recipe", "finder", "--output-dir", tmp_path)
    assert told.endswith("Run: digits train pytorch --recipe finder")


def test_a_dataset_without_digits_is_refused(mnist):
    from dataclasses import replace

    from digits.errors import DigitsError
    from digits.recipes import RECIPES
    from digits.training.run import check_data

    with pytest.raises(DigitsError, match=r"pages is 3000, but must be 0 for .*, whose classes are not the ten digits"):
        check_data(RECIPES["finder"], replace(mnist, classes=tuple("abcdefghij")))


BOXES, LABELS = np.array([(10, 10, 20, 40), (50, 10, 8, 40)], np.float32), np.array([3, 1])


@pytest.mark.parametrize(
    ("found", "said", "agrees"),
    [
        (BOXES, LABELS, True),
        (BOXES[::-1], LABELS[::-1], True),
        (BOXES + np.float32([6, 0, 0, 6]), LABELS, True),
        (BOXES + np.float32([12, 0, 0, 0]), LABELS, False),
        (BOXES, LABELS[::-1], False),
        (BOXES[:1], LABELS[:1], False),
        (BOXES[[0, 0]], LABELS[[0, 0]], False),
        (np.concatenate([BOXES, BOXES[:1] + np.float32([60, 60, 0, 0])]), np.append(LABELS, 3), False),
    ],
)
def test_a_page_is_read_whole_where_each_digit_is_found_and_nothing_else(found, said, agrees):
    assert finder.agree(BOXES, LABELS, found, said) is agrees


def test_a_page_without_digits_is_read_whole_where_nothing_is_found():
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    assert finder.agree(*none, *none)
    assert not finder.agree(*none, BOXES, LABELS)


def test_what_composes_pages_is_an_extra(data_dir, tmp_path):
    flags = (*TRAIN, "--data-dir", data_dir, "--output-dir", tmp_path / "outputs")
    message = refused_script(*DIGITS, "train", "pytorch", *flags, PYTHONPATH=without("skimage", tmp_path))
    assert message.startswith("scikit-image is not installed. Run")
    assert "[finder]" in message
