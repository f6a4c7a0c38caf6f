import re
import shlex
import signal
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from digits.cli import _named, main
from digits.errors import DigitsError
from digits.jobs import Processes, side_by_side
from digits.recipes import RECIPES, Recipe
from digits.tuning import Search, parse_space, search, trials
from digits.tuning.search import best, compare, flags, identity, run_trials
from digits.tuning.storage import FAILED, FINISHED, JOURNAL, STOPPED, open_study, rows
from digits.tuning.trials import Job, Judged, trial

SPACE = parse_space("learning_rate=1e-4..1e-1:log dropout=0..0.5 batch_size=32|64")


class Here:
    """An engine of one worker that is this very process."""

    def __init__(self, shared):
        from digits.jobs.worker import Worker

        self.worker, self.replies, self.free_ = Worker(shared, None), [], True

    def idle(self):
        if self.free_:
            self.free_ = False
            return "here"
        return None

    def call(self, worker, method, *arguments):
        self.replies.append((worker, getattr(self.worker, method)(*arguments)))

    def wait(self):
        replies, self.replies = self.replies, []
        return replies

    def free(self, worker):
        self.free_ = True

    def place(self, worker):
        return worker


def made_up(shared: dict, job: Job) -> Generator[Judged, None, None]:
    """A trial whose loss is known, in no time: the learning rate should be 0.01, and from 0.05 on it diverges."""
    shared["seen"].append(job.recipe)
    for epoch in range(job.recipe.epochs):
        if len(shared["seen"]) == shared.get("interrupt"):
            raise KeyboardInterrupt
        if job.recipe.learning_rate > 0.05:
            raise DigitsError("the loss became nan")
        yield Judged(abs(np.log10(job.recipe.learning_rate) + 2) + 1 / (1 + epoch), 0.9)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(search, "trial", made_up)


def a_search(folder: Path, **other) -> Search:
    return Search(
        **{"backend": "pytorch", "recipe": RECIPES["baseline"], "space": SPACE, "output_dir": folder, **other}
    )


def studied(one: Search, resume: bool = False, known: dict | None = None):
    known = {"kind": "made up"} if known is None else known
    return open_study(one.output_dir, known, one.space, resume, search._sampler(one), search._pruner(one))


def test_a_search_finds_what_is_best_and_stops_what_promises_little(quick, tmp_path, capsys):
    one, shared = a_search(tmp_path, trials=40), {"seen": []}
    study = studied(one)
    run_trials(one, study, Here(shared))
    found = rows(study, SPACE)
    assert [row.number for row in found] == list(range(40))
    assert shared["seen"][0] == one.start  # the first is the recipe itself
    states = [row.state for row in found]
    assert states.count(STOPPED) > 10 and states.count(FAILED) >= 1 and states.count(FINISHED) > 3
    assert all(len(row.losses) == {FINISHED: 3, STOPPED: 1, FAILED: 0}[row.state] for row in found)
    winner = best(study, one)
    assert winner.recipe.learning_rate == pytest.approx(0.01, rel=0.3)
    assert winner.row.losses[-1] == min(row.losses[-1] for row in found if row.state == FINISHED)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 40 and said[0].startswith("Trial 0: loss 1.3333, accuracy 90.00%")
    assert any("failed: the loss became nan" in line for line in said)


def test_a_search_that_is_interrupted_goes_on_and_loses_and_repeats_nothing(quick, tmp_path):
    one, shared = a_search(tmp_path, trials=12), {"seen": [], "interrupt": 7}
    with pytest.raises(KeyboardInterrupt):
        run_trials(one, studied(one), Here(shared))
    before = rows(studied(one, resume=True), SPACE)
    assert len(before) == 6
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"op_code": 5, "worker')  # the machine went off while this was written
    shared["interrupt"] = 0
    study = studied(one, resume=True)
    run_trials(one, study, Here(shared))
    after = rows(study, SPACE)
    assert len(after) == 12 and after[:6] == before
    assert shared["seen"][7] == shared["seen"][6]  # what was under way begins again
    assert len({row.values["learning_rate"] for row in after}) == 12  # and nothing else is tried twice
    run_trials(one, study, Here(shared))
    assert len(shared["seen"]) == 13  # it is complete
    run_trials(replace(one, trials=14), study, Here(shared))
    assert len(rows(study, SPACE)) == 14


@pytest.fixture
def heeded():
    """Ctrl-C is heeded here, whoever started the tests with it ignored."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


@pytest.mark.parametrize("call", ["ask", "tell"])
def test_ctrl_c_waits_for_optuna(call, quick, heeded, tmp_path, monkeypatch):
    one = a_search(tmp_path, trials=6)
    study = studied(one)
    usual, finished = getattr(study, call), []

    def interrupted(*arguments, **options):
        if len(study.get_trials(deepcopy=False)) == 4 - (call == "ask"):
            signal.raise_signal(signal.SIGINT)
        finished.append(usual(*arguments, **options))
        return finished[-1]

    monkeypatch.setattr(study, call, interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_trials(one, study, Here({"seen": []}))
    assert len(finished) == len(study.get_trials(deepcopy=False)) == 4
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_search_ends_with_its_time(quick, tmp_path):
    one = a_search(tmp_path, minutes=1e-9)
    study = studied(one)
    run_trials(one, study, Here({"seen": []}))
    with pytest.raises(DigitsError, match="none of 0 trials came to its end; give them more --minutes"):
        best(study, one)


def test_where_all_fail_the_reason_is_said(quick, tmp_path):
    one = a_search(tmp_path, recipe=replace(RECIPES["baseline"], learning_rate=1.0), trials=3)
    one = replace(one, space=parse_space("learning_rate=0.1..1:log"))
    study = studied(one)
    run_trials(one, study, Here({"seen": []}))
    with pytest.raises(DigitsError, match="none of 3 trials came to its end; the last one failed: the loss became nan"):
        best(study, one)


def test_a_search_is_not_mixed_with_another(quick, tmp_path):
    one = a_search(tmp_path, trials=2)
    run_trials(one, studied(one), Here({"seen": []}))
    with pytest.raises(DigitsError, match="holds a search. Go on with it by --resume"):
        studied(one)
    with pytest.raises(DigitsError, match="is of another search: its kind is made up, this one's is other"):
        studied(one, resume=True, known={"kind": "other"})
    with pytest.raises(DigitsError, match="damaged or no search"):
        studied(replace(one, space=SPACE[:1]), resume=True)  # with the same identity: a file that lies


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
def test_a_file_that_is_damaged_or_lies_is_one_line(damage, quick, tmp_path):
    one = a_search(tmp_path, trials=3)
    run_trials(one, studied(one), Here({"seen": []}))
    text = (tmp_path / JOURNAL).read_text()
    assert damage(text) != text
    (tmp_path / JOURNAL).write_text(damage(text))
    with pytest.raises(DigitsError, match="damaged or no search") as raised:
        studied(one, resume=True)
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
    ("start", "space", "values"),
    [
        (
            "baseline",
            "learning_rate=1e-4..1e-1:log filters.1=16..64 schedule=constant|one-cycle",
            (0.00234567, 33, "one-cycle"),
        ),
        ("deep", "rotation=0..20 batch_size=32|64", (3.0, 64)),
    ],
)
def test_the_flags_make_the_recipe(start, space, values, tmp_path):
    one = a_search(tmp_path, recipe=RECIPES[start], space=parse_space(space))
    found = search.recipe_of(one.start, one.space, dict(zip((d.name for d in one.space), values, strict=True)))
    assert parsed(flags(one, found)) == replace(found, ensemble=RECIPES[start].ensemble)


def parsed(command: str) -> Recipe:
    """The recipe that a command would train."""
    import argparse

    from digits.cli import _add_train_flags, _recipe

    program, verb, *arguments = shlex.split(command)
    assert (program, verb) == ("digits", "train")
    parser = argparse.ArgumentParser()
    _add_train_flags(parser)
    return _recipe(parser.parse_args(arguments))


# On real networks


def material_of(one: Search):
    return search._load(one)


@pytest.mark.whole
@pytest.mark.parametrize("backend", ["pytorch", "tensorflow"])
def test_real_trials_judge_on_images_that_they_do_not_train_on(backend, small, tmp_path):
    recipe = replace(RECIPES["fast"], epochs=1)
    one = a_search(tmp_path, backend=backend, recipe=recipe, dataset=str(small))
    material = material_of(one)
    assert material.held_out == 0.1
    # Where the test images are rubbish, trials are none the worse; where the training labels are, they are.
    test = replace(material.dataset.test, images=np.zeros_like(material.dataset.test.images))
    blind = replace(material, dataset=replace(material.dataset, test=test))
    shuffled = replace(material.dataset.train, labels=np.roll(material.dataset.train.labels, 1))
    wrong = replace(material, dataset=replace(material.dataset, train=shuffled))
    reached = []
    for given in (material, blind, wrong):
        with Processes(1, 1, given) as engine:
            steps = list(side_by_side(engine, trial, [Job(0, recipe, 0)]))
        assert steps[-1].ended and not steps[-1].reason
        reached.append(steps[0].value)
    assert reached[0] == reached[1]
    assert reached[0].accuracy > 0.6 > 0.3 > reached[2].accuracy


def test_no_image_that_a_trial_is_judged_on_is_trained_on(small, tmp_path, monkeypatch):
    one = a_search(tmp_path, recipe=RECIPES["fast"], space=SPACE[:1], dataset=str(small))
    material, judged = search._load(one), []

    def train(backend, network, training, validation, recipe, seed, precision):
        judged.append(training)
        return SimpleNamespace(run=lambda *_: iter([None]))

    monkeypatch.setattr(trials, "Training", train)
    monkeypatch.setattr(trials, "judge", lambda backend, network, images, classes: judged.append(images))
    list(trials.trial(material, Job(0, RECIPES["fast"], 0)))
    taught, asked = ({image.tobytes() for image in split.images} for split in judged)
    assert (len(judged[0]), len(judged[1])) == (1350, 150)
    assert not taught & asked
    assert not {image.tobytes() for image in material.dataset.test.images} & (taught | asked)


@pytest.mark.whole
def test_the_comparison_looks_at_the_test_once_for_each_seed(small, tmp_path, capsys):
    recipe = replace(RECIPES["fast"], learning_rate=1e-4)  # far too low
    one = a_search(
        tmp_path, recipe=recipe, space=parse_space("learning_rate=1e-5..1e-1:log"), dataset=str(small), seeds=3
    )
    material = material_of(one)
    study = studied(one, known=identity(one, material))
    winner = search.Winner(None, replace(recipe, learning_rate=0.0125, name="tuned"))
    with Processes(2, 1, material) as engine:
        outcome = compare(one, study, engine, material, winner)
        assert capsys.readouterr().out.count("test accuracy") == 6
        assert outcome.gain.low > 0 and outcome.sentence.startswith("the tuned recipe is better than fast: +")
        assert compare(one, study, engine, material, winner) == outcome
        assert capsys.readouterr().out.count("seed ") == 0  # nothing was trained again
    same = compare(one, study, None, material, search.Winner(None, replace(one.start, name="tuned")))
    assert same.gain is None and same.sentence.startswith("no trial was better than fast itself")


def test_a_recipe_file_that_is_none_is_refused_by_train(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("signal.signal", lambda *_: None)
    (tmp_path / "tuned.json").write_text('{"recipe": {"name": "x", "epochs": -1}}')
    assert main(["train", "pytorch", "--recipe", str(tmp_path / "tuned.json")]) == 1
    assert "epochs is -1, but must be" in capsys.readouterr().err
    assert main(["train", "pytorch", "--recipe", "bset"]) == 1
    assert "recipe is bset, but must be baseline, fast" in capsys.readouterr().err
    assert _named("fast", RECIPES) is RECIPES["fast"]
