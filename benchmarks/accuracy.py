"""Train a recipe with several seeds, and print the mean test accuracy with the 95% interval of that mean.

Each seed is a run in a process of its own. `--validation` asks, instead of the test images, a tenth of the training
images that are kept back: choices between recipes are made on these. The interval is Student's; one or two seeds say
too little of how seeds differ, and there it is Wilson's, of an accuracy on so many images.
"""

import argparse
from collections.abc import Iterator, Sequence
from statistics import mean, median, stdev
from typing import Any

from our_runs import train
from scipy.stats import binomtest, t

from digits.backends import BACKENDS
from digits.datasets import download_dataset, full_name, load_dataset
from digits.files import DATA_DIR

VALIDATION = 0.1


def margin(accuracies: Sequence[float], images: int) -> float:
    """Half the width of the 95% interval of the mean of accuracies on so many images."""
    if len(accuracies) > 2:
        return t.ppf(0.975, len(accuracies) - 1) * stdev(accuracies) / len(accuracies) ** 0.5
    interval = binomtest(round(mean(accuracies) * images), images).proportion_ci(method="wilson")
    return (interval.high - interval.low) / 2


def records(backend: str, seeds: int, *flags: str) -> Iterator[dict[str, Any]]:
    """The records of `digits train` with these flags and so many seeds."""
    seed = 0
    for _ in range(seeds):
        record = train(backend, "--seed", str(seed), *flags)
        yield record
        seed += record["recipe"]["ensemble"]  # each of its networks took one


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Further flags are those of `digits train`, say --epochs 10."
    )
    parser.add_argument("backend", choices=BACKENDS)
    parser.add_argument("recipe")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="how many, from 0 on (default: %(default)s)")
    parser.add_argument("--validation", action="store_true", help="look at validation images instead of test images")
    parser.add_argument("--dataset", default="mnist", help="as `digits train` takes it (default: %(default)s)")
    flags, others = parser.parse_known_args()
    if flags.dataset == "mnist":
        download_dataset(DATA_DIR)
    dataset = load_dataset(full_name(flags.dataset), DATA_DIR)
    images = round(VALIDATION * len(dataset.train)) if flags.validation else len(dataset.test)
    others += ["--recipe", flags.recipe, "--dataset", flags.dataset]
    if flags.validation:
        others += ["--validation", str(VALIDATION)]
    accuracies, seconds = [], []
    for record in records(flags.backend, flags.seeds, *others):
        accuracies.append(record["validation_accuracy" if flags.validation else "test_accuracy"])
        seconds.append(record["train_seconds"] + record["evaluate_seconds"])
        print(f"  seed {record['seed']}: {accuracies[-1]:.2%} in {seconds[-1]:.1f} s", flush=True)
    what = f"{flags.recipe} {flags.backend}: mean {'validation' if flags.validation else 'test'} accuracy"
    print(
        f"{what} {mean(accuracies):.3%} ± {margin(accuracies, images):.3%} over {flags.seeds} seeds "
        f"(lowest {min(accuracies):.2%}, highest {max(accuracies):.2%}); median {median(seconds):.1f} s a seed"
    )


if __name__ == "__main__":
    main()
