"""Work side by side on the nodes of a Ray cluster, as `digits.processes` does on cores of this machine."""

import contextlib
import functools
import hashlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from digits.errors import DigitsError, not_installed
from digits.processes import Submit, first_line

CONNECT_SECONDS = 10.0  # in which a cluster must be reached


@contextlib.contextmanager
def cluster(address: str, cores: int | None, packages: tuple[str, ...], shared: Any) -> Iterator[Submit]:
    """The same on the nodes of a Ray cluster, those that join later too. Ray runs again what was on a node that ends.

    Args:
        address: `HOST:PORT`, or "auto".
        cores: how many each call computes on; None stands for all of the smallest node.
        packages: what nodes must have, in the versions that are here.
        shared: what all calls are given; sent once to each node.

    Raises:
        DigitsError: Ray is not installed, or there is no such cluster.
    """
    ray = _connected(address)
    try:
        each = cores or min(int(node["Resources"]["CPU"]) for node in ray.nodes() if "CPU" in node["Resources"])
        given, ours = ray.put(shared), inventory(packages)

        def call(references: list[Any]) -> Any:  # within this function, so that Ray sends it: a node may lack us
            import ray

            try:
                from digits.hardware import tune_process
                from digits.training.cluster import inventory

                theirs = inventory(packages)
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


def cores_of_cluster() -> int:
    """How many cores the nodes have together, those that have joined meanwhile too; 1 at least."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))


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
def inventory(packages: tuple[str, ...]) -> dict[str, str]:
    """What must be the same on all nodes, so that a call returns the same on each: versions, and our own source."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"Python": ".".join(map(str, sys.version_info[:3]))}
    for package in ("numpy", *packages):
        found[package] = "not installed"
        for name in (package, f"{package}-cpu"):
            with contextlib.suppress(PackageNotFoundError):
                found[package] = version(name).partition("+")[0]  # less the build, as in 2.13.0+cpu
    root, source = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        source.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found | {"the source of digits": source.hexdigest()[:8]}
