import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.whole

SHELL = ("make", "sh", "echo", "mkdir", "touch")
FITS = f"""#!{sys.executable}
import pathlib, sys
if sys.argv[1] == "-m":
    pathlib.Path(sys.argv[3], "bin").mkdir(parents=True)
    pathlib.Path(sys.argv[3], "bin", "pip").write_text(pathlib.Path(sys.argv[0]).name)
else:
    sys.version_info = {{version}}
    sys.modules.update({{missing}})
    exec(sys.argv[2])
"""


@pytest.fixture
def machine(tmp_path) -> Path:
    """A folder with our Makefile, and in it `bin`, which is all that is on the PATH: a shell and no Python."""
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in SHELL:
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def add_python(machine: Path, name: str, version: tuple[int, int], missing: dict | None = None) -> None:
    path = machine / "bin" / name
    path.write_text(FITS.format(version=(*version, 0), missing=missing or {}))
    path.chmod(0o755)


def make_venv(machine: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = ("make", "-s", ".venv/bin/pip", *flags)
    environment = {"PATH": str(machine / "bin")}
    return subprocess.run(command, cwd=machine, env=environment, capture_output=True, text=True)


def chosen(machine: Path, *flags: str) -> str:
    """The Python that make takes, which our stand-ins write into .venv."""
    done = make_venv(machine, *flags)
    assert (done.returncode, done.stderr) == (0, ""), done
    return (machine / ".venv" / "bin" / "pip").read_text()


@pytest.mark.parametrize(
    ("pythons", "best"),
    [
        ({"python3.11": (3, 11), "python3.12": (3, 12), "python3.13": (3, 13), "python3.14": (3, 14)}, "python3.13"),
        ({"python3": (3, 14), "python3.11": (3, 11)}, "python3.11"),
        ({"python3": (3, 12)}, "python3"),
        ({"python3.13": (3, 8), "python3": (3, 11)}, "python3"),
    ],
)
def test_make_takes_the_newest_python_that_fits(pythons, best, machine):
    for name, version in pythons.items():
        add_python(machine, name, version)
    assert chosen(machine) == best


def test_a_python_that_makes_no_venv_is_passed_over(machine):
    add_python(machine, "python3.13", (3, 13), {"ensurepip": None})
    assert make_venv(machine).returncode != 0
    add_python(machine, "python3.12", (3, 12))
    assert chosen(machine) == "python3.12"


def test_a_python_can_be_named(machine):
    add_python(machine, "python3.13", (3, 13))
    add_python(machine, "mine", (3, 11))
    assert chosen(machine, "PYTHON=mine") == "mine"


@pytest.mark.parametrize("pythons", [{}, {"python3": (3, 10), "python3.14": (3, 14)}, {"python3": (3, 14)}])
def test_where_none_fits_one_line_says_what_to_install(pythons, machine):
    for name, version in pythons.items():
        add_python(machine, name, version)
    done = make_venv(machine)
    assert done.returncode != 0
    message, last = done.stderr.splitlines()
    assert message.startswith(
        "error: make needs Python 3.11, 3.12 or 3.13, able to make a venv; none is among: python3.13 "
    )
    assert "PYTHON=/path/to/python" in message
    assert last.startswith("make: *** ")
    assert not (machine / ".venv").exists()
