"""`digits tune`: a line for each trial that ends and, on a terminal, a table of those under way."""

import sys
import time
from typing import TYPE_CHECKING, Any

from digits.backends import BACKENDS
from digits.commands import click, options
from digits.files import display
from digits.recipes import RECIPES

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial
    from rich.table import Table

    from digits.tuning import Search, Tuning
    from digits.tuning.storage import Row


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
@click.option("--trials", type=int, default=40, show_default=True, metavar="N", help="Number of recipes to try.")
@click.option("--minutes", type=float, metavar="X", help="Begin no trial after so many minutes. [default: no limit]")
@click.option(
    "--seeds", type=int, default=5, show_default=True, metavar="N", help="Seeds of the comparison at the end."
)
@options.seed()
@click.option("--resume", is_flag=True, help="Go on with a search that was interrupted, or with more.")
@options.address("Try recipes")
@options.dataset()
@options.data_dir()
@options.output_dir()
def command(backend: str, recipe: str, space: str | None, dataset: str, **chosen: Any) -> None:
    from digits.datasets import full_name
    from digits.tuning import Search, default_space, parse_space

    start = options.named(recipe)
    tried = default_space(start) if space is None else parse_space(space)
    tune(Search(backend, start, tried, dataset=full_name(dataset), **chosen))


def tune(search: "Search") -> None:
    """Search, compare, and write `tuned.json` and `tuning.html`.

    Raises:
        DigitsError: see `tuning.opened`, `Tuning.trials`, `Tuning.looks`; or no trial came to its end.
    """
    from digits.tuning import PAGE, TUNED, opened

    with opened(search) as tuning:
        print(f"Searching: {' '.join(map(str, search.space))}")
        try:
            show_trials(tuning)
            name, shown = search.recipe.name, f"{search.seeds} seeds each, of which the test images are looked at once"
            if tuning.has_won:
                print(f"Comparing with {name}: {shown}")
                for recipe, seed, accuracy in tuning.looks():
                    print(f"  {recipe.name}, seed {seed}: test accuracy {accuracy:.2%}")
        except KeyboardInterrupt:
            print(f"{len(tuning.rows)} trials are kept; --resume goes on from there", file=sys.stderr)
            raise
        print(tuning.write())
    print(f"Train it with: digits train {search.backend} --recipe {search.output_dir / TUNED}")
    print(f"Saved {display(search.output_dir)}/{TUNED} and {PAGE}")


def show_trials(tuning: "Tuning") -> None:
    """Run the trials, and print a line for each that ends."""
    from rich.console import Console
    from rich.live import Live

    known, began, console = {row.trial.number for row in tuning.rows}, time.monotonic(), Console()
    if known:
        print(f"Going on after {len(known)} trials")
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for under_way in tuning.trials():
            rows = tuning.rows
            for row in rows:
                if row.trial.number not in known:
                    known.add(row.trial.number)
                    print(_line(row, tuning))
            if console.is_terminal:
                live.update(_table(under_way, rows, tuning, (time.monotonic() - began) / 60), refresh=True)


def _line(row: "Row", tuning: "Tuning") -> str:
    """What to say of a trial that has ended."""
    from digits.tuning.storage import FINISHED, STOPPED

    one, says = row.trial, f"failed: {row.reason}"
    if row.how == FINISHED:
        says = f"loss {row.loss:.4f}, accuracy {one.user_attrs['accuracy']:.2%}"
    elif row.how == STOPPED:
        says = f"stopped early, loss {row.loss:.4f} after epoch {len(one.intermediate_values)}"
    seconds = one.duration.total_seconds() if one.duration else 0
    best = ", best so far" if row.how == FINISHED and tuning.study.best_trial.number == one.number else ""
    return f"Trial {one.number}: {says}, {seconds:.1f} s{best}; {_values(one, tuning)}"


def _values(one: "FrozenTrial", tuning: "Tuning") -> str:
    drawn = (dimension for dimension in tuning.search.space if dimension.name in one.params)
    return " ".join(f"{dimension.name}={dimension.rounded(one.params[dimension.name])}" for dimension in drawn)


def _table(under_way: "list[FrozenTrial]", rows: "list[Row]", tuning: "Tuning", minutes: float) -> "Table":
    """What a terminal shows until the next look."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from digits.tuning.storage import FAILED, FINISHED, STOPPED

    search, hows = tuning.search, [row.how for row in rows]
    counts = ", ".join(f"{hows.count(how)} {how}" for how in (FINISHED, STOPPED, FAILED))
    title = f"{len(rows)} of {search.trials} trials: {counts}; {minutes:.1f}"
    title += f" of {search.minutes:g} minutes" if search.minutes else " minutes"
    if FINISHED in hows:
        best = tuning.study.best_trial
        title += f"\nbest so far: trial {best.number}, loss {best.value:.4f}, {best.user_attrs['accuracy']:.2%}"
    table = Table("trial", "where", "epochs", "loss", "values", title=title, title_justify="left", box=box.SIMPLE)
    for one in under_way:
        losses, where = one.intermediate_values, one.user_attrs.get("where", "")
        last = f"{losses[max(losses)]:.4f}" if losses else ""
        table.add_row(str(one.number), where, str(len(losses)), last, Text(_values(one, tuning)))
    return table
