"""What the tests share: the real MNIST, fetched once a run by the project's own downloader, and ways to run things."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from digits.datasets import Dataset, download_dataset, load_dataset
from digits.errors import DigitsError
from digits.hardware import cores_here, require_bfloat16, tune_process
from digits.recipes import Recipe, adjusted
from tests.servers import serve  # noqa: F401  # a fixture

ROOT = Path(__file__).parents[1]

tune_process()  # as commands do, before a test imports a framework

# Ray's workers give way to all else that runs, which is polite; but tests wait for them. Some tests import onnxruntime
# by themselves; that the package tells it to send nothing, tests/test_empty_home.py sees without this variable.
os.environ |= {"RAY_worker_niceness": "0", "ORT_DISABLE_TELEMETRY": "1"}


def _precisions() -> list[str]:
    """What the processor can be trained with, or the one that DIGITS_CPU_FEATURES makes of it; the lowest last."""
    try:
        require_bfloat16()
    except DigitsError:
        return ["float32"]
    return ["float32", "bfloat16"]


PRECISIONS = _precisions()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a training on the whole MNIST or a browser as `whole`; other tests say so themselves."""
    for item in items:
        if {"outputs", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("whole")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many processes run tests where `-n auto` asks for it: as many as cores, and so few that memory lasts."""
    return min(cores_here(), 4)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """`made_once(name, make)`: a folder that `make` fills once a session, for all processes that run tests."""
    together = "PYTEST_XDIST_WORKER" in os.environ
    parent = tmp_path_factory.getbasetemp().parent if together else tmp_path_factory.getbasetemp()

    def folder(name: str, make: Callable[[Path], object]) -> Path:
        path = parent / name
        with FileLock(parent / f"{name}.lock"):
            if not path.exists():
                unfinished = parent / f"{name}.unfinished"
                unfinished.mkdir(exist_ok=True)
                make(unfinished)
                unfinished.rename(path)
        return path

    return folder


@pytest.fixture(scope="session")
def data_dir(made_once: Callable) -> Path:
    """The real MNIST as `download_mnist.py` lays it out. Read only: a test that damages it works on a copy."""
    here = ROOT / "mnist_data" / "MNIST" / "raw"
    return made_once("mnist_data", lambda folder: download_dataset(folder, mirror=str(here) if here.is_dir() else None))


@pytest.fixture(scope="session")
def mnist(data_dir: Path) -> Dataset:
    return load_dataset("mnist", data_dir)


def changed(recipe: Recipe, **fields: object) -> Recipe:
    """The recipe with other values in these fields, as flags would change it."""
    return adjusted(recipe, fields)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def run(
    *command: object, timeout: float = 300, encoding: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run Python on `command` from the project's root, as a user would; output is captured, never a terminal."""
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding=encoding,
        timeout=timeout,
    )


def but_for_hints(err: str) -> str:
    """What a run says on stderr, without the hint that few images, seen once, have hardly taught it anything."""
    return re.sub(r"^note: .* right is hardly better than guessing .*\n", "", err, flags=re.MULTILINE)


def without(package: str, folder: Path) -> str:
    """A PYTHONPATH under `folder` with which `package` is as good as not installed."""
    absent = folder / "site" / package
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text(f"raise ModuleNotFoundError('No module named {package}', name='{package}')")
    return str(absent.parent)


@pytest.fixture(scope="session")
def outputs(data_dir: Path, made_once: Callable) -> Path:
    """A folder with both scripts' runs on the real MNIST in `runs`, and what each said on the console beside it."""

    def make(folder: Path) -> None:
        for backend in ("pytorch", "tensorflow"):
            done = run(f"mnist_{backend}.py", "--data-dir", data_dir, "--output-dir", folder / "runs")
            assert done.returncode == 0, done
            (folder / f"{backend}.json").write_text(json.dumps(vars(done)))

    return made_once("outputs", make)


@pytest.fixture(scope="session")
def finished_runs(outputs: Path) -> Path:
    """The folder of the two runs. Read only, but for pictures."""
    return outputs / "runs"


@pytest.fixture(scope="session")
def consoles(outputs: Path) -> dict[str, subprocess.CompletedProcess[str]]:
    """What each of the two scripts said, by backend."""
    return {
        backend: subprocess.CompletedProcess(**json.loads((outputs / f"{backend}.json").read_text()))
        for backend in ("pytorch", "tensorflow")
    }


def heed_ctrl_c() -> None:
    """For a child process: a shell that runs the tests in the background has taught them to ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
