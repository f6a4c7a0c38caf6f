"""Work side by side in other processes: on cores of this machine, or on the nodes of a Ray cluster."""

import contextlib
import functools
import hashlib
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from digits.backends import BACKENDS
from digits.backends.hardware import tune_process
from digits.errors import DigitsError, not_installed

Submit = Callable[..., "Future[Any]"]  # takes a function that every process can import, and its further arguments

CONNECT_SECONDS = 10.0  # in which a cluster must be reached


def result(future: "Future[Any]") -> Any:
    """What a call returned.

    Raises:
        DigitsError: it failed, or its process was killed, in one line.
    """
    try:
        return future.result()
    except MemoryError as error:
        raise DigitsError("out of memory") from error
    except Exception as error:
        if not type(error).__module__.startswith("ray."):
            raise
        raise DigitsError(first_line(getattr(error, "cause", None) or error)) from error


def first_line(error: Exception) -> str:
    """The beginning of what an error says, which can be pages; without a full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:300]


@contextlib.contextmanager
def processes(count: int, cores: int | None, shared: Any) -> Iterator[Submit]:
    """A function that has one of `count` processes call `function(shared, *arguments)`, and returns a future of it.

    Leaving this ends the processes, and they end by themselves where this one is killed. Where one of them is killed,
    its calls fail: each has a pipe of its own, of which no other holds an end. (`ProcessPoolExecutor` has one for all,
    and waits for ever for the rest of an answer whose process was killed.)

    Args:
        count: how many.
        cores: how many each may compute on; None stands for all.
        shared: what all calls are given; sent once to each process.
    """
    context = multiprocessing.get_context("spawn")  # forked, a framework's threads would be lost
    own, one_at_a_time, started, threads = threading.local(), threading.Lock(), [], ThreadPoolExecutor(count)
    ended = False

    def start() -> Connection:
        ours, theirs = context.Pipe()
        with one_at_a_time, theirs:
            if ended:
                raise EOFError
            process = context.Process(target=_serve, args=(theirs, shared, cores))
            process.start()
            started.append(process)
        return ours

    def ask(function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            if not hasattr(own, "pipe"):
                own.pipe = start()
            own.pipe.send((function, arguments))
            value, error = own.pipe.recv()
        except (EOFError, OSError) as gone:
            raise DigitsError("a process was killed, as where memory runs out") from gone
        if error:
            raise error
        return value

    def submit(function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        with deaf_to_ctrl_c():  # as are the threads that start here, and the processes that those start
            return threads.submit(ask, function, *arguments)

    try:
        yield submit
    finally:
        with one_at_a_time:
            ended = True
        for process in started:
            process.kill()
            process.join()
        threads.shutdown(cancel_futures=True)


@contextlib.contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Have Ctrl-C wait; a process that is started meanwhile never heeds it: it is for the one who started it."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows, where each process is told
        yield
        return
    resource_tracker.ensure_running()  # which the start of a process would do, and undo the next line
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, shared: Any, cores: int | None) -> None:
    """What each process does: answer calls, each with what it returned and None, or with None and an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tune_process(cores)
    with contextlib.suppress(ImportError):  # used by PyTorch: its lock would outlive this process
        from tqdm import tqdm

        tqdm.set_lock(threading.RLock())
    with contextlib.suppress(EOFError):  # nobody is there to ask any more
        while True:
            function, arguments = pipe.recv()
            try:
                pipe.send((function(shared, *arguments), None))
            except Exception as error:
                if not isinstance(error, DigitsError):  # a mistake of ours is shown with where it is
                    error.add_note(traceback.format_exc())
                pipe.send((None, error))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  # for the types
    parent.join()
    os._exit(1)


@contextlib.contextmanager
def cluster(address: str, cores: int | None, backend: str, shared: Any) -> Iterator[Submit]:
    """The same on the nodes of a Ray cluster, those that join later too. Ray runs again what was on a node that ends.

    Args:
        address: `HOST:PORT`, or "auto".
        cores: how many each call computes on; None stands for all of the smallest node.
        backend: the framework that nodes must have, in the version that is here.
        shared: what all calls are given; sent once to each node.

    Raises:
        DigitsError: Ray is not installed, or there is no such cluster.
    """
    ray = _connected(address)
    try:
        each = cores or min(int(node["Resources"]["CPU"]) for node in ray.nodes() if "CPU" in node["Resources"])
        given, ours = ray.put(shared), inventory(backend)

        def call(references: list[Any]) -> Any:  # within this function, so that Ray sends it: a node may lack us
            import ray

            try:
                from digits.training.parallel import inventory, tune_process

                theirs = inventory(backend)
            except ImportError as error:
                theirs = {"digits": f"none of this kind ({error})"}
            if odd := [f"{name} is {theirs[name]} there" for name in theirs if theirs[name] != ours.get(name)]:
                node = ray.util.get_node_ip_address()
                raise RuntimeError(f"node {node} cannot be used: {odd[0]}, unlike here")
            tune_process(each)
            shared, (function, arguments) = ray.get(references)
            return function(shared, *arguments)

        remote = ray.remote(num_cpus=each)(call)
        yield lambda function, *arguments: remote.remote([given, ray.put((function, arguments))]).future()
    finally:
        ray.shutdown()


def _connected(address: str) -> Any:
    """Ray, connected to the cluster, and told to send nothing about its use to anyone, and to print no logs."""
    for name, value in (("RAY_USAGE_STATS_ENABLED", "0"), ("RAY_DEDUP_LOGS_SKIP_REGEX", ".")):
        os.environ.setdefault(name, value)
    try:
        import ray
    except ModuleNotFoundError as error:
        raise not_installed("Ray", "cluster") from error
    host, _, port = address.rpartition(":")
    if address != "auto" and not (host and port.isdecimal() and "://" not in host):
        raise DigitsError(f"address is {address}, but must be HOST:PORT or auto, from a node of the cluster")
    before = signal.getsignal(signal.SIGTERM)
    try:
        if host:  # Ray itself would try for a minute
            socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray has no common type for them
        raise DigitsError(
            f"there is no Ray cluster to be used at {address}: {first_line(error)}. This machine must be one of its "
            f"nodes: ray start --address {address}. If it asks for a token, set RAY_AUTH_MODE=token"
        ) from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)  # which Ray has changed
    return ray


@functools.cache
def inventory(backend: str) -> dict[str, str]:
    """What must be the same on all nodes, so that a call returns the same on each: versions, and our own source."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"Python": ".".join(map(str, sys.version_info[:3]))}
    for package in ("numpy", *BACKENDS[backend].modules):
        found[package] = "not installed"
        for name in (package, f"{package}-cpu"):
            with contextlib.suppress(PackageNotFoundError):
                found[package] = version(name).partition("+")[0]  # less the build, as in 2.13.0+cpu
    root, source = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        source.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found | {"the source of digits": source.hexdigest()[:8]}
