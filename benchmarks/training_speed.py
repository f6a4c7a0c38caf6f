"""Train and evaluate side by side with the loops that tutorials teach, and print how many times as fast we are.

Ours and the peer run in turn, each in a process of its own on the same cores, with another seed each time; both clocks
start with the images in memory and stop with the test set evaluated. Imports and reading files do not count.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean, median

from digits.datasets import download_dataset

HERE = Path(__file__).parent
PEERS = {"pytorch": "pytorch_dataloader", "tensorflow": "keras_fit"}


def ours(backend: str, data_dir: Path, seed: int) -> tuple[float, float]:
    """Seconds and test accuracy of one of our runs."""
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--seed", str(seed), "--data-dir", str(data_dir), "--output-dir", folder]
        _run("-m", "digits", "train", backend, *flags)
        record = json.loads((Path(folder) / f"{backend}_run.json").read_text())
    return record["train_seconds"] + record["evaluate_seconds"], record["test_accuracy"]


def theirs(peers: Path, backend: str, data_dir: Path, seed: int) -> tuple[float, float]:
    """Seconds and test accuracy of one run of the peer."""
    said = _run(str(peers / f"{PEERS[backend]}.py"), str(data_dir / "MNIST" / "raw"), str(seed))
    result = json.loads(said.splitlines()[-1])
    return result["seconds"], result["accuracy"]


def _run(*command: str) -> str:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", nargs="+", choices=PEERS, default=PEERS, help="default: both")
    parser.add_argument("--runs", type=int, default=5, help="of each (default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, default=Path("mnist_data"))
    parser.add_argument("--peers", type=Path, default=HERE / "peers", help="folder of the peers' scripts")
    flags = parser.parse_args()
    download_dataset(flags.data_dir)
    for backend in flags.backends:
        pairs = []
        for seed in range(flags.runs):
            pairs.append((theirs(flags.peers, backend, flags.data_dir, seed), ours(backend, flags.data_dir, seed)))
            (their_seconds, _), (our_seconds, _) = pairs[-1]
            print(f"  {PEERS[backend]} {their_seconds:.2f} s, digits {our_seconds:.2f} s", flush=True)
        ratios = [their_seconds / our_seconds for (their_seconds, _), (our_seconds, _) in pairs]
        their_accuracy, our_accuracy = (mean(pair[side][1] for pair in pairs) for side in (0, 1))
        print(
            f"{backend}: {median(ratios):.2f} times as fast as {PEERS[backend]} "
            f"(median of {len(ratios)}, from {min(ratios):.2f} to {max(ratios):.2f}); "
            f"mean accuracy {our_accuracy:.2%}, the peer's {their_accuracy:.2%}"
        )


if __name__ == "__main__":
    main()
