import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from digits.errors import DigitsError
from digits.jobs import Cluster, Engine, Processes, side_by_side
from tests.conftest import ROOT, heed_ctrl_c
from tests.jobs.jobs import count, meet, misbehave

ENGINES = ["processes", pytest.param("ray", marks=pytest.mark.slow)]


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """One worker, which serves all tests: each takes it as the one before has left it."""
    kinds: dict[str, Any] = {
        "processes": lambda: Processes(1, 1, 10),
        "ray": lambda: Cluster(None, None, "pytorch", 10, lambda line: pytest.fail(line)),
    }
    with kinds[request.param]() as engine:
        yield engine


def test_jobs_yield_what_they_yield_and_end_and_the_workers_serve_again(engine):
    for _ in range(2):  # the second time with the workers that the first has left
        seen: dict[int, list[int]] = {1: [], 3: [], 0: []}
        ended = []
        for step in side_by_side(engine, count, [1, 3, 0]):
            assert step.reason == "" and step.place
            if step.ended:
                ended.append(step.job)
            else:
                seen[step.job].append(step.value)
        assert seen == {1: [10], 3: [10, 11, 12], 0: []}
        assert sorted(ended) == [0, 1, 3]


def test_what_fails_or_is_killed_is_a_step_with_its_reason_and_the_others_go_on(engine):
    hows = ["killed", "diverged", "well", "memory", "bug", "killed", "well"]
    ends = [(step.job, step.reason) for step in side_by_side(engine, misbehave, hows) if step.ended]
    assert sorted(how for how, _ in ends) == sorted(hows)
    reasons = dict(ends)
    assert "killed" in reasons.pop("killed")
    assert reasons == {
        "diverged": "the loss became nan",
        "memory": "out of memory",
        "bug": "ValueError: two",
        "well": "",
    }


def test_a_job_that_is_stopped_says_no_more(engine):
    seen = []
    for step in side_by_side(engine, count, [1000, 2]):
        seen.append((step.job, step.value))
        step.stop = step.job == 1000 and step.value == 12
    assert [value for job, value in seen if job == 1000] == [10, 11, 12]
    assert [value for job, value in seen if job == 2] == [10, 11, None]


def test_a_job_is_chosen_when_there_is_room_for_it(engine):
    ended = 0

    def chosen() -> Iterator[int]:
        for number in range(4):
            assert ended >= number
            yield 1

    for step in side_by_side(engine, count, chosen()):
        ended += step.ended
    assert ended == 4


def test_two_jobs_are_at_work_at_a_time_each_on_one_core(tmp_path):
    with Processes(2, 1, tmp_path) as engine:
        said = {step.value for step in side_by_side(engine, meet, ["a", "b"]) if not step.ended}
    assert said == {"a met the other, with 1 threads", "b met the other, with 1 threads"}


def test_processes_that_cannot_come_up_are_one_line(monkeypatch):
    monkeypatch.setattr("digits.jobs.local._serve", os._exit)
    with pytest.raises(DigitsError, match="end before they have begun"), Processes(1, 1) as engine:
        list(side_by_side(engine, count, [1]))


HOLDER = """
from digits.jobs import Processes, side_by_side
from tests.jobs.jobs import say_pid
if __name__ == "__main__":
    with Processes(2, 1) as engine:
        for step in side_by_side(engine, say_pid, [600, 600]):
            print(step.value, flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_the_one_that_started_it(how, tmp_path):
    (tmp_path / "holder.py").write_text(HOLDER)
    holder = subprocess.Popen(
        [sys.executable, tmp_path / "holder.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=heed_ctrl_c,
        text=True,
    )
    pids = [int(holder.stdout.readline()) for _ in range(2)]
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


def wait_for(condition: Any, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
