"""Train a recipe with several seeds, and print the mean test accuracy with the 95% interval of that mean.

Each seed is a run in a process of its own; with `--address` they are side by side on a Ray cluster, each on all cores
of a node. `--validation` asks, instead of the test images, a tenth of the training
images that are kept back: choices between recipes are made on these. The interval is Student's; one or two seeds say
too little of how seeds differ, and there it is Wilson's, of an accuracy on so many images.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import mean, median, stdev

from our_runs import train
from scipy.stats import binomtest, t

from digits.backends import BACKENDS
from digits.cli import _add_train_flags, _settings
from digits.datasets import Dataset, download_dataset, full_name, load_dataset
from digits.files import DATA_DIR
from digits.jobs import Cluster, side_by_side
from digits.training.elsewhere import Reached, whole_run

VALIDATION = 0.1


def margin(accuracies: Sequence[float], images: int) -> float:
    """Half the width of the 95% interval of the mean of accuracies on so many images."""
    if len(accuracies) > 2:
        return t.ppf(0.975, len(accuracies) - 1) * stdev(accuracies) / len(accuracies) ** 0.5
    interval = binomtest(round(mean(accuracies) * images), images).proportion_ci(method="wilson")
    return (interval.high - interval.low) / 2


def one_after_another(backend: str, seeds: int, *flags: str) -> Iterator[tuple[int, Reached]]:
    """What `digits train` with these flags reaches with so many seeds, each in a process of its own."""
    seed = 0
    for _ in range(seeds):
        record = train(backend, "--seed", str(seed), *flags)
        seconds = record["train_seconds"] + record["evaluate_seconds"]
        yield seed, Reached(record["test_accuracy"], record.get("validation_accuracy"), seconds)
        seed += record["recipe"]["ensemble"]  # each of its networks took one


def side_by_side_on(
    address: str, dataset: Dataset, backend: str, seeds: int, *flags: str
) -> Iterator[tuple[int, Reached]]:
    """The same on a cluster, as they come."""
    parser = argparse.ArgumentParser()
    _add_train_flags(parser)
    settings = _settings(backend, parser.parse_args([backend, *flags]))
    jobs = [replace(settings, seed=number * settings.recipe.ensemble) for number in range(seeds)]
    with Cluster(address, None, backend, dataset) as engine:
        for step in side_by_side(engine, whole_run, jobs):
            if step.reason:
                raise SystemExit(f"seed {step.job.seed} failed: {step.reason}")
            if not step.ended:
                yield step.job.seed, step.value


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Further flags are those of `digits train`, say --epochs 10."
    )
    parser.add_argument("backend", choices=BACKENDS)
    parser.add_argument("recipe")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="how many, from 0 on (default: %(default)s)")
    parser.add_argument("--validation", action="store_true", help="look at validation images instead of test images")
    parser.add_argument("--dataset", default="mnist", help="as `digits train` takes it (default: %(default)s)")
    parser.add_argument("--address", metavar="HOST:PORT", help="of a Ray cluster that this machine is a node of")
    flags, others = parser.parse_known_args()
    if flags.dataset == "mnist":
        download_dataset(DATA_DIR)
    dataset = load_dataset(full_name(flags.dataset), DATA_DIR)
    images = round(VALIDATION * len(dataset.train)) if flags.validation else len(dataset.test)
    others += ["--recipe", flags.recipe, "--dataset", flags.dataset]
    if flags.validation:
        others += ["--validation", str(VALIDATION)]
    arguments = (flags.backend, flags.seeds, *others)
    runs = side_by_side_on(flags.address, dataset, *arguments) if flags.address else one_after_another(*arguments)
    accuracies, seconds = [], []
    for seed, reached in runs:
        accuracies.append(reached.validation_accuracy if flags.validation else reached.test_accuracy)
        seconds.append(reached.seconds)
        print(f"  seed {seed}: {accuracies[-1]:.2%} in {seconds[-1]:.1f} s", flush=True)
    what = f"{flags.recipe} {flags.backend}: mean {'validation' if flags.validation else 'test'} accuracy"
    print(
        f"{what} {mean(accuracies):.3%} ± {margin(accuracies, images):.3%} over {flags.seeds} seeds "
        f"(lowest {min(accuracies):.2%}, highest {max(accuracies):.2%}); median {median(seconds):.1f} s a seed"
    )


if __name__ == "__main__":
    main()
