import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from digits.datasets import load_dataset
from digits.errors import DigitsError
from digits.recipes import RECIPES
from digits.training.lockstep import Pair, lockstep
from tests.conftest import run
from tests.test_scripts import refused

pytestmark = pytest.mark.whole

STEPS = 100


@pytest.fixture(scope="module")
def steps(data_dir) -> dict[str, list[Pair]]:
    """The baseline in both frameworks, by precision."""
    dataset = load_dataset("mnist", data_dir)
    return {
        precision: list(lockstep(dataset, RECIPES["baseline"], STEPS, 0, precision))
        for precision in ("float64", "float32")
    }


def test_in_float64_the_twins_are_one_network(steps):
    # Measured: 6e-14 after 200 steps.
    assert [step.number for step in steps["float64"]] == list(range(1, STEPS + 1))
    assert max(step.difference for step in steps["float64"]) < 1e-9
    assert all(step.pytorch == pytest.approx(step.tensorflow, abs=1e-9) for step in steps["float64"])


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if not recipe.finds])  # see test_finder.py
def test_in_float64_every_recipe_is_trained_in_the_same_way(name, mnist):
    # Schedule, smoothing and averaging are on; batch normalisation's statistics are compared too.
    recipe = replace(RECIPES[name], batch_size=16)
    if len(recipe.filters) == 7:
        recipe = replace(recipe, filters=(8, 8, 8, 16, 16, 16, 32))
    taken = list(lockstep(mnist, recipe, 12, 0, "float64"))
    assert max(step.difference for step in taken) < 1e-9
    assert all(step.pytorch == pytest.approx(step.tensorflow, abs=1e-9) for step in taken)


def test_the_twins_learn_in_step(steps):
    losses = [step.pytorch for step in steps["float64"]]
    assert losses[0] == pytest.approx(np.log(10), abs=0.3)
    assert np.mean(losses[-10:]) < 0.6
    assert len(set(losses)) == STEPS


def test_in_float32_rounding_grows_as_predicted(steps):
    assert steps["float32"][0].difference < 1e-4
    assert steps["float32"][-1].difference > 1e3 * steps["float64"][-1].difference
    assert steps["float32"][-1].difference < 0.1
    assert steps["float32"][0].pytorch == pytest.approx(steps["float64"][0].pytorch, abs=1e-5)


@pytest.mark.parametrize("count", [0, -1, 938])
def test_steps_out_of_range_are_refused(count, mnist):
    with pytest.raises(DigitsError, match=f"^steps is {count}, but must be from 1 to 937, an epoch$"):
        list(lockstep(mnist, RECIPES["baseline"], count, 0, "float64"))


def test_the_command_prints_each_step_and_draws_both(data_dir, tmp_path):
    done = run("-m", "digits", "lockstep", "--steps", "3", "--data-dir", data_dir, "--output-dir", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = re.findall(r"^ +(\d+)  (\d\.\d{15}) +(\d\.\d{15}) +(\d\.\de[-+]\d\d)$", done.stdout, re.MULTILINE)
    assert [line[0] for line in lines] == ["1", "2", "3"] * 2
    assert all(float(one) == pytest.approx(float(other), abs=1e-4) for _, one, other, _ in lines)
    last = re.findall(r"^(float\d\d): after 3 steps no weight differs by more than (.*)$", done.stdout, re.MULTILINE)
    assert last == [("float64", lines[2][3]), ("float32", lines[5][3])]
    assert done.stdout.endswith(f"Saved {tmp_path}/lockstep.png\n")
    with Image.open(tmp_path / "lockstep.png") as picture:
        assert min(picture.size) > 300
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 50


def test_the_command_refuses_steps_out_of_range(data_dir, tmp_path):
    flags = ("--data-dir", data_dir, "--output-dir", tmp_path)
    message = refused("-m", "digits", "lockstep", "--steps", "0", *flags)
    assert message == "steps is 0, but must be from 1 to 937, an epoch"
    assert list(tmp_path.iterdir()) == []
