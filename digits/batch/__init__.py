"""Many pictures: what there is to read, read by processes here or on a cluster, into a table, and nothing twice."""

from digits.batch.run import Batch, Progress, read_all
from digits.batch.sources import is_address
from digits.batch.work import source_of

__all__ = ["Batch", "Progress", "is_address", "read_all", "source_of"]
