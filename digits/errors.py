"""The one exception for what a user can put right: the command line prints it as one line and exits with 1."""

import os
import platform
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv"  # which `make setup` makes
PYTHONS = ("3.11", "3.12", "3.13", "3.14")  # as `requires-python` has it


class DigitsError(Exception):
    """Says what was wrong, its value, what is allowed and what to do next, in one line."""


def place(path: str, line: int | None) -> str:
    """Where in a script something is wrong: `mnist_pytorch.py, line 7`. `path` is that of no file in a notebook."""
    name = Path(path).name if Path(path).is_file() else "this cell"
    return f"{name}, line {line}" if line else name


# What the extra `train` brings, as it is imported: most of the project's work but reading needs these.
TRAIN = {"filelock", "jinja2", "matplotlib", "requests", "safetensors", "scipy", "seaborn", "sklearn"}


def not_installed(name: str, extra: str) -> DigitsError:
    """What to say where `name`, which one of the extras of pyproject.toml brings, cannot be imported.

    `extra` is empty for what every installation has, where its machine has a release of it; `name` is then pip's.

    In a clone the command installs the clone's extra, elsewhere that of the package that is installed.
    """
    if not _released(name, extra):
        pythons = [python for python in PYTHONS if _released(name, extra, python_version=python)]
        allowed = f"Python {', '.join(pythons)}" if pythons else "another kind of machine"
        here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        return DigitsError(f"{name} has no release for {here}; allowed: {allowed}")
    if _is_inactive():
        return _activate(name)
    brackets = f"[{extra}]" if extra else ""
    if _in_clone():
        return DigitsError(f'{name} is not installed. Run in {ROOT}: pip install -c constraints.txt -e ".{brackets}"')
    return DigitsError(f'{name} is not installed. Run: pip install "digits{brackets}"')


def missing(error: ModuleNotFoundError) -> DigitsError:
    """What to say where a package that the project, or a script that was edited, needs cannot be imported.

    Raises:
        ModuleNotFoundError: `error`, where it is of a module of the project, which is no mistake of its user.
    """
    name = (error.name or "").split(".")[0]
    if name in ("", "digits"):
        raise error
    if name in TRAIN:
        return not_installed(name, "train")
    if _is_inactive():
        return _activate(name)
    instead = f"Run in {ROOT}: make setup" if _in_clone() and not VENV.is_dir() else "Install it with pip"
    return DigitsError(f"{name} is not installed for {sys.executable}. {instead}")


def _is_inactive() -> bool:
    """Whether the project has an environment, and this is another Python than the one in it."""
    return (VENV / "pyvenv.cfg").is_file() and Path(sys.prefix).resolve() != VENV.resolve()


def _activate(name: str) -> DigitsError:
    """What to say where the environment is not active, and so `name` is missing."""
    command = str(VENV / "Scripts" / "activate") if os.name == "nt" else f"source {shlex.quote(f'{VENV}/bin/activate')}"
    return DigitsError(f"{name} is not installed for {sys.executable}. Activate the project's environment: {command}")


def script(name: str, instead: str) -> str:
    """What to type to run a script of the project's root: it, in a clone; elsewhere, where there is none, `instead`."""
    return f"python {name}" if _in_clone() else instead


def _in_clone() -> bool:
    """Whether this file lies in a clone, be it installed with `pip install -e` or not, or was copied by pip."""
    return (ROOT / "constraints.txt").is_file()


def _released(name: str, extra: str, **environment: str) -> bool:
    """Whether pip has what an extra is for, or `name` of what every installation has; `environment` as below."""
    packages = [package for package in _packages(extra, **environment) if not package.startswith("digits[")]
    return bool(packages if extra else [package for package in packages if package.startswith(name)])


def _packages(extra: str, **environment: str) -> list[str]:
    """What pip installs for an extra, or for none, in pip's words; nothing where there are no releases.

    `environment` takes the place of this one: names of dependency markers, as `python_version`, and their values.
    """
    import tomllib
    from importlib.metadata import requires

    from packaging.requirements import Requirement

    if _in_clone():
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    else:
        lines = [line for line in requires("digits") or [] if bool(extra) == ("extra ==" in line)]
    packages = []
    for package in map(Requirement, lines):
        if package.marker is None or package.marker.evaluate({"extra": extra, **environment}):
            package.marker = None
            packages.append(str(package))
    return packages
