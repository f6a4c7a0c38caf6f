"""Many pictures on two nodes of a Ray cluster, of which one is lost, or that have not what is needed."""

import signal
import subprocess

import pytest

from tests.batch.conftest import finished
from tests.batch.test_run import FAILED, TOTAL, assert_same, command, many, noted, rows  # noqa: F401  # a fixture
from tests.conftest import ROOT, heed_ctrl_c
from tests.test_processes import wait_for
from tests.tuning.test_killed import TIMEOUT, Nodes, nodes, started_with  # noqa: F401  # a fixture

pytestmark = pytest.mark.slow


def start(source, output, nodes, *flags) -> subprocess.Popen[str]:  # noqa: F811
    return subprocess.Popen(
        command(source, output, "--address", nodes.address, *flags),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )


def test_two_nodes_of_which_one_is_killed_read_all_and_nothing_twice(nodes, many, tmp_path):  # noqa: F811
    process = start(many, tmp_path / "x.jsonl", nodes)
    wait_for(lambda: noted(tmp_path / "x.jsonl") > 20)
    nodes.kill_second()
    _, errors = process.communicate(timeout=TIMEOUT)
    assert f"error: {FAILED} of {TOTAL} pictures could not be read; " in errors and errors.count("\n") == 1
    finished(many, output=tmp_path / "here.jsonl")
    assert_same(rows(tmp_path / "x.jsonl"), rows(tmp_path / "here.jsonl"))


def test_ctrl_c_keeps_what_was_read_there_and_it_goes_on_here(nodes, many, tmp_path):  # noqa: F811
    process = start(many, tmp_path / "x.jsonl", nodes)
    wait_for(lambda: noted(tmp_path / "x.jsonl") > 20)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130 and "--resume goes on from there" in errors and "Traceback" not in errors
    wait_for(lambda: not started_with(nodes.marker, b"ray::call"))
    last = finished(many, output=tmp_path / "x.jsonl", resume=True)
    assert last.kept > 0 and (last.done, last.failed) == (TOTAL, FAILED)
