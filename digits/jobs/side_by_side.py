"""The one interface for jobs that do not depend on each other."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from digits.jobs.worker import Function, Reply


class Engine(Protocol):
    """Workers, wherever they are: `local.Processes` or `cluster.Cluster`. A worker is named by any hashable object."""

    def idle(self) -> Any | None:
        """A worker that waits for a job, or None."""

    def call(self, worker: Any, method: str, *arguments: Any) -> None:
        """Have a worker do one of the methods of `worker.Worker`; its reply comes from `wait`."""

    def wait(self) -> list[tuple[Any, Reply]]:
        """Wait until workers have replied, or have come up. The reply of one that was killed has ended with a reason.

        Raises:
            DigitsError: there is no worker left, and none comes up.
        """

    def free(self, worker: Any) -> None:
        """The worker has ended its job."""

    def place(self, worker: Any) -> str:
        """The machine that the worker is on, for people."""


@dataclass
class Step:
    """What became of a job: a value that it yielded, or its end.

    Attributes:
        job: which one.
        value: what it yielded; None at its end.
        ended: whether it has ended; there are no more steps of it.
        reason: why it failed, in one line; empty where it did not.
        place: the machine that it is on.
        stop: may be set where it has not ended: then it is stopped here, and there are no more steps of it.
    """

    job: Any
    value: Any
    ended: bool
    reason: str
    place: str
    stop: bool = False


def side_by_side(engine: Engine, function: Function, jobs: Iterable[Any]) -> Generator[Step, None, None]:
    """Run the jobs, as many at a time as there are workers, and yield their steps as they come.

    A job that fails or is killed is a step with its reason, and the others go on.

    Args:
        engine: the workers.
        function: runs a job, in a worker; importable there.
        jobs: the second argument of `function` for each. The next one is taken when a worker is free for it, so that
            it may be chosen by what came of earlier ones.

    Raises:
        DigitsError: there is no worker left.
    """
    running: dict[Any, Any] = {}
    stopped: set[Any] = set()  # workers whose last job is no longer of interest
    coming, are_more = iter(jobs), True
    while True:
        while are_more and (worker := engine.idle()) is not None:
            try:
                job = next(coming)
            except StopIteration:
                are_more = False
                engine.free(worker)
                break
            running[worker] = job
            engine.call(worker, "begin", function, job)
        if not running and not are_more:
            return
        for worker, reply in engine.wait():
            if worker in stopped:
                stopped.discard(worker)
                del running[worker]
                engine.free(worker)
                continue
            if worker not in running:
                continue
            step = Step(running[worker], reply.value, reply.ended, reply.reason, engine.place(worker))
            if step.ended:
                del running[worker]
                engine.free(worker)
            yield step
            if step.stop and not step.ended:
                stopped.add(worker)
                engine.call(worker, "stop")
            elif not step.ended:
                engine.call(worker, "advance")
