"""Where commands and scripts are run: a narrow pipe, no streams, a thread, IDLE, a notebook with a real kernel."""

import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from digits import errors
from digits.cli import main
from digits.console import guarded
from digits.runs import has_run
from tests.conftest import ROOT, run

BOTH = pytest.mark.parametrize("backend", ["pytorch", pytest.param("tensorflow", marks=pytest.mark.slow)])


@pytest.fixture(scope="module")
def own(mnist, tmp_path_factory) -> Path:
    """A few digits, so that each run takes a moment, in a folder whose name not every stream can write."""
    path = tmp_path_factory.mktemp("own") / "名前.npz"
    train, test = mnist.train, mnist.test
    arrays = {"x_train": train.images[:600], "y_train": train.labels[:600]}
    np.savez(path, **arrays, x_test=test.images[:200], y_test=test.labels[:200])
    return path


@pytest.fixture(scope="module")
def small_run(own, tmp_path_factory) -> Path:
    """The folder of a run on these."""
    folder = tmp_path_factory.mktemp("outputs")
    done = run("mnist_pytorch.py", "--dataset", own, "--output-dir", folder, "--epochs", 1)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


class IdleStream(io.TextIOBase):
    """As IDLE's stands in for stdout: it has no file, and takes no other settings."""

    def __init__(self):
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


@pytest.mark.parametrize("stream", [io.StringIO, IdleStream])
def test_a_command_speaks_to_whatever_stands_in_for_the_streams(stream):
    out, err = stream(), stream()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert main(["recipes"]) == 0
        assert main(["train", "pytorch", "--epochs", "0"]) == 1
        assert main(["train", "jax"]) == 2
        assert main(["--help"]) == 0
    said = [one.getvalue() if isinstance(one, io.StringIO) else one.text for one in (out, err)]
    assert "baseline" in said[0]
    assert "Usage: digits" in said[0]
    assert [line.split(":")[:2] for line in said[1].splitlines()] == [
        ["error", " epochs is 0, but must be a whole number, 1 or more"],
        ["error", " Invalid value for '{pytorch|tensorflow}'"],
    ]


@pytest.mark.parametrize("action", [lambda: print("x"), lambda: sys.stderr.isatty() or sys.stdout.flush()])
def test_there_may_be_no_streams(action, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert guarded(action) == 0
    assert guarded(lambda: Path("no such file").read_bytes()) == 1
    assert (sys.stdout, sys.stderr) == (None, None)


@BOTH
def test_a_script_trains_where_the_shell_has_closed_its_streams(backend, own, tmp_path):
    command = f"{sys.executable} mnist_{backend}.py --epochs 1 --dataset {own} --output-dir {tmp_path} >&- 2>&-"
    assert subprocess.run(command, shell=True, cwd=ROOT).returncode == 0
    assert has_run(tmp_path, backend)


def test_in_a_thread_signals_stay_as_they_are(capsys):
    statuses, usual = [], signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=lambda: statuses.append(main(["recipes"])))
    thread.start()
    thread.join()
    assert statuses == [0]
    assert "baseline" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGTERM) is usual


def test_afterwards_sigterm_does_what_it_did():
    seen, usual = [], signal.getsignal(signal.SIGTERM)
    assert guarded(lambda: seen.append(signal.getsignal(signal.SIGTERM))) == 0
    assert seen[0] is not usual
    assert signal.getsignal(signal.SIGTERM) is usual


def test_a_module_of_the_projects_own_that_is_missing_is_no_mistake_of_the_user():
    with pytest.raises(ModuleNotFoundError):
        guarded(lambda: __import__("digits.nowhere"))


# What a stream with a narrow encoding cannot write is replaced: by a likeness, or in names by numbers.


NARROW = [
    ("cp932", "-m digits evaluate RUN/pytorch_preds.npy", r"\(95% interval \d\d\.\d\d-\d\d\.\d\d%\)"),
    ("cp437", "mnist_pytorch.py --summary --dataset OWN --epochs 1 --output-dir NEW", "conv1 +16 x 26 x 26 +160"),
    ("ascii", "-m digits recipes", r"\d\d\.\d\d \+- \d\.\d\d%"),
]


@pytest.mark.parametrize(("encoding", "command", "said"), NARROW)
def test_a_narrow_stream_gets_what_it_can_write(encoding, command, said, own, small_run, tmp_path):
    where = {"RUN": str(small_run), "OWN": str(own), "NEW": str(tmp_path)}
    words = [re.sub("RUN|OWN|NEW", lambda found: where[found[0]], word) for word in command.split()]
    done = run(*words, encoding=encoding, PYTHONIOENCODING=f"{encoding}:strict")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(said, done.stdout), done.stdout


def test_a_name_that_a_narrow_stream_lacks_is_written_in_numbers(own, tmp_path):
    missing = run("-m", "digits", "train", "pytorch", "--dataset", tmp_path / "名前", PYTHONIOENCODING="cp1252:strict")
    assert missing.returncode == 1
    assert missing.stderr.count("\n") == 1
    assert r"\u540d\u524d" in missing.stderr


def test_help_is_written_to_a_narrow_stream_too():
    code = "import sys, click; from digits.commands import invoke; from digits.console import guarded;"
    code += "command = click.Command('x', help='28 × 28 … 名');"
    code += "sys.exit(guarded(lambda: invoke(command, 'x', ['--help'])))"
    done = run("-c", code, PYTHONIOENCODING="cp437:strict")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"28 x 28 ... \u540d" in done.stdout
    for narrow in ("ascii", "cp437", "cp932"):
        assert run("-m", "digits", "train", "--help", PYTHONIOENCODING=f"{narrow}:strict").returncode == 0


# In a notebook.


@pytest.mark.slow
def test_a_command_that_a_notebook_starts_draws_whatever_it_is_handed(small_run):
    done = run("visualize_results.py", "--output-dir", small_run, MPLBACKEND="none that there is")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert (small_run / "confusion_matrix_pytorch.png").exists()


def in_kernel(folder: Path, *cells: str) -> list[str]:
    """What a real kernel that works in `folder` says, cell by cell, on both streams; an error is raised."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in notebook.cells]


@pytest.fixture
def kernel_of_the_project(monkeypatch):
    """Kernels find the project as it is here, and Python's own encoding."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.mark.usefixtures("kernel_of_the_project")
@BOTH
def test_scripts_and_commands_work_in_a_notebook(backend, own, tmp_path):
    flags = f'--epochs 1 --dataset "{own}" --output-dir "{tmp_path}/by run"'
    pasted = (ROOT / f"mnist_{backend}.py").read_text().replace("epochs = 3", "epochs = 1")
    pasted = pasted.replace("dataset = load(settings)", "dataset = load(settings := of_few(settings))")
    few = f"""
from dataclasses import replace
from pathlib import Path
def of_few(settings):
    return replace(settings, dataset={str(own)!r}, output_dir=Path("by pasting"))
"""
    threaded = f"""
import contextlib, io, threading
from digits.cli import main
said = io.StringIO()
def work():
    command = ["train", {backend!r}, "--epochs", "1", "--dataset", {str(own)!r}, "--output-dir", "by thread"]
    with contextlib.redirect_stdout(said):
        print("status", main(command))
thread = threading.Thread(target=work); thread.start(); thread.join()
print(said.getvalue())
"""
    by_run, _, by_pasting, by_thread, wrong = in_kernel(
        tmp_path,
        f'%run "{ROOT}/mnist_{backend}.py" {flags}',
        few,
        pasted,
        threaded,
        "print('status', main(['train', 'pytorch', '--epochs', '0']))",
    )
    for said, folder in ((by_run, "by run"), (by_pasting, "by pasting"), (by_thread, "by thread")):
        assert re.fullmatch(
            r"Using device: \w+\nStarting training...\nEpoch 1/1, Loss: \d\.\d{4}\nTest Accuracy: .*\n"
            r"Predictions and labels saved to .*\n(status 0\n\n)?",
            said,
        ), said
        assert has_run(tmp_path / folder, backend)
    assert set(wrong.splitlines()) == {"error: epochs is 0, but must be a whole number, 1 or more", "status 1"}


@pytest.mark.usefixtures("kernel_of_the_project")
def test_what_is_wrong_in_a_cell_is_one_line_that_names_the_cell(tmp_path):
    """The cell ends in an error, so that those after it are not run."""
    pasted = (ROOT / "mnist_pytorch.py").read_text().replace("epochs = 3", 'epochs = "3"')
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(pasted)])
    with pytest.raises(CellExecutionError, match="SystemExit"):
        NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(tmp_path))
    [said] = [output.text for output in notebook.cells[0].outputs if output.get("name") == "stderr"][:1]
    assert said.splitlines()[0] == "error: this cell, line 6: epochs is '3', but must be a whole number, 1 or more"


@pytest.mark.usefixtures("kernel_of_the_project")
def test_a_training_in_a_notebook_shows_how_far_it_is_and_takes_that_away(mnist, tmp_path):
    train, test = mnist.train, mnist.test
    arrays = {"x_train": train.images[:9000], "y_train": train.labels[:9000]}
    np.savez(tmp_path / "own.npz", **arrays, x_test=test.images[:200], y_test=test.labels[:200])
    code = "import digits; model = digits.train_model('pytorch', dataset='own.npz', epochs=2); model.accuracy"
    manager, client = start_new_kernel(cwd=str(tmp_path))
    messages: list[dict] = []
    try:
        client.execute_interactive(code, output_hook=messages.append, timeout=120)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    kinds = [message["header"]["msg_type"] for message in messages]
    drawn = [
        message["content"]["data"]["text/plain"]
        for message, kind in zip(messages, kinds, strict=True)
        if kind in ("display_data", "update_display_data")
    ]
    assert kinds.count("display_data") == 1  # one place
    assert any(re.match(r"Epoch 1/2 [━╸╺ ]+ loss \d\.\d{4} .*images a second", line) for line in drawn), drawn
    assert any(line.startswith("Epoch 2/2") for line in drawn), drawn
    assert drawn[-1] == ""
    assert kinds[-2:] == ["execute_result", "status"]


# Without the environment in which everything is installed.


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A clone whose environment is not active; `bare/bin/python` has no packages at all."""
    folder = tmp_path_factory.mktemp("a clone")
    shutil.copytree(ROOT / "digits", folder / "digits", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (ROOT / "constraints.txt", *ROOT.glob("*.py")):
        shutil.copy(path, folder)
    for name in (".venv", "bare"):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / name], check=True)
    return folder


@pytest.mark.parametrize("command", [*sorted(path.name for path in ROOT.glob("*.py")), "-m digits report"])
def test_a_python_without_the_packages_says_how_to_activate(command, clone):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    bare = [clone / "bare" / "bin" / "python", *command.split()]
    done = subprocess.run(bare, cwd=clone, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    told = f"Activate the project's environment: source '{clone}/.venv/bin/activate'"
    assert re.fullmatch(rf"error: \w+ is not installed for \S.*\. {re.escape(told)}\n", done.stderr), done.stderr
    asked = subprocess.run([*bare, "--help"], cwd=clone, env=environment, capture_output=True, text=True)
    assert (asked.returncode, asked.stdout, asked.stderr) == (1, "", done.stderr)


def test_where_there_is_no_environment_the_message_says_how_to_make_one(monkeypatch, tmp_path):
    lacking = ModuleNotFoundError("No module named 'numpy'", name="numpy")
    monkeypatch.setattr(errors, "VENV", tmp_path / "none")
    assert str(errors.missing(lacking)).endswith(f"Run in {ROOT}: make setup")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    monkeypatch.setattr(errors, "VENV", tmp_path / ".venv")
    told = f"Activate the project's environment: source {tmp_path}/.venv/bin/activate"
    assert str(errors.missing(lacking)).endswith(told)
    assert str(errors.not_installed("PyTorch", "pytorch")).endswith(told)
