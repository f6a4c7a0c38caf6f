"""Train and evaluate side by side with what users would write otherwise, and print how many times as fast we are.

The loops that every tutorial writes are those of `lessons/`.

Ours and the peer run in turn, each in a process of its own on the same cores, with another seed each time; both clocks
start with the images in memory and stop with the test set evaluated. The time from the shell, imports and files and
all, stands beside. A pair of each case comes before the second pair of any, so that Ctrl-C leaves something of each;
what was measured is kept in outputs/benchmarks, from where `benchmarks/publish.py` takes it.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

from our_runs import python, train
from processor import STAND_INS, add_isa_flag, environment, introduce, obstacle, processor, products
from results import Spread, is_cut_short, keep, published

from digits.datasets import download_dataset
from digits.evaluation.measured import COSTS
from digits.files import DATA_DIR
from digits.recipes import RECIPES

ROOT = Path(__file__).parents[1]
NAME = "training_speed"
TRAINING_IMAGES = 60_000  # of MNIST

Case = tuple[str, str]  # a recipe and a backend


class Peer(NamedTuple):
    """What is measured against: its name in sentences, and a script, or else another case of ours."""

    title: str
    runs: str | Case


CASES: dict[Case, Peer] = {
    ("baseline", "pytorch"): Peer("`DataLoader` of PIL images", "lessons/plain_pytorch.py"),
    ("baseline", "tensorflow"): Peer("`model.fit`", "lessons/plain_tensorflow.py"),
    ("fast", "pytorch"): Peer(
        "the fastest published recipe for 99% in one epoch", "benchmarks/peers/published_fast.py"
    ),
    ("fast", "tensorflow"): Peer("PyTorch, `fast`", ("fast", "pytorch")),
}


@dataclass(frozen=True)
class Run:
    """One run of ours or of a peer.

    Attributes:
        seconds: of training and evaluation, with the images in memory.
        shell: of the whole process.
        accuracy: on the test set.
        training: seconds of training alone; 0 of a peer, which does not say.
        precision: that ours trained in.
    """

    seconds: float
    shell: float
    accuracy: float
    training: float = 0.0
    precision: str = ""


class Pair(NamedTuple):
    ours: Run
    theirs: Run


@dataclass(frozen=True)
class Summary:
    """Of the pairs of a case. Pairs of figures are ours and the peer's; None was not measured.

    Attributes:
        pairs: how many there are.
        times: as fast as the peer.
        accuracy: means.
        seconds: medians, with the images in memory.
        shell: medians, of the whole processes.
        precision: that ours trained in.
        share: of the speed of a large product in that precision, which our training reached in the median.
    """

    pairs: int
    times: Spread
    accuracy: tuple[float, float]
    seconds: tuple[float, float] | None = None
    shell: tuple[float, float] | None = None
    precision: str = ""
    share: float | None = None

    @classmethod
    def read(cls, values: dict[str, Any]) -> "Summary":
        """What JSON made of one."""
        return cls(**{**values, "times": Spread(*values["times"])})

    def say(self, case: Case, where: str) -> str:
        """A sentence for the console."""
        parts = [f"{self.times} times as fast as {CASES[case].title} (median and range; pairs: {self.pairs})"]
        if self.seconds:
            parts.append("median {:.2f} s against {:.2f} s".format(*self.seconds))
        if self.shell:
            parts.append("from the shell {:.2f} s against {:.2f} s".format(*self.shell))
        if self.share:
            parts.append(f"{self.share:.0%} of the speed of a large product in {self.precision}")
        parts.append("mean accuracy {:.3%} against {:.3%}".format(*self.accuracy))
        return f"{' '.join(case)}, {where}: {'; '.join(parts)}"


@dataclass
class Measurement:
    """What was measured of one kind of processor so far.

    Attributes:
        isa: which kind.
        speeds: of a large product before each round, in GFLOP/s by precision; a shared machine is not always as fast.
        pairs: of each case, one in each round.
    """

    isa: str
    speeds: list[Mapping[str, float]]
    pairs: dict[Case, list[Pair]] = field(default_factory=dict)

    def summaries(self) -> dict[Case, Summary]:
        return {case: summary(case[0], pairs, self.speeds) for case, pairs in self.pairs.items()}

    def keep(self) -> None:
        """Write all of it, as JSON."""
        figures = {
            "products": {
                precision: median(speeds[precision] for speeds in self.speeds) for precision in self.speeds[0]
            },
            "cases": {" ".join(case): asdict(one) for case, one in self.summaries().items()},
            "pairs": {
                " ".join(case): [{"ours": asdict(pair.ours), "theirs": asdict(pair.theirs)} for pair in pairs]
                for case, pairs in self.pairs.items()
            },
        }
        keep(NAME, self.isa, processor(self.isa), figures)


def gflop(recipe: str) -> float:
    """What a training computes, in billions of operations: a forward pass and, at twice its cost, a backward pass."""
    forward = 2 * COSTS[recipe].multiply_adds * TRAINING_IMAGES * RECIPES[recipe].epochs
    return 3 * forward / 1e9


def both(of: Callable[[list[float]], float], pairs: list[Pair], name: str) -> tuple[float, float]:
    """The mean or the median of a field of our runs, and of the peer's."""
    return of([getattr(pair.ours, name) for pair in pairs]), of([getattr(pair.theirs, name) for pair in pairs])


def summary(recipe: str, pairs: list[Pair], speeds: list[Mapping[str, float]]) -> Summary:
    """Of at least one pair, each with the speeds of a large product before it."""
    precision = pairs[0].ours.precision
    reached = [gflop(recipe) / pair.ours.training for pair in pairs]  # in GFLOP/s, as the speeds
    return Summary(
        len(pairs),
        Spread.of(pair.theirs.seconds / pair.ours.seconds for pair in pairs),
        accuracy=both(mean, pairs, "accuracy"),
        seconds=both(median, pairs, "seconds"),
        shell=both(median, pairs, "shell"),
        precision=precision,
        share=median(one / speed[precision] for one, speed in zip(reached, speeds, strict=False)),
    )


def ours(case: Case, isa: str, data_dir: Path, seed: int) -> Run:
    recipe, backend = case
    start = time.perf_counter()
    flags = ("--recipe", recipe, "--seed", str(seed), "--data-dir", str(data_dir))
    record = train(backend, *flags, environment=environment(isa))
    shell, training = time.perf_counter() - start, record["train_seconds"]
    return Run(training + record["evaluate_seconds"], shell, record["test_accuracy"], training, record["precision"])


def theirs(case: Case, isa: str, data_dir: Path, seed: int) -> Run:
    """A run of what the case is measured against."""
    peer = CASES[case].runs
    if not isinstance(peer, str):
        return ours(peer, isa, data_dir, seed)
    start = time.perf_counter()
    variables = environment(isa, plain_tensorflow=case[1] == "tensorflow")
    said = python(str(ROOT / peer), str(data_dir / "MNIST" / "raw"), str(seed), environment=variables)
    result = json.loads(said.splitlines()[-1])
    return Run(result["seconds"], time.perf_counter() - start, result["accuracy"])


def measure(measurements: list[Measurement], cases: list[Case], isas: list[str], count: int, data_dir: Path) -> None:
    """Fill `measurements`, and write and say what there is after each pair."""
    measurements += [Measurement(isa, [found.speeds]) for isa, found in introduce(isas)]
    for seed in range(count):
        for one in measurements:
            if seed > 0:
                one.speeds.append(products(one.isa).speeds)
            for case in cases:
                other = theirs(case, one.isa, data_dir, seed)
                pair = Pair(ours(case, one.isa, data_dir, seed), other)
                one.pairs.setdefault(case, []).append(pair)
                one.keep()
                mine, others = (f"{run.seconds:.2f} s ({run.shell:.2f} s from the shell)" for run in pair)
                said = f"{' '.join(case)} {mine}, {CASES[case].title} {others}"
                print(f"  {one.isa}, pair {seed + 1}: {said}", flush=True)


def say_published(cases: list[Case]) -> None:
    """Print what was published of processors that this one is not, nor can stand in for."""
    here = {processor(isa).level for isa in STAND_INS if not obstacle(isa)}
    for level, figures in published(NAME).items():
        if level in here:
            continue
        for case in cases:
            if found := figures["cases"].get(" ".join(case)):
                where = f"published, {figures['processor']}, {figures['date']}"
                print(Summary.read(found).say(case, where))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", choices=["baseline", "fast"], default=["baseline", "fast"])
    parser.add_argument("--backends", nargs="+", choices=["pytorch", "tensorflow"], default=["pytorch", "tensorflow"])
    parser.add_argument("--runs", type=int, default=5, help="of each (default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, default=DATA_DIR)
    add_isa_flag(parser)
    flags = parser.parse_args()
    cases = [case for case in CASES if case[0] in flags.recipes and case[1] in flags.backends]
    download_dataset(flags.data_dir)
    measurements: list[Measurement] = []
    cut_short = is_cut_short(lambda: measure(measurements, cases, flags.isa, flags.runs, flags.data_dir))
    for one in measurements:
        for case, figures in one.summaries().items():
            print(figures.say(case, one.isa))
    say_published(cases)
    sys.exit(130 if cut_short else 0)


if __name__ == "__main__":
    main()
