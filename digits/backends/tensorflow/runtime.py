"""How TensorFlow starts: without greetings, and with the threads that suit the network, which can be set only once."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from digits.backends.hardware import cores_allowed


@contextmanager
def silently() -> Iterator[None]:
    """Keep stderr clean while TensorFlow starts, as its log level comes too late for its greetings; not if it fails."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as banners:
        os.dup2(banners.fileno(), 2)
        try:
            yield
        except BaseException:
            banners.seek(0)
            os.write(stderr, banners.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def start(whole_batches: bool) -> None:
    """Start TensorFlow with the threads that suit a network, unless it runs already: they can be set only once.

    Small operations are fastest on a thread of their own, those of both halves of a batch side by side. Where batches
    stay whole, each operation takes all cores, or as many as this process may compute on.
    """
    import tensorflow as tf

    cores = cores_allowed() or 0  # 0: all
    try:
        tf.config.threading.set_intra_op_parallelism_threads(cores if whole_batches else 1)
        tf.config.threading.set_inter_op_parallelism_threads(min(2, cores or 2))
    except RuntimeError:  # it runs already
        return
    with silently():
        tf.config.list_logical_devices()
