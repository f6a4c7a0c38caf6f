"""Which share of `deep`'s training time augmentation takes: epochs with it and without it in turn."""

import argparse
from dataclasses import fields
from pathlib import Path
from statistics import median

from our_runs import train

from digits.datasets import download_dataset
from digits.recipes import Augmentation

WITHOUT = [part for field in fields(Augmentation) for part in (f"--{field.name}", "0")]


def seconds(backend: str, flags: list[str]) -> float:
    """Of training for an epoch."""
    return train(backend, "--recipe", "deep", "--ensemble", "1", "--epochs", "1", *flags)["train_seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", nargs="+", choices=["pytorch", "tensorflow"], default=["pytorch", "tensorflow"])
    parser.add_argument("--runs", type=int, default=3, help="of each (default: %(default)s)")
    flags = parser.parse_args()
    download_dataset(Path("mnist_data"))
    for backend in flags.backends:
        shares = []
        for _ in range(flags.runs):
            bent, plain = seconds(backend, []), seconds(backend, WITHOUT)
            shares.append(1 - plain / bent)
            print(f"  {backend}: {bent:.1f} s an epoch with augmentation, {plain:.1f} s without", flush=True)
        print(f"{backend}: augmentation takes {median(shares):.0%} (from {min(shares):.0%} to {max(shares):.0%})")


if __name__ == "__main__":
    main()
