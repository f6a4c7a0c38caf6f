"""What the four scripts at the project's root run in: their flags, and their numbers as recipes."""

import linecache
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from digits.backends import BACKENDS
from digits.commands import click, invoke
from digits.commands.train import settings, training_options
from digits.console import guarded
from digits.errors import DigitsError, place
from digits.hardware import tune_process
from digits.recipes import RECIPES, Recipe, check_seed

if TYPE_CHECKING:
    from digits.training import Settings

__all__ = ["click", "script", "training_script"]


def script(command: click.Command) -> None:
    """Run one of the scripts; exit only where that fails.

    Where the script was pasted into a notebook's cell, the command line is the notebook's own, and it gets no flags.
    """
    pasted = not hasattr(sys.modules["__main__"], "__file__")

    def run() -> None:
        tune_process()
        invoke(command, command.name or "", [] if pasted else None)

    if status := guarded(run):
        sys.exit(status)


def training_script(backend: str, run: "Callable[[Settings], None]", *, seed: int, **numbers: Any) -> None:
    """Run `mnist_{backend}.py`: flags change the numbers at its top, fields of the baseline; `run` takes `Settings`."""
    baseline, refused = _from_script(run, {**numbers, "seed": seed})
    recipes = {**RECIPES, "baseline": baseline}

    @click.command(f"mnist_{backend}.py", help=f"Train a small CNN on MNIST with {BACKENDS[backend].title}.")
    @training_options(recipes, seed)
    @click.option("--export", is_flag=True, help="Save the trained network as an ONNX file, too.")
    def command(**flags: Any) -> None:
        if refused:
            raise refused
        chosen = settings(backend, flags, recipes)
        if chosen.recipe.architecture != baseline.architecture:
            flag = "recipe" if flags["recipe"] not in (None, "baseline") else "architecture"
            instead = f"digits train {backend} --{flag} {flags[flag]}"
            raise DigitsError(f"this script trains the network that it shows, not another. Run: {instead}")
        run(chosen)

    script(command)


def _from_script(run: "Callable[[Settings], None]", numbers: Mapping[str, Any]) -> tuple[Recipe, DigitsError | None]:
    """The baseline with the numbers at the top of the script that `run` stands in; what is wrong with the first other.

    A number that is not allowed is left out, so that `--help` can be had all the same.
    """
    recipe, refused = RECIPES["baseline"], None
    for name, value in numbers.items():
        try:
            if name == "seed":
                check_seed(value)
            else:
                recipe = replace(recipe, **{name: value})
        except DigitsError as error:
            refused = refused or DigitsError(f"{_line_of(name, run)}: {error}")
    return recipe, refused


def _line_of(name: str, run: "Callable[[Settings], None]") -> str:
    """Where the script that `run` stands in gives this number its value."""
    path = run.__code__.co_filename
    lines = enumerate(linecache.getlines(path), 1)
    return place(path, next((number for number, line in lines if line.split("=")[0].strip() == name), None))
