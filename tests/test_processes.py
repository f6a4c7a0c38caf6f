import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from digits.errors import DigitsError
from digits.hardware import cores_here
from digits.processes import Killed, processes, result
from tests.calls import add, meet, misbehave
from tests.conftest import ROOT, heed_ctrl_c


def test_calls_are_given_what_is_shared_and_their_own():
    with processes(2, 1, 10) as submit:
        assert [result(future) for future in [submit(add, number) for number in range(20)]] == list(range(10, 30))


def test_what_fails_is_one_line_and_the_others_go_on():
    with processes(1, 1, 10) as submit:
        hows = ("diverged", "memory", "bug", "well")
        diverged, memory, bug, well = (submit(misbehave, how) for how in hows)
        for future, says in ((diverged, r"^the loss became nan$"), (memory, r"^out of memory$")):
            with pytest.raises(DigitsError, match=says):
                result(future)
        with pytest.raises(ValueError, match="two"):  # a mistake of ours is shown with where it is
            result(bug)
        assert result(well) is None
        assert result(submit(add, 1)) == 11


@pytest.mark.parametrize("when", ["killed", "killed while it answers"])
def test_a_process_that_is_killed_ends_its_calls_in_one_line(when):
    with processes(2, 1, 10) as submit:
        futures = [submit(misbehave, when), submit(add, 1), submit(misbehave, when)]
        with pytest.raises(DigitsError, match=r"^a process was killed, as where memory runs out$"):
            [result(future) for future in futures]
        assert [result(submit(add, number)) for number in range(4)] == [10, 11, 12, 13]  # others are in their places


class RayError(Exception):
    """As Ray's own: it holds what was raised elsewhere, behind pages of text."""

    __module__ = "ray.exceptions"

    def __init__(self, says: str, cause: Exception | None = None):
        super().__init__(says)
        self.cause = cause


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (RayError("pages\nand pages", DigitsError("the loss became nan")), "the loss became nan"),
        (RayError("pages", RuntimeError("node 10.0.0.7 cannot be used")), "node 10.0.0.7 cannot be used"),
        (RayError("The worker died unexpectedly.\nPages follow"), "The worker died unexpectedly"),
    ],
)
def test_what_fails_on_a_cluster_is_one_line(error, says):
    future: Future[None] = Future()
    future.set_exception(error)
    with pytest.raises(DigitsError, match=f"^{says}$"):
        result(future)


class WorkerCrashedError(RayError):
    """As Ray's own of this name."""

    __module__ = "ray.exceptions"


def test_a_process_that_is_killed_on_a_cluster_is_told_from_what_failed():
    for error, kind in ((WorkerCrashedError("gone\nand pages"), Killed), (RayError("other"), DigitsError)):
        future: Future[None] = Future()
        future.set_exception(error)
        with pytest.raises(DigitsError) as raised:
            result(future)
        assert type(raised.value) is kind


def test_two_calls_are_made_at_a_time_each_on_one_core(tmp_path):
    with processes(2, 1, tmp_path) as submit:
        said = {result(future) for future in [submit(meet, "a"), submit(meet, "b")]}
    assert said == {"a met the other, with 1 threads", "b met the other, with 1 threads"}


@pytest.mark.parametrize(("allowed", "cores"), [(None, 8), ("3", 3), ("16", 8)])
def test_cores_are_those_of_the_process_and_no_more_than_allowed(allowed, cores, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.delenv("DIGITS_CORES", raising=False)
    if allowed:
        monkeypatch.setenv("DIGITS_CORES", allowed)
    assert cores_here() == cores


HOLDER = """
import sys
from pathlib import Path
from digits.processes import Killed, processes, result
from tests.calls import note_pid
if __name__ == "__main__":
    with processes(2, 1, Path(sys.argv[1])) as submit:
        [result(future) for future in [submit(note_pid, "a"), submit(note_pid, "b")]]
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_the_one_that_started_it(how, tmp_path):
    (tmp_path / "holder.py").write_text(HOLDER)
    holder = subprocess.Popen(
        [sys.executable, tmp_path / "holder.py", tmp_path],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=heed_ctrl_c,
    )
    notes = [tmp_path / "a", tmp_path / "b"]
    wait_for(lambda: all(note.exists() and note.read_text() for note in notes))
    pids = [int(note.read_text()) for note in notes]
    assert all(map(is_alive, pids))
    holder.send_signal(how)
    holder.communicate(timeout=120)
    assert holder.returncode in (-how, 130)
    wait_for(lambda: not any(map(is_alive, pids)))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
