import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.specifiers import SpecifierSet

from digits.errors import PYTHONS, TRAIN, _packages, _released, not_installed
from tests.conftest import ROOT, without
from tests.test_scripts import refused

pytestmark = pytest.mark.whole

PIP = (sys.executable, "-m", "pip")
OFFLINE = ("--no-index", "--no-build-isolation")
MACHINES = {  # as packaging's markers name them, and whether the frameworks have releases for it
    "Linux x86-64": ({"sys_platform": "linux", "platform_machine": "x86_64"}, True),
    "Linux aarch64": ({"sys_platform": "linux", "platform_machine": "aarch64"}, True),
    "Windows": ({"sys_platform": "win32", "platform_machine": "AMD64"}, True),
    "Mac, Apple's chip": ({"sys_platform": "darwin", "platform_machine": "arm64"}, True),
    "Mac, Intel's chip": ({"sys_platform": "darwin", "platform_machine": "x86_64"}, False),
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A copy of the project, in which pip may leave what it builds."""
    folder = tmp_path_factory.mktemp("a clone")
    shutil.copytree(ROOT / "digits", folder / "digits", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def installed(clone, tmp_path_factory) -> Path:
    """A folder of packages into which pip has installed the project, as it does without -e."""
    folder = tmp_path_factory.mktemp("packages")
    subprocess.run([*PIP, "install", "-q", *OFFLINE, "--no-deps", "--target", folder, clone], check=True)
    return folder


def said(of: Path, missing: str, tmp_path: Path, *command: str) -> str:
    """What the code in the folder `of` says of a package that is missing."""
    found_in = os.pathsep.join([str(of), without(missing, tmp_path)])
    return refused("-P", "-m", "digits", *command, "--output-dir", tmp_path / "outputs", PYTHONPATH=found_in)


def what_pip_says(command: str, folder: Path) -> str:
    """Run a command that a message names in a shell, offline and without installing anything."""
    command = command.replace("pip", f"{sys.executable} -m pip", 1) + f" --dry-run {' '.join(OFFLINE)}"
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done
    assert "does not provide the extra" not in done.stderr
    return done.stdout


def test_in_a_clone_the_extra_is_named(clone, tmp_path, data_dir):
    message = said(clone, "torch", tmp_path, "train", "pytorch", "--data-dir", str(data_dir))
    instruction, command = message.split(": ")
    assert instruction == f"PyTorch is not installed. Run in {clone}"
    assert command == 'pip install -c constraints.txt -e ".[pytorch]"'
    assert "Would install digits" in what_pip_says(command, clone)


@pytest.mark.parametrize(
    ("package", "title", "extra", "command"),
    [
        ("torch", "PyTorch", "pytorch", ("train", "pytorch")),
        ("cv2", "opencv-python-headless", "", ("read", "a.png")),
        ("onnxruntime", "onnxruntime", "", ("read", "a.png")),
        ("scipy", "scipy", "train", ("report",)),
    ],
)
def test_elsewhere_the_extra_of_what_is_installed_is_named(
    package, title, extra, command, installed, tmp_path, data_dir, monkeypatch
):
    data = ["--data-dir", str(data_dir)] if command[0] == "train" else []
    message = said(installed, package, tmp_path, *command, *data)
    assert message == f'{title} is not installed. Run: pip install "digits{extra and f"[{extra}]"}"'
    if not extra:
        return
    monkeypatch.setenv("PYTHONPATH", str(installed))  # where pip finds that digits is installed, and looks no further
    assert "Would install" not in what_pip_says(message.split(": ")[1], tmp_path)  # all are here


@pytest.mark.parametrize(
    ("of", "commands"),
    [
        ("clone", ["python download_mnist.py", "python mnist_pytorch.py", "python mnist_tensorflow.py"]),
        ("installed", ["digits download", "digits train pytorch", "digits train tensorflow"]),
    ],
)
def test_what_is_to_be_run_is_there(of, commands, tmp_path, request):
    """The scripts are not part of what pip installs."""
    tried = [
        ("train", "pytorch", "--data-dir", tmp_path, "--output-dir", tmp_path),
        *(("evaluate", tmp_path / f"{backend}_run.json") for backend in ("pytorch", "tensorflow")),
    ]
    for command, named in zip(tried, commands, strict=True):
        message = refused("-P", "-m", "digits", *command, PYTHONPATH=str(request.getfixturevalue(of)))
        assert message.partition(" Run: ")[2].removesuffix(f" --data-dir {tmp_path}") == named


PAGES = "".join((ROOT / page).read_text() for page in ("README.md", "docs/installing.md"))


def test_the_commands_of_the_pages_name_extras_that_there_are():
    named = re.findall(r'pip install -c constraints.txt -e "\.\[([^"]*)\]"', PAGES)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert named
    assert {extra for one in named for extra in one.split(",")} <= set(project["optional-dependencies"])


def test_both_ways_of_installing_name_the_same_packages(installed):
    code = "from digits.errors import _packages; print(*_packages(''), *_packages('tensorflow'))"
    run = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert run.stdout.split() == [*_packages(""), *_packages("tensorflow")]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
def test_pip_is_asked_for_a_framework_only_where_it_has_a_release(machine, python):
    markers, released = MACHINES[machine]
    assert _released("PyTorch", "pytorch", python_version=python, **markers) == released
    assert _released("onnxruntime", "", python_version=python, **markers) == released
    # Two lines that fit the same machine would be two TensorFlows in one folder.
    tensorflows = set(_packages("tensorflow", python_version=python, **markers)) - {"digits[train]"}
    assert len(tensorflows) == (released and python != "3.14")


def test_what_the_extra_for_training_brings_is_known_by_its_modules():
    assert {"scikit-learn" if module == "sklearn" else module for module in TRAIN} == set(_packages("train"))


def test_where_a_framework_has_no_release_the_message_says_so(monkeypatch):
    here = default_environment()
    monkeypatch.setattr("packaging.markers.default_environment", lambda: {**here, "python_version": "3.14"})
    message = str(not_installed("TensorFlow", "tensorflow"))
    assert message.startswith(f"TensorFlow has no release for Python {platform.python_version()} on ")
    assert message.endswith("; allowed: Python 3.11, 3.12, 3.13")
    darwin = {"sys_platform": "darwin", "platform_machine": "x86_64"}
    monkeypatch.setattr("packaging.markers.default_environment", lambda: {**here, **darwin})
    assert str(not_installed("PyTorch", "pytorch")).endswith("; allowed: another kind of machine")


def test_the_pythons_are_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = SpecifierSet(project["requires-python"])
    assert tuple(f"3.{minor}" for minor in range(30) if required.contains(f"3.{minor}.1")) == PYTHONS
    assert f"Python {PYTHONS[0]} to {PYTHONS[-1]}" in (ROOT / "README.md").read_text()
    assert f"Any Python from {PYTHONS[0]} to {PYTHONS[-1]} works" in (ROOT / "docs" / "installing.md").read_text()
    ci = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert all(f'"{python}"' in ci for python in PYTHONS)
