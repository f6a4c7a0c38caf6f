import subprocess
import sys
from pathlib import Path

import pytest

from digits.hardware import multiplies_bfloat16
from tests.conftest import run
from tests.inside import digits

pytestmark = pytest.mark.whole


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="only Linux reports its CPU's features in a file")
def test_bfloat16_is_what_the_cpu_reports(monkeypatch):
    monkeypatch.delenv("DIGITS_CPU_FEATURES", raising=False)
    report = Path("/proc/cpuinfo").read_text()
    assert multiplies_bfloat16() == ("avx512_bf16" in report or "amx_bf16" in report)


def test_freed_memory_is_used_again():
    # Without the setting, each of the large blocks is mapped anew, and its 2,000 pages are faults.
    code = """
import resource, numpy as np
from digits.hardware import tune_process
tune_process()
np.ones(1_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    np.ones(1_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    faults = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert faults < 10_000 or not sys.platform.startswith("linux")


def test_what_is_asked_for_is_refused_before_any_work(tmp_path, data_dir, monkeypatch):
    """On a processor without AVX512, in one line, whether the run is new or goes on."""
    monkeypatch.setenv("DIGITS_CPU_FEATURES", "avx2 fma")
    flags = ("--precision", "bfloat16", "--data-dir", data_dir, "--output-dir", tmp_path)
    for done in (
        run("mnist_pytorch.py", *flags),
        digits("train", "tensorflow", *flags),
        digits("train", "pytorch", "--resume", *flags),
    ):
        assert (done.returncode, done.stdout) == (1, "")
        lacks = "this processor lacks what that needs (avx512bw, avx512dq, avx512vl); allowed here: auto, float32"
        assert done.stderr == f"error: precision is bfloat16, but {lacks}\n"


ASK = """
import os
from digits.hardware import tune_process
tune_process()
print(os.environ.get("GOMP_SPINCOUNT"))
"""
THREADS = "import torch; print(torch.get_num_threads())"


@pytest.mark.parametrize(
    ("code", "variables", "says"),
    [
        (ASK + THREADS, {"DIGITS_CORES": "1"}, "20000\n1"),
        (ASK, {"GOMP_SPINCOUNT": "7"}, "7"),
        (ASK, {"OMP_WAIT_POLICY": "passive"}, "None"),
    ],
)
def test_pytorch_waits_briefly_and_on_as_many_cores_as_it_may_unless_told_otherwise(code, variables, says, monkeypatch):
    for name in ("DIGITS_CORES", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert run("-c", code, **variables).stdout.strip() == says


@pytest.mark.parametrize(
    ("said", "command"),
    [("0", "mnist_pytorch.py"), *((said, "-m digits train pytorch") for said in ("0", "two", "", "-1"))],
)
def test_a_number_of_cores_that_is_none_is_one_line(said, command, tmp_path, data_dir):
    flags = ("--data-dir", data_dir, "--output-dir", tmp_path)
    done = run(*command.split(), *flags, DIGITS_CORES=said)
    assert done.returncode == 1
    assert done.stderr == f"error: DIGITS_CORES is {said!r}, but must be a whole number, 1 or more\n"


def test_what_a_framework_consists_of_is_not_looked_at_by_the_garbage_collector():
    code = """
import gc
from digits.backends import load_backend
from digits.hardware import tune_process
tune_process()
before = gc.get_freeze_count()
load_backend("pytorch")
print(before, gc.get_freeze_count() > 100_000, len(gc.get_objects()) < 10_000, gc.isenabled())
some = [[] for _ in range(1000)]
frozen = gc.get_freeze_count()
load_backend("pytorch")
print(gc.get_freeze_count() == frozen)
"""
    assert run("-c", code).stdout.split() == ["0", "True", "True", "True", "True"]


BEFORE_AND_AFTER = """
import gc, importlib, os, sys
from digits.backends import BACKENDS, load_backend

name = sys.argv[1]
frameworks = [importlib.import_module(module) for module in BACKENDS[name].modules]

def process():
    flags = torch_flags(frameworks[0].backends) if name == "pytorch" else None
    return dict(os.environ), gc.get_threshold(), gc.get_freeze_count(), gc.isenabled(), flags

def torch_flags(backends):
    return backends.cuda.matmul.allow_tf32, [
        getattr(backends.cudnn, key) for key in ("allow_tf32", "deterministic", "benchmark", "enabled")
    ]

before = process()
load_backend(name).select_device("cpu")
print(process() == before)
"""


@pytest.mark.parametrize("name", ["pytorch", pytest.param("tensorflow", marks=pytest.mark.slow)])
def test_importing_a_backend_changes_no_process(name, monkeypatch):
    for variable in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(variable, raising=False)
    done = run("-c", BEFORE_AND_AFTER, name, DIGITS_CORES="1")
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.slow
def test_keras_on_another_backend_is_one_line():
    code = "import keras\nfrom digits.backends import load_backend\nload_backend('tensorflow')"
    said = run("-c", code, KERAS_BACKEND="torch").stderr.splitlines()[-1]
    problem, advice = "Keras runs on torch here, but must on tensorflow", "set KERAS_BACKEND=tensorflow before anything"
    assert said == f"digits.errors.DigitsError: {problem}: {advice} imports it"
