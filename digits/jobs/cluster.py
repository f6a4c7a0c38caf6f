"""Workers that Ray runs: on this machine, for which it is started, or on the nodes of a cluster."""

import contextlib
import hashlib
import io
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from digits.backends import BACKENDS
from digits.errors import DigitsError, not_installed
from digits.jobs.local import cores_here
from digits.jobs.worker import Reply, Worker

OBJECT_STORE = 512 << 20  # bytes that Ray may take for what jobs share; the largest dataset is an eighth of that
CHECK_SECONDS = 5.0  # between two looks at which nodes there are
CONNECT_SECONDS = 10.0  # in which a cluster must be reached
BOOT_SECONDS = 120.0  # in which a node must answer what it has, and a worker must come up
MAX_STILLBORN = 3  # workers one after another on a node that end before they have come up


class Cluster:
    """A worker for every so many cores of each node that has what this machine has. Leaving it ends them.

    Args:
        address: of a cluster, `HOST:PORT` or "auto"; None starts Ray on this machine, for this process alone.
        cores: how many each worker may compute on; None stands for all of its node.
        backend: the framework that nodes must have, in the version that is here.
        shared: what all jobs are given. It is sent to each node once.
        say: takes lines about nodes.

    Raises:
        DigitsError: Ray is not installed, there is no such cluster, or no node of it can be used.
    """

    def __init__(
        self, address: str | None, cores: int | None, backend: str, shared: Any, say: Callable[[str], object] = print
    ):
        self._address, self._cores, self._backend, self._say = address, cores, backend, say
        self._shared = shared
        self._workers: dict[Any, tuple[str, int]] = {}  # the node's id and how many cores it takes there, by actor
        self._calls: dict[Any, Any] = {}  # the actor, by reference to its reply
        self._coming_up: set[Any] = set()
        self._idle: deque[Any] = deque()
        self._nodes: dict[str, str] = {}  # names of nodes that were looked at, by id
        self._checked, self._stillborn = 0.0, 0
        self._silence = contextlib.redirect_stderr(io.StringIO())  # Ray prints pages where a node ends

    def __enter__(self) -> "Cluster":
        self._ray = import_ray(self._address)
        self._silence.__enter__()
        try:
            with _own_sigterm():
                self._connect()
            self._shared = self._ray.put(self._shared)
            self._look_for_nodes()
            if not self._workers:
                raise DigitsError(f"no node of the cluster at {self._address} can be used")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for actor in self._workers:
                with contextlib.suppress(Exception):  # its node may have ended, and Ray with it
                    self._ray.kill(actor)
            self._ray.shutdown()
        finally:
            self._silence.__exit__(None, None, None)

    def _connect(self) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
        if self._address is None:
            self._start_here(quiet)
            return
        host, _, port = self._address.rpartition(":")
        if self._address != "auto" and not (host and port.isdecimal() and "://" not in host):
            raise DigitsError(f"address is {self._address}, but must be HOST:PORT or auto, from a node of the cluster")
        try:
            if host:  # Ray itself would try for a minute
                socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
            self._ray.init(address=self._address, **quiet)
        except Exception as error:  # Ray has no common type for them
            raise DigitsError(
                f"there is no Ray cluster to be used at {self._address}: {_first_line(error)}. This machine must be "
                f"one of its nodes: ray start --address {self._address}. "
                "If it asks for a token, set RAY_AUTH_MODE=token"
            ) from error

    def _start_here(self, quiet: dict[str, Any]) -> None:
        """Start Ray, a second time where the machine had no time for it: Ray gives up after half a minute."""
        local = {"num_cpus": cores_here(), "num_gpus": 0, "object_store_memory": OBJECT_STORE}
        for is_last in (False, True):
            try:
                self._ray.init(address="local", include_dashboard=False, **local, **quiet)
                return
            except Exception as error:
                if is_last:
                    what = _first_line(error)
                    raise DigitsError(f"Ray did not start here: {what}. Try again when less runs here") from error

    def _look_for_nodes(self) -> None:
        """Start workers on nodes that are new, if they have what this machine has."""
        self._checked = time.monotonic()
        alive = {node["NodeID"]: node for node in self._ray.nodes() if node["Alive"]}
        new = {key: node for key, node in alive.items() if key not in self._nodes}
        answers = {key: self._ask(key) for key in new}
        for key, node in new.items():
            self._nodes[key] = f"{node['NodeManagerAddress']} ({key[:6]})"
            obstacle = _obstacle(self._answer(answers[key]), inventory(self._backend))
            cores = int(node["Resources"].get("CPU", 0))
            if obstacle:
                self._say(f"Node {self._nodes[key]} is left out: {obstacle}")
            for _ in range(0 if obstacle else cores // (self._cores or max(cores, 1))):
                self._start(key, self._cores or cores)

    def _ask(self, node: str) -> Any:
        """Have a node look at what it has. The function lies in this one, so that Ray sends it: a node may lack us."""
        backend = self._backend

        def ask() -> Any:
            try:
                from digits.jobs.cluster import inventory
            except ImportError as error:
                return f"{error.name} is not installed there"
            return inventory(backend)

        remote = self._ray.remote(num_cpus=0, max_retries=0)(ask)
        return remote.options(scheduling_strategy=self._on(node)).remote()

    def _answer(self, reference: Any) -> Any:
        try:
            return self._ray.get(reference, timeout=BOOT_SECONDS)
        except Exception as error:
            return f"it does not answer ({type(error).__name__})"

    def _on(self, node: str) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return NodeAffinitySchedulingStrategy(node, soft=False)

    def _start(self, node: str, cores: int) -> None:
        remote = self._ray.remote(num_cpus=cores, max_restarts=0, max_task_retries=0)(Worker)
        actor = remote.options(scheduling_strategy=self._on(node)).remote(self._shared, cores)
        self._workers[actor] = node, cores
        self._coming_up.add(actor)
        self.call(actor, "ready")

    def idle(self) -> Any | None:
        return self._idle.popleft() if self._idle else None

    def call(self, worker: Any, method: str, *arguments: Any) -> None:
        self._calls[getattr(worker, method).remote(*arguments)] = worker

    def wait(self) -> list[tuple[Any, Reply]]:
        if not self._calls:
            raise DigitsError("no node of the cluster is left; go on with --resume when there is one")
        done, _ = self._ray.wait(list(self._calls), num_returns=1, timeout=CHECK_SECONDS)
        replies = []
        for reference in done:
            worker = self._calls.pop(reference)
            try:
                reply = self._ray.get(reference)
            except self._ray.exceptions.RayError as error:
                reply = self._bury(worker, error)
            if worker not in self._coming_up:
                replies.append((worker, reply))
                continue
            self._coming_up.discard(worker)
            if worker in self._workers:
                self._stillborn = 0
                self._idle.append(worker)
        if self._address and time.monotonic() - self._checked > CHECK_SECONDS:
            self._look_for_nodes()
        return replies

    def _bury(self, worker: Any, error: Exception) -> Reply:
        """Start another in the place of a worker that has ended by itself, if its node has not, and say why."""
        node, cores = self._workers.pop(worker)
        place = self._nodes[node]
        if isinstance(error, self._ray.exceptions.OutOfMemoryError):
            reason = "killed, as memory ran out"
        elif any(one["NodeID"] == node and one["Alive"] for one in self._ray.nodes()):
            reason = "its process was killed, as where memory runs out or its node ends"
        else:
            return Reply(ended=True, reason=f"its node {place} ended")
        self._stillborn += worker in self._coming_up
        if self._stillborn >= MAX_STILLBORN:
            raise DigitsError(f"workers on node {place} end before they have begun: {_first_line(error)}")
        self._start(node, cores)
        return Reply(ended=True, reason=reason)

    def free(self, worker: Any) -> None:
        if worker in self._workers:
            self._idle.append(worker)

    def place(self, worker: Any) -> str:
        return self._nodes[self._workers[worker][0]] if worker in self._workers else ""


def _first_line(error: Exception) -> str:
    """The beginning of what Ray says, which can be pages; without a full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


@contextlib.contextmanager
def _own_sigterm() -> Iterator[None]:
    """Keep what is to be done on SIGTERM, which Ray would decide otherwise."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def import_ray(address: str | None) -> Any:
    """Ray, which is an extra. It is told first to send nothing about its use to anyone.

    Where it is started here, its ports are open to the network all the same, and whoever may use them runs what he
    likes on this machine; so it answers to nobody without a token that is drawn now.

    Raises:
        DigitsError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is None and "ray" not in sys.modules:  # it reads this once
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        import ray
    except ModuleNotFoundError as error:
        raise not_installed("Ray", "tune") from error
    return ray


def inventory(backend: str) -> dict[str, str]:
    """What must be the same on all nodes, so that a job gives the same answer on each: versions, and our own source."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"Python": ".".join(map(str, sys.version_info[:3]))}
    for package in ("numpy", *BACKENDS[backend].modules):
        found[package] = "not installed"
        for name in (package, f"{package}-cpu"):
            with contextlib.suppress(PackageNotFoundError):
                found[package] = version(name).partition("+")[0]  # less the build, as in 2.13.0+cpu
    root = Path(__file__).parents[1]
    source = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        source.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found | {"the source of digits": source.hexdigest()[:8]}


def _obstacle(theirs: Any, ours: dict[str, str]) -> str:
    """Why a node that answered with `theirs` cannot be used; empty where it can."""
    if not isinstance(theirs, dict):
        return str(theirs)
    different = next((name for name in ours if theirs.get(name) != ours[name]), None)
    return f"{different} is {theirs.get(different)} there, and {ours[different]} here" if different else ""
