import argparse
from dataclasses import asdict, replace

import pytest

from digits.cli import _recipe, add_training_flags, main
from digits.recipes import RECIPES, Recipe
from tests.conftest import ROOT, run

COMMANDS = [
    "download",
    "train",
    "visualize",
    "recipes",
    "convert",
    "convert-data",
    "export",
    "read",
    "serve",
    "publish",
    "predict",
    "lockstep",
    "evaluate",
    "compare",
    "report",
]
FRAMEWORKS = ("torch", "tensorflow", "keras")


def loaded_after(*arguments: str) -> set[str]:
    """The modules that a `digits` command has loaded when it ends."""
    code = "import sys; from digits.cli import main\ntry: main(sys.argv[1:])\nfinally: print('LOADED', *sys.modules)"
    return set(run("-c", code, *arguments).stdout.rpartition("LOADED")[2].split())


def test_help_loads_nothing_heavy():
    assert not loaded_after("--help") & {*FRAMEWORKS, "numpy", "scipy", "sklearn", "matplotlib", "seaborn", "requests"}


@pytest.mark.slow
def test_a_command_loads_no_framework_that_it_does_not_use(tmp_path, data_dir, finished_runs):
    assert not loaded_after("download", "--data-dir", str(data_dir)) & {
        *FRAMEWORKS,
        "sklearn",
        "matplotlib",
        "requests",
    }
    folders = ("--data-dir", str(data_dir), "--output-dir", str(tmp_path))
    for path in finished_runs.glob("*_*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert not loaded_after("visualize", *folders) & set(FRAMEWORKS)
    quick = (*folders, "--epochs", "1", "--batch-size", "1000")
    assert not loaded_after("train", "pytorch", *quick) & {"tensorflow", "keras"}
    assert "torch" not in loaded_after("train", "tensorflow", *quick)


def test_help_names_the_commands():
    output = run("-m", "digits", "--help").stdout
    assert all(command in output for command in COMMANDS)


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "digits"),
        ("-m", "digits", "fly"),
        ("-m", "digits", "train", "jax"),
        ("-m", "digits", "train", "pytorch", "--epochs", "many"),
        ("-m", "digits", "train", "pytorch", "--device", "abacus"),
        ("mnist_pytorch.py", "--colour", "red"),
        ("visualize_results.py", "extra"),
    ],
)
def test_a_command_line_that_is_wrong_gets_one_line(command):
    done = run(*command)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "--help" in done.stderr


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_field_of_a_recipe_can_be_changed_by_a_flag(recipe):
    fields = flat(RECIPES[recipe])
    others = {"architecture": "baseline" if recipe != "baseline" else "fast", "filters": (5, 7), "hidden_units": 9}
    others["unaugmented_share"] = 0.5
    others |= {"schedule": "constant", "warmup": 0} if fields["warmup"] else {"schedule": "one-cycle", "warmup": 0.1}
    flags = []
    for name, value in fields.items():
        if name != "name":
            if name not in others:
                others[name] = value + 1 if isinstance(value, int) else value / 2 + 0.03
            value = others[name]
            flags += [f"--{name.replace('_', '-')}", ",".join(map(str, value)) if name == "filters" else str(value)]
    parser = argparse.ArgumentParser()
    add_training_flags(parser, RECIPES, seed=0)
    changed = flat(_recipe(parser.parse_args(["--recipe", recipe, *flags])))
    assert changed == {**fields, **others}
    assert all(changed[name] != fields[name] for name in others)
    assert _recipe(parser.parse_args(["--recipe", recipe])) == RECIPES[recipe]


def flat(recipe: Recipe) -> dict:
    fields = asdict(recipe)
    augmentation = fields.pop("augmentation")
    return {**fields, **augmentation}


def test_a_scripts_numbers_are_the_baselines():
    """They stand at its top; another recipe has its own, and a flag is stronger than both."""
    parser = argparse.ArgumentParser()
    add_training_flags(parser, {**RECIPES, "baseline": replace(RECIPES["baseline"], epochs=9, batch_size=7)}, seed=3)
    assert _recipe(parser.parse_args([])).epochs == 9
    assert _recipe(parser.parse_args(["--epochs", "4"])) == replace(RECIPES["baseline"], epochs=4, batch_size=7)
    assert _recipe(parser.parse_args(["--recipe", "fast"])) == RECIPES["fast"]
    assert parser.parse_args([]).seed == 3


def test_a_reader_that_leaves_is_no_error(data_dir):
    import subprocess
    import sys

    command = f"{sys.executable} download_mnist.py --data-dir {data_dir} | true"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("train", "pytorch", "--warmup", "0.1"), "warmup is 0.1, but must be 0 where the schedule is constant"),
        (
            ("train", "pytorch", "--unaugmented-share", "0.5"),
            "unaugmented share is 0.5, but must be 0 without augmentation, say",
        ),
        (
            ("train", "tensorflow", "--recipe", "deep", "--hidden-units", "9"),
            "hidden units is 9, but must be 0, as it has",
        ),
        (
            ("train", "pytorch", "--patience", "3"),
            "patience is 3, but must be 0 without validation images, say --valida",
        ),
        (
            ("visualize", "--rotation", "9"),
            "--rotation changes nothing in pictures of runs. Run: digits visualize augment",
        ),
        (("visualize", "runs", "--recipe", "fast"), "--recipe changes nothing in pictures of runs."),
        (("visualize", "runs", "--dataset", "mnist"), "--dataset changes nothing in pictures of runs."),
        (("evaluate", "pytorch_run.json", "--data-dir", "x"), "--data-dir changes nothing for a run, which holds its"),
        (("compare", "pytorch_run.json", "tensorflow_preds.npy", "--data-dir", "x"), "--data-dir changes nothing for"),
    ],
)
def test_a_flag_without_effect_is_refused(command, message, data_dir, tmp_path, capsys):
    where = ("--data-dir", str(data_dir), "--output-dir", str(tmp_path)) if command[0] == "train" else ()
    assert main([*command, *where]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {message}")


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "digits", "train", "pytorch", "--dataset", "OWN"],
        ["mnist_tensorflow.py", "--dataset", "OWN"],
        ["-m", "digits", "visualize", "augmentation", "--dataset", "OWN"],
        ["-m", "digits", "convert-data", "OWN", "new.npz", "--to", "npz"],
    ],
)
def test_a_data_folder_beside_a_path_is_refused(command, tmp_path):
    own = tmp_path / "own.csv"
    own.write_text("")
    done = run(*[str(own) if word == "OWN" else word for word in command], "--data-dir", tmp_path)
    said = (
        f"error: --data-dir changes nothing for your own data in {own}; it is the folder of mnist and fashion-mnist\n"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", said, 1)
