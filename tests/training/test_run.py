"""Runs: with images kept back, early stopping, event files and ensembles; on few images, with PyTorch."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from digits.backends import BACKENDS
from digits.commands.steps import build, evaluate, save, train
from digits.commands.visualize import show_runs
from digits.datasets import Split
from digits.errors import DigitsError
from digits.exchange.convert import open_model
from digits.exchange.export import export
from digits.exchange.predictor import Predictor
from digits.hardware import CORES
from digits.recipes import RECIPES
from digits.runs import load_run
from digits.synthesis import non_digits
from digits.training import Settings, run
from digits.training.checkpoints import Checkpoint
from digits.training.loop import Progress, Training, best_epoch, finished
from digits.training.validation import fit_temperature, hold_out
from tests.conftest import changed

RECIPE = replace(RECIPES["fast"], epochs=4, batch_size=32, dropout=0.2, validation=0.25, learning_rate=0.003)


@pytest.fixture
def small(mnist):
    """A tenth of the labels are wrong, so that the validation loss rises soon."""
    labels = mnist.train.labels[:400].copy()
    labels[::10] = (labels[::10] + 1) % 10
    return replace(mnist, train=Split(mnist.train.images[:400], labels))


def settings_of(tmp_path, **changes) -> Settings:
    fields = {"recipe": RECIPE, "output_dir": tmp_path, "device": "cpu", "precision": "float32"}
    return Settings("pytorch", **{**fields, **changes})


def trained(small, settings):
    model = build(settings, small)
    history = train(settings, model, small)
    return model, history


def test_too_few_images_for_a_batch_are_refused_before_training(small, tmp_path, data_dir):
    with pytest.raises(
        DigitsError,
        match="batch size is 40,000, but there are only 30,000 training images. Run with --batch-size 30000",
    ):
        run.load(settings_of(tmp_path, recipe=replace(RECIPE, batch_size=40_000, validation=0.5), data_dir=data_dir))


def test_a_dataset_is_validated_on_the_images_that_it_brings_for_that(small, tmp_path):
    arrays = {"x_train": small.train.images, "y_train": small.train.labels}
    arrays |= {"x_val": small.test.images[:50], "y_val": small.test.labels[:50]}
    np.savez(tmp_path / "own.npz", **arrays, x_test=small.test.images[50:99], y_test=small.test.labels[50:99])
    recipe = replace(RECIPE, validation=0.0, patience=1, batch_size=400, epochs=2)  # all 400 images are for training
    settings = settings_of(tmp_path, recipe=recipe, dataset=str(tmp_path / "own.npz"))
    dataset = run.load(settings)
    model, history = trained(dataset, settings)
    right = model.backend.predict(model.network, arrays["x_val"]).argmax(axis=1) == arrays["y_val"]
    assert history.validation["validation_accuracy"] == right.mean()
    assert all("validation_loss" in epoch for epoch in history.epochs)


@pytest.mark.parametrize(
    ("fields", "brings", "message"),
    [
        (
            {"patience": 2, "validation": 0.0},
            False,
            "patience is 2, but must be 0 without validation images",
        ),
        ({"validation": 0.2}, True, "validation is 0.2, but must be 0, as mnist brings validation images of its own"),
    ],
)
def test_what_has_no_effect_with_the_dataset_is_refused_before_training(
    fields, brings, message, mnist, tmp_path, monkeypatch
):
    dataset = replace(mnist, validation=mnist.test) if brings else mnist
    monkeypatch.setattr(run, "load_dataset", lambda *_: dataset)
    with pytest.raises(DigitsError, match=message):
        run.load(settings_of(tmp_path, recipe=replace(RECIPE, **fields)))


# When to stop, and what to keep


def losses(*values: float) -> list[dict[str, float]]:
    return [{"loss": 1.0, "seconds": 1.0, "validation_loss": value} for value in values]


def test_training_stops_after_patience_epochs_without_a_better_one():
    recipe = replace(RECIPE, epochs=10, patience=2)
    assert not finished(recipe, [])
    assert not finished(recipe, losses(3, 2, 2.5))
    assert finished(recipe, losses(3, 2, 2.5, 2.1))
    assert not finished(recipe, losses(3, 2, 2.5, 1.9, 2))
    assert finished(recipe, losses(*range(10, 0, -1)))  # all epochs are done
    assert not finished(replace(recipe, patience=0), losses(1, 2, 3, 4, 5))
    assert best_epoch(losses(3, 2, 2.5)) == 1


def test_the_best_epochs_weights_are_kept(small, tmp_path, capsys):
    recipe = changed(RECIPE, epochs=12, patience=2, learning_rate=0.01, schedule="constant", label_smoothing=0.0)
    kept, held = hold_out(small.train, recipe.validation, 0)
    model, history = trained(small, settings_of(tmp_path, recipe=recipe))
    watched = [epoch["validation_loss"] for epoch in history.epochs]
    best = int(np.argmin(watched))
    assert best == len(watched) - 3 < 11  # it stopped early, two epochs after the best
    logits = model.backend.predict(model.network, held.images)
    loss = -log_softmax(logits, axis=1)[np.arange(len(held)), held.labels].mean()
    assert loss == pytest.approx(watched[best], rel=1e-6)
    assert history.epochs[best]["validation_accuracy"] == (logits.argmax(axis=1) == held.labels).mean()
    assert history.validation == {key: history.epochs[best][key] for key in ("validation_loss", "validation_accuracy")}
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == f"Keeping the weights of epoch {best + 1}, which had the lowest validation loss"
    assert re.fullmatch(r"Epoch 1/12, Loss: \d\.\d{4}, Validation Loss: \d\.\d{4}, Accuracy: \d+\.\d\d%", said[2])
    assert len(kept) == 300


def test_a_temperature_is_fitted_on_the_validation_images_and_saved(small, tmp_path):
    settings = settings_of(tmp_path, recipe=replace(RECIPE, label_smoothing=0.4), export=True)
    model, history = trained(small, settings)
    _, held = hold_out(small.train, RECIPE.validation, 0)
    logits = model.backend.predict(model.network, held.images)
    assert model.info.temperature == fit_temperature(logits, held.labels) != 1
    save(settings, model, small, history, evaluate(model, small))
    expected = softmax(model.backend.predict(model.network, small.test.images) / model.info.temperature, axis=1)
    assert np.abs(load_run(tmp_path, "pytorch").probabilities - expected).max() < 1e-6
    exported = Predictor(tmp_path / "pytorch_model.onnx")
    assert np.abs(exported.probabilities(small.test.images) - expected).max() < 1e-4
    assert exported.info.temperature == model.info.temperature
    assert exported.info.origin["seed"] == 0
    assert exported.info.origin["test_accuracy"] == (expected.argmax(axis=1) == small.test.labels).mean()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_network_says_what_is_no_digit(backend, mnist, tmp_path):
    few = replace(mnist, train=mnist.train.take(slice(3000)), test=mnist.test.take(slice(2000)))
    recipe = changed(RECIPES["fast"], epochs=2, nothing=0.5, strokes=0.1)
    settings = replace(settings_of(tmp_path, recipe=recipe, export=True), backend=backend)
    model, history = trained(few, settings)
    result = evaluate(model, few)
    assert result.probabilities.shape == (2000, 10)
    assert result.accuracy > 0.9
    save(settings, model, few, history, result)
    exported = Predictor(tmp_path / f"{backend}_model.onnx")
    probabilities, doubts = exported.outputs(few.test.images[:1000])
    doubts = doubts.sum(axis=1)
    assert np.abs(probabilities - result.probabilities[:1000]).max() < 1e-3
    none = exported.outputs(non_digits.draw(1000, few.train, np.random.default_rng(5)).images)[1].sum(axis=1)
    assert (none > 0.5).mean() > 0.8 > 0.1 > (doubts > 0.5).mean()


def test_what_is_drawn_is_refused_beside_other_classes(tmp_path, monkeypatch, mnist):
    monkeypatch.setattr(run, "load_dataset", lambda *_: replace(mnist, name="clothes", classes=tuple("abcdefghij")))
    with pytest.raises(DigitsError, match=r"^strokes is 0.3, but must be 0 for clothes, whose classes are not the ten"):
        run.load(settings_of(tmp_path, recipe=replace(RECIPE, strokes=0.3)))


def test_the_validation_loss_is_the_one_that_training_lowers(small, tmp_path):
    recipe = replace(RECIPE, epochs=1, label_smoothing=0.5, validation=0.5)
    model, history = trained(small, settings_of(tmp_path, recipe=recipe))
    _, held = hold_out(small.train, 0.5, 0)
    logarithms = log_softmax(model.backend.predict(model.network, held.images), axis=1)
    targets = np.full((len(held), 10), 0.05)
    targets[np.arange(len(held)), held.labels] += 0.5
    assert history.epochs[0]["validation_loss"] == pytest.approx(-(targets * logarithms).sum(axis=1).mean(), rel=1e-5)


def test_validation_images_are_never_trained_on(small, tmp_path):
    """Other pixels of the images kept back change no weight."""
    _, held = hold_out(small.train, RECIPE.validation, 0)
    changed = small.train.images.copy()
    for index, image in enumerate(small.train.images):
        if any(np.array_equal(image, one) for one in held.images):
            changed[index] = 255 - image
    other = replace(small, train=Split(changed, small.train.labels))
    assert not np.array_equal(changed, small.train.images)
    settings = settings_of(tmp_path, recipe=replace(RECIPE, epochs=1))
    (one, _), (two, _) = trained(small, settings), trained(other, settings)
    ours, theirs = one.backend.weights(one.network), two.backend.weights(two.network)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_a_run_with_validation_resumes_bit_for_bit(small, tmp_path, monkeypatch, capsys):
    recipe = changed(RECIPE, epochs=20, patience=2, learning_rate=0.01, schedule="constant", ema_decay=0.5)
    whole, history = trained(small, settings_of(tmp_path / "whole", recipe=recipe))
    epochs = len(history.epochs)
    assert best_epoch(history.members[0]) == epochs - 3 < 17  # or the kept weights would not be tested
    monkeypatch.setattr(Checkpoint, "save", stops_after(epochs - 1, Checkpoint.save))
    with pytest.raises(KeyboardInterrupt):
        trained(small, settings_of(tmp_path, recipe=recipe))
    monkeypatch.undo()
    resumed, again = trained(small, settings_of(tmp_path, recipe=recipe, resume=True))
    assert f"Resuming after epoch {epochs - 1} of 20..." in capsys.readouterr().out
    ours, theirs = resumed.backend.weights(resumed.network), whole.backend.weights(whole.network)
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    assert [epoch["validation_loss"] for epoch in again.epochs] == [
        epoch["validation_loss"] for epoch in history.epochs
    ]


def stops_after(count: int, save):
    """A `Checkpoint.save` after whose `count`-th call the user presses Ctrl-C."""
    calls = iter(range(1, 100))

    def saves_and_stops(*arguments):
        save(*arguments)
        if next(calls) == count:
            raise KeyboardInterrupt

    return saves_and_stops


@pytest.mark.parametrize("progress", [{"best": {}}, {"best": {"conv1.weight": np.zeros(3, np.float32)}}])
def test_a_checkpoint_without_the_best_weights_is_refused(progress, small, tmp_path):
    model = build(settings_of(tmp_path), small)
    kept, held = hold_out(small.train, 0.25, 0)
    trainer = model.backend.trainer(model.network, kept.images, kept.labels, RECIPE, 0, "float32")
    start = Progress(losses(1.0), trainer.state(), **progress)
    one = Training("pytorch", model.info, kept, held, 0, "float32")
    with pytest.raises(DigitsError, match=r"^the checkpoint in \./outputs"):
        list(one.run(model.network, start, "the checkpoint in ./outputs"))


# What others see of it


def test_the_validation_curve_is_in_the_record_and_in_the_picture(mnist, tmp_path, data_dir, monkeypatch):
    from digits.evaluation import plots

    few = replace(mnist, train=Split(mnist.train.images[:400], mnist.train.labels[:400]))
    settings = settings_of(tmp_path)
    model, history = trained(few, settings)
    save(settings, model, few, history, evaluate(model, few))
    drawn = {}
    monkeypatch.setattr(plots, "loss_curves", watching(plots.loss_curves, drawn))
    show_runs(data_dir, tmp_path)
    record = load_run(tmp_path, "pytorch").record
    assert drawn["arguments"][1] == {"PyTorch": [epoch["validation_loss"] for epoch in record.epochs]}
    assert [line.get_label() for line in drawn["figure"].axes[0].lines[:2]] == ["PyTorch", "PyTorch, validation"]
    assert (tmp_path / "loss_curves.png").exists()


def watching(function, seen: dict):
    def watched(*arguments):
        seen["arguments"], seen["figure"] = arguments, function(*arguments)
        return seen["figure"]

    return watched


def test_tensorboard_finds_every_loss(small, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    settings = settings_of(tmp_path, tensorboard=True)
    model, history = trained(small, settings)
    save(settings, model, small, history, evaluate(model, small))
    events = EventAccumulator(str(tmp_path / "tensorboard" / "pytorch_seed_0")).Reload()
    for name in ("loss", "validation_loss", "validation_accuracy"):
        found = events.Scalars(name)
        assert [event.step for event in found] == [300, 600, 900, 1200]
        assert [event.value for event in found] == pytest.approx([epoch[name] for epoch in history.epochs])
    assert [event.step for event in events.Scalars("loss_of_steps")] == [300, 600, 900, 1200]
    (tested,) = events.Scalars("test_accuracy")
    assert (tested.step, tested.value) == (1200, pytest.approx(load_run(tmp_path, "pytorch").record.test_accuracy))


def test_tensorboard_shows_a_resumed_run_as_one(small, tmp_path, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    settings, save = settings_of(tmp_path, tensorboard=True), Checkpoint.save

    def crash_in_the_third_epoch(self, saved):
        if len(saved.networks[0].history) == 3:
            raise KeyboardInterrupt
        save(self, saved)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "save", crash_in_the_third_epoch)
        trained(small, settings)
    _, history = trained(small, replace(settings, resume=True))
    events = EventAccumulator(str(tmp_path / "tensorboard" / "pytorch_seed_0")).Reload()
    for name, key in (("loss", "loss"), ("validation_accuracy", "validation_accuracy"), ("loss_of_steps", "loss")):
        found = events.Scalars(name)
        assert [event.step for event in found] == [300, 600, 900, 1200]
        assert [event.value for event in found] == pytest.approx([epoch[key] for epoch in history.epochs])


def test_without_metrics_nothing_is_written(small, tmp_path):
    trained(small, settings_of(tmp_path))
    assert not (tmp_path / "tensorboard").exists()


# Ensembles, whose networks are trained one after another on one core: see test_ensembles for several


@pytest.fixture
def one_core(monkeypatch):
    monkeypatch.setenv(CORES, "1")


@pytest.mark.parametrize("backend", ["pytorch", "tensorflow"])
def test_an_ensemble_averages_the_probabilities_of_its_networks(backend, one_core, mnist, tmp_path, capsys):
    few = replace(
        mnist,
        train=Split(mnist.train.images[:400], mnist.train.labels[:400]),
        test=Split(mnist.test.images[:200], mnist.test.labels[:200]),
    )
    recipe = replace(RECIPE, epochs=2, validation=0.0)
    alone = []
    for seed in (5, 6, 7):
        model, _ = trained(few, replace(settings_of(tmp_path, recipe=recipe, seed=seed), backend=backend))
        alone.append(softmax(model.backend.predict(model.network, few.test.images), axis=1))
    capsys.readouterr()
    settings = replace(settings_of(tmp_path, recipe=replace(recipe, ensemble=3), seed=5), backend=backend)
    model, history = trained(few, settings)
    result = evaluate(model, few)
    assert re.findall("Network . of 3, seed .", capsys.readouterr().out) == [
        f"Network {number} of 3, seed {number + 4}" for number in (1, 2, 3)
    ]
    assert np.allclose(result.probabilities, np.mean(alone, axis=0), atol=1e-6)
    assert np.abs(result.probabilities - alone[0]).max() > 0.01

    save(settings, model, few, history, result)
    run = load_run(tmp_path, backend)
    assert (run.record.recipe["ensemble"], len(run.record.members), len(run.record.epochs)) == (3, 3, 2)
    means = [np.mean([member[epoch]["loss"] for member in run.record.members]) for epoch in range(2)]
    assert [epoch["loss"] for epoch in run.record.epochs] == pytest.approx(means)
    path = next(tmp_path.glob(f"{backend}_model.*"))
    assert open_model(path)[2].recipe.ensemble == 3
    export(path, tmp_path / "model.onnx")
    exported = Predictor(tmp_path / "model.onnx").probabilities(few.test.images)
    assert np.abs(exported - result.probabilities).max() < 1e-5


def test_an_ensemble_is_validated_as_a_whole(one_core, small, tmp_path, capsys):
    settings = settings_of(tmp_path, recipe=replace(RECIPE, epochs=2, ensemble=3))
    model, history = trained(small, settings)
    _, held = hold_out(small.train, RECIPE.validation, 0)
    probabilities = softmax(model.backend.predict(model.network, held.images), axis=1)
    accuracy = (probabilities.argmax(axis=1) == held.labels).mean()
    assert history.validation["validation_accuracy"] == accuracy
    members = [epochs[best_epoch(epochs)]["validation_accuracy"] for epochs in history.members]
    assert accuracy != pytest.approx(np.mean(members))  # or this test could not tell
    assert capsys.readouterr().out.splitlines()[-1].endswith(f", Accuracy: {accuracy:.2%}")
    save(settings, model, small, history, evaluate(model, small))
    assert load_run(tmp_path, "pytorch").record.validation_accuracy == accuracy


def test_an_ensemble_resumes_bit_for_bit(one_core, small, tmp_path, monkeypatch, capsys):
    recipe = replace(RECIPE, epochs=2, ensemble=3)
    whole, _ = trained(small, settings_of(tmp_path / "whole", recipe=recipe))
    theirs = whole.backend.weights(whole.network)
    for saves, said in [
        (2, "Resuming after epoch 2 of 6...\nNetwork 2 of 3, seed 1\nEpoch 1/2"),
        (3, "Resuming after epoch 3 of 6...\nNetwork 2 of 3, seed 1\nEpoch 2/2"),
    ]:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Checkpoint, "save", stops_after(saves, Checkpoint.save))
            trained(small, settings_of(tmp_path, recipe=recipe))
        capsys.readouterr()
        resumed, _ = trained(small, settings_of(tmp_path, recipe=recipe, resume=True))
        assert said in capsys.readouterr().out
        ours = resumed.backend.weights(resumed.network)
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("count", [0, -1, 101])
def test_a_foolish_number_of_networks_is_refused(count):
    with pytest.raises(DigitsError, match=f"ensemble is {count}, but must be a whole number from 1 to 100"):
        replace(RECIPE, ensemble=count)


def test_the_record_is_json_that_others_read(small, tmp_path):
    settings = settings_of(tmp_path)
    model, history = trained(small, settings)
    save(settings, model, small, history, evaluate(model, small))
    record = json.loads((tmp_path / "pytorch_run.json").read_text())
    assert record["recipe"]["validation"] == 0.25
    assert set(record["epochs"][0]) == {"loss", "seconds", "validation_loss", "validation_accuracy"}
    assert record["train_seconds"] == pytest.approx(sum(epoch["seconds"] for epoch in record["epochs"]))
