"""What the benchmarks share: a run of ours in a process of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def python(*command: str, environment: Mapping[str, str] | None = None) -> str:
    """What Python says when it runs `command`; if that fails, the benchmark ends with its message.

    `environment` takes the place of this process's own.
    """
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def train(backend: str, *flags: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The record of a `digits train` with these flags; nothing else of the run is kept."""
    with tempfile.TemporaryDirectory() as folder:
        python("-m", "digits", "train", backend, "--output-dir", folder, *flags, environment=environment)
        return json.loads((Path(folder) / f"{backend}_run.json").read_text())
