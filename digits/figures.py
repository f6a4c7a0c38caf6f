"""Matplotlib, which draws into files here, whatever screen it is told of. What draws imports this module first.

The variable MPLBACKEND names that screen, and where Matplotlib does not find it, not even its import succeeds. A
notebook hands the name of its own to every command that it starts, which may run in a Python that has no such screen.
"""

import contextlib
import os

_asked_for = os.environ.pop("MPLBACKEND", None)
try:
    import matplotlib
finally:
    if _asked_for is not None:
        os.environ["MPLBACKEND"] = _asked_for
if _asked_for:
    with contextlib.suppress(ValueError):  # there is no such screen, and none is needed
        matplotlib.rcParams["backend"] = _asked_for  # as Matplotlib does itself, for a notebook's own pictures

from matplotlib.figure import Figure  # noqa: E402

__all__ = ["Figure", "matplotlib"]
