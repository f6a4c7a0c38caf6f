"""What the commands leave outside of the folders that they are given, and whom they ask for: nothing, and nobody."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from digits.files import write_together
from digits.page import runtime
from tests.conftest import ROOT

FONTS = "home/.cache/matplotlib/fontlist-*.json"  # Matplotlib's list of the fonts that there are
KERAS = "home/.keras/keras.json"  # Keras's settings, which it writes where there are none
RUNTIME = f"home/.cache/digits/{runtime.PACKAGE}/*"  # with which a page computes

# Python reads this as it starts. It notes each name of a host that is looked up, in the program or in what it starts.
WATCH = """
import os, sys

def note(event, arguments):
    if event == "socket.getaddrinfo":
        with open(os.environ["LOOKED_UP"], "a") as file:
            print(arguments[0], file=file)

sys.addaudithook(note)
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset whose classes are bright columns."""
    labels = np.arange(600) % 10
    images = np.random.default_rng(0).integers(0, 200, (600, 28, 28), np.uint8)
    images[np.arange(600), :, 2 * labels] = 255
    path = tmp_path_factory.mktemp("small") / "small.npz"
    np.savez(path, x_train=images[:500], y_train=labels[:500], x_test=images[500:], y_test=labels[500:])
    return path


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of a short name: the path of a socket has at most 107 characters."""
    with tempfile.TemporaryDirectory(prefix="d", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def started(folder: Path, *command: object) -> Iterator[subprocess.Popen[str]]:
    """`digits` with an empty home and nothing else that it could know of the user, under `folder`."""
    for name in ("home", "tmp", "watch"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "watch" / "sitecustomize.py").write_text(WATCH)
    environment = {
        **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
        **{"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "LOOKED_UP": str(folder / "looked_up")},
        "PYTHONPATH": os.pathsep.join([str(folder / "watch"), str(ROOT)]),
    }
    line = [sys.executable, "-m", "digits", *map(str, command)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(line, cwd=folder, env=environment, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.terminate()


def unmeant(folder: Path, *meant: str) -> set[str]:
    """The files under home and the folder for temporary files that are none of `meant`."""
    files = {str(path.relative_to(folder)) for top in ("home", "tmp") for path in (folder / top).rglob("*")}
    return {name for name in files if (folder / name).is_file() and not any(fnmatch(name, one) for one in meant)}


def looked_up(folder: Path) -> set[str]:
    """The names of hosts that were looked up, but for this machine's own names and addresses."""
    path = folder / "looked_up"
    names = set(path.read_text().split()) if path.exists() else set()
    return {name for name in names if not set(name) <= set("0123456789.:") and name not in ("None", "localhost")}


COMMANDS = {
    "read": (["read", ROOT / "lessons" / "my_digit.jpg"], []),
    "train pytorch": (["train", "pytorch", "--epochs", 1, "--metrics", "tensorboard"], []),
    "train tensorflow": (["train", "tensorflow", "--epochs", 1], [KERAS, FONTS]),
    "tune": (["tune", "pytorch", "--trials", 2, "--seeds", 3], [FONTS]),
}
SLOW = ("train tensorflow", "tune")
CASES = [pytest.param(*case, id=name, marks=[pytest.mark.slow] * (name in SLOW)) for name, case in COMMANDS.items()]


@pytest.mark.parametrize(("command", "meant"), CASES)
def test_a_command_leaves_nothing_at_home_and_asks_nobody(command, meant, small, folder):
    data = ["--dataset", small] if command[0] != "read" else []
    with started(folder, *command, *data, "--output-dir", "outputs") as process:
        said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert unmeant(folder, *meant) == set()
    assert looked_up(folder) == set()


def test_serving_leaves_nothing_at_home_but_the_runtime(folder):
    write_together(folder / "home" / ".cache" / "digits" / runtime.PACKAGE, runtime.runtime())
    with started(folder, "serve", "--no-browser", "--port", 0) as process:
        assert "The page is at" in process.stdout.readline()
    assert unmeant(folder, RUNTIME) == set()
    assert looked_up(folder) == set()


def test_a_users_own_word_on_telemetry_counts(tmp_path):
    """No onnxruntime is loaded: one that may send would."""
    (tmp_path / "onnxruntime.py").write_text("")
    code = "from digits.exchange.predictor import import_onnxruntime as load; load(); import os; print(os.environ[%r])"
    for given, expected in [({}, "1"), ({"ORT_DISABLE_TELEMETRY": "0"}, "0")]:
        known = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
        found = subprocess.run(
            [sys.executable, "-c", code % "ORT_DISABLE_TELEMETRY"],
            cwd=tmp_path,
            env={**known, **given, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
            capture_output=True,
            text=True,
        )
        assert found.stdout.strip() == expected, found.stderr
