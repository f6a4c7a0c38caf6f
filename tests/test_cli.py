import pytest

from tests.conftest import ROOT, run

COMMANDS = [
    "download",
    "train",
    "visualize",
    "convert",
    "export",
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
    assert not loaded_after("--help") & {*FRAMEWORKS, "numpy", "scipy", "sklearn", "matplotlib", "seaborn", "pooch"}


def test_a_command_loads_no_framework_that_it_does_not_use(tmp_path, data_dir, finished_runs):
    assert not loaded_after("download", "--data-dir", str(data_dir)) & {*FRAMEWORKS, "sklearn", "matplotlib", "pooch"}
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


def test_a_reader_that_leaves_is_no_error(data_dir):
    import subprocess
    import sys

    command = f"{sys.executable} download_mnist.py --data-dir {data_dir} | true"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
