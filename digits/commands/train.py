"""`digits train`: its flags, which the two training scripts have, too."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from digits.backends import BACKENDS
from digits.commands import click, options
from digits.commands.options import BEGIN, IMAGES, MACHINE, MORE, WHERE
from digits.recipes import RECIPES, Augmentation, Recipe, about

if TYPE_CHECKING:
    from digits.training import Settings


def training_options(recipes: Mapping[str, Recipe], seed: Any) -> options.Decorator:
    """The flags of whatever trains; `recipes` has them by name, `baseline` being the default, as `seed` is another."""
    return options.together(
        [
            *(click.option_panel(name) for name in (BEGIN, WHERE, MACHINE, MORE, IMAGES)),
            options.recipe_options(recipes, "baseline", {**about(Recipe), **about(Augmentation)}),
            options.seed(seed, panel=BEGIN),
            click.option("--summary", is_flag=True, panel=BEGIN, help="Print the layers, their shapes and weights."),
            options.dataset(panel=WHERE),
            options.data_dir(panel=WHERE),
            options.output_dir(panel=WHERE),
            click.option(
                *("--resume",),
                is_flag=True,
                panel=WHERE,
                help="Go on after the last complete epoch of a run that was interrupted.",
            ),
            click.option(
                *("--metrics",),
                type=click.Choice(["tensorboard"]),
                panel=WHERE,
                help="Write event files for TensorBoard into the output folder.",
            ),
            click.option(
                *("--device",),
                type=click.Choice(options.DEVICES),
                default="auto",
                show_default=True,
                panel=MACHINE,
                help="Where to train.",
            ),
            click.option(
                *("--precision",),
                type=click.Choice(options.PRECISIONS),
                default="auto",
                show_default=True,
                panel=MACHINE,
                help="Arithmetic of training; auto is bfloat16 where the hardware has it.",
            ),
        ]
    )


def settings(backend: str, flags: Mapping[str, Any], recipes: Mapping[str, Recipe] = RECIPES) -> "Settings":
    """What was chosen by the flags.

    Raises:
        DigitsError: a value is not allowed.
    """
    from digits.datasets import full_name
    from digits.training import Settings

    return Settings(
        backend,
        options.chosen(recipes, "baseline", flags),
        seed=flags["seed"],
        device=flags["device"],
        precision=flags["precision"],
        data_dir=flags["data_dir"],
        output_dir=flags["output_dir"],
        resume=flags["resume"],
        dataset=full_name(flags["dataset"]),
        tensorboard=flags["metrics"] == "tensorboard",
        summary=flags["summary"],
        export=flags.get("export", False),
        address=flags.get("address"),
    )


@options.command("train", "train a CNN, evaluate it and save its predictions", "digits train pytorch --epochs 5")
@click.argument("backend", type=click.Choice(list(BACKENDS)))
@training_options(RECIPES, seed=0)
@options.address("Train the networks of an ensemble", panel=MACHINE)
def command(backend: str, **flags: Any) -> None:
    from digits.commands import finder, steps

    chosen = settings(backend, flags)
    (finder if chosen.recipe.finds else steps).run(chosen)
