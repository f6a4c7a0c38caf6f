"""`tuning.html`: what a search tried, what mattered, and what came of it, in one page that needs nothing else."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from digits.backends import BACKENDS
from digits.evaluation import plots
from digits.evaluation.report import render_page
from digits.tuning.space import Space
from digits.tuning.storage import FINISHED, Row, import_optuna

if TYPE_CHECKING:
    from optuna.study import Study

    from digits.tuning.search import Outcome, Search, Winner

TUNED, PAGE = "tuned.json", "tuning.html"
LEAST = 4  # finished trials of which importances are told


def page(
    search: "Search", study: "Study", rows: Sequence[Row], winner: "Winner", outcome: "Outcome", command: str
) -> str:
    """The page as HTML, with its pictures in it."""
    title = f"Tuning {search.recipe.name} in {BACKENDS[search.backend].title}"
    seeds = range(search.seed + 1, search.seed + 1 + len(outcome.tuned))
    return render_page(
        PAGE,
        _pictures(search.space, rows, study, title),
        title=title,
        backend=search.backend,
        start=search.recipe.name,
        sentence=f"{outcome.sentence[0].upper()}{outcome.sentence[1:]}",
        comparison=list(zip(seeds, outcome.tuned, outcome.start, strict=True)),
        winner=winner,
        command=command,
        space=search.space,
        rows=sorted(rows, key=lambda row: (row.state != FINISHED, row.losses[-1] if row.losses else math.inf)),
    )


def _pictures(space: Space, rows: Sequence[Row], study: "Study", title: str) -> dict[str, bytes]:
    """The pictures as PNG files, by name; not the importances where they cannot be told."""
    ran = [row for row in rows if row.losses]
    losses, finished = [row.losses[-1] for row in ran], [row.state == FINISHED for row in ran]
    columns = {one.name: plots.Column([row.values[one.name] for row in ran], one.choices, one.log) for one in space}
    figures = {
        "history": plots.search_history(
            [row.losses[-1] if row.losses else None for row in rows], [row.state == FINISHED for row in rows], title
        ),
        "slices": plots.search_slices(columns, losses, finished, title),
    }
    if shares := _importances(study, sum(finished)):
        figures["importances"] = plots.importances(shares, title)
    return {name: plots.png(figure) for name, figure in figures.items()}


def _importances(study: "Study", finished: int) -> dict[str, float]:
    """How much each dimension matters, largest first; empty where that cannot be told."""
    if finished < LEAST:
        return {}
    shares = import_optuna().importance.get_param_importances(study)
    return shares if all(map(math.isfinite, shares.values())) and sum(shares.values()) else {}
