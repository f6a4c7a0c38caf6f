"""How TensorFlow starts: without greetings."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


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
