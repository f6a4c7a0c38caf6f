"""Train and evaluate side by side with what users would write otherwise, and print how many times as fast we are.

The loops that every tutorial writes are those of `lessons/`.

Ours and the peer run in turn, each in a process of its own on the same cores, with another seed each time; both clocks
start with the images in memory and stop with the test set evaluated. Imports and reading files do not count.
"""

import argparse
import json
from pathlib import Path
from statistics import mean, median

from our_runs import python, train

from digits.datasets import download_dataset

ROOT = Path(__file__).parents[1]
# What is timed, and what it is measured against: a peer's script, or another of ours.
CASES = {
    ("baseline", "pytorch"): "lessons/plain_pytorch.py",
    ("baseline", "tensorflow"): "lessons/plain_tensorflow.py",
    ("fast", "pytorch"): "benchmarks/peers/published_fast.py",
    ("fast", "tensorflow"): ("fast", "pytorch"),
}


def ours(recipe: str, backend: str, data_dir: Path, seed: int) -> tuple[float, float]:
    """Seconds and test accuracy of one of our runs."""
    record = train(backend, "--recipe", recipe, "--seed", str(seed), "--data-dir", str(data_dir))
    return record["train_seconds"] + record["evaluate_seconds"], record["test_accuracy"]


def theirs(script: Path, data_dir: Path, seed: int) -> tuple[float, float]:
    """Seconds and test accuracy of one run of a peer."""
    said = python(str(script), str(data_dir / "MNIST" / "raw"), str(seed))
    result = json.loads(said.splitlines()[-1])
    return result["seconds"], result["accuracy"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", choices=["baseline", "fast"], default=["baseline", "fast"])
    parser.add_argument("--backends", nargs="+", choices=["pytorch", "tensorflow"], default=["pytorch", "tensorflow"])
    parser.add_argument("--runs", type=int, default=5, help="of each (default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, default=Path("mnist_data"))
    flags = parser.parse_args()
    download_dataset(flags.data_dir)
    for (recipe, backend), other in CASES.items():
        if recipe not in flags.recipes or backend not in flags.backends:
            continue
        pairs = []
        for seed in range(flags.runs):
            if isinstance(other, str):
                name, against = other, theirs(ROOT / other, flags.data_dir, seed)
            else:
                name, against = " ".join(other), ours(*other, flags.data_dir, seed)
            pairs.append((against, ours(recipe, backend, flags.data_dir, seed)))
            (their_seconds, _), (our_seconds, _) = pairs[-1]
            print(f"  {name} {their_seconds:.2f} s, {recipe} {backend} {our_seconds:.2f} s", flush=True)
        ratios = [their_seconds / our_seconds for (their_seconds, _), (our_seconds, _) in pairs]
        seconds = [median(pair[side][0] for pair in pairs) for side in (0, 1)]
        accuracies = [mean(pair[side][1] for pair in pairs) for side in (0, 1)]
        print(
            f"{recipe} {backend}: {median(ratios):.2f} times as fast as {name} (median of {len(ratios)} pairs, from "
            f"{min(ratios):.2f} to {max(ratios):.2f}); median {seconds[1]:.2f} s against {seconds[0]:.2f} s; "
            f"mean accuracy {accuracies[1]:.3%} against {accuracies[0]:.3%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
