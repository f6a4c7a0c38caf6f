import importlib
import re
import subprocess
from dataclasses import asdict, replace

import click
import pytest

from digits.cli import COMMANDS, digits, main
from digits.commands.options import chosen
from digits.commands.train import training_options
from digits.recipes import RECIPES, Augmentation, Recipe, about
from tests import inside
from tests.conftest import ROOT, run

# Every flag of every command: one that vanishes is missed here.
FOLDERS = {"--data-dir", "--output-dir"}
FIELDS = {f"--{name.replace('_', '-')}" for name in {**about(Recipe), **about(Augmentation)}}
TRAINING = {*FIELDS, *FOLDERS, "--recipe", "--seed", "--summary", "--device", "--precision", "--resume", "--metrics"}
FLAGS = {
    "download": {"--dataset", "--data-dir", "--mirror"},
    "train": {*TRAINING, "--dataset", "--address"},
    "visualize": {*FOLDERS, "--backend", "--dataset", "--recipe", *(f"--{name}" for name in about(Augmentation))},
    "recipes": set(),
    "read": {
        *("--model", "--hand", "--json", "--show", "--explain", "--output-dir"),
        *("--output", "--resume", "--address"),
    },
    "review": {"--random", "--seed", "--model", "--hand", "--port", "--no-browser"},
    "learn": {"--output", "--seed", "--data-dir"},
    "serve": {"--host", "--port", "--allow-host", "--model", "--data-dir", "--no-browser"},
    "publish": set(),
    "predict": {"--submission"},
    "evaluate": {"--dataset", "--json", "--data-dir"},
    "compare": {"--json", "--data-dir"},
    "report": FOLDERS,
    "tune": {
        *FOLDERS,
        *("--recipe", "--space", "--trials", "--minutes", "--seeds", "--seed", "--resume", "--address", "--dataset"),
    },
    "lockstep": {*FOLDERS, "--recipe", "--steps", "--seed"},
    "convert": set(),
    "export": {"--output"},
    "convert-data": {"--to", "--label-column", "--data-dir"},
}
FRAMEWORKS = ("torch", "tensorflow", "keras")


def loaded_after(*arguments: str) -> set[str]:
    """The modules that a `digits` command has loaded when it ends."""
    code = "import sys; from digits.cli import main\ntry: main(sys.argv[1:])\nfinally: print('LOADED', *sys.modules)"
    return set(run("-c", code, *arguments).stdout.rpartition("LOADED")[2].split())


def called(*words: object) -> subprocess.CompletedProcess[str]:
    """A command in this process, or a script in one of its own."""
    return inside.digits(*words[1:]) if words[0] == "digits" else run(*words)


def test_help_loads_nothing_heavy():
    assert not loaded_after("--help") & {*FRAMEWORKS, "numpy", "scipy", "sklearn", "matplotlib", "seaborn", "requests"}


@pytest.mark.whole
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


@pytest.mark.parametrize("flags", [("--help",), ()], ids=["help", "alone"])
def test_help_names_the_commands_in_groups(flags):
    done = inside.digits(*flags)
    assert (done.returncode, done.stderr) == (0, "")
    groups = re.split(r"^(\w+):$", done.stdout, flags=re.MULTILINE)
    assert groups[1::2] == ["Begin", "Use", "Judge", "Carry"]
    assert re.findall(r"^  ([\w-]+)  ", done.stdout, re.MULTILINE) == list(COMMANDS) == list(FLAGS)
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_version_is_the_packages():
    done = run("-m", "digits", "--version")
    assert re.fullmatch(r"digits \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_its_flags_their_help_and_an_example(name, capsys):
    command = importlib.import_module(f"digits.commands.{name.replace('-', '_')}").command
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert {flag for one in options for flag in one.opts} == FLAGS[name]
    assert all(one.help for one in options)
    assert main([name, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert all(flag in said for flag in FLAGS[name])
    assert f"Example: digits {name}" in said


@pytest.mark.parametrize(("words", "tuned"), [(("recipes",), True), (("read", "nowhere.png"), False)])
def test_a_process_is_made_ready_for_training_unless_it_only_reads(words, tuned):
    code = "import sys; from digits.cli import main; main(sys.argv[1:]); from digits.hardware import is_tuned"
    assert run("-c", f"{code}; print('TUNED', is_tuned)", *words).stdout.endswith(f"TUNED {tuned}\n")


def test_a_command_stays_as_it_is_however_often_it_is_run(capsys):
    before = dict(vars(digits))
    assert [main(["recipes"]) for _ in range(2)] == [0, 0]
    assert vars(digits) == before


def test_a_command_that_is_nearly_right_is_named():
    done = inside.digits("trian")
    assert done.stderr == "error: there is no command 'trian'; did you mean 'train'? See: digits --help\n"


def test_the_shell_completes_commands_and_flags():
    for words, completed in {"digits tra": ["train"], "digits train --ep": ["--epochs", "--epsilon"]}.items():
        environment = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_DIGITS_COMPLETE": "bash_complete"}
        done = run("-m", "digits", **environment)
        assert (sorted(done.stdout.split()), done.stderr) == ([f"plain,{one}" for one in completed], "")


def test_what_a_beginner_needs_comes_first(capsys):
    main(["train", "--help"])
    said = capsys.readouterr().out
    panels = ["To begin with", "Data and folders", "Machine", "More of the recipe", "Its images"]
    assert sorted(panels, key=said.index) == panels
    assert all(said.index(f"--{name} ") < said.index("Data and folders") for name in ("epochs", "batch-size", "seed"))


def parsed(recipes, seed, *words) -> dict:
    """What the flags of training make of these words."""
    found = {}

    @click.command()
    @training_options(recipes, seed)
    def command(**flags):
        found.update(flags)

    command.main(list(words), standalone_mode=False)
    return found


@pytest.mark.parametrize(
    "command",
    [
        ("digits", "fly"),
        ("digits", "train", "jax"),
        ("digits", "train", "pytorch", "--epochs", "many"),
        ("digits", "train", "pytorch", "--device", "abacus"),
        ("mnist_pytorch.py", "--colour", "red"),
        ("visualize_results.py", "extra"),
    ],
)
def test_a_command_line_that_is_wrong_gets_one_line(command):
    done = called(*command)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "--help" in done.stderr


@pytest.mark.parametrize("filters", ["16 32", "16,32,", "16;32", "many"])
def test_filters_that_are_no_whole_numbers_with_commas(filters, capsys):
    assert main(["train", "pytorch", "--filters", filters]) == 2
    said = f"Invalid value for '--filters': {filters!r} is not whole numbers with commas between them, say 16,32. See: "
    assert capsys.readouterr().err == f"error: {said}digits train --help\n"


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_field_of_a_recipe_can_be_changed_by_a_flag(recipe):
    fields = flat(RECIPES[recipe])
    others = {"architecture": "baseline" if recipe != "baseline" else "fast", "filters": (5, 7), "hidden_units": 9}
    others |= {"unaugmented_share": 0.5, "pages": 0}  # what tells classes has no pages
    others |= {"schedule": "constant", "warmup": 0} if fields["warmup"] else {"schedule": "one-cycle", "warmup": 0.1}
    flags = []
    for name, value in fields.items():
        if name != "name":
            if name not in others:
                others[name] = value + 1 if isinstance(value, int) else value / 2 + 0.03
            value = others[name]
            flags += [f"--{name.replace('_', '-')}", ",".join(map(str, value)) if name == "filters" else str(value)]
    changed = flat(chosen(RECIPES, "baseline", parsed(RECIPES, 0, "--recipe", recipe, *flags)))
    assert changed == {**fields, **others}
    assert all(changed[name] != fields[name] for name in others if name != "pages")
    assert chosen(RECIPES, "baseline", parsed(RECIPES, 0, "--recipe", recipe)) == RECIPES[recipe]


def flat(recipe: Recipe) -> dict:
    fields = asdict(recipe)
    augmentation = fields.pop("augmentation")
    return {**fields, **augmentation}


def test_a_scripts_numbers_are_the_baselines():
    """They stand at its top; another recipe has its own, and a flag is stronger than both."""
    own = {**RECIPES, "baseline": replace(RECIPES["baseline"], epochs=9, batch_size=7)}

    def of(*words):
        return chosen(own, "baseline", parsed(own, 3, *words))

    assert of().epochs == 9
    assert of("--epochs", "4") == replace(RECIPES["baseline"], epochs=4, batch_size=7)
    assert of("--recipe", "fast") == RECIPES["fast"]
    assert parsed(own, 3)["seed"] == 3


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
        ["digits", "train", "pytorch", "--dataset", "OWN"],
        ["mnist_tensorflow.py", "--dataset", "OWN"],
        ["digits", "visualize", "augmentation", "--dataset", "OWN"],
        ["digits", "convert-data", "OWN", "new.npz", "--to", "npz"],
    ],
)
def test_a_data_folder_beside_a_path_is_refused(command, tmp_path):
    own = tmp_path / "own.csv"
    own.write_text("")
    words = [str(own) if word == "OWN" else word for word in command] + ["--data-dir", tmp_path]
    done = called(*words)
    said = (
        f"error: --data-dir changes nothing for your own data in {own}; it is the folder of mnist and fashion-mnist\n"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", said, 1)


def test_read_and_predict_take_patterns(mnist, tmp_path):
    """Not through a shell here, as on Windows; under names that not every stream can write."""
    from PIL import Image

    folder = tmp_path / "名前"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(mnist.test.images[number]).save(folder / f"{number}.png")
    read = run("-m", "digits", "read", folder / "*.png", PYTHONIOENCODING="cp1252:strict")
    assert read.returncode == 0, read.stderr
    lines = [line.split(" (")[0] for line in read.stdout.splitlines()]
    assert lines[::2] == [f"{tmp_path}/\\u540d\\u524d/{number}.png" for number in range(2)]
    assert lines[1::2] == [f"    {label}" for label in mnist.test.labels[:2]]
    model = ROOT / "digits" / "page" / "baseline.onnx"
    predicted = run("-m", "digits", "predict", model, folder / "*.png")
    assert predicted.returncode == 0, predicted.stderr
    assert [line[:8] for line in predicted.stdout.splitlines()] == ["0.png: 7", "1.png: 2"]
