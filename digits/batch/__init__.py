"""Many pictures: what there is to read, read by processes here or on a cluster, into a table, and nothing twice."""

from digits.batch.run import Batch, Progress, read_all

__all__ = ["Batch", "Progress", "read_all"]
