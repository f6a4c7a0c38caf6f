"""What the benchmarks share: a run of ours in a process of its own."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def python(*command: str) -> str:
    """What Python says when it runs `command`; if that fails, the benchmark ends with its message."""
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def train(backend: str, *flags: str) -> dict[str, Any]:
    """The record of a `digits train` with these flags; nothing else of the run is kept."""
    with tempfile.TemporaryDirectory() as folder:
        python("-m", "digits", "train", backend, "--output-dir", folder, *flags)
        return json.loads((Path(folder) / f"{backend}_run.json").read_text())
