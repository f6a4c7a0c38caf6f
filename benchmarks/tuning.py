"""How good the search is, against as many random trials, and how many trials a minute it does side by side.

Each repeat searches twice with a seed of its own: with Optuna's TPE, as `digits tune` does, and with random values from
the same space. Both begin with the recipe itself, and the trials are judged on the same held-out images. What counts is
the validation loss of the better recipe. `--workers 1 2` times the same random trials with so many at a time instead.
"""

import argparse
import contextlib
import io
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from digits.backends import BACKENDS
from digits.datasets import full_name
from digits.jobs import Cluster, Engine, Processes, cores_here
from digits.recipes import RECIPES
from digits.tuning import Search, default_space, parse_space
from digits.tuning.search import _load, _pruner, _sampler, best, identity, run_trials
from digits.tuning.storage import import_optuna, open_study


def search(one: Search, engine: Engine, sampler: Any) -> tuple[float, float]:
    """The lowest validation loss of a search, and how many seconds it took."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        study = open_study(Path(folder), identity(one, _load(one)), one.space, False, sampler, _pruner(one))
        began = time.perf_counter()
        run_trials(one, study, engine)
        return best(study, one).row.losses[-1], time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend", choices=BACKENDS)
    parser.add_argument("--recipe", choices=RECIPES, default="fast", help="(default: %(default)s)")
    parser.add_argument("--space", help="as `digits tune` takes it")
    parser.add_argument("--trials", type=int, default=40, metavar="N", help="of a search (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--dataset", default="mnist", help="as `digits tune` takes it (default: %(default)s)")
    parser.add_argument("--workers", type=int, nargs="+", metavar="N", help="time so many trials at a time instead")
    parser.add_argument("--engine", choices=["ray", "processes"], default="ray", help="(default: %(default)s)")
    flags = parser.parse_args()
    recipe = RECIPES[flags.recipe]
    space = parse_space(flags.space) if flags.space else default_space(recipe)
    dataset = full_name(flags.dataset)
    searches = [
        Search(flags.backend, recipe, space, flags.trials, seed=seed, dataset=dataset) for seed in range(flags.repeats)
    ]
    material, samplers = _load(searches[0]), import_optuna().samplers
    if flags.workers:
        for workers in flags.workers:
            with Processes(workers, 1, material) as engine:
                took = [search(one, engine, samplers.RandomSampler(seed=one.seed))[1] for one in searches]
            print(f"{workers} at a time: {60 * flags.trials / median(took):.1f} trials a minute (median)", flush=True)
        return
    began = time.perf_counter()
    opened = (
        Cluster(None, 1, flags.backend, material) if flags.engine == "ray" else Processes(cores_here(), 1, material)
    )
    found: dict[str, list[float]] = {"TPE": [], "random": []}
    with opened as engine:
        print(f"{flags.engine} came up in {time.perf_counter() - began:.1f} s", flush=True)
        for one in searches:
            for name, sampler in (("TPE", _sampler(one)), ("random", samplers.RandomSampler(seed=one.seed))):
                loss, seconds = search(one, engine, sampler)
                found[name].append(loss)
                print(f"  seed {one.seed}, {name}: validation loss {loss:.4f} in {seconds:.0f} s", flush=True)
    for name, losses in found.items():
        print(f"{name}: median {median(losses):.4f} of the best of {flags.trials} trials, {flags.repeats} repeats")


if __name__ == "__main__":
    main()
