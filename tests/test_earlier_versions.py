"""What earlier versions wrote still opens, whatever was renamed since: see `files/README.md`."""

import json
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from digits.training.steps import identity
from safetensors import safe_open
from scipy.special import softmax

from digits.backends import BACKENDS
from digits.commands.steps import Settings, build, evaluate, train
from digits.datasets import load_dataset
from digits.exchange.predictor import Predictor
from digits.recipes import RECIPES, Augmentation
from digits.runs import load_run

FILES = Path(__file__).parent / "files"


@pytest.fixture(scope="module")
def old(tmp_path_factory) -> Path:
    """The folder that the archive holds, whose models name the dataset in it."""
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(FILES / "before_rooms.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize(("folder", "backend"), [("run", "pytorch"), ("run", "tensorflow"), ("ensemble", "pytorch")])
def test_runs(old, folder, backend):
    run = load_run(old / folder, backend)
    assert (run.classes, len(run.record.epochs)) == (("0", "1", "2"), 2)
    assert run.record.recipe["refinement"] == (0.25 if folder == "ensemble" else 0)
    assert np.array_equal(run.predictions, run.labels)


@pytest.mark.parametrize(
    "name", ["run/pytorch_model.safetensors", "run/tensorflow_model.keras", "ensemble/pytorch_model.safetensors"]
)
def test_models(old, name):
    from digits.exchange.convert import open_model

    backend, network, info = open_model(old / name)
    assert info.recipe.ensemble == (2 if "ensemble" in name else 1)
    assert info.recipe.ema_decay == (0.999 if "ensemble" in name else 0)
    images = load_dataset(str(old / "strokes.npz")).test.images
    logits = backend.predict(network, images).astype(np.float64)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    saved = np.load((old / name.replace("model", "probs")).with_suffix(".npy"))
    assert np.abs(probabilities - saved).max() < 1e-5


def test_an_exported_model(old):
    images = load_dataset(str(old / "strokes.npz")).test.images
    probabilities = Predictor(old / "run" / "pytorch_model.onnx").probabilities(images)
    assert np.abs(probabilities - np.load(old / "run" / "pytorch_probs.npy")).max() < 1e-5


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_checkpoint_goes_on_to_the_same_answers(old, backend, tmp_path, capsys):
    recipe = replace(
        RECIPES["baseline"],
        **{"epochs": 2, "batch_size": 8, "ema_decay": 0.99, "unaugmented_share": 0.5, "validation": 0.2},
        augmentation=Augmentation(rotation=10),
    )
    settings = Settings(
        backend,
        recipe,
        precision="float32",
        device="cpu",
        dataset=str(old / "strokes.npz"),
        output_dir=tmp_path,
        resume=True,
    )
    dataset = load_dataset(settings.dataset)
    model = build(settings, dataset)
    _as_if_made_here(
        old / "checkpoint" / f"{backend}_checkpoint.safetensors", tmp_path, identity(settings, model, dataset)
    )
    history = train(settings, model, dataset)
    assert "Resuming after epoch 1 of 2..." in capsys.readouterr().out
    assert len(history.epochs) == 2
    after = np.load(old / "checkpoint" / f"{backend}_probs_after_resuming.npy")
    after = softmax(np.log(after.clip(1e-12)) / model.info.temperature, axis=1)  # which earlier versions did not fit
    assert np.abs(evaluate(model, dataset).probabilities - after).max() < 1e-3


def _as_if_made_here(checkpoint: Path, folder: Path, here: dict) -> None:
    """Copy a checkpoint, with this machine's versions and the place of the dataset in it."""
    with safe_open(checkpoint, framework="numpy") as file:
        arrays, header = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    identity = json.loads(header["identity"])
    identity |= {name: here[name] for name in ("versions", "dataset")}
    header["identity"] = json.dumps(identity)
    (folder / checkpoint.name).write_bytes(safetensors.numpy.save(arrays, metadata=header))
