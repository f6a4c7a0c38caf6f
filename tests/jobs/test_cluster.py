import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from digits.errors import DigitsError
from digits.jobs.cluster import Cluster, _obstacle, inventory
from tests.conftest import ROOT, run, without


def test_a_node_with_the_same_has_no_obstacle():
    ours = inventory("pytorch")
    assert list(ours) == ["Python", "numpy", "torch", "the source of digits"]
    assert "not installed" not in ours.values()
    assert _obstacle(dict(ours), ours) == ""


@pytest.mark.parametrize(
    ("theirs", "says"),
    [
        ("digits is not installed there", "digits is not installed there"),
        ({"torch": "1.0"}, "torch is 1.0 there, and "),
        ({"torch": "not installed"}, "torch is not installed there, and "),
        ({"the source of digits": "0"}, "the source of digits is 0 there, and "),
        (None, "None"),
    ],
)
def test_a_node_with_something_else_is_told_why(theirs, says):
    ours = inventory("pytorch")
    assert _obstacle({**ours, **theirs} if isinstance(theirs, dict) else theirs, ours).startswith(says)


@pytest.mark.parametrize(("package", "title"), [("ray", "Ray"), ("optuna", "Optuna")])
def test_what_is_not_installed_is_said_in_one_line(package, title, tmp_path):
    flags = ("-m", "digits", "tune", "pytorch", "--output-dir", tmp_path)
    done = run(*flags, PYTHONPATH=without(package, tmp_path))
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"error: {title} is not installed. Run") and "[tune]" in done.stderr


HOLDER = """
import os, sys
from digits.jobs import Cluster
with Cluster(None, None, "pytorch", None):
    import ray
    print(ray.get_runtime_context().gcs_address, flush=True)
    print(os.environ.get("RAY_AUTH_TOKEN", ""), flush=True)
    sys.stdin.read()
"""
GUEST = """
import sys, ray
ray.init(address=sys.argv[1], logging_level="error")
print("came in")
"""


@pytest.mark.slow
def test_ray_that_is_started_here_lets_nobody_in_without_the_token_of_this_run():
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    address, token = (holder.stdout.readline().strip() for _ in range(2))
    tries = {"RAY_NUM_REDIS_GET_RETRIES": "2"}  # one is a second
    came_in = []
    for given in ({}, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}):
        came_in.append("came in" in run("-c", GUEST, address, **tries, **given).stdout)
    known = run("-c", GUEST, address, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=token)
    holder.communicate("", timeout=120)
    assert known.stdout == "came in\n", known.stderr  # or the two would have been kept out by something else
    assert came_in == [False, False]


@pytest.mark.parametrize("failures", [1, 2])
def test_ray_that_gives_up_is_started_once_more_and_then_it_is_one_line(failures, monkeypatch):
    tries = []

    def init(**_):
        tries.append(1)
        if len(tries) <= failures:
            raise Exception("timed out.\nPages follow")

    cluster = Cluster(None, 1, "pytorch", None)
    cluster._ray = SimpleNamespace(init=init)
    if failures == 1:
        cluster._connect()
    else:
        with pytest.raises(DigitsError, match=r"^Ray did not start here: timed out\. Try again when less runs here$"):
            cluster._connect()
    assert len(tries) == 2
