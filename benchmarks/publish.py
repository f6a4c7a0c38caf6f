"""Take what benchmarks kept in outputs/benchmarks into `published.json`, and write the tables of docs/ from that.

docs/results.md gets a summary, docs/speed.md all figures. New figures of a level of processors replace the old ones of
that level. Where no benchmark kept any, the tables are written anew, say after `published.json` was edited by hand.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import steps
import training_speed
from processor import LEVELS, OTHER
from results import FOLDER, PUBLISHED, as_json

from digits.backends import BACKENDS
from digits.files import write_together

DOCS = Path(__file__).parents[1] / "docs"
PAGES = (DOCS / "results.md", DOCS / "speed.md")
TITLES = {**LEVELS, OTHER: "Another kind of processor"}
Figures = dict[str, Any]  # what a benchmark kept of one level


def heading(level: str, figures: Figures) -> str:
    """Which processors a table is of, and when it was measured."""
    held = "" if figures["isa"] == "native" else ", standing in for one with no more"
    said = f"**{TITLES[level]}**: {figures['processor']}{held}; {figures['date']}."
    speeds = [f"{speed:,.0f} GFLOP/s in {precision}" for precision, speed in figures.get("products", {}).items()]
    return f"{said} A large product: {', '.join(speeds)}." if speeds else said


def title(case: str) -> str:
    """ "PyTorch, `fast`", from "fast pytorch"."""
    recipe, backend = case.split()
    return f"{BACKENDS[backend].title}, `{recipe}`"


def both(form: str, figures: tuple[float, float] | None) -> str:
    """Ours and the peer's, as pages write them."""
    return " / ".join(form.format(figure) for figure in figures) if figures else "–"


def training_row(case: str, figures: Figures) -> list[str]:
    one = training_speed.Summary.read(figures)
    recipe, backend = case.split()
    return [
        title(case),
        training_speed.CASES[recipe, backend].title,
        f"**{one.times.median:.2f}** ({one.times.range})",
        str(one.pairs),
        both("{:.2f}", one.seconds),
        both("{:.1f}", one.shell),
        both("{:.2%}", one.accuracy),
        f"{100 * one.share:.0f}%, {one.precision}" if one.share else "–",
    ]


def training_tables(figures: Figures) -> list[str]:
    rows = [training_row(case, one) for case, one in figures["cases"].items()]
    headers = ("ours", "against", "times as fast (range)", "pairs", "seconds", "from the shell", "test accuracy")
    return [table((*headers, "of a large product's speed"), rows)]


def step_tables(figures: Figures) -> list[str]:
    alone = [step_row(title(case), one, "ms") for case, one in figures["steps"].items()]
    ensembles = [step_row(BACKENDS[name].title, one, "s") for name, one in figures["ensembles"].items()]
    together = f"{steps.NETWORKS} networks"
    return [
        table(("a step of", "alone", "beside a busy process", "times as long (range)"), alone),
        table(("`deep`", "one network", together, "times as fast as one after another (range)"), ensembles),
    ]


def step_row(name: str, figures: Figures, unit: str) -> list[str]:
    one = steps.Summary.read(figures)
    first, second = one.medians
    return [name, f"{first:.3g} {unit}", f"{second:.3g} {unit}", f"**{one.times.median:.2f}** ({one.times.range})"]


def table(headers: tuple[str, ...], rows: list[list[str]]) -> str:
    """In Markdown, without padding, so that a changed figure changes one line."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True)
class Benchmark:
    """A benchmark whose figures are published.

    Attributes:
        tables: makes a level's tables of its figures.
        part: of the figures, which has a whole run's `cases`.
    """

    tables: Callable[[Figures], list[str]]
    part: str
    cases: list[str]


BENCHMARKS = {
    training_speed.NAME: Benchmark(training_tables, "cases", [" ".join(case) for case in training_speed.CASES]),
    steps.NAME: Benchmark(step_tables, "steps", [f"{recipe} {name}" for recipe in steps.RECIPES for name in BACKENDS]),
}


def summary(published: dict[str, Figures]) -> str:
    """Seconds and times as fast, a column for each level of processors."""
    levels = in_order(published)
    rows = []
    for (recipe, backend), peer in training_speed.CASES.items():
        case = f"{recipe} {backend}"
        cells = [summary_cell(published[level]["cases"].get(case)) for level in levels]
        rows.append([title(case), peer.title, *cells])
    return table(("ours", "against", *(TITLES[level] for level in levels)), rows)


def summary_cell(figures: Figures | None) -> str:
    """ "9.7 s, 3.1 times", or less where less was measured."""
    if figures is None:
        return "–"
    one = training_speed.Summary.read(figures)
    return f"{one.seconds[0]:.1f} s, {one.times.median:.1f} times" if one.seconds else f"{one.times.median:.1f} times"


def in_order(published: dict[str, Figures]) -> list[str]:
    """The levels of processors that were measured, the slowest first."""
    return sorted(published, key=[*TITLES].index)


def sections(published: dict[str, dict[str, Figures]]) -> dict[str, list[str]]:
    """What stands between the marks of each name."""
    found = {"summary": [summary(published[training_speed.NAME])]}
    for name, benchmark in BENCHMARKS.items():
        found[name] = []
        for level in in_order(published[name]):
            figures = published[name][level]
            found[name] += [heading(level, figures), *benchmark.tables(figures)]
    return found


def page_with(page: str, published: dict[str, dict[str, Figures]]) -> str:
    """The page, with what was published between those marks that it has."""
    for name, parts in sections(published).items():
        before, begin, rest = page.partition(f"<!-- {name}, by benchmarks/publish.py -->\n")
        if begin:
            _, end, after = rest.partition("<!-- to here -->\n")
            page = "\n".join([before + begin, *(f"{part}\n" for part in parts), end + after])
    return page


def taken(name: str, path: Path) -> tuple[str, Figures]:
    """The level and the figures in a file that a benchmark kept; the command ends with a line if not all are there."""
    figures = json.loads(path.read_text())
    if absent := [case for case in BENCHMARKS[name].cases if case not in figures[BENCHMARKS[name].part]]:
        sys.exit(f"error: {path} has no {absent[0]}; let benchmarks/{name}.py measure all cases, or delete the file")
    figures.pop("pairs", None)
    return figures.pop("level"), figures


def main() -> None:
    published = json.loads(PUBLISHED.read_text())
    for name in BENCHMARKS:
        for path in sorted(FOLDER.glob(f"{name}_*.json")):
            level, figures = taken(name, path)
            published[name][level] = figures
            print(f"{path}: {TITLES[level]}, measured on {figures['date']}")
    write_together(PUBLISHED.parent, {PUBLISHED.name: as_json(published)})
    for page in PAGES:
        write_together(page.parent, {page.name: page_with(page.read_text(), published).encode()})


if __name__ == "__main__":
    main()
