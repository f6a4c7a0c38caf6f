"""What a search keeps: Optuna's journal, a file of JSON lines in the output folder, to which each trial is added."""

import contextlib
import logging
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits.console import in_main_thread
from digits.errors import DigitsError, not_installed
from digits.files import display
from digits.tuning.space import Space

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

JOURNAL, STUDY = "tuning.journal", "digits"

# What a trial's row says that has come to its end.
FINISHED, STOPPED, FAILED = "finished", "stopped early", "failed"


@dataclass(frozen=True)
class Row:
    """A trial that has ended.

    Attributes:
        number: from 0, in the order in which they were begun.
        values: of the space's dimensions.
        state: `FINISHED`, `STOPPED` or `FAILED`.
        losses: on the held-out images, after each epoch.
        accuracy: there, after the last epoch; None where it came to none.
        seconds: from its beginning to its end.
        reason: why it failed; empty where it did not.
    """

    number: int
    values: dict[str, Any]
    state: str
    losses: list[float]
    accuracy: float | None
    seconds: float
    reason: str


def import_optuna() -> Any:
    """Optuna, which is an extra, without its remarks.

    Raises:
        DigitsError: it is not installed.
    """
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise not_installed("Optuna", "tune") from error
    optuna.logging.set_verbosity(logging.ERROR)
    return optuna


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make sure that no other search writes into this folder meanwhile; the system forgets it with the process.

    Raises:
        DigitsError: one does.
    """
    from filelock import FileLock, Timeout

    path = folder / f"{JOURNAL}.lock-file"
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        instead = "Wait for it, or name another folder with --output-dir"
        raise DigitsError(f"another search is at work in {display(folder)}. {instead}") from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # on Windows, where the next line does it
            path.unlink()
        lock.release()


def open_study(
    folder: Path, identity: dict[str, Any], space: Space, resume: bool, sampler: Any, pruner: Any
) -> "Study":
    """The search in `folder`: a new one, or the one to go on with. Trials that were under way begin again.

    Raises:
        DigitsError: there is a search where a new one was asked for, or one of another kind, or a damaged file.
    """
    optuna = import_optuna()
    path = folder / JOURNAL
    if path.exists() and not resume:
        raise DigitsError(
            f"{path} holds a search. Go on with it by --resume, delete it, or name another folder with --output-dir"
        )
    _mend(path)
    try:
        journal = optuna.storages.journal
        lock = journal.JournalFileOpenLock(str(path))  # the usual one is a link, which Windows allows to few
        storage = optuna.storages.JournalStorage(journal.JournalFileBackend(str(path), lock))
        options = {"storage": storage, "sampler": sampler, "pruner": pruner}
        study = optuna.create_study(study_name=STUDY, load_if_exists=True, direction="minimize", **options)
        theirs = study.user_attrs.get("identity")
        rows(study, space) if theirs == identity else None
    except OSError:
        raise
    except Exception as error:  # whatever a file that is something else leads to
        raise DigitsError(f"{path} is damaged or no search ({type(error).__name__}). Delete it") from error
    if theirs is None:
        study.set_user_attr("identity", identity)
    elif theirs != identity:
        name = next((one for one in identity if not isinstance(theirs, dict) or theirs.get(one) != identity[one]), "?")
        value = theirs.get(name) if isinstance(theirs, dict) else theirs
        raise DigitsError(
            f"{path} is of another search: its {name} is {value!s:.200}, this one's is {identity[name]!s:.200}. "
            "Go on with the same, or name another folder with --output-dir"
        )
    for one in study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.RUNNING]):
        study.tell(one.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(one.params)
    return study


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the end of this, which calls Optuna.

    In the middle of its work on the file it would say that its lock is missing, and not that it was interrupted.
    """
    if not in_main_thread():  # to which alone they come
        yield
        return
    came: list[int] = []
    usual = {one: signal.signal(one, lambda number, _: came.append(number)) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in usual.items():
            signal.signal(one, handler)
    for number in came:
        signal.raise_signal(number)


def _mend(path: Path) -> None:
    """Drop the last line where the machine went off before all of it was written; Optuna could not read on after it."""
    if path.exists() and (data := path.read_bytes()) and not data.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)


def rows(study: "Study", space: Space) -> list[Row]:
    """The trials that have ended, in order; not those that were interrupted, which are tried again.

    Raises:
        DigitsError, TypeError, ValueError: the file says of a trial what no search writes.
    """
    trials = study.get_trials(deepcopy=False)
    found = (_row(trial, space) for trial in trials if trial.state.is_finished())
    return [row for row in found if row is not None]


def _row(trial: "FrozenTrial", space: Space) -> Row | None:
    notes = trial.user_attrs
    reason = notes.get("reason", "")
    if trial.state.name == "FAIL" and not reason:  # interrupted
        return None
    if {one.name for one in space} != set(trial.params) or not all(one.holds(trial.params[one.name]) for one in space):
        raise DigitsError(f"trial {trial.number} has values that are not in the space")
    losses = [float(loss) for _, loss in sorted(trial.intermediate_values.items())]
    accuracy = float(notes["accuracy"]) if losses else None
    state = FINISHED if trial.state.name == "COMPLETE" else FAILED if reason else STOPPED
    if state is FINISHED and (not losses or trial.value != losses[-1]):
        raise DigitsError(f"trial {trial.number} has another loss than that of its last epoch")
    return Row(trial.number, dict(trial.params), state, losses, accuracy, float(notes["seconds"]), str(reason))
