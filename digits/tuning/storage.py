"""What a search keeps: Optuna's journal, a file of JSON lines in the output folder, to which each trial adds."""

import contextlib
import functools
import logging
import socket
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from digits.errors import DigitsError, not_installed
from digits.files import display, locked
from digits.tuning.space import Space

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

JOURNAL, STUDY = "tuning.journal", "digits"
ATTEMPTS = 3  # after which a trial that its process did not survive has failed

FINISHED, STOPPED, FAILED = "finished", "stopped early", "failed"


@functools.cache
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
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    return optuna


def alone(folder: Path) -> contextlib.AbstractContextManager[None]:
    """Makes sure that no other search writes into this folder meanwhile.

    Raises:
        DigitsError: one does.
    """
    instead = "Wait for it, or name another folder with --output-dir"
    return locked(folder / f"{JOURNAL}.lock-file", f"another search is at work in {display(folder)}. {instead}")


def open_study(
    folder: Path, identity: dict[str, Any], space: Space, start: dict[str, Any], resume: bool
) -> "tuple[Study, BaseStorage]":
    """The search in `folder`, where none is at work: a new one, or the one to go on with; and what keeps it.

    Args:
        identity: what decides what its losses mean.
        space: what it tries.
        start: the values to try first.
        resume: whether there may be a search; what was under way is tried again.

    Raises:
        DigitsError: there is a search where a new one was asked for, or one of another kind, or a damaged file.
    """
    optuna, path = import_optuna(), folder / JOURNAL
    if path.exists() and not resume:
        raise DigitsError(
            f"{path} holds a search. Go on with it by --resume, delete it, or name another folder with --output-dir"
        )
    _mend(path)
    try:
        backends, file = optuna.storages.journal, str(path.resolve())
        journal = backends.JournalFileBackend(file, backends.JournalFileOpenLock(file))
        storage = optuna.storages.JournalStorage(journal)
        study = optuna.create_study(study_name=STUDY, storage=storage, load_if_exists=True)
        theirs = dict(study.user_attrs.get("identity", identity))
        if theirs == identity:
            rows(study, space), range(study.user_attrs.get("tasks", 0))  # for what they raise
            study.set_user_attr("identity", identity)
            if not study.get_trials(deepcopy=False):
                study.enqueue_trial(start)
            for trial in study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.RUNNING]):
                try_again(study, trial)
            return study, storage
    except OSError:
        raise
    except Exception as error:  # whatever a file that is something else leads to
        raise DigitsError(f"{path} is damaged or no search ({type(error).__name__}). Delete it") from error
    name = next((one for one in identity if theirs.get(one) != identity[one]), "identity")
    raise DigitsError(
        f"{path} is of another search: its {name} is {theirs.get(name)!s:.200}, not {identity.get(name)!s:.200}. "
        "Go on with the same, or name another folder with --output-dir"
    )


def _mend(path: Path) -> None:
    """Undo what a process left that ended while it wrote: a lock, and half of a line, after which none can be read."""
    path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
    if path.exists() and (data := path.read_bytes()) and not data.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)


def try_again(study: "Study", trial: "FrozenTrial") -> None:
    """Have the values of a trial that was interrupted tried again, but not forever: they may kill each process."""
    attempt = trial.user_attrs.get("attempt", 1)
    study.tell(trial.number, state=import_optuna().trial.TrialState.FAIL)
    if attempt < ATTEMPTS:
        study.enqueue_trial(trial.params, user_attrs={"attempt": attempt + 1})


def served(storage: "BaseStorage") -> "BaseStorage":
    """The same storage for the nodes of the Ray cluster that this process is connected to, as long as it lives."""
    import ray

    storages, host = import_optuna().storages, ray.util.get_node_ip_address()
    with socket.create_server((host, 0)) as free:
        port = free.getsockname()[1]
    options = {"host": host, "port": port, "thread_pool": ThreadPoolExecutor(1)}  # one call after another
    threading.Thread(target=storages.run_grpc_proxy_server, args=(storage,), kwargs=options, daemon=True).start()
    return storages.GrpcStorageProxy(host=host, port=port)


class Row(NamedTuple):
    """A trial that has ended, how, its loss after its last epoch if it came to one, and why it failed if it did."""

    trial: "FrozenTrial"
    how: str
    loss: float | None
    reason: str


def rows(study: "Study", space: Space) -> list[Row]:
    """The trials that have ended, in order; not those that were interrupted, which are tried again.

    Raises:
        DigitsError, TypeError, ValueError, KeyError: the file says of a trial what no search writes.
    """
    found, names = [], {one.name for one in space}
    for trial in study.get_trials(deepcopy=False):
        state, notes, losses = trial.state.name, trial.user_attrs, trial.intermediate_values
        is_lost = state == "FAIL" and notes.get("attempt", 1) >= ATTEMPTS and len(trial.params) == len(space)
        if state not in ("COMPLETE", "PRUNED") and not is_lost:
            continue
        loss = float(losses[max(losses)]) if losses else None
        reason = f"its process ended {ATTEMPTS} times before it did" if is_lost else str(notes.get("reason", ""))
        how = FINISHED if state == "COMPLETE" else FAILED if reason else STOPPED
        is_ours = trial.params.keys() == names and all(one.holds(trial.params[one.name]) for one in space)
        if not is_ours or (losses and not 0 <= notes["accuracy"] <= 1) or (how == FINISHED and trial.value != loss):
            raise DigitsError(f"trial {trial.number} is none of this search")
        found.append(Row(trial, how, loss, reason))
    return found
