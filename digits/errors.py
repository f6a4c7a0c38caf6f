"""The one exception for what a user can put right: the command line prints it as one line and exits with 1."""

import platform
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")  # as `requires-python` has it


class DigitsError(Exception):
    """Says what was wrong, its value, what is allowed and what to do next, in one line."""


def not_installed(name: str, extra: str) -> DigitsError:
    """What to say where `name`, which one of the extras of pyproject.toml brings, cannot be imported.

    In a clone the command installs the clone's extra, elsewhere that of the package that is installed.
    """
    if not _packages(extra):
        pythons = [python for python in PYTHONS if _packages(extra, python_version=python)]
        allowed = f"Python {', '.join(pythons)}" if pythons else "another kind of machine"
        here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        return DigitsError(f"{name} has no release for {here}; allowed: {allowed}")
    if _in_clone():
        return DigitsError(f'{name} is not installed. Run in {ROOT}: pip install -c constraints.txt -e ".[{extra}]"')
    return DigitsError(f'{name} is not installed. Run: pip install "digits[{extra}]"')


def script(name: str, instead: str) -> str:
    """What to type to run a script of the project's root: it, in a clone; elsewhere, where there is none, `instead`."""
    return f"python {name}" if _in_clone() else instead


def _in_clone() -> bool:
    """Whether this file lies in a clone, be it installed with `pip install -e` or not, or was copied by pip."""
    return (ROOT / "constraints.txt").is_file()


def _packages(extra: str, **environment: str) -> list[str]:
    """What pip installs for an extra, in pip's words; nothing where there are no releases.

    `environment` takes the place of this one: names of dependency markers, as `python_version`, and their values.
    """
    import tomllib
    from importlib.metadata import requires

    from packaging.requirements import Requirement

    if _in_clone():
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        lines = project["optional-dependencies"][extra]
    else:
        lines = [line for line in requires("digits") or [] if "extra ==" in line]
    packages = []
    for package in map(Requirement, lines):
        if package.marker is None or package.marker.evaluate({"extra": extra, **environment}):
            package.marker = None
            packages.append(str(package))
    return packages
