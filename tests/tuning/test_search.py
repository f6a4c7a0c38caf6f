import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from digits.cli import main
from digits.commands.options import named
from digits.commands.tune import _table, show_trials
from digits.datasets import load_dataset
from digits.errors import DigitsError
from digits.recipes import RECIPES, Recipe
from digits.recipes.stored import load_recipe
from digits.tuning import Search, Tuning, opened, parse_space, trials
from digits.tuning.run import _pictures
from digits.tuning.space import values_of
from digits.tuning.storage import ATTEMPTS, FAILED, FINISHED, JOURNAL, STOPPED, alone, open_study
from digits.tuning.trials import Material, judged, look, trial
from tests.conftest import ROOT

SPACE_TEXT = "learning_rate=1e-4..1e-1:log dropout=0..0.5 batch_size=32|64"
SPACE = parse_space(SPACE_TEXT)
SEEN: list[Recipe] = []  # what was tried


def made_up(material: Material, recipe: Recipe) -> Iterator[tuple[float, float]]:
    """A trial whose loss is known, in no time: the learning rate should be 0.01, and from 0.05 on it diverges."""
    SEEN.append(recipe)
    for epoch in range(recipe.epochs):
        if recipe.learning_rate > 0.05:
            raise DigitsError("the loss became nan")
        yield abs(np.log10(recipe.learning_rate) + 2) + 1 / (1 + epoch), 0.9


@pytest.fixture(autouse=True)
def quick(monkeypatch, request):
    SEEN.clear()
    if "small" not in request.fixturenames:
        monkeypatch.setattr(trials, "judged", made_up)


def a_search(folder: Path, **other) -> Search:
    return Search(
        **{"backend": "pytorch", "recipe": RECIPES["baseline"], "space": SPACE, "output_dir": folder, **other}
    )


def opened_here(one: Search, known: dict | None = None) -> Tuning:
    """The search, whose trials are tried in this process as they are asked for."""
    known, material = {"kind": "made up"} if known is None else known, Material(one, None, "TPESampler")

    def submit(function, *arguments):
        future: Future = Future()
        try:
            future.set_result(function(material, *arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    one.output_dir.mkdir(exist_ok=True)
    start = values_of(one.start, one.space)
    return Tuning(material, *open_study(one.output_dir, known, one.space, start, one.resume), submit)


def tried(tuning: Tuning) -> Tuning:
    list(tuning.trials())
    return tuning


def test_a_search_finds_what_is_best_and_stops_what_promises_little(tmp_path, capsys):
    tuning = opened_here(a_search(tmp_path, trials=40))
    show_trials(tuning)
    found = tuning.rows
    assert [row.trial.number for row in found] == list(range(40))
    assert SEEN[0] == tuning.search.start  # the first is the recipe itself
    hows = [row.how for row in found]
    assert hows.count(STOPPED) > 10 and hows.count(FAILED) >= 1 and hows.count(FINISHED) > 3
    epochs = {FINISHED: 3, STOPPED: 1, FAILED: 0}
    assert all(len(row.trial.intermediate_values) == epochs[row.how] for row in found)
    assert tuning.winner.learning_rate == pytest.approx(0.01, rel=0.3) and tuning.has_won
    assert tuning.study.best_value == min(row.loss for row in found if row.how == FINISHED)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 40 and said[0].startswith("Trial 0: loss 1.3333, accuracy 90.00%")
    assert any("failed: the loss became nan" in line for line in said)
    assert any(re.search(r"stopped early, loss \d\.\d{4} after epoch 1, ", line) for line in said)
    assert sum(", best so far; " in line for line in said) >= 1


@pytest.mark.slow
def test_the_same_seed_chooses_the_same_and_another_others(tmp_path):
    tried(opened_here(a_search(tmp_path / "one", trials=15)))
    tried(opened_here(a_search(tmp_path / "two", trials=15)))
    assert SEEN[:15] == SEEN[15:]
    tried(opened_here(a_search(tmp_path / "three", trials=15, seed=1)))
    assert SEEN[30] == SEEN[0] and not set(SEEN[31:]) & set(SEEN[:15])


class Killed(BaseException):
    """As if the process were killed: nothing can be noted any more."""


def killed_after(epochs: int) -> object:
    def dies(material: Material, recipe: Recipe) -> Iterator[tuple[float, float]]:
        for number, worth in enumerate(made_up(material, recipe)):
            if number == epochs:
                raise Killed
            yield worth

    return dies


def test_a_search_that_is_interrupted_goes_on_and_loses_and_repeats_nothing(tmp_path, monkeypatch):
    tried(opened_here(a_search(tmp_path, trials=6)))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(trials, "judged", killed_after(1))
        tried(opened_here(a_search(tmp_path, trials=12, resume=True)))
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"op_code": 5, "worker')  # the machine went off while this was written
    (tmp_path / f"{JOURNAL}.lock").touch()  # and so its lock has stayed
    began = time.monotonic()
    tuning = opened_here(a_search(tmp_path, trials=12, resume=True))
    assert len(tuning.rows) == 6
    before = tuning.rows
    tried(tuning)
    assert time.monotonic() - began < 20  # Optuna would wait half a minute for the lock
    after = tuning.rows
    assert len(after) == 12 and after[:6] == before
    assert SEEN[7] == SEEN[6]  # what was under way begins again
    assert len({row.trial.params["learning_rate"] for row in after}) == 12  # and nothing else is tried twice
    tried(opened_here(a_search(tmp_path, trials=12, resume=True)))
    assert len(SEEN) == 13  # it is complete
    assert len(tried(opened_here(a_search(tmp_path, trials=14, resume=True))).rows) == 14


def test_a_trial_that_kills_each_process_is_a_row_in_the_end(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(trials, "judged", killed_after(0))
        for attempt in range(ATTEMPTS):
            with pytest.raises(Killed):
                tried(opened_here(a_search(tmp_path, trials=3, resume=attempt > 0)))
    assert [SEEN[0]] * ATTEMPTS == SEEN
    rows = tried(opened_here(a_search(tmp_path, trials=3, resume=True))).rows
    assert [row.how for row in rows].count(FAILED) >= 1 and len(rows) == 3
    assert rows[0].reason == f"its process ended {ATTEMPTS} times before it did"
    assert len(SEEN) == ATTEMPTS + 2 and SEEN[0] not in SEEN[ATTEMPTS:]


def test_a_call_that_an_engine_makes_again_tries_nothing_that_is_tried(tmp_path, monkeypatch):
    tuning = opened_here(a_search(tmp_path, trials=1))
    again = (tuning.material, tuning.storage, 0, np.inf)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(trials, "judged", killed_after(1))
        tried(tuning)
    trial(*again)  # its node was lost, and it is made again on another
    assert SEEN[0] == SEEN[1] and len(tuning.rows) == 1
    trial(*again)  # its node was lost after it had noted all
    assert len(SEEN) == 2 and len(tuning.rows) == 1


def test_a_search_ends_with_its_time(tmp_path):
    tuning = tried(opened_here(a_search(tmp_path, minutes=1e-9)))
    with pytest.raises(DigitsError, match="none of 0 trials came to its end; give them more --minutes"):
        _ = tuning.winner


def test_where_all_fail_the_reason_is_said(tmp_path):
    one = a_search(tmp_path, recipe=replace(RECIPES["baseline"], learning_rate=1.0), trials=3)
    tuning = tried(opened_here(replace(one, space=parse_space("learning_rate=0.1..1:log"))))
    with pytest.raises(DigitsError, match="none of 3 trials came to its end; the last one failed: the loss became nan"):
        _ = tuning.winner


@pytest.mark.parametrize(
    ("error", "says"),
    [(MemoryError(), "out of memory"), (RuntimeError("no memory\nfor it."), "RuntimeError: no memory")],
)
def test_whatever_ends_a_trial_is_a_row_with_its_reason(error, says, tmp_path, monkeypatch):
    def fails(material, recipe):
        raise error

    monkeypatch.setattr(trials, "judged", fails)
    assert [row.reason for row in tried(opened_here(a_search(tmp_path, trials=2))).rows] == [says] * 2


def test_a_search_is_not_mixed_with_another(tmp_path):
    one = a_search(tmp_path, trials=2)
    tried(opened_here(one))
    with pytest.raises(DigitsError, match="holds a search. Go on with it by --resume"):
        opened_here(one)
    one = replace(one, resume=True)
    with pytest.raises(DigitsError, match="is of another search: its kind is made up, not other"):
        opened_here(one, {"kind": "other"})
    with pytest.raises(DigitsError, match="damaged or no search"):
        opened_here(replace(one, space=SPACE[:1]))  # with the same identity: a file that lies


def test_two_searches_are_not_at_work_in_one_folder(tmp_path):
    with alone(tmp_path), pytest.raises(DigitsError, match="another search is at work in"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "rubbish\n" + text,
        lambda text: text.replace('"op_code":0', '"op_code":"x"'),
        lambda text: text.replace('"values":[', '"values":["x",'),
        lambda text: re.sub(r'"accuracy":0.9', '"accuracy":"high"', text),
        lambda text: re.sub(r'"values":\[[0-9.]+\]', '"values":[0.0]', text),
        lambda text: "\x00" * 100 + "\n" + text,
    ],
)
def test_a_file_that_is_damaged_or_lies_is_one_line(damage, tmp_path):
    tried(opened_here(a_search(tmp_path, trials=3)))
    text = (tmp_path / JOURNAL).read_text()
    assert damage(text) != text
    (tmp_path / JOURNAL).write_text(damage(text))
    with pytest.raises(DigitsError, match="damaged or no search") as raised:
        opened_here(a_search(tmp_path, resume=True))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"trials": 0}, "trials is 0"),
        ({"seeds": 2}, "seeds is 2"),
        ({"minutes": 0.0}, "minutes is 0"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_a_search_that_cannot_be_is_one_line(other, says, tmp_path):
    with pytest.raises(DigitsError, match=says):
        a_search(tmp_path, **other)


@pytest.mark.parametrize(
    ("space", "says"),
    [
        ("batch_size=32|2000|64", "batch size is 2,000, but there are only 1,350 training images"),
        ("strokes=0..0.3", "strokes is 0.3, but must be 0 for"),
    ],
)
def test_a_space_that_does_not_suit_the_data_is_refused_before_any_trial(space, says, small, tmp_path):
    arrays = dict(np.load(small))
    if "strokes" in space:
        arrays |= {"class_names": np.array([f"thing {number}" for number in range(10)])}
    np.savez(tmp_path / "data.npz", **arrays)
    with (
        pytest.raises(DigitsError, match=says),
        opened(a_search(tmp_path, space=parse_space(space), dataset=str(tmp_path / "data.npz"))),
    ):
        pass
    assert not (tmp_path / JOURNAL).exists()


def test_a_terminal_shows_what_is_under_way(tmp_path, monkeypatch, capsys):
    from rich.console import Console

    tuning = opened_here(a_search(tmp_path, trials=4))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(trials, "judged", killed_after(1))
        tried(tuning)
    under_way = tuning.study.get_trials(deepcopy=False)
    Console(width=120).print(_table(under_way, tuning.rows, tuning, 0.1))
    said = capsys.readouterr().out
    assert "0 of 4 trials: 0 finished, 0 stopped early, 0 failed; 0.1 minutes" in said
    assert re.search(r"trial +where +epochs +loss +values", said)
    assert re.search(r"0 +\S+ +1 +2\.0000 +learning_rate=0\.001 dropout=0\.25 batch_size=64", said)


def test_pictures_are_drawn_whatever_window_matplotlib_would_open(tmp_path):
    tuning = tried(opened_here(a_search(tmp_path, trials=12)))
    assert _pictures(tuning.study, tuning.rows[:1]) == {}
    code = f"""
from digits.tuning.run import _pictures
from digits.tuning import parse_space
from digits.tuning.storage import STUDY, import_optuna, rows
journal = import_optuna().storages.journal
storage = import_optuna().storages.JournalStorage(journal.JournalFileBackend({str(tmp_path / JOURNAL)!r}))
study = import_optuna().load_study(study_name=STUDY, storage=storage)
pictures = _pictures(study, rows(study, parse_space({SPACE_TEXT!r})))
print(sorted(pictures), all(png.startswith(b"\\x89PNG") for png in pictures.values()))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "module://no_such_window"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("['history', 'importances', 'slices'] True\n", "")


# On real networks


@pytest.mark.whole
@pytest.mark.parametrize("backend", ["pytorch", "tensorflow"])
def test_real_trials_judge_on_images_that_they_do_not_train_on(backend, small, tmp_path):
    recipe = replace(RECIPES["fast"], epochs=1)
    material = Material(a_search(tmp_path, backend=backend, recipe=recipe), load_dataset(str(small)), "TPESampler")
    assert material.held_out == 0.1
    # Where the test images are rubbish, trials are none the worse; where the training labels are, they are.
    test = replace(material.dataset.test, images=np.zeros_like(material.dataset.test.images))
    shuffled = replace(material.dataset.train, labels=np.roll(material.dataset.train.labels, 1))
    blind, wrong = (replace(material.dataset, **change) for change in ({"test": test}, {"train": shuffled}))
    reached = []
    for dataset in (material.dataset, blind, wrong):
        reached.append(list(judged(material._replace(dataset=dataset), recipe)))
    assert reached[0] == reached[1]
    assert reached[0][0][1] > 0.6 > 0.3 > reached[2][0][1]


def test_no_image_that_a_trial_is_judged_on_is_trained_on(small, tmp_path, monkeypatch):
    dataset, seen = load_dataset(str(small)), []

    def trained(material, recipe, seed, training, validation):
        seen.append(training)
        yield None, None

    monkeypatch.setattr(trials, "_trained", trained)
    monkeypatch.setattr(trials, "judge", lambda backend, network, images, classes: seen.append(images))
    list(judged(Material(a_search(tmp_path, recipe=RECIPES["fast"]), dataset, "TPESampler"), RECIPES["fast"]))
    taught, asked = ({image.tobytes() for image in split.images} for split in seen)
    assert (len(seen[0]), len(seen[1])) == (1350, 150)
    assert not taught & asked
    assert not {image.tobytes() for image in dataset.test.images} & (taught | asked)


def test_a_look_at_the_test_that_an_engine_asks_for_again_is_none(small, tmp_path, monkeypatch):
    tuning, looked = opened_here(a_search(tmp_path, trials=1)), []
    material = tuning.material._replace(dataset=load_dataset(str(small)))

    def trained(*_):
        looked.append(1)
        yield SimpleNamespace(predict=lambda network, images: np.eye(10)[np.arange(len(images)) % 10]), None

    monkeypatch.setattr(trials, "_trained", trained)
    for _ in range(2):
        look(material, tuning.storage, RECIPES["fast"], 1)
    assert looked == [1]


@pytest.mark.whole
def test_the_comparison_looks_at_the_test_once_for_each_seed(small, tmp_path):
    recipe = replace(RECIPES["fast"], epochs=1, learning_rate=1e-4)  # far too low
    space = parse_space("learning_rate=1e-4..0.0125:log")
    one = a_search(tmp_path, recipe=recipe, space=space, dataset=str(small), seeds=3, trials=1)
    with opened(one) as tuning:
        list(tuning.trials())
        assert not tuning.has_won
        assert tuning.write() == "No trial was better than fast itself, from which the search started"
        assert json.loads((tmp_path / "tuned.json").read_text())["gain"] is None
        tuning.study.add_trial(better(tuning))
        looked = list(tuning.looks())
        assert {(recipe.name, seed) for recipe, seed, _ in looked} == {
            (name, seed) for name in ("tuned", "fast") for seed in (1, 2, 3)
        }
        assert list(tuning.looks()) == []  # what was looked at is kept
        assert tuning.write().startswith("The tuned recipe is better than fast: +")
    record = json.loads((tmp_path / "tuned.json").read_text())
    assert sorted(record["test_accuracy"]["tuned"]) == sorted(
        accuracy for one, _, accuracy in looked if one.name == "tuned"
    )
    assert load_recipe(tmp_path / "tuned.json").learning_rate == 0.0125
    assert "The tuned recipe is better than fast: +" in (tmp_path / "tuning.html").read_text()
    with opened(replace(one, resume=True)) as tuning:
        assert list(tuning.looks()) == []


def better(tuning: Tuning):
    """A trial as if it had ended so."""
    from optuna.trial import create_trial

    first = tuning.study.trials[0]
    return create_trial(
        params={"learning_rate": 0.0125},
        distributions=first.distributions,
        value=0.01,
        intermediate_values={1: 0.01},
        user_attrs={"accuracy": 0.99},
    )


def test_a_recipe_file_that_is_none_is_refused_by_train(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("signal.signal", lambda *_: None)
    (tmp_path / "tuned.json").write_text('{"recipe": {"name": "x", "epochs": -1}}')
    assert main(["train", "pytorch", "--recipe", str(tmp_path / "tuned.json")]) == 1
    assert "epochs is -1, but must be" in capsys.readouterr().err
    assert main(["train", "pytorch", "--recipe", "bset"]) == 1
    assert "recipe is bset, but must be baseline, fast" in capsys.readouterr().err
    assert named("fast") is RECIPES["fast"]
