"""`digits tune`: the flags of a search for a better recipe."""

from typing import Any

from digits.backends import BACKENDS
from digits.commands import click, options
from digits.recipes import RECIPES


@options.command(
    "tune",
    "search for a better recipe, on this machine or on a cluster",
    "digits tune pytorch --trials 20 --space 'learning_rate=1e-4..1e-1:log dropout=0..0.5'",
)
@click.argument("backend", type=click.Choice(list(BACKENDS)))
@click.option(
    "--recipe",
    default="baseline",
    show_default=True,
    metavar="NAME",
    help=f"Where to start: {', '.join(RECIPES)}, or a JSON file such as tuned.json.",
)
@click.option(
    "--space",
    metavar="FIELDS",
    help='What to try, say "learning_rate=1e-4..1e-1:log filters.0=8..32 dropout=0..0.5". [default: what suits the '
    "recipe]",
)
@click.option("--trials", type=int, default=40, show_default=True, metavar="N", help="How many to try.")
@click.option("--minutes", type=float, metavar="X", help="After which no trial is begun. [default: no limit]")
@click.option("--seeds", type=int, default=5, show_default=True, metavar="N", help="Of the comparison at the end.")
@options.seed()
@click.option("--resume", is_flag=True, help="Go on with a search that was interrupted, or with more.")
@options.address("Try recipes")
@options.dataset()
@options.data_dir()
@options.output_dir()
def command(backend: str, recipe: str, space: str | None, dataset: str, **chosen: Any) -> None:
    from digits.datasets import full_name
    from digits.tuning import Search, default_space, parse_space, tune

    start = options.named(recipe)
    tried = default_space(start) if space is None else parse_space(space)
    tune(Search(backend, start, tried, dataset=full_name(dataset), origin=recipe, **chosen))
