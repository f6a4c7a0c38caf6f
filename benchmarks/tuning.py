"""How good the search is, against as many random trials, and how many trials a minute it does side by side.

Each repeat searches twice with a seed of its own: with Optuna's TPE, as `digits tune` does, and with random values from
the same space. Both begin with the recipe itself, and the trials are judged on the same held-out images. What counts is
the validation loss of the better recipe. `--workers 1 2` times the same random trials with so many at a time instead.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from digits.backends import BACKENDS
from digits.datasets import full_name
from digits.hardware import CORES
from digits.recipes import RECIPES
from digits.tuning import Search, default_space, opened, parse_space


def search(one: Search, sampler: str) -> tuple[float, float]:
    """The lowest validation loss of a search with one of Optuna's samplers, and how many seconds its trials took."""
    with tempfile.TemporaryDirectory() as folder, opened(replace(one, output_dir=Path(folder)), sampler) as tuning:
        began = time.perf_counter()
        for _ in tuning.trials():
            pass
        return tuning.study.best_value, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend", choices=BACKENDS)
    parser.add_argument("--recipe", choices=RECIPES, default="fast", help="(default: %(default)s)")
    parser.add_argument("--space", help="as `digits tune` takes it")
    parser.add_argument("--trials", type=int, default=40, metavar="N", help="of a search (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--dataset", default="mnist", help="as `digits tune` takes it (default: %(default)s)")
    parser.add_argument("--workers", type=int, nargs="+", metavar="N", help="time so many trials at a time instead")
    flags = parser.parse_args()
    recipe = RECIPES[flags.recipe]
    space = parse_space(flags.space) if flags.space else default_space(recipe)
    dataset = full_name(flags.dataset)
    searches = [
        Search(flags.backend, recipe, space, flags.trials, seed=seed, dataset=dataset) for seed in range(flags.repeats)
    ]
    for workers in flags.workers or []:
        os.environ[CORES] = str(workers)  # each has one
        took = [search(one, "RandomSampler")[1] for one in searches]
        print(f"{workers} at a time: {60 * flags.trials / median(took):.1f} trials a minute (median)", flush=True)
    if flags.workers:
        return
    found: dict[str, list[float]] = {"TPE": [], "random": []}
    for one in searches:
        for name, sampler in (("TPE", "TPESampler"), ("random", "RandomSampler")):
            loss, seconds = search(one, sampler)
            found[name].append(loss)
            print(f"  seed {one.seed}, {name}: validation loss {loss:.4f} in {seconds:.0f} s", flush=True)
    for name, losses in found.items():
        print(f"{name}: median {median(losses):.4f} of the best of {flags.trials} trials, {flags.repeats} repeats")


if __name__ == "__main__":
    main()
