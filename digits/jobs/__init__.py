"""Independent jobs side by side: on processes of this machine, or on Ray, here or on a cluster."""

from digits.jobs.cluster import Cluster
from digits.jobs.local import Processes, cores_here
from digits.jobs.side_by_side import Engine, Step, side_by_side
from digits.jobs.worker import Function

__all__ = ["Cluster", "Engine", "Function", "Processes", "Step", "cores_here", "side_by_side"]
