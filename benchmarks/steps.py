"""How long a step of training takes, alone and beside one busy process, and five networks of `deep` beside one.

Each measurement is a process of its own; those that are compared run in turn, several rounds of them. What was measured
is kept in outputs/benchmarks, from where `benchmarks/publish.py` takes it, and Ctrl-C prints what there is.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from our_runs import python, train
from processor import add_isa_flag, environment, introduce, processor
from results import Spread, is_cut_short, keep

from digits.backends import BACKENDS
from digits.datasets import download_dataset, load_dataset
from digits.files import DATA_DIR

NAME = "steps"
RECIPES = ("baseline", "fast", "deep")
NETWORKS = 5
IMAGES = 4_000  # that ensembles are trained on

# A process that computes as long as the one lives whose number it is given.
BUSY = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): sum(range(100_000))"

Case = tuple[str, str]  # a recipe and a backend


class Step(NamedTuple):
    """Milliseconds of a step, alone and beside a busy process."""

    alone: float
    beside: float


class Ensemble(NamedTuple):
    """Seconds of training and testing one network of `deep`, and all of an ensemble, without what starting takes."""

    one: float
    all: float


@dataclass(frozen=True)
class Summary:
    """Of the rounds of a measurement.

    Attributes:
        rounds: how many there are.
        medians: of both figures of a `Step` or an `Ensemble`.
        times: of a step, as long beside a busy process as alone; of an ensemble, as fast as one network after another.
    """

    rounds: int
    medians: tuple[float, float]
    times: Spread

    @classmethod
    def read(cls, values: dict[str, Any]) -> "Summary":
        """What JSON made of one."""
        return cls(values["rounds"], tuple(values["medians"]), Spread(*values["times"]))


@dataclass
class Measurement:
    """What was measured of one kind of processor so far."""

    isa: str
    steps: dict[Case, list[Step]] = field(default_factory=dict)
    ensembles: dict[str, list[Ensemble]] = field(default_factory=dict)  # by backend

    def step_summaries(self) -> dict[Case, Summary]:
        return {
            case: summary(rounds, [figures.beside / figures.alone for figures in rounds])
            for case, rounds in self.steps.items()
        }

    def ensemble_summaries(self) -> dict[str, Summary]:
        return {
            backend: summary(rounds, [NETWORKS * seconds.one / seconds.all for seconds in rounds])
            for backend, rounds in self.ensembles.items()
        }

    def keep(self) -> None:
        """Write all of it, as JSON."""
        figures = {
            "steps": {" ".join(case): asdict(one) for case, one in self.step_summaries().items()},
            "ensembles": {backend: asdict(one) for backend, one in self.ensemble_summaries().items()},
        }
        keep(NAME, self.isa, processor(self.isa), figures)


def summary(rounds: list[Step] | list[Ensemble], ratios: list[float]) -> Summary:
    """Of at least one round."""
    first, second = (median(figures) for figures in zip(*rounds, strict=True))
    return Summary(len(rounds), (first, second), Spread.of(ratios))


@contextmanager
def busy() -> Iterator[None]:
    """One process that computes without end beside what is done here. It ends with this, whatever ends this."""
    command = [sys.executable, "-c", BUSY, str(os.getpid())]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # Ctrl-C reaches it, too, and it would say so
    try:
        yield
    finally:
        child.kill()
        child.wait()


def step(case: Case, isa: str) -> Step:
    recipe, backend = case

    def milliseconds() -> float:
        script = Path(__file__).with_name("step.py")
        said = python(str(script), backend, recipe, environment=environment(isa))
        return json.loads(said.splitlines()[-1])["milliseconds"]

    alone = milliseconds()
    with busy():
        return Step(alone, milliseconds())


def ensemble(backend: str, isa: str, dataset: Path) -> Ensemble:
    """Seconds of one network and of all.

    The record of one network says how long it trained and tested; the rest of that process's time is its start, which
    the other process takes as well. Further starts that an ensemble makes, to train its networks side by side, are its
    own and count.
    """

    def run(networks: int) -> tuple[dict[str, Any], float]:
        start = time.perf_counter()
        flags = ("--recipe", "deep", "--ensemble", str(networks), "--dataset", str(dataset))
        return train(backend, *flags, environment=environment(isa)), time.perf_counter() - start

    record, shell = run(1)
    one = record["train_seconds"] + record["evaluate_seconds"]
    return Ensemble(one, run(NETWORKS)[1] - (shell - one))


def few_images(folder: Path) -> Path:
    """A file of the first images of MNIST, as users' own data."""
    mnist = load_dataset("mnist", DATA_DIR)
    path = folder / "few.npz"
    np.savez(
        path,
        x_train=mnist.train.images[:IMAGES],
        y_train=mnist.train.labels[:IMAGES],
        x_test=mnist.test.images[:1000],
        y_test=mnist.test.labels[:1000],
    )
    return path


def measure(measurements: list[Measurement], cases: list[Case], isas: list[str], rounds: int) -> None:
    """Fill `measurements`, and write and say what there is after each."""
    measurements += [Measurement(isa) for isa, _ in introduce(isas)]
    with tempfile.TemporaryDirectory() as folder:
        few = few_images(Path(folder))
        for number in range(1, rounds + 1):
            for one in measurements:
                for case in cases:
                    figures = step(case, one.isa)
                    one.steps.setdefault(case, []).append(figures)
                    one.keep()
                    said = f"{figures.alone:.2f} ms a step alone, {figures.beside:.2f} ms beside a busy process"
                    print(f"  {one.isa}, round {number}: {' '.join(case)} {said}", flush=True)
                for backend in dict.fromkeys(backend for recipe, backend in cases if recipe == "deep"):
                    seconds = ensemble(backend, one.isa, few)
                    one.ensembles.setdefault(backend, []).append(seconds)
                    one.keep()
                    said = f"{seconds.one:.1f} s, {NETWORKS} together {seconds.all:.1f} s"
                    print(f"  {one.isa}, round {number}: deep {backend}, one network {said}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPES)
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=[*BACKENDS])
    parser.add_argument("--rounds", type=int, default=3, help="(default: %(default)s)")
    add_isa_flag(parser)
    flags = parser.parse_args()
    download_dataset(DATA_DIR)
    cases = [(recipe, backend) for recipe in flags.recipes for backend in flags.backends]
    measurements: list[Measurement] = []
    cut_short = is_cut_short(lambda: measure(measurements, cases, flags.isa, flags.rounds))
    for one in measurements:
        for case, figures in one.step_summaries().items():
            print(
                f"{' '.join(case)}, {one.isa}: {figures.medians[0]:.2f} ms a step alone, {figures.medians[1]:.2f} ms "
                f"beside a busy process, {figures.times} times as long (rounds: {figures.rounds})"
            )
        for backend, figures in one.ensemble_summaries().items():
            print(
                f"deep {backend}, {one.isa}: {NETWORKS} networks take {figures.medians[1]:.1f} s where one takes "
                f"{figures.medians[0]:.1f} s: {figures.times} times as fast as one after another (rounds: "
                f"{figures.rounds})"
            )
    sys.exit(130 if cut_short else 0)


if __name__ == "__main__":
    main()
