"""Train a recipe with several seeds, and print the mean test accuracy with the 95 % interval of that mean.

Each seed is a run in a process of its own. `--validation` asks, instead of the test images, a tenth of the training
images that are kept back: choices between recipes are made on these.
"""

import argparse
from pathlib import Path
from statistics import mean, median, stdev

from our_runs import train
from scipy.stats import t

from digits.datasets import download_dataset
from digits.runs import BACKENDS


def result(backend: str, recipe: str, seed: int, validation: bool, others: list[str]) -> tuple[float, float]:
    """Accuracy and seconds of one run."""
    kept_back = ["--validation", "0.1"] if validation else []
    record = train(backend, "--recipe", recipe, "--seed", str(seed), *kept_back, *others)
    accuracy = record["epochs"][-1]["validation_accuracy"] if validation else record["test_accuracy"]
    return accuracy, record["train_seconds"] + record["evaluate_seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Further flags are those of `digits train`, say --dataset fashion-mnist."
    )
    parser.add_argument("backend", choices=BACKENDS)
    parser.add_argument("recipe")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="0 to N - 1 (default: %(default)s)")
    parser.add_argument("--validation", action="store_true", help="look at validation images instead of test images")
    flags, others = parser.parse_known_args()
    if "--dataset" not in others:
        download_dataset(Path("mnist_data"))
    results = []
    for seed in range(flags.seeds):
        results.append(result(flags.backend, flags.recipe, seed, flags.validation, others))
        print(f"  seed {seed}: {results[-1][0]:.2%} in {results[-1][1]:.1f} s", flush=True)
    accuracies, seconds = zip(*results, strict=True)
    count = len(accuracies)
    margin = t.ppf(0.975, count - 1) * stdev(accuracies) / count**0.5 if count > 1 else float("nan")
    what = f"{flags.recipe} {flags.backend}: mean {'validation' if flags.validation else 'test'} accuracy"
    print(
        f"{what} {mean(accuracies):.3%} ± {margin:.3%} over {count} seeds "
        f"(lowest {min(accuracies):.2%}, highest {max(accuracies):.2%}); median {median(seconds):.1f} s a seed"
    )


if __name__ == "__main__":
    main()
