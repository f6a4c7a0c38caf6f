import json
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import steps
from steps import Ensemble, Measurement, Step, busy

from tests.conftest import ROOT


@pytest.fixture
def children(monkeypatch):
    """The processes that `busy` starts."""
    started = []

    def popen(*command, **how):
        started.append(subprocess.Popen(*command, **how))
        return started[-1]

    monkeypatch.setattr(steps, "subprocess", SimpleNamespace(Popen=popen, DEVNULL=subprocess.DEVNULL))
    return started


def test_a_busy_process_computes_until_it_is_no_longer_needed(children):
    with busy():
        time.sleep(0.5)
        assert children[0].poll() is None
    assert children[0].returncode is not None


def test_a_busy_process_ends_where_what_it_stands_beside_fails(children):
    with pytest.raises(KeyboardInterrupt), busy():
        raise KeyboardInterrupt
    assert children[0].returncode is not None


def test_a_busy_process_ends_where_the_benchmark_is_killed():
    """It holds the other end of our pipe, so `run` returns only once it is gone."""
    code = "import os, signal, steps\nwith steps.busy():\n    os.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "benchmarks", stdout=subprocess.PIPE, timeout=300)
    assert done.returncode == -9


def test_a_step_is_timed_alone_and_then_beside_a_busy_process(children, monkeypatch):
    asked = []

    def python(script, backend, recipe, environment):
        asked.append((backend, recipe, len([child for child in children if child.poll() is None])))
        return json.dumps({"milliseconds": 1.5 * len(asked)})

    monkeypatch.setattr(steps, "python", python)
    assert steps.step(("deep", "tensorflow"), "native") == Step(1.5, 3.0)
    assert asked == [("tensorflow", "deep", 0), ("tensorflow", "deep", 1)]


def test_an_ensemble_is_timed_without_the_start_of_its_process(monkeypatch, tmp_path):
    now = [0.0]

    def train(backend, *flags, environment):
        networks = int(flags[flags.index("--ensemble") + 1])
        now[0] += 5 + 7 * networks  # a start of five seconds
        return {"train_seconds": 6.5 * networks, "evaluate_seconds": 0.5 * networks}

    monkeypatch.setattr(steps, "train", train)
    monkeypatch.setattr(steps, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    assert steps.ensemble("pytorch", "native", tmp_path) == Ensemble(7.0, 35.0)


def test_rounds_are_summed_up():
    one = Measurement("avx2")
    one.steps["deep", "pytorch"] = [Step(10.0, 30.0), Step(20.0, 40.0), Step(11.0, 99.0)]
    one.ensembles["pytorch"] = [Ensemble(10.0, 25.0)]
    found = one.step_summaries()["deep", "pytorch"]
    assert (found.rounds, found.medians, found.times) == (3, (11.0, 40.0), (3.0, 2.0, 9.0))
    assert one.ensemble_summaries()["pytorch"].times == (2.0, 2.0, 2.0)  # as fast as five times one
