"""What `digits read --output` says while it reads many pictures."""

import sys
import time
from contextlib import closing
from pathlib import Path

from digits.batch import Batch, Progress, read_all
from digits.errors import DigitsError
from digits.files import display
from digits.progress import Bar


def read_into(batch: Batch) -> None:
    """Read all pictures into the table that `batch` names.

    Raises:
        DigitsError: see `read_all`; or, when the table is written, some pictures could not be read.
        OSError: the table cannot be written.
    """
    began, so_far = time.monotonic(), Progress(0, 0, 0, 0)
    try:
        with Bar("pictures") as bar, closing(read_all(batch)) as reports:
            for so_far in reports:
                bar.show("Reading", so_far.done, so_far.total, f"{so_far.failed:,} errors")
    except KeyboardInterrupt:
        print(f"{_kept(so_far)}; --resume goes on from there", file=sys.stderr)
        raise
    except (DigitsError, OSError) as error:
        if not so_far.total:  # nothing was begun
            raise
        raise DigitsError(f"{error}. {_kept(so_far)}; go on with --resume") from error
    seconds = time.monotonic() - began
    if so_far.kept:
        print(f"{so_far.kept:,} pictures were read before")
    read = so_far.done - so_far.kept
    print(f"{read:,} pictures in {seconds:.1f} s, {read / seconds:.1f} a second")
    print(f"Saved {display(Path(batch.output))}")
    if so_far.failed:
        many = f"{so_far.failed:,} of {so_far.total:,} pictures could not be read"
        raise DigitsError(f"{many}; {batch.output} says why. --resume tries them again")


def _kept(so_far: Progress) -> str:
    return f"{so_far.done:,} of {so_far.total:,} pictures are done"
