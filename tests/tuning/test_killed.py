"""Whole searches, as users run them: killed, interrupted, and on two nodes of a Ray cluster."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from digits.recipes.stored import load_recipe
from tests.conftest import ROOT, heed_ctrl_c, run
from tests.test_processes import wait_for
from tests.training.test_checkpoints import weights_in

pytestmark = pytest.mark.slow

TIMEOUT = 900  # seconds; nothing here takes a tenth of it, but where all cores are busy
TRIAL = re.compile(r"^Trial (\d+): ", re.MULTILINE)


def command(backend: str, small: Path, folder: Path, *flags: object) -> list[str]:
    fixed = ("--recipe", "baseline", "--seeds", 3, "--dataset", small, "--output-dir", folder)
    space = "learning_rate=1e-4..1e-1:log dropout=0..0.5"
    return [*map(str, ("-m", "digits", "tune", backend, "--space", space, *fixed, *flags))]


def start(arguments: list[str], cwd: Path = ROOT, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )


def read_until(process: subprocess.Popen[str], number: int) -> list[str]:
    """Lines until so many trials have ended."""
    lines: list[str] = []
    while sum(line.startswith("Trial") for line in lines) < number:
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    return lines


def started_with(marker: str, title: bytes = b"") -> list[int]:
    """The processes that were started with the variable MARKER of this value, and have `title` in their command."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = f"MARKER={marker}\0".encode() in (path / "environ").read_bytes()
            if is_ours and title in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


@pytest.mark.parametrize("backend", ["pytorch", "tensorflow"])
def test_a_search_that_is_killed_goes_on_and_ends_in_a_recipe_for_both_frameworks(backend, small, tmp_path):
    folder = tmp_path / "out"
    process = start(command(backend, small, folder, "--trials", 6), MARKER=str(folder))
    before = read_until(process, 3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not started_with(str(folder)))

    done = run(*command(backend, small, folder, "--trials", 6, "--resume"), timeout=TIMEOUT)
    assert (done.returncode, done.stderr) == (0, "")
    kept = int(re.search(r"^Going on after (\d+) trials$", done.stdout, re.MULTILINE)[1])
    assert kept >= 3 and kept + len(TRIAL.findall(done.stdout)) == 6
    again = set(TRIAL.findall("".join(before))) & set(TRIAL.findall(done.stdout))
    assert not again  # none of those that had ended

    record = json.loads((folder / "tuned.json").read_text())
    assert sum(record["trials"].values()) == 6
    page = (folder / "tuning.html").read_text()
    assert record["sentence"] in page and "http" not in page.replace("http-equiv", "")
    load_recipe(folder / "tuned.json")
    for one in ("pytorch", "tensorflow"):
        trained = run(
            *("-m", "digits", "train", one, "--recipe", folder / "tuned.json", "--dataset", small),
            *("--output-dir", folder),
        )
        assert "Test Accuracy: " in trained.stdout, trained.stderr


def test_ctrl_c_leaves_no_process(small, tmp_path):
    process = start(command("pytorch", small, tmp_path, "--trials", 50), MARKER=str(tmp_path))
    read_until(process, 2)
    assert len(started_with(str(tmp_path))) > 1
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert re.search(r"^\d+ trials are kept; --resume goes on from there$", errors, re.MULTILINE)
    assert "Traceback" not in errors
    wait_for(lambda: not started_with(str(tmp_path)))


def test_a_worker_that_is_killed_ends_the_search_in_one_line_and_it_goes_on(small, tmp_path):
    process = start(command("pytorch", small, tmp_path, "--trials", 8), MARKER=str(tmp_path))
    before = "".join(read_until(process, 2))
    os.kill(started_with(str(tmp_path), b"spawn_main")[0], signal.SIGKILL)
    output, errors = process.communicate(timeout=TIMEOUT)
    says = r"error: a process was killed, as where memory runs out\. \d+ trials are kept; go on with --resume\n"
    assert process.returncode == 1 and re.fullmatch(says, errors), errors
    wait_for(lambda: not started_with(str(tmp_path)))
    done = run(*command("pytorch", small, tmp_path, "--trials", 8, "--resume"), timeout=TIMEOUT)
    assert (done.returncode, done.stderr) == (0, "")
    numbers = Counter(map(int, TRIAL.findall(before + output + done.stdout)))
    assert len(numbers) == 8 and set(numbers.values()) == {1}
    assert sum(json.loads((tmp_path / "tuned.json").read_text())["trials"].values()) == 8


# Two nodes

NODES = """
import os, sys
from ray.cluster_utils import Cluster
options = {"num_cpus": 1, "object_store_memory": 150 << 20}
cluster = Cluster(initialize_head=True, head_node_args={**options, "include_dashboard": False})
second = cluster.add_node(**options, env_vars=dict(word.split("=", 1) for word in sys.argv[1:]))
print(cluster.address, flush=True)
for line in sys.stdin:
    if line.strip() == "kill":
        cluster.remove_node(second, allow_graceful=False)
        print("killed", flush=True)
    else:
        break
cluster.shutdown()
"""


class Nodes:
    """A head and a second node, of one core each, in a process of their own."""

    def __init__(self, *variables: str):
        self.marker = str(uuid.uuid4())
        self.process, self.address = self._started(variables)

    def _started(self, variables: tuple[str, ...]) -> tuple[subprocess.Popen[str], str]:
        for _ in range(3):  # on a machine that has no time for it, Ray gives up
            process = subprocess.Popen(
                [sys.executable, "-c", NODES, *variables],
                env={**os.environ, "MARKER": self.marker, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for line in process.stdout:
                if re.fullmatch(r"[\d.]+:\d+", line.strip()):
                    return process, line.strip()
            process.communicate()
        raise AssertionError("Ray's nodes do not start")

    def kill_second(self) -> None:
        self.process.stdin.write("kill\n")
        self.process.stdin.flush()

    def close(self) -> None:
        self.process.communicate("end\n", timeout=TIMEOUT)


@pytest.fixture
def nodes():
    nodes = Nodes()
    yield nodes
    nodes.close()


def test_two_nodes_of_which_one_is_killed_end_all_trials_and_none_twice(nodes, small, tmp_path):
    process = start(command("pytorch", small, tmp_path, "--trials", 14, "--address", nodes.address))
    before = read_until(process, 3)
    nodes.kill_second()
    output, errors = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, errors) == (0, "")
    numbers = Counter(map(int, TRIAL.findall("".join(before) + output)))
    assert len(numbers) == 14 and set(numbers.values()) == {1}
    assert sum(json.loads((tmp_path / "tuned.json").read_text())["trials"].values()) == 14
    assert "failed" not in output  # what was on the lost node runs again
    tried = re.findall(r"; (learning_rate=.*)$", "".join(before) + output, re.MULTILINE)
    assert len(set(tried)) == 14


def test_ctrl_c_leaves_nothing_on_the_nodes(nodes, small, tmp_path):
    process = start(command("pytorch", small, tmp_path, "--trials", 50, "--address", nodes.address))
    read_until(process, 2)
    assert started_with(nodes.marker, b"ray::call")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130 and "Traceback" not in errors
    wait_for(lambda: not started_with(nodes.marker, b"ray::call"))


def test_an_ensemble_on_a_cluster_has_the_bits_of_one_here(nodes, small, tmp_path):
    flags = ("-m", "digits", "train", "pytorch", "--ensemble", 2, "--epochs", 2, "--dataset", small)
    here = run(*flags, "--output-dir", tmp_path / "here", DIGITS_CORES="1")
    there = run(*flags, "--output-dir", tmp_path / "there", "--address", nodes.address, DIGITS_CORES="1")
    assert (here.returncode, there.returncode, there.stderr) == (0, 0, "")
    assert "Training 2 networks, on the cluster...\n" in there.stdout
    assert len(re.findall(r"^Network [12], seed [01]: Epoch [12]/2", there.stdout, re.MULTILINE)) == 4
    ours, theirs = (weights_in(tmp_path / place / "pytorch_model.safetensors") for place in ("here", "there"))
    assert ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_a_node_with_another_version_is_one_line(small, tmp_path):
    other = tmp_path / "site"
    for name in (
        "digits/__init__.py",
        "digits/hardware.py",
        "digits/training/__init__.py",
        "digits/training/cluster.py",
    ):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text("def tune_process(cores): 0\ndef inventory(backend): return {'Python': '2.7.18'}")
    nodes = Nodes(f"PYTHONPATH={other}")
    flags = ("--trials", 6, "--address", nodes.address)
    try:
        # Ray's workers look for packages in the folder that the command runs in first, so that is another one.
        process = start(command("pytorch", small, tmp_path / "out", *flags), tmp_path, PYTHONPATH=str(ROOT))
        _, errors = process.communicate(timeout=TIMEOUT)
    finally:
        nodes.close()
    says = r"error: node [\d.]+ cannot be used: Python is 2\.7\.18 there, unlike here\. \d trials are kept; go on .*\n"
    assert process.returncode == 1 and re.fullmatch(says, errors), errors


def test_an_address_that_changes_nothing_is_refused(small, tmp_path):
    done = run(*("-m", "digits", "train", "pytorch", "--address", "auto", "--dataset", small, "--output-dir", tmp_path))
    assert done.stderr.startswith(
        "error: address is auto, but a cluster trains networks side by side, and this is one."
    )
