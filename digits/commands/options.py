"""Flags that several commands have, and how the values of flags are read."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from digits.commands import click
from digits.errors import DigitsError
from digits.files import DATA_DIR, OUTPUT_DIR
from digits.recipes import RECIPES, Augmentation, Recipe, about, adjusted, flag

Decorator = Callable[[Any], Any]
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "float32", "bfloat16")
OWN = "mnist, fashion-mnist or the path of your own data"
FIRST = ("recipe", "epochs", "batch_size", "learning_rate", "dropout", "filters", "hidden_units")  # for a beginner

# Panels of `--help`.
BEGIN, WHERE, MACHINE, MORE, IMAGES = "To begin with", "Data and folders", "Machine", "More of the recipe", "Its images"


class Numbers(click.ParamType):
    """Whole numbers with commas between them."""

    name = "N,N"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, ...]:
        """The numbers in a flag's value, which is a tuple already where it is the default."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(map(int, value.split(",")))
        except ValueError:
            self.fail(f"{value!r} is not whole numbers with commas between them, say 16,32")


def command(name: str, summary: str, example: str) -> Decorator:
    """A command whose help begins with `summary` and ends with an example of its use."""
    return click.command(name, help=f"{summary[0].upper()}{summary[1:]}.", epilog=f"Example: {example}")


def together(decorators: Iterable[Decorator]) -> Decorator:
    """One decorator from several; the first one's flag comes first in `--help`."""

    def decorate(function: Any) -> Any:
        for one in reversed(list(decorators)):
            function = one(function)
        return function

    return decorate


def path_option(name: str, default: Path, help: str, **attributes: Any) -> Decorator:
    """A folder. Where it is not given the action gets `default` itself, and so can tell."""
    shown = f"{help} [default: ./{default}]"
    read = lambda ctx, param, value: default if value is None else Path(value)  # noqa: E731
    return click.option(name, metavar="DIR", callback=read, help=shown, **attributes)


def data_dir(**attributes: Any) -> Decorator:
    """The folder of the datasets that have a name."""
    return path_option("--data-dir", DATA_DIR, "Folder of mnist and fashion-mnist.", **attributes)


def output_dir(**attributes: Any) -> Decorator:
    """The folder of the runs."""
    return path_option("--output-dir", OUTPUT_DIR, "Folder of the runs.", **attributes)


def dataset(what: str = OWN, default: str | None = "mnist", **attributes: Any) -> Decorator:
    """A dataset, by its name or its path."""
    return click.option("--dataset", default=default, metavar="NAME", show_default=True, help=what, **attributes)


def seed(default: Any = 0, **attributes: Any) -> Decorator:
    """The seed of all randomness."""
    return click.option(
        "--seed",
        type=int,
        default=default,
        metavar="N",
        show_default=True,
        help="Seed of all randomness.",
        **attributes,
    )


def address(what: str, **attributes: Any) -> Decorator:
    """The address of a Ray cluster, on whose nodes something is done; `what` says what."""
    help = f"{what} on all nodes of this Ray cluster, of which this machine is one."
    return click.option("--address", metavar="HOST:PORT", help=help, **attributes)


def as_json(what: str = "Print one JSON object instead of tables.") -> Decorator:
    """Whether JSON is wanted."""
    return click.option("--json", "as_json", is_flag=True, help=what)


def a_path(name: str, **attributes: Any) -> Decorator:
    """An argument that is a path, or several."""
    return click.argument(name, type=Path, **attributes)


def recipe_options(recipes: Mapping[str, Recipe], default: str, fields: Collection[str]) -> Decorator:
    """Flags for a recipe and for some of its fields; `chosen` makes the recipe from what they were given."""
    names = ", ".join(recipes)
    help = f"{names} (digits recipes), or a JSON file such as tuned.json; other flags change it."
    usual = {**vars(recipes[default]), **vars(recipes[default].augmentation)}
    found = [click.option("--recipe", metavar="NAME", panel=BEGIN, help=f"{help} [default: {default}]")]
    for name, known in {**about(Recipe), **about(Augmentation)}.items():
        if name in fields:
            shown = ",".join(map(str, usual[name])) if known.kind is tuple else usual[name]
            plain = Numbers() if known.kind is tuple else known.kind
            kind = click.Choice(list(known.choices)) if known.choices else plain
            panel = BEGIN if name in FIRST else IMAGES if name in about(Augmentation) else MORE
            metavar = None if known.choices else {int: "N", tuple: "N,N"}.get(known.kind, "X")
            text = f"{known.help[0].upper()}{known.help[1:]}. [{default}: {shown}]"
            found.append(click.option(flag(name), name, type=kind, metavar=metavar, panel=panel, help=text))
    return together(found)


def chosen(recipes: Mapping[str, Recipe], default: str, flags: Mapping[str, Any]) -> Recipe:
    """The chosen recipe, changed by the flags that were given.

    Raises:
        DigitsError: there is no such recipe, or a field may not have its value.
    """
    recipe = named(flags.get("recipe") or default, recipes)
    given = {name: value for name, value in flags.items() if value is not None}
    changes = {name: given[name] for name in about(Augmentation) if name in given}
    augmentation = {"augmentation": replace(recipe.augmentation, **changes)} if changes else {}
    return adjusted(recipe, {**{name: given[name] for name in about(Recipe) if name in given}, **augmentation})


def named(name: str, recipes: Mapping[str, Recipe] = RECIPES) -> Recipe:
    """The recipe of this name, or in the JSON file of this path.

    Raises:
        DigitsError: there is neither, or what the file holds is no recipe.
    """
    if name in recipes:
        return recipes[name]
    if not name.endswith(".json"):
        raise DigitsError(f"recipe is {name}, but must be {', '.join(recipes)} or a JSON file such as tuned.json")
    from digits.recipes.stored import load_recipe

    return load_recipe(Path(name))
