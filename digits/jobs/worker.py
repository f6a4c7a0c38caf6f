"""What runs jobs, one after another, in a process of its own: the same on this machine and on others.

A job is a generator. Each value that it yields is asked for, so that whoever asked can let it go on or stop it.
"""

import gc
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from digits.backends.hardware import tune_process
from digits.errors import DigitsError

# Takes what all jobs share and what is this job's own, both of which can be pickled; yields how it comes on.
Function = Callable[[Any, Any], Generator[Any, None, None]]


@dataclass(frozen=True)
class Reply:
    """What a worker says of its job: a value, or that it has ended, with the reason where it has failed."""

    value: Any = None
    ended: bool = False
    reason: str = ""


class Worker:
    """Runs jobs.

    Args:
        shared: what all jobs are given.
        cores: how many it may compute on; None stands for all of the machine.
    """

    def __init__(self, shared: Any, cores: int | None):
        tune_process(cores)
        self.shared = shared
        self.steps: Generator[Any, None, None] | None = None

    def ready(self) -> Reply:
        """Says that the worker has come up."""
        return Reply(ended=True)

    def begin(self, function: Function, argument: Any) -> Reply:
        """Take up a job, and say what it yields first."""
        self.steps = function(self.shared, argument)
        return self.advance()

    def advance(self) -> Reply:
        """What the job yields next."""
        assert self.steps is not None  # noqa: S101  # for the types: `begin` was called
        try:
            return Reply(next(self.steps))
        except StopIteration:
            reason = ""
        except DigitsError as error:
            reason = str(error)
        except MemoryError:
            reason = "out of memory"
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        return self.stop(reason)

    def stop(self, reason: str = "") -> Reply:
        """End the job where it is, and free what it held."""
        if self.steps:
            self.steps.close()
        self.steps = None
        gc.collect()  # networks lie in circles, which would otherwise pile up
        return Reply(ended=True, reason=reason)
